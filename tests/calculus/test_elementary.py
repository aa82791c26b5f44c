"""What the table, the rules and the machines promise beyond being right one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import above, beyond, check, interval, nonzero, positive, reals
from lab.calculus.elementary import (
    curves_and_inverses,
    exponentials_and_logarithms,
    hyperbolic,
    numerical_differentiation,
    powers,
    special_functions,
    trigonometric,
)
from lab.calculus.elementary.dual_numbers import Dual, babylonian_root, exp, sin, slope_by_duals
from lab.calculus.elementary.forward_mode import forward_sweep, wave
from lab.calculus.elementary.numerical_differentiation import SCHEMES

SLIPS = [
    (powers.real_power, lambda x, a: a * x**a, {"x": positive(), "a": reals()}),
    (exponentials_and_logarithms.self_power, lambda x: x * x ** (x - 1), {"x": positive()}),
    (exponentials_and_logarithms.logit, lambda p: 1 / p - 1 / (1 - p), {"p": interval(0, 1)}),
    (trigonometric.tangent_function, lambda x: 1 / jnp.cos(x), {"x": reals()}),
    (trigonometric.arcsine, lambda x: 1 / jnp.sqrt(1 + x**2), {"x": interval(-1, 1)}),
    (trigonometric.arcsecant, lambda x: 1 / (x * jnp.sqrt(x**2 - 1)), {"x": beyond(1)}),
    (hyperbolic.hyperbolic_cosine, lambda x: -jnp.sinh(x), {"x": reals()}),
    (hyperbolic.area_hyperbolic_cosine, lambda x: 1 / jnp.sqrt(x**2 + 1), {"x": above(1)}),
    (special_functions.error_function, lambda x: jnp.exp(-(x**2)), {"x": reals()}),
    (special_functions.gamma_function, jax.scipy.special.digamma, {"x": positive()}),
    (curves_and_inverses.upper_ellipse, lambda x: -(2 * x) / 2, {"x": interval(-2, 2)}),
]


@pytest.mark.parametrize(("of", "wrong", "at"), SLIPS, ids=[row[0].__name__ for row in SLIPS])
def test_the_usual_slips_are_found(of, wrong, at):
    assert check(of, wrong, kind="derivative", at=at).verdict == "wrong"


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_errs_by_what_it_says(name):
    """On the first power that it misses: h^order times constant times the derivative."""
    scheme, x, h = SCHEMES[name], jnp.array(1.5), jnp.array(0.125)
    power = scheme.needs
    error = scheme.quotient(lambda x: x**power)(x, h) - power * x ** (power - 1)
    highest = jnp.array(float(np.prod(np.arange(1, power + 1))))
    truncation, _ = scheme.parts(x, highest, 0.0)
    np.testing.assert_allclose(abs(error), truncation * h**scheme.order, rtol=1e-9)


@pytest.mark.parametrize("wrong", [lambda x, h: 5 * x**4 + 4 * h**4, lambda x, h: 5 * x**4 - h**4])
def test_another_error_of_the_five_point_scheme_is_refused(wrong):
    of = numerical_differentiation.five_point_quotient(lambda x: x**5)
    assert check(of, wrong, kind="identity", at={"x": reals(), "h": nonzero()}).verdict == "wrong"


def test_dual_numbers_take_python_numbers_on_either_side():
    f = lambda x: 3 / (2 - x) + (x - 1) * 2 - 1 / x + x**0 + 5
    x = jnp.array(0.7)
    np.testing.assert_allclose(slope_by_duals(f)(x), jax.grad(f)(x), rtol=1e-12)


def test_dual_numbers_of_dual_numbers_differentiate_again():
    f = lambda x: exp(sin(x) * x) / babylonian_root(x)
    x = jnp.array(1.3)
    by_duals = slope_by_duals(slope_by_duals(slope_by_duals(f)))(x)
    np.testing.assert_allclose(by_duals, jax.grad(jax.grad(jax.grad(f)))(x), rtol=1e-9)


def test_the_square_of_the_infinitesimal_is_zero():
    e = Dual(0.0, 1.0)
    assert e * e == Dual(0.0, 0.0)


def test_a_sweep_ends_in_the_slope_and_names_what_it_does_not_know():
    x = jnp.array(0.8)
    steps = forward_sweep(wave, x)
    assert [step.name for step in steps] == ["x", *(f"v{k}" for k in range(1, len(steps)))]
    np.testing.assert_allclose(steps[-1].slope, jax.grad(wave)(x), rtol=1e-12)
    with pytest.raises(KeyError, match="erf"):
        forward_sweep(jax.scipy.special.erf, x)
