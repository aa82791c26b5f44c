"""What is read from optax's sources, against what optax is when imported."""

import inspect
import math
from operator import attrgetter
from typing import Any

import jax
import optax
import pytest

from lab.config.choices import choice, methods, optimizer, optimizers, schedule, schedules, steps
from lab.config.signatures import Default
from lab.training.descent import Descent, named

# enough to fill in what has no default; nothing here decides what is offered
FILLED = {"l2_norm_clip": 1.0, "noise_multiplier": 1.0, "seed": 0}


def found_by_importing() -> set[str]:
    names = set()
    for prefix, module in (("", optax), ("contrib.", optax.contrib)):
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or name.startswith(("_", "scale_by_")):
                continue
            signature = inspect.signature(function)
            returned = getattr(signature.return_annotation, "__name__", "")
            required = [
                p for p in signature.parameters.values() if p.default is inspect.Parameter.empty
            ]
            optimizers = any("optimizer" in p.name for p in required)
            if "GradientTransformation" in returned and "learning_rate" in signature.parameters:
                names |= set() if optimizers else {prefix + name}
    return names


def test_the_optimizers_are_those_optax_has() -> None:
    assert set(optimizers()) == found_by_importing()
    assert {"sgd", "adam", "adamw", "lbfgs", "contrib.muon"} <= set(optimizers())


def test_the_schedules_are_those_optax_has() -> None:
    found = {
        name
        for name, function in vars(optax.schedules).items()
        if name.endswith(("schedule", "decay")) and inspect.isfunction(function)
    }
    # made of other schedules, or of a list of mappings
    assert set(schedules()) == found - {"join_schedules", "sgdr_schedule"}


# optax announces that some are to go; as long as they are there, they can be named
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", optimizers())
def test_an_optimizer_is_made_from_what_its_model_holds(name: str) -> None:
    function = optimizers()[name]
    real = inspect.signature(attrgetter(name)(optax)).parameters
    assert [argument.name for argument in function.arguments] == list(real)
    needed = {a.name for a in function.arguments if a.default is Default.REQUIRED}
    given = {key: value for key, value in FILLED.items() if key in needed}
    held = filled("optimizer", name, {"learning_rate": 0.1, **given})
    for key, value in held.items():
        if key not in given and key != "learning_rate":
            assert value == real[key].default
            assert type(value) in (type(real[key].default), float)
    if name == "noisy_sgd":
        held["key"] = 0  # optax warns without one
    assert isinstance(attrgetter(name)(optax)(**held), optax.GradientTransformation)


@pytest.mark.parametrize("name", schedules())
def test_a_schedule_is_made_from_what_its_model_holds(name: str) -> None:
    known = {"interpolate_type": "linear", "boundaries_and_scales": {10: 0.5}, "decay_steps": 20}
    given = {
        a.name: known.get(a.name, 10)
        for a in schedules()[name].arguments
        if a.default is Default.REQUIRED or a.name in known
    }
    with jax.numpy_dtype_promotion("standard"):  # optax's own arithmetic is not strict
        rate = getattr(optax.schedules, name)(**filled("schedule", name, given))
        assert math.isfinite(float(rate(3)))


def filled(kind: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    function = (optimizers if kind == "optimizer" else schedules)()[name]
    model = choice(name, function, lambda _, plain_number: plain_number)
    held = model.model_validate({"name": name, **given}).model_dump(by_alias=True)
    assert held.pop("name") == name
    return held


@pytest.mark.parametrize(
    "name",
    [
        *("", "nope", "os.system", "contrib", "chain"),
        *("alias.adam", "_src.alias.adam", "contrib._muon.muon"),
        *("scale_by_rprop", "contrib.scale_by_madgrad"),
        *("lookahead", "contrib.schedule_free", "polyak_sgd"),
    ],
)
def test_what_is_no_optimizer(name: str) -> None:
    assert optimizer(name) is None


@pytest.mark.parametrize("name", ["", "nope", "Schedule", "inject_hyperparams", "join_schedules"])
def test_what_is_no_schedule(name: str) -> None:
    assert schedule(name) is None


@pytest.mark.parametrize("name", sorted(methods()))
def test_a_method_is_made_from_what_its_model_holds(name: str) -> None:
    held = choice(name, methods()[name], lambda argument, plain: plain, step=type(None))
    settings = held.model_validate({"name": name}).model_dump(by_alias=True)
    real = inspect.signature(named.methods()[name]).parameters
    assert {**settings, "name": None, "step": None} == {
        "name": None,
        "step": None,
        **{key: parameter.default for key, parameter in real.items()},
    }
    assert isinstance(named.build(settings), Descent)


@pytest.mark.parametrize("name", sorted(steps()))
def test_a_step_is_made_from_what_its_model_holds(name: str) -> None:
    held = choice(name, steps()[name], lambda argument, plain: plain)
    settings = held.model_validate({"name": name}).model_dump(by_alias=True)
    assert isinstance(named.build({"name": "newton", "step": settings}), Descent)


def test_methods_and_steps_are_those_that_are_there() -> None:
    assert set(methods()) == set(named.methods())
    assert set(steps()) == set(named.steps())
