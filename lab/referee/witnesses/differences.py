"""The numerical witness in court: differences of the function against contractions of a claimed
derivative.

Along a random direction v, weighed by a random cotangent c, every kind of derivative comes down to
one number: ``<c, J v>`` for a Jacobian, ``<g, v>`` for a gradient, and so on; of complex numbers
the real part, which is JAX's convention for a gradient: g = df/dx - i df/dy. The left side is
measured by `numeric.slope`; the right side is contracted from the claimed derivative, so that JAX's
answer and the hand's are weighed alike."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.numeric import ABSCISSAE, Slope, slope
from lab.referee.asking.question import Question, split
from lab.referee.asking.tolerance import NUDGE
from lab.referee.asking.traces import shape_of
from lab.referee.points.group import Group, stacked
from lab.referee.points.stacks import over
from lab.referee.witnesses.evidence import Ask, varied_leaves
from lab.referee.witnesses.noise import rattled

DIRECTIONS = 3


class Probe(NamedTuple):
    """One measured slope at point ``point``, and the contraction that any claimed derivative must
    match.
    """

    point: int
    slope: Slope
    contract: Callable[[list[np.ndarray]], tuple[float, float]]

    def agrees(self, leaves: list[np.ndarray]) -> bool | None:
        """Whether the derivative with these leaves (of this one point) matches; `None` where it
        cannot tell.
        """
        value, size = self.contract(leaves)
        if self.slope.kink or not np.isfinite(value) or not np.isfinite(self.slope.error):
            return None
        if abs(value) > 0.02 * self.slope.steepest:
            return None
        gap = abs(value - self.slope.value)
        if gap <= 20 * self.slope.error + 1e-9 * size:
            return True
        usual = max(size, abs(self.slope.value))  # zero is wrong, too, where there is a slope
        if self.slope.error <= 1e-4 * usual and gap > 100 * self.slope.error + 1e-6 * usual:
            return False
        return None


def probes(
    asked: Question,
    group: Group,
    rng: np.random.Generator,
    points: list[int],
    *,
    value: Ask | None = None,
    by_step: bool = False,
    only: int | None = None,
) -> list[Probe]:
    """Measure slopes at the given points; nothing where the function cannot be asked or nothing
    varies. ``value`` is the function at stacked points, if there is one already compiled. With
    ``by_step`` the error bars know what each step of the function rounds, and not its value alone.
    With ``only`` the direction is along that one leaf of what is differentiated.
    """
    claim = asked.claim
    if claim.kind == "identity":
        return []
    args0, _ = split(asked, group.point(0))
    slots0 = asked.slots(args0)
    with precision(64):
        try:
            if claim.kind == "hessian":
                out = jax.eval_shape(lambda: asked.varied(args0)(*slots0))
            else:
                out = shape_of(asked, asked.value, group)
        except Exception:
            try:
                out = asked.varied(args0)(*slots0)
            except Exception:
                return []
    likes = jax.tree.leaves(out)
    slot_leaves, slot_tree = jax.tree.flatten(slots0)
    if any(np.asarray(leaf).dtype.kind not in "fc" for leaf in slot_leaves):
        return []

    def along(*leaves: Any) -> Any:
        """``s(t)`` for one point, direction, cotangent and t."""
        given, rest = leaves[: len(group.leaves)], leaves[len(group.leaves) :]
        t, direction, cotangent = (
            rest[0],
            rest[1 : 1 + len(slot_leaves)],
            rest[1 + len(slot_leaves) :],
        )
        args, _ = split(asked, group.rebuild(given))
        at = jax.tree.leaves(asked.slots(args))
        moved = [x + t.astype(v.dtype) * v for x, v in zip(at, direction, strict=True)]
        value = asked.varied(args)(*jax.tree.unflatten(slot_tree, moved))
        pairs = zip(jax.tree.leaves(value), cotangent, strict=True)
        return sum(jax.numpy.real(jax.numpy.sum(y * c)) for y, c in pairs)

    made = []
    for point in points:
        args, extra = split(asked, group.point(point))
        at = [np.asarray(leaf) for leaf in jax.tree.leaves(asked.slots(args))]
        for _ in range(1 if claim.kind == "jvp" else DIRECTIONS):
            direction = [_direction(rng, x) for x in at]
            for k in asked.symmetric:
                direction[k] = (direction[k] + direction[k].swapaxes(-1, -2)) / 2
            if only is not None:
                direction = [v * (k == only) for k, v in enumerate(direction)]
            cotangent = [_cotangent(rng, like) for like in likes]
            if claim.kind == "jvp":
                direction = [np.asarray(leaf) for leaf in jax.tree.leaves(extra)]
            if claim.kind == "vjp":
                cotangent = [np.asarray(leaf) for leaf in jax.tree.leaves(extra)]
            if claim.kind == "gradient":
                cotangent = [np.ones(())]
            made.append((point, direction, cotangent))
    if not made:
        return []
    chosen, ways, weights = zip(*made, strict=True)
    each = len(ABSCISSAE)
    at_rows = [leaf[np.repeat(chosen, each)] for leaf in group.leaves]
    t = np.tile(ABSCISSAE, len(made))
    way, weight = (
        [np.repeat(stacked(column), each, axis=0) for column in zip(*of, strict=True)]
        for of in (ways, weights)
    )
    leaves = (*at_rows, t, *way, *weight)
    varied = varied_leaves(asked, group)
    if value is not None and claim.kind != "hessian" and len(varied) == len(way):
        for i, v in zip(varied, way, strict=True):
            at_rows[i] = at_rows[i] + over(t, v) * v
        samples = _weighed(value(tuple(at_rows)), weight)
    else:
        samples = Asker(along, group, 64, len(t))(leaves)
    if isinstance(samples, Raised):
        return []
    samples = samples.reshape(len(made), len(ABSCISSAE))
    sizes = np.zeros(len(made))
    if by_step:
        moved = Asker(rattled(along), group, 64, len(t), traced=True)(leaves)
        if isinstance(moved, Raised):
            return []
        off = [np.abs(one.reshape(samples.shape) - samples) for (one,) in moved]
        sizes = np.nan_to_num(off).max(axis=(0, 2)) / NUDGE
    return [
        Probe(point, slope(sample, size), _contraction(claim.kind, direction, cotangent))
        for (point, direction, cotangent), sample, size in zip(made, samples, sizes, strict=True)
    ]


def _weighed(answers: Any, cotangents: Sequence[np.ndarray]) -> Any:
    """``<c, y>`` of every answer y, real; `Raised` as it is."""
    if isinstance(answers, Raised):
        return answers
    pairs = zip(jax.tree.leaves(answers), cotangents, strict=True)
    return sum(np.real(y * c).reshape(len(c), -1).sum(axis=1) for y, c in pairs)


def _direction(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Random signs (phases, of complex entries), each scaled to its entry, so that a step keeps
    signs and respects orders of magnitude, and unevenly, so that no two kinks cancel.
    """
    size = np.abs(x)
    usual = np.sqrt(np.mean(size**2)) if size.size else 1.0
    signs = rng.choice((-1.0, 1.0), size=x.shape)
    if np.iscomplexobj(x):
        signs = np.exp(2j * np.pi * rng.uniform(size=x.shape))
    uneven = rng.uniform(0.5, 1.5, size=x.shape)
    return np.asarray(signs * uneven * np.where(size > 0, size, usual or 1.0))


def _cotangent(rng: np.random.Generator, like: Any) -> np.ndarray:
    drawn = np.asarray(rng.standard_normal(np.shape(like)))
    return drawn + 1j * rng.standard_normal(drawn.shape) if jax.numpy.iscomplexobj(like) else drawn


def _contraction(
    kind: str, direction: list[np.ndarray], cotangent: list[np.ndarray]
) -> Callable[[list[np.ndarray]], tuple[float, float]]:
    """What the leaves of a claimed derivative give along this direction, and the sum of absolute
    terms.
    """

    def contract(leaves: list[np.ndarray]) -> tuple[float, float]:
        terms: list[np.ndarray] = []
        if kind in ("gradient", "vjp"):
            terms = [leaf * v for leaf, v in zip(leaves, direction, strict=True)]
        elif kind == "jvp":
            terms = [leaf * c for leaf, c in zip(leaves, cotangent, strict=True)]
        elif kind == "derivative":
            shape = cotangent[0].shape
            terms = [
                leaf * cotangent[0] * np.broadcast_to(v, shape)
                for leaf, v in zip(leaves, direction, strict=True)
            ]
        else:
            pairs = [(c, v) for c in cotangent for v in direction]
            terms = [
                leaf * np.multiply.outer(c, v) for leaf, (c, v) in zip(leaves, pairs, strict=True)
            ]
        return (
            float(sum(np.sum(np.real(term)) for term in terms)),
            float(sum(np.sum(np.abs(term)) for term in terms)),
        )

    return contract
