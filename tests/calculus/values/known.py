"""How a row of a table of known values is tried: what is known, and that a slip would show."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

EXACT = 1e-9  # relative to the largest entry; a row of published digits says how many it has


def differs(found: Any, wanted: Any, tolerance: float) -> bool:
    assert np.shape(found) == np.shape(wanted)
    assert np.all(np.isfinite(wanted))
    return bool(np.max(np.abs(found - wanted)) > tolerance * max(1, np.max(np.abs(wanted))))


def rows(table: list[tuple]) -> list[Any]:
    """One in four is always tried, the others among the long tables."""
    slow = [pytest.mark.slow]
    return [
        pytest.param(row, marks=slow if number % 4 else [], id=row[0].__name__)
        for number, row in enumerate(table)
    ]


def agrees(ours: Callable[..., Any], at: tuple, theirs: Any, tolerance: float = EXACT) -> None:
    """``ours(*at)`` has the values ``theirs``, and a planted error of both kinds is seen.

    What another library of JAX's says is asked for late, ``lambda: ...``, and by its own promotion.
    """
    if callable(theirs):
        with jax.numpy_dtype_promotion("standard"):
            theirs = theirs()
    plain = int | str | bool
    given = [one if isinstance(one, plain) else jax.tree.map(jnp.asarray, one) for one in at]
    found = jax.tree.leaves(ours(*given))
    wanted = jax.tree.leaves(theirs)
    assert len(found) == len(wanted)
    for one, known in zip(found, wanted, strict=True):
        assert one.dtype == jax.dtypes.canonicalize_dtype(float)
        assert not differs(one, known, tolerance), (np.asarray(one), known)
        assert differs(one * (1 + 1e3 * tolerance) + 1e2 * tolerance, known, tolerance)
