"""Exercises on vectors_and_linear_prediction: lengths, angles, weighted sums, and their gradients.

|x| = sqrt(x . x) and cos(x, y) = x . y / (|x| |y|). Square a length before differentiating it.
A prediction w . x + b moves by x . dw when the weights do: its gradient is the feature vector.
A norm has a corner at 0: any g with g . y <= |y| for all y is a subgradient there.
"""

import jax.numpy as jnp

# ----- predictions -----


def predict(w, b, x):
    """One weight for each feature, and a bias."""
    return w @ x + b


def one_prediction():
    """Easy: a weighted sum.

    The prediction of `predict` for w = (2, -1, 0.5), b = 2 and x = (1, 3, 8). A number.
    """
    ...


def prediction_gradient(w, b, x):
    """Easy: the gradient of a prediction.

    The gradient of `predict` with respect to the weights w.
    """
    ...


# ----- lengths -----


def norm(x):
    return jnp.sqrt(x @ x)


def norm_gradient(x):
    """Easy: the gradient of a length.

    The gradient of `norm` at x, which is not 0.
    """
    ...


def autodiff_at_zero():
    """Medium: what a program says where there is nothing to say.

    What are the entries of jax.grad(norm) at x = (0, 0)? Answer with a word: "zero", "one", "nan"
    or "inf". (Derive before you try it: what are the factors of the chain rule there?)
    """
    ...


def subgradient_at_zero():
    """Medium: a subgradient.

    A vector g = (a, b), not (0, 0), with |y| >= g . y for every y of the plane.
    """
    ...


# ----- angles -----


def cosine(x, y):
    return x @ y / (norm(x) * norm(y))


def cosine_gradient(x, y):
    """Medium: the gradient of cosine similarity.

    The gradient of `cosine` with respect to x. (Dot it with x: what comes out, and why?)
    """
    ...


def same_cosine():
    """Medium: a direction without a slope.

    A direction v = (a, b), not (0, 0), in which the point x = (3, 4) can move so that its cosine
    with y = (1, 0) does not change, to first order.
    """
    ...


# ----- two harder ones -----


def mahalanobis(x, center, precision):
    """Distance in units of the spread; `precision` is a symmetric matrix."""
    e = x - center
    return jnp.sqrt(e @ precision @ e)


def mahalanobis_gradient(x, center, precision):
    """Hard: a distance with a matrix.

    The gradient of `mahalanobis` with respect to x.
    """
    ...


def not_a_norm(x, y):
    """Hard: homogeneous, positive, and no norm.

    A function of two numbers with f(tx, ty) = |t| f(x, y) and f > 0 away from the origin that
    breaks the triangle inequality: somewhere f(p + q) > f(p) + f(q). Answer with f(x, y).
    """
    ...
