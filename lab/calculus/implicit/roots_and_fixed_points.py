"""Roots and fixed points: derivatives of what is only known by the equation it solves.

F(x(θ), θ) = 0 stays 0 when θ moves: F_x dx + F_θ dθ = 0. How the root was found does not matter;
one linear solve at the root gives its derivative. The functions below do find their roots, by
Newton's method or by iterating, and JAX differentiates through every step of that.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.numpy.linalg import solve
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, identity, jacobian, jvp, vjp
from lab.domains import choice, interval, positive, reals, spd

Scalar = Float[Array, ""]


# ----- one equation, one unknown -----


def quintic_root(theta: Float[Array, "..."]) -> Float[Array, "..."]:
    """The x with x⁵ + x = θ, by Newton's method; there is no formula for it (Abel 1824)."""

    def improve(_: Any, x: Float[Array, "..."]) -> Float[Array, "..."]:
        return x - (x**5 + x - theta) / (5 * x**4 + 1)

    # from far above a step leaves 4/5 of the distance
    return jax.lax.fori_loop(0, 40, improve, theta / (1 + theta**2) ** 0.4)


@derivative(of=quintic_root, at=dict(theta=reals()))
def quintic_root_derivative(theta: Float[Array, "..."]) -> Float[Array, "..."]:
    """5 x⁴ dx + dx = dθ;  hence 1 / (5 x⁴ + 1), between 0 and 1 at every θ."""
    return 1 / (5 * quintic_root(theta) ** 4 + 1)


def cubic_root(a: Float[Array, " 4"]) -> Scalar:
    """The real root of a_0 + a_1 x + a_2 x² + a_3 x³, where a_1, a_3 > 0 dominate: it is simple.

    A polynomial's root as a function of its coefficients a_k.
    """

    def improve(_: Any, x: Scalar) -> Scalar:
        return x - polynomial(a, x) / slope(a, x)

    return jax.lax.fori_loop(0, 40, improve, jnp.zeros_like(a[0]))


def polynomial(a: Float[Array, " 4"], x: Scalar) -> Scalar:
    """Σ a_k xᵏ"""
    return a[0] + x * (a[1] + x * (a[2] + x * a[3]))


def slope(a: Float[Array, " 4"], x: Scalar) -> Scalar:
    """Σ k a_k xᵏ⁻¹"""
    return a[1] + x * (2 * a[2] + x * 3 * a[3])


@gradient(of=cubic_root, at=dict(a=interval(1, 1.7, "4")))
def cubic_root_gradient(a: Float[Array, " 4"]) -> Float[Array, " 4"]:
    """p(r) = 0:  p'(r) dr + Σ rᵏ da_k = 0;  hence -rᵏ / p'(r): blown up where the root is nearly
    a double one."""
    r = cubic_root(a)
    return -jnp.stack([jnp.ones_like(r), r, r**2, r**3]) / slope(a, r)


def lambert_w(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """The w ≥ 0 with w e^w = x, by Newton's method on w + ln w = ln x, in u = ln w."""

    def improve(_: Any, u: Float[Array, "..."]) -> Float[Array, "..."]:
        w = jnp.exp(u)
        return u - (w + u - jnp.log(x)) / (w + 1)

    return jnp.exp(jax.lax.fori_loop(0, 12, improve, jnp.log(jnp.log1p(x))))


@derivative(of=lambert_w, at=dict(x=positive()))
def lambert_w_derivative(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """(1 + w) e^w dw = dx and e^w = x / w;  hence w / (x (1 + w))."""
    w = lambert_w(x)
    return w / (x * (1 + w))


def eccentric_anomaly(M: Scalar, e: Scalar) -> Scalar:
    """Kepler's equation: the E with E - e sin E = M, 0 ≤ e < 1; by Newton's method."""

    def improve(_: Any, E: Scalar) -> Scalar:
        return E - (E - e * jnp.sin(E) - M) / (1 - e * jnp.cos(E))

    return jax.lax.fori_loop(0, 20, improve, M + e * jnp.sign(jnp.sin(M)))


@gradient(of=eccentric_anomaly, wrt=("M", "e"), at=dict(M=interval(0, 3.1), e=interval(0, 0.95)))
def eccentric_anomaly_gradient(M: Scalar, e: Scalar) -> tuple[Scalar, Scalar]:
    """dE - e cos E dE - sin E de = dM;  hence 1 / (1 - e cos E) for the time M, and sin E over the
    same for the eccentricity: fast at perihelion, where E and e cos E are closest."""
    E = eccentric_anomaly(M, e)
    closeness = 1 - e * jnp.cos(E)
    return 1 / closeness, jnp.sin(E) / closeness


# ----- many equations -----


def balance(
    x: Float[Array, " n"], theta: Float[Array, " n"], A: Float[Array, "n n"]
) -> Float[Array, " n"]:
    """F(x, θ) = A x + tanh x - θ, with a positive definite A: it has one root."""
    return A @ x + jnp.tanh(x) - theta


def balance_root(theta: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """The x with A x + tanh x = θ, by Newton's method."""

    def improve(_: Any, x: Float[Array, " n"]) -> Float[Array, " n"]:
        return x - solve(A + jnp.diag(1 - jnp.tanh(x) ** 2), balance(x, theta, A))

    return jax.lax.fori_loop(0, 12, improve, jnp.zeros_like(theta))


@jacobian(of=balance_root, wrt="theta", at=dict(theta=interval(-2, 2, "n"), A=spd("n")))
def balance_root_jacobian(theta: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The implicit function theorem: F_x dx + F_θ dθ = 0;  hence dx/dθ = -F_x⁻¹ F_θ, here
    (A + diag(sech² x))⁻¹."""
    x = balance_root(theta, A)
    return jnp.linalg.inv(A + jnp.diag(1 - jnp.tanh(x) ** 2))


def solution_on_line(
    theta: Scalar,
    A: Float[Array, "n n"],
    B: Float[Array, "n n"],
    b: Float[Array, " n"],
    c: Float[Array, " n"],
) -> Float[Array, " n"]:
    """The x with A(θ) x = b(θ), where A(θ) = A + θ B and b(θ) = b + θ c."""
    return solve(A + theta * B, b + theta * c)


@jacobian(
    of=solution_on_line,
    wrt="theta",
    at=dict(
        theta=interval(-0.3, 0.3),
        A=spd("n"),
        B=interval(-0.3, 0.3, "n n"),
        b=reals("n"),
        c=reals("n"),
    ),
)
def solution_on_line_derivative(
    theta: Scalar,
    A: Float[Array, "n n"],
    B: Float[Array, "n n"],
    b: Float[Array, " n"],
    c: Float[Array, " n"],
) -> Float[Array, " n"]:
    """F = A x - b:  A dx + dA x = db;  hence x' = A⁻¹ (b' - A' x), the implicit function theorem
    for an F linear in x."""
    x = solution_on_line(theta, A, B, b, c)
    return solve(A + theta * B, c - B @ x)


# ----- fixed points -----


def layer_map(
    z: Float[Array, " n"], W: Float[Array, "n n"], b: Float[Array, " n"]
) -> Float[Array, " n"]:
    """f(z) = tanh(W z + b), a layer that is fed its own output."""
    return jnp.tanh(W @ z + b)


def equilibrium(W: Float[Array, "n n"], b: Float[Array, " n"]) -> Float[Array, " n"]:
    """The z with z = tanh(W z + b), by iterating 60 times: a deep equilibrium layer.

    DEQ: a fixed point.
    """
    return jax.lax.fori_loop(0, 60, lambda _, z: layer_map(z, W, b), jnp.zeros_like(b))


SMALL = dict(W=interval(-0.12, 0.12, "n n"), b=interval(-3, 3, "n"))


@jvp(of=equilibrium, wrt=("W", "b"), at=SMALL)
def equilibrium_jvp(
    W: Float[Array, "n n"],
    b: Float[Array, " n"],
    tangent: tuple[Float[Array, "n n"], Float[Array, " n"]],
) -> Float[Array, " n"]:
    """z = f(z, θ):  dz = f_z dz + f_θ dθ;  hence (I - f_z)⁻¹ f_θ dθ, with s = sech²(W z + b),
    f_z = diag(s) W and f_θ dθ = s ∘ (dW z + db)."""
    z = equilibrium(W, b)
    s = 1 - z**2
    dW, db = tangent
    return solve(jnp.eye(b.size, dtype=b.dtype) - s[:, None] * W, s * (dW @ z + db))


@vjp(of=equilibrium, wrt=("W", "b"), at=SMALL)
def equilibrium_vjp(
    W: Float[Array, "n n"], b: Float[Array, " n"], cotangent: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, " n"]]:
    """gᵀ (I - f_z)⁻¹ f_θ dθ = uᵀ f_θ dθ with (I - f_z)ᵀ u = g: the memory of the iteration is not
    needed (Bai, Kolter, Koltun 2019);  hence (s ∘ u) zᵀ for W and s ∘ u for b."""
    z = equilibrium(W, b)
    s = 1 - z**2
    u = solve((jnp.eye(b.size, dtype=b.dtype) - s[:, None] * W).T, cotangent)
    return jnp.outer(s * u, z), s * u


def neumann_sum(A: Float[Array, "n n"], k: int) -> Float[Array, "n n"]:
    """I + A + ... + Aᵏ⁻¹: what k steps of an iteration add up."""
    eye = jnp.eye(len(A), dtype=A.dtype)
    return jax.lax.fori_loop(0, k, lambda _, total: eye + A @ total, jnp.zeros_like(A))


@identity(of=neumann_sum, at=dict(A=interval(-0.12, 0.12, "n n"), k=choice(1, 2, 5, 9)))
def neumann_series(A: Float[Array, "n n"], k: int) -> Float[Array, "n n"]:
    """(I - A)(I + A + ... + Aᵏ⁻¹) = I - Aᵏ, everything between cancels;  hence (I - A)⁻¹ (I - Aᵏ):
    k unrolled steps differ from the implicit derivative by Aᵏ, the rate of the iteration."""
    eye = jnp.eye(len(A), dtype=A.dtype)
    return solve(eye - A, eye - jnp.linalg.matrix_power(A, k))


@jvp(of=neumann_sum, wrt="A", at=dict(A=interval(-0.12, 0.12, "n n"), k=choice(1, 2, 5, 9)))
def neumann_sum_jvp(
    A: Float[Array, "n n"], k: int, tangent: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """S = I + A S⁻ with S⁻ one term shorter: dS = dA S⁻ + A dS⁻, unrolled k times;
    hence Σ_j Aʲ dA S_(k-1-j)."""
    total = change = jnp.zeros_like(A)
    for _ in range(k):
        change = tangent @ total + A @ change
        total = jnp.eye(len(A), dtype=A.dtype) + A @ total
    return change
