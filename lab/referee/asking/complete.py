"""A question made complete: tangents and cotangents are drawn to its points, and one that makes no
sense is turned away.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.errors import BadInput
from lab.referee.asking.question import Question
from lab.referee.asking.traces import shape_of
from lab.referee.points.group import ARRAY, Group


def with_extra(asked: Question, group: Group, out: Any, rng: np.random.Generator) -> Group:
    """The group with a tangent or cotangent drawn for every point, as one more argument."""
    claim = asked.claim
    if not claim.carries:
        return group
    args = group.point(0)
    if claim.kind == "vjp":
        if out is None:
            out = asked.value(args, ())
        like = out
    else:
        slots = asked.slots(args)
        like = slots[0] if claim.single else slots
    extra = jax.tree.map(lambda leaf: _normal(rng, group.size, leaf), like)
    leaves, _ = jax.tree.flatten(extra)
    treedef = jax.tree.structure((*args, like))
    return group._replace(
        treedef=treedef,
        static=(*group.static, *[ARRAY] * len(leaves)),
        leaves=(*group.leaves, *map(np.asarray, leaves)),
    )


def _normal(rng: np.random.Generator, count: int, like: Any) -> np.ndarray:
    drawn = np.asarray(rng.standard_normal((count, *np.shape(like))))
    return drawn + 1j * rng.standard_normal(drawn.shape) if jnp.iscomplexobj(like) else drawn


def with_complaints(asked: Question, group: Group) -> Any:
    """The shape of ``of(*args)``; `BadInput` when this kind of derivative makes no sense for it.
    The group is without tangents and cotangents.
    """
    claim = asked.claim
    args = group.rebuild([leaf[0] for leaf in group.leaves])  # not put on the device: it is large
    if claim.carries:
        args = group.point(0)
        out = jax.eval_shape(lambda: asked.value(args, ()))
    else:
        out = shape_of(asked, asked.value, group)
    leaves = jax.tree.leaves(out)
    if claim.kind == "identity":
        return out
    for position in claim.wrt:
        for leaf in jax.tree.leaves(args[position]):
            if not jnp.issubdtype(np.asarray(leaf).dtype, jnp.inexact):
                name = claim.arguments[position] if claim.arguments else str(position)
                raise BadInput(
                    f"{claim.name}: argument {name!r} holds {np.asarray(leaf).dtype} values, "
                    "which cannot be differentiated; draw it from reals(...) or name another wrt"
                )
    if claim.kind in ("gradient", "hessian") and [leaf.shape for leaf in leaves] != [()]:
        shapes = ", ".join(str(leaf.shape) for leaf in leaves)
        raise BadInput(
            f"{claim.name}: a {claim.kind} needs a scalar function, but {claim.of_name} returns "
            f"shape {shapes}; use jacobian, or jvp or vjp"
        )
    if claim.kind == "derivative" and len(leaves) != 1:
        raise BadInput(
            f"{claim.name}: a derivative needs a function of one array, but {claim.of_name} "
            f"returns {len(leaves)}; use jacobian"
        )
    return out
