"""Narrow types and complex numbers: the formula is judged as sharply as in double precision."""

import jax
import jax.numpy as jnp
import pytest

from lab import check

NARROW = [jnp.float16, jnp.bfloat16]


def normal(*shapes, kind=float):
    def at(key):
        keys = jax.random.split(key, len(shapes))
        return tuple(
            jax.random.normal(k, shape, kind) for k, shape in zip(keys, shapes, strict=True)
        )

    return at


def layer(w, x):
    return jnp.sum(jnp.tanh(w @ x))


def layer_gradient_in(kind, factor=1.0):
    def hand(w, x):
        y = jnp.tanh(w.astype(kind) @ x.astype(kind))
        return factor * (jnp.outer(1 - y**2, x.astype(kind)).astype(w.dtype))

    return hand


@pytest.mark.parametrize("kind", NARROW, ids=lambda kind: jnp.dtype(kind).name)
def test_a_narrow_implementation_of_the_right_formula_passes(kind):
    verdict = check(layer, layer_gradient_in(kind), at=normal((6, 5), (5,)))
    assert verdict.verdict == "correct", verdict
    assert verdict.power < 1e-7


@pytest.mark.parametrize("kind", NARROW, ids=lambda kind: jnp.dtype(kind).name)
def test_a_mistake_far_below_its_rounding_is_seen_in_the_formula(kind):
    verdict = check(layer, layer_gradient_in(kind, 1 + 1e-5), at=normal((6, 5), (5,)))
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", "constant")


@pytest.mark.parametrize("kind", NARROW, ids=lambda kind: jnp.dtype(kind).name)
def test_a_function_that_computes_in_a_narrow_type_is_differentiated_as_its_formula(kind):
    f = lambda x: jnp.sum(jnp.sin(x.astype(kind)))
    right, wrong = lambda x: jnp.cos(x.astype(kind)), lambda x: -jnp.cos(x.astype(kind))
    assert check(f, right, at=normal((5,))).verdict == "correct"
    assert check(f, wrong, at=normal((5,))).mistake.name == "sign"


def test_overflow_of_a_narrow_type_is_unstable():
    f = lambda x: jnp.sum(x**3) / 3
    hand = lambda x: ((100 * x.astype(jnp.float16)) ** 2).astype(x.dtype) / 1e4
    assert check(f, hand, at=lambda key: 5 * jax.random.normal(key, (5,))).verdict == "unstable"


def energy(z):
    return jnp.sum(jnp.abs(z) ** 2)


COMPLEX_RIGHT = {
    "gradient": (energy, lambda z: 2 * jnp.conj(z), "gradient"),
    "derivative": (lambda z: z**3, lambda z: 3 * z**2, "derivative"),
    "jacobian": (lambda z: z**2, lambda z: jnp.diag(2 * z), "jacobian"),
    "vjp": (lambda z: z**2, lambda z, c: 2 * z * c, "vjp"),
    "jvp": (
        lambda z: z**2 * jnp.conj(z),
        lambda z, t: 2 * z * jnp.conj(z) * t + z**2 * jnp.conj(t),
        "jvp",
    ),
}


@pytest.mark.parametrize("case", COMPLEX_RIGHT)
def test_complex_derivatives(case):
    f, hand, kind = COMPLEX_RIGHT[case]
    at = normal((4,), kind=complex)
    verdict = check(f, hand, kind=kind, at=at)
    assert verdict.verdict == "correct", verdict
    says = {witness.name: witness.says for witness in verdict.witnesses}
    assert says["differences"] == "agrees"
    wrong = check(f, lambda *args: hand(*args) * (1 + 1e-6j), kind=kind, at=at)
    assert wrong.verdict == "wrong"


@pytest.mark.parametrize(
    ("hand", "word"),
    [
        (lambda z: 2 * z, "complex conjugate"),
        (jnp.conj, "df/dz"),
        (lambda z: z, "Wirtinger's derivative in z*"),
    ],
    ids=["steepest ascent", "Wirtinger", "Wirtinger, conjugate"],
)
def test_another_convention_is_told_by_its_name(hand, word):
    verdict = check(energy, hand, at=normal((4,), kind=complex))
    assert verdict.verdict == "wrong"
    assert word in verdict.mistake.says
    assert "df/dx - i df/dy" in verdict.mistake.says
