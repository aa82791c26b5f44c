"""Differential equations: their solutions, what these depend on, and steps that follow them."""
