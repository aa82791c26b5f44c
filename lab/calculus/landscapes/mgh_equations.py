"""Moré, Garbow and Hillstrom 28 to 35: discretised equations, linear problems, Chebyshev's nodes.

Residuals with their Jacobians by hand; the loss is the sum of their squares (`least_squares`).
Moré, Garbow and Hillstrom (1981), section 3, by number. n is the size of x throughout.
"""

from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.landscapes.least_squares import LeastSquares
from lab.calculus.landscapes.mgh_any_size import counted
from lab.derivation import jacobian
from lab.domains import choice, reals

Vector = Float[Array, " n"]
Residuals = Float[Array, " m"]
Square = Float[Array, "n n"]
Jacobian = Float[Array, "m n"]


def neighbours(x: Vector, before: float, behind: float) -> Square:
    """The matrix with ``before`` below its diagonal and ``behind`` above it."""
    n = x.size
    return before * jnp.eye(n, k=-1, dtype=x.dtype) + behind * jnp.eye(n, k=1, dtype=x.dtype)


def boundary_value_residuals(x: Vector) -> Vector:
    """2xᵢ - xᵢ₋₁ - xᵢ₊₁ + h² (xᵢ + tᵢ + 1)³ / 2,  h = 1 / (n + 1), t = i h, 0 beyond the ends.

    The discrete boundary value problem.
    """
    h = 1 / (x.size + 1)
    t = h * counted(x)
    return 2 * x + neighbours(x, -1, -1) @ x + h**2 * (x + t + 1) ** 3 / 2


@jacobian(of=boundary_value_residuals, at=dict(x=reals("n")))
def boundary_value_jacobian(x: Vector) -> Square:
    """d(c³/2) = 3c²/2 dx, c = x + t + 1;  hence tridiagonal, 2 + 3h²c²/2 between -1 and -1."""
    h = 1 / (x.size + 1)
    c = x + h * counted(x) + 1
    return jnp.diag(2 + 3 * h**2 * c**2 / 2) + neighbours(x, -1, -1)


def _green(x: Vector) -> tuple[Square, Vector]:
    """The kernel h min(tᵢ, tⱼ) (1 - max(tᵢ, tⱼ)) / 2 that inverts -u'' between 0 and 0; and t."""
    h = 1 / (x.size + 1)
    t = h * counted(x)
    return h / 2 * jnp.minimum(t[:, None], t) * (1 - jnp.maximum(t[:, None], t)), t


def integral_equation_residuals(x: Vector) -> Vector:
    """xᵢ + h/2 [(1 - tᵢ) Σ_{j ≤ i} tⱼ cⱼ³ + tᵢ Σ_{j > i} (1 - tⱼ) cⱼ³],  c = x + t + 1.

    The discrete integral equation.
    """
    K, t = _green(x)
    return x + K @ (x + t + 1) ** 3


@jacobian(of=integral_equation_residuals, at=dict(x=reals("n")))
def integral_equation_jacobian(x: Vector) -> Square:
    """r = x + K c³ with a kernel K;  dr = dx + 3 K (c² dx);  hence I + 3 K diag(c²)."""
    K, t = _green(x)
    return jnp.eye(x.size, dtype=x.dtype) + 3 * K * (x + t + 1) ** 2


def broyden_tridiagonal_residuals(x: Vector) -> Vector:
    """(3 - 2xᵢ) xᵢ - xᵢ₋₁ - 2xᵢ₊₁ + 1, 0 beyond the ends"""
    return (3 - 2 * x) * x + neighbours(x, -1, -2) @ x + 1


@jacobian(of=broyden_tridiagonal_residuals, at=dict(x=reals("n")))
def broyden_tridiagonal_jacobian(x: Vector) -> Square:
    """d(3x - 2x²) = (3 - 4x) dx;  hence 3 - 4xᵢ between -1 and -2."""
    return jnp.diag(3 - 4 * x) + neighbours(x, -1, -2)


def _band(x: Vector) -> Square:
    """1 where j is from i - 5 to i + 1 and not i."""
    n = x.size
    inside = jnp.tril(jnp.ones((n, n), x.dtype), 1) - jnp.tril(jnp.ones((n, n), x.dtype), -6)
    return inside - jnp.eye(n, dtype=x.dtype)


def broyden_banded_residuals(x: Vector) -> Vector:
    """xᵢ (2 + 5xᵢ²) + 1 - Σ xⱼ (1 + xⱼ) over the j from i - 5 to i + 1 that are not i"""
    return x * (2 + 5 * x**2) + 1 - _band(x) @ (x * (1 + x))


@jacobian(of=broyden_banded_residuals, at=dict(x=reals("n")))
def broyden_banded_jacobian(x: Vector) -> Square:
    """d(2x + 5x³) = (2 + 15x²) dx and d(x + x²) = (1 + 2x) dx;  hence diag(2 + 15x²) - M diag(1 +
    2x), M the band.
    """
    return jnp.diag(2 + 15 * x**2) - _band(x) * (1 + 2 * x)


def linear_full_rank_residuals(x: Vector, surplus: int) -> Residuals:
    """xᵢ - (2/m) Σ xⱼ - 1 for i ≤ n, -(2/m) Σ xⱼ - 1 for the ``surplus`` others, m in all"""
    m = x.size + surplus
    own = jnp.concatenate([x, jnp.zeros(surplus, x.dtype)])
    return own - 2 / m * jnp.sum(x) - 1


LINEAR = dict(x=reals("n"), surplus=choice(0, 1, 10))


@jacobian(of=linear_full_rank_residuals, wrt="x", at=LINEAR)
def linear_full_rank_jacobian(x: Vector, surplus: int) -> Jacobian:
    """Linear: row i is the i-th unit row (0 beyond n) less 2/m in every place."""
    m = x.size + surplus
    return jnp.eye(m, x.size, dtype=x.dtype) - 2 / m


def linear_rank_1_residuals(x: Vector, surplus: int) -> Residuals:
    """i Σ j xⱼ - 1,  i = 1, ..., m = n + surplus"""
    i = jnp.arange(1, x.size + surplus + 1, dtype=x.dtype)
    return i * (counted(x) @ x) - 1


@jacobian(of=linear_rank_1_residuals, wrt="x", at=LINEAR)
def linear_rank_1_jacobian(x: Vector, surplus: int) -> Jacobian:
    """dr = i Σ j dxⱼ;  hence the outer product i j, of rank one."""
    i = jnp.arange(1, x.size + surplus + 1, dtype=x.dtype)
    return jnp.outer(i, counted(x))


def _inner(x: Vector, surplus: int) -> tuple[Residuals, Vector]:
    """0, 1, ..., m - 2, 0 and 0, 2, 3, ..., n - 1, 0: the factors of rows and of columns."""
    m, n = x.size + surplus, x.size
    rows, columns = jnp.arange(m, dtype=x.dtype), counted(x)
    return jnp.where(rows < m - 1, rows, 0), jnp.where((columns > 1) & (columns < n), columns, 0)


def linear_rank_1_zeros_residuals(x: Vector, surplus: int) -> Residuals:
    """(i - 1) Σ j xⱼ - 1 over j = 2, ..., n - 1;  -1 for i = 1 and for i = m.

    Linear of rank 1 with zero columns and rows (cols).
    """
    rows, columns = _inner(x, surplus)
    return rows * (columns @ x) - 1


@jacobian(of=linear_rank_1_zeros_residuals, wrt="x", at=LINEAR)
def linear_rank_1_zeros_jacobian(x: Vector, surplus: int) -> Jacobian:
    """As `linear_rank_1_jacobian`, the first and the last row and column zero."""
    return jnp.outer(*_inner(x, surplus))


def chebyquad_residuals(x: Vector) -> Vector:
    """Means of the shifted Chebyshev polynomials Tᵢ(2xⱼ - 1) less their integrals over [0, 1],
    which are 0 for odd i and -1 / (i² - 1) for even i:  i = 1, ..., n
    """
    y = 2 * x - 1
    values = [jnp.ones_like(y), y]
    for _ in range(2, x.size + 1):
        values.append(2 * y * values[-1] - values[-2])
    integrals = [-1 / (i**2 - 1) if i % 2 == 0 else 0.0 for i in range(1, x.size + 1)]
    return jnp.mean(jnp.stack(values[1 : x.size + 1]), axis=1) - jnp.array(integrals, x.dtype)


@jacobian(of=chebyquad_residuals, at=dict(x=reals("n")))
def chebyquad_jacobian(x: Vector) -> Square:
    """Tᵢ' = i Uᵢ₋₁, the polynomials of the second kind (1, 2y, and the recurrence of the first),
    and dy = 2 dx;  hence 2 i Uᵢ₋₁(2xⱼ - 1) / n.
    """
    y = 2 * x - 1
    second = [jnp.ones_like(y), 2 * y]
    for _ in range(2, x.size):
        second.append(2 * y * second[-1] - second[-2])
    return 2 / x.size * counted(x)[:, None] * jnp.stack(second[: x.size])


START = tuple(i / 11 * (i / 11 - 1) for i in range(1, 11))

# fmt: off
PROBLEMS = (
    LeastSquares(28, "boundary_value", boundary_value_residuals, boundary_value_jacobian, START,
                 0.0),
    LeastSquares(29, "integral_equation", integral_equation_residuals,
                 integral_equation_jacobian, START, 0.0),
    LeastSquares(30, "broyden_tridiagonal", broyden_tridiagonal_residuals,
                 broyden_tridiagonal_jacobian, (-1.0,) * 10, 0.0),
    LeastSquares(31, "broyden_banded", broyden_banded_residuals, broyden_banded_jacobian,
                 (-1.0,) * 10, 0.0),
    LeastSquares(32, "linear_full_rank", partial(linear_full_rank_residuals, surplus=10),
                 partial(linear_full_rank_jacobian, surplus=10), (1.0,) * 10, 10.0),
    # with m = 20 rows: m (m - 1) / 2 (2m + 1) and (m² + 3m - 6) / 2 (2m - 3)
    LeastSquares(33, "linear_rank_1", partial(linear_rank_1_residuals, surplus=10),
                 partial(linear_rank_1_jacobian, surplus=10), (1.0,) * 10, 380 / 82),
    LeastSquares(34, "linear_rank_1_zeros", partial(linear_rank_1_zeros_residuals, surplus=10),
                 partial(linear_rank_1_zeros_jacobian, surplus=10), (1.0,) * 10, 454 / 74),
    LeastSquares(35, "chebyquad", chebyquad_residuals, chebyquad_jacobian,
                 tuple(j / 8 for j in range(1, 8)), 0.0),
)
