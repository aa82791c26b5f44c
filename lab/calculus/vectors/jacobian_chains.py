"""Chains of Jacobians: the same product in every order, at very different cost.

Layers x → s₁ → s₂ → ... → sₖ have the Jacobian Jₖ ... J₂ J₁. Matrix products may be bracketed at
will; forward mode starts at the input, reverse mode at the output. The costs below count
multiplications of numbers.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import adjoint, jacobian, jvp, tap, vjp
from lab.domains import interval, reals

Scalar = Float[Array, ""]


# ----- three layers, forwards and backwards -----


def three_layers(
    x: Float[Array, " n"], U: Float[Array, "h n"], V: Float[Array, "k h"], W: Float[Array, "m k"]
) -> Float[Array, " m"]:
    """W tanh(V tanh(U x))"""
    a = tap("a", jnp.tanh(U @ x))
    b = tap("b", jnp.tanh(V @ a))
    return W @ b


LAYERS = dict(
    x=reals("n"),
    U=interval(-1, 1, "h n"),
    V=interval(-1, 1, "k h"),
    W=interval(-1, 1, "m k"),
)


def slopes(s: Float[Array, " n"]) -> Float[Array, " n"]:
    """tanh' = sech²"""
    return 1 / jnp.cosh(s) ** 2


@jacobian(of=three_layers, wrt="x", at=LAYERS)
def three_layers_jacobian(
    x: Float[Array, " n"], U: Float[Array, "h n"], V: Float[Array, "k h"], W: Float[Array, "m k"]
) -> Float[Array, "m n"]:
    """dy = W db, db = sech²(Va) ∘ V da, da = sech²(Ux) ∘ U dx;  hence W D_b V D_a U, the last layer
    first, and every factor at the place where the computation was."""
    a = jnp.tanh(U @ x)
    return W @ (slopes(V @ a)[:, None] * (V @ (slopes(U @ x)[:, None] * U)))


@jvp(of=three_layers, wrt="x", at=LAYERS)
def three_layers_tangent(
    x: Float[Array, " n"],
    U: Float[Array, "h n"],
    V: Float[Array, "k h"],
    W: Float[Array, "m k"],
    tangent: Float[Array, " n"],
) -> Float[Array, " m"]:
    """From the right: U ẋ, then D_a, V, D_b, W, a vector all the way;  hence a column of the
    Jacobian for every input, in the order of the computation."""
    a = jnp.tanh(U @ x)
    return W @ (slopes(V @ a) * (V @ (slopes(U @ x) * (U @ tangent))))


@vjp(of=three_layers, wrt=("x", "U", "V", "W"), at=LAYERS)
def three_layers_cotangent(
    x: Float[Array, " n"],
    U: Float[Array, "h n"],
    V: Float[Array, "k h"],
    W: Float[Array, "m k"],
    cotangent: Float[Array, " m"],
) -> tuple[Float[Array, " n"], Float[Array, "h n"], Float[Array, "k h"], Float[Array, "m k"]]:
    """From the left: b̄ = Wᵀ ȳ, s̄ = D_b b̄, ā = Vᵀ s̄, r̄ = D_a ā, x̄ = Uᵀ r̄, and each matrix gets what
    comes back times what came in;  hence ȳ bᵀ, s̄ aᵀ, r̄ xᵀ: backpropagation."""
    a = jnp.tanh(U @ x)
    b = jnp.tanh(V @ a)
    db = adjoint("b", W.T @ cotangent)
    ds = slopes(V @ a) * db
    da = adjoint("a", V.T @ ds)
    dr = slopes(U @ x) * da
    return U.T @ dr, jnp.outer(dr, x), jnp.outer(ds, a), jnp.outer(cotangent, b)


# ----- what an order costs -----


def forward_cost(sizes: Sequence[int]) -> int:
    """(J₃ (J₂ J₁)): a matrix of s₀ columns meets each later Jacobian."""
    return sum(out * into * sizes[0] for into, out in pairwise(sizes[1:]))


def reverse_cost(sizes: Sequence[int]) -> int:
    """((J₃ J₂) J₁): a matrix of sₖ rows meets each earlier Jacobian."""
    return sum(sizes[-1] * out * into for into, out in pairwise(sizes[:-1]))


class Order(NamedTuple):
    """What a bracketing costs, and how it is written."""

    cost: int
    brackets: str


def best_order(sizes: Sequence[int]) -> Order:
    """The cheapest bracketing: its last product splits the chain somewhere (Bellman)."""

    @cache
    def best(first: int, last: int) -> Order:
        if first == last:
            return Order(0, f"J{'₀₁₂₃₄₅₆₇₈₉'[last]}")
        options = []
        for split in range(first, last):
            right, left = best(first, split), best(split + 1, last)
            product = sizes[last] * sizes[split] * sizes[first - 1]
            brackets = f"({left.brackets} {right.brackets})"
            options.append(Order(left.cost + right.cost + product, brackets))
        return min(options)

    return best(1, len(sizes) - 1)
