"""Maps that act on entries: elementwise, cumulative, sorted, gathered, convolved.

Whether an entry of the output listens to itself, to all before it, or to a few in a window is the
pattern of the Jacobian: diagonal, triangular, banded, a permutation. Backwards, listeners become
senders: the pullback is the transposed pattern.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from lab.derivation import identity, jacobian, vjp
from lab.domains import choice, distinct, labels, nonzero, reals

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]


# ----- each by itself -----


@jacobian(of=jnp.sin, at=reals("n"))
def elementwise_map_jacobian(x: Vector) -> Matrix:
    """Entry i of φ(x) depends on xᵢ alone;  hence diag(φ'(xᵢ)), here of the sine."""
    return jnp.diag(jnp.cos(x))


def plus_and_minus(x: Vector, y: Vector) -> Float[Array, "2 n"]:
    """x + y and x - y, elementwise binary operations (ops)."""
    return jnp.stack([x + y, x - y])


@jacobian(of=plus_and_minus, wrt=("x", "y"), at=dict(x=reals("n"), y=reals("n")))
def plus_and_minus_jacobian(
    x: Vector, y: Vector
) -> tuple[Float[Array, "2 n n"], Float[Array, "2 n n"]]:
    """d(x ± y) = dx ± dy;  hence I and I in x, I and -I in y."""
    eye = jnp.eye(x.size, dtype=x.dtype)
    return jnp.stack([eye, eye]), jnp.stack([eye, -eye])


def elementwise_quotient(x: Vector, y: Vector) -> Vector:
    """xᵢ / yᵢ, an elementwise binary operation (ops: +, -, *, /)."""
    return x / y


@jacobian(of=elementwise_quotient, wrt=("x", "y"), at=dict(x=reals("n"), y=nonzero("n")))
def elementwise_quotient_jacobian(x: Vector, y: Vector) -> tuple[Matrix, Matrix]:
    """q y = x, so y dq = dx - q dy entry by entry;  hence diag(1/yᵢ) and diag(-xᵢ/yᵢ²)."""
    return jnp.diag(1 / y), jnp.diag(-x / y**2)


def shift_and_scale(x: Vector, shift: Scalar, scale: Scalar) -> Vector:
    """scale x + shift 1: two numbers spread over a whole vector. Scalar expansion."""
    return scale * x + shift


@vjp(
    of=shift_and_scale,
    wrt=("x", "shift", "scale"),
    at=dict(x=reals("n"), shift=reals(), scale=reals()),
)
def shift_and_scale_vjp(
    x: Vector, shift: Scalar, scale: Scalar, cotangent: Vector
) -> tuple[Vector, Scalar, Scalar]:
    """dy = scale dx + 1 dshift + x dscale;  hence scale c, Σ cᵢ and c . x: what was spread to all
    entries is summed over them on the way back."""
    return scale * cotangent, jnp.sum(cotangent), cotangent @ x


# ----- all that came before -----


@jacobian(of=jnp.cumsum, at=reals("n"))
def cumulative_sum_jacobian(x: Vector) -> Matrix:
    """s_k = Σ_{i≤k} xᵢ;  hence 1 on and below the diagonal."""
    return jnp.tri(x.size, dtype=x.dtype)


@vjp(of=jnp.cumsum, at=reals("n"))
def cumulative_sum_vjp(x: Vector, cotangent: Vector) -> Vector:
    """xᵢ is in every s_k with k ≥ i;  hence Σ_{k≥i} c_k: a cumulative sum from the other end."""
    return jnp.cumsum(cotangent[::-1])[::-1]


def cumulative_product(x: Vector) -> Vector:
    """p_k = Π_{i≤k} xᵢ"""
    return jnp.cumprod(x)


@jacobian(of=cumulative_product, at=dict(x=nonzero("n")))
def cumulative_product_jacobian(x: Vector) -> Matrix:
    """d ln|p_k| = Σ_{i≤k} dxᵢ/xᵢ;  hence p_k/xᵢ for i ≤ k and 0 beyond."""
    return jnp.tri(x.size, dtype=x.dtype) * (jnp.cumprod(x)[:, None] / x)


# ----- others in other places -----


@jacobian(of=jnp.sort, at=distinct("n"))
def sort_jacobian(x: Vector) -> Matrix:
    """Where no two entries agree the order stays as it is nearby: sorting is a permutation there;
    hence its matrix, row k with a 1 in the place the k-th smallest came from."""
    return jnp.eye(x.size, dtype=x.dtype)[jnp.argsort(x)]


def gather(x: Vector, places: Int[Array, " m"]) -> Float[Array, " m"]:
    """x[places]: entries picked out, some perhaps often, some never.

    Indexing: gather by an index.
    """
    return x[places]


@vjp(of=gather, at=dict(x=reals("n"), places=labels("m", "n")))
def gather_vjp(x: Vector, places: Int[Array, " m"], cotangent: Float[Array, " m"]) -> Vector:
    """y_k = x_{places k}: each y_k sends its c_k back to where it came from;  hence a scatter that
    adds, for an entry picked twice has two cotangents and one picked never has 0."""
    return jnp.zeros_like(x).at[places].add(cotangent)


# ----- a few in a window -----


def moving_average(x: Vector, width: int) -> Float[Array, " m"]:
    """The means of ``width`` neighbours, wherever the whole window fits"""
    return jnp.convolve(x, jnp.full(width, 1 / width, x.dtype), mode="valid")


@jacobian(of=moving_average, at=dict(x=reals("n+2"), width=choice(1, 2, 3)))
def moving_average_jacobian(x: Vector, width: int) -> Float[Array, "m n"]:
    """yₖ = Σ_{k≤i<k+w} xᵢ/w;  hence a band, 1/w for 0 ≤ i - k < w, the same whatever x is."""
    lag = jnp.arange(x.size) - jnp.arange(x.size - width + 1)[:, None]
    return jnp.where((lag >= 0) & (lag < width), 1 / width, 0.0).astype(x.dtype)


def circulant(h: Vector) -> Matrix:
    """Rows that are h's mirror image, turned by one place each: C[i, j] = h[i - j]"""
    places = jnp.arange(h.size)
    return h[(places[:, None] - places) % h.size]


def circular_convolution(h: Vector, x: Vector) -> Vector:
    """yᵢ = Σⱼ h[i - j] xⱼ with indices that go round"""
    return circulant(h) @ x


@jacobian(of=circular_convolution, wrt=("h", "x"), at=dict(h=reals("n"), x=reals("n")))
def circular_convolution_jacobian(h: Vector, x: Vector) -> tuple[Matrix, Matrix]:
    """Bilinear, and h * x = x * h;  hence the circulants of x, for h, and of h, for x."""
    return circulant(x), circulant(h)


@vjp(of=circular_convolution, wrt=("h", "x"), at=dict(h=reals("n"), x=reals("n")))
def circular_convolution_vjp(h: Vector, x: Vector, cotangent: Vector) -> tuple[Vector, Vector]:
    """The transposed circulant, C[j, i] = h[j - i]: backwards a convolution is a correlation;
    hence Σᵢ cᵢ x[i - j] for h and Σᵢ cᵢ h[i - j] for x."""
    return circulant(x).T @ cotangent, circulant(h).T @ cotangent


# ----- Jacobians by differences -----


def bent(x: Vector, A: Float[Array, "m n"]) -> Float[Array, " m"]:
    """(Ax)³ entry by entry"""
    return (A @ x) ** 3


@identity(
    of=lambda x, A, h, v: (bent(x + h * v, A) - bent(x - h * v, A)) / (2 * h),
    at=dict(x=reals("n"), A=reals("m n"), h=nonzero(), v=reals("n")),
)
def central_jacobian_column(
    x: Vector, A: Float[Array, "m n"], h: Scalar | float, v: Vector
) -> Float[Array, " m"]:
    """F(x ± hv) = F ± h Jv + h² F''/2 ± h³ F'''/6: even terms cancel;  hence Jv + h²/6 F'''(v,v,v),
    for (Ax)³ exactly 3 (Ax)² Av + h² (Av)³; with v = eⱼ it is column j of the Jacobian. The error
    of a numerical Jacobian.
    """
    value, rate = A @ x, A @ v
    return 3 * value**2 * rate + h**2 * rate**3
