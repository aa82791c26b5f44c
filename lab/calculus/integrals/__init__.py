"""Integrals: areas that accumulate, rules that add them up, and what moves when a limit moves."""
