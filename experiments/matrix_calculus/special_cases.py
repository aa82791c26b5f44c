"""Equation (92) as it is printed, and two eigenvalues that meet."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.matrices import matrix_functions, traces
from lab.tables import Row

from .identities import compared

CLOSING = {
    "eigenvector": (matrix_functions.leading_eigenvector, matrix_functions.leading_eigenvector_jvp),
    "eigenvalues": (matrix_functions.eigenvalues, matrix_functions.eigenvalues_jvp),
    "square root": (matrix_functions.square_root, matrix_functions.square_root_jvp),
}


# ----- equation (92), as printed -----


def printed_gradient(
    X: Float[Array, "d d"], a: Float[Array, " d"], b: Float[Array, " d"], n: int
) -> Float[Array, "d d"]:
    """Sum over r < n of Xⁿ⁻¹⁻ʳ a bᵀ (Xⁿ)ᵀ Xʳ + (Xʳ)ᵀ Xⁿ a bᵀ (Xⁿ⁻¹⁻ʳ)ᵀ, as the book has it."""
    power = jnp.linalg.matrix_power
    terms = (
        power(X, n - 1 - r) @ jnp.outer(a, power(X, n) @ b) @ power(X, r)
        + power(X, r).T @ jnp.outer(power(X, n) @ a, b) @ power(X, n - 1 - r).T
        for r in range(n)
    )
    return sum(terms, jnp.zeros_like(X))


def misprint(
    rng: np.random.Generator, draws: int, powers: tuple[int, ...], size: int
) -> Iterator[Row]:
    """The rule as printed and as corrected, against JAX."""
    versions = {"printed": printed_gradient, "corrected": traces.power_inner_product_gradient}
    for n in powers:
        for draw in range(draws):
            X, a, b = (
                jnp.asarray(rng.standard_normal(shape), float)
                for shape in [(size, size), (size,), (size,)]
            )
            truth = jax.grad(traces.power_inner_product)(X, a, b, n)
            for version, gradient in versions.items():
                about = {"part": "misprint", "topic": version, "name": f"{version}, n = {n}"}
                shape = f"X {size}x{size}, n = {n}"
                hand = gradient(X, a, b, n)
                yield about | {"shape": shape, "draw": draw} | compared(hand, truth)


# ----- two eigenvalues meet -----


def closing_gap(key: Any, size: int, gaps: np.ndarray) -> Iterator[Row]:
    """One tangent, and a matrix whose two greatest eigenvalues come together."""
    for_basis, for_tangent = jax.random.split(key)
    basis = jnp.linalg.qr(jax.random.normal(for_basis, (size, size)))[0]
    tangent = jax.random.normal(for_tangent, (size, size))
    tangent = (tangent + tangent.T) / 2
    others = jnp.linspace(0.5, 1.5, max(size - 2, 0))
    for gap in gaps:
        eigenvalues = jnp.concatenate([others, jnp.array([3.0 - gap, 3.0])[-size:]])
        S = (basis * eigenvalues) @ basis.T
        for name, (of, by_hand) in CLOSING.items():
            hand, truth = by_hand(S, tangent), jax.jvp(of, (S,), (tangent,))[1]
            yield {"part": "gap", "name": name, "gap": gap} | compared(hand, truth)
