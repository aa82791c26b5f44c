"""Convolutions, pooling, lookups: layers that copy, slide and select.

Each is linear in its input (max pooling near any input without ties), so its pullback is the
transposed matrix: whatever was copied to several places is summed from them, and what was selected
from one place is put back there.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lab.derivation import vjp
from lab.domains import integers, interval, labels, reals

Image = Float[Array, "_ _"]
Vector = Float[Array, " _"]


def correlate(x: Vector, w: Vector) -> Vector:
    """``y_i = Σ_k w_k x_{i+k}``, where w lies wholly within x: deep learning's convolution.

    A 1-D convolution (valid).
    """
    count = x.size - w.size + 1
    return sum((w[k] * x[k : k + count] for k in range(w.size)), jnp.zeros(count, x.dtype))


@vjp(of=correlate, wrt=("x", "w"), at=dict(x=reals("n+2"), w=reals("3")))
def correlate_vjp(x: Vector, w: Vector, cotangent: Vector) -> tuple[Vector, Vector]:
    """dy_i = Σ_k dw_k x_{i+k} + w_k dx_{i+k};  hence w̄_k = Σ_i c_i x_{i+k}, x correlated with c,

    and x̄_j = Σ_k w_k c_{j-k}: c padded, correlated with w turned around.
    """
    return correlate(jnp.pad(cotangent, w.size - 1), w[::-1]), correlate(x, cotangent)


def correlate_images(X: Image, K: Image) -> Image:
    """``Y_ij = Σ_kl K_kl X_{i+k, j+l}``, one channel: a 2-D convolution."""
    rows, columns = X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1
    places = [(k, l) for k in range(K.shape[0]) for l in range(K.shape[1])]
    shifted = (K[k, l] * X[k : k + rows, l : l + columns] for k, l in places)
    return sum(shifted, jnp.zeros((rows, columns), X.dtype))


@vjp(of=correlate_images, wrt=("X", "K"), at=dict(X=reals("n+1 m+2"), K=reals("2 3")))
def correlate_images_vjp(X: Image, K: Image, cotangent: Image) -> tuple[Image, Image]:
    """The same in two directions;  hence K̄ = X correlated with C, and X̄ = C, padded all around,

    correlated with K turned by 180 degrees.
    """
    up, left = K.shape[0] - 1, K.shape[1] - 1
    padded = jnp.pad(cotangent, ((up, up), (left, left)))
    # The smaller of the two slides: a sum of few terms either way.
    K_bar = [
        [jnp.sum(X[k : k + cotangent.shape[0], l : l + cotangent.shape[1]] * cotangent)
         for l in range(left + 1)]
        for k in range(up + 1)
    ]  # fmt: skip
    return correlate_images(padded, K[::-1, ::-1]), jnp.array(K_bar)


def _windows(X: Image) -> Float[Array, "_ _ 4"]:
    """The two by two windows of an image, four pixels each."""
    n, m = X.shape[0] // 2, X.shape[1] // 2
    return X.reshape(n, 2, m, 2).swapaxes(1, 2).reshape(n, m, 4)


def _from_windows(windows: Float[Array, "_ _ 4"]) -> Image:
    """The image of these windows."""
    n, m, _ = windows.shape
    return windows.reshape(n, m, 2, 2).swapaxes(1, 2).reshape(2 * n, 2 * m)


def average_pooling(X: Image) -> Image:
    """The mean of every two by two window."""
    return jnp.mean(_windows(X), axis=-1)


@vjp(of=average_pooling, at=dict(X=reals("2n 2m")))
def average_pooling_vjp(X: Image, cotangent: Image) -> Image:
    """dy = Σ dx/4 over the window;  hence c/4 to each of its four pixels."""
    return jnp.repeat(jnp.repeat(cotangent / 4, 2, axis=0), 2, axis=1)


def max_pooling(X: Image) -> Image:
    """The largest of every two by two window."""
    return jnp.max(_windows(X), axis=-1)


@vjp(of=max_pooling, at=dict(X=reals("2n 2m")), kinks="a tie for the largest in a window")
def max_pooling_vjp(X: Image, cotangent: Image) -> Image:
    """Near X the winner stays the winner, and y moves as it does;  hence c to the winner alone,

    in equal shares if several tie.
    """
    windows = _windows(X)
    winner = (windows == jnp.max(windows, axis=-1, keepdims=True)).astype(X.dtype)
    share = winner / jnp.sum(winner, axis=-1, keepdims=True)
    return _from_windows(share * cotangent[..., None])


def upsampling(X: Image) -> Image:
    """Every pixel copied to two by two: nearest upsampling."""
    return jnp.repeat(jnp.repeat(X, 2, axis=0), 2, axis=1)


@vjp(of=upsampling, at=dict(X=reals("n m")))
def upsampling_vjp(X: Image, cotangent: Image) -> Image:
    """Each copy moves as its pixel does;  hence the sum of c over each window: four times the

    average pooling, of which it is the transpose.
    """
    return jnp.sum(_windows(cotangent), axis=-1)


def embedding(E: Float[Array, "v d"], index: Int[Array, " n"]) -> Float[Array, "n d"]:
    """``E[index]``: a row of the table for each token; an embedding lookup."""
    return E[index]


@vjp(of=embedding, wrt="E", at=dict(E=reals("v d"), index=labels("n", "v")))
def embedding_vjp(
    E: Float[Array, "v d"], index: Int[Array, " n"], cotangent: Float[Array, "n d"]
) -> Float[Array, "v d"]:
    """Y = S E with a one in each row of S, so dY = S dE;  hence Sᵀ C: every row of C is *added* to

    the row it came from, which matters for a token that occurs twice.
    """
    return jnp.zeros_like(E).at[index].add(cotangent)


def dropout(
    X: Float[Array, "n d"], mask: Int[Array, "n d"], keep: Float[Array, ""]
) -> Float[Array, "n d"]:
    """``mask X / keep``: on average X (Srivastava et al. 2014).

    Dropout with mask m and share kept q.
    """
    return mask.astype(X.dtype) * X / keep


@vjp(
    of=dropout,
    wrt="X",
    at=dict(X=reals("n d"), mask=integers(0, 1, "n d"), keep=interval(0.0, 1.0)),
)
def dropout_vjp(
    X: Float[Array, "n d"],
    mask: Int[Array, "n d"],
    keep: Float[Array, ""],
    cotangent: Float[Array, "n d"],
) -> Float[Array, "n d"]:
    """The mask is given, so dY = mask ∘ dX/keep;  hence mask ∘ C/keep: the same mask both ways."""
    return mask.astype(X.dtype) * cotangent / keep


def cosine_transform(x: Float[Array, "n d"]) -> Float[Array, "n d"]:
    """``Re F x``, the real part of the Fourier transform of each column (Lee-Thorp 2021).

    The real part of a DFT layer.
    """
    return jnp.real(jnp.fft.fft(x, axis=0))


@vjp(of=cosine_transform, at=dict(x=reals("n d")))
def cosine_transform_vjp(
    x: Float[Array, "n d"], cotangent: Float[Array, "n d"]
) -> Float[Array, "n d"]:
    """Re F has the entries cos(2π jk/n) and is its own transpose;  hence Re F c, the same layer."""
    return cosine_transform(cotangent)
