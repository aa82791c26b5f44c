"""Ask a function at many points: one compiled, vectorized call where JAX can trace it, a plain loop
where not.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.points.group import Group, at_one
from lab.referee.programs.fingerprint import fingerprint
from lab.referee.programs.loops import ending
from lab.referee.programs.pooled import over_points
from lab.timelimit import TimeUp, limited

SMALL = 10**4  # numbers per point below which compiling costs more than computing
QUICK = {  # together they compile in a quarter of the time
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
}
REFUSED = "Reverse-mode differentiation does not work"
PATIENCE = 60  # seconds
KEPT = 32  # programs remembered
BLOCK_ELEMENTS = 2**20  # numbers in flight at once: bounds memory for large arguments


class Raised(NamedTuple):
    """The function raised; kept to be told, not hidden."""

    error: Exception

    def __str__(self) -> str:
        said = str(self.error).strip().splitlines()
        first = said[0] if said else ""
        return f"{type(self.error).__name__}: {first}" if first else type(self.error).__name__


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Arrays of 64 or 32 bits, products of matrices in full precision, and no warnings of rounding
    or overflow.
    """
    with (
        jax.enable_x64(bits == 64),
        jax.default_matmul_precision("highest"),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


def cast(leaves: tuple[Any, ...], bits: int) -> tuple[Any, ...]:
    """Floating leaves in the given precision; integers, booleans and keys as they are."""

    def one(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        if np.issubdtype(leaf.dtype, np.floating):
            return leaf.astype(f"float{bits}", copy=False)
        if np.issubdtype(leaf.dtype, np.complexfloating):
            return leaf.astype(f"complex{2 * bits}", copy=False)
        return leaf

    return tuple(map(one, leaves))


class Compiled(NamedTuple):
    """The flat answers of a block of points, and whether a loop was given up at each; and the
    ``tree`` that the answers make up.
    """

    run: Callable[..., Any]
    tree: Any


_programs: dict[tuple[str, int, int, bool], Callable[..., Any]] = {}  # the latest come last

Answers = Any  # a pytree of numpy arrays with a leading axis over points, or Raised


class Asker:
    """A function of one point's leaves, compiled once for a block of points of one shape and
    precision.

    Calls pad their points to the block, so that asking again at other points does not compile
    again. A function that cannot be traced is asked point by point; if it has to be ``traced``, the
    answer is then `Raised`. Where a loop does not end the answer is NaN, and ``endless`` afterwards
    true; a function that cannot be traced gets `PATIENCE`."""

    def __init__(
        self,
        function: Callable[..., Any],
        group: Group,
        bits: int,
        block: int,
        *,
        traced: bool = False,
    ):
        self.bits = bits
        self.traced = traced
        per_point = max(1, group.elements)
        self.block = max(1, min(block, BLOCK_ELEMENTS // per_point))
        self.plain = function
        self.quick = per_point < SMALL
        self.traceable = True
        self.endless = False
        self.compiled: Compiled | None = None

    def __call__(self, leaves: tuple[Any, ...]) -> Answers:
        """Answers at the points stacked in ``leaves``, as arrays in double precision."""
        count = len(leaves[0]) if leaves else 1
        with precision(self.bits):
            leaves = cast(leaves, self.bits)
            if self.traceable and leaves:
                try:
                    self.compiled = self.compiled or self._compiled(leaves)
                    return self._in_blocks(self.compiled, leaves, count)
                except Exception as error:
                    if REFUSED in str(error):  # elsewhere too, after a loop that may not end
                        return Raised(error)
                    self.traceable = False
            if self.traced:
                return Raised(TypeError("it cannot be traced"))
            try:
                with limited(PATIENCE):
                    at = jax.device_put(leaves)
                    rows = [self.plain(*(leaf[i] for leaf in at)) for i in range(count)]
            except TimeUp:
                return Raised(TimeoutError(f"no answer within {PATIENCE} seconds"))
            except Exception as error:
                return Raised(error)
            return jax.tree.map(lambda *row: np.stack([_plain(x) for x in row]), *rows)

    def _compiled(self, leaves: tuple[Any, ...]) -> "Compiled":
        """The program for a block of points, the one that was compiled before if it is the same."""
        ask = lambda *x: self.plain(*x)  # new to JAX, which remembers
        closed, shape = jax.make_jaxpr(ask, return_shape=True)(*at_one(leaves))
        known = fingerprint(closed)
        made = _programs.pop((known, self.bits, self.block, self.quick), None) if known else None
        if made is None:
            options = quick_options() if self.quick else None
            made = jax.jit(over_points(closed, ending(closed)), compiler_options=options)
        if known:
            _programs[known, self.bits, self.block, self.quick] = made  # the latest comes last
            while len(_programs) > KEPT:
                _programs.pop(next(iter(_programs)))
        return Compiled(made, jax.tree.structure(shape))

    def _in_blocks(self, compiled: "Compiled", leaves: tuple[Any, ...], count: int) -> Answers:
        parts = []
        for start in range(0, count, self.block):
            rows = np.minimum(np.arange(start, start + self.block), count - 1)
            flat, given_up = compiled.run(*(leaf[rows] for leaf in leaves))
            answer = jax.tree.unflatten(compiled.tree, flat)
            self.endless |= bool(np.asarray(given_up).any())
            real = min(self.block, count - start)
            parts.append(jax.tree.map(lambda x, real=real: _plain(x)[:real], answer))
        if len(parts) == 1:  # which may be large
            return parts[0]
        return jax.tree.map(lambda *part: np.concatenate(part), *parts)


@cache
def quick_options() -> dict[str, Any]:
    """The options that this version of the compiler knows."""
    known = {}
    for name, value in QUICK.items():
        try:
            jax.jit(lambda x: x, compiler_options={name: value}).lower(0.0).compile()
        except jax.errors.JaxRuntimeError:
            continue
        known[name] = value
    return known


def _plain(leaf: Any) -> np.ndarray:
    """As a numpy array; floating values of any width in double precision."""
    if hasattr(leaf, "dtype") and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.extended):
        return np.zeros(np.shape(leaf))
    array = np.asarray(leaf)
    if array.dtype.kind not in "cfiub":  # bfloat16 and other extension types
        array = array.astype(np.float32)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
