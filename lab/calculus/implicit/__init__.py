"""Derivatives of what solves an equation: roots, fixed points, minimisers, projections."""
