"""Exercises on matrix_calculus: differentials first, gradients afterwards.

Write the differential df with dX kept whole: the product rule holds in the order of the factors,
d(A⁻¹) = -A⁻¹ dA A⁻¹, d ln det A = tr(A⁻¹ dA). Then turn df into tr(Gᵀ dX): G is the gradient, in
the shape of X. Traces may be turned round, tr(ABC) = tr(CAB), and transposed.
"""

import jax.numpy as jnp

# ----- vectors -----


def quadratic_form(x, A):
    return x @ A @ x


def quadratic_form_gradient(x, A):
    """Easy: a quadratic form.

    The gradient of `quadratic_form` with respect to x. A need not be symmetric.
    """
    ...


def linear_map(x, A):
    return A @ x


def linear_map_jacobian(x, A):
    """Easy: layout.

    The Jacobian of `linear_map` with respect to x: a row for each output, a column for each input.
    """
    ...


def not_twice():
    """Medium: where symmetry is needed.

    People write 2Ax for the gradient of x'Ax. Give a 2 x 2 matrix A for which 2Ax is wrong at every
    x but 0.
    """
    ...


# ----- matrices -----


def residual_sum(W, X, Y):
    return jnp.sum((X @ W - Y) ** 2)


def residual_sum_gradient(W, X, Y):
    """Medium: least squares with several outputs.

    The gradient of `residual_sum` with respect to W, in the shape of W.
    """
    ...


def log_det(A):
    return jnp.linalg.slogdet(A)[1]


def log_det_gradient(A):
    """Medium: the logarithm of a determinant.

    The gradient of `log_det`, that is of ln |det A|. A is invertible, not symmetric.
    """
    ...


def inverse(A):
    return jnp.linalg.inv(A)


def inverse_differential(A, dA):
    """Medium: the differential of an inverse.

    How the inverse moves when A moves by dA. (Take the differential of A A⁻¹ = I.)
    """
    ...


def square_form(X, a, b):
    """a' (X²)' X² b"""
    return (X @ X @ a) @ (X @ X @ b)


def square_form_gradient(X, a, b):
    """Hard: a misprint repaired.

    A well-known collection of matrix identities prints for a'(Xⁿ)'Xⁿb the gradient, a sum over
    r = 0, ..., n - 1 of
        Xⁿ⁻¹⁻ʳ a b' (Xⁿ)' Xʳ  +  (Xʳ)' Xⁿ a b' (Xⁿ⁻¹⁻ʳ)'
    and one of the two terms is misprinted. `square_form` is the case n = 2. Its gradient, please.
    """
    ...
