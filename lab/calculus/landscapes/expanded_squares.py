"""Sums of squares written out: gradients and Hessians without a detour over residuals.

The residuals are those of the topics ``mgh_...``. What ``2 Jᵀr`` says in one line for all of them
is here what one would write by hand for each, and often cheaper.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.landscapes import mgh_any_size, mgh_equations, mgh_valleys
from lab.calculus.landscapes.least_squares import sum_of_squares
from lab.calculus.landscapes.mgh_any_size import counted
from lab.derivation import gradient, hessian
from lab.domains import nonzero, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Four = Float[Array, " 4"]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]

PLANE, SPACE, ANYWHERE = dict(x=reals("2")), dict(x=reals("4")), dict(x=reals("n"))


def beale(x: Point) -> Scalar:
    """Σ (cₖ - x (1 - yᵏ))²: 0 at (3, 0.5) (MGH 5)."""
    return sum_of_squares(mgh_valleys.beale_residuals(x))


def _powers(x: Point) -> tuple[Float[Array, " 3"], Float[Array, " 3"], Float[Array, " 3"]]:
    """yᵏ and its first two derivatives, k = 1, 2, 3."""
    y = x[1]
    one, zero = jnp.ones_like(y), jnp.zeros_like(y)
    return (
        jnp.stack([y, y**2, y**3]),
        jnp.stack([one, 2 * y, 3 * y**2]),
        jnp.stack([zero, 2 * one, 6 * y]),
    )


@gradient(of=beale, at=PLANE)
def beale_gradient(x: Point) -> Point:
    """dr = -(1 - yᵏ) dx + k x yᵏ⁻¹ dy;  hence 2 Σ r (yᵏ - 1) and 2 Σ r k x yᵏ⁻¹."""
    r, (power, slope, _) = mgh_valleys.beale_residuals(x), _powers(x)
    return 2 * jnp.stack([r @ (power - 1), x[0] * (r @ slope)])


@hessian(of=beale, at=PLANE)
def beale_hessian(x: Point) -> Float[Array, "2 2"]:
    """d(2 Σ r ∇r) = 2 Σ (∇r ∇rᵀ + r Hᵣ) with Hᵣ = [[0, k yᵏ⁻¹], [., x k (k-1) yᵏ⁻²]];  hence the
    entries.
    """
    r, (power, slope, bend) = mgh_valleys.beale_residuals(x), _powers(x)
    along, across = power - 1, x[0] * slope
    mixed = along @ across + r @ slope
    last = across @ across + x[0] * (r @ bend)
    return 2 * jnp.stack([jnp.stack([along @ along, mixed]), jnp.stack([mixed, last])])


def freudenstein_roth(x: Point) -> Scalar:
    """a² + b²: 0 at (5, 4), and 48.98425 at (11.4128, -0.8968), where most descents end (MGH 2)."""
    return sum_of_squares(mgh_valleys.freudenstein_roth_residuals(x))


@gradient(of=freudenstein_roth, at=PLANE)
def freudenstein_roth_gradient(x: Point) -> Point:
    """da = dx + (10y - 3y² - 2) dy and db = dx + (3y² + 2y - 14) dy;  hence 2a + 2b in x, and the
    brackets weighed by 2a and 2b in y.
    """
    (a, b), y = mgh_valleys.freudenstein_roth_residuals(x), x[1]
    along = a * (10 * y - 3 * y**2 - 2) + b * (3 * y**2 + 2 * y - 14)
    return 2 * jnp.stack([a + b, along])


def powell_badly_scaled(x: Point) -> Scalar:
    """(10⁴ xy - 1)² + (e^-x + e^-y - 1.0001)²: 0 at (1.098·10⁻⁵, 9.106).

    Powell's badly scaled function (MGH 3).
    """
    return sum_of_squares(mgh_valleys.powell_badly_scaled_residuals(x))


@gradient(of=powell_badly_scaled, at=PLANE)
def powell_badly_scaled_gradient(x: Point) -> Point:
    """da = 10⁴ (y dx + x dy), db = -e^-x dx - e^-y dy;  hence 2·10⁴ a (y, x) - 2b (e^-x, e^-y)."""
    a, b = mgh_valleys.powell_badly_scaled_residuals(x)
    return 2e4 * a * x[::-1] - 2 * b * jnp.exp(-x)


def powell_singular(x: Four) -> Scalar:
    """(x₁ + 10x₂)² + 5 (x₃ - x₄)² + (x₂ - 2x₃)⁴ + 10 (x₁ - x₄)⁴: 0 at 0.

    Powell's singular function (MGH 13).
    """
    return sum_of_squares(mgh_valleys.powell_singular_residuals(x))


# the four linear forms whose squares and fourth powers make up Powell's function
FORMS = ((1.0, 10.0, 0.0, 0.0), (0.0, 0.0, 1.0, -1.0), (0.0, 1.0, -2.0, 0.0), (1.0, 0.0, 0.0, -1.0))


@gradient(of=powell_singular, at=SPACE)
def powell_singular_gradient(x: Four) -> Four:
    """l₁² + 5l₂² + l₃⁴ + 10l₄⁴ in the forms l = A x, of gradient (2l₁, 10l₂, 4l₃³, 40l₄³) in l;
    dl = A dx;  hence Aᵀ times that.
    """
    A = jnp.array(FORMS, x.dtype)
    a, b, c, d = A @ x
    return A.T @ jnp.stack([2 * a, 10 * b, 4 * c**3, 40 * d**3])


@hessian(of=powell_singular, at=SPACE)
def powell_singular_hessian(x: Four) -> Float[Array, "4 4"]:
    """Aᵀ diag(2, 10, 12l₃², 120l₄²) A, as the gradient;  hence of rank 2 at the bottom: Newton's
    method no longer doubles its digits, it gains the factor 2/3 a step.
    """
    A = jnp.array(FORMS, x.dtype)
    c, d = A[2:] @ x
    curvature = jnp.stack([jnp.full_like(c, 2), jnp.full_like(c, 10), 12 * c**2, 120 * d**2])
    return A.T @ (curvature[:, None] * A)


def wood(x: Four) -> Scalar:
    """Two of Rosenbrock's valleys, coupled: 0 at (1, 1, 1, 1). Wood's function (MGH 14)."""
    return sum_of_squares(mgh_valleys.wood_residuals(x))


@gradient(of=wood, at=SPACE)
def wood_gradient(x: Four) -> Four:
    """100a² + (1 - x₁)² + 90b² + (1 - x₃)² + 10s² + d²/10 with a = x₂ - x₁², b = x₄ - x₃², s = x₂ +
    x₄ - 2, d = x₂ - x₄;  hence 200a (dx₂ - 2x₁ dx₁) and so on, collected.
    """
    x1, x2, x3, x4 = x
    a, b, s, d = x2 - x1**2, x4 - x3**2, 20 * (x2 + x4 - 2), (x2 - x4) / 5
    first, third = -400 * x1 * a - 2 * (1 - x1), -360 * x3 * b - 2 * (1 - x3)
    return jnp.stack([first, 200 * a + s + d, third, 180 * b + s - d])


@hessian(of=wood, at=SPACE)
def wood_hessian(x: Four) -> Float[Array, "4 4"]:
    """Two blocks as of Rosenbrock's, and 20 ± 0.2 from s and d for x₂ and x₄;  hence the rows."""
    x1, x2, x3, x4 = x
    p, q = 1200 * x1**2 - 400 * x2 + 2, 1080 * x3**2 - 360 * x4 + 2
    rows = [
        [p, -400 * x1, 0.0, 0.0],
        [-400 * x1, 220.2, 0.0, 19.8],
        [0.0, 0.0, q, -360 * x3],
        [0.0, 19.8, -360 * x3, 200.2],
    ]
    return jnp.array(rows, x.dtype)


def broyden_tridiagonal(x: Vector) -> Scalar:
    """Σ ((3 - 2xᵢ) xᵢ - xᵢ₋₁ - 2xᵢ₊₁ + 1)² (MGH 30)."""
    return sum_of_squares(mgh_equations.broyden_tridiagonal_residuals(x))


@gradient(of=broyden_tridiagonal, at=ANYWHERE)
def broyden_tridiagonal_gradient(x: Vector) -> Vector:
    """xᵢ stands in rᵢ with slope 3 - 4xᵢ, in rᵢ₊₁ with -1 and in rᵢ₋₁ with -2;  hence
    2 (rᵢ (3 - 4xᵢ) - rᵢ₊₁ - 2rᵢ₋₁).
    """
    r, zero = mgh_equations.broyden_tridiagonal_residuals(x), jnp.zeros(1, x.dtype)
    behind, before = jnp.append(r[1:], zero), jnp.concatenate([zero, r[:-1]])
    return 2 * (r * (3 - 4 * x) - behind - 2 * before)


def variably_dimensioned(x: Vector) -> Scalar:
    """Σ (xᵢ - 1)² + u² + u⁴, u = Σ j (xⱼ - 1): 0 at 1 (MGH 25)."""
    return sum_of_squares(mgh_any_size.variably_dimensioned_residuals(x))


@gradient(of=variably_dimensioned, at=ANYWHERE)
def variably_dimensioned_gradient(x: Vector) -> Vector:
    """du = Σ j dxⱼ;  2 (x - 1).dx + (2u + 4u³) du;  hence 2 (x - 1) + (2u + 4u³) j."""
    j = counted(x)
    u = j @ (x - 1)
    return 2 * (x - 1) + (2 * u + 4 * u**3) * j


@hessian(of=variably_dimensioned, at=ANYWHERE)
def variably_dimensioned_hessian(x: Vector) -> Matrix:
    """d(2u + 4u³) = (2 + 12u²) du;  hence 2I + (2 + 12u²) j jᵀ."""
    j = counted(x)
    u = j @ (x - 1)
    return 2 * jnp.eye(x.size, dtype=x.dtype) + (2 + 12 * u**2) * jnp.outer(j, j)


def penalty_1(x: Vector) -> Scalar:
    """10⁻⁵ Σ (xᵢ - 1)² + (x.x - 1/4)²: 2.24998·10⁻⁵ for n = 4, 7.08765·10⁻⁵ for n = 10.

    Penalty I (MGH 23).
    """
    return sum_of_squares(mgh_any_size.penalty_1_residuals(x))


@gradient(of=penalty_1, at=ANYWHERE)
def penalty_1_gradient(x: Vector) -> Vector:
    """dt = 2 x.dx for t = x.x - 1/4;  hence 2·10⁻⁵ (x - 1) + 4t x."""
    return 2e-5 * (x - 1) + 4 * (x @ x - 0.25) * x


@hessian(of=penalty_1, at=ANYWHERE)
def penalty_1_hessian(x: Vector) -> Matrix:
    """d(4t x) = 4t dx + 8x (x.dx);  hence (2·10⁻⁵ + 4t) I + 8x xᵀ."""
    round_ = (2e-5 + 4 * (x @ x - 0.25)) * jnp.eye(x.size, dtype=x.dtype)
    return round_ + 8 * jnp.outer(x, x)


def brown_almost_linear(x: Vector) -> Scalar:
    """Σ (xᵢ + S - (n + 1))² over i < n, S = Σ xⱼ, and (P - 1)², P = Π xⱼ: 0 at 1, and 1 at
    (0, ..., 0, n + 1). Brown's almost-linear function (MGH 27).
    """
    return sum_of_squares(mgh_any_size.brown_almost_linear_residuals(x))


@gradient(of=brown_almost_linear, at=dict(x=nonzero("n")))
def brown_almost_linear_gradient(x: Vector) -> Vector:
    """Σ 2rᵢ (dxᵢ + dS) + 2 (P - 1) dP with dP = Σ P/xⱼ dxⱼ;  hence 2rᵢ (not for the last) + 2 Σ r +
    2 (P - 1) P/xᵢ.
    """
    r = mgh_any_size.brown_almost_linear_residuals(x)
    linear, gap = r[:-1], r[-1]
    product = jnp.prod(x) / x
    return 2 * (jnp.append(linear, 0 * gap) + jnp.sum(linear) + gap * product)


def trigonometric(x: Vector) -> Scalar:
    """Σ (n - Σ cos xⱼ + i (1 - cos xᵢ) - sin xᵢ)²: 0, and 2.79506·10⁻⁵ close by.

    The trigonometric function (MGH 26).
    """
    return sum_of_squares(mgh_any_size.trigonometric_residuals(x))


@gradient(of=trigonometric, at=ANYWHERE)
def trigonometric_gradient(x: Vector) -> Vector:
    """xᵢ stands in all residuals by sin xᵢ dxᵢ, and in its own by (i sin xᵢ - cos xᵢ) dxᵢ besides;
    hence 2 (Σ r sin xᵢ + rᵢ (i sin xᵢ - cos xᵢ)).
    """
    r, s = mgh_any_size.trigonometric_residuals(x), jnp.sin(x)
    return 2 * (jnp.sum(r) * s + r * (counted(x) * s - jnp.cos(x)))
