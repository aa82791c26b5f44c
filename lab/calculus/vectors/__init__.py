"""Functions of several variables: norms, surfaces, maps, and their derivatives by hand."""
