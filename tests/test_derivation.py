"""The record: what it keeps, and that misuse is refused at once, with the name as typed and the
next step.
"""

import functools

import jax
import jax.numpy as jnp
import pytest

from lab import derivation as makers
from lab.derivation import adjoint, derivation_of, gradient, tap
from lab.domains import reals
from lab.errors import BadInput


def mse(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


AT = {"w": reals("d"), "X": reals("n d"), "y": reals("n")}


def residual_times_X(w, X, y):
    """r = Xw - y;  dL = 2/n r.(X dw)."""
    return 2 / y.size * X.T @ (X @ w - y)


def test_the_decorated_function_stays_a_plain_function():
    def hand(w, X, y):
        """By hand."""
        return 2 / y.size * X.T @ (X @ w - y)

    recorded = gradient(of=mse, wrt="w", at=AT)(hand)
    assert recorded is hand
    record = derivation_of(recorded)
    assert (record.name, record.of_name, record.kind, record.wrt) == (
        "hand",
        "mse",
        "gradient",
        (0,),
    )
    assert record.doc == "By hand."
    assert record.file == __file__
    w, X, y = jnp.ones(3), jnp.ones((5, 3)), jnp.zeros(5)
    assert jnp.allclose(jax.jit(recorded)(w, X, y), jax.grad(mse)(w, X, y))
    assert jax.vmap(recorded, (0, None, None))(jnp.ones((2, 3)), X, y).shape == (2, 3)


@pytest.mark.parametrize("wrt", ["X", 1, -2])
def test_wrt_by_name_and_by_position(wrt):
    claim = makers.derivation(mse, residual_times_X, wrt=wrt, at=AT)
    assert claim.wrt == (1,)
    assert claim.single


def test_wrt_as_tuple():
    claim = makers.derivation(mse, residual_times_X, wrt=("w", 2), at=AT)
    assert claim.wrt == (0, 2)
    assert not claim.single


def without(name):
    return {key: value for key, value in AT.items() if key != name}


REFUSED = [
    (dict(wrt="W"), ["wrt='W'", "no such argument", "did you mean 'w'"]),
    (dict(wrt=3), ["wrt=3", "3 arguments: w, X, y"]),
    (dict(wrt=()), ["wrt=()"]),
    (dict(wrt=("w", 0)), ["twice"]),
    (dict(at=without("y")), ["at lacks 'y'", "at=dict(y="]),
    (dict(at={**AT, "x": reals("n")}), ["names 'x'", "did you mean 'X'"]),
    (dict(at=(1.0,)), ["gives 1 argument", "(w, X, y)"]),
    (
        dict(at={**AT, "w": reals("d", d=3), "X": reals("n d", d=4)}),
        ["'d' is 3 in 'w' and 4 in 'X'"],
    ),
    (dict(hand=lambda w, X: w), ["takes (w, X)", "called with (w, X, y)"]),
    (dict(kind="jvp"), ["4 arguments", "tangent"]),
]


@pytest.mark.parametrize(("change", "says"), REFUSED, ids=[row[1][0] for row in REFUSED])
def test_misuse_is_refused_at_once(change, says):
    given = dict(of=mse, hand=residual_times_X, kind="gradient", wrt="w", at=AT) | change
    hand, maker = given.pop("hand"), getattr(makers, given.pop("kind"))
    with pytest.raises(BadInput) as caught:
        maker(**given)(hand)
    for part in says:
        assert part in str(caught.value)


def test_an_unknown_kind_is_refused():
    with pytest.raises(BadInput, match=r"'gradeint'.*did you mean 'gradient'"):
        makers.derivation(mse, residual_times_X, kind="gradeint", at=AT)


def test_one_function_carries_one_claim():
    def hand(w, X, y):
        return w

    gradient(of=mse, at=AT)(hand)
    with pytest.raises(BadInput, match="already carries"):
        gradient(of=mse, at=AT)(hand)


def test_arguments_with_defaults_may_be_left_out():
    def scaled(x, scale=2.0):
        return jnp.sum(scale * x)

    claim = makers.derivation(scaled, lambda x: jnp.full_like(x, 2.0), at={"x": reals("n")})
    assert claim.arguments == ("x",)


def test_partial_functions_keep_their_name():
    def power(x, n):
        return x**n

    claim = makers.derivation(
        functools.partial(power, n=3), lambda x: 3 * x**2, kind="derivative", at={"x": reals()}
    )
    assert claim.of_name == "power"


def test_tap_and_adjoint_are_identities_outside_a_check():
    x = jnp.arange(3.0)
    assert tap("x", x) is x
    assert adjoint("x", x) is x
