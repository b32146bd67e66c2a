"""Those who look on: load generators in processes of their own."""
