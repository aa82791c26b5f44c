"""The page a run ends in, and what the command line shows on the way."""
