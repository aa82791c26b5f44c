"""Functions of a matrix: exponential, logarithm, rotations, equations, stationary states.

f(A) is not f of the entries. Along a direction E that does not commute with A the derivative mixes
f at different eigenvalues: divided differences for symmetric matrices (Daleckii and Krein), an
integral for the exponential (Duhamel), and always the top right block of f([[A, E], [0, A]]).
"""

import jax
import jax.numpy as jnp
from jax.numpy.linalg import det, eigh, solve
from jaxtyping import Array, Float

from lab.calculus.matrices.exponential import exponential
from lab.calculus.matrices.matrix_functions import symmetric_part
from lab.derivation import gradient, jacobian, jvp
from lab.domains import interval, nonzero, reals, spd

Scalar = Float[Array, ""]

# ----- the exponential -----


@jvp(of=exponential, at=dict(A=interval(-1, 1, "n n")))
def exponential_jvp(A: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Y' = A Y along t gives (dY)' = A dY + dA Y, so dY = ∫₀¹ e^(sA) dA e^((1-s)A) ds, which is
    what [[A, dA], [0, A]] does to its second half (Van Loan 1978);
    hence the top right block of the exponential of that matrix. The Frechet derivative of the
    matrix exponential (expm).
    """
    n = len(A)
    blocks = jnp.block([[A, tangent], [jnp.zeros_like(A), A]])
    return exponential(blocks)[:n, n:]


def exponential_trace(A: Float[Array, "n n"]) -> Scalar:
    """Tr e^A: the trace of expm."""
    return jnp.trace(exponential(A))


@gradient(of=exponential_trace, at=dict(A=interval(-1, 1, "n n")))
def exponential_trace_gradient(A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Tr ∫ e^(sA) dA e^((1-s)A) ds = Tr(e^A dA), under the trace they commute;  hence (e^A)ᵀ."""
    return exponential(A).T


def exponential_determinant(A: Float[Array, "n n"]) -> Scalar:
    """det e^A: det of expm."""
    return det(exponential(A))


@gradient(of=exponential_determinant, at=dict(A=interval(-1, 1, "n n")))
def exponential_determinant_gradient(A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """det e^A = Π e^(w_i) = e^(Tr A) (Jacobi);  hence e^(Tr A) I, whatever else A does."""
    return jnp.exp(jnp.trace(A)) * jnp.eye(len(A), dtype=A.dtype)


def exponential_flow(t: Scalar, A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """e^(tA)."""
    return exponential(t * A)


@jacobian(of=exponential_flow, wrt="t", at=dict(t=interval(-1, 1), A=interval(-1, 1, "n n")))
def exponential_flow_derivative(t: Scalar, A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """A commutes with itself, so here the integral is A e^(tA);  hence A e^(tA) = e^(tA) A."""
    return A @ exponential(t * A)


def cross_matrix(w: Float[Array, " 3"]) -> Float[Array, "3 3"]:
    """[w] with [w] x = w × x."""
    x, y, z = w
    o = jnp.zeros_like(x)
    return jnp.array([[o, -z, y], [z, o, -x], [-y, x, o]])


def rotation(w: Float[Array, " 3"]) -> Float[Array, "3 3"]:
    """e^[w], the rotation by |w| about w, by Rodrigues' formula: the exponential map of SO(3)."""
    angle = jnp.linalg.norm(w)
    K = cross_matrix(w / angle)
    eye = jnp.eye(3, dtype=w.dtype)
    return eye + jnp.sin(angle) * K + 2 * jnp.sin(angle / 2) ** 2 * (K @ K)


@jvp(of=rotation, at=dict(w=nonzero("3")))
def rotation_jvp(w: Float[Array, " 3"], tangent: Float[Array, " 3"]) -> Float[Array, "3 3"]:
    """R Rᵀ = I makes dR Rᵀ skew: dR = [J dw] R. About u = w / t, t = |w|, the integral of the
    turned tangent e^(s[w]) dw is  J = sin t / t I + (1 - sin t / t) u uᵀ + (1 - cos t) / t [u];
    hence [J dw] R, with J the left Jacobian of SO(3)."""
    t = jnp.linalg.norm(w)
    u = w / t
    moved = (
        jnp.sin(t) / t * tangent
        + (1 - jnp.sin(t) / t) * u * (u @ tangent)
        + 2 * jnp.sin(t / 2) ** 2 / t * jnp.cross(u, tangent)
    )
    return cross_matrix(moved) @ rotation(w)


# ----- functions of a symmetric matrix -----


def logarithm(S: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The symmetric matrix whose exponential is the positive definite S.

    The spectral function ln of a symmetric matrix.
    """
    w, V = eigh(S)
    return V * jnp.log(w) @ V.T


@jvp(
    of=logarithm,
    at=dict(S=spd("n")),
    kinks="equal eigenvalues: no kink of the logarithm, but JAX, by eigenvectors, has 0/0 there",
)
def logarithm_jvp(S: Float[Array, "n n"], tangent: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """d(V f(D) Vᵀ) with dV = V (F ∘ Vᵀ dS V), F_ij = 1 / (w_j - w_i) (Daleckii and Krein 1965);
    hence V (K ∘ Vᵀ dS V) Vᵀ, K_ij = (f(w_i) - f(w_j)) / (w_i - w_j), f' where they are equal.
    For the logarithm K_ij = 2 artanh(z) / (z s), s = w_i + w_j, z = (w_i - w_j) / s."""
    w, V = eigh(S)
    s = w[:, None] + w
    z = (w[:, None] - w) / s
    quotient = jnp.where(z == 0, 1.0, jnp.arctanh(z) / jnp.where(z == 0, 1.0, z))
    return V @ (2 * quotient / s * (V.T @ symmetric_part(tangent) @ V)) @ V.T


def softplus_trace(S: Float[Array, "n n"]) -> Scalar:
    """Σ ln(1 + e^w) over the eigenvalues of the symmetric part of S."""
    return jnp.sum(jax.nn.softplus(jnp.linalg.eigvalsh(symmetric_part(S))))


@gradient(of=softplus_trace, at=dict(S=reals("n n")))
def softplus_trace_gradient(S: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Σ f'(w_i) dw_i = Σ f'(w_i) v_iᵀ dS v_i: under the trace only the diagonal of K is seen;
    hence V diag(f'(w)) Vᵀ = f'(S), here the logistic function of S."""
    w, V = eigh(symmetric_part(S))
    return V * jax.nn.sigmoid(w) @ V.T


# ----- solutions of matrix equations -----


def sylvester_solution(
    A: Float[Array, "m m"], B: Float[Array, "n n"], C: Float[Array, "m n"]
) -> Float[Array, "m n"]:
    """The X with A X + X B = C: one linear system for vec X.

    Sylvester's equation, Lyapunov's if B = Aᵀ.
    """
    m, n = C.shape
    eyes = jnp.eye(m, dtype=A.dtype), jnp.eye(n, dtype=A.dtype)
    return solve(jnp.kron(A, eyes[1]) + jnp.kron(eyes[0], B.T), C.ravel()).reshape(m, n)


@jvp(
    of=sylvester_solution,
    wrt=("A", "B", "C"),
    at=dict(A=spd("m"), B=spd("n"), C=reals("m n")),
)
def sylvester_solution_jvp(
    A: Float[Array, "m m"],
    B: Float[Array, "n n"],
    C: Float[Array, "m n"],
    tangent: tuple[Float[Array, "m m"], Float[Array, "n n"], Float[Array, "m n"]],
) -> Float[Array, "m n"]:
    """dA X + A dX + dX B + X dB = dC;  hence dX solves the same equation with the right side
    dC - dA X - X dB."""
    dA, dB, dC = tangent
    X = sylvester_solution(A, B, C)
    return sylvester_solution(A, B, dC - dA @ X - X @ dB)


def transitions(Z: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """A Markov chain from logits: every row of P a softmax."""
    return jax.nn.softmax(Z, axis=1)


def stationary_distribution(Z: Float[Array, "n n"]) -> Float[Array, " n"]:
    """The p with pᵀ P = pᵀ and pᵀ 1 = 1, P = transitions(Z): it solves pᵀ (I - P + 1 1ᵀ) = 1ᵀ."""
    ones = jnp.ones_like(Z)
    return solve((jnp.eye(len(Z), dtype=Z.dtype) - transitions(Z) + ones).T, ones[0])


@jvp(of=stationary_distribution, at=dict(Z=interval(-3, 3, "n n")))
def stationary_distribution_jvp(
    Z: Float[Array, "n n"], tangent: Float[Array, "n n"]
) -> Float[Array, " n"]:
    """dpᵀ (I - P) = pᵀ dP and dpᵀ 1 = 0, so dpᵀ 1 pᵀ may be added: dpᵀ (I - P + 1 pᵀ) = pᵀ dP;
    hence pᵀ dP (I - P + 1 pᵀ)⁻¹ (Meyer 1975), with dP = P ∘ (dZ - its mean under P in each row)."""
    P, p = transitions(Z), stationary_distribution(Z)
    dP = P * (tangent - jnp.sum(P * tangent, axis=1, keepdims=True))
    return solve((jnp.eye(len(P), dtype=P.dtype) - P + p).T, dP.T @ p)


def boltzmann_mean(E: Float[Array, " n"], v: Float[Array, " n"], temperature: Scalar) -> Scalar:
    """The mean of v under p = softmax(-E / T). Boltzmann's mean, a softmax of energies."""
    return jax.nn.softmax(-E / temperature) @ v


@gradient(
    of=boltzmann_mean,
    wrt=("E", "temperature"),
    at=dict(E=reals("n"), v=reals("n"), temperature=interval(0.1, 10)),
)
def boltzmann_mean_gradient(
    E: Float[Array, " n"], v: Float[Array, " n"], temperature: Scalar
) -> tuple[Float[Array, " n"], Scalar]:
    """dp = p ∘ (dx - p.dx), x = -E / T, so dm = Σ p_j (v_j - m) dx_j, dx = -dE / T + E dT / T²;
    hence -p_j (v_j - m) / T for E_j, and the covariance of v and E over T² for T."""
    p = jax.nn.softmax(-E / temperature)
    off = p * (v - p @ v)
    return -off / temperature, off @ E / temperature**2
