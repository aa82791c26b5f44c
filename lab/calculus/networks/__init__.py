"""Neural networks: activations, layers, losses, and their derivatives by hand."""
