"""Moré, Garbow and Hillstrom 1 to 7, 13 and 14: curved valleys, bad scales, singular bottoms.

Residuals with their Jacobians by hand; the loss is the sum of their squares (`least_squares`).
Moré, Garbow and Hillstrom (1981), section 3, by number.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.landscapes.least_squares import LeastSquares
from lab.derivation import jacobian
from lab.domains import nonzero, reals

Pair = Float[Array, " 2"]
Triple = Float[Array, " 3"]
Four = Float[Array, " 4"]


def rosenbrock_residuals(x: Pair) -> Pair:
    """10 (x₂ - x₁²), 1 - x₁"""
    return jnp.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@jacobian(of=rosenbrock_residuals, at=dict(x=reals("2")))
def rosenbrock_jacobian(x: Pair) -> Float[Array, "2 2"]:
    """d 10 (x₂ - x₁²) = 10 dx₂ - 20 x₁ dx₁ and d(1 - x₁) = -dx₁;  hence the rows."""
    return jnp.array([[-20 * x[0], 10.0], [-1.0, 0.0]], x.dtype)


def freudenstein_roth_residuals(x: Pair) -> Pair:
    """-13 + x₁ + ((5 - x₂) x₂ - 2) x₂,  -29 + x₁ + ((x₂ + 1) x₂ - 14) x₂"""
    x1, x2 = x
    first = -13 + x1 + ((5 - x2) * x2 - 2) * x2
    return jnp.stack([first, -29 + x1 + ((x2 + 1) * x2 - 14) * x2])


@jacobian(of=freudenstein_roth_residuals, at=dict(x=reals("2")))
def freudenstein_roth_jacobian(x: Pair) -> Float[Array, "2 2"]:
    """Multiplied out, 5x₂² - x₂³ - 2x₂ and x₂³ + x₂² - 14x₂;  hence the slopes 10x₂ - 3x₂² - 2 and
    3x₂² + 2x₂ - 14 in x₂, and 1 in x₁.
    """
    y = x[1]
    return jnp.array([[1.0, (10 - 3 * y) * y - 2], [1.0, (3 * y + 2) * y - 14]], x.dtype)


def powell_badly_scaled_residuals(x: Pair) -> Pair:
    """10⁴ x₁ x₂ - 1,  e^-x₁ + e^-x₂ - 1.0001"""
    x1, x2 = x
    return jnp.stack([1e4 * x1 * x2 - 1, jnp.exp(-x1) + jnp.exp(-x2) - 1.0001])


@jacobian(of=powell_badly_scaled_residuals, at=dict(x=reals("2")))
def powell_badly_scaled_jacobian(x: Pair) -> Float[Array, "2 2"]:
    """d 10⁴ x₁x₂ = 10⁴ (x₂ dx₁ + x₁ dx₂) and d e^-x = -e^-x dx;  hence the rows."""
    return jnp.stack([1e4 * x[::-1], -jnp.exp(-x)])


def brown_badly_scaled_residuals(x: Pair) -> Triple:
    """x₁ - 10⁶,  x₂ - 2·10⁻⁶,  x₁ x₂ - 2"""
    return jnp.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


@jacobian(of=brown_badly_scaled_residuals, at=dict(x=reals("2")))
def brown_badly_scaled_jacobian(x: Pair) -> Float[Array, "3 2"]:
    """dx₁, dx₂ and x₂ dx₁ + x₁ dx₂;  hence the identity above (x₂, x₁)."""
    return jnp.concatenate([jnp.eye(2, dtype=x.dtype), x[None, ::-1]])


def beale_residuals(x: Pair) -> Triple:
    """cᵢ - x₁ (1 - x₂ⁱ),  c = 1.5, 2.25, 2.625"""
    c = jnp.array([1.5, 2.25, 2.625], x.dtype)
    return c - x[0] * (1 - jnp.stack([x[1], x[1] ** 2, x[1] ** 3]))


@jacobian(of=beale_residuals, at=dict(x=reals("2")))
def beale_jacobian(x: Pair) -> Float[Array, "3 2"]:
    """d(-x₁ (1 - x₂ⁱ)) = -(1 - x₂ⁱ) dx₁ + i x₁ x₂ⁱ⁻¹ dx₂;  hence a row for each i."""
    x1, y = x
    return jnp.array([[y - 1, x1], [y**2 - 1, 2 * x1 * y], [y**3 - 1, 3 * x1 * y**2]], x.dtype)


def jennrich_sampson_residuals(x: Pair) -> Float[Array, " 10"]:
    """2 + 2i - (e^(i x₁) + e^(i x₂)),  i = 1, ..., 10"""
    i = jnp.arange(1, 11, dtype=x.dtype)
    return 2 + 2 * i - jnp.exp(i * x[0]) - jnp.exp(i * x[1])


@jacobian(of=jennrich_sampson_residuals, at=dict(x=reals("2")))
def jennrich_sampson_jacobian(x: Pair) -> Float[Array, "10 2"]:
    """d e^(ix) = i e^(ix) dx;  hence -i e^(i xⱼ) in row i, column j."""
    i = jnp.arange(1, 11, dtype=x.dtype)[:, None]
    return -i * jnp.exp(i * x)


def helical_valley_residuals(x: Triple) -> Triple:
    """10 (x₃ - 10 θ),  10 (ρ - 1),  x₃:  ρ the length of (x₁, x₂), θ its angle in turns.

    The paper's θ, arctan(x₂ / x₁) / 2π with half a turn more where x₁ < 0, runs from -1/4 to 3/4.
    """
    x1, x2, x3 = x
    turns = jnp.arctan2(x2, x1) / (2 * math.pi)
    turns = jnp.where((x1 < 0) & (x2 < 0), turns + 1, turns)
    return jnp.stack([10 * (x3 - 10 * turns), 10 * (jnp.hypot(x1, x2) - 1), x3])


@jacobian(of=helical_valley_residuals, at=dict(x=nonzero("3")))
def helical_valley_jacobian(x: Triple) -> Float[Array, "3 3"]:
    """In polar coordinates dρ = (x₁ dx₁ + x₂ dx₂) / ρ and dθ = (x₁ dx₂ - x₂ dx₁) / (2π ρ²);
    hence the rows 10 dx₃ - 100 dθ, 10 dρ, dx₃.
    """
    rho = jnp.hypot(x[0], x[1])
    c, s = x[0] / rho, x[1] / rho
    turn = 50 / (math.pi * rho)
    return jnp.array([[turn * s, -turn * c, 10.0], [10 * c, 10 * s, 0.0], [0.0, 0.0, 1.0]], x.dtype)


def powell_singular_residuals(x: Four) -> Four:
    """x₁ + 10 x₂,  √5 (x₃ - x₄),  (x₂ - 2 x₃)²,  √10 (x₁ - x₄)²"""
    a, b = x[1] - 2 * x[2], x[0] - x[3]
    first, second = x[0] + 10 * x[1], math.sqrt(5) * (x[2] - x[3])
    return jnp.stack([first, second, a**2, math.sqrt(10) * b**2])


@jacobian(of=powell_singular_residuals, at=dict(x=reals("4")))
def powell_singular_jacobian(x: Four) -> Float[Array, "4 4"]:
    """With a = x₂ - 2x₃ and b = x₁ - x₄, da² = 2a (dx₂ - 2 dx₃) and √10 db² = 2√10 b (dx₁ - dx₄);
    hence the rows. At the bottom, 0, the last two vanish: the rank is 2.
    """
    a, b = 2 * (x[1] - 2 * x[2]), 2 * math.sqrt(10) * (x[0] - x[3])
    root = math.sqrt(5)
    rows = [[1.0, 10, 0, 0], [0, 0, root, -root], [0, a, -2 * a, 0], [b, 0, 0, -b]]
    return jnp.array(rows, x.dtype)


def wood_residuals(x: Four) -> Float[Array, " 6"]:
    """10 (x₂ - x₁²),  1 - x₁,  √90 (x₄ - x₃²),  1 - x₃,  √10 (x₂ + x₄ - 2),  (x₂ - x₄) / √10"""
    x1, x2, x3, x4 = x
    sum_, difference = math.sqrt(10) * (x2 + x4 - 2), (x2 - x4) / math.sqrt(10)
    other = math.sqrt(90) * (x4 - x3**2)
    return jnp.stack([10 * (x2 - x1**2), 1 - x1, other, 1 - x3, sum_, difference])


@jacobian(of=wood_residuals, at=dict(x=reals("4")))
def wood_jacobian(x: Four) -> Float[Array, "6 4"]:
    """Two valleys like Rosenbrock's, of rows (-20 x₁, 10) and (-2√90 x₃, √90), and two linear
    residuals that couple x₂ and x₄;  hence the rows.
    """
    a, b = math.sqrt(90), math.sqrt(10)
    rows = [
        [-20 * x[0], 10.0, 0, 0],
        [-1, 0, 0, 0],
        [0, 0, -2 * a * x[2], a],
        [0, 0, -1, 0],
        [0, b, 0, b],
        [0, 1 / b, 0, -1 / b],
    ]
    return jnp.array(rows, x.dtype)


PROBLEMS = (
    LeastSquares(1, "rosenbrock", rosenbrock_residuals, rosenbrock_jacobian, (-1.2, 1.0), 0.0),
    LeastSquares(
        2,
        "freudenstein_roth",
        freudenstein_roth_residuals,
        freudenstein_roth_jacobian,
        (0.5, -2.0),
        0.0,
        (48.984253679,),
    ),
    LeastSquares(
        3,
        "powell_badly_scaled",
        powell_badly_scaled_residuals,
        powell_badly_scaled_jacobian,
        (0.0, 1.0),
        0.0,
    ),
    LeastSquares(
        4,
        "brown_badly_scaled",
        brown_badly_scaled_residuals,
        brown_badly_scaled_jacobian,
        (1.0, 1.0),
        0.0,
    ),
    LeastSquares(5, "beale", beale_residuals, beale_jacobian, (1.0, 1.0), 0.0),
    LeastSquares(
        6,
        "jennrich_sampson",
        jennrich_sampson_residuals,
        jennrich_sampson_jacobian,
        (0.3, 0.4),
        124.36218236,
    ),
    LeastSquares(
        7,
        "helical_valley",
        helical_valley_residuals,
        helical_valley_jacobian,
        (-1.0, 0.0, 0.0),
        0.0,
    ),
    LeastSquares(
        13,
        "powell_singular",
        powell_singular_residuals,
        powell_singular_jacobian,
        (3.0, -1.0, 0.0, 1.0),
        0.0,
    ),
    LeastSquares(14, "wood", wood_residuals, wood_jacobian, (-3.0, -1.0, -3.0, -1.0), 0.0),
)
