"""What the derivations of first principles promise beyond being right one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, nonzero, positive, reals
from lab.calculus.elementary import limits_and_first_principles as calculus
from lab.calculus.elementary.limits_and_first_principles import (
    central_quotient,
    cube,
    difference_quotient,
    power,
    tangent_gap,
)

SECANTS = [name for name in vars(calculus) if name.endswith("_secant_slope")]


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", SECANTS)
def test_at_h_zero_the_secant_is_the_tangent(name, dtype):
    secant = getattr(calculus, name)
    tangent = getattr(calculus, name.replace("_secant_", "_tangent_"))
    x = jnp.geomspace(0.01, 50.0, 40).astype(dtype)
    exponent = (5,) if "power" in name else ()

    at_zero, slope = secant(x, 0.0, *exponent), tangent(x, *exponent)

    assert at_zero.dtype == dtype
    np.testing.assert_allclose(at_zero, slope, rtol=4 * jnp.finfo(dtype).eps)


def test_every_secant_has_its_tangent():
    assert len(SECANTS) >= 8


@pytest.mark.parametrize(
    ("of", "wrong", "kind", "at"),
    [
        (difference_quotient(cube), lambda x, h: 3 * x**2 + h**2, "identity",
         {"x": reals(), "h": nonzero()}),
        (central_quotient(cube), lambda x, h: 3 * x**2 + h**2 / 6, "identity",
         {"x": reals(), "h": nonzero()}),
        (tangent_gap(cube), lambda a, x: (x - a) ** 2 * (2 * x + a), "identity",
         {"a": reals(), "x": reals()}),
        (lambda x: power(x, 5), lambda x: x**4, "derivative", {"x": reals()}),
        (calculus.reciprocal, lambda x: 1 / x**2, "derivative", {"x": nonzero()}),
        (jnp.sqrt, lambda x: 1 / jnp.sqrt(x), "derivative", {"x": positive()}),
        (jnp.cos, jnp.sin, "derivative", {"x": reals()}),
        (jnp.exp, lambda x: x * jnp.exp(x - 1), "derivative", {"x": reals()}),
        (lambda x: 2.0**x, lambda x: x * 2.0 ** (x - 1), "derivative", {"x": reals()}),
        (calculus.sine_ratio, lambda x: jnp.cos(x) - jnp.sin(x), "derivative", {"x": reals()}),
        (calculus.tamed_wiggle, lambda x: 2 * x * jnp.sin(1 / x), "derivative", {"x": nonzero()}),
    ],
)  # fmt: skip
def test_the_usual_slips_are_found(of, wrong, kind, at):
    assert check(of, wrong, kind=kind, at=at).verdict == "wrong"


def test_the_naive_slope_of_sine_ratio_is_unstable_and_ours_is_not():
    naive = lambda x: (x * jnp.cos(x) - jnp.sin(x)) / x**2
    assert check(calculus.sine_ratio, naive, kind="derivative", at={"x": nonzero()}).verdict in (
        "unstable",
        "wrong",
    )
    assert check(calculus.sine_ratio_derivative.__derivation__).verdict == "correct"


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("ratio", [calculus.sine_ratio, calculus.growth_ratio])
def test_series_and_formula_meet_without_a_step(ratio, dtype):
    one = jnp.ones((), dtype)
    for seam in (one, -one):
        inside, outside = jnp.nextafter(seam, 0 * one), seam
        for f in (ratio, jax.grad(ratio)):
            np.testing.assert_allclose(f(inside), f(outside), rtol=16 * jnp.finfo(dtype).eps)


@pytest.mark.parametrize(
    ("ratio", "value", "slope"),
    [(calculus.sine_ratio, 1.0, 0.0), (calculus.growth_ratio, 1.0, 0.5)],
)
def test_the_hole_is_filled_to_second_order(ratio, value, slope):
    at_zero = jnp.zeros(())
    assert ratio(at_zero) == value
    assert jax.grad(ratio)(at_zero) == slope
    assert np.isfinite(jax.grad(jax.grad(ratio))(at_zero))


def test_a_secant_of_the_exponential_over_its_whole_range():
    low, span = jnp.float32(-1000.0), jnp.float32(1000.0)
    np.testing.assert_allclose(calculus.exponential_secant_slope(low, span), 1e-3, rtol=1e-6)
