"""From a claim to a verdict."""
