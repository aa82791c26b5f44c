"""What is computed side by side: numbers that can be traced, and cases that are one program.

A number is put into the program as an unknown wherever that works. It does not where an experiment
or an optimizer asks what it is: as a size, in an ``if``, as an entry of a NumPy array. Such
numbers, and all that is no number, make *cases*, which are traced one by one. Cases whose programs
are the same but for the arrays in them, as with data split by a seed, still run side by side.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.config import Config
from lab.sweep import lanes
from lab.sweep.lanes import Lane, Programs
from lab.sweep.plan import Plan, Variation, replaced
from lab.sweep.signature import signature
from lab.training import devices, stopping
from lab.training.configured import posed, trained
from lab.training.step import Training

# Up to so many bytes of rows of a lane come home at once, in no fewer dispatches than so many.
_BYTES, _DISPATCHES = 2**14, 10

# What a lane has even where no number is traced; nothing is computed of it.
_PLACE = ""


class Part(NamedTuple):
    """One of the three functions of a lane, traced: what it does, and the arrays it stands on."""

    jaxpr: Any
    constants: tuple[Any, ...]
    result: Any  # its structure

    def __call__(self, constants: Sequence[Any], *arguments: Any) -> Any:
        flat = jax.tree.leaves(arguments)
        found = jax.core.eval_jaxpr(self.jaxpr, constants, *flat)
        return jax.tree.unflatten(self.result, found)


class Case(NamedTuple):
    """Runs with the same settings but for the traced ones: ``runs`` in the order of ``lane``.

    ``lane``  the traced values, an array of as many for each key.
    ``parts`` the functions of a lane by name; ``why`` the reasons to stop, in words.
    ``row``   and ``evaluated``: what the columns are like, recorded and only in the end.
    """

    values: Mapping[str, Any]
    runs: np.ndarray
    lane: Mapping[str, Any]
    parts: Mapping[str, Part]
    row: Mapping[str, Any]
    evaluated: Mapping[str, Any]
    rows: int
    every: int
    held: bool
    why: Callable[[int], str | None]
    signature: bytes

    @property
    def steps(self) -> int:
        return int(self.values["steps"])


def cases(
    plan: Plan, variation: Variation, place: int, module: ModuleType, told: Callable[[str], None]
) -> list[Case]:
    """The cases of the plan's variation number ``place``; what could not be traced is ``told``.

    Raises what the experiment or the optimizer raises with the numbers in place.
    """
    config, numbers = variation.config, variation.numbers
    with devices.precision(config["precision"]) as dtype:
        values = replaced(config.resolved, "record.every", variation.every)
        traced = _traceable(config, values, numbers, module, dtype, told)
        others = [key for key in numbers if key not in traced]
        found = []
        for chosen in product(*(range(len(numbers[key])) for key in others)):
            places = dict(zip(others, chosen, strict=True))
            mine = values
            for key, at in places.items():
                mine = replaced(mine, key, numbers[key][at])
            found.append(_case(plan, place, config, mine, numbers, traced, places, module, dtype))
        return found


def _case(
    plan: Plan,
    place: int,
    config: Config,
    values: Mapping[str, Any],
    numbers: Mapping[str, tuple[Any, ...]],
    traced: Sequence[str],
    places: Mapping[str, int],
    module: ModuleType,
    dtype: Any,
) -> Case:
    make = maker(config, values, traced, module, dtype)
    like = _like(numbers, traced, dtype)
    rules = stopping.rules(values["stop"])
    rows_all = -(-values["steps"] // values["record"]["every"])
    row, evaluated = jax.eval_shape(_whole(make), like)
    width = sum(value.dtype.itemsize for value in row.values())
    rows = _at_once(rows_all, max(1, min(-(-rows_all // _DISPATCHES), _BYTES // width)))
    every, held = values["record"]["every"], bool(rules)
    made = lanes.programs(make, rows=rows, every=every, held=held, even=rows_all % rows == 0)
    parts = _parts(made, like)
    sizes = {axis.key: len(axis.values) for axis in plan.words}
    words = dict(zip(sizes, np.unravel_index(place, [*sizes.values()]), strict=True))
    along = np.meshgrid(*(np.arange(len(numbers[key])) for key in traced), indexing="ij")
    inner = {key: at.ravel() for key, at in zip(traced, along, strict=True)}
    count = len(next(iter(inner.values()), np.zeros(1)))
    outer = {key: np.full(count, at) for key, at in {**words, **places}.items()}
    runs = np.asarray(plan.number(inner | outer)) + np.zeros(count, int)
    lane = {_PLACE: np.arange(count, dtype=np.int32)} | {
        key: _array(key, np.array(numbers[key])[inner[key]], dtype) for key in traced
    }
    why = lambda reason: (
        None
        if reason == stopping.GOING
        else "diverged"
        if reason == stopping.DIVERGED
        else rules[reason - 1].says
    )
    signed = b"".join(signature(part.jaxpr, part.constants, part.result) for part in parts.values())
    return Case(values, runs, lane, parts, row, evaluated, rows, every, held, why, signed)


def maker(
    config: Config, values: Mapping[str, Any], traced: Sequence[str], module: ModuleType, dtype: Any
) -> Callable[[Lane], Training]:
    """``lane -> Training``: the training of the config with the lane's values in place.

    The problem is posed once, as for a single run, where nothing of it is traced.
    """
    own = tuple(config.settings)
    settings = lambda values: {key: values[key] for key in own}
    inside = "seed" in traced or any(key.partition(".")[0] in own for key in traced)
    if not inside:
        once = posed(module, settings(values), jax.random.key(values["seed"]), dtype)

    def make(lane: Lane) -> Training:
        mine = values
        for name in traced:
            if name != "seed":
                mine = replaced(mine, name, lane[name])
        if not inside:
            problem, key = once
        else:
            # what does not depend on the lane is computed now, as data from NumPy must be
            with jax.ensure_compile_time_eval():
                root = lane["seed"] if "seed" in traced else jax.random.key(values["seed"])
                problem, key = posed(module, settings(mine), root, dtype)
        return trained(problem, mine, key)

    return make


def _at_once(rows: int, most: int) -> int:
    """A number of rows to make at a time: a divisor of all there are, if one is near."""
    near = (size for size in range(most, most // 2, -1) if rows % size == 0)
    return next(near, most)


def _traceable(
    config: Config,
    values: Mapping[str, Any],
    numbers: Mapping[str, tuple[Any, ...]],
    module: ModuleType,
    dtype: Any,
    told: Callable[[str], None],
) -> tuple[str, ...]:
    """The keys whose numbers can all be unknowns of one program."""

    def works(keys: Sequence[str]) -> Exception | None:
        make = maker(config, values, keys, module, dtype)
        try:
            jax.eval_shape(_whole(make), _like(numbers, keys, dtype))
        except Exception as fault:  # whatever the experiment does with what it cannot know
            return fault
        return None

    candidates = tuple(key for key in numbers if key != "steps")
    if not candidates or works(candidates) is None:
        return candidates
    fault = works(())
    if fault is not None:
        raise fault
    found: tuple[str, ...] = ()
    for key in candidates:
        fault = works((*found, key))
        if fault is None:
            found = (*found, key)
        else:
            told(f"{key} is taken value by value: {_why(fault)}")
    return found


def _why(fault: Exception) -> str:
    """Why a number cannot be an unknown, in half a line."""
    if isinstance(fault, jax.errors.TracerBoolConversionError):
        return "the program branches on it"
    if isinstance(fault, jax.errors.TracerArrayConversionError):
        return "NumPy computes with it"
    if isinstance(
        fault, jax.errors.ConcretizationTypeError | jax.errors.TracerIntegerConversionError
    ):
        return "a size or another number must be known for it"
    first = next(iter(str(fault).strip().splitlines()), "")
    return f"{type(fault).__name__}: {first}"[:120]


def _whole(make: Callable[[Lane], Training]) -> Callable[[Lane], Any]:
    """All that is ever traced of a lane, a step of it."""

    def whole(lane: Lane) -> Any:
        train = make(lane)
        after, row = train.step(train.start())
        return row, train.evaluate(after.params)

    return whole


def _like(
    numbers: Mapping[str, tuple[Any, ...]], keys: Sequence[str], dtype: Any
) -> dict[str, jax.ShapeDtypeStruct]:
    arrays = {key: _array(key, np.array(numbers[key][:1]), dtype) for key in keys}
    # weak, as Python's own numbers: what they are computed with decides the precision
    return {_PLACE: jax.ShapeDtypeStruct((), jnp.int32)} | {
        key: jax.ShapeDtypeStruct((), array.dtype, weak_type=key != "seed")
        for key, array in arrays.items()
    }


def _array(key: str, numbers: np.ndarray, dtype: Any) -> Any:
    if key == "seed":
        return jax.vmap(jax.random.key)(jnp.asarray(numbers, jnp.uint32))
    whole = np.dtype(jnp.asarray(0).dtype)
    return np.asarray(numbers, dtype if numbers.dtype.kind == "f" else whole)


def _parts(made: Programs, like: Lane) -> dict[str, Part]:
    carry = jax.eval_shape(made.begin, like)
    step = jax.ShapeDtypeStruct((), jnp.int32)
    return {
        "begin": _part(made.begin, like),
        "advance": _part(made.advance, like, carry, step, step),
        "conclude": _part(made.conclude, like, carry),
    }


def _part(function: Callable[..., Any], *like: Any) -> Part:
    closed, result = jax.make_jaxpr(function, return_shape=True)(*like)
    return Part(closed.jaxpr, tuple(closed.consts), jax.tree.structure(result))
