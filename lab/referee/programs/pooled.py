"""Programs whose steps ask XLA's pool of threads on a CPU for help, and wait for it.

A factorization, a solve or a transform of a whole batch is handed out to the pool by a thread of
the same pool. Two such steps side by side on a machine of two cores wait for each other and never
end: ``slogdet`` of 64 matrices of 30 x 30 and its derivatives, seen with jaxlib 0.10.2. Of one
matrix nothing is handed out."""

from collections.abc import Callable
from typing import Any

import jax

from lab.referee.programs.loops import inner

_NAMES = (
    "cholesky eig eigh fft geqp3 geqrf hessenberg householder_product lu ormqr qr schur svd "
    "triangular_solve tridiagonal tridiagonal_solve"
)
POOLED = frozenset(_NAMES.split())


def over_points(closed: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """The ``function`` that runs this program, of stacked points: all at once, or one after another
    where they might wait for each other.
    """
    if jax.default_backend() == "cpu" and pooled(closed):
        return lambda *leaves: jax.lax.map(lambda point: function(*point), leaves)
    return jax.vmap(function)


def pooled(closed: Any) -> bool:
    """Whether there is such a step anywhere in the program."""
    return any(
        equation.primitive.name in POOLED or any(map(pooled, inner(equation)))
        for equation in closed.jaxpr.eqns
    )
