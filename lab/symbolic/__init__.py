"""A second, exact opinion on formulas of numbers, from SymPy, which is imported when it is asked.

Reading order: `formula` (formulas as a person types them, never evaluated as Python), `functions`
(what they may be made of), `expression` (a JAX function as an expression), `opinion` (whether two
of them are one), `claims` (whether a hand derivation is right).
"""
