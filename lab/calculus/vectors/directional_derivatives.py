"""Directional derivatives: how fast a landscape rises when one walks that way.

Along the line t ↦ f(p + t v) the plane is a line again, and the rate at t = 0 is the directional
derivative ``D_v f(p)``.  Where f is differentiable it is linear in v, so that one vector, the
gradient, answers for every direction: ``D_v f = grad f . v``.  The last section is about a function
for which every direction has an answer and yet no vector gives them.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, hessian, identity, jacobian, jvp, name_of, vjp
from lab.domains import nonzero, reals

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Vector = Float[Array, " d"]
Matrix = Float[Array, "d d"]


def along(f: Callable[[Point], Scalar]) -> Callable[[Scalar, Point, Point], Scalar]:
    """The landscape seen on a walk: height after time t, from p with velocity v."""

    def walk(t: Scalar, p: Point, v: Point) -> Scalar:
        return f(p + t * v)

    walk.__name__ = f"along({name_of(f)})"
    return walk


def quarter_turn(v: Point) -> Point:
    """The vector turned left by 90 degrees."""
    return jnp.stack([-v[1], v[0]])


# ----- two bowls: polynomials, every direction at once -----


def tilted_bowl(p: Point) -> Scalar:
    """x² + xy + y²"""
    x, y = p
    return x**2 + x * y + y**2


@gradient(of=tilted_bowl, at=dict(p=reals("2")))
def tilted_bowl_gradient(p: Point) -> Point:
    """One coordinate at a time: ∂/∂x = 2x + y and ∂/∂y = x + 2y."""
    x, y = p
    return jnp.stack([2 * x + y, x + 2 * y])


@jvp(of=tilted_bowl, at=dict(p=reals("2")))
def tilted_bowl_rate(p: Point, v: Point) -> Scalar:
    """f(p + tv) = f(p) + t (2xa + xb + ya + 2yb) + t² f(v), v = (a, b);  hence the factor of t,
    (2x + y) a + (x + 2y) b: the gradient dotted with v."""
    (x, y), (a, b) = p, v
    return (2 * x + y) * a + (x + 2 * y) * b


@hessian(of=tilted_bowl, at=dict(p=reals("2")))
def tilted_bowl_hessian(p: Point) -> Float[Array, "2 2"]:
    """d(2x + y, x + 2y) = (2dx + dy, dx + 2dy);  hence [[2, 1], [1, 2]] everywhere."""
    return jnp.array([[2.0, 1.0], [1.0, 2.0]], p.dtype)


@hessian(of=along(tilted_bowl), wrt="t", at=dict(t=reals(), p=reals("2"), v=reals("2")))
def tilted_bowl_second_rate(t: Scalar, p: Point, v: Point) -> Scalar:
    """f(p + tv) = f(p) + t D_v f + t² f(v) is a parabola in t;  hence 2 f(v), which is vᵀHv."""
    return 2 * tilted_bowl(v)


def elliptic_bowl(p: Point) -> Scalar:
    """x² + 4y²"""
    x, y = p
    return x**2 + 4 * y**2


@gradient(of=elliptic_bowl, at=dict(p=reals("2")))
def elliptic_bowl_gradient(p: Point) -> Point:
    """Each term knows one coordinate only;  hence (2x, 8y)."""
    x, y = p
    return jnp.stack([2 * x, 8 * y])


@hessian(of=elliptic_bowl, at=dict(p=reals("2")))
def elliptic_bowl_hessian(p: Point) -> Float[Array, "2 2"]:
    """d(2x, 8y) = (2dx, 8dy);  hence diag(2, 8): four times as curved along y as along x."""
    return jnp.diag(jnp.array([2.0, 8.0], p.dtype))


def circle(t: Scalar) -> Point:
    """The unit vector at angle t to the x axis."""
    return jnp.stack([jnp.cos(t), jnp.sin(t)])


@derivative(of=lambda t: elliptic_bowl(circle(t)), at=dict(t=reals()))
def elliptic_bowl_rate_along_circle(t: Scalar) -> Scalar:
    """d f(c(t)) = grad f(c) . c' dt = (2 cos t, 8 sin t) . (-sin t, cos t) dt;
    hence 6 sin t cos t = 3 sin 2t."""
    return 3 * jnp.sin(2 * t)


def level_ellipse(r: Scalar, t: Scalar) -> Point:
    """A walk around the bowl at height r²."""
    return r * jnp.stack([jnp.cos(t), jnp.sin(t) / 2])


@identity(of=lambda r, t: elliptic_bowl(level_ellipse(r, t)), at=dict(r=reals(), t=reals()))
def elliptic_bowl_height_on_level_ellipse(r: Scalar, t: Scalar) -> Scalar:
    """r² cos² t + 4 r² (sin t / 2)² = r² (cos² t + sin² t);  hence r², whatever t."""
    return r**2


# ----- a saddle and two wells: curvature that changes sign -----


def saddle(p: Point) -> Scalar:
    """x² - y²"""
    x, y = p
    return (x - y) * (x + y)


@gradient(of=saddle, at=dict(p=reals("2")))
def saddle_gradient(p: Point) -> Point:
    """d(x² - y²) = 2x dx - 2y dy;  hence (2x, -2y)."""
    x, y = p
    return jnp.stack([2 * x, -2 * y])


@hessian(of=saddle, at=dict(p=reals("2")))
def saddle_hessian(p: Point) -> Float[Array, "2 2"]:
    """vᵀHv = 2a² - 2b² for v = (a, b);  hence diag(2, -2), and no bend at all where |a| = |b|."""
    return jnp.diag(jnp.array([2.0, -2.0], p.dtype))


def two_wells(p: Point) -> Scalar:
    """-exp(-|p - c|²) - exp(-|p + c|²) with c = (1, 0): two Gaussian hills, upside down."""
    x, y = p
    return -jnp.exp(-((x - 1) ** 2) - y**2) - jnp.exp(-((x + 1) ** 2) - y**2)


def well_depths(p: Point) -> tuple[Scalar, Scalar]:
    """The two exponentials, of the right well and of the left."""
    x, y = p
    return jnp.exp(-((x - 1) ** 2) - y**2), jnp.exp(-((x + 1) ** 2) - y**2)


@gradient(of=two_wells, at=dict(p=reals("2")))
def two_wells_gradient(p: Point) -> Point:
    """d(-e^-|p-c|²) = 2 e^-|p-c|² (p - c).dp for either well;
    hence 2 (x - 1) r + 2 (x + 1) l across and 2y (r + l) along, r and l the two exponentials."""
    x, y = p
    right, left = well_depths(p)
    return 2 * jnp.stack([(x - 1) * right + (x + 1) * left, y * (right + left)])


@jvp(of=two_wells, at=dict(p=reals("2")))
def two_wells_rate(p: Point, v: Point) -> Scalar:
    """Towards a well the ground falls: D_v f = 2 r (p - c).v + 2 l (p + c).v."""
    (x, y), (a, b) = p, v
    right, left = well_depths(p)
    return 2 * right * ((x - 1) * a + y * b) + 2 * left * ((x + 1) * a + y * b)


@hessian(of=two_wells, at=dict(p=reals("2")))
def two_wells_hessian(p: Point) -> Float[Array, "2 2"]:
    """One well with q = p - c and e = e^-q.q has gradient 2eq, and d(2eq) = 2e dq - 4e (q.dq) q;
    hence 2e (I - 2qqᵀ), and the sum over the two wells."""
    center, eye = jnp.array([1.0, 0.0], p.dtype), jnp.eye(2, dtype=p.dtype)
    right, left = well_depths(p)
    bend = lambda q, e: 2 * e * (eye - 2 * jnp.outer(q, q))
    return bend(p - center, right) + bend(p + center, left)


# ----- directions: only where one looks matters, not how long the arrow is -----


@jacobian(of=lambda v: v / jnp.linalg.norm(v), at=dict(v=nonzero("d")))
def unit_direction_jacobian(v: Vector) -> Matrix:
    """u = v/|v| and d|v| = u.dv:  du = dv/|v| - v (u.dv)/|v|²;  hence (I - uuᵀ)/|v|,
    which forgets whatever is added along v. The Jacobian of the normalised vector.
    """
    length = jnp.linalg.norm(v)
    u = v / length
    return (jnp.eye(v.size, dtype=v.dtype) - jnp.outer(u, u)) / length


@vjp(of=lambda v: v / jnp.linalg.norm(v), at=dict(v=nonzero("d")))
def unit_direction_pullback(v: Vector, cotangent: Vector) -> Vector:
    """The Jacobian (I - uuᵀ)/|v| is its own transpose;  hence (c - (c.u) u)/|v|."""
    length = jnp.linalg.norm(v)
    u = v / length
    return (cotangent - cotangent @ u * u) / length


def slope(g: Vector, v: Vector) -> Scalar:
    """The rate per unit of way, in the direction of v, of a function whose gradient is g."""
    return g @ v / jnp.linalg.norm(v)


@gradient(of=slope, wrt="v", at=dict(g=reals("d"), v=nonzero("d")))
def slope_gradient_in_direction(g: Vector, v: Vector) -> Vector:
    """s = g.u with du = (I - uuᵀ) dv/|v|;  hence (g - (g.u) u)/|v|.  It vanishes only when all of
    g lies along v: the slope is greatest along the gradient, and least against it."""
    return unit_direction_pullback(v, g)


@identity(
    of=lambda g, v: (g @ v) ** 2 + (g @ quarter_turn(v)) ** 2, at=dict(g=reals("2"), v=reals("2"))
)
def steepest_ascent_balance(g: Point, v: Point) -> Scalar:
    """v and its quarter turn are axes at right angles, so by Pythagoras the two squares make up
    |g|² |v|²;  hence (D_v f)² ≤ |g|² for unit v, with equality when v lies along g."""
    return g @ g * (v @ v)


def rate_by_angle(theta: Scalar, g: Point) -> Scalar:
    """D_v f for the unit vector v at angle θ to the x axis."""
    return g @ circle(theta)


@derivative(of=rate_by_angle, at=dict(theta=reals(), g=reals("2")))
def rate_by_angle_derivative(theta: Scalar, g: Point) -> Scalar:
    """v = (cos θ, sin θ) turns towards its quarter turn;  hence g.(-sin θ, cos θ):
    the rate a quarter turn ahead, zero where the rate is extreme."""
    return g @ quarter_turn(circle(theta))


@hessian(of=rate_by_angle, wrt="theta", at=dict(theta=reals(), g=reals("2")))
def rate_by_angle_second_derivative(theta: Scalar, g: Point) -> Scalar:
    """Two quarter turns are a half turn: v'' = -v;  hence -g.v, so the rate is a pure cosine."""
    return -rate_by_angle(theta, g)


@gradient(of=lambda p: jnp.linalg.norm(jax.grad(elliptic_bowl)(p)), at=dict(p=nonzero("2")))
def elliptic_bowl_steepness_gradient(p: Point) -> Point:
    """m = |g|, m² = g.g, m dm = g.dg = g.H dp;  hence Hg/|g|, with g = (2x, 8y), H = diag(2, 8)."""
    g = elliptic_bowl_gradient(p)
    return jnp.array([2.0, 8.0], p.dtype) * g / jnp.hypot(g[0], g[1])


# ----- level curves and second rates -----


@identity(
    of=lambda p, s: jax.jvp(
        tilted_bowl, (p,), (s * jax.grad(tilted_bowl)(p) + quarter_turn(jax.grad(tilted_bowl)(p)),)
    )[1],
    at=dict(p=reals("2"), s=nonzero()),
)
def level_tangent_adds_no_height(p: Point, s: Scalar) -> Scalar:
    """g.(sg + Jg) with Jg the quarter turn of g: Jg runs along the level curve and g.Jg = 0;
    hence s |g|², the climb of the part along g alone. The tangent of a level set.
    """
    x, y = p
    return s * (5 * x**2 + 8 * x * y + 5 * y**2)


def quadratic(p: Vector, A: Matrix, b: Vector) -> Scalar:
    """½ pᵀAp + b.p, with a matrix that need not be symmetric"""
    return p @ A @ p / 2 + b @ p


@jvp(of=quadratic, at=dict(p=reals("d"), A=reals("d d"), b=reals("d")))
def quadratic_rate(p: Vector, A: Matrix, b: Vector, v: Vector) -> Scalar:
    """d(½ pᵀAp) = ½ (dpᵀAp + pᵀA dp);  hence ½ vᵀ(A + Aᵀ)p + b.v."""
    return v @ (A @ p + A.T @ p) / 2 + b @ v


@hessian(
    of=lambda t, p, v, A, b: quadratic(p + t * v, A, b),
    at=dict(t=reals(), p=reals("d"), v=reals("d"), A=reals("d d"), b=reals("d")),
)
def quadratic_second_rate(t: Scalar, p: Vector, v: Vector, A: Matrix, b: Vector) -> Scalar:
    """t²/2 vᵀAv is the only term of second order in t;  hence vᵀAv, at every point of the line."""
    return v @ A @ v


# ----- every direction agrees, and the function is still not differentiable -----


def blade(p: Point) -> Scalar:
    """x³y / (x⁴ + y²), and 0 at the origin: continuous, for |f| ≤ |x|/2."""
    x, y = p
    bottom = x**4 + y**2
    return jnp.where(bottom == 0, 0.0, x**3 * y / jnp.where(bottom == 0, 1.0, bottom))


@gradient(of=blade, at=dict(p=nonzero("2")))
def blade_gradient(p: Point) -> Point:
    """d = x⁴ + y²:  the quotient rule gives x²y (3d - 4x⁴)/d² and x³ (d - 2y²)/d²;
    hence x²y (3y² - x⁴)/d² and x³ (x² - y)(x² + y)/d², away from the origin."""
    x, y = p
    d = x**4 + y**2
    return jnp.stack([x**2 / d * y * (3 * y**2 - x**4) / d, x**3 / d * (x**2 - y) * (x**2 + y) / d])


@identity(of=lambda t, v: blade(t * v) / t, at=dict(t=nonzero(), v=nonzero("2")))
def blade_ray_slope(t: Scalar, v: Point) -> Scalar:
    """(ta)³(tb) / ((ta)⁴ + (tb)²) / t = t a³b / (t²a⁴ + b²), v = (a, b): as t goes to 0 so does it,
    hence D_v f = 0 at the origin for every v, and the only candidate for a gradient is 0."""
    a, b = v
    return t * a**3 * b / (t**2 * a**4 + b**2)


@derivative(of=lambda t: blade(jnp.stack([t, t**2])), at=dict(t=nonzero()))
def blade_rate_along_parabola(t: Scalar) -> Scalar:
    """On the curve (t, t²): t³t² / (2t⁴) = t/2;  hence ½, though a gradient of 0 would make it 0
    at the origin.  The chain rule fails there: the function is not differentiable."""
    return jnp.full_like(t, 0.5)
