"""The hand's own formula, altered until it is right."""
