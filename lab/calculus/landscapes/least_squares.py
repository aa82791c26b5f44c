"""Sums of squares: one Jacobian of the residuals gives the gradient, and nearly the Hessian.

``f(x) = r(x) . r(x)``, without a factor one half, as in Moré, Garbow and Hillstrom (1981), "Testing
unconstrained optimization software", ACM TOMS 7, 17-41. A problem of theirs is a `LeastSquares`;
the topics ``mgh_...`` hold all 35 of them. What is derived here of f is derived once for all: on
trial it is for residuals ``tanh(A x) - b``, whose Jacobian and second derivatives are as general as
their dimensions.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian
from lab.domains import reals

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Residuals = Float[Array, " m"]
Jacobian = Float[Array, "m n"]


class LeastSquares(NamedTuple):
    """A problem of the collection: residuals, their Jacobian by hand, and what is known of it.

    ``number``     its number in the paper.
    ``name``       what it is called there, in lower case with underscores.
    ``residuals``  ``x [n] -> r [m]``; the loss is ``r . r``.
    ``jacobian``   ``x [n] -> J [m n]``, derived by hand.
    ``start``      the standard starting point, which also fixes n where n is free.
    ``minimum``    the least known value of the loss.
    ``local``      values of the loss at other local minima that a descent may end in.
    """

    number: int
    name: str
    residuals: Callable[[Vector], Residuals]
    jacobian: Callable[[Vector], Jacobian]
    start: tuple[float, ...]
    minimum: float
    local: tuple[float, ...] = ()

    def loss(self, x: Vector) -> Scalar:
        """r . r"""
        return sum_of_squares(self.residuals(x))

    def gradient(self, x: Vector) -> Vector:
        """2 Jᵀr, see `fit_gradient`."""
        return squares_gradient(self.residuals(x), self.jacobian(x))


def sum_of_squares(r: Residuals) -> Scalar:
    """r . r"""
    return r @ r


def squares_gradient(r: Residuals, J: Jacobian) -> Vector:
    """2 Jᵀr: the gradient of r . r where r has the Jacobian J."""
    return 2 * J.T @ r


def gauss_newton_matrix(J: Jacobian) -> Float[Array, "n n"]:
    """2 JᵀJ: the Hessian of r . r but for the curvature of the residuals; never indefinite."""
    return 2 * J.T @ J


# ----- the derivation, once for all, with residuals that stand for any -----


def fit(x: Vector, A: Jacobian, b: Residuals) -> Scalar:
    """|tanh(A x) - b|²"""
    return sum_of_squares(jnp.tanh(A @ x) - b)


FIT = dict(x=reals("n"), A=reals("m n"), b=reals("m"))


@gradient(of=fit, wrt="x", at=FIT)
def fit_gradient(x: Vector, A: Jacobian, b: Residuals) -> Vector:
    """d(r.r) = 2 r.dr with dr = J dx, that is 2 (Jᵀr).dx;  hence 2 Jᵀr. Here J = diag(1 - a²) A,
    a = tanh(A x).
    """
    a = jnp.tanh(A @ x)
    return squares_gradient(a - b, (1 / jnp.cosh(A @ x) ** 2)[:, None] * A)


@hessian(of=fit, wrt="x", at=FIT)
def fit_hessian(x: Vector, A: Jacobian, b: Residuals) -> Float[Array, "n n"]:
    """d(2 Jᵀr) = 2 Jᵀ dr + 2 (dJ)ᵀr with dr = J dx: the first term is 2 JᵀJ dx, and the second
    2 Σ rᵢ Hᵢ dx with Hᵢ the Hessian of residual i, here -2 aᵢ (1 - aᵢ²) Aᵢ Aᵢᵀ;
    hence 2 (JᵀJ + Σ rᵢ Hᵢ). Gauss-Newton keeps the first term: right where r is small.
    """
    a, slope = jnp.tanh(A @ x), 1 / jnp.cosh(A @ x) ** 2
    bend = A.T @ ((-2 * a * slope * (a - b))[:, None] * A)
    return gauss_newton_matrix(slope[:, None] * A) + 2 * bend
