"""Several mistakes in one derivation of several steps: each is found, and named by itself."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import pytest

from lab import adjoint, check, reals, tap
from lab.referee.show import described

AT = dict(p={"W": reals("d h"), "V": reals("h k")}, X=reals("n d"), Y=reals("n k"))


def loss(p, X, Y):
    z = tap("z", X @ p["W"])
    a = tap("a", jnp.tanh(z))
    o = tap("o", a @ p["V"])
    return jnp.mean(jnp.sum((o - Y) ** 2, axis=1))


def hand(p, X, Y, *, count=True, turned=True, slope=True, leaf=True):
    """Right, but for what is false."""
    a = jnp.tanh(X @ p["W"])
    do = adjoint("o", 2 * (a @ p["V"] - Y) / (len(X) if count else 1))
    da = adjoint("a", do @ (p["V"].T if turned else p["V"]))
    dz = adjoint("z", da * (1 - a**2) if slope else da)
    return {"W": X.T @ dz, "V": a.T @ do if leaf else -a.T @ do}


class Slip(NamedTuple):
    """What is false; the steps that are wrong, and what has to be said of each."""

    false: dict[str, bool]
    steps: dict[str, str]
    behind: str = ""


SLIPS = {
    "two steps": Slip(
        dict(count=False, slope=False), {"o": "n times the derivative", "z": "`jnp.tanh(z)`"}
    ),
    "a step and a leaf": Slip(
        dict(slope=False, leaf=False), {"z": "`jnp.tanh(z)`"}, "the sign is flipped"
    ),
    "all of it": Slip(
        dict(count=False, slope=False, leaf=False),
        {"o": "n times the derivative", "z": "`jnp.tanh(z)`"},
        "the sign is flipped",
    ),
}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_each_mistake_is_named_by_itself(slip):
    wrong = lambda p, X, Y: hand(p, X, Y, **slip.false)
    verdict = check(loss, wrong, at=AT, shrink=False)
    assert {step for step, word in verdict.steps.items() if word == "wrong"} == set(slip.steps)
    told = dict(part.split(": ", 1) for part in verdict.mistake.says.split("; "))
    for step, says in slip.steps.items():
        assert says in told.pop(f"step {step!r}"), verdict
    assert slip.behind in told.pop("behind the steps", ""), verdict
    assert told == {}
    assert verdict.mistake.name != "unknown"


def test_each_has_a_line():
    wrong = lambda p, X, Y: hand(p, X, Y, count=False, slope=False)
    shown = described(check(loss, wrong, at=AT, shrink=False), width=400).splitlines()
    what = next(k for k, line in enumerate(shown) if line.strip().startswith("what"))
    assert "step 'o': " in shown[what]
    assert shown[what + 1].strip().startswith("step 'z': ")


def test_one_mistake_is_told_as_of_the_whole():
    verdict = check(loss, lambda p, X, Y: hand(p, X, Y, count=False), at=AT, shrink=False)
    assert verdict.steps == {"o": "wrong", "a": "correct", "z": "correct"}
    assert "step" not in verdict.mistake.says
    assert verdict.mistake.name == "batch_factor"
    assert check(loss, hand, at=AT).steps == {"o": "correct", "a": "correct", "z": "correct"}


def test_steps_of_a_pullback_are_named_with_the_cotangent_as_given():
    def layer(x, W):
        z = tap("z", x @ W)
        return jax.nn.sigmoid(tap("y", z * z))

    def pulled(x, W, cotangent):
        z = x @ W
        s = jax.nn.sigmoid(z * z)
        dy = adjoint("y", cotangent * s)
        dz = adjoint("z", z * dy)
        return dz @ W.T

    at = dict(x=reals("n d"), W=reals("d k"))
    verdict = check(layer, pulled, kind="vjp", at=at, shrink=False)
    assert verdict.steps == {"y": "wrong", "z": "wrong"}
    first, second = verdict.mistake.says.split("; step 'z': ")
    assert first.startswith("step 'y': ")
    assert "sigmoid" in first
    assert "1/2 times" in second
