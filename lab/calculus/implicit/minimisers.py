"""Minimisers: the derivative of an argmin, of a minimum, and of the walk that finds it.

At a minimiser the gradient is 0 and stays 0: f_xx dx + f_xθ dθ = 0. The minimum itself is easier:
its derivative does not ask how the minimiser moves (the envelope theorem). And if the minimiser is
found by k steps of descent, the derivative may instead be carried through every step.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.nn import sigmoid, softplus
from jax.numpy.linalg import inv, solve
from jaxtyping import Array, Float

from lab.calculus.implicit.roots_and_fixed_points import balance_root
from lab.derivation import gradient, hessian, jacobian, jvp, vjp
from lab.domains import choice, interval, positive, reals, spd, tall

Scalar = Float[Array, ""]


# ----- without constraints -----


def penalised_logistic(w: Float[Array, " d"], penalty: Scalar, Z: Float[Array, "n d"]) -> Scalar:
    """mean ln(1 + e^(-Z w)) + λ |w|² / 2, the rows of Z samples times their labels ±1."""
    return jnp.mean(softplus(-Z @ w)) + penalty * (w @ w) / 2


def penalised_logistic_curvature(
    w: Float[Array, " d"], penalty: Scalar, Z: Float[Array, "n d"]
) -> Float[Array, "d d"]:
    """f_ww = Zᵀ diag(s (1 - s)) Z / n + λ I, s = sigmoid(Z w)."""
    m = Z @ w
    weights = sigmoid(m) * sigmoid(-m) / m.size
    return (Z.T * weights) @ Z + penalty * jnp.eye(w.size, dtype=w.dtype)


def logistic_weights(penalty: Scalar, Z: Float[Array, "n d"]) -> Float[Array, " d"]:
    """The minimiser, by Newton's method. An unconstrained argmin."""

    def improve(_: Any, w: Float[Array, " d"]) -> Float[Array, " d"]:
        slope = penalty * w - Z.T @ sigmoid(-Z @ w) / len(Z)
        return w - solve(penalised_logistic_curvature(w, penalty, Z), slope)

    return jax.lax.fori_loop(0, 12, improve, jnp.zeros_like(Z[0]))


LOGISTIC = dict(penalty=interval(0.05, 2), Z=interval(-2, 2, "n d"))


@jacobian(of=logistic_weights, wrt="penalty", at=LOGISTIC)
def logistic_weights_derivative(penalty: Scalar, Z: Float[Array, "n d"]) -> Float[Array, " d"]:
    """f_w(w, λ) = 0:  f_ww dw + f_wλ dλ = 0;  hence dw/dλ = -f_ww⁻¹ f_wλ, and f_wλ = w."""
    w = logistic_weights(penalty, Z)
    return -solve(penalised_logistic_curvature(w, penalty, Z), w)


def least_logistic_loss(penalty: Scalar, Z: Float[Array, "n d"]) -> Scalar:
    """min over w of the penalised logistic loss."""
    return penalised_logistic(logistic_weights(penalty, Z), penalty, Z)


@gradient(of=least_logistic_loss, at=LOGISTIC)
def least_logistic_loss_derivative(penalty: Scalar, Z: Float[Array, "n d"]) -> Scalar:
    """The envelope theorem (Danskin): V = f(w(λ), λ), dV = f_w dw + f_λ dλ, and f_w = 0 there;
    hence f_λ alone, |w|² / 2: how the minimiser moves is not needed."""
    w = logistic_weights(penalty, Z)
    return w @ w / 2


def conjugate(y: Float[Array, " n"], A: Float[Array, "n n"]) -> Scalar:
    """f*(y) = sup_x yᵀ x - f(x) of f(x) = xᵀ A x / 2 + Σ ln cosh x, strictly convex."""
    x = balance_root(y, A)
    return y @ x - (x @ A @ x / 2 + jnp.sum(softplus(2 * x) - x - jnp.log(2)))


@gradient(of=conjugate, wrt="y", at=dict(y=interval(-2, 2, "n"), A=spd("n")))
def conjugate_gradient_map(y: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """At the supremum y = ∇f(x), and by the envelope theorem df* = xᵀ dy;  hence ∇f* = x(y), the
    inverse map of ∇f."""
    return balance_root(y, A)


@hessian(of=conjugate, wrt="y", at=dict(y=interval(-2, 2, "n"), A=spd("n")))
def conjugate_hessian(y: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """∇f(∇f*(y)) = y, and the Jacobians of inverse maps are inverse;  hence (A + diag(sech² x))⁻¹:
    sharply curved where f is flat."""
    return inv(A + jnp.diag(1 - jnp.tanh(balance_root(y, A)) ** 2))


# ----- with equality constraints: Lagrange -----


def kkt_matrix(Q: Float[Array, "n n"], A: Float[Array, "n k"]) -> Float[Array, "m m"]:
    """[[Q, A], [Aᵀ, 0]]"""
    k = A.shape[1]
    return jnp.block([[Q, A], [A.T, jnp.zeros((k, k), A.dtype)]])


def constrained_minimiser(
    Q: Float[Array, "n n"], c: Float[Array, " n"], A: Float[Array, "n k"], b: Float[Array, " k"]
) -> tuple[Float[Array, " n"], Float[Array, " k"]]:
    """argmin xᵀ Q x / 2 + cᵀ x subject to Aᵀ x = b, and the multipliers μ with Q x + c = A μ.

    An equality-constrained QP, by its KKT system.
    """
    both = solve(kkt_matrix(Q, A), jnp.concatenate([-c, b]))
    return both[: c.size], -both[c.size :]


QP = dict(Q=spd("n"), c=reals("n"), A=tall("n k"), b=reals("k"))


@jvp(of=constrained_minimiser, wrt=("Q", "c", "A", "b"), at=QP)
def constrained_minimiser_jvp(
    Q: Float[Array, "n n"],
    c: Float[Array, " n"],
    A: Float[Array, "n k"],
    b: Float[Array, " k"],
    tangent: tuple[
        Float[Array, "n n"], Float[Array, " n"], Float[Array, "n k"], Float[Array, " k"]
    ],
) -> tuple[Float[Array, " n"], Float[Array, " k"]]:
    """Q x + c = A μ and Aᵀ x = b:  Q dx - A dμ = dA μ - dQ x - dc and Aᵀ dx = db - dAᵀ x;
    hence (dx, -dμ) from a second solve with the same KKT matrix."""
    dQ, dc, dA, db = tangent
    x, multipliers = constrained_minimiser(Q, c, A, b)
    right = jnp.concatenate([dA @ multipliers - dQ @ x - dc, db - dA.T @ x])
    both = solve(kkt_matrix(Q, A), right)
    return both[: c.size], -both[c.size :]


def constrained_minimum(
    Q: Float[Array, "n n"], c: Float[Array, " n"], A: Float[Array, "n k"], b: Float[Array, " k"]
) -> Scalar:
    """min xᵀ Q x / 2 + cᵀ x subject to Aᵀ x = b.

    Its sensitivity is Lagrange's multiplier (Lagrangian sensitivity).
    """
    x, _ = constrained_minimiser(Q, c, A, b)
    return x @ Q @ x / 2 + c @ x


@gradient(of=constrained_minimum, wrt="b", at=QP)
def constrained_minimum_gradient(
    Q: Float[Array, "n n"], c: Float[Array, " n"], A: Float[Array, "n k"], b: Float[Array, " k"]
) -> Float[Array, " k"]:
    """dV = ∇fᵀ dx, ∇f = A μ, and Aᵀ dx = db, so dV = μᵀ Aᵀ dx = μᵀ db;  hence the multipliers:
    what relaxing a constraint is worth."""
    return constrained_minimiser(Q, c, A, b)[1]


# ----- through the steps -----


def step_along(
    w: Float[Array, " n"], a: Scalar, H: Float[Array, "n n"], b: Float[Array, " n"]
) -> Float[Array, " n"]:
    """w - a (H w + tanh w - b), H symmetric: descends wᵀ H w / 2 + Σ ln cosh w - bᵀ w."""
    return w - a * (H @ w + jnp.tanh(w) - b)


def unrolled_descent(
    a: Scalar, H: Float[Array, "n n"], b: Float[Array, " n"], steps: int
) -> Float[Array, " n"]:
    """Where the descent from 0 is after so many steps."""
    return jax.lax.fori_loop(0, steps, lambda _, w: step_along(w, a, H, b), jnp.zeros_like(b))


WALK = dict(a=interval(0, 0.2), H=spd("n"), b=interval(-2, 2, "n"), steps=choice(1, 2, 4))


@jacobian(of=unrolled_descent, wrt="a", at=WALK)
def unrolled_descent_derivative(
    a: Scalar, H: Float[Array, "n n"], b: Float[Array, " n"], steps: int
) -> Float[Array, " n"]:
    """w⁺ = w - a g(w):  dw⁺ = dw - a G dw - g da, G = ∇²f(w);  hence the recurrence
    w'⁺ = (I - a G) w' - g, from w' = 0, beside the descent."""

    def carry(_: Any, both: tuple[Array, Array]) -> tuple[Array, Array]:
        w, change = both
        curved = H @ change + (1 - jnp.tanh(w) ** 2) * change
        return step_along(w, a, H, b), change - a * curved - (H @ w + jnp.tanh(w) - b)

    return jax.lax.fori_loop(0, steps, carry, (jnp.zeros_like(b), jnp.zeros_like(b)))[1]


@vjp(of=unrolled_descent, wrt=("a", "b"), at=WALK)
def unrolled_descent_vjp(
    a: Scalar,
    H: Float[Array, "n n"],
    b: Float[Array, " n"],
    steps: int,
    cotangent: Float[Array, " n"],
) -> tuple[Scalar, Float[Array, " n"]]:
    """Backwards a step sends u to (I - a G) u, leaving -uᵀ g for a and a u for b; every w on the
    way is needed again;  hence their sums, last step first."""
    walk = [jnp.zeros_like(b)]
    for _ in range(steps):
        walk.append(step_along(walk[-1], a, H, b))
    u, for_a, for_b = cotangent, jnp.zeros_like(a), jnp.zeros_like(b)
    for w in reversed(walk[:-1]):
        for_a = for_a - u @ (H @ w + jnp.tanh(w) - b)
        for_b = for_b + a * u
        u = u - a * (H.T @ u + (1 - jnp.tanh(w) ** 2) * u)
    return for_a, for_b


def adapted_loss(
    w: Float[Array, " d"],
    a: Scalar,
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    Z: Float[Array, "m d"],
    t: Float[Array, " m"],
) -> Scalar:
    """mean (Z v - t)² / 2 after one step v = w - a ∇ mean (X w - y)² / 2 on a task: MAML.

    MAML's inner step.
    """
    v = w - a * X.T @ (X @ w - y) / y.size
    return jnp.mean((Z @ v - t) ** 2) / 2


@gradient(
    of=adapted_loss,
    wrt="w",
    at=dict(w=reals("d"), a=positive(), X=reals("n d"), y=reals("n"), Z=reals("m d"), t=reals("m")),
)
def adapted_loss_gradient(
    w: Float[Array, " d"],
    a: Scalar,
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    Z: Float[Array, "m d"],
    t: Float[Array, " m"],
) -> Float[Array, " d"]:
    """dv = (I - a G) dw, G = Xᵀ X / n the curvature of the task, and G = Gᵀ;  hence (I - a G) ∇L(v)
    (Finn, Abbeel, Levine 2017); to drop a G is first-order MAML."""
    v = w - a * X.T @ (X @ w - y) / y.size
    g = Z.T @ (Z @ v - t) / t.size
    return g - a * X.T @ (X @ g) / y.size
