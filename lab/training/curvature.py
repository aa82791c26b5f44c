"""Second derivatives of a problem as matrices, by hand where the problem gives them, else by JAX.

Rows and columns run over all numbers of the params, leaf after leaf, as ``ravel_pytree`` has them.
What is chosen for the gradient (``hand``, ``jax``, ``both``) is chosen here too.
"""

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from lab.errors import BadInput
from lab.training import gradients
from lab.training.problem import Batch, Params, Problem

Vector: TypeAlias = Float[Array, " n"]
Matrix: TypeAlias = Float[Array, "n n"]
Jacobian: TypeAlias = Float[Array, "m n"]


def hessian(problem: Problem, choice: gradients.Choice, params: Params, batch: Batch) -> Matrix:
    """The Hessian of the loss: ``problem.hessian``, or JAX's of the chosen gradient."""
    if problem.hessian is not None and choice != "jax":
        return square(problem.hessian(params, batch), params, "hessian")
    return jax.jacfwd(_flat_gradient(problem, choice, params, batch))(ravel_pytree(params)[0])


def product(
    problem: Problem, choice: gradients.Choice, params: Params, batch: Batch, vector: Vector
) -> Vector:
    """The Hessian times a vector, for the price of about two gradients: a jvp of the gradient."""
    flat = _flat_gradient(problem, choice, params, batch)
    return jax.jvp(flat, (ravel_pytree(params)[0],), (vector,))[1]


def residuals(problem: Problem, params: Params, batch: Batch) -> Float[Array, " m"]:
    """The residuals; ``BadInput`` where the problem has none."""
    if problem.residuals is None:
        raise BadInput(
            "optimizer: the method is for sums of squares, and the problem gives no residuals; "
            "take newton or bfgs"
        )
    return problem.residuals(params, batch)


def jacobian(problem: Problem, choice: gradients.Choice, params: Params, batch: Batch) -> Jacobian:
    """The Jacobian of the residuals: ``problem.jacobian``, or JAX's along the shorter side."""
    x, unflatten = ravel_pytree(params)
    seen = residuals(problem, params, batch)
    if problem.jacobian is not None and choice != "jax":
        leaves = _arrays(problem.jacobian(params, batch), params, "jacobian")
        columns = [jnp.asarray(leaf).reshape(seen.size, -1) for leaf in leaves]
        return _of_shape(jnp.concatenate(columns, axis=1), (seen.size, x.size), "jacobian")
    differentiate: Callable[..., Any] = jax.jacfwd if x.size <= seen.size else jax.jacrev
    return differentiate(lambda x: residuals(problem, unflatten(x), batch))(x)


def fisher(problem: Problem, choice: gradients.Choice, params: Params, batch: Batch) -> Matrix:
    """The Fisher information: ``problem.fisher``, or 2 JᵀJ where there are residuals.

    That is the information on the params in observations with normal noise of deviation √½, whose
    negative log-likelihood is the loss, the sum of squares, but for a constant.
    """
    if problem.fisher is not None:
        return square(problem.fisher(params, batch), params, "fisher")
    if problem.residuals is None:
        raise BadInput(
            "optimizer: natural_gradient needs to know the model, and the problem gives neither "
            "fisher nor residuals; take newton or bfgs"
        )
    J = jacobian(problem, choice, params, batch)
    return 2 * J.T @ J


def square(blocks: Any, params: Params, name: str) -> Matrix:
    """A matrix of what is a tree over trees: for each pair of leaves a block.

    Raises ``BadInput`` for another structure, and for blocks of another size.
    """
    sizes = [jnp.size(leaf) for leaf in jax.tree.leaves(params)]
    rows = [_arrays(row, params, name) for row in _parts(blocks, params, name)]
    shapes = [[jnp.shape(block) for block in row] for row in rows]
    if [[prod(shape) for shape in row] for row in shapes] != [
        [n * m for m in sizes] for n in sizes
    ]:
        raise BadInput(f"{name}: blocks of shapes {shapes} for params of sizes {sizes}")
    return jnp.block(
        [
            [jnp.asarray(block).reshape(n, m) for block, m in zip(row, sizes, strict=True)]
            for row, n in zip(rows, sizes, strict=True)
        ]
    )


def _parts(tree: Any, params: Params, name: str) -> list[Any]:
    """What stands in ``tree`` in the places of the leaves of ``params``."""
    structure: Any = jax.tree.structure(params)
    try:
        return list(structure.flatten_up_to(tree))
    except ValueError as error:
        raise BadInput(f"{name}: not in the structure of the params: {error}") from error


def _arrays(tree: Any, params: Params, name: str) -> list[Any]:
    """The same, of which each must be an array."""
    found = _parts(tree, params, name)
    if not jax.tree_util.all_leaves(found):
        raise BadInput(f"{name}: a tree where the params have a leaf")
    return found


def _of_shape(matrix: Array, shape: tuple[int, int], name: str) -> Array:
    if matrix.shape != shape:
        raise BadInput(f"{name}: the derivative by hand has shape {matrix.shape}; it is {shape}")
    return matrix


def _flat_gradient(
    problem: Problem, choice: gradients.Choice, params: Params, batch: Batch
) -> Callable[[Vector], Vector]:
    unflatten = ravel_pytree(params)[1]
    # the gradient by JAX is not differentiated again only to be thrown away
    slope = gradients.chosen(problem, "hand" if choice == "both" else choice)
    return lambda x: ravel_pytree(slope(unflatten(x), batch).gradient)[0]
