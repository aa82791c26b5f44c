"""Curvature from gradients: DFP beside BFGS, the two loops of L-BFGS, conjugate directions, sweeps.

A step s and the change y of the gradient over it tell the curvature along s. The updates keep what
was told: of an inverse Hessian B they make one with B⁺y = s. B is a matrix here, or the list of the
last steps, or nothing but the last direction.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.optimizers.second_order import inverse_update
from lab.derivation import identity, jacobian, jvp
from lab.domains import nonzero, positive, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]
Steps = Float[Array, "m n"]

# ----- DFP, and what it is to BFGS -----


def dfp_update(B: Matrix, s: Vector, y: Vector) -> Matrix:
    """B - B y yᵀB/yᵀBy + s sᵀ/s.y: the update of Davidon, Fletcher and Powell for an inverse."""
    moved = B @ y
    return B - jnp.outer(moved, moved) / (y @ moved) + jnp.outer(s, s) / (s @ y)


def after_dfp(s: Vector, H: Matrix, B: Matrix) -> Vector:
    """The inverse updated by DFP applied to the change of the gradient, y = H s."""
    y = H @ s
    return dfp_update(B, s, y) @ y


LEARNED = dict(s=nonzero("n"), H=spd("n"), B=spd("n"))


@identity(of=after_dfp, at=LEARNED)
def dfp_secant_equation(s: Vector, H: Matrix, B: Matrix) -> Vector:
    """B y - B y (yᵀBy)/(yᵀBy) + s (s.y)/(s.y): the old inverse drops out along y;  hence s."""
    return s


def dfp_form(v: Vector, s: Vector, H: Matrix, B: Matrix) -> Scalar:
    """vᵀB⁺v, B updated by DFP after the step s on a quadratic of Hessian H."""
    return v @ dfp_update(B, s, H @ s) @ v


@identity(of=dfp_form, at=LEARNED | dict(v=reals("n")))
def dfp_keeps_positive(v: Vector, s: Vector, H: Matrix, B: Matrix) -> Scalar:
    """With w = v - y (v.By)/(y.By): wᵀBw = vᵀBv - (v.By)²/y.By;  hence wᵀBw + (s.v)²/s.y, positive
    as long as B is and s.y > 0.
    """
    y = H @ s
    w = v - y * (v @ B @ y) / (y @ B @ y)
    return w @ B @ w + (s @ v) ** 2 / (s @ y)


def bfgs_exchanged(s: Vector, H: Matrix, A: Matrix) -> Matrix:
    """The update of BFGS with s and y exchanged, which makes A⁺y = s into A⁺s = y, inverted."""
    return jnp.linalg.inv(inverse_update(A, H @ s, s))


@identity(of=bfgs_exchanged, at=dict(s=nonzero("n"), H=spd("n"), A=spd("n")))
def dfp_is_bfgs_exchanged(s: Vector, H: Matrix, A: Matrix) -> Matrix:
    """DFP asks B⁺y = s of the inverse, so A⁺s = y of A = B⁻¹: what BFGS asks, s and y exchanged.
    By Sherman, Morrison and Woodbury the inverse is A⁻¹ - A⁻¹y yᵀA⁻¹/yᵀA⁻¹y + s sᵀ/s.y;  hence DFP
    for A⁻¹.
    """
    return dfp_update(jnp.linalg.inv(A), s, H @ s)


@jvp(of=dfp_update, wrt="B", at=dict(B=spd("n"), s=nonzero("n"), y=nonzero("n")))
def dfp_update_jvp(B: Matrix, s: Vector, y: Vector, tangent: Matrix) -> Matrix:
    """u = By/yᵀBy: d(B y yᵀBᵀ/yᵀBy) = dB y uᵀ + u yᵀdBᵀ - u uᵀ yᵀdB y, and s sᵀ/s.y stays;  hence
    dB less these, whose curvature along y is zero: what is known is not touched.
    """
    u, moved = B @ y / (y @ B @ y), tangent @ y
    return tangent - jnp.outer(moved, u) - jnp.outer(u, moved) + jnp.outer(u, u) * (y @ moved)


# ----- L-BFGS -----


def two_loop_recursion(g: Vector, S: Steps, H: Matrix, scale: Scalar) -> Vector:
    """B g by the two loops of L-BFGS, from the last steps S (rows) and gradient changes S H alone.

    Nocedal 1980: newest to oldest q -= αᵢ yᵢ with αᵢ = sᵢ.q/sᵢ.yᵢ, then times the scale, and
    oldest to newest r += (αᵢ - yᵢ.r/sᵢ.yᵢ) sᵢ.
    """
    Y = S @ H
    alphas = []
    for s, y in zip(S[::-1], Y[::-1], strict=True):
        alphas.append((s @ g) / (s @ y))
        g = g - alphas[-1] * y
    g = scale * g
    for s, y, alpha in zip(S, Y, alphas[::-1], strict=True):
        g = g + (alpha - (y @ g) / (s @ y)) * s
    return g


def product_form(S: Steps, H: Matrix, scale: Scalar) -> Matrix:
    """The inverse Hessian of BFGS as a matrix: scale I, updated step by step."""
    B = scale * jnp.eye(H.shape[0], dtype=H.dtype)
    for s in S:
        B = inverse_update(B, s, H @ s)
    return B


REMEMBERED = dict(g=reals("n"), S=nonzero("m n"), H=spd("n"), scale=positive())


@identity(of=two_loop_recursion, at=REMEMBERED)
def two_loop_is_bfgs(g: Vector, S: Steps, H: Matrix, scale: Scalar) -> Vector:
    """B⁺ = VᵀBV + s sᵀ/s.y with V = I - y sᵀ/s.y: the first loop applies V after V, the second Vᵀ
    and what s sᵀ adds;  hence the product form of BFGS times g, with no matrix ever stored.
    """
    return product_form(S, H, scale) @ g


@jacobian(of=two_loop_recursion, wrt="g", at=REMEMBERED)
def two_loop_jacobian(g: Vector, S: Steps, H: Matrix, scale: Scalar) -> Matrix:
    """αᵢ and all the rest are linear in g;  hence the inverse Hessian itself, in product form."""
    return product_form(S, H, scale)


# ----- directions that do not undo each other -----


def conjugation_by_projection(H: Matrix, b: Vector) -> Scalar:
    """β = -r⁺ᵀHp/pᵀHp, after the first step of conjugate gradients on xᵀHx/2 - bᵀx from 0: p = b,
    r⁺ = b - a H b, a = b.b/bᵀHb. It makes r⁺ + β p conjugate to p.
    """
    r = b - (b @ b) / (b @ H @ b) * (H @ b)
    return -(r @ H @ b) / (b @ H @ b)


@identity(of=conjugation_by_projection, at=dict(H=spd("n+1"), b=nonzero("n+1")))
def conjugate_gradient_beta(H: Float[Array, "m m"], b: Float[Array, " m"]) -> Scalar:
    """a Hp = r - r⁺ and r⁺.r = 0, so -r⁺ᵀHp = r⁺.r⁺/a, and pᵀHp = r.r/a;  hence r⁺.r⁺/r.r: no
    product with H beyond the one that the step needed (Fletcher and Reeves).
    """
    r = b - (b @ b) / (b @ H @ b) * (H @ b)
    return (r @ r) / (b @ b)


# ----- one coordinate at a time -----


def coordinate_sweep(x: Vector, H: Matrix, b: Vector) -> Vector:
    """Coordinate descent on xᵀHx/2 - bᵀx, each entry in turn put where the loss is least:

    xᵢ += (b - Hx)ᵢ/Hᵢᵢ, the sweep of Gauss and Seidel.
    """
    for i in range(x.size):
        x = x.at[i].add((b[i] - H[i] @ x) / H[i, i])
    return x


SWEPT = dict(x=reals("n"), H=spd("n"), b=reals("n"))


@identity(of=coordinate_sweep, at=SWEPT)
def coordinate_sweep_as_a_solve(x: Vector, H: Matrix, b: Vector) -> Vector:
    """H = L + U, L the lower triangle with the diagonal: entry i reads new entries before it, old
    ones behind, so L x⁺ + U x = b;  hence x⁺ = L⁻¹(b - U x).
    """
    return jax.scipy.linalg.solve_triangular(jnp.tril(H), b - jnp.triu(H, 1) @ x, lower=True)


@jacobian(of=coordinate_sweep, wrt="x", at=SWEPT)
def coordinate_sweep_jacobian(x: Vector, H: Matrix, b: Vector) -> Matrix:
    """L x⁺ + U x = b, so L dx⁺ = -U dx;  hence -L⁻¹U: its first column is zero, for the first entry
    is forgotten at once.
    """
    return -jax.scipy.linalg.solve_triangular(jnp.tril(H), jnp.triu(H, 1), lower=True)
