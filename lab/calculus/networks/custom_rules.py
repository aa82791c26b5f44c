"""Custom rules: derivatives written out by hand and given to JAX, each checked against its body.

Autodiff multiplies local slopes, and a product of 0 and ∞ is nan even where the derivative is a
plain number.  A rule replaces the product by its value.  It is believed blindly, so every rule here
is either a derivation, or claimed to be what JAX finds for the body, or said to be a definition.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.numpy.linalg import eigh
from jaxtyping import Array, Float, Int

from lab.calculus.matrices.exponential import exponential
from lab.calculus.matrices.matrix_functions import symmetric_part
from lab.calculus.networks.activations import sigmoid, softplus
from lab.calculus.networks.layers import layer_norm, layer_norm_vjp
from lab.calculus.vectors.norms import euclidean_norm, norm_subgradient
from lab.derivation import derivative, identity, jvp, vjp
from lab.domains import integers, interval, nonzero, reals

Real = Float[Array, "..."]
Scalar = Float[Array, ""]
Vector = Float[Array, " d"]
Matrix = Float[Array, "n n"]
Rows = Float[Array, "n d"]
Scores = Float[Array, "n k"]
Allowed = Int[Array, "n k"]


def pullback_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """What JAX sends back through f: ``pullback_of(f)(*arguments, cotangent)``."""
    return lambda *given: jax.vjp(f, *given[:-1])[1](given[-1])


# ----- elementwise -----


@jax.custom_jvp
def softplus_by_rule(x: Real) -> Real:
    """``log(1 + e^x)`` with its slope by rule."""
    return softplus(x)


@softplus_by_rule.defjvp
def _softplus_rule(at: tuple[Real], along: tuple[Real]) -> tuple[Real, Real]:
    (x,), (tangent,) = at, along
    return softplus(x), sigmoid(x) * tangent


@identity(of=pullback_of(softplus), at=(reals("n"), reals("n")))
def softplus_rule_is_its_bodys(x: Real, cotangent: Real) -> tuple[Real]:
    """e^x/(1 + e^x) is ∞/∞ far right, 1/(1 + e^-x) is not: the rule says s(x), and a diagonal
    Jacobian transposes into itself;  hence s(x) c, from the rule as from the body."""
    return pullback_of(softplus_by_rule)(x, cotangent)


def root_or_zero(x: Real) -> Real:
    """√x above 0, and 0 elsewhere.  The root never sees a number that is not positive."""
    return jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0)


@derivative(of=root_or_zero, at=dict(x=nonzero("n")))
def root_or_zero_derivative(x: Real) -> Real:
    """Above 0, y² = x gives 2y dy = dx;  below, constant;  hence 1/(2√x) and 0.  One `where` is not
    enough: 0 · (slope of the branch not taken) is nan where that slope is, so x is replaced."""
    return jnp.where(x > 0, 0.5 / jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0)


# ----- vectors -----


@jax.custom_jvp
def length_by_rule(x: Vector) -> Scalar:
    """|x|, of which JAX is told that the slope at 0 is 0."""
    return euclidean_norm(x)


@length_by_rule.defjvp
def _length_rule(at: tuple[Vector], along: tuple[Vector]) -> tuple[Scalar, Scalar]:
    (x,), (tangent,) = at, along
    return euclidean_norm(x), norm_subgradient(x) @ tangent


@jax.custom_jvp
def direction(x: Vector) -> Vector:
    """x/|x|, and 0 for x = 0."""
    r = euclidean_norm(x)
    return x / jnp.where(r > 0, r, 1.0)


@jvp(of=lambda x: x / euclidean_norm(x), at=dict(x=nonzero("d")))
def direction_jvp(x: Vector, tangent: Vector) -> Vector:
    """u r = x:  du r + u dr = dx and dr = u . dx;  hence (dx - u (u . dx))/r, the part of dx that
    turns, as an angle.  At 0 there is no direction to turn, and r is replaced by 1."""
    r = euclidean_norm(x)
    u = x / jnp.where(r > 0, r, 1.0)
    return (tangent - u * (u @ tangent)) / jnp.where(r > 0, r, 1.0)


@direction.defjvp
def _direction_rule(at: tuple[Vector], along: tuple[Vector]) -> tuple[Vector, Vector]:
    return direction(*at), direction_jvp(*at, *along)


# ----- a matrix whose eigenvalues meet -----


def symmetric_exponential(A: Matrix) -> Matrix:
    """e^S of the symmetric part S of A."""
    return exponential(symmetric_part(A))


def exponential_by_eigenvectors(A: Matrix) -> Matrix:
    """V e^W Vᵀ for the symmetric part V W Vᵀ of A: the same, but for JAX 0/0 where two meet."""
    w, V = eigh(symmetric_part(A))
    return V * jnp.exp(w) @ V.T


@vjp(of=symmetric_exponential, at=dict(A=interval(-1, 1, "n n")))
def symmetric_exponential_vjp(A: Matrix, cotangent: Matrix) -> Matrix:
    """dY = V (K ∘ Vᵀ dS V) Vᵀ, K_ij = (e^a - e^b)/(a - b) of a = w_i, b = w_j (Daleckii and Krein
    1965), which is e^max(a, b) (1 - e^-g)/g with g = |a - b|, and e^a where they meet.  K and dS
    are symmetric;  hence V (K ∘ Vᵀ sym(C) V) Vᵀ, with 1 for 0/0 and no loss of digits near it."""
    w, V = eigh(symmetric_part(A))
    gap = jnp.abs(w[:, None] - w)
    quotient = jnp.where(gap == 0, 1.0, -jnp.expm1(-gap) / jnp.where(gap == 0, 1.0, gap))
    K = jnp.exp(jnp.maximum(w[:, None], w)) * quotient
    return V @ (K * (V.T @ symmetric_part(cotangent) @ V)) @ V.T


@jax.custom_vjp
def exponential_by_rule(A: Matrix) -> Matrix:
    """``exponential_by_eigenvectors`` with a pullback that bears equal eigenvalues."""
    return exponential_by_eigenvectors(A)


exponential_by_rule.defvjp(
    lambda A: (exponential_by_rule(A), A),
    lambda A, cotangent: (symmetric_exponential_vjp(A, cotangent),),
)


# ----- layers -----


@jax.custom_vjp
def layer_norm_by_rule(X: Rows, gain: Vector, shift: Vector) -> Rows:
    """``layer_norm``; backward the two means of ``layer_norm_vjp``."""
    return layer_norm(X, gain, shift)


layer_norm_by_rule.defvjp(
    lambda X, gain, shift: (layer_norm(X, gain, shift), (X, gain)),
    lambda kept, cotangent: layer_norm_vjp(kept[0], kept[1], jnp.zeros_like(kept[1]), cotangent),
)


@identity(of=pullback_of(layer_norm), at=(reals("n d"), reals("d"), reals("d"), reals("n d")))
def layer_norm_rule_is_its_bodys(
    X: Rows, gain: Vector, shift: Vector, cotangent: Rows
) -> tuple[Rows, Vector, Vector]:
    """z = (x - m)/s:  dz = (dx - mean(dx) - z mean(z dx))/s, a symmetric map of dx;  hence
    (c - mean(c) - z mean(z c))/s comes back, c = gain ∘ cotangent, by rule as from the body."""
    return pullback_of(layer_norm_by_rule)(X, gain, shift, cotangent)


def masked_softmax(z: Scores, allowed: Allowed) -> Scores:
    """The softmax of each row's allowed scores (1, not 0); a row that allows none is all 0."""
    open_ = allowed > 0
    top = jnp.max(z, axis=1, keepdims=True, where=open_, initial=-jnp.inf)
    shifted = jnp.where(open_, z - jax.lax.stop_gradient(top), 0.0)
    e = jnp.where(open_, jnp.exp(shifted), 0.0)
    total = jnp.sum(e, axis=1, keepdims=True)
    return e / jnp.where(total > 0, total, 1.0)


@vjp(of=masked_softmax, wrt="z", at=dict(z=interval(-3, 3, "n k"), allowed=integers(0, 1, "n k")))
def masked_softmax_vjp(z: Scores, allowed: Allowed, cotangent: Scores) -> Scores:
    """d log p_i = dz_i - Σ_j p_j dz_j over the allowed j, as without a mask, and p = 0 elsewhere;
    hence p ∘ (c - p . c): an entry that is masked, or a row that is, gets 0 and not nan."""
    p = masked_softmax(z, allowed)
    return p * (cotangent - jnp.sum(p * cotangent, axis=1, keepdims=True))


# ----- a definition, not a derivative -----


@jax.custom_vjp
def clipped_with_way_back(x: Real) -> Real:
    """``min(max(x, 0), 6)`` forward; backward also where descent would lead back inside."""
    return jnp.clip(x, 0.0, 6.0)


clipped_with_way_back.defvjp(
    lambda x: (clipped_with_way_back(x), x),
    lambda x, cotangent: (
        jnp.where((x <= 0) & (cotangent >= 0) | (x >= 6) & (cotangent <= 0), 0.0, cotangent),
    ),
)


@identity(of=pullback_of(clipped_with_way_back), at=(reals("n"), reals("n")))
def clipped_way_back_rule(x: Real, cotangent: Real) -> tuple[Real]:
    """Outside [0, 6] the slope is 0 and a unit there stays there.  Descent moves x by -c: inwards
    above 6 if c > 0, and below 0 if c < 0;  hence by definition c inside and where it points
    inwards, and 0 where it points out."""
    inside = (x > 0) & (x < 6)
    inwards = (x >= 6) & (cotangent > 0) | (x <= 0) & (cotangent < 0)
    return (jnp.where(inside | inwards, cotangent, 0.0),)
