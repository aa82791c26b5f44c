"""Functions that autodiff fails on: in a naive form and in a mended one, each with where it fails.

None of them is a derivation.  The naive forms are right on paper; what JAX makes of their slopes is
nan, infinite, zero, or another number than the slope.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Key

from lab.calculus.factorisations.orthogonal_factors import eigenvalues_vjp
from lab.calculus.networks import custom_rules as rules
from lab.calculus.networks.activations import relu, relu_derivative
from lab.calculus.networks.gates import straight_through_round
from lab.calculus.networks.layers import layer_norm
from lab.calculus.networks.losses import log_softmax, softmax
from lab.calculus.networks.naive_forms import naive_softplus
from lab.calculus.networks.piecewise_activations import (
    hard_swish,
    hard_swish_derivative,
    leaky_relu,
    leaky_relu_derivative,
    relu6,
    relu6_derivative,
)
from lab.calculus.vectors.norms import norm_subgradient

Function = Callable[[Any], Any]


def one_sided(f: Function, reach: float) -> tuple[float, float]:
    """The slopes of f(t) left and right of 0, from three values each: exact for parabolas."""
    h = float(jnp.finfo(jnp.zeros(()).dtype).eps) ** (1 / 3) * reach
    ends = (s * (4 * f(s * h) - 3 * f(0.0) - f(2 * s * h)) / (2 * h) for s in (-1.0, 1.0))
    left, right = map(float, ends)
    return left, right


class Case(NamedTuple):
    """A scalar function in a form that fails at a point, and in one that does not.

    ``reach`` is the length over which it may be taken to be smooth on either side of the point.
    """

    flaw: str
    naive: Function
    fixed: Function
    at: Float[Array, "..."]
    reach: float = 1.0
    surrogate: bool = False


def cases(key: Key[Array, ""], far: float, size: int) -> dict[str, Case]:
    """The gallery; sums with random weights make scalars of vectors and matrices."""
    a = jax.random.normal(key, (size,))
    B = jax.random.normal(jax.random.fold_in(key, 1), (size, size))
    row = jax.random.normal(jax.random.fold_in(key, 2), (1, size))
    tiny = 1e-3 * float(jnp.finfo(a.dtype).tiny) ** 0.5
    one, nought, closed = jnp.ones(size), jnp.zeros(size), jnp.zeros((1, size), int)
    centred = lambda X: X - jnp.mean(X)

    # the planted mistake: mean(z c) z is left out
    forgetful = jax.custom_vjp(lambda X: layer_norm(X, one, nought))
    forgetful.defvjp(
        lambda X: (layer_norm(X, one, nought), X),
        lambda X, c: (centred(c) / jnp.std(X),),
    )
    normed = lambda X: a @ rules.layer_norm_by_rule(X, one, nought)[0]
    return {
        "log(1 + exp x), x large": Case(
            "nan", naive_softplus, rules.softplus_by_rule, jnp.array(far), far
        ),
        "where(x > 0, sqrt x, 0), x < 0": Case(
            "nan", lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), rules.root_or_zero, jnp.array(-1.0)
        ),
        "length of 0": Case("nan", lambda x: jnp.sqrt(x @ x), rules.length_by_rule, nought),
        "x / |x|, x tiny": Case(
            "nan",
            lambda x: a @ x / jnp.sqrt(x @ x),
            lambda x: a @ rules.direction(x),
            tiny * jnp.linspace(1.0, 2.0, size),
            tiny,
        ),
        "matrix exponential, equal eigenvalues": Case(
            "nan",
            lambda A: jnp.sum(B * rules.exponential_by_eigenvectors(A)),
            lambda A: jnp.sum(B * rules.exponential_by_rule(A)),
            jnp.eye(size),
        ),
        "layer norm of an empty row": Case(
            "nan", lambda X: a @ (centred(X) / jnp.std(X))[0], normed, jnp.zeros((1, size)), 3e-3
        ),
        "attention to nothing": Case(
            "nan",
            lambda z: a @ softmax(z + jnp.log(closed.astype(z.dtype)))[0],
            lambda z: a @ rules.masked_softmax(z, closed)[0],
            row,
        ),
        "log of a softmax that is 0": Case(
            "nan",
            lambda z: -jnp.log(softmax(z)[1]),
            lambda z: -log_softmax(z)[1],
            jnp.array([far, 0.0]),
            far,
        ),
        "root of a variance of 0": Case(
            "inf", jnp.sqrt, lambda v: jnp.sqrt(v + 0.01), jnp.array(0.0), 0.01
        ),
        "rounding": Case(
            "zero",
            lambda x: (jnp.round(x) - 1) ** 2,
            lambda x: (straight_through_round(x) - 1) ** 2,
            jnp.array(2.3),
            surrogate=True,
        ),
        "clipped relu, x > 6": Case(
            "zero",
            lambda x: (relu6(x) - 1) ** 2,
            lambda x: (rules.clipped_with_way_back(x) - 1) ** 2,
            jnp.array(8.0),
            surrogate=True,
        ),
        "max(x, 0) at 0": Case("kink", lambda x: jnp.maximum(x, 0.0), relu, jnp.array(0.0)),
        "relu(x) - relu(-x) at 0": Case(
            "mismatch",
            lambda x: jax.nn.relu(x) - jax.nn.relu(-x),
            lambda x: jnp.maximum(x, 0.0) - jnp.maximum(-x, 0.0),
            jnp.array(0.0),
        ),
        "log loss, stopped normaliser": Case(
            "mismatch",
            lambda z: jax.lax.stop_gradient(logsumexp(z)) - z[1],
            lambda z: logsumexp(z) - z[1],
            row[0],
        ),
        "layer norm's rule, a mean forgotten": Case(
            "mismatch", lambda X: a @ forgetful(X)[0], normed, row
        ),
    }


def greatest_of_crossing(x: Float[Array, ""]) -> Float[Array, ""]:
    """The greatest eigenvalue of diag(x, -x), which is |x|: two smooth curves cross at 0."""
    return jnp.linalg.eigvalsh(jnp.diag(jnp.stack([x, -x])))[1]


def greatest_of_crossing_slope(x: Float[Array, ""]) -> Float[Array, ""]:
    """vᵀ dA v of the eigenvector that is found: at 0 one of the many that there are."""
    way = jnp.array([1.0, -1.0]).astype(x.dtype)
    last = jnp.array([0.0, 1.0]).astype(x.dtype)
    return jnp.diag(eigenvalues_vjp(jnp.diag(jnp.stack([x, -x])), last)) @ way


# name: the function, its slope by hand, and the corner
CORNERS: dict[str, tuple[Function, Function, float]] = {
    "max(x, 0)": (lambda x: jnp.maximum(x, 0.0), relu_derivative, 0.0),
    "leaky relu": (
        lambda x: leaky_relu(x, jnp.full_like(x, 0.2)),
        lambda x: leaky_relu_derivative(x, jnp.full_like(x, 0.2)),
        0.0,
    ),
    "length of (x, x)": (
        lambda x: jnp.sqrt(x**2 + x**2),
        lambda x: jnp.sum(norm_subgradient(jnp.stack([x, x]))),
        0.0,
    ),
    "clipped relu": (relu6, relu6_derivative, 6.0),
    "hard swish": (hard_swish, hard_swish_derivative, 3.0),
    "greatest eigenvalue": (greatest_of_crossing, greatest_of_crossing_slope, 0.0),
}
