"""Updates of optimizers as functions, and their derivatives by hand."""
