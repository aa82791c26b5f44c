"""How the exercises on backpropagation are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import adjoint, gradient, labels, reals, vjp
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)
LAYER = dict(X=reals("n d"), W=reals("d k"), b=reals("k"))
ALL = ("X", "W", "b")

# ----- one layer -----


@exercise(
    hints=[
        "The gradient for a weight says what the loss does when that weight moves: one number each.",
        Hint("X has 5 · 3 entries.", lambda: gradient_sizes()[0] == 15),
    ],
    wrong=[
        Wrong([3.0, 12.0, 4.0, 8.0], "the first at index 0", "X has a row for every sample."),
        Wrong(
            [15.0, 12.0, 20.0, 8.0],
            "the first at index 2",
            "b1 is shared by the samples: their gradients are summed.",
        ),
        Wrong(
            [15.0, 60.0, 20.0, 40.0], "3 of its 4 entries", "The weights are shared by the samples."
        ),
        Wrong([15.0, 12.0, 8.0, 4.0], "another order"),
    ],
)
def gradient_sizes():
    """Shapes (5, 3), (3, 4), (4,) and (4, 2)."""
    return jnp.array([15.0, 12.0, 4.0, 8.0])


@exercise(
    hints=[
        "<dY, d(XW + b)> = <dY, dX W> + <dY, X dW> + <dY, 1 db>: read off each.",
        "The shapes all but tell: dX is n x d, made of dY (n x k) and W (d x k).",
        "b was added to every row: what was broadcast is summed.",
        Hint(
            "For dY = 1 the gradient of b counts the rows.",
            lambda: jnp.all(
                affine_backward(np.ones((3, 2)), np.ones((2, 4)), np.ones(4), np.ones((3, 4)))[2]
                == 3
            ),
        ),
    ],
    wrong=[
        Wrong(lambda X, W, b, dY: (dY @ W.T, X.T @ dY, dY), "sum over axis 0"),
        Wrong(lambda X, W, b, dY: (dY @ W.T, X.T @ dY, dY.mean(0)), "batch_factor"),
        Wrong(lambda X, W, b, dY: (dY @ W.T, X.T @ dY / len(X), dY.sum(0)), "batch_factor"),
        Wrong(lambda X, W, b, dY: (dY @ W.T, dY.T @ X, dY.sum(0)), "transposed"),
        Wrong(lambda X, W, b, dY: (dY @ W.T, X.T @ dY), "2 parts"),
        Wrong(lambda X, W, b, dY: (dY @ W.T, X.T @ dY, 0 * dY.sum(0) + dY.sum()), "b"),
    ],
)
@vjp(of=sheet.affine, wrt=ALL, at=LAYER)
def affine_backward(X, W, b, dY):
    """<dY, dX W + X dW + 1 db> = <dY W', dX> + <X' dY, dW> + <1' dY, db>."""
    return dY @ W.T, X.T @ dY, dY.sum(0)


@exercise(
    hints=[
        "First through the tanh: dZ = dY times the slope of tanh, entry by entry.",
        "The slope of tanh is 1 - tanh², and tanh is what the layer has computed anyway.",
        "Then it is a linear layer.",
        Hint(
            "Where the unit is saturated nothing comes through.",
            lambda: jnp.allclose(
                tanh_layer_backward(
                    np.ones((1, 1)), 30 * np.ones((1, 1)), np.zeros(1), np.ones((1, 1))
                )[0],
                0,
            ),
        ),
    ],
    wrong=[
        Wrong(lambda X, W, b, dY: affine_backward(X, W, b, dY), "missing_chain_factor"),
        Wrong(
            lambda X, W, b, dY: affine_backward(X, W, b, dY * (1 - jnp.tanh(X @ W + b))),
            "missing_chain_factor",
        ),
        Wrong(
            lambda X, W, b, dY: affine_backward(X, W, b, dY * (1 + jnp.tanh(X @ W + b) ** 2)),
            "",
            "1 - tanh²: a slope that dies away.",
        ),
        Wrong(
            lambda X, W, b, dY: affine_backward(X, W, b, dY * (1 - dY**2)),
            "",
            "The slope is 1 - y² with y the output, not its cotangent.",
        ),
    ],
)
@vjp(of=sheet.tanh_layer, wrt=ALL, at=LAYER)
def tanh_layer_backward(X, W, b, dY):
    """Y = tanh Z, dZ = dY (1 - Y²), and Z = XW + b is linear."""
    return affine_backward(X, W, b, dY * (1 - jnp.tanh(X @ W + b) ** 2))


def is_dead(b):
    z = 2 * np.array([-1.0, 0.0, 1.0, 3.0]) + b
    if np.all(z < 0):
        return None
    if np.max(z) == 0:
        return "one input stands on the kink, where JAX's relu has slope 0 but others have 1 or 1/2"
    return f"it is alive at {int(np.sum(z > 0))} of the 4 inputs"


@exercise(
    argument=is_dead,
    hints=[
        "relu has slope 0 where its argument is negative, and then no gradient passes.",
        Hint("The largest argument is 6 + b.", lambda: 2 * 3 == 6),
    ],
    wrong=[
        Wrong(0.0, "alive at 2"),
        Wrong(-2.0, "alive at 1"),
        Wrong(-6.0, "on the kink"),
        Wrong(10.0, "alive at 4"),
        Wrong([-7.0, -8.0], "shape"),
    ],
)
def dead_unit():
    """2x + b < 0 at all four inputs: b < -6."""
    return -7.0


# ----- the end of the network -----


@exercise(
    hints=[
        "-ln softmax(z)[y] = ln Σ exp(z) - z[y]. What is the gradient of each of the two?",
        "ln Σ exp has the softmax as its gradient, z[y] the one-hot vector of y.",
        Hint(
            "Every row sums to 0: adding a constant to all logits changes nothing.",
            lambda: jnp.allclose(
                cross_entropy_gradient(np.arange(6.0).reshape(2, 3), np.array([0, 2])).sum(1), 0
            ),
        ),
        "The loss is a mean over the rows.",
    ],
    wrong=[
        Wrong(lambda z, y: jax.nn.softmax(z) - jax.nn.one_hot(y, z.shape[1]), "batch_factor"),
        Wrong(lambda z, y: (jax.nn.one_hot(y, z.shape[1]) - jax.nn.softmax(z)) / y.size, "sign"),
        Wrong(lambda z, y: jax.nn.softmax(z) / y.size, "missing_term"),
        Wrong(
            lambda z, y: (jax.nn.softmax(z, axis=0) - jax.nn.one_hot(y, z.shape[1])) / y.size,
            "",
            "The classes lie along axis 1.",
        ),
        Wrong(
            lambda z, y: (jnp.exp(z) - jax.nn.one_hot(y, z.shape[1])) / y.size,
            "",
            "The exponentials have to be divided by their sum.",
        ),
    ],
)
@gradient(of=sheet.cross_entropy, wrt="z", at=dict(z=reals("n k"), y=labels("n", "k")))
def cross_entropy_gradient(z, y):
    """d(ln Σ exp z - z[y]) = (softmax(z) - onehot(y)).dz, over n;  hence (p - onehot) / n."""
    return (jax.nn.softmax(z) - jax.nn.one_hot(y, z.shape[1])) / y.size


# ----- all of it -----


def _backward(W1, W2, X, Y, slope=lambda a: 1 - a**2, factor=1.0, transpose=True):
    a = jnp.tanh(X @ W1)
    dz = adjoint("z", factor * (a @ W2 - Y))
    da = adjoint("a", dz @ W2.T)
    return X.T @ (da * slope(a)), a.T @ dz


@exercise(
    hints=[
        "dz: the loss is half a sum of squares, so its gradient is the difference itself.",
        "z = aW2 is a linear layer: dW2 = a' dz and da = dz W2'.",
        "Through tanh, da becomes da (1 - a²), and then comes another linear layer.",
        Hint(
            "Where the output is right both gradients are 0.",
            lambda: all(
                jnp.all(g == 0)
                for g in loss_gradient(np.eye(2), np.eye(2), np.eye(2), jnp.tanh(np.eye(2)))
            ),
        ),
    ],
    wrong=[
        Wrong(
            lambda W1, W2, X, Y: _backward(W1, W2, X, Y, slope=lambda a: 1.0),
            "missing_chain_factor",
        ),
        Wrong(lambda W1, W2, X, Y: _backward(W1, W2, X, Y, factor=2.0), "factor"),
        Wrong(lambda W1, W2, X, Y: _backward(W1, W2, X, Y, factor=-1.0), "sign"),
        Wrong(lambda W1, W2, X, Y: _backward(W1, W2, X, Y)[::-1], "shape"),
        Wrong(
            lambda W1, W2, X, Y: _backward(W1, W2, X, Y, slope=lambda a: 1 - a),
            "missing_chain_factor",
        ),
    ],
)
@gradient(
    of=sheet.loss,
    wrt=("W1", "W2"),
    at=dict(W1=reals("d h"), W2=reals("h k"), X=reals("n d"), Y=reals("n k")),
)
def loss_gradient(W1, W2, X, Y):
    """dz = z - Y;  dW2 = a' dz, da = dz W2';  through tanh da (1 - a²);  dW1 = X' of that."""
    return _backward(W1, W2, X, Y)


def _norm_backward(x, dy, mean=1.0, deviation=1.0):
    centered = x - jnp.mean(x)
    scale = 1 / jnp.sqrt(jnp.mean(centered**2) + 1e-5)
    y = centered * scale
    return scale * (dy - mean * jnp.mean(dy) - deviation * y * jnp.mean(dy * y))


@exercise(
    hints=[
        "y = c s with c = x - mean(x) and s = (mean(c²) + ε)^(-1/2): dy = dc s + c ds.",
        "ds = -s³ mean(c dc): through the deviation every entry hears of every other.",
        "Subtracting a mean is its own transpose: c = x - mean(x) turns dc into dc - mean(dc).",
        Hint(
            "The answer sums to 0: adding a constant to x changes nothing.",
            lambda: jnp.allclose(
                layer_norm_backward(np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 0.0])).sum(), 0
            ),
        ),
    ],
    wrong=[
        Wrong(lambda x, dy: _norm_backward(x, dy, mean=0.0), "missing_term"),
        Wrong(lambda x, dy: _norm_backward(x, dy, deviation=0.0), "missing_term"),
        Wrong(lambda x, dy: _norm_backward(x, dy, mean=0.0, deviation=0.0), "missing_term"),
        Wrong(lambda x, dy: _norm_backward(x, dy, deviation=-1.0), "sign"),
        Wrong(lambda x, dy: _norm_backward(x, dy, deviation=2.0), "factor"),
    ],
)
@vjp(of=sheet.layer_norm, at=dict(x=reals("n+1")))
def layer_norm_backward(x, dy):
    """y = cs: dc = s dy - s³ c mean(c dy) and dx = dc - mean(dc);
    hence s (dy - mean(dy) - y mean(dy y))."""
    return _norm_backward(x, dy)


# ----- attention -----


def _attention_backward(Q, K, V, dO, sums=1.0, scale=None, axis=1):
    scale = Q.shape[1] ** -0.5 if scale is None else scale
    P = jax.nn.softmax(Q @ K.T / Q.shape[1] ** 0.5)
    dP = dO @ V.T
    dS = P * (dP - sums * jnp.sum(P * dP, axis=axis, keepdims=True))
    return scale * dS @ K, scale * dS.T @ Q, P.T @ dO


@exercise(
    hints=[
        "Three steps, three pullbacks, last first. O = PV is a linear layer: dV and dP.",
        "The softmax, row by row: dS = P (dP - the row's sum of P dP).",
        Hint(
            "Every row of dS sums to 0. So if all keys are the same, dQ is 0.",
            lambda: jnp.allclose(
                attention_backward(np.eye(3), np.ones((2, 3)), np.eye(2), np.ones((3, 2)))[0], 0
            ),
        ),
        "S = QK' / sqrt d is bilinear: what dS sends to Q goes through K, and the other way round.",
    ],
    wrong=[
        Wrong(lambda *given: _attention_backward(*given, sums=0.0), "missing_term"),
        Wrong(
            lambda *given: _attention_backward(*given, scale=1.0),
            "",
            "The scores were divided by sqrt d; so is what comes back.",
        ),
        Wrong(lambda *given: _attention_backward(*given, axis=0), "wrong_axis"),
        Wrong(
            lambda *given: tuple(_attention_backward(*given)[place] for place in (1, 0, 2)),
            "",
            "What is for the queries has the shape of Q.",
        ),
    ],
)
@vjp(
    of=sheet.attention,
    wrt=("Q", "K", "V"),
    at=dict(Q=reals("n d"), K=reals("m d"), V=reals("m e")),
)
def attention_backward(Q, K, V, dO):
    """O = PV: dV = P' dO, dP = dO V';  dS = P (dP - rowsum(P dP));  S = QK'/sqrt d;
    hence dQ = dS K / sqrt d, dK = dS' Q / sqrt d, and dV."""
    return _attention_backward(Q, K, V, dO)
