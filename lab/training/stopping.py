"""When to stop before the last step: rules that are looked at within the compiled loop.

A rule is a state and a test, both small; what the test looks at is what the step saw.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from lab.training.problem import Scalar

# The reasons of a state: 0 goes on, 1, 2, ... is the rule of that place.
GOING, DIVERGED = 0, -1


class Sight(NamedTuple):
    """What a rule may look at: the point a step starts from, before its update."""

    loss: Scalar
    gradient_norm: Scalar
    evaluations: Int[Array, ""]


class Rule(NamedTuple):
    """``init`` is the rule's first state, ``met(sight, state)`` whether to stop, and its next one.

    ``says`` is the rule in words, as ``run.json`` has it.
    """

    says: str
    init: Callable[[Any], Any]
    met: Callable[[Sight, Any], tuple[Bool[Array, ""], Any]]


def rules(settings: Mapping[str, Any] | None) -> tuple[Rule, ...]:
    """The rules of the config's ``stop``; those that are None do not apply."""
    written = {name: value for name, value in (settings or {}).items() if value is not None}
    return tuple(_RULES[name](value) for name, value in written.items())


def _loss(target: float) -> Rule:
    return Rule(
        f"loss at most {target:g}",
        lambda dtype: (),
        lambda sight, state: (sight.loss <= target, state),
    )


def _gradient_norm(target: float) -> Rule:
    return Rule(
        f"gradient norm at most {target:g}",
        lambda dtype: (),
        lambda sight, state: (sight.gradient_norm <= target, state),
    )


class _Best(NamedTuple):
    loss: Scalar
    age: Int[Array, ""]


def _plateau(settings: Mapping[str, Any]) -> Rule:
    """No loss below the best one, by the share ``relative`` of its size, in so many steps."""
    steps, relative = settings["steps"], settings["relative"]

    def met(sight: Sight, best: _Best) -> tuple[Bool[Array, ""], _Best]:
        # the first best is infinite, and a share of it no number
        margin = jnp.where(jnp.isfinite(best.loss), relative * jnp.abs(best.loss), 0)
        better = sight.loss < best.loss - margin
        age = jnp.where(better, 0, best.age + 1)
        return age >= steps, _Best(jnp.where(better, sight.loss, best.loss), age)

    said = f", by {relative:g} of it," if relative else ""
    return Rule(
        f"no loss below the best{said} in {steps} step{'s' * (steps > 1)}",
        lambda dtype: _Best(jnp.full((), jnp.inf, dtype), jnp.zeros((), jnp.int32)),
        met,
    )


def _evaluations(budget: int) -> Rule:
    return Rule(
        f"budget of {budget} evaluations spent",
        lambda dtype: (),
        lambda sight, state: (sight.evaluations >= budget, state),
    )


_RULES: dict[str, Callable[[Any], Rule]] = {
    "loss": _loss,
    "gradient_norm": _gradient_norm,
    "plateau": _plateau,
    "evaluations": _evaluations,
}
