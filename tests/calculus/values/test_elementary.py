"""Elementary and special functions are what their names say, by NumPy and SciPy."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from lab.calculus.elementary import (
    curves_and_inverses,
    dual_numbers,
    forward_mode,
    hyperbolic,
    numerical_differentiation,
    powers,
    rules,
    steps_and_corners,
    trigonometric,
)
from lab.calculus.elementary import exponentials_and_logarithms as logs
from lab.calculus.elementary import limits_and_first_principles as limits
from lab.calculus.elementary import special_functions as functions
from tests.calculus.values.known import agrees, rows

x = np.array([-2.3, -0.4, 0.2, 1.7])
u, v = np.array([0.3, 1.1, 2.7]), np.array([1.4, 2.2, 0.6])
share = np.array([0.1, 0.45, 0.93])
beyond = np.array([-3.2, -1.4, 1.1, 2.5])
c = np.array([0.7, -1.3, 0.4, 2.1])
f, g = np.array([0.5, 1.2, -0.3]), np.array([1.1, -0.7])
poly = np.polynomial.polynomial.polyval
at = np.array(0.8)

TABLE = [
    (powers.constant_function, (x, np.array(1.3)), np.full(4, 1.3)),
    (powers.identity_function, (x,), x),
    (powers.integer_power, (x, -3), np.power(x, -3.0)),
    (powers.real_power, (u, np.array(1.7)), np.exp(1.7 * np.log(u))),
    (powers.inverse_square_root, (u,), np.power(u, -0.5)),
    (powers.cube_root, (x,), np.sign(x) * np.exp(np.log(abs(x)) / 3)),
    (powers.power_of_absolute_value, (x, np.array(2.6)), np.exp(2.6 * np.log(abs(x)))),
    (powers.polynomial, (c, x), poly(x, c)),
    (powers.moebius_map, (u, *np.array([1.2, 0.3, 0.8, 2.0])), (1.2 * u + 0.3) / (0.8 * u + 2)),
    (powers.hermite, (x, 5), special.eval_hermitenorm(5, x)),
    (powers.chebyshev, (x, 5), special.eval_chebyt(5, x)),
    (powers.legendre, (share, 5), special.eval_legendre(5, share)),
    (logs.exponential_base_two, (x,), 2.0**x),
    (logs.exponential_minus_one, (x,), special.expm1(x)),
    (logs.self_power, (u,), np.exp(special.xlogy(u, u))),
    (logs.gaussian_bump, (x,), 1 / np.exp(x * x)),
    (logs.smooth_cutoff, (x,), np.where(x > 0, np.exp(-1 / np.abs(x)), 0)),
    (logs.damped_oscillation, (x, np.array(0.4), np.array(2.2)), np.real(np.exp((-0.4 + 2.2j) * x))),
    (logs.logarithm_of_absolute_value, (x,), np.log(x * x) / 2),
    (logs.logarithm_in_base, (u, np.array(2.0)), np.log2(u)),
    (logs.logarithm_of_one_plus, (u,), special.log1p(u)),
    (logs.x_log_x, (u,), -special.entr(u)),
    (logs.coin_log_likelihood, (share, np.array(3.0), np.array(2.0)), np.log(share**3 * (1 - share) ** 2)),
    (logs.logit, (share,), special.logit(share)),
    (logs.binary_entropy, (share,), special.entr(share) + special.entr(1 - share)),
    (logs.power_of_two_arguments, (u, v), np.exp(v * np.log(u))),
    (logs.x_log_y, (x, np.array([0.3, 1.1, 2.7, 0.8])), special.xlogy(x, [0.3, 1.1, 2.7, 0.8])),
    (logs.log_add_exp, (x, 2 * x), np.logaddexp(x, 2 * x)),
    (hyperbolic.hyperbolic_sine, (x,), (np.exp(x) - np.exp(-x)) / 2),
    (hyperbolic.hyperbolic_cosine, (x,), (np.exp(x) + np.exp(-x)) / 2),
    (hyperbolic.hyperbolic_secant, (x,), 2 / (np.exp(x) + np.exp(-x))),
    (hyperbolic.hyperbolic_cosecant, (x,), 2 / (np.exp(x) - np.exp(-x))),
    (hyperbolic.hyperbolic_cotangent, (x,), np.cosh(x) / np.sinh(x)),
    (hyperbolic.gudermannian, (x,), np.arcsin(np.tanh(x))),
    (hyperbolic.area_hyperbolic_sine, (x,), np.log(x + np.sqrt(x * x + 1))),
    (hyperbolic.area_hyperbolic_cosine, (1 + u,), np.log(1 + u + np.sqrt(u * (u + 2)))),
    (hyperbolic.area_hyperbolic_tangent, (share,), np.log((1 + share) / (1 - share)) / 2),
    (hyperbolic.area_hyperbolic_secant, (share,), np.arccosh(1 / share)),
    (hyperbolic.area_hyperbolic_cosecant, (x,), np.arcsinh(1 / x)),
    (hyperbolic.area_hyperbolic_cotangent, (beyond,), np.log((beyond + 1) / (beyond - 1)) / 2),
    (trigonometric.tangent_function, (x,), np.sin(x) / np.cos(x)),
    (trigonometric.secant_function, (x,), 1 / np.sin(math.pi / 2 - x)),
    (trigonometric.cosecant_function, (x,), 1 / np.cos(math.pi / 2 - x)),
    (trigonometric.cotangent_function, (x,), np.cos(x) / np.sin(x)),
    (trigonometric.arcsine, (share,), np.arctan(share / np.sqrt(1 - share**2))),
    (trigonometric.arccosine, (share,), np.angle(share + 1j * np.sqrt(1 - share**2))),
    (trigonometric.arctangent, (x,), np.angle(1 + 1j * x)),
    (trigonometric.arcsecant, (beyond,), np.arccos(1 / beyond)),
    (trigonometric.arccosecant, (beyond,), np.arcsin(1 / beyond)),
    (trigonometric.arccotangent, (x,), np.angle(x + 1j)),
    (trigonometric.angle_of_point, (x, x[::-1].copy()), np.angle(x[::-1] + 1j * x)),
    (trigonometric.length_of_point, (x, x[::-1].copy()), abs(x + 1j * x[::-1])),
    (functions.error_function, (x,), special.erf(x)),
    (functions.complementary_error_function, (x,), special.erfc(x)),
    (functions.inverse_error_function, (share,), special.erfinv(share)),
    (functions.normal_distribution, (x,), special.ndtr(x)),
    (functions.normal_quantile, (share,), special.ndtri(share)),
    (functions.log_normal_distribution, (10 * x,), special.log_ndtr(10 * x)),
    (functions.log_gamma, (u,), special.gammaln(u)),
    (functions.gamma_function, (u,), special.gamma(u)),
    (functions.digamma_function, (u,), special.digamma(u)),
    (functions.beta_function, (u, v), special.beta(u, v)),
    (functions.lower_gamma, (u, v), special.gammainc(u, v)),
    (functions.incomplete_beta, (u, v, share), special.betainc(u, v, share)),
    (functions.bessel_i0, (x,), special.i0(x)),
    (functions.bessel_i1, (x,), special.i1(x)),
    (functions.exponential_integral, (u,), special.expi(u)),
    (steps_and_corners.staircase, (share, np.array(1.4), np.array(-3.0)), 1.4 * np.full(3, -3.0)),
    (steps_and_corners.sawtooth, (share, np.array(-3.0)), (share - 3.0) % 1),
    (steps_and_corners.sign_of, (x, np.array(1.4)), 1.4 * x / abs(x)),
    (steps_and_corners.heaviside_step, (x, np.array(1.4)), 1.4 * np.heaviside(x, 0)),
    (steps_and_corners.clipped, (x, np.array(-1.0), np.array(1.5)), np.median([x, x * 0 - 1, x * 0 + 0.5], axis=0)),
    (steps_and_corners.larger_of_two, (x, x[::-1].copy()), np.fmax(x, x[::-1])),
    (steps_and_corners.multiply_add, (x, 2 * x, x + 1), 2 * x * x + x + 1),
    (limits.cube, (x,), x * x * x),
    (limits.power, (x, 4), np.square(np.square(x))),
    (limits.reciprocal, (x,), np.reciprocal(x)),
    (limits.quotient_with_a_hole, (x,), x + 2),
    (limits.sine_ratio, (x,), np.sinc(x / math.pi)),
    (limits.sine_ratio, (np.array(0.0),), np.array(1.0)),
    (limits.growth_ratio, (x,), special.exprel(x)),
    (limits.growth_ratio, (np.array(0.0),), np.array(1.0)),
    (limits.trough, (x, np.array(0.5), np.array(-1.0)), abs(x - 0.5) + abs(x + 1)),
    (limits.tamed_wiggle, (x,), x * x * np.sin(1 / x)),
    (limits.tamed_wiggle, (np.array(0.0),), np.array(0.0)),
    (limits.chord_slope, (np.array([0.4, 1.3]),), (1.3**3 - 0.4**3) / 0.9 * np.array(1.0)),
    (curves_and_inverses.inverse_of_rising_cubic, (x + x**3,), x),
    (curves_and_inverses.newton_step, (x, np.array(0.7)), x - (x**3 + x - 0.7) / poly(x, [1, 0, 3])),
    (numerical_differentiation.step_error, (u, np.array(0.3), np.array(0.1), 2), 0.3 * u * u + 0.1 / u),
    (rules.even_part, (at, c), c[0] + c[2] * at**2),
    (dual_numbers.resonance, (x,), x * np.sin(x) / (1 + x * x)),
    (dual_numbers.wavy_product, (u, v), np.sin(u * v) / np.exp(u * u)),
    (forward_mode.wave, (x,), x * np.sin(x * x) / np.sqrt(np.exp(x)) + np.log1p(x * x)),
    (forward_mode.nested, (x,), np.exp(np.sin(x * x))),
    (forward_mode.coin_entropy, (share,), special.entr(share) + special.entr(1 - share)),
]  # fmt: skip


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)


@pytest.mark.parametrize("x", x)
def test_a_curve_that_an_equation_gives_solves_it(x):
    near = np.clip(x, -1.9, 1.9)
    y = float(curves_and_inverses.upper_ellipse(jnp.asarray(near)))
    assert abs(near**2 + near * y + y**2 - 3) < 1e-12
    assert 2 * y + near > 0
    y = float(curves_and_inverses.mixed_equation_root(jnp.asarray(x)))
    assert abs(math.exp(y) + x**2 * y - math.sin(x) - 2) < 1e-12
