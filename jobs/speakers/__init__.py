"""Who speaks when: voices told apart, and the names that people give them."""
