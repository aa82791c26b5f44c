"""Surfaces over the plane: partial derivatives, the gradients they make, and how surfaces bend.

A partial derivative holds every other variable still: ∂f/∂x is the ordinary derivative of the slice
x ↦ f(x, y). The gradient lists the partials; the Hessian lists the partials of the gradient, and is
symmetric where it is continuous. One function at the end shows what happens where it is not.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian, identity
from lab.domains import interval, nonzero, positive, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Space = Float[Array, " 3"]
Square = Float[Array, "2 2"]


def _symmetric(xx: Scalar, xy: Scalar, yy: Scalar) -> Square:
    """A Hessian from its three different entries."""
    return jnp.stack([jnp.stack([xx, xy]), jnp.stack([xy, yy])])


# ----- polynomials -----


def mixed_cubic(p: Point) -> Scalar:
    """x²y + xy²"""
    x, y = p
    return x * y * (x + y)


@gradient(of=mixed_cubic, at=dict(p=reals("2")))
def mixed_cubic_gradient(p: Point) -> Point:
    """y held still: x²y has slope 2xy and xy² has slope y²; x held still: x² and 2xy;
    hence (2xy + y², x² + 2xy)."""
    x, y = p
    return jnp.stack([y * (2 * x + y), x * (x + 2 * y)])


@hessian(of=mixed_cubic, at=dict(p=reals("2")))
def mixed_cubic_hessian(p: Point) -> Square:
    """d(2xy + y²) = 2y dx + 2(x + y) dy and d(x² + 2xy) = 2(x + y) dx + 2x dy;
    hence [[2y, 2(x+y)], [2(x+y), 2x]]."""
    x, y = p
    return 2 * _symmetric(y, x + y, x)


def coupled_bowl(p: Space) -> Scalar:
    """x² + 2y² + 3z² - xy"""
    x, y, z = p
    return x**2 + 2 * y**2 + 3 * z**2 - x * y


@gradient(of=coupled_bowl, at=dict(p=reals("3")))
def coupled_bowl_gradient(p: Space) -> Space:
    """Each square knows its own variable, xy knows both;  hence (2x - y, 4y - x, 6z)."""
    x, y, z = p
    return jnp.stack([2 * x - y, 4 * y - x, 6 * z])


@hessian(of=coupled_bowl, at=dict(p=reals("3")))
def coupled_bowl_hessian(p: Space) -> Float[Array, "3 3"]:
    """The gradient is linear, and its matrix is the Hessian;  hence constant, with one coupling."""
    return jnp.array([[2.0, -1.0, 0.0], [-1.0, 4.0, 0.0], [0.0, 0.0, 6.0]], p.dtype)


def folium(p: Point) -> Scalar:
    """x³ - 3xy + y³: a saddle at the origin, a minimum at (1, 1)."""
    x, y = p
    return x**3 - 3 * x * y + y**3


@gradient(of=folium, at=dict(p=reals("2")))
def folium_gradient(p: Point) -> Point:
    """d(x³ - 3xy + y³) = 3x² dx - 3y dx - 3x dy + 3y² dy;  hence 3(x² - y, y² - x)."""
    x, y = p
    return 3 * jnp.stack([x**2 - y, y**2 - x])


@hessian(of=folium, at=dict(p=reals("2")))
def folium_hessian(p: Point) -> Square:
    """d(3x² - 3y) = 6x dx - 3 dy, and the same with x and y exchanged;
    hence [[6x, -3], [-3, 6y]]: determinant 36xy - 9, negative at the origin, positive at (1, 1)."""
    x, y = p
    return _symmetric(6 * x, jnp.full_like(x, -3.0), 6 * y)


def monkey_saddle(p: Point) -> Scalar:
    """x³ - 3xy²: three ways up and three ways down, room for two legs and a tail."""
    x, y = p
    return x * (x**2 - 3 * y**2)


@gradient(of=monkey_saddle, at=dict(p=reals("2")))
def monkey_saddle_gradient(p: Point) -> Point:
    """y held still: 3x² - 3y²; x held still: -6xy.  hence 3(x² - y², -2xy)."""
    x, y = p
    return jnp.stack([3 * (x - y) * (x + y), -6 * x * y])


@hessian(of=monkey_saddle, at=dict(p=reals("2")))
def monkey_saddle_hessian(p: Point) -> Square:
    """d(3x² - 3y²) = 6x dx - 6y dy and d(-6xy) = -6y dx - 6x dy;  hence [[6x, -6y], [-6y, -6x]]:
    trace 0, and all of it 0 at the origin, where second derivatives cannot tell a saddle."""
    x, y = p
    return 6 * _symmetric(x, -y, -x)


# ----- exponentials, logarithms, quotients, waves -----


def exponential_of_product(p: Point) -> Scalar:
    """e^(xy)"""
    x, y = p
    return jnp.exp(x * y)


@gradient(of=exponential_of_product, at=dict(p=interval(-5, 5, "2")))
def exponential_of_product_gradient(p: Point) -> Point:
    """d e^(xy) = e^(xy) (y dx + x dy);  hence e^(xy) (y, x)."""
    x, y = p
    return jnp.exp(x * y) * jnp.stack([y, x])


@hessian(of=exponential_of_product, at=dict(p=interval(-5, 5, "2")))
def exponential_of_product_hessian(p: Point) -> Square:
    """d(y e^(xy)) = e^(xy) (y² dx + (1 + xy) dy), and the same with x and y exchanged;
    hence e^(xy) [[y², 1 + xy], [1 + xy, x²]]."""
    x, y = p
    return jnp.exp(x * y) * _symmetric(y**2, 1 + x * y, x**2)


def log_squared_radius(p: Point) -> Scalar:
    """ln(x² + y²), the potential of a wire"""
    x, y = p
    return jnp.log(x**2 + y**2)


@gradient(of=log_squared_radius, at=dict(p=nonzero("2")))
def log_squared_radius_gradient(p: Point) -> Point:
    """s = x² + y², d ln s = ds/s = (2x dx + 2y dy)/s;  hence 2(x, y)/(x² + y²): away from the
    origin, of length 2/r."""
    x, y = p
    return 2 * p / (x**2 + y**2)


@hessian(of=log_squared_radius, at=dict(p=nonzero("2")))
def log_squared_radius_hessian(p: Point) -> Square:
    """d(2x/s) = (2s dx - 2x (2x dx + 2y dy))/s²;  hence 2/s² [[y² - x², -2xy], [-2xy, x² - y²]]:
    trace 0, the function is harmonic."""
    x, y = p
    s = x**2 + y**2
    across = (y - x) / s * ((y + x) / s)
    return 2 * _symmetric(across, -2 * x / s * (y / s), -across)


def share(p: Point) -> Scalar:
    """x / (x + y): what part of the whole is x"""
    x, y = p
    return x / (x + y)


@gradient(of=share, at=dict(p=positive("2")))
def share_gradient(p: Point) -> Point:
    """d(x/s) = (s dx - x (dx + dy))/s² with s = x + y;  hence (y, -x)/(x + y)²: along the level
    lines through the origin nothing changes."""
    x, y = p
    return jnp.stack([y, -x]) / (x + y) ** 2


@hessian(of=share, at=dict(p=positive("2")))
def share_hessian(p: Point) -> Square:
    """d(y s⁻²) = s⁻² dy - 2y s⁻³ ds and d(-x s⁻²) = -s⁻² dx + 2x s⁻³ ds with ds = dx + dy;
    hence [[-2y, x - y], [x - y, 2x]]/(x + y)³."""
    x, y = p
    return _symmetric(-2 * y, x - y, 2 * x) / (x + y) ** 3


def egg_crate(p: Point) -> Scalar:
    """sin x cos y"""
    x, y = p
    return jnp.sin(x) * jnp.cos(y)


@gradient(of=egg_crate, at=dict(p=reals("2")))
def egg_crate_gradient(p: Point) -> Point:
    """A product of one function of x and one of y: each partial differentiates one factor;
    hence (cos x cos y, -sin x sin y)."""
    x, y = p
    return jnp.stack([jnp.cos(x) * jnp.cos(y), -jnp.sin(x) * jnp.sin(y)])


@hessian(of=egg_crate, at=dict(p=reals("2")))
def egg_crate_hessian(p: Point) -> Square:
    """Twice in one variable returns the factor with a minus, once in each differentiates both;
    hence [[-sin x cos y, -cos x sin y], [-cos x sin y, -sin x cos y]]."""
    x, y = p
    return -_symmetric(egg_crate(p), jnp.cos(x) * jnp.sin(y), egg_crate(p))


# ----- what gradients say of whole surfaces -----


@identity(of=lambda p: p @ jax.grad(monkey_saddle)(p), at=dict(p=reals("2")))
def euler_homogeneity(p: Point) -> Scalar:
    """f(tp) = t³ f(p) for all t; d/dt at t = 1 is p . grad f on the left and 3 f(p) on the right;
    hence 3f.  Euler's theorem: degree k gives p . grad f = k f."""
    return 3 * monkey_saddle(p)


def ellipsoid(p: Space, axes: Space) -> Scalar:
    """Σ pᵢ²/aᵢ², whose level 1 is the ellipsoid with half-axes a"""
    return jnp.sum((p / axes) ** 2)


@gradient(of=ellipsoid, at=dict(p=reals("3"), axes=positive("3")))
def ellipsoid_normal(p: Space, axes: Space) -> Space:
    """Along any curve on the surface 0 = dF = grad F . dp, so grad F is normal to it;
    hence 2pᵢ/aᵢ². The normal of a surface.
    """
    return 2 * p / axes**2


@identity(
    of=lambda p, x, axes: jax.grad(ellipsoid)(p, axes) @ (x - p),
    at=dict(p=reals("3"), x=reals("3"), axes=positive("3")),
)
def ellipsoid_tangent_plane(p: Space, x: Space, axes: Space) -> Scalar:
    """The tangent plane at p is grad F(p) . (x - p) = 0, which is 2 Σ pᵢ (xᵢ - pᵢ)/aᵢ²;
    hence 2 (Σ pᵢxᵢ/aᵢ² - F(p)): on the surface F = 1, and the plane is Σ pᵢxᵢ/aᵢ² = 1. The tangent
    plane of a surface.
    """
    return 2 * jnp.sum(p / axes**2 * (x - p))


# ----- mixed partials that disagree at one point -----


def twisted_sheet(p: Point) -> Scalar:
    """xy (x² - y²)/(x² + y²), and 0 at the origin: once continuously differentiable everywhere."""
    x, y = p
    s = x**2 + y**2
    return jnp.where(s == 0, 0.0, x * y * (x - y) * (x + y) / jnp.where(s == 0, 1.0, s))


@gradient(of=twisted_sheet, at=dict(p=nonzero("2")))
def twisted_sheet_gradient(p: Point) -> Point:
    """c = (x² - y²)/s with s = x² + y²:  dc = 4xy (y dx - x dy)/s², and d(xyc) = cy dx + cx dy +
    xy dc;  hence (y (c + 4x²y²/s²), x (c - 4x²y²/s²)), which tends to 0 at the origin."""
    x, y = p
    s = x**2 + y**2
    c, twist = (x - y) * (x + y) / s, (2 * x / s * y) ** 2
    return jnp.stack([y * (c + twist), x * (c - twist)])


def _partials_on_the_axes(t: Scalar) -> Point:
    """f_x at (0, t) and f_y at (t, 0). Clairaut's (Schwarz's) theorem and where it fails."""
    zero = jnp.zeros_like(t)
    slope = jax.grad(twisted_sheet)
    return jnp.stack([slope(jnp.stack([zero, t]))[0], slope(jnp.stack([t, zero]))[1]])


@identity(of=_partials_on_the_axes, at=dict(t=nonzero()))
def twisted_sheet_mixed_partials(t: Scalar) -> Point:
    """On the y axis f_x = y · (-y²/y²) = -y, on the x axis f_y = x · (x²/x²) = x;  hence (-t, t):
    at the origin ∂f_x/∂y = -1 but ∂f_y/∂x = 1.  Schwarz' theorem asks for continuous second
    partials, and here they have no limit."""
    return jnp.stack([-t, t])
