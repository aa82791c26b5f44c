"""Landscapes over the plane: the classics one can draw, with gradients and Hessians by hand.

What each is known for stands beside it: where its minima are, and how low. Formulas and minima are
those of the common collections, Jamil and Yang (2013), "A literature survey of benchmark functions
for global optimization problems", and Surjanovic and Bingham's library.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian
from lab.domains import reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Matrix = Float[Array, "2 2"]

PLANE = dict(p=reals("2"))


def _symmetric(xx: Scalar, xy: Scalar, yy: Scalar) -> Matrix:
    return jnp.stack([jnp.stack([xx, xy]), jnp.stack([xy, yy])])


def _constant(rows: list[list[float]], p: Point) -> Matrix:
    return jnp.array(rows, p.dtype)


# ----- polynomials -----


def booth(p: Point) -> Scalar:
    """(x + 2y - 7)² + (2x + y - 5)²: 0 at (1, 3)."""
    x, y = p
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


@gradient(of=booth, at=PLANE)
def booth_gradient(p: Point) -> Point:
    """2a (dx + 2dy) + 2b (2dx + dy), a and b the brackets;  hence (2a + 4b, 4a + 2b)."""
    x, y = p
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return jnp.stack([2 * a + 4 * b, 4 * a + 2 * b])


@hessian(of=booth, at=PLANE)
def booth_hessian(p: Point) -> Matrix:
    """2 AᵀA for the brackets' rows A = [[1, 2], [2, 1]];  hence [[10, 8], [8, 10]]."""
    return _constant([[10.0, 8.0], [8.0, 10.0]], p)


def matyas(p: Point) -> Scalar:
    """0.26 (x² + y²) - 0.48 xy: 0 at the origin, a bowl of condition number 25."""
    x, y = p
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


@gradient(of=matyas, at=PLANE)
def matyas_gradient(p: Point) -> Point:
    """0.52 (x dx + y dy) - 0.48 (y dx + x dy);  hence 0.52 p - 0.48 (y, x)."""
    return 0.52 * p - 0.48 * p[::-1]


@hessian(of=matyas, at=PLANE)
def matyas_hessian(p: Point) -> Matrix:
    """The gradient is linear, hence its coefficients; eigenvalues 0.52 - 0.48 and 0.52 + 0.48."""
    return _constant([[0.52, -0.48], [-0.48, 0.52]], p)


def himmelblau(p: Point) -> Scalar:
    """(x² + y - 11)² + (x + y² - 7)²: 0 at (3, 2), (-2.805118, 3.131313), (-3.779310, -3.283186)
    and (3.584428, -1.848127).
    """
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@gradient(of=himmelblau, at=PLANE)
def himmelblau_gradient(p: Point) -> Point:
    """2a (2x dx + dy) + 2b (dx + 2y dy), a and b the brackets;  hence (4xa + 2b, 2a + 4yb)."""
    x, y = p
    a, b = x**2 + y - 11, x + y**2 - 7
    return jnp.stack([4 * x * a + 2 * b, 2 * a + 4 * y * b])


@hessian(of=himmelblau, at=PLANE)
def himmelblau_hessian(p: Point) -> Matrix:
    """d(4xa + 2b) = (4a + 8x² + 2) dx + (4x + 4y) dy and d(2a + 4yb) = (4x + 4y) dx + (2 + 4b +
    8y²) dy;  hence the entries, with a and b put in.
    """
    x, y = p
    return _symmetric(12 * x**2 + 4 * y - 42, 4 * (x + y), 12 * y**2 + 4 * x - 26)


def three_hump_camel(p: Point) -> Scalar:
    """2x² - 1.05x⁴ + x⁶/6 + xy + y²: 0 at the origin, and two higher minima."""
    x, y = p
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2


@gradient(of=three_hump_camel, at=PLANE)
def three_hump_camel_gradient(p: Point) -> Point:
    """Term by term;  hence (4x - 4.2x³ + x⁵ + y, x + 2y)."""
    x, y = p
    return jnp.stack([4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y])


@hessian(of=three_hump_camel, at=PLANE)
def three_hump_camel_hessian(p: Point) -> Matrix:
    """Term by term again;  hence 4 - 12.6x² + 5x⁴ in x, 2 in y, 1 across."""
    x, one = p[0], jnp.ones_like(p[0])
    return _symmetric(4 - 12.6 * x**2 + 5 * x**4, one, 2 * one)


def six_hump_camel(p: Point) -> Scalar:
    """(4 - 2.1x² + x⁴/3) x² + xy + (4y² - 4) y²: -1.0316285 at ±(0.0898420, -0.7126564)."""
    x, y = p
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


@gradient(of=six_hump_camel, at=PLANE)
def six_hump_camel_gradient(p: Point) -> Point:
    """Multiplied out, 4x² - 2.1x⁴ + x⁶/3 + xy - 4y² + 4y⁴;  hence term by term."""
    x, y = p
    return jnp.stack([8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3])


@hessian(of=six_hump_camel, at=PLANE)
def six_hump_camel_hessian(p: Point) -> Matrix:
    """d of the gradient, term by term;  hence 8 - 25.2x² + 10x⁴, 1, 48y² - 8."""
    x, y = p
    return _symmetric(8 - 25.2 * x**2 + 10 * x**4, jnp.ones_like(x), 48 * y**2 - 8)


def goldstein_price(p: Point) -> Scalar:
    """(1 + s² P) (30 + t² Q), s = x + y + 1, t = 2x - 3y: 3 at (0, -1).

    P = 19 - 14x + 3x² - 14y + 6xy + 3y²,  Q = 18 - 32x + 12x² + 48y - 36xy + 27y².
    """
    A, B, _, _ = _goldstein_price_parts(p)
    return A * B


def _goldstein_price_parts(p: Point) -> tuple[Scalar, Scalar, Point, Point]:
    """Both factors, and their gradients."""
    x, y = p
    s, t = x + y + 1, 2 * x - 3 * y
    # P is a polynomial of x + y alone, and Q of t alone
    P = 19 - 14 * (x + y) + 3 * (x + y) ** 2
    Q = 18 - 16 * t + 3 * t**2
    slope_a = 2 * s * P + s**2 * (6 * (x + y) - 14)
    slope_b = 2 * t * Q + t**2 * (6 * t - 16)
    return (
        1 + s**2 * P,
        30 + t**2 * Q,
        jnp.stack([slope_a, slope_a]),
        jnp.stack([2 * slope_b, -3 * slope_b]),
    )


@gradient(of=goldstein_price, at=PLANE)
def goldstein_price_gradient(p: Point) -> Point:
    """P is 19 - 14u + 3u² with u = x + y, and Q is 18 - 16t + 3t²: each factor has one variable,
    and dA = (2sP + s²P') (dx + dy), dB = (2tQ + t²Q') (2dx - 3dy);  hence B ∇A + A ∇B.
    """
    A, B, dA, dB = _goldstein_price_parts(p)
    return B * dA + A * dB


def dixon_price(p: Point) -> Scalar:
    """(x - 1)² + 2 (2y² - x)²: 0 at (1, ±1/√2)."""
    x, y = p
    return (x - 1) ** 2 + 2 * (2 * y**2 - x) ** 2


@gradient(of=dixon_price, at=PLANE)
def dixon_price_gradient(p: Point) -> Point:
    """v = 2y² - x, dv = 4y dy - dx;  d = 2 (x - 1) dx + 4v dv;  hence (2 (x - 1) - 4v, 16yv)."""
    x, y = p
    v = 2 * y**2 - x
    return jnp.stack([2 * (x - 1) - 4 * v, 16 * y * v])


@hessian(of=dixon_price, at=PLANE)
def dixon_price_hessian(p: Point) -> Matrix:
    """d(2x - 4v) = 6dx - 16y dy and d(16yv) = 16v dy + 16y (4y dy - dx);  hence the entries."""
    x, y = p
    return _symmetric(jnp.full_like(x, 6), -16 * y, 96 * y**2 - 16 * x)


def scalar_network(w: Point) -> Scalar:
    """(1 - w₁w₂)²/2, a network of two weights: a saddle at 0, and minima wherever w₁w₂ = 1.

    A two-layer scalar net.
    """
    return (1 - w[0] * w[1]) ** 2 / 2


@gradient(of=scalar_network, at=dict(w=reals("2")))
def scalar_network_gradient(w: Point) -> Point:
    """r = 1 - w₁w₂;  r dr = -r (w₂ dw₁ + w₁ dw₂);  hence -r (w₂, w₁)."""
    return (w[0] * w[1] - 1) * w[::-1]


@hessian(of=scalar_network, at=dict(w=reals("2")))
def scalar_network_hessian(w: Point) -> Matrix:
    """d((w₁w₂ - 1) w₂) = w₂² dw₁ + (2w₁w₂ - 1) dw₂;  hence w₂², w₁² and 2w₁w₂ - 1 across. At 0 the
    eigenvalues are 1 and -1.
    """
    a, b = w
    return _symmetric(b**2, 2 * a * b - 1, a**2)


# ----- waves on a bowl -----


def mccormick(p: Point) -> Scalar:
    """sin(x + y) + (x - y)² - 1.5x + 2.5y + 1: -1.9132230 at (-0.5471976, -1.5471976)."""
    x, y = p
    return jnp.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


@gradient(of=mccormick, at=PLANE)
def mccormick_gradient(p: Point) -> Point:
    """cos s (dx + dy) + 2d (dx - dy) - 1.5dx + 2.5dy, s = x + y, d = x - y;  hence the factors."""
    x, y = p
    c, d = jnp.cos(x + y), 2 * (x - y)
    return jnp.stack([c + d - 1.5, c - d + 2.5])


@hessian(of=mccormick, at=PLANE)
def mccormick_hessian(p: Point) -> Matrix:
    """-sin s (dx + dy)² + 2 (dx - dy)²;  hence -sin s in all places, and 2 or -2."""
    return _constant([[2.0, -2.0], [-2.0, 2.0]], p) - jnp.sin(p[0] + p[1])


def branin(p: Point) -> Scalar:
    """u² + 10 (1 - 1/8π) cos x + 10, u = y - 5.1x²/4π² + 5x/π - 6: 0.3978874 at (-π, 12.275),
    (π, 2.275) and (9.42478, 2.475).
    """
    u, _ = _branin_parts(p)
    return u**2 + WAVE * jnp.cos(p[0]) + 10


WAVE = 10 * (1 - 1 / (8 * math.pi))
BEND = 5.1 / (4 * math.pi**2)


def _branin_parts(p: Point) -> tuple[Scalar, Scalar]:
    """u and its slope in x."""
    x, y = p
    return y - BEND * x**2 + 5 / math.pi * x - 6, 5 / math.pi - 2 * BEND * x


@gradient(of=branin, at=PLANE)
def branin_gradient(p: Point) -> Point:
    """du = c dx + dy, c = 5/π - 10.2x/4π²;  hence (2uc - 10 (1 - 1/8π) sin x, 2u)."""
    u, c = _branin_parts(p)
    return jnp.stack([2 * u * c - WAVE * jnp.sin(p[0]), 2 * u])


@hessian(of=branin, at=PLANE)
def branin_hessian(p: Point) -> Matrix:
    """d(2uc) = 2c (c dx + dy) + 2u dc with dc = -10.2/4π² dx, and d(2u) = 2 (c dx + dy);  hence the
    entries.
    """
    u, c = _branin_parts(p)
    across = 2 * c**2 - 4 * BEND * u - WAVE * jnp.cos(p[0])
    return _symmetric(across, 2 * c, jnp.full_like(c, 2))


def bohachevsky(p: Point) -> Scalar:
    """x² + 2y² - 0.3 cos 3πx - 0.4 cos 4πy + 0.7: 0 at the origin, ripples all around.

    With 1 - cos 2t = 2 sin² t, which keeps its digits at the bottom.
    """
    x, y = p
    ripples = 0.6 * jnp.sin(1.5 * math.pi * x) ** 2 + 0.8 * jnp.sin(2 * math.pi * y) ** 2
    return x**2 + 2 * y**2 + ripples


@gradient(of=bohachevsky, at=PLANE)
def bohachevsky_gradient(p: Point) -> Point:
    """d(-0.3 cos 3πx) = 0.9π sin 3πx dx, d(-0.4 cos 4πy) = 1.6π sin 4πy dy;  hence the two."""
    x, y = p
    pi = math.pi
    return jnp.stack(
        [2 * x + 0.9 * pi * jnp.sin(3 * pi * x), 4 * y + 1.6 * pi * jnp.sin(4 * pi * y)]
    )


@hessian(of=bohachevsky, at=PLANE)
def bohachevsky_hessian(p: Point) -> Matrix:
    """Each coordinate by itself;  hence diag(2 + 2.7π² cos 3πx, 4 + 6.4π² cos 4πy)."""
    (x, y), pi = p, math.pi
    across = 2 + 2.7 * pi**2 * jnp.cos(3 * pi * x)
    return jnp.diag(jnp.stack([across, 4 + 6.4 * pi**2 * jnp.cos(4 * pi * y)]))


def levy(p: Point) -> Scalar:
    """sin² πa + (a - 1)² (1 + 10 sin²(πa + 1)) + (b - 1)² (1 + sin² 2πb), (a, b) = 1 + (p - 1)/4:
    0 at (1, 1).
    """
    (a, b), pi = 1 + (p - 1) / 4, math.pi
    first = jnp.sin(pi * a) ** 2 + (a - 1) ** 2 * (1 + 10 * jnp.sin(pi * a + 1) ** 2)
    return first + (b - 1) ** 2 * (1 + jnp.sin(2 * pi * b) ** 2)


@gradient(of=levy, at=PLANE)
def levy_gradient(p: Point) -> Point:
    """d sin² t = sin 2t dt, and da = dx/4;  hence a quarter of π sin 2πa + 2 (a - 1) (1 + 10 s²) +
    (a - 1)² 10π sin(2πa + 2) and of 2 (b - 1) (1 + sin² 2πb) + (b - 1)² 2π sin 4πb.
    """
    (a, b), pi = 1 + (p - 1) / 4, math.pi
    along_a = 2 * (a - 1) * (1 + 10 * jnp.sin(pi * a + 1) ** 2)
    ripple_a = pi * jnp.sin(2 * pi * a) + 10 * pi * (a - 1) ** 2 * jnp.sin(2 * pi * a + 2)
    along_b = 2 * (b - 1) * (1 + jnp.sin(2 * pi * b) ** 2)
    ripple_b = 2 * pi * (b - 1) ** 2 * jnp.sin(4 * pi * b)
    return jnp.stack([along_a + ripple_a, along_b + ripple_b]) / 4


# ----- a needle in a plain -----


def easom(p: Point) -> Scalar:
    """-cos x cos y exp(-(x - π)² - (y - π)²): -1 at (π, π), and flat everywhere else."""
    u = p - math.pi
    return -jnp.cos(p[0]) * jnp.cos(p[1]) * jnp.exp(-(u @ u))


@gradient(of=easom, at=PLANE)
def easom_gradient(p: Point) -> Point:
    """f = -cos x cos y e, de = -2e u.dp, u = p - π;  hence e cos y (sin x + 2u₁ cos x) in x, and
    the same with x and y exchanged.
    """
    u = p - math.pi
    e = jnp.exp(-(u @ u))
    return e * jnp.cos(p[::-1]) * (jnp.sin(p) + 2 * u * jnp.cos(p))
