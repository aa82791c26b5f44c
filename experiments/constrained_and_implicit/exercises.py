"""Exercises on constrained_and_implicit: derivatives of what solves an equation.

F(x, t) = 0 stays 0 when t moves: F_x dx + F_t dt = 0, so dx/dt = -F_t / F_x, with a linear solve if
x is a vector. At a minimum the gradient is 0, and the minimum itself moves by f_t alone (the
envelope theorem). Under a constraint h(x) = c the gradients lie along one line, grad f = m grad h,
and the multiplier m is the slope of the least f in c.
"""

import jax
import jax.numpy as jnp

# ----- roots -----


def root(t):
    """The x with e^x + x = t, by Newton's method on a formula that does not overflow."""
    x = jnp.where(t > 1, jnp.log(jnp.maximum(t, 1.0)), t - 1)
    for _ in range(12):
        x = x - (jnp.exp(x) + x - t) / (jnp.exp(x) + 1)
    return x


def root_derivative(t):
    """Easy: the slope of a root.

    The derivative of `root` in t. You may call `root`.
    """
    ...


def turning_point():
    """Medium: where the theorem fails.

    A number t at which a root of x³ - 3x = t has no derivative, because two roots meet there. There
    are two such t: give one.
    """
    ...


def echo(w, b):
    """The z with z = tanh(w z + b), -1 < w < 1, by iterating."""
    return jax.lax.fori_loop(0, 120, lambda _, z: jnp.tanh(w * z + b), jnp.zeros_like(b))


def echo_gradient(w, b):
    """Medium: a fixed point.

    The derivatives of `echo` in w and in b: a tuple of two numbers. You may call `echo`.
    """
    ...


# ----- constraints -----


def nearest_on_line():
    """Easy: the nearest point.

    The (x, y) of least x² + y² on the line x + 2y = 5.
    """
    ...


def price():
    """Easy: what a constraint is worth.

    How fast does that least x² + y² grow, per unit, when the 5 is raised?
    """
    ...


def nearest_on_ellipse():
    """Medium: gradients along one line.

    The point (x, y) of the ellipse x²/8 + y²/2 = 1 that is nearest to (3, 3). (Its coordinates are
    whole numbers.)
    """
    ...


def deceiving(x, y):
    """Hard: aligned, and no minimum.

    A function f of the plane such that, on the circle x² + y² = 1, the gradients of f and of the
    circle's equation are aligned at (1, 0), the gradient of f is not 0 there, and yet arbitrarily
    near on the circle f is lower on one side and higher on the other. Answer with f(x, y).
    """
    ...


# ----- fits -----


def ridge(penalty, X, y):
    """The w of least |Xw - y|² + penalty |w|²."""
    return jnp.linalg.solve(X.T @ X + penalty * jnp.eye(X.shape[1], dtype=X.dtype), X.T @ y)


def ridge_derivative(penalty, X, y):
    """Medium: how weights shrink.

    The derivative of `ridge` in the penalty: a vector. You may call `ridge`.
    """
    ...


def least_loss(penalty, X, y):
    """The least |Xw - y|² + penalty |w|²."""
    w = ridge(penalty, X, y)
    return jnp.sum((X @ w - y) ** 2) + penalty * jnp.sum(w**2)


def least_loss_derivative(penalty, X, y):
    """Medium: the envelope theorem.

    The derivative of `least_loss` in the penalty, in one short line. You may call `ridge`.
    """
    ...


def judged(penalty, X, y, Z, t):
    """The loss |Zw - t|² on other data of the weights w that `ridge` finds."""
    return jnp.sum((Z @ ridge(penalty, X, y) - t) ** 2)


def hypergradient(penalty, X, y, Z, t):
    """Hard: a hyperparameter's gradient.

    The derivative of `judged` in the penalty, with one linear solve beside that of `ridge`.
    """
    ...


def lag(c, a, k):
    """Hard: what unrolling gets wrong.

    Descent on c w²/2 - w from w = 0 with step a has w = (1 - r^k)/c after k steps, r = 1 - ac; the
    minimiser is 1/c. By how much does the derivative of that w in c differ from the derivative of
    the minimiser? (It is a multiple of r^k and one of k r^(k-1).)
    """
    ...
