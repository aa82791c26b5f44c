"""Matrix calculus: forms, squared errors and linear maps.

One rule reads every gradient off: write the differential with dX last in a product,
df = Σ_ij G_ij dX_ij = Tr(Gᵀ dX), and G, of the shape of X, is the gradient. Traces turn freely,
Tr(AB) = Tr(BA) = Tr(Bᵀ Aᵀ), and that is how dX gets to the end.

Numbers in brackets are equations of Petersen and Pedersen, The Matrix Cookbook (15 Nov 2012).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import gradient, hessian, jacobian, vjp
from lab.domains import interval, invertible, nonzero, reals

Scalar = Float[Array, ""]
Layer = dict[str, Float[Array, "..."]]

# ----- scalars of a vector -----


def linear_form(x: Float[Array, " n"], a: Float[Array, " n"]) -> Scalar:
    """aᵀ x."""
    return a @ x


@gradient(of=linear_form, wrt="x", at=dict(x=reals("n"), a=reals("n")))
def linear_form_gradient(x: Float[Array, " n"], a: Float[Array, " n"]) -> Float[Array, " n"]:
    """(69) d(aᵀ x) = aᵀ dx, so the gradient is a, wherever x is."""
    return a


def squared_norm(x: Float[Array, " n"]) -> Scalar:
    """xᵀ x."""
    return x @ x


@gradient(of=squared_norm, at=dict(x=reals("n")))
def squared_norm_gradient(x: Float[Array, " n"]) -> Float[Array, " n"]:
    """(131) d(xᵀ x) = dxᵀ x + xᵀ dx = 2 xᵀ dx."""
    return 2 * x


@hessian(of=squared_norm, at=dict(x=reals("n")))
def squared_norm_hessian(x: Float[Array, " n"]) -> Float[Array, "n n"]:
    """The gradient is 2x, its differential 2 dx: twice the identity."""
    return 2 * jnp.eye(x.size, dtype=x.dtype)


def distance(x: Float[Array, " n"], a: Float[Array, " n"]) -> Scalar:
    """|x - a|."""
    return jnp.linalg.norm(x - a)


@gradient(of=distance, wrt="x", at=dict(x=nonzero("n"), a=interval(-10, 10, "n")))
def distance_gradient(x: Float[Array, " n"], a: Float[Array, " n"]) -> Float[Array, " n"]:
    """(129) r² = (x - a)ᵀ (x - a), so 2 r dr = 2 (x - a)ᵀ dx: the unit vector from a to x."""
    return (x - a) / jnp.linalg.norm(x - a)


@hessian(of=distance, wrt="x", at=dict(x=nonzero("n"), a=interval(-10, 10, "n")))
def distance_hessian(x: Float[Array, " n"], a: Float[Array, " n"]) -> Float[Array, "n n"]:
    """(130) u = (x - a) / r;  du = dx / r - u dr / r = (I - u uᵀ) dx / r.

    Nothing along u, where the distance grows linearly; 1/r across, the curvature of the sphere.
    """
    r = jnp.linalg.norm(x - a)
    u = (x - a) / r
    return (jnp.eye(x.size, dtype=x.dtype) - jnp.outer(u, u)) / r


def quadratic_form(x: Float[Array, " n"], A: Float[Array, "n n"]) -> Scalar:
    """xᵀ A x."""
    return x @ A @ x


@gradient(of=quadratic_form, wrt="x", at=dict(x=reals("n"), A=reals("n n")))
def quadratic_form_gradient(x: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """(81) d(xᵀ A x) = dxᵀ A x + xᵀ A dx = (A x + Aᵀ x)ᵀ dx; 2 A x only if A is symmetric."""
    return A @ x + A.T @ x


@hessian(of=quadratic_form, wrt="x", at=dict(x=reals("n"), A=reals("n n")))
def quadratic_form_hessian(x: Float[Array, " n"], A: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """(98) The gradient (A + Aᵀ) x is linear in x. Only the symmetric part of A bends xᵀ A x."""
    return A + A.T


def bilinear_form(x: Float[Array, " m"], A: Float[Array, "m n"], y: Float[Array, " n"]) -> Scalar:
    """xᵀ A y."""
    return x @ A @ y


@gradient(of=bilinear_form, wrt="A", at=dict(x=reals("m"), A=reals("m n"), y=reals("n")))
def bilinear_form_gradient(
    x: Float[Array, " m"], A: Float[Array, "m n"], y: Float[Array, " n"]
) -> Float[Array, "m n"]:
    """(70) xᵀ dA y = Tr(y xᵀ dA) = Tr((x yᵀ)ᵀ dA): the outer product of the two vectors."""
    return jnp.outer(x, y)


def affine_product(
    x: Float[Array, " n"],
    B: Float[Array, "p n"],
    b: Float[Array, " p"],
    C: Float[Array, "p q"],
    D: Float[Array, "q n"],
    d: Float[Array, " q"],
) -> Scalar:
    """(B x + b)ᵀ C (D x + d)."""
    return (B @ x + b) @ C @ (D @ x + d)


@gradient(
    of=affine_product,
    wrt="x",
    at=dict(
        x=reals("n"), B=reals("p n"), b=reals("p"), C=reals("p q"), D=reals("q n"), d=reals("q")
    ),
)
def affine_product_gradient(
    x: Float[Array, " n"],
    B: Float[Array, "p n"],
    b: Float[Array, " p"],
    C: Float[Array, "p q"],
    D: Float[Array, "q n"],
    d: Float[Array, " q"],
) -> Float[Array, " n"]:
    """(78) u = B x + b, v = D x + d;  d(uᵀ C v) = (B dx)ᵀ C v + uᵀ C D dx."""
    return B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b)


def stretch_ratio(x: Float[Array, " n"], A: Float[Array, "m n"], B: Float[Array, "n n"]) -> Scalar:
    """|A x|² / |B x|², the generalised Rayleigh quotient of Aᵀ A and Bᵀ B."""
    return jnp.sum((A @ x) ** 2) / jnp.sum((B @ x) ** 2)


@gradient(
    of=stretch_ratio, wrt="x", at=dict(x=nonzero("n+1"), A=reals("m n+1"), B=invertible("n+1"))
)
def stretch_ratio_gradient(
    x: Float[Array, " n"], A: Float[Array, "m n"], B: Float[Array, "n n"]
) -> Float[Array, " n"]:
    """(94), (95) R = p / q with dp = 2 (A x)ᵀ A dx and dq = 2 (B x)ᵀ B dx;  dR = (dp - R dq) / q.

    It vanishes where Aᵀ A x = R Bᵀ B x: the stationary points are generalized eigenvectors.
    """
    u, v = A @ x, B @ x
    return 2 * (A.T @ u - (u @ u) / (v @ v) * (B.T @ v)) / (v @ v)


# ----- squared errors -----


def mse(w: Float[Array, " d"], X: Float[Array, "n d"], y: Float[Array, " n"]) -> Scalar:
    """The mean squared error of the linear prediction X w of y."""
    return jnp.mean((X @ w - y) ** 2)


@gradient(of=mse, wrt="w", at=dict(w=reals("d"), X=reals("n d"), y=reals("n")))
def mse_gradient(
    w: Float[Array, " d"], X: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, " d"]:
    """r = Xw - y;  L = r.r / n;  dL = 2/n r.dr = 2/n r.(X dw);  hence dL/dw = 2/n Xᵀ r."""
    return 2 / y.size * X.T @ (X @ w - y)


def least_squares(x: Float[Array, " n"], A: Float[Array, "m n"], b: Float[Array, " m"]) -> Scalar:
    """|A x - b|² / 2."""
    return jnp.sum((A @ x - b) ** 2) / 2


@gradient(of=least_squares, wrt="x", at=dict(x=reals("n"), A=reals("m n"), b=reals("m")))
def least_squares_gradient(
    x: Float[Array, " n"], A: Float[Array, "m n"], b: Float[Array, " m"]
) -> Float[Array, " n"]:
    """r = A x - b;  d(rᵀ r / 2) = rᵀ A dx.  Zero where Aᵀ A x = Aᵀ b: the normal equations."""
    return A.T @ (A @ x - b)


@hessian(of=least_squares, wrt="x", at=dict(x=reals("n"), A=reals("m n"), b=reals("m")))
def least_squares_hessian(
    x: Float[Array, " n"], A: Float[Array, "m n"], b: Float[Array, " m"]
) -> Float[Array, "n n"]:
    """d(Aᵀ (A x - b)) = Aᵀ A dx: never negative, and singular where columns of A depend."""
    return A.T @ A


def weighted_squares(
    x: Float[Array, " m"], A: Float[Array, "m n"], s: Float[Array, " n"], W: Float[Array, "m m"]
) -> Scalar:
    """(x - A s)ᵀ W (x - A s)."""
    return (x - A @ s) @ W @ (x - A @ s)


@gradient(
    of=weighted_squares,
    wrt=("x", "A", "s"),
    at=dict(x=reals("m"), A=reals("m n"), s=reals("n"), W=reals("m m")),
)
def weighted_squares_gradient(
    x: Float[Array, " m"], A: Float[Array, "m n"], s: Float[Array, " n"], W: Float[Array, "m m"]
) -> tuple[Float[Array, " m"], Float[Array, "m n"], Float[Array, " n"]]:
    """(84), (85), (87), (88) without their W = Wᵀ.  r = x - A s, g = (W + Wᵀ) r, so df = gᵀ dr, and
    dr = dx - dA s - A ds gives g, -g sᵀ and -Aᵀ g.
    """
    r = x - A @ s
    g = W @ r + W.T @ r
    return g, -jnp.outer(g, s), -A.T @ g


# ----- maps and their Jacobians -----


def matrix_vector(A: Float[Array, "m n"], x: Float[Array, " n"]) -> Float[Array, " m"]:
    """A x."""
    return A @ x


@jacobian(of=matrix_vector, wrt=("A", "x"), at=dict(A=reals("m n"), x=reals("n")))
def matrix_vector_jacobian(
    A: Float[Array, "m n"], x: Float[Array, " n"]
) -> tuple[Float[Array, "m m n"], Float[Array, "m n"]]:
    """y_i = Σ_j A_ij x_j: with respect to x, A itself; (74) dy_i / dA_kl = [i = k] x_l."""
    return jnp.einsum("ik,l->ikl", jnp.eye(A.shape[0], dtype=A.dtype), x), A


def elementwise_product(x: Float[Array, " n"], y: Float[Array, " n"]) -> Float[Array, " n"]:
    """x ∘ y."""
    return x * y


@jacobian(of=elementwise_product, wrt=("x", "y"), at=dict(x=reals("n"), y=reals("n")))
def elementwise_product_jacobian(
    x: Float[Array, " n"], y: Float[Array, " n"]
) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """(38) d(x ∘ y) = y ∘ dx + x ∘ dy, and y ∘ dx = diag(y) dx: elementwise means diagonal."""
    return jnp.diag(y), jnp.diag(x)


def sandwich(X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p q"]) -> Array:
    """A X B."""
    return A @ X @ B


@jacobian(of=sandwich, wrt="X", at=dict(X=reals("n p"), A=reals("m n"), B=reals("p q")))
def sandwich_jacobian(
    X: Float[Array, "n p"], A: Float[Array, "m n"], B: Float[Array, "p q"]
) -> Float[Array, "m q n p"]:
    """(AXB)_ij = Σ_kl A_ik X_kl B_lj: four indices, or vec(AXB) = (Bᵀ ⊗ A) vec(X)."""
    return jnp.einsum("ik,lj->ijkl", A, B)


def matrix_product(A: Float[Array, "m n"], B: Float[Array, "n p"]) -> Float[Array, "m p"]:
    """A B."""
    return A @ B


@vjp(of=matrix_product, wrt=("A", "B"), at=dict(A=reals("m n"), B=reals("n p")))
def matrix_product_vjp(
    A: Float[Array, "m n"], B: Float[Array, "n p"], cotangent: Float[Array, "m p"]
) -> tuple[Float[Array, "m n"], Float[Array, "n p"]]:
    """(37) Tr(Gᵀ (dA B + A dB)) = Tr((G Bᵀ)ᵀ dA) + Tr((Aᵀ G)ᵀ dB)."""
    return cotangent @ B.T, A.T @ cotangent


def linear_layer(p: Layer, X: Float[Array, "n d"]) -> Float[Array, "n k"]:
    """X W + b, a batch of rows through one layer."""
    return X @ p["W"] + p["b"]


@vjp(
    of=linear_layer,
    wrt=("p", "X"),
    at=dict(p={"W": reals("d k"), "b": reals("k")}, X=reals("n d")),
)
def linear_layer_vjp(
    p: Layer, X: Float[Array, "n d"], cotangent: Float[Array, "n k"]
) -> tuple[Layer, Float[Array, "n d"]]:
    """dY = dX W + X dW + 1 dbᵀ, so <G, dY> = <G Wᵀ, dX> + <Xᵀ G, dW> + <Gᵀ 1, db>.

    b was copied to every row, hence its cotangent is the sum over the rows.
    """
    return {"W": X.T @ cotangent, "b": jnp.sum(cotangent, axis=0)}, cotangent @ p["W"].T


def gram(X: Float[Array, "n d"]) -> Float[Array, "n n"]:
    """X Xᵀ, the inner products of the rows. The Gram or linear kernel matrix."""
    return X @ X.T


@vjp(of=gram, at=dict(X=reals("n d")))
def gram_vjp(X: Float[Array, "n d"], cotangent: Float[Array, "n n"]) -> Float[Array, "n d"]:
    """Tr(Gᵀ (dX Xᵀ + X dXᵀ)) = Tr((G X)ᵀ dX) + Tr((Gᵀ X)ᵀ dX)."""
    return cotangent @ X + cotangent.T @ X


def squared_distances(X: Float[Array, "n d"]) -> Float[Array, "n n"]:
    """|x_i - x_j|² between all pairs of rows."""
    return jnp.sum((X[:, None] - X[None, :]) ** 2, axis=-1)


@vjp(of=squared_distances, at=dict(X=reals("n d")))
def squared_distances_vjp(
    X: Float[Array, "n d"], cotangent: Float[Array, "n n"]
) -> Float[Array, "n d"]:
    """d|x_i - x_j|² = 2 (x_i - x_j)ᵀ (dx_i - dx_j): x_i is in row i and in column i,
    so it gathers 2 Σ_j (G_ij + G_ji) (x_i - x_j).
    """
    return 2 * jnp.einsum("ij,ijd->id", cotangent + cotangent.T, X[:, None] - X[None, :])
