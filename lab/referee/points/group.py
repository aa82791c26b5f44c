"""Points of one shape, stacked: each group of them is one compiled call."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.derivation import Derivation

MANY = 10**5  # numbers in the arguments beyond which a sampler is asked for one point
SHAPES = 8  # groups of different shape that a sampler may give rise to: each is compiled by itself


class Group(NamedTuple):
    """Points of one shape: array leaves stacked along a leading axis, everything else held fixed.

    ``leaves[i]`` has shape ``(points, ...)``; ``treedef`` and ``static`` rebuild the arguments of
    one point. ``labels`` say how each point was chosen; ``typical[p]`` is false for the extremes,
    ``beyond[p]`` true for points made up outside the range of all that was drawn.
    """

    treedef: Any
    static: tuple[Any, ...]
    leaves: tuple[Any, ...]
    labels: tuple[str, ...]
    typical: np.ndarray
    sizes: Mapping[str, int]
    beyond: np.ndarray

    @property
    def size(self) -> int:
        return len(self.labels)

    @property
    def elements(self) -> int:
        """Numbers in the arguments of one point."""
        return sum(int(np.prod(np.shape(leaf)[1:])) for leaf in self.leaves)

    def rebuild(self, leaves: Any) -> tuple[Any, ...]:
        """The arguments made of one point's array leaves."""
        arrays = iter(leaves)
        plain = lambda one: one.value if isinstance(one, Held) else one
        full = [next(arrays) if one is ARRAY else plain(one) for one in self.static]
        return jax.tree.unflatten(self.treedef, full)

    def leaves_at(self, index: int) -> list[Any]:
        """One point's array leaves as arrays of JAX; `jnp.asarray` compiles for each shape."""
        return [jax.device_put(leaf[index]) for leaf in self.leaves]

    def point(self, index: int) -> tuple[Any, ...]:
        """The arguments of one point, its arrays in double precision."""
        with jax.enable_x64(True):
            return self.rebuild(self.leaves_at(index))

    def only(self, keep: np.ndarray) -> "Group":
        if np.all(keep):  # leaves may be large
            return self
        labels = tuple(label for label, kept in zip(self.labels, keep, strict=True) if kept)
        return self._replace(
            leaves=tuple(leaf[keep] for leaf in self.leaves),
            labels=labels,
            typical=self.typical[keep],
            beyond=self.beyond[keep],
        )

    def extended(self, leaves: Any, labels: tuple[str, ...], beyond: np.ndarray) -> "Group":
        """With more points, which are not typical."""
        return self._replace(
            leaves=tuple(joined(column) for column in zip(self.leaves, leaves, strict=True)),
            labels=self.labels + labels,
            typical=np.append(self.typical, np.zeros(len(labels), bool)),
            beyond=np.append(self.beyond, beyond),
        )


def at_one(leaves: Sequence[Any], bits: int = 64) -> list[Any]:
    """Of stacked leaves what a trace in this precision asks of those of one point: their shapes; a
    key as it is.
    """
    narrow = {np.dtype(np.float64): np.float32, np.dtype(np.complex128): np.complex64}

    def one(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf[0]
        kind = narrow.get(leaf.dtype, leaf.dtype) if bits == 32 else leaf.dtype
        return jax.ShapeDtypeStruct(leaf.shape[1:], kind)

    return [one(leaf) for leaf in leaves]


class _Array:
    def __repr__(self) -> str:
        return "ARRAY"


ARRAY = _Array()


class Held:
    """A number or an array that stays what it is: a rule asks for it as a Python value."""

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        value = self.value
        if jnp.issubdtype(jnp.result_type(value), jax.dtypes.extended):
            value = jax.random.key_data(value)
        array = np.asarray(value)
        return f"{type(self.value).__name__} {array.dtype}{array.shape} {array.tolist()!r}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


Drawn = tuple[tuple[Any, ...], str, bool, Mapping[str, int]]


def grouped(claim: Derivation, drawn: Iterator[Drawn]) -> list[Group]:
    """Collect the points that share shapes, dtypes and fixed values."""
    buckets: dict[Any, list[Any]] = {}
    for args, label, typical, sizes in drawn:
        args = _floating_where_differentiated(claim, args)
        leaves, treedef = jax.tree.flatten(_held(claim, args))
        arrays = [_array(leaf) for leaf in leaves]
        static = tuple(
            leaf if array is None else ARRAY for leaf, array in zip(leaves, arrays, strict=True)
        )
        kept = [array for array in arrays if array is not None]
        kind = (
            treedef,
            tuple(map(repr, static)),
            tuple((np.shape(array), str(array.dtype)) for array in kept),
        )
        buckets.setdefault(kind, []).append((treedef, static, kept, label, typical, sizes))
    made = []
    for rows in list(buckets.values())[:SHAPES]:
        treedef, static = rows[0][:2]
        columns = tuple(stacked(column) for column in zip(*(row[2] for row in rows), strict=True))
        labels = tuple(row[3] for row in rows)
        usual = np.array([row[4] for row in rows])
        inside = np.zeros(len(rows), bool)
        made.append(Group(treedef, static, columns, labels, usual, rows[0][5], inside))
    return made


def _floating_where_differentiated(claim: Derivation, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Python integers stand for constants, except where they are differentiated."""
    if claim.kind == "identity":
        return args
    floating = lambda leaf: float(leaf) if type(leaf) is int else leaf
    return tuple(
        jax.tree.map(floating, arg) if position in claim.wrt else arg
        for position, arg in enumerate(args)
    )


def _held(claim: Derivation, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, those that are to stay as they are held fast."""
    held = lambda leaf: leaf if _array(leaf) is None else Held(leaf)
    return tuple(
        jax.tree.map(held, arg) if position in claim.fixed else arg
        for position, arg in enumerate(args)
    )


def _array(leaf: Any) -> Any:
    """Floats and arrays as arrays in double precision; whatever else is no array: ``None``."""
    if isinstance(leaf, (bool, int, str, bytes, Held)) or callable(leaf):
        return None
    if isinstance(leaf, (float, complex)):
        return np.asarray(leaf)
    if not hasattr(leaf, "dtype"):
        return None
    if jnp.issubdtype(leaf.dtype, jax.dtypes.extended):
        return leaf
    array = np.asarray(leaf)
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array.astype(np.float64)
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        return array.astype(np.complex128)
    return array if array.dtype != object else None


def stacked(column: Any) -> Any:
    """One leaf of several points along a new first axis; keys are JAX's own arrays. Of one point,
    which may be large, it is not a copy.
    """
    if len(column) == 1:
        return column[0][None]
    return np.stack(column) if not _keys(column[0]) else jnp.stack(column)


def joined(column: Any) -> Any:
    """One leaf of several stacks of points in one."""
    return np.concatenate(column) if not _keys(column[0]) else jnp.concatenate(column)


def _keys(leaf: Any) -> bool:
    return hasattr(leaf, "aval")
