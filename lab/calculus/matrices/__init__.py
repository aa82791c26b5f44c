"""Functions of matrices, and their derivatives by hand."""
