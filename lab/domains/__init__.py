"""Where arguments come from: sets with named dimensions, and how to draw points of them.

A domain knows three things: its shape in terms of named dimensions, how a typical point is drawn,
and where its extremes lie (zero, ties, tiny, huge, next to the boundary). The dimensions carry
names so that the referee can vary the sizes by itself: a factor ``1/n``, a transpose hidden by a
square matrix and an un-summed broadcast only show when the sizes differ.

    at=dict(w=reals("d"), X=reals("n d"), y=labels("n", "k"))

Dimensions are written as in ``"n d"``: names, integers, or a name with an offset or a factor
(``"n+1"``, ``"2n"``). A size may be fixed by keyword: ``reals("n d", d=3)``."""

from lab.domains.choices import choice, constant, integers, labels, one_hot
from lab.domains.domain import Dimension, Domain, dimensions
from lab.domains.line import (
    above,
    beyond,
    distinct,
    interval,
    negative,
    nonnegative,
    nonzero,
    positive,
    reals,
)
from lab.domains.structured import invertible, orthogonal, simplex, spd, symmetric, tall, unit

__all__ = [
    "Dimension",
    "Domain",
    "above",
    "beyond",
    "choice",
    "constant",
    "dimensions",
    "distinct",
    "integers",
    "interval",
    "invertible",
    "labels",
    "negative",
    "nonnegative",
    "nonzero",
    "one_hot",
    "orthogonal",
    "positive",
    "reals",
    "simplex",
    "spd",
    "symmetric",
    "tall",
    "unit",
]
