"""Landscapes to be walked down: test functions of optimization with their derivatives by hand."""
