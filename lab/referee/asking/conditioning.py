"""What the noise of a derivative is measured by: arguments nudged or rounded, the sizes of things,
and the precision of the answers."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.question import Question
from lab.referee.asking.structure import Form, Misshapen, fit
from lab.referee.asking.traces import traced
from lab.referee.points.group import Group
from lab.referee.points.stacks import largest


def as_single(group: Group) -> tuple[Any, ...]:
    """The points as single precision sees them."""

    def one(leaf: Any) -> Any:
        narrow = {"f": np.float32, "c": np.complex64}.get(getattr(leaf.dtype, "kind", ""))
        return leaf.astype(narrow).astype(leaf.dtype) if narrow else leaf

    with np.errstate(all="ignore"):
        return tuple(map(one, group.leaves))


def nudged(group: Group, rng: np.random.Generator) -> tuple[Any, ...]:
    """Every floating entry moved by a relative `tolerance.NUDGE`, up or down."""

    def one(leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc":
            return leaf * (1 + tolerance.NUDGE * rng.choice((-1.0, 1.0), size=leaf.shape))
        return leaf

    return tuple(map(one, group.leaves))


def natural(
    kind: str, group: Group, varied: Sequence[int], values: Sequence[np.ndarray], leaves: int
) -> list[np.ndarray]:
    """For each leaf of the truth and each point, the size of the function over that of the argument
    that the leaf belongs to; where leaves are not by argument, of the smallest of them.
    """
    height = np.max([np.zeros(group.size), *map(_size, values)], axis=0)
    widths = [_size(np.asarray(group.leaves[i])) for i in varied]
    if kind not in ("gradient", "derivative") or len(widths) != leaves:
        widths = [np.min(widths, axis=0, initial=np.inf)] * leaves
    power = {"hessian": 2, "identity": 0}.get(kind, 1)
    fair = [np.where((width > 0) & np.isfinite(width), width, 1.0) for width in widths]
    return [height / width**power for width in fair]


def _size(leaf: np.ndarray) -> np.ndarray:
    return largest(tolerance.size(leaf, elementwise=False))


def own_grains(asked: Question, group: Group, wanted: Form) -> list[float]:
    """The precision of the hand's answers to double-precision questions: coarser where it casts."""
    usual = [tolerance.EPS64] * len(wanted.shapes)
    try:
        answers = fit(traced(asked, asked.hand, group).shape, wanted)
    except Exception:
        return usual
    if isinstance(answers, Misshapen):
        return usual
    floating = [jax.numpy.issubdtype(leaf.dtype, jax.numpy.inexact) for leaf in answers]
    return [
        max(float(jax.numpy.finfo(leaf.dtype).eps), tolerance.EPS64) if inexact else tolerance.EPS64
        for leaf, inexact in zip(answers, floating, strict=True)
    ]


def lost(low: np.ndarray, high: np.ndarray, elementwise: bool) -> np.ndarray:
    """What single precision loses; all of it, where it overflows."""
    gap = np.where(np.isfinite(low), low - high, high)
    return tolerance.size(gap, elementwise=elementwise)


def typical(scale: np.ndarray, group: Group) -> float:
    """The size of the truth at a typical point: the median over them of the largest entry."""
    rows = scale[group.typical] if group.typical.any() else scale
    return float(np.median(largest(rows)))
