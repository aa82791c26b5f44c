"""Something to train: a loss, its gradient by hand, a place to start, and what is worth recording.

A problem holds pure functions and arrays. The loop calls them inside one compiled scan, so they are
written in ``jax.numpy``, take their randomness from a key, and keep the dtype of what they get.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from lab.training import leaves

Params: TypeAlias = PyTree[Float[Array, "..."]]
Batch: TypeAlias = PyTree
Scalar: TypeAlias = Float[Array, ""]

# Up to here a point is a row one can read; beyond, a row of norms says more.
_READABLE = 32


def no_batch(key: Key[Array, ""], step: Int[Array, ""]) -> Batch:
    """The batch of a loss without data: the same ``()`` at every step."""
    del key, step
    return ()


def no_metrics(
    params: Params, gradient: Params, update: Params, batch: Batch
) -> dict[str, Float[Array, ""]]:
    """Nothing more to record."""
    del params, gradient, update, batch
    return {}


def no_evaluation(params: Params) -> dict[str, Float[Array, ""]]:
    """Nothing more to evaluate."""
    del params
    return {}


def readable_point(params: Params) -> dict[str, Float[Array, ""]]:
    """Params as columns: every number where there are at most 32, else the norm of each leaf.

    ``{"w": [2]}`` becomes ``w[0]``, ``w[1]``; a leaf without axes keeps its name; the norm of a
    large leaf ``W`` is ``W_norm``; params that are a single array are called ``params``.
    """
    named = leaves.named(params)
    if sum(leaf.size for leaf in named.values()) > _READABLE:
        return {f"{name}_norm": leaves.norm(leaf) for name, leaf in named.items()}
    return numbers(params)


def numbers(params: Params) -> dict[str, Float[Array, ""]]:
    """Every number of params, however many: ``w[0]``, ``w[1]``, ``W[0,0]``, ..."""
    return {
        name + (f"[{','.join(map(str, index))}]" if index else ""): leaf[index]
        for name, leaf in leaves.named(params).items()
        for index in _indexes(leaf.shape)
    }


def _indexes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    indexes: list[tuple[int, ...]] = [()]
    for length in shape:
        indexes = [(*index, i) for index in indexes for i in range(length)]
    return indexes


class Problem(NamedTuple):
    """A loss to make small, and all that the training loop wants to know of it.

    ``loss(params, batch)``
        The scalar to minimise; pure, and differentiable by JAX.
    ``gradient(params, batch)``
        Its gradient in ``params``, derived by hand; same structure, shapes and dtype as ``params``.
    ``start``
        Where the descent begins: a pytree of floating arrays.
    ``batch(key, step)``
        The data that step ``step`` sees, any pytree; the key is the run's and the same at every
        step, so fold the step into it. Traced inside the scan. A full batch ignores both; the
        default is ``()``.
    ``metrics(params, gradient, update, batch)``
        Named scalars of every recorded step: ``update`` is what the optimizer adds to ``params``,
        and ``params`` are those before it. Not computed at steps that are not recorded.
    ``evaluate(params)``
        Named scalars too dear for every step, such as the accuracy on a test set.
    ``point(params)``
        How params appear in the record, as named scalars; None for ``readable_point``.

    What follows is for methods that ask for more than a gradient; None where it is not known by
    hand (a Hessian is then JAX's) or is not to be had (residuals).

    ``hessian(params, batch)``
        The second derivatives by hand: as those of ``jax.hessian(loss)``, a matrix if ``params`` is
        a vector.
    ``residuals(params, batch)``
        A vector of which the loss is the sum of squares, without a factor.
    ``jacobian(params, batch)``
        The Jacobian of the residuals by hand: each leaf with one axis more than that of ``params``,
        in front, for the residuals.
    ``fisher(params, batch)``
        The Fisher information of the model by hand, in the structure of ``hessian``.

    The names of all columns must differ; ``step``, ``loss``, ``gradient_norm``, ``gap`` are taken.
    """

    loss: Callable[[Params, Batch], Scalar]
    gradient: Callable[[Params, Batch], Params]
    start: Params
    batch: Callable[[Any, Any], Batch] = no_batch
    metrics: Callable[[Params, Params, Params, Batch], dict[str, Scalar]] = no_metrics
    evaluate: Callable[[Params], dict[str, Scalar]] = no_evaluation
    point: Callable[[Params], dict[str, Scalar]] | None = None
    hessian: Callable[[Params, Batch], PyTree] | None = None
    residuals: Callable[[Params, Batch], Float[Array, " m"]] | None = None
    jacobian: Callable[[Params, Batch], PyTree] | None = None
    fisher: Callable[[Params, Batch], PyTree] | None = None


def least_squares(
    residuals: Callable[[Params], Float[Array, " m"]],
    jacobian: Callable[[Params], Float[Array, "m n"]],
    start: Params,
    **more: Any,
) -> Problem:
    """The problem to make ``r.r`` small, of residuals of a vector and their Jacobian by hand.

    Its gradient is 2 Jᵀr; ``more`` are further parts of the problem.
    """
    return Problem(
        loss=lambda x, batch: jnp.sum(residuals(x) ** 2),
        gradient=lambda x, batch: 2 * jacobian(x).T @ residuals(x),
        start=start,
        residuals=lambda x, batch: residuals(x),
        jacobian=lambda x, batch: jacobian(x),
        **more,
    )


def in_precision(problem: Problem, dtype: Any) -> Problem:
    """The same problem with the floating leaves of ``start`` and of every batch in ``dtype``."""

    def batch(key: Key[Array, ""], step: Int[Array, ""]) -> Batch:
        return leaves.cast(problem.batch(key, step), dtype)

    return problem._replace(start=leaves.cast(problem.start, dtype), batch=batch)
