"""Functions of one variable, and their derivatives by hand."""
