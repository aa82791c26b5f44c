"""Training: a problem, a choice of gradient, an optimizer, and the loop that records the way."""
