"""Runs: the folder a run leaves behind, and how to read it again."""
