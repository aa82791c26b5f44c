"""A mistake at the smallest and roundest arguments that show it."""
