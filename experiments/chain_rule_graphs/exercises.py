"""Exercises on chain_rule_graphs: multiply along paths, add over paths.

A computation is a graph: each node reads earlier ones. On an edge stands the local derivative, that
of the node in what it reads, at the values it has there. The derivative of the output in an input
is the sum over all paths between them of the products along them. Forwards a node gathers from
those it reads; backwards it hands on to them: what is read twice gathers twice.
"""

import jax.numpy as jnp

# ----- by hand -----


def wave(x):
    return jnp.exp(jnp.sin(x**2))


def wave_derivative(x):
    """Easy: one path.

    The derivative of `wave`: x, squared, its sine, the exponential of that.
    """
    ...


def number_of_paths():
    """Easy: counting paths.

    a = x², b = sin x, c = a b, d = a + c, y = c d. How many paths lead from x to y?
    """
    ...


def crossing(p):
    """z = u² v with u = x + y² and v = x y."""
    x, y = p
    return (x + y**2) ** 2 * (x * y)


def crossing_gradient(p):
    """Medium: several paths.

    The gradient of `crossing` at p = (x, y): its two partial derivatives in an array.
    """
    ...


def adjoints():
    """Medium: a backward sweep.

    c = a b, d = a + c, y = c d, at a = 2 and b = 3: so c = 6, d = 8, y = 48. The adjoint of a node
    is the derivative of y with respect to it. Sweep backwards; answer with the four of a, b, c and
    d.
    """
    ...


# ----- an equation instead of a formula -----


def height(x):
    """The y with y³ + y = x, by Newton's method."""
    y = x / (1 + x**2) ** (1 / 3)
    for _ in range(12):
        y = y - (y**3 + y - x) / (3 * y**2 + 1)
    return y


def height_derivative(x):
    """Medium: the slope of a curve given by an equation.

    The derivative of `height`. You may call `height` for the y that belongs to x.
    """
    ...


# ----- directions -----


def two_costs():
    """Medium: the order of multiplication.

    Three layers lead from 1000 inputs to 100, to 10, to 1 output. How many multiplications of
    numbers does the product of their Jacobians J3 J2 J1 take as J3 (J2 J1), and how many as (J3 J2)
    J1? Answer with both: [forward, reverse].
    """
    ...


def neither_way():
    """Hard: an order better than both.

    Sizes n0, n1, n2, n3, n4 of a chain of four Jacobians, Ji being ni by n(i-1), whose product
    costs at least five times less in some other order than in forward mode J4 (J3 (J2 J1)) and in
    reverse mode ((J4 J3) J2) J1. Answer with five whole numbers from 1 to 100.
    """
    ...


def autoencoder(W, x):
    """W' tanh(W x): in by W, out by its transpose."""
    return W.T @ jnp.tanh(W @ x)


def autoencoder_pullback(W, x, cotangent):
    """Hard: a weight that is read twice.

    The pullback of `autoencoder` in W: the gradient of `cotangent @ autoencoder(W, x)`, without
    automatic differentiation.
    """
    ...


def smooth_after_all():
    """Hard: the chain rule asks for more than it needs.

    Functions f and g, both of one number, such that f has no derivative at g(0) and f(g(x)) has one
    at x = 0. g must not be constant near 0. Answer with both: (f, g).
    """
    ...
