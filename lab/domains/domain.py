"""What a domain is: a shape in named dimensions, a typical draw, and its extremes."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lab.domains.draws import Draw, signs
from lab.errors import BadInput

Sizes = Mapping[str, int]


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
        around = value * beside * signs(rng, np.shape(drawn))
        inside = (around > self.bounds[0]) & (around < self.bounds[1])
        return np.where(inside & (rng.random(np.shape(drawn)) < 0.7), around, drawn)

    def __repr__(self) -> str:
        return self.name


def made(
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
    """The domain as its maker was called; refuses sizes of dimensions it has not."""
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
