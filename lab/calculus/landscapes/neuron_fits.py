"""One neuron fitted to data by squares: small problems of the kind that training a network is.

The bias is the first weight; inputs have a row for each sample.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import jacobian
from lab.domains import reals

Params = Float[Array, " p"]
Inputs = Float[Array, "n d"]
Targets = Float[Array, " n"]

DATA = dict(X=reals("n d"), y=reals("n"))


def bent_line_residuals(x: Params, X: Inputs, y: Targets) -> Targets:
    """a tanh(b + Xw) + c - y over √n, x = (a, c, b, w): their squares sum to the mean square."""
    return (x[0] * jnp.tanh(x[2] + X @ x[3:]) + x[1] - y) / jnp.sqrt(y.size)


@jacobian(of=bent_line_residuals, wrt="x", at=dict(x=reals("d+3"), **DATA))
def bent_line_jacobian(x: Params, X: Inputs, y: Targets) -> Float[Array, "n p"]:
    """h = tanh z, dh = (1 - h²) (db + X dw);  hence the columns h, 1, a (1 - h²), a (1 - h²) X, all
    over √n. As sech² z, which does not lose its digits where h nears 1.
    """
    z = x[2] + X @ x[3:]
    slope = x[0] / jnp.cosh(z) ** 2
    first = jnp.stack([jnp.tanh(z), jnp.ones_like(z), slope], axis=1)
    return jnp.concatenate([first, slope[:, None] * X], axis=1) / jnp.sqrt(y.size)


def chance_residuals(w: Params, X: Inputs, y: Targets) -> Targets:
    """s(w₁ + X w₂...) - y over √n: their squares sum to the score of Brier (1950)."""
    return (jax.nn.sigmoid(w[0] + X @ w[1:]) - y) / jnp.sqrt(y.size)


@jacobian(of=chance_residuals, wrt="w", at=dict(w=reals("d+1"), **DATA))
def chance_jacobian(w: Params, X: Inputs, y: Targets) -> Float[Array, "n p"]:
    """ds = s(z) s(-z) dz, dz = dw₁ + X dw₂...;  hence s(z) s(-z) times (1, X), over √n."""
    z = w[0] + X @ w[1:]
    slope = jax.nn.sigmoid(z) * jax.nn.sigmoid(-z)
    return (
        slope[:, None] * jnp.concatenate([jnp.ones_like(z)[:, None], X], axis=1) / jnp.sqrt(y.size)
    )
