"""Steps that know the curvature: Newton, Gauss-Newton, Levenberg-Marquardt, BFGS, natural gradient.

A step of second order asks where a quadratic model of the loss has its bottom. What it promises is
exact on a quadratic; what it does elsewhere hangs on how the model is made, and how far it is
trusted.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, identity, jacobian
from lab.domains import nonzero, positive, reals, spd, tall

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]
Pair = Float[Array, " 2"]

# ----- Newton, and damping -----


def newton_step(x: Vector, H: Matrix, b: Vector) -> Vector:
    """x - H⁻¹ ∇f(x) for f = xᵀHx/2 - bᵀx."""
    return x - jnp.linalg.solve(H, H @ x - b)


@identity(of=newton_step, at=dict(x=reals("n"), H=spd("n"), b=reals("n")))
def newton_arrival(x: Vector, H: Matrix, b: Vector) -> Vector:
    """x - H⁻¹ (Hx - b) = x - x + H⁻¹b;  hence the bottom H⁻¹b, in one step and from anywhere."""
    return jnp.linalg.solve(H, b)


def damped_step(damping: Scalar, g: Vector, H: Matrix) -> Vector:
    """-(H + λI)⁻¹ g: Newton's step for λ = 0, a short one down the gradient for great λ.

    The damped step of Newton and Levenberg.
    """
    return -jnp.linalg.solve(H + damping * jnp.eye(g.size, dtype=g.dtype), g)


@jacobian(of=damped_step, wrt="damping", at=dict(damping=positive(), g=reals("n"), H=spd("n")))
def damped_step_derivative(damping: Scalar, g: Vector, H: Matrix) -> Vector:
    """d(A⁻¹) = -A⁻¹ dA A⁻¹ with A = H + λI, dA = dλ I;  hence (H + λI)⁻² g: damping shortens the
    step, and most along the least curvature.
    """
    A = H + damping * jnp.eye(g.size, dtype=g.dtype)
    return jnp.linalg.solve(A, jnp.linalg.solve(A, g))


# ----- Gauss-Newton where it is right, and where it is not -----


def bent_residuals(x: Scalar, bend: Scalar) -> Pair:
    """x + 1 and c x² + x - 1: of all their squares the sum is least at 0 if c < 1, and is 2 there.

    The bend c decides how much Gauss-Newton overlooks (Dennis and Schnabel 1983, section 10.2).
    """
    return jnp.stack([x + 1, bend * x**2 + x - 1])


@jacobian(of=bent_residuals, wrt="x", at=dict(x=reals(), bend=reals()))
def bent_residuals_jacobian(x: Scalar, bend: Scalar) -> Pair:
    """dr = (1, 2c x + 1) dx;  hence (1, 2c x + 1)."""
    return jnp.stack([jnp.ones_like(x), 2 * bend * x + 1])


def bent_loss(x: Scalar, bend: Scalar) -> Scalar:
    """(x + 1)² + (c x² + x - 1)²"""
    return jnp.sum(bent_residuals(x, bend) ** 2)


@derivative(of=bent_loss, wrt="x", at=dict(x=reals(), bend=reals()))
def bent_loss_derivative(x: Scalar, bend: Scalar) -> Scalar:
    """2 r.dr;  hence 2 (x + 1) + 2 (c x² + x - 1) (2c x + 1), and 0 at 0."""
    return 2 * bent_residuals(x, bend) @ bent_residuals_jacobian(x, bend)


def gauss_newton_map(x: Scalar, bend: Scalar) -> Scalar:
    """x - Jᵀr / JᵀJ: one step of Gauss-Newton on `bent_residuals`."""
    J = bent_residuals_jacobian(x, bend)
    return x - J @ bent_residuals(x, bend) / (J @ J)


@derivative(of=gauss_newton_map, wrt="x", at=dict(x=reals(), bend=reals()))
def gauss_newton_map_derivative(x: Scalar, bend: Scalar) -> Scalar:
    """N = Jᵀr, D = JᵀJ, J₂ = 2c x + 1;  dN = (D + 2c r₂) dx and dD = 4c J₂ dx, so
    d(x - N/D) = (-2c r₂/D + 4c J₂ N/D²) dx. At 0, where r₂ = -1, D = 2 and N = 0, hence c: what a
    step leaves of the error is the overlooked curvature over the one that is seen.
    """
    r, J = bent_residuals(x, bend), bent_residuals_jacobian(x, bend)
    D = J @ J
    return (-2 * r[1] + 4 * J[1] * (J @ r) / D) * bend / D


def levenberg_marquardt_step(
    damping: Scalar, J: Float[Array, "k n"], r: Float[Array, " k"], weights: Vector
) -> Vector:
    """-(JᵀJ + λ D)⁻¹ Jᵀr with D = diag(weights): Gauss-Newton's step, damped as Levenberg and
    Marquardt do.
    """
    return -jnp.linalg.solve(J.T @ J + damping * jnp.diag(weights), J.T @ r)


@jacobian(
    of=levenberg_marquardt_step,
    wrt="damping",
    at=dict(damping=positive(), J=tall("k n"), r=reals("k"), weights=positive("n")),
)
def levenberg_marquardt_derivative(
    damping: Scalar, J: Float[Array, "k n"], r: Float[Array, " k"], weights: Vector
) -> Vector:
    """A = JᵀJ + λD, A p = -Jᵀr: dA p + A dp = 0 with dA = D dλ;  hence -A⁻¹ D p, as in ridge
    regression: what the weights hold is held more.
    """
    A = J.T @ J + damping * jnp.diag(weights)
    return jnp.linalg.solve(A, weights * jnp.linalg.solve(A, J.T @ r))


# ----- secants -----


def inverse_update(B: Matrix, s: Vector, y: Vector) -> Matrix:
    """(I - s yᵀ/s.y) B (I - y sᵀ/s.y) + s sᵀ/s.y, the update of BFGS for an inverse Hessian."""
    left = jnp.eye(s.size, dtype=s.dtype) - jnp.outer(s, y) / (s @ y)
    return left @ B @ left.T + jnp.outer(s, s) / (s @ y)


def after_the_step(s: Vector, H: Matrix, B: Matrix) -> Vector:
    """The updated inverse applied to the change of the gradient, y = H s.

    BFGS, the inverse update.
    """
    y = H @ s
    return inverse_update(B, s, y) @ y


@identity(of=after_the_step, at=dict(s=nonzero("n"), H=spd("n"), B=spd("n")))
def secant_equation(s: Vector, H: Matrix, B: Matrix) -> Vector:
    """(I - y sᵀ/s.y) y = y - y = 0, so only s sᵀ/s.y is left of the update, and it takes y to s;
    hence B⁺y = s: along the step just made the curvature is known.
    """
    return s


def updated_form(v: Vector, s: Vector, H: Matrix, B: Matrix) -> Scalar:
    """vᵀB⁺v, B updated after the step s on a quadratic of Hessian H."""
    return v @ inverse_update(B, s, H @ s) @ v


@identity(of=updated_form, at=dict(v=reals("n"), s=nonzero("n"), H=spd("n"), B=spd("n")))
def updated_form_as_squares(v: Vector, s: Vector, H: Matrix, B: Matrix) -> Scalar:
    """With w = v - y (s.v)/s.y it is wᵀBw + (s.v)²/s.y, y = H s;  hence positive as long as B is
    and s.y > 0: the directions stay downhill.
    """
    y = H @ s
    w = v - y * (s @ v) / (s @ y)
    return w @ B @ w + (s @ v) ** 2 / (s @ y)


def symmetric_rank_one(s: Vector, P: Matrix, B: Matrix) -> Vector:
    """(B + v vᵀ/v.s) s with v = y - B s, for a gradient that changes by y = (B + P) s. SR1."""
    y = (B + P) @ s
    v = y - B @ s
    return (B + jnp.outer(v, v) / (v @ s)) @ s


@identity(of=symmetric_rank_one, at=dict(s=nonzero("n"), P=spd("n"), B=spd("n")))
def symmetric_rank_one_secant(s: Vector, P: Matrix, B: Matrix) -> Vector:
    """B s + v (v.s)/(v.s) = B s + y - B s;  hence y: the least change that knows the new step."""
    return (B + P) @ s


# ----- conjugate gradients -----


def conjugate_gradients(H: Float[Array, "2 2"], b: Pair) -> Pair:
    """Two steps of conjugate gradients on xᵀHx/2 - bᵀx from 0, the second to the bottom along
    -g + β d, β = |g|²/|g₀|².
    """
    x = (b @ b) / (b @ H @ b) * b
    r = b - H @ x
    d = r + (r @ r) / (b @ b) * b
    return x + (r @ d) / (d @ H @ d) * d


@identity(of=conjugate_gradients, at=dict(H=spd("2"), b=nonzero("2")))
def conjugate_gradients_arrive(H: Float[Array, "2 2"], b: Pair) -> Pair:
    """dᵀH d₀ = 0 by the choice of β, so the second step undoes nothing of the first, and in two
    dimensions two such directions are all;  hence H⁻¹b.
    """
    return jnp.linalg.solve(H, b)


# ----- the natural gradient of a normal distribution -----

NORMAL = dict(dm=reals(), ds=reals(), s=positive())


def natural_solve(dm: Scalar, ds: Scalar, s: Scalar) -> Pair:
    """F⁻¹ (dm, ds), F = diag(1/s², 2/s²) the Fisher information of N(m, s²) on m and s."""
    F = jnp.diag(jnp.stack([1 / s**2, 2 / s**2]))
    return jnp.linalg.solve(F, jnp.stack([dm, ds]))


@identity(of=natural_solve, at=NORMAL)
def normal_natural_gradient(dm: Scalar, ds: Scalar, s: Scalar) -> Pair:
    """F is diagonal, hence (s² dm, s² ds/2): slow where the distribution is narrow, for there a
    small step changes it much.
    """
    return jnp.stack([s**2 * dm, s**2 * ds / 2])


def natural_step_in_logs(dm: Scalar, ds: Scalar, s: Scalar) -> Pair:
    """The natural gradient for N(m, e^2l) in m and l = ln s, told as a move of m and s."""
    slope = jnp.stack([dm, s * ds])  # dL/dl = s dL/ds
    F = jnp.diag(jnp.stack([1 / s**2, jnp.full_like(s, 2)]))
    move = jnp.linalg.solve(F, slope)
    return jnp.stack([move[0], s * move[1]])


@identity(of=natural_step_in_logs, at=NORMAL)
def natural_gradient_invariance(dm: Scalar, ds: Scalar, s: Scalar) -> Pair:
    """With s = φ(l) slopes turn by φ', F by φ'² and moves by 1/φ': φ' (φ'² F)⁻¹ φ' = F⁻¹;
    hence the same move of the distribution, (s² dm, s² ds/2).
    """
    return normal_natural_gradient(dm, ds, s)


def normal_surprise(p: Pair, y: Float[Array, " k"]) -> Scalar:
    """The mean of -ln N(y; m, s²) but for ln 2π/2, p = (m, ln s): (y - m)²/2s² + ln s."""
    z = (y - p[0]) * jnp.exp(-p[1])
    return jnp.mean(z**2) / 2 + p[1]


@gradient(of=normal_surprise, wrt="p", at=dict(p=reals("2"), y=reals("k")))
def normal_surprise_gradient(p: Pair, y: Float[Array, " k"]) -> Pair:
    """z = (y - m) e⁻ˡ, dz = -e⁻ˡ dm - z dl;  d(z²/2 + l) = z dz + dl;  hence (-mean z e⁻ˡ,
    1 - mean z²).
    """
    z = (y - p[0]) * jnp.exp(-p[1])
    return jnp.stack([-jnp.mean(z) * jnp.exp(-p[1]), 1 - jnp.mean(z**2)])
