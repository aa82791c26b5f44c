"""Figures: matplotlib without pyplot, in one style."""
