"""Maps and their Jacobians: what becomes of a small square when the plane is bent.

A map sends n numbers to m. Near a point it is linear, dy = J dx, and J, m by n, is its Jacobian:
column j says where the output goes as input j moves. For n = m the determinant of J is the factor
by which areas (or volumes) grow.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, identity, jacobian, vjp
from lab.domains import interval, nonzero, positive, reals, unit

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Space = Float[Array, " 3"]
Square = Float[Array, "2 2"]
Cube = Float[Array, "3 3"]


def rows(*entries: list[Scalar]) -> Float[Array, "m n"]:
    """A matrix from its entries, row by row."""
    return jnp.stack([jnp.stack(row) for row in entries])


# ----- maps of the plane -----


def complex_square(p: Point) -> Point:
    """(x² - y², 2xy): the square of x + iy"""
    x, y = p
    return jnp.stack([(x - y) * (x + y), 2 * x * y])


@jacobian(of=complex_square, at=dict(p=reals("2")))
def complex_square_jacobian(p: Point) -> Square:
    """d(x² - y²) = 2x dx - 2y dy and d(2xy) = 2y dx + 2x dy;  hence 2 [[x, -y], [y, x]]:
    a rotation and a stretch, because dz² = 2z dz."""
    x, y = p
    return 2 * rows([x, -y], [y, x])


@identity(of=lambda p: jnp.linalg.det(jax.jacfwd(complex_square)(p)), at=dict(p=reals("2")))
def complex_square_area_factor(p: Point) -> Scalar:
    """det 2 [[x, -y], [y, x]] = 4 (x² + y²): lengths grow by |2z|, areas by its square."""
    return 4 * (p @ p)


def sum_and_product_map(p: Point) -> Point:
    """(x² + y², xy)"""
    x, y = p
    return jnp.stack([x**2 + y**2, x * y])


@jacobian(of=sum_and_product_map, at=dict(p=reals("2")))
def sum_and_product_map_jacobian(p: Point) -> Square:
    """d(x² + y²) = 2x dx + 2y dy and d(xy) = y dx + x dy;  hence [[2x, 2y], [y, x]], of
    determinant 2 (x² - y²): it folds the plane along the diagonals."""
    x, y = p
    return rows([2 * x, 2 * y], [y, x])


def polar(q: Point) -> Point:
    """(r cos t, r sin t) from (r, t)"""
    r, t = q
    return r * jnp.stack([jnp.cos(t), jnp.sin(t)])


POLAR = {"q": reals("2")}


@jacobian(of=polar, at=POLAR)
def polar_jacobian(q: Point) -> Square:
    """dr moves outwards by (cos t, sin t) dr, dt moves across by r (-sin t, cos t) dt;
    hence [[cos t, -r sin t], [sin t, r cos t]]: columns at right angles, of lengths 1 and r."""
    r, t = q
    return rows([jnp.cos(t), -r * jnp.sin(t)], [jnp.sin(t), r * jnp.cos(t)])


@identity(of=lambda q: jnp.linalg.det(jax.jacfwd(polar)(q)), at=POLAR)
def polar_area_factor(q: Point) -> Scalar:
    """r cos² t + r sin² t;  hence r, the r of r dr dt."""
    return q[0]


def to_polar(p: Point) -> Point:
    """(r, t) from (x, y)"""
    x, y = p
    return jnp.stack([jnp.hypot(x, y), jnp.arctan2(y, x)])


@jacobian(of=to_polar, at=dict(p=nonzero("2")))
def to_polar_jacobian(p: Point) -> Square:
    """The inverse map has the inverse Jacobian, and polar's columns are orthogonal, of lengths 1
    and r: its inverse has rows (cos t, sin t) and (-sin t, cos t)/r;
    hence [[x/r, y/r], [-y/r², x/r²]]."""
    x, y = p
    r = jnp.hypot(x, y)
    return rows([x / r, y / r], [-y / r / r, x / r / r])


def rotate(t: Scalar, p: Point) -> Point:
    """p turned left by the angle t: a planar rotation."""
    x, y = p
    c, s = jnp.cos(t), jnp.sin(t)
    return jnp.stack([c * x - s * y, s * x + c * y])


@jacobian(of=rotate, wrt=("t", "p"), at=dict(t=reals(), p=reals("2")))
def rotate_jacobian(t: Scalar, p: Point) -> tuple[Point, Square]:
    """dR/dt = R(t + π/2), a quarter turn further: R S p with S = [[0, -1], [1, 0]];  and R p is
    linear in p;  hence (R S p, R)."""
    c, s = jnp.cos(t), jnp.sin(t)
    turned = rotate(t, p)
    return jnp.stack([-turned[1], turned[0]]), rows([c, -s], [s, c])


def bearing(p: Point, direction: Point) -> Scalar:
    """The angle from a unit direction to p, left positive."""
    return jnp.arctan2(direction[0] * p[1] - direction[1] * p[0], direction @ p)


@gradient(of=bearing, at=dict(p=nonzero("2"), direction=unit("d", d=2)))
def bearing_gradient(p: Point, direction: Point) -> Point:
    """The direction adds a constant to the polar angle of p, whose gradient is the second row of
    the polar map's inverse Jacobian;  hence (-y, x)/r²."""
    return jnp.stack([-p[1], p[0]]) / (p @ p)


def robot_arm(angles: Point, lengths: Point) -> Point:
    """Where the hand of an arm with two joints is: the second angle is seen from the first bone"""
    (a, b), (l, m) = angles, lengths
    return jnp.stack([l * jnp.cos(a) + m * jnp.cos(a + b), l * jnp.sin(a) + m * jnp.sin(a + b)])


ARM = {"angles": reals("2"), "lengths": positive("2")}


@jacobian(of=robot_arm, wrt="angles", at=ARM)
def robot_arm_jacobian(angles: Point, lengths: Point) -> Square:
    """The shoulder turns the whole arm, the elbow the second bone only, and turning moves the hand
    by a quarter turn of what is turned;  hence columns J hand and J bone, J(x, y) = (-y, x)."""
    hand = robot_arm(angles, lengths)
    bone = lengths[1] * jnp.stack([jnp.cos(angles.sum()), jnp.sin(angles.sum())])
    return rows([-hand[1], -bone[1]], [hand[0], bone[0]])


@identity(of=lambda angles, lengths: jnp.linalg.det(jax.jacfwd(robot_arm)(angles, lengths)), at=ARM)
def robot_arm_area_factor(angles: Point, lengths: Point) -> Scalar:
    """det (J hand, J bone) = det (hand, bone) = det (first bone, bone), as hand - bone is the
    first;  hence l m sin b: stretched or folded, the arm cannot move its hand outwards."""
    return lengths[0] * lengths[1] * jnp.sin(angles[1])


# ----- maps of space -----


def spherical(q: Space) -> Space:
    """(r sin θ cos φ, r sin θ sin φ, r cos θ) from (r, θ, φ): the spherical map."""
    r, a, b = q
    return r * jnp.stack([jnp.sin(a) * jnp.cos(b), jnp.sin(a) * jnp.sin(b), jnp.cos(a)])


@jacobian(of=spherical, at=dict(q=reals("3")))
def spherical_jacobian(q: Space) -> Cube:
    """dr moves along u = (sin θ cos φ, sin θ sin φ, cos θ), dθ along r u_θ, dφ along r sin θ u_φ
    with u_φ = (-sin φ, cos φ, 0);  hence three orthogonal columns of lengths 1, r, r |sin θ|."""
    r, a, b = q
    sa, ca, sb, cb = jnp.sin(a), jnp.cos(a), jnp.sin(b), jnp.cos(b)
    zero = jnp.zeros_like(r)
    return rows(
        [sa * cb, r * ca * cb, -r * sa * sb],
        [sa * sb, r * ca * sb, r * sa * cb],
        [ca, -r * sa, zero],
    )


@identity(of=lambda q: jnp.linalg.det(jax.jacfwd(spherical)(q)), at=dict(q=reals("3")))
def spherical_volume_factor(q: Space) -> Scalar:
    """Columns at right angles and right-handed: the volume is the product of their lengths;
    hence r² sin θ."""
    return q[0] ** 2 * jnp.sin(q[1])


def cross_matrix(a: Space) -> Cube:
    """[a]ₓ with [a]ₓ b = a × b"""
    x, y, z = a
    zero = jnp.zeros_like(x)
    return rows([zero, -z, y], [z, zero, -x], [-y, x, zero])


@jacobian(of=jnp.cross, wrt=(0, 1), at=(reals("3"), reals("3")))
def cross_product_jacobian(a: Space, b: Space) -> tuple[Cube, Cube]:
    """d(a × b) = da × b + a × db = -b × da + a × db;  hence -[b]ₓ and [a]ₓ."""
    return -cross_matrix(b), cross_matrix(a)


@vjp(of=jnp.cross, wrt=(0, 1), at=(reals("3"), reals("3")))
def cross_product_vjp(a: Space, b: Space, cotangent: Space) -> tuple[Space, Space]:
    """c . (da × b) = da . (b × c) and c . (a × db) = db . (c × a), turning the triple product;
    hence b × c and c × a."""
    return cross_matrix(b) @ cotangent, cross_matrix(cotangent) @ a


def triple_product(a: Space, b: Space, c: Space) -> Scalar:
    """a . (b × c), the volume of the box they span. The scalar triple product."""
    return a @ jnp.cross(b, c)


@gradient(of=triple_product, wrt=("a", "b", "c"), at=dict(a=reals("3"), b=reals("3"), c=reals("3")))
def triple_product_gradient(a: Space, b: Space, c: Space) -> tuple[Space, Space, Space]:
    """Linear in each, and a . (b × c) = b . (c × a) = c . (a × b);
    hence b × c, c × a, a × b: the face across from each edge."""
    return cross_matrix(b) @ c, cross_matrix(c) @ a, cross_matrix(a) @ b


def triangle_side(a: Scalar, b: Scalar, angle: Scalar) -> Scalar:
    """The side across from the angle between sides a and b: √(a² + b² - 2ab cos C).

    Written as √((a - b)² + 4ab sin²(C/2)), which does not cancel for slim triangles.
    """
    return jnp.sqrt((a - b) ** 2 + 4 * a * b * jnp.sin(angle / 2) ** 2)


@gradient(
    of=triangle_side,
    wrt=("a", "b", "angle"),
    at=dict(a=positive(), b=positive(), angle=interval(0, jnp.pi)),
)
def triangle_side_gradient(a: Scalar, b: Scalar, angle: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """c² = a² + b² - 2ab cos C:  c dc = (a - b cos C) da + (b - a cos C) db + ab sin C dC;
    hence those over c, with 1 - cos C = 2 sin²(C/2) to keep a - b cos C from cancelling."""
    c = triangle_side(a, b, angle)
    short = 2 * jnp.sin(angle / 2) ** 2
    return (a - b + b * short) / c, (b - a + a * short) / c, a * b * jnp.sin(angle) / c
