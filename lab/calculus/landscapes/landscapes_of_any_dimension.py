"""Landscapes of any dimension: bowls, long valleys, and bowls full of holes.

Gradients and Hessians by hand; what each is known for stands beside it. Formulas and minima are
those of Jamil and Yang (2013) and of Surjanovic and Bingham's library.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian
from lab.domains import nonzero, reals

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]

ANYWHERE = dict(x=reals("n"))


def _counted(x: Vector) -> Vector:
    return jnp.arange(1, x.size + 1, dtype=x.dtype)


def _tridiagonal(diagonal: Vector, beside: Float[Array, " k"]) -> Matrix:
    return jnp.diag(diagonal) + jnp.diag(beside, 1) + jnp.diag(beside, -1)


# ----- one bottom -----


def sphere(x: Vector) -> Scalar:
    """x . x: 0 at 0, the roundest bowl."""
    return x @ x


@gradient(of=sphere, at=ANYWHERE)
def sphere_gradient(x: Vector) -> Vector:
    """d(x.x) = 2 x.dx;  hence 2x: straight away from the bottom, everywhere."""
    return 2 * x


@hessian(of=sphere, at=ANYWHERE)
def sphere_hessian(x: Vector) -> Matrix:
    """d(2x) = 2 dx;  hence 2I: all directions are alike."""
    return 2 * jnp.eye(x.size, dtype=x.dtype)


def axes_ellipsoid(x: Vector, weights: Vector) -> Scalar:
    """Σ cᵢ xᵢ², the ellipsoid: 0 at 0, of condition number max c / min c."""
    return jnp.sum(weights * x**2)


@gradient(of=axes_ellipsoid, wrt="x", at=dict(x=reals("n"), weights=reals("n")))
def axes_ellipsoid_gradient(x: Vector, weights: Vector) -> Vector:
    """d(c x²) = 2c x dx in every entry;  hence 2 c ∘ x."""
    return 2 * weights * x


@hessian(of=axes_ellipsoid, wrt="x", at=dict(x=reals("n"), weights=reals("n")))
def axes_ellipsoid_hessian(x: Vector, weights: Vector) -> Matrix:
    """Each partial knows its own coordinate alone;  hence 2 diag(c)."""
    return 2 * jnp.diag(weights)


def chained_rosenbrock(x: Vector) -> Scalar:
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²: 0 at 1, for 4 ≤ n ≤ 7 also a minimum near (-1, 1, ...)."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@gradient(of=chained_rosenbrock, at=dict(x=reals("n+1")))
def chained_rosenbrock_gradient(x: Vector) -> Vector:
    """v = xᵢ₊₁ - xᵢ², dv = dxᵢ₊₁ - 2xᵢ dxᵢ: link i gives -400 xᵢ v - 2 (1 - xᵢ) to xᵢ and 200 v to
    xᵢ₊₁;  hence the sum of what the links on both sides give.
    """
    head, v = x[:-1], x[1:] - x[:-1] ** 2
    zero = jnp.zeros(1, x.dtype)
    below = jnp.concatenate([-400 * head * v - 2 * (1 - head), zero])
    return below + jnp.concatenate([zero, 200 * v])


@hessian(of=chained_rosenbrock, at=dict(x=reals("n+1")))
def chained_rosenbrock_hessian(x: Vector) -> Matrix:
    """d(-400 xᵢ v - 2 + 2xᵢ) = (1200 xᵢ² - 400 xᵢ₊₁ + 2) dxᵢ - 400 xᵢ dxᵢ₊₁ and d(200 v) = 200
    dxᵢ₊₁ - 400 xᵢ dxᵢ;  hence tridiagonal: a variable meets its neighbours only.
    """
    head, zero = x[:-1], jnp.zeros(1, x.dtype)
    below = jnp.concatenate([1200 * head**2 - 400 * x[1:] + 2, zero])
    above = jnp.concatenate([zero, jnp.full_like(head, 200)])
    return _tridiagonal(below + above, -400 * head)


def zakharov(x: Vector) -> Scalar:
    """x.x + u² + u⁴, u = Σ i xᵢ / 2: 0 at 0, a bowl with a steep crease."""
    u = _counted(x) @ x / 2
    return x @ x + u**2 + u**4


@gradient(of=zakharov, at=ANYWHERE)
def zakharov_gradient(x: Vector) -> Vector:
    """du = Σ i dxᵢ / 2;  2 x.dx + (2u + 4u³) du;  hence 2x + (u + 2u³) i."""
    i = _counted(x)
    u = i @ x / 2
    return 2 * x + (u + 2 * u**3) * i


@hessian(of=zakharov, at=ANYWHERE)
def zakharov_hessian(x: Vector) -> Matrix:
    """d(u + 2u³) i = (1 + 6u²) i (i.dx) / 2;  hence 2I + (1/2 + 3u²) i iᵀ: one steep line."""
    i = _counted(x)
    u = i @ x / 2
    return 2 * jnp.eye(x.size, dtype=x.dtype) + (0.5 + 3 * u**2) * jnp.outer(i, i)


def trid(x: Vector) -> Scalar:
    """Σ (xᵢ - 1)² - Σ xᵢ xᵢ₋₁: -n (n + 4) (n - 1) / 6 at xᵢ = i (n + 1 - i)."""
    return jnp.sum((x - 1) ** 2) - x[1:] @ x[:-1]


@gradient(of=trid, at=ANYWHERE)
def trid_gradient(x: Vector) -> Vector:
    """d = Σ 2 (xᵢ - 1) dxᵢ - xᵢ₋₁ dxᵢ - xᵢ dxᵢ₋₁;  hence 2 (xᵢ - 1) less both neighbours."""
    zero = jnp.zeros(1, x.dtype)
    beside = jnp.concatenate([x[1:], zero]) + jnp.concatenate([zero, x[:-1]])
    return 2 * (x - 1) - beside


@hessian(of=trid, at=ANYWHERE)
def trid_hessian(x: Vector) -> Matrix:
    """The gradient is linear;  hence 2 on the diagonal and -1 beside it, a second difference."""
    return _tridiagonal(jnp.full_like(x, 2), -jnp.ones_like(x[1:]))


# ----- many holes -----


def rastrigin(x: Vector) -> Scalar:
    """Σ xᵢ² + 10 (1 - cos 2πxᵢ): 0 at 0, and a hole near every point of whole numbers.

    1 - cos 2t as 2 sin² t, which keeps its digits at the bottom.
    """
    return jnp.sum(x**2 + 20 * jnp.sin(math.pi * x) ** 2)


@gradient(of=rastrigin, at=ANYWHERE)
def rastrigin_gradient(x: Vector) -> Vector:
    """d(-10 cos 2πx) = 20π sin 2πx dx;  hence 2x + 20π sin 2πx."""
    return 2 * x + 20 * math.pi * jnp.sin(2 * math.pi * x)


@hessian(of=rastrigin, at=ANYWHERE)
def rastrigin_hessian(x: Vector) -> Matrix:
    """Each coordinate by itself, d sin 2πx = 2π cos 2πx dx;  hence diag(2 + 40π² cos 2πx)."""
    return jnp.diag(2 + 40 * math.pi**2 * jnp.cos(2 * math.pi * x))


def ackley(x: Vector) -> Scalar:
    """-20 exp(-r/5) - exp(mean cos 2πxᵢ) + 20 + e, r = √(mean xᵢ²): 0 at 0, where it has a cusp.

    The constants go into expm1, so that the bottom keeps its digits; r as a scaled norm.
    """
    r = jnp.linalg.norm(x) / math.sqrt(x.size)
    gap = jnp.mean(-2 * jnp.sin(math.pi * x) ** 2)
    return -20 * jnp.expm1(-0.2 * r) - math.e * jnp.expm1(gap)


@gradient(of=ackley, at=dict(x=nonzero("n")))
def ackley_gradient(x: Vector) -> Vector:
    """dr = x.dx / (n r), so d(-20 e^(-r/5)) = 4 e^(-r/5) dr;  d exp(mean cos) = -exp(mean cos) 2π/n
    Σ sin 2πxᵢ dxᵢ;  hence the sum. x / r keeps a length of √n down to 0: a cusp.
    """
    n = x.size
    r = jnp.linalg.norm(x) / math.sqrt(n)
    wave = jnp.exp(jnp.mean(jnp.cos(2 * math.pi * x)))
    return 4 * jnp.exp(-0.2 * r) * (x / r) / n + 2 * math.pi / n * jnp.sin(2 * math.pi * x) * wave


def griewank(x: Vector) -> Scalar:
    """Σ xᵢ²/4000 - Π cos(xᵢ/√i) + 1: 0 at 0."""
    return x @ x / 4000 - jnp.prod(jnp.cos(x / jnp.sqrt(_counted(x)))) + 1


@gradient(of=griewank, at=ANYWHERE)
def griewank_gradient(x: Vector) -> Vector:
    """d Π cos tᵢ = -Σ sin tᵢ (product of the other cosines) dtᵢ, tᵢ = xᵢ/√i;  hence x/2000 plus
    sin tᵢ (the others) / √i. As P tan tᵢ it is shorter, and fails where a cosine is 0.
    """
    root, one = jnp.sqrt(_counted(x)), jnp.ones(1, x.dtype)
    c = jnp.cos(x / root)
    before = jnp.cumprod(jnp.concatenate([one, c[:-1]]))
    behind = jnp.cumprod(jnp.concatenate([one, c[:0:-1]]))[::-1]
    return x / 2000 + jnp.sin(x / root) * before * behind / root


def schwefel(x: Vector) -> Scalar:
    """418.98289 n - Σ xᵢ sin √|xᵢ|: 0 at 420.96875 on [-500, 500], far from the next best hole.

    Schwefel 2.26.
    """
    return 418.98289 * x.size - jnp.sum(x * jnp.sin(jnp.sqrt(jnp.abs(x))))


@gradient(of=schwefel, at=ANYWHERE)
def schwefel_gradient(x: Vector) -> Vector:
    """q = √|x|, x dq = q/2 dx for either sign of x;  d(x sin q) = (sin q + q/2 cos q) dx;  hence
    minus that; at 0 it is 0, though q has no slope there.
    """
    q = jnp.sqrt(jnp.abs(x))
    return -jnp.sin(q) - q / 2 * jnp.cos(q)


def styblinski_tang(x: Vector) -> Scalar:
    """Σ (xᵢ⁴ - 16xᵢ² + 5xᵢ) / 2: -39.166166 n at -2.9035340."""
    return jnp.sum(x**4 - 16 * x**2 + 5 * x) / 2


@gradient(of=styblinski_tang, at=ANYWHERE)
def styblinski_tang_gradient(x: Vector) -> Vector:
    """Term by term;  hence 2x³ - 16x + 2.5."""
    return 2 * x**3 - 16 * x + 2.5


@hessian(of=styblinski_tang, at=ANYWHERE)
def styblinski_tang_hessian(x: Vector) -> Matrix:
    """Each coordinate by itself;  hence diag(6x² - 16), negative within 1.633 of 0."""
    return jnp.diag(6 * x**2 - 16)
