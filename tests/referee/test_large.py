"""Large arguments are judged at one point, every entry, and a mistake in one entry of a million shows."""

import jax
import jax.numpy as jnp
import pytest

from lab import check

SIDE = 400


def loss(W, x):
    return jnp.mean(jnp.tanh(W @ x) ** 2)


def loss_gradient(W, x):
    a = jnp.tanh(W @ x)
    return jnp.outer(2 / a.size * a * (1 - a**2), x)


def at(key):
    W, x = jax.random.normal(key, (SIDE, SIDE)), jax.random.normal(key, (SIDE,))
    return W / SIDE**0.5, x


def one_entry_off(W, x):
    g = loss_gradient(W, x)
    return g.at[7, 11].multiply(1 + 1e-6)


@jax.custom_vjp
def doubled(x):
    return x


doubled.defvjp(lambda x: (x, None), lambda _, c: (2 * c,))


def test_it_passes_at_one_point_with_power():
    verdict = check(loss, loss_gradient, at=at)
    assert (verdict.verdict, verdict.points) == ("correct", 1)
    assert verdict.power is not None
    assert verdict.power < 1e-8
    assert {w.name for w in verdict.witnesses} > {"jax forward", "jax reverse", "differences"}


def test_one_entry_is_enough():
    verdict = check(loss, one_entry_off, at=at)
    assert verdict.verdict == "wrong"
    assert "[7, 11]" in verdict.mistake.says


def test_one_entry_that_is_no_number_is_enough():
    verdict = check(loss, lambda W, x: loss_gradient(W, x).at[7, 11].set(jnp.nan), at=at)
    assert not verdict.passes


@pytest.mark.parametrize(("turned", "verdict"), [(lambda a: a, "correct"), (jnp.conj, "wrong")])
def test_complex_arguments_have_one_real_slope_along_a_line(turned, verdict):
    draw = lambda key: tuple(jax.random.normal(key, (2, SIDE, SIDE), jnp.complex64))
    f = lambda z, a: jnp.sum(jnp.real(a * z))
    assert check(f, lambda z, a: turned(a), at=draw).verdict == verdict


def test_a_wrong_rule_inside_is_odd():
    def fooled(W, x):
        return loss(doubled(W), x)

    reverse_only = check(fooled, loss_gradient, at=at)
    assert reverse_only.verdict in ("inconclusive", "wrong")
    assert not reverse_only.passes


@pytest.mark.parametrize("kind", ["vjp", "derivative"])
def test_other_kinds(kind):
    f = {"vjp": lambda x: jnp.sin(x) * x, "derivative": lambda x: jnp.sin(x) * x}[kind]
    slope = lambda x: jnp.cos(x) * x + jnp.sin(x)
    hand = (lambda x, c: slope(x) * c) if kind == "vjp" else slope
    wrong = (lambda x, c: slope(x) * c * c) if kind == "vjp" else lambda x: jnp.cos(x) * x
    draw = lambda key: (jax.random.normal(key, (SIDE, SIDE)),)
    assert check(f, hand, kind=kind, at=draw).verdict == "correct"
    assert check(f, wrong, kind=kind, at=draw).verdict == "wrong"


def layer(W, b, X):
    return jnp.sum(jax.nn.relu(X @ W + b) ** 2) / X.shape[0]


def layer_gradient(W, b, X, *, count=True, sign=1.0):
    a = jax.nn.relu(X @ W + b)
    da = sign * 2 * a / (X.shape[0] if count else 1)
    return X.T @ da, da.sum(axis=0)


def layer_at(key):
    W, b, X = (
        jax.random.normal(k, shape)
        for k, shape in zip(jax.random.split(key, 3), [(600, 300), (300,), (40, 600)], strict=True)
    )
    return W / 600**0.5, b, X


@pytest.mark.parametrize(
    ("wrong", "name"), [({"sign": -1.0}, "sign"), ({"count": False}, "batch_factor")]
)
def test_a_mistake_is_named_where_the_arguments_are_cut_down(wrong, name):
    hand = lambda W, b, X: layer_gradient(W, b, X, **wrong)
    verdict = check(layer, hand, wrt=("W", "b"), at=layer_at)
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", name)
    assert verdict.points == 1
    assert max(map(len, verdict.counterexample.arguments["X"])) < 10


def test_a_function_that_insists_on_its_sizes_is_told_by_its_entries():
    insisting = lambda x: jnp.sum(jnp.sin(x.reshape(SIDE, SIDE)).sum(axis=0) ** 2)

    def hand(x):
        s = jnp.sin(x.reshape(SIDE, SIDE)).sum(axis=0)
        return (-2 * s * jnp.cos(x.reshape(SIDE, SIDE))).reshape(-1)

    verdict = check(insisting, hand, at=lambda key: (jax.random.normal(key, (SIDE * SIDE,)),))
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", "sign")


@pytest.mark.slow  # kinks of large arguments go the long way
def test_another_choice_at_a_kink_is_no_mistake():
    f = lambda x: jnp.sum(jnp.maximum(x, 0) * 2)
    hand = lambda x: jnp.where(x > 0, 2.0, 0.0).astype(x.dtype)
    draw = lambda key: (jnp.round(jax.random.normal(key, (SIDE, SIDE))),)
    assert check(f, hand, at=draw).verdict == "subgradient"
