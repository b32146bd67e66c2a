"""What the product is measured against, each with nothing around it."""
