"""Programs around the product: running, checking and showing it."""
