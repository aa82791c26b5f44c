"""Chain, product and quotient rules of several variables.

All of them are one rule, read off a picture of who depends on whom: along every path multiply the
derivatives of its steps, then add the paths. In matrices: Jacobians multiply, the outermost first.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.vectors.directional_derivatives import (
    tilted_bowl,
    tilted_bowl_gradient,
    tilted_bowl_hessian,
)
from lab.calculus.vectors.maps import complex_square, complex_square_jacobian, polar, polar_jacobian
from lab.derivation import derivative, gradient, hessian, jacobian
from lab.domains import nonzero, reals, spd

Scalar = Float[Array, ""]
Point = Float[Array, " 2"]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]
Rows = Float[Array, "m n"]


def _identity(x: Vector) -> Matrix:
    return jnp.eye(x.size, dtype=x.dtype)


# ----- paths: one number, a curve, a map -----


def two_paths(p: Point) -> Scalar:
    """u² + v² for u = x² + y and v = xy. The chain rule over several paths."""
    x, y = p
    u, v = x**2 + y, x * y
    return u**2 + v**2


@gradient(of=two_paths, at=dict(p=reals("2")))
def two_paths_gradient(p: Point) -> Point:
    """x reaches z by u and by v: z_x = z_u u_x + z_v v_x = 2u 2x + 2v y, and z_y = 2u 1 + 2v x;
    hence (4xu + 2yv, 2u + 2xv)."""
    x, y = p
    u, v = x**2 + y, x * y
    return jnp.stack([4 * x * u + 2 * y * v, 2 * u + 2 * x * v])


def spiral(t: Scalar) -> Point:
    """The spiral (t cos t, t sin t)"""
    return polar(jnp.stack([t, t]))


@derivative(of=lambda t: tilted_bowl(spiral(t)), at=dict(t=reals()))
def height_along_spiral_derivative(t: Scalar) -> Scalar:
    """d f(c(t)) = grad f(c) . c' dt, and along the spiral c' = J_polar (1, 1), radius and angle
    both growing at rate 1;  hence grad f(c(t)) . J (1, 1). The total derivative along a curve.
    """
    return tilted_bowl_gradient(spiral(t)) @ polar_jacobian(jnp.stack([t, t])).sum(axis=1)


@jacobian(of=lambda q: complex_square(polar(q)), at=dict(q=reals("2")))
def jacobian_of_composition(q: Point) -> Float[Array, "2 2"]:
    """dy = J_F(G(q)) dG and dG = J_G(q) dq;  hence the product J_F(G(q)) J_G(q), in this order and
    each factor at its own place.  Here F squares x + iy and G is the polar map."""
    return complex_square_jacobian(polar(q)) @ polar_jacobian(q)


# ----- second order: curvature passes through slopes, and slopes through curvature -----


@hessian(of=lambda p: jnp.log1p(tilted_bowl(p)), at=dict(p=reals("2")))
def hessian_of_scalar_chain(p: Point) -> Float[Array, "2 2"]:
    """d φ(f) = φ' df and d² φ(f) = φ'' df² + φ' d²f;  hence φ'' ggᵀ + φ' H, where for
    φ = ln(1 + f) φ' = 1/(1 + f) and φ'' = -φ'². The Hessian of a chain with a scalar outer
    function.
    """
    g, once = tilted_bowl_gradient(p), 1 / (1 + tilted_bowl(p))
    return once * (tilted_bowl_hessian(p) - once * jnp.outer(g, g))


@hessian(of=lambda p: tilted_bowl(complex_square(p)), at=dict(p=reals("2")))
def hessian_of_map_chain(p: Point) -> Float[Array, "2 2"]:
    """d f(G) = Σ f_k dG_k, and once more: dGᵀ H_f dG + Σ f_k d²G_k;  hence
    JᵀH_f J + Σ f_k H_{G_k}: for G = (x² - y², 2xy) the last are 2 diag(1, -1), 2 [[0, 1], [1, 0]].
    The Hessian of a chain with a vector inner function.
    """
    J, (a, b) = complex_square_jacobian(p), tilted_bowl_gradient(complex_square(p))
    bent = jnp.stack([jnp.stack([a, b]), jnp.stack([b, -a])])
    return J.T @ tilted_bowl_hessian(p) @ J + 2 * bent


def quartic_sum(y: Float[Array, " m"]) -> Scalar:
    """Σ yᵢ⁴/4"""
    return jnp.sum(y**4) / 4


AFFINE = {"x": reals("n"), "A": reals("m n"), "b": reals("m")}


def quartic_of_affine(x: Vector, A: Rows, b: Float[Array, " m"]) -> Scalar:
    """Σ (Ax + b)ᵢ⁴/4"""
    return quartic_sum(A @ x + b)


@gradient(of=quartic_of_affine, at=AFFINE)
def affine_substitution_gradient(x: Vector, A: Rows, b: Float[Array, " m"]) -> Vector:
    """y = Ax + b, dy = A dx:  df = grad f(y) . A dx = (Aᵀ grad f(y)) . dx;  hence Aᵀ y³."""
    return A.T @ (A @ x + b) ** 3


@hessian(of=quartic_of_affine, at=AFFINE)
def affine_substitution_hessian(x: Vector, A: Rows, b: Float[Array, " m"]) -> Matrix:
    """d²f = dyᵀ H(y) dy and d²y = 0, the map being straight;  hence AᵀH(y)A with H = 3 diag(y²)."""
    return A.T @ (3 * (A @ x + b)[:, None] ** 2 * A)


def neuron(x: Vector, a: Vector) -> Scalar:
    """tanh(a . x): a ridge function, constant across a"""
    return jnp.tanh(a @ x)


@gradient(of=neuron, wrt="x", at=dict(x=reals("n"), a=reals("n")))
def ridge_function_gradient(x: Vector, a: Vector) -> Vector:
    """d φ(a . x) = φ'(a . x) a . dx;  hence φ' a, always along a.  tanh' = 1/cosh²."""
    return a / jnp.cosh(a @ x) ** 2


@hessian(of=neuron, wrt="x", at=dict(x=reals("n"), a=reals("n")))
def ridge_function_hessian(x: Vector, a: Vector) -> Matrix:
    """d(φ' a) = φ'' a (a . dx);  hence φ'' aaᵀ, of rank one, with tanh'' = -2 tanh/cosh²."""
    t = a @ x
    return -2 * jnp.tanh(t) / jnp.cosh(t) ** 2 * jnp.outer(a, a)


def double_wells(x: Vector) -> Scalar:
    """Σ (xᵢ⁴/4 - xᵢ²/2), a well at ±1 in each coordinate: 2ⁿ minima"""
    return jnp.sum(x**2 * (x**2 / 4 - 0.5))


@gradient(of=double_wells, at=dict(x=reals("n")))
def separable_gradient(x: Vector) -> Vector:
    """Each term knows its own coordinate: d Σ φ(xᵢ) = Σ φ'(xᵢ) dxᵢ;  hence xᵢ³ - xᵢ."""
    return x * (x - 1) * (x + 1)


@hessian(of=double_wells, at=dict(x=reals("n")))
def separable_hessian(x: Vector) -> Matrix:
    """∂²/∂xᵢ∂xⱼ = 0 for i ≠ j;  hence diag(φ''(xᵢ)) = diag(3xᵢ² - 1)."""
    return jnp.diag(3 * x**2 - 1)


# ----- products and quotients -----


def linear_times_square(x: Vector, a: Vector) -> Scalar:
    """(a . x) |x|²"""
    return a @ x * (x @ x)


@gradient(of=linear_times_square, wrt="x", at=dict(x=reals("n"), a=reals("n")))
def scalar_product_rule_gradient(x: Vector, a: Vector) -> Vector:
    """d(fg) = g df + f dg with f = a . x, g = |x|²;
    hence g grad f + f grad g = |x|² a + 2(a.x) x."""
    return x @ x * a + 2 * (a @ x) * x


@hessian(of=linear_times_square, wrt="x", at=dict(x=reals("n"), a=reals("n")))
def scalar_product_rule_hessian(x: Vector, a: Vector) -> Matrix:
    """d²(fg) = g d²f + 2 df dg + f d²g, so f H_g + g H_f + grad f grad gᵀ + grad g grad fᵀ;
    hence 2 (a.x) I + 2 (axᵀ + xaᵀ)."""
    crossed = jnp.outer(a, x)
    return 2 * (a @ x * _identity(x) + crossed + crossed.T)


def damped_linear(x: Vector, a: Vector) -> Scalar:
    """a . x / (1 + |x|²)"""
    return a @ x / (1 + x @ x)


@gradient(of=damped_linear, wrt="x", at=dict(x=reals("n"), a=reals("n")))
def scalar_quotient_rule_gradient(x: Vector, a: Vector) -> Vector:
    """q = f/g, so f = qg and df = g dq + q dg;
    hence (grad f - q grad g)/g = (a - 2qx)/(1 + |x|²)."""
    g = 1 + x @ x
    return (a - 2 * (a @ x / g) * x) / g


def linear_meets_sine(x: Vector, A: Matrix) -> Scalar:
    """(Ax) . sin x"""
    return A @ x @ jnp.sin(x)


@gradient(of=linear_meets_sine, wrt="x", at=dict(x=reals("n"), A=reals("n n")))
def inner_product_of_fields_gradient(x: Vector, A: Matrix) -> Vector:
    """d(u . v) = v . J_u dx + u . J_v dx;
    hence J_uᵀ v + J_vᵀ u, with J_u = A, J_v = diag(cos x)."""
    return A.T @ jnp.sin(x) + jnp.cos(x) * (A @ x)


def product_of_entries(x: Vector) -> Scalar:
    """x₁ x₂ ... xₙ, the product of the coordinates."""
    return jnp.prod(x)


@gradient(of=product_of_entries, at=dict(x=reals("n")))
def product_of_entries_gradient(x: Vector) -> Vector:
    """d Π xⱼ = Σᵢ (Π_{j≠i} xⱼ) dxᵢ;  hence the product without xᵢ: what stands before times what
    stands behind.  (The product over xᵢ is the same, where no entry is 0.)"""
    one = jnp.ones(1, x.dtype)
    before = jnp.cumprod(jnp.concatenate([one, x[:-1]]))
    behind = jnp.cumprod(jnp.concatenate([one, x[:0:-1]]))[::-1]
    return before * behind


# ----- residuals: least squares of a curved map -----


def tanh_squares(x: Vector, A: Rows, b: Float[Array, " m"]) -> Scalar:
    """|r|²/2 for r = tanh(Ax) - b, a layer fitted to b"""
    return jnp.sum((jnp.tanh(A @ x) - b) ** 2) / 2


@gradient(of=tanh_squares, wrt="x", at=AFFINE)
def nonlinear_least_squares_gradient(x: Vector, A: Rows, b: Float[Array, " m"]) -> Vector:
    """d |r|²/2 = r . dr = r . J dx;  hence Jᵀr, with J = diag(tanh'(Ax)) A."""
    z = A @ x
    return A.T @ ((jnp.tanh(z) - b) / jnp.cosh(z) ** 2)


@hessian(of=tanh_squares, wrt="x", at=AFFINE)
def nonlinear_least_squares_hessian(x: Vector, A: Rows, b: Float[Array, " m"]) -> Matrix:
    """d(Jᵀr) = JᵀJ dx + Σ rᵢ H_{rᵢ} dx;  hence JᵀJ, which Gauss and Newton keep, plus the residuals
    times their curvature, rᵢ tanh''(zᵢ) aᵢaᵢᵀ, which they drop."""
    z = A @ x
    t, s = jnp.tanh(z), 1 / jnp.cosh(z) ** 2
    return A.T @ ((s**2 - 2 * (t - b) * t * s)[:, None] * A)


# ----- under a constraint -----


def least_energy(c: Scalar, a: Vector, H: Matrix) -> Scalar:
    """min xᵀHx/2 under a . x = c, by solving Hx = λa, a . x = c for x and λ"""
    n = a.size
    system = jnp.zeros((n + 1, n + 1), a.dtype).at[:n, :n].set(H).at[:n, n].set(-a).at[n, :n].set(a)
    x = jnp.linalg.solve(system, jnp.zeros(n + 1, a.dtype).at[n].set(c))[:n]
    return x @ H @ x / 2


@derivative(of=least_energy, wrt="c", at=dict(c=reals(), a=nonzero("n"), H=spd("n")))
def multiplier_is_the_price_of_the_constraint(c: Scalar, a: Vector, H: Matrix) -> Scalar:
    """At the minimum grad f = Hx = λa, and moving the constraint a . dx = dc costs grad f . dx =
    λ a . dx = λ dc;  hence λ: x = λH⁻¹a and a . x = c make it c/(aᵀH⁻¹a). Lagrange's condition, and
    what the multiplier means.
    """
    return c / (a @ jnp.linalg.solve(H, a))
