"""Where arguments come from: sets with named dimensions, and how to draw points of them.

A domain knows three things: its shape in terms of named dimensions, how a typical point is drawn,
and where its extremes lie (zero, ties, tiny, huge, next to the boundary). The dimensions carry
names so that the referee can vary the sizes by itself: a factor ``1/n``, a transpose hidden by a
square matrix and an un-summed broadcast only show when the sizes differ.

    at=dict(w=reals("d"), X=reals("n d"), y=labels("n", "k"))

Dimensions are written as in ``"n d"``: names, integers, or a name with an offset or a factor
(``"n+1"``, ``"2n"``). A size may be fixed by keyword: ``reals("n d", d=3)``."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lab.errors import BadInput

Sizes = Mapping[str, int]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]


class Dimension(NamedTuple):
    """``factor * name + offset``; a plain integer has no name."""

    name: str | None
    factor: int = 1
    offset: int = 0

    def size(self, sizes: Sizes) -> int:
        return self.offset + (self.factor * sizes[self.name] if self.name else 0)


def dimensions(text: str) -> tuple[Dimension, ...]:
    """Read ``"n d"``, ``"n+1"``, ``"2n 3"``; refuses anything else, naming the part."""
    return tuple(map(_dimension, text.split()))


def _dimension(text: str) -> Dimension:
    if text.isdecimal():
        return Dimension(None, offset=int(text))
    match = re.fullmatch(r"(\d*)\*?([A-Za-z_]\w*)([+-]\d+)?", text)
    if match is None:
        raise BadInput(
            f"{text!r} is not a dimension; write a name, an integer, or e.g. 'n+1', '2n' "
            "(dimensions are separated by spaces)"
        )
    factor, name, offset = match.groups()
    return Dimension(name, int(factor or 1), int(offset or 0))


@dataclass(frozen=True)
class Domain:
    """A set of arrays.

    ``draw(rng, shape)`` gives a typical point; ``extremes`` are further ways to draw, by name, each
    meant for one place where mistakes and instabilities hide. ``last`` names dimensions that are
    not part of the shape but bound the values (the number of classes of ``labels``); their sizes
    are appended to the shape handed to the draws. ``bounds`` are the ends of an interval between
    which every entry may be any number by itself, and None where entries hang together.
    ``allows(sizes)`` refuses sizes for which the set is empty or degenerate.
    """

    name: str
    shape: tuple[Dimension, ...]
    draw: Draw
    extremes: Mapping[str, Draw] = field(default_factory=dict)
    last: tuple[Dimension, ...] = ()
    fixed: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, float] | None = None
    allows: Callable[[tuple[int, ...]], bool] = lambda shape: True

    @property
    def names(self) -> tuple[str, ...]:
        """The named dimensions, in order of appearance."""
        found = [d.name for d in self.shape + self.last if d.name]
        return tuple(dict.fromkeys(found))

    def sizes(self, sizes: Sizes) -> tuple[int, ...]:
        """The shape handed to ``draw`` for these sizes."""
        return tuple(d.size(sizes) for d in self.shape + self.last)

    def possible(self, sizes: Sizes) -> bool:
        """Whether the set has a point of these sizes."""
        shape = self.sizes(sizes)
        return all(size > 0 for size in shape) and self.allows(shape)

    def sample(self, rng: np.random.Generator, sizes: Sizes, extreme: str | None = None) -> Any:
        """A typical point, or one at the extreme of that name."""
        draw = self.draw if extreme is None else self.extremes[extreme]
        return draw(rng, self.sizes(sizes))

    def near(self, rng: np.random.Generator, sizes: Sizes, value: float) -> Any:
        """A typical point with entries moved to ``value`` or its negative, or just beside it.

        Where the domain has no such entries it stays typical.
        """
        drawn = self.sample(rng, sizes)
        if self.bounds is None:
            return drawn
        beside = rng.choice((1.0, 1.0, 0.998, 1.002, 0.98, 1.02), size=np.shape(drawn))
        around = value * beside * _signs(rng, np.shape(drawn))
        inside = (around > self.bounds[0]) & (around < self.bounds[1])
        return np.where(inside & (rng.random(np.shape(drawn)) < 0.7), around, drawn)

    def __repr__(self) -> str:
        return self.name


def _domain(
    maker: str,
    dims: str,
    draw: Draw,
    extremes: Mapping[str, Draw],
    fixed: Mapping[str, int],
    *,
    shown: Iterable[Any] = (),
    last: str = "",
    bounds: tuple[float, float] | None = None,
    allows: Callable[[tuple[int, ...]], bool] = lambda shape: True,
) -> Domain:
    shape, more = dimensions(dims), dimensions(last)
    for name, size in fixed.items():
        if name not in {d.name for d in shape + more}:
            raise BadInput(f"{maker}({dims!r}, {name}={size!r}): there is no dimension {name!r}")
        if not isinstance(size, int) or size < 1:
            raise BadInput(f"{maker}({dims!r}, {name}={size!r}): a size is a positive integer")
    arguments = [
        *map(repr, shown),
        *([repr(dims)] if dims else []),
        *([repr(last)] if last else []),
    ]
    arguments += [f"{name}={size}" for name, size in fixed.items()]
    name = f"{maker}({', '.join(arguments)})"
    return Domain(name, shape, draw, dict(extremes), more, dict(fixed), bounds, allows)


# ----- draws that several domains share -----


def _full(value: float) -> Draw:
    return lambda rng, shape: np.full(shape, value, float)


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.choice((-1.0, 1.0), size=shape)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.standard_normal(shape)


def _magnitudes(low: float, high: float) -> Draw:
    """Log-uniform between ``low`` and ``high``: every order of magnitude alike."""
    return lambda rng, shape: np.exp(rng.uniform(np.log(low), np.log(high), shape))


def _signed(draw: Draw) -> Draw:
    def signed(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return draw(rng, shape) * _signs(rng, shape)

    return signed


def _negated(draw: Draw) -> Draw:
    return lambda rng, shape: -draw(rng, shape)


def _tied(draw: Draw) -> Draw:
    """All entries of the array equal to one drawn value."""
    return lambda rng, shape: np.full(shape, draw(rng, ()))


def _whole(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Small integers: some entries zero, some alike, some one."""
    return np.rint(1.5 * _normal(rng, shape))


_MAGNITUDES: dict[str, Draw] = {
    "tiny": _magnitudes(1e-3, 1e-2),
    "large": _magnitudes(20.0, 100.0),
    "huge": _magnitudes(300.0, 1000.0),
}


def _on_both_sides(draws: Mapping[str, Draw]) -> dict[str, Draw]:
    """Extremes of positive entries, with signs drawn; what overflows may do so on one side only."""
    signed = {name: _signed(draw) for name, draw in draws.items()}
    return signed | {"far right": draws["huge"], "far left": _negated(draws["huge"])}


# ----- the line and its parts -----


def reals(dims: str = "", **fixed: int) -> Domain:
    """All real arrays; typical entries are standard normal."""
    extremes = _on_both_sides(_MAGNITUDES)
    extremes |= {"zero": _full(0.0), "one": _full(1.0), "tie": _tied(_normal), "whole": _whole}
    return _domain("reals", dims, _normal, extremes, fixed, bounds=(-np.inf, np.inf))


def positive(dims: str = "", **fixed: int) -> Domain:
    """Entries ``> 0``; typical ones between 0.2 and 5, every order of magnitude alike."""
    draw = _magnitudes(0.2, 5.0)
    extremes = _MAGNITUDES | {"one": _full(1.0), "tie": _tied(draw)}
    return _domain("positive", dims, draw, extremes, fixed, bounds=(0.0, np.inf))


def nonnegative(dims: str = "", **fixed: int) -> Domain:
    """Entries ``>= 0``: the positive ones and zero."""
    base = positive(dims)
    whole = lambda rng, shape: np.abs(_whole(rng, shape))
    extremes = {**base.extremes, "zero": _full(0.0), "whole": whole}
    return _domain("nonnegative", dims, base.draw, extremes, fixed, bounds=(0.0, np.inf))


def negative(dims: str = "", **fixed: int) -> Domain:
    """Entries ``< 0``."""
    base = positive(dims)
    extremes = {name: _negated(draw) for name, draw in base.extremes.items()}
    draw = _negated(base.draw)
    return _domain("negative", dims, draw, extremes, fixed, bounds=(-np.inf, 0.0))


def nonzero(dims: str = "", **fixed: int) -> Domain:
    """Entries ``!= 0``, of both signs and at least 0.2 in size when typical."""
    base = positive(dims)
    draw, extremes = _signed(base.draw), _on_both_sides(base.extremes)
    return _domain("nonzero", dims, draw, extremes, fixed, bounds=(-np.inf, np.inf))


def above(low: float, dims: str = "", **fixed: int) -> Domain:
    """Entries ``> low``: positive ones, moved."""
    base = positive(dims)

    def moved(draw: Draw) -> Draw:
        return lambda rng, shape: low + draw(rng, shape)

    extremes = {name: moved(draw) for name, draw in base.extremes.items()}
    bounds = (low, np.inf)
    return _domain("above", dims, moved(base.draw), extremes, fixed, shown=(low,), bounds=bounds)


def beyond(size: float, dims: str = "", **fixed: int) -> Domain:
    """Entries of either sign whose size exceeds ``size``."""
    base = above(size, dims)
    draw, extremes = _signed(base.draw), {k: _signed(d) for k, d in base.extremes.items()}
    return _domain("beyond", dims, draw, extremes, fixed, shown=(size,))


def interval(low: float, high: float, dims: str = "", **fixed: int) -> Domain:
    """Entries strictly between ``low`` and ``high``."""
    if not low < high:
        raise BadInput(f"interval({low!r}, {high!r}): the lower end must lie below the upper one")
    width = high - low

    def between(a: float, b: float) -> Draw:
        return lambda rng, shape: low + width * rng.uniform(a, b, shape)

    draw = between(0.02, 0.98)
    extremes = {
        "low end": between(1e-4, 1e-3),
        "high end": between(1 - 1e-3, 1 - 1e-4),
        "middle": _full(low + width / 2),
        "tie": _tied(draw),
    }
    if low < -1 and high > 1:  # a wide interval is seldom drawn from where most happens
        extremes["small"] = _signed(_magnitudes(0.01, 1.0))
    return _domain("interval", dims, draw, extremes, fixed, shown=(low, high), bounds=(low, high))


def distinct(dims: str = "n", **fixed: int) -> Domain:
    """Entries that all differ, by 0.1 at least along the last axis: no ties."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        gaps = rng.uniform(0.1, 1.0, shape)
        if not shape:
            return gaps
        return rng.permuted(np.cumsum(gaps, axis=-1) - shape[-1] / 4, axis=-1)

    extremes = {"large": lambda rng, shape: 50.0 * draw(rng, shape)}
    return _domain("distinct", dims, draw, extremes, fixed)


# ----- whole numbers and choices -----


def integers(low: int, high: int, dims: str = "", **fixed: int) -> Domain:
    """Integers from ``low`` to ``high``, both included; not differentiated."""
    if not low <= high:
        raise BadInput(
            f"integers({low!r}, {high!r}): the lower end must not lie above the upper one"
        )

    def at(value: int) -> Draw:
        return lambda rng, shape: np.full(shape, value, int)

    draw = lambda rng, shape: rng.integers(low, high + 1, shape)
    return _domain(
        "integers", dims, draw, {"lowest": at(low), "highest": at(high)}, fixed, shown=(low, high)
    )


def labels(dims: str = "n", classes: str = "k", **fixed: int) -> Domain:
    """Class labels: integers from 0 to ``k - 1``, not differentiated."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return rng.integers(0, shape[-1], shape[:-1])

    extremes = {
        "lowest": lambda rng, shape: np.zeros(shape[:-1], int),
        "highest": lambda rng, shape: np.full(shape[:-1], shape[-1] - 1, int),
    }
    return _domain("labels", dims, draw, extremes, fixed, last=classes)


def one_hot(dims: str = "n k", **fixed: int) -> Domain:
    """Rows with a single one, elsewhere zero."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        chosen = rng.integers(0, shape[-1], shape[:-1])
        return np.eye(shape[-1])[chosen]

    return _domain("one_hot", dims, draw, {}, fixed, allows=lambda shape: len(shape) > 0)


def choice(*values: Any) -> Domain:
    """One of the given values (integers, say an exponent), held fixed while a point is judged."""
    if not values:
        raise BadInput("choice() needs at least one value")

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return values[rng.integers(len(values))]

    extremes = {repr(value): (lambda rng, shape, value=value: value) for value in values}
    return Domain(f"choice({', '.join(map(repr, values))})", (), draw, extremes)


def constant(value: Any) -> Domain:
    """Always this value."""
    return Domain(f"constant({value!r})", (), lambda rng, shape: value)


# ----- vectors and matrices with structure -----


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def simplex(dims: str = "k", **fixed: int) -> Domain:
    """Positive entries that sum to one along the last axis: probabilities."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return _softmax(_normal(rng, shape))

    def corner(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        chosen = rng.integers(0, shape[-1], shape[:-1])
        return _softmax(8.0 * np.eye(shape[-1])[chosen])

    uniform = lambda rng, shape: np.full(shape, 1 / shape[-1])
    extremes = {"corner": corner, "uniform": uniform}
    return _domain("simplex", dims, draw, extremes, fixed, allows=lambda shape: len(shape) > 0)


def unit(dims: str = "d", **fixed: int) -> Domain:
    """Vectors of length one along the last axis."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        vector = _normal(rng, shape)
        return vector / np.linalg.norm(vector, axis=-1, keepdims=True)

    def axis(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        chosen = rng.integers(0, shape[-1], shape[:-1])
        return np.eye(shape[-1])[chosen]

    return _domain("unit", dims, draw, {"axis": axis}, fixed, allows=lambda shape: len(shape) > 0)


def _square(dims: str) -> str:
    """``"d"`` means ``"d d"``; ``"n d"`` a batch of them, ``"n d d"``."""
    parts = dims.split()
    return " ".join([*parts, parts[-1]]) if parts else dims


def _matrix(
    maker: str, dims: str, draw: Draw, extremes: Mapping[str, Draw], fixed: Mapping[str, int]
) -> Domain:
    if not dims.split():
        raise BadInput(f"{maker}({dims!r}) needs the name of its dimension, e.g. {maker}('d')")
    made = _domain(maker, _square(dims), draw, extremes, fixed)
    shown = ", ".join([repr(dims), *(f"{name}={size}" for name, size in fixed.items())])
    return Domain(f"{maker}({shown})", made.shape, draw, extremes, (), dict(fixed))


def _rotation(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return np.linalg.qr(_normal(rng, shape))[0]


def _with_spectrum(spectrum: Draw) -> Draw:
    """``Q diag(s) Q^T`` with the drawn eigenvalues ``s``, symmetric to the last bit."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        q, s = _rotation(rng, shape), spectrum(rng, shape[:-1])
        matrix = (q * s[..., None, :]) @ np.swapaxes(q, -1, -2)
        return (matrix + np.swapaxes(matrix, -1, -2)) / 2

    return draw


def _spread(low: float, high: float) -> Draw:
    """Eigenvalues from ``low`` to ``high``, evenly spaced in their logarithm: never two alike."""
    return lambda rng, shape: np.broadcast_to(np.geomspace(low, high, shape[-1]), shape)


def spd(dims: str = "d", **fixed: int) -> Domain:
    """Symmetric positive definite matrices ``d x d``; typical condition numbers are below 10."""
    extremes = {
        "identity": lambda rng, shape: np.broadcast_to(np.eye(shape[-1]), shape),
        "ill-conditioned": _with_spectrum(_spread(1e-3, 10.0)),
        "large": _with_spectrum(_spread(30.0, 100.0)),
    }
    return _matrix("spd", dims, _with_spectrum(_magnitudes(0.5, 4.0)), extremes, fixed)


def symmetric(dims: str = "d", **fixed: int) -> Domain:
    """Symmetric matrices ``d x d``, with eigenvalues of both signs that keep apart."""

    def spectrum(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        jitter = rng.uniform(-0.1, 0.1, shape)
        return np.linspace(-1.5, 2.0, shape[-1]) + jitter / shape[-1]

    draw = _with_spectrum(spectrum)
    extremes = {"large": lambda rng, shape: 50.0 * draw(rng, shape)}
    return _matrix("symmetric", dims, draw, extremes, fixed)


def invertible(dims: str = "d", **fixed: int) -> Domain:
    """Square matrices with condition number 8 at most when typical; the determinant has either
    sign.
    """

    def of(spectrum: Draw) -> Draw:
        def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
            s = spectrum(rng, shape[:-1])
            return (_rotation(rng, shape) * s[..., None, :]) @ _rotation(rng, shape)

        return draw

    extremes = {"ill-conditioned": of(_spread(1e-2, 10.0)), "large": of(_spread(30.0, 100.0))}
    return _matrix("invertible", dims, of(_magnitudes(0.5, 4.0)), extremes, fixed)


def orthogonal(dims: str = "d", **fixed: int) -> Domain:
    """Orthogonal matrices ``d x d``."""
    return _matrix("orthogonal", dims, _rotation, {}, fixed)


def tall(dims: str = "n d", **fixed: int) -> Domain:
    """Matrices of full column rank: at least as many rows as columns."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        d = shape[-1]
        s = _magnitudes(0.5, 4.0)(rng, (*shape[:-2], d))
        return (_rotation(rng, shape) * s[..., None, :]) @ _rotation(rng, (*shape[:-2], d, d))

    return _domain("tall", dims, draw, {}, fixed, allows=lambda shape: shape[-2] >= shape[-1])
