"""The catalogue: pure functions with their derivatives by hand, one file a topic; no machinery."""
