"""Recurrence and position: backpropagation through time, gated cells, linear attention, rotations.

A state used again and again is a network as deep as the sequence is long, with the same weights in
every layer: the cotangent walks back step by step, and the weights collect from all of them.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.networks.activations import elu, elu_derivative, sigmoid, tanh, tanh_derivative
from lab.derivation import jacobian, vjp
from lab.domains import reals

State = Float[Array, " h"]
Sequence = Float[Array, "t d"]
States = Float[Array, "t h"]


# ----- through time -----


def rnn_states(W: Float[Array, "h h"], U: Float[Array, "h d"], h0: State, X: Sequence) -> States:
    """``h_t = tanh(W h_{t-1} + U x_t)``, all of them (Elman 1990).

    A vanilla RNN; its pullback is BPTT.
    """

    def step(h: State, x: Array) -> tuple[State, State]:
        h = jnp.tanh(W @ h + U @ x)
        return h, h

    return jax.lax.scan(step, h0, X)[1]


@vjp(
    of=rnn_states,
    wrt=("W", "U", "h0"),
    at=dict(W=reals("h h"), U=reals("h d"), h0=reals("h"), X=reals("t d")),
)
def rnn_states_vjp(
    W: Float[Array, "h h"], U: Float[Array, "h d"], h0: State, X: Sequence, cotangent: States
) -> tuple[Float[Array, "h h"], Float[Array, "h d"], State]:
    """a_t = W h_{t-1} + U x_t;  h_t is heard by the output and by a_{t+1};  backwards in time

    δ_t = (c_t + Wᵀ δ_{t+1}) ∘ tanh'(a_t), hence Σ δ_t h_{t-1}ᵀ, Σ δ_t x_tᵀ, and Wᵀ δ_1 for h0.
    """
    before = jnp.concatenate([h0[None], rnn_states(W, U, h0, X)[:-1]])
    slopes = tanh_derivative(before @ W.T + X @ U.T)

    def back(later: State, here: tuple[State, State]) -> tuple[State, State]:
        c, slope = here
        delta = (c + W.T @ later) * slope
        return delta, delta

    first, deltas = jax.lax.scan(back, jnp.zeros_like(h0), (cotangent, slopes), reverse=True)
    return deltas.T @ before, deltas.T @ X, W.T @ first


def last_state(W: Float[Array, "h h"], h0: State, inputs: States) -> State:
    """Where ``h_t = tanh(W h_{t-1} + inputs_t)`` ends: a scan, the unrolled recurrence."""
    return jax.lax.scan(lambda h, u: (jnp.tanh(W @ h + u), None), h0, inputs)[0]


@jacobian(of=last_state, wrt="h0", at=dict(W=reals("h h"), h0=reals("h"), inputs=reals("t h")))
def last_state_jacobian(W: Float[Array, "h h"], h0: State, inputs: States) -> Float[Array, "h h"]:
    """dh_t = diag(tanh'(a_t)) W dh_{t-1};  hence the product of the steps' Jacobians, the last one

    leftmost: factors of size below 1 make it vanish, above 1 explode (Bengio et al. 1994).
    """

    def step(state: tuple[State, Array], u: State) -> tuple[tuple[State, Array], None]:
        h, J = state
        a = W @ h + u
        return (tanh(a), tanh_derivative(a)[:, None] * (W @ J)), None

    return jax.lax.scan(step, (h0, jnp.eye(h0.size, dtype=h0.dtype)), inputs)[0][1]


def lstm_cell(f: State, i: State, g: State, o: State, c0: State) -> tuple[State, State]:
    """``c = f c0 + i g``, ``h = o tanh(c)``: gates given (Hochreiter and Schmidhuber 1997).

    The LSTM cell's state and output.
    """
    c = f * c0 + i * g
    return o * jnp.tanh(c), c


@vjp(
    of=lstm_cell,
    wrt=("f", "i", "g", "o", "c0"),
    at=dict(f=reals("h"), i=reals("h"), g=reals("h"), o=reals("h"), c0=reals("h")),
)
def lstm_cell_vjp(
    f: State, i: State, g: State, o: State, c0: State, cotangent: tuple[State, State]
) -> tuple[State, State, State, State, State]:
    """h = o tanh c, so c is heard twice: c̄ = c̄_out + h̄ o tanh'(c);  dc = c0 df + f dc0 + g di +

    i dg, hence c̄ c0, c̄ g, c̄ i, h̄ tanh c, and c̄ f for the old cell: no matrix, no squashing on
    the way back through time.
    """
    h_bar, c_bar = cotangent
    c = f * c0 + i * g
    c_bar = c_bar + h_bar * o * tanh_derivative(c)
    return c_bar * c0, c_bar * g, c_bar * i, h_bar * tanh(c), c_bar * f


def gru_update(a: State, b: State, h0: State) -> State:
    """``(1 - z) h0 + z n``, ``z = sigmoid(a)``, ``n = tanh(b)`` (Cho et al. 2014).

    The GRU interpolates.
    """
    return sigmoid(-a) * h0 + sigmoid(a) * jnp.tanh(b)


@vjp(of=gru_update, wrt=("a", "b", "h0"), at=dict(a=reals("h"), b=reals("h"), h0=reals("h")))
def gru_update_vjp(a: State, b: State, h0: State, cotangent: State) -> tuple[State, State, State]:
    """dh = (n - h0) dz + z dn + (1 - z) dh0, dz = z (1 - z) da, dn = tanh'(b) db;

    hence c (n - h0) s(a) s(-a), c s(a) tanh'(b), and c s(-a).
    """
    z, kept = sigmoid(a), sigmoid(-a)
    return (
        cotangent * (tanh(b) - h0) * z * kept,
        cotangent * z * tanh_derivative(b),
        cotangent * kept,
    )


# ----- instead of a state: attention that is linear, positions that are angles -----


def linear_attention(
    Q: Float[Array, "n d"], K: Float[Array, "m d"], V: Float[Array, "m e"]
) -> Float[Array, "n e"]:
    """``φ(Q) (φ(K)ᵀ V)``, ``φ = elu + 1``: keys and values meet first (Katharopoulos 2020)."""
    return (elu(Q) + 1) @ ((elu(K) + 1).T @ V)


@vjp(
    of=linear_attention,
    wrt=("Q", "K", "V"),
    at=dict(Q=reals("n d"), K=reals("m d"), V=reals("m e")),
)
def linear_attention_vjp(
    Q: Float[Array, "n d"],
    K: Float[Array, "m d"],
    V: Float[Array, "m e"],
    cotangent: Float[Array, "n e"],
) -> tuple[Float[Array, "n d"], Float[Array, "m d"], Float[Array, "m e"]]:
    """O = P S, S = Rᵀ V, P = φ(Q), R = φ(K);  P̄ = C Sᵀ, S̄ = Pᵀ C, R̄ = V S̄ᵀ, V̄ = R S̄;

    hence P̄ ∘ φ'(Q), R̄ ∘ φ'(K) and V̄: nothing of size n by m, there or back.
    """
    P, R = elu(Q) + 1, elu(K) + 1
    S_bar = P.T @ cotangent
    Q_bar = cotangent @ V.T @ R * elu_derivative(Q)
    return Q_bar, V @ S_bar.T * elu_derivative(K), R @ S_bar


def rotary_embedding(X: Float[Array, "n e"], angle: Float[Array, "n d"]) -> Float[Array, "n e"]:
    """Entries 2j and 2j+1 of each row turned by ``angle_j`` (Su et al. 2021)."""
    x, y = X[:, 0::2], X[:, 1::2]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return jnp.stack([cos * x - sin * y, sin * x + cos * y], axis=-1).reshape(X.shape)


@vjp(of=rotary_embedding, wrt="X", at=dict(X=reals("n 2d"), angle=reals("n d")))
def rotary_embedding_vjp(
    X: Float[Array, "n e"], angle: Float[Array, "n d"], cotangent: Float[Array, "n e"]
) -> Float[Array, "n e"]:
    """dY = R dX with R a rotation, whose transpose is its inverse;  hence C turned back: no

    length is changed on either way.
    """
    return rotary_embedding(cotangent, -angle)
