"""Whose gradient drives the descent: the hand's, JAX's, or the hand's watched by JAX's."""

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.errors import BadInput
from lab.training import leaves
from lab.training.problem import Batch, Params, Problem, Scalar

Choice: TypeAlias = Literal["hand", "jax", "both"]


class Slope(NamedTuple):
    """The loss at a point, the gradient to step with, and what else was seen on the way."""

    loss: Scalar
    gradient: Params
    seen: dict[str, Scalar]


def chosen(problem: Problem, choice: Choice) -> Callable[[Params, Batch], Slope]:
    """``(params, batch) -> Slope`` for the gradient that was chosen.

    ``hand``  the loss by ``problem.loss``, the gradient by ``problem.gradient``.
    ``jax``   both by ``jax.value_and_grad(problem.loss)``.
    ``both``  as ``hand``, and ``seen["gap"]`` is the ``gap`` to JAX's gradient.

    When called it raises ``BadInput`` for a gradient by hand that lacks the structure and shapes of
    the params: broadcasting would otherwise hide it.
    """

    def hand(params: Params, batch: Batch) -> Slope:
        return Slope(problem.loss(params, batch), _by_hand(problem, params, batch), {})

    def by_jax(params: Params, batch: Batch) -> Slope:
        return Slope(*jax.value_and_grad(problem.loss)(params, batch), {})

    def both(params: Params, batch: Batch) -> Slope:
        loss, reference = jax.value_and_grad(problem.loss)(params, batch)
        gradient = _by_hand(problem, params, batch)
        return Slope(loss, gradient, {"gap": gap(gradient, reference)})

    return {"hand": hand, "jax": by_jax, "both": both}[choice]


def loss_of(problem: Problem, choice: Choice) -> Callable[[Params, Batch], Scalar]:
    """The loss as a function whose derivative is the chosen gradient.

    Line searches differentiate the loss themselves; with ``hand`` they too must get the gradient by
    hand. A rule for tangents, rather than for cotangents, serves both modes: it is linear in the
    tangent, ``dL = <gradient, d params>``, and so JAX transposes it.
    """
    if choice == "jax":
        return problem.loss

    @jax.custom_jvp
    def loss(params: Params, batch: Batch) -> Scalar:
        return problem.loss(params, batch)

    @loss.defjvp
    def _tangent(
        primals: tuple[Params, Batch], tangents: tuple[Params, Batch]
    ) -> tuple[Scalar, Scalar]:
        gradient = _by_hand(problem, *primals)
        products = jax.tree.map(lambda g, t: jnp.sum(g * t), gradient, tangents[0])
        return problem.loss(*primals), jnp.sum(jnp.stack(jax.tree.leaves(products)))

    return loss


def gap(hand: Params, reference: Params) -> Float[Array, ""]:
    """How far ``hand`` is from ``reference``: the worst leaf's largest error, relative to it.

    For each leaf ``max|hand - reference| / max|reference|``, and of these the largest. Two things
    have no size of their own to be relative to. A leaf that vanishes beside the others (a bias
    before a normalisation) is only rounding, and is measured against ``sqrt(eps)`` times the
    largest leaf. Where the whole reference is zero the gap is absolute. Near a minimum the gradient
    cancels down to rounding, and the gap grows with nothing being wrong: read it with the norm.
    """
    sizes = [jnp.max(jnp.abs(leaf), initial=0) for leaf in jax.tree.leaves(reference)]
    errors = [
        jnp.max(jnp.abs(a - b), initial=0)
        for a, b in zip(jax.tree.leaves(hand), jax.tree.leaves(reference), strict=True)
    ]
    size, error = jnp.stack(sizes), jnp.stack(errors)
    scale = jnp.maximum(size, jnp.sqrt(jnp.finfo(size.dtype).eps) * jnp.max(size))
    return jnp.max(error / jnp.where(scale > 0, scale, 1))


def _by_hand(problem: Problem, params: Params, batch: Batch) -> Params:
    """``problem.gradient``, of which the structure and the shapes are those of ``params``."""
    gradient = problem.gradient(params, batch)
    found = {name: jnp.shape(leaf) for name, leaf in leaves.named(gradient).items()}
    wanted = {name: jnp.shape(leaf) for name, leaf in leaves.named(params).items()}
    if found != wanted:
        raise BadInput(
            f"the gradient by hand has the leaves {_shapes(found)}; the params have "
            f"{_shapes(wanted)}: return the structure and the shapes of the params"
        )
    # A container of another type (a list for a tuple) with the same leaves is as good.
    flat = zip(jax.tree.leaves(gradient), jax.tree.leaves(params), strict=True)
    cast = [jnp.asarray(hand).astype(leaf.dtype) for hand, leaf in flat]
    return jax.tree.unflatten(jax.tree.structure(params), cast)


def _shapes(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"
