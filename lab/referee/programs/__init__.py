"""What JAX traces of a function, as a list of steps: where each comes from, and how it branches."""
