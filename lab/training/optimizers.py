"""Any optimizer of optax by its name, with its own arguments; a learning rate may be a schedule.

``{"name": "adam", "learning_rate": 0.1}``
``{"name": "sgd", "momentum": 0.9, "learning_rate": {"name": "cosine_decay_schedule", ...}}``
``{"name": "contrib.prodigy"}``
"""

import inspect
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from lab.errors import BadInput, suggestion
from lab.training.problem import Params


def build(settings: Mapping[str, Any]) -> optax.GradientTransformation:
    """The optimizer that ``settings`` name: ``name`` of optax, called with all the rest.

    A value that is itself a mapping with a ``name`` is looked up and called in the same way: a
    schedule, a line search, a base optimizer.

    Raises ``BadInput`` for a name that optax has not, and for arguments that it refuses.
    """
    optimizer = _called(settings, "optimizer")
    if not isinstance(optimizer, optax.GradientTransformation):
        raise BadInput(f"optimizer.name: optax.{settings['name']} is not an optimizer")
    return optimizer


def _called(settings: Mapping[str, Any], where: str) -> Any:
    name = settings["name"]
    factory = _found(name, where)
    arguments = {
        argument: _value(value, f"{where}.{argument}")
        for argument, value in settings.items()
        if argument != "name"
    }
    try:
        inspect.signature(factory).bind(**arguments)
        return factory(**arguments)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{where}: {name}: {error}") from error


def _found(name: str, where: str) -> Any:
    room, _, member = name.rpartition(".")
    library = {"": optax, "contrib": optax.contrib}.get(room)
    factory = getattr(library, member, None)
    if not callable(factory):
        known = [*dir(optax), *(f"contrib.{member}" for member in dir(optax.contrib))]
        raise BadInput(f"{where}.name: optax has no {name!r}{suggestion(name, known)}")
    return factory


def _value(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        if "name" in value:
            return _called(value, where)
        return {key: _value(part, f"{where}.{key}") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_value(part, f"{where}[{index}]") for index, part in enumerate(value)]
    return value


def keeping_dtypes(
    optimizer: optax.GradientTransformation,
) -> optax.GradientTransformationExtraArgs:
    """The same optimizer, whose state never changes its types, and is no wider than the params.

    A scan asks that what it carries keep its types, while optax lets a count or a schedule widen or
    weaken them; and optax mixes integer counts with floats, which strict promotion would refuse. So
    optax runs under standard promotion and each result is cast to the type its place had. Every
    leaf of the first state is a buffer of its own, so the state may be donated.
    """
    inner = optax.with_extra_args_support(optimizer)

    def init(params: Params) -> optax.OptState:
        widest = jnp.result_type(*jax.tree.leaves(params))
        with jax.numpy_dtype_promotion("standard"):
            state = inner.init(params)
        return jax.tree.map(lambda leaf: _narrowed(jnp.array(leaf, copy=True), widest), state)

    def update(
        updates: Params, state: optax.OptState, params: Params | None = None, **extra: Any
    ) -> tuple[Params, optax.OptState]:
        with jax.numpy_dtype_promotion("standard"):
            new_updates, new_state = inner.update(updates, state, params, **extra)
        return (
            jax.tree.map(_as, new_updates, updates),
            jax.tree.map(_as, new_state, state),
        )

    return optax.GradientTransformationExtraArgs(init, update)


def _narrowed(leaf: jax.Array, widest: Any) -> jax.Array:
    floating = jnp.issubdtype(leaf.dtype, jnp.floating)
    wider = floating and leaf.dtype.itemsize > jnp.dtype(widest).itemsize
    return _as(leaf, jax.ShapeDtypeStruct(leaf.shape, widest if wider else leaf.dtype))


def _as(new: Any, old: Any) -> Any:
    """``new`` in the dtype of ``old``, and not weakly so."""
    if jnp.issubdtype(old.dtype, jax.dtypes.prng_key):
        return new
    return jnp.asarray(new).astype(old.dtype)
