"""Eight backpropagations written out step by step; what is wrong at a step stands beside what is
right.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lab.bench.referee.draws import at, integers, normal
from lab.bench.referee.walk import Backprop, Say
from lab.derivation import tap


def classifier(p: Any, X: Any, y: Any) -> Any:
    a = tap("a", jnp.tanh(tap("z", X @ p["W1"] + p["b1"])))
    logits = tap("logits", a @ p["W2"] + p["b2"])
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(y.size), y])


def back_classifier(say: Say) -> Callable[..., Any]:
    def hand(p: Any, X: Any, y: Any) -> Any:
        a = jnp.tanh(X @ p["W1"] + p["b1"])
        s = jax.nn.softmax(a @ p["W2"] + p["b2"])
        hot = jax.nn.one_hot(y, s.shape[1], dtype=s.dtype)
        dl = say("logits", (s - hot) / y.size, s - hot, s / y.size, (s - 1) / y.size)
        da = say("a", dl @ p["W2"].T, jnp.broadcast_to(dl.sum(1, keepdims=True), a.shape))
        dz = say("z", da * (1 - a**2), da, da * (1 - a), da * a * (1 - a))
        return {
            "W1": X.T @ dz,
            "b1": dz.sum(0),
            "W2": a.T @ dl,
            "b2": say("result", dl.sum(0), dl.mean(0)),
        }

    return hand


def regressor(p: Any, X: Any, y: Any) -> Any:
    h1 = tap("h1", jax.nn.silu(tap("z1", X @ p["W1"])))
    h2 = tap("h2", jnp.maximum(tap("z2", h1 @ p["W2"]), 0))
    r = tap("r", h2 @ p["v"] - y)
    return 0.5 * jnp.mean(r**2)


def back_regressor(say: Say) -> Callable[..., Any]:
    def hand(p: Any, X: Any, y: Any) -> Any:
        z1 = X @ p["W1"]
        s = jax.nn.sigmoid(z1)
        h1 = z1 * s
        z2 = h1 @ p["W2"]
        h2 = jnp.maximum(z2, 0)
        r = h2 @ p["v"] - y
        on = jnp.where(z2 > 0, 1.0, 0.0)
        dr = say("r", r / y.size, r, 2 * r / y.size)
        dh2 = say("h2", jnp.outer(dr, p["v"]), jnp.outer(dr, jnp.ones_like(p["v"])))
        dz2 = say("z2", dh2 * on, dh2, dh2 * h2)
        dh1 = say("h1", dz2 @ p["W2"].T, dz2 @ p["W2"])
        dz1 = say("z1", dh1 * (s + h1 * (1 - s)), dh1 * s, dh1 * s * (1 - s))
        return {"W1": X.T @ dz1, "W2": say("result", h1.T @ dz2, dz2.T @ h1), "v": h2.T @ dr}

    return hand


def normalised(x: Any, g: Any, v: Any) -> Any:
    c = tap("c", x - jnp.mean(x))
    q = tap("q", jnp.mean(c**2))
    s = tap("s", 1 / jnp.sqrt(q + 1e-5))
    return jnp.sum(v * jnp.tanh(tap("o", g * c * s)))


def back_normalised(say: Say) -> Callable[..., Any]:
    def hand(x: Any, g: Any, v: Any) -> Any:
        c = x - jnp.mean(x)
        q = jnp.mean(c**2)
        s = 1 / jnp.sqrt(q + 1e-5)
        t = jnp.tanh(g * c * s)
        do = say("o", v * (1 - t**2), v, 1 - t**2)
        ds = say("s", jnp.sum(do * g * c), jnp.mean(do * g * c), jnp.sum(do * c))
        dq = say("q", -0.5 * s**3 * ds, 0.5 * s**3 * ds, -0.5 * s * ds, -(s**3) * ds)
        dc = say("c", do * g * s + 2 * c * dq / c.size, do * g * s, do * g * s + 2 * c * dq)
        return say("result", dc - jnp.mean(dc), dc), do * c * s

    return hand


def attending(Q: Any, K: Any, V: Any) -> Any:
    S = tap("S", Q @ K.T / jnp.sqrt(Q.shape[1]))
    P = tap("P", jax.nn.softmax(S))
    return jnp.sum(jnp.cos(tap("O", P @ V)))


def back_attending(say: Say) -> Callable[..., Any]:
    def hand(Q: Any, K: Any, V: Any) -> Any:
        scale = 1 / jnp.sqrt(Q.shape[1])
        P = jax.nn.softmax(Q @ K.T * scale)
        dO = say("O", -jnp.sin(P @ V), jnp.sin(P @ V), jnp.cos(P @ V))
        dP = say("P", dO @ V.T, dO @ V.T * P)
        row = jnp.sum(P * dP, 1, keepdims=True)
        column = jnp.sum(P * dP, 0, keepdims=True)
        dS = say("S", P * (dP - row), P * dP, P * (dP - column), dP - row)
        return say("result", dS @ K * scale, dS @ K), dS.T @ Q * scale, P.T @ dO

    return hand


def recurrent(W: Any, U: Any, h: Any, X: Any) -> Any:
    for k in range(3):
        h = tap(f"h{k}", jnp.tanh(W @ h + U @ X[k]))
    return h @ h


def back_recurrent(say: Say) -> Callable[..., Any]:
    def hand(W: Any, U: Any, h: Any, X: Any) -> Any:
        states = [h]
        for k in range(3):
            states.append(jnp.tanh(W @ states[-1] + U @ X[k]))
        dh = say("h2", 2 * states[-1], states[-1])
        dW, dU = jnp.zeros_like(W), jnp.zeros_like(U)
        for k in (2, 1, 0):
            dz = dh * (1 - states[k + 1] ** 2)
            dW, dU = dW + jnp.outer(dz, states[k]), dU + jnp.outer(dz, X[k])
            if k:
                dh = say(f"h{k - 1}", W.T @ dz, W @ dz, W.T @ dh)
        return dW, say("result", dU, jnp.outer(dz, X[0]))

    return hand


def residual(x: Any, W: Any, V: Any) -> Any:
    u = tap("u", W @ x)
    r = tap("r", x + V @ jnp.tanh(u))
    n = tap("n", jnp.sqrt(r @ r))
    return jnp.log(n)


def back_residual(say: Say) -> Callable[..., Any]:
    def hand(x: Any, W: Any, V: Any) -> Any:
        t = jnp.tanh(W @ x)
        r = x + V @ t
        n = jnp.sqrt(r @ r)
        dn = say("n", 1 / n, n)
        dr = say("r", dn * r / n, dn * r, 2 * dn * r)
        du = say("u", (V.T @ dr) * (1 - t**2), V.T @ dr, (V.T @ dr) * (1 + t**2))
        dx = say("x", dr + W.T @ du, W.T @ du, dr)
        return dx, jnp.outer(du, x), say("result", jnp.outer(dr, t), jnp.outer(dr, W @ x))

    return hand


def counted(logits: Any, y: Any) -> Any:
    shifted = tap("shifted", logits - jnp.max(jax.lax.stop_gradient(logits), 1, keepdims=True))
    counts = tap("counts", jnp.exp(shifted))
    inverse = tap("inverse", 1 / jnp.sum(counts, 1, keepdims=True))
    p = tap("p", counts * inverse)
    return -jnp.mean(tap("logp", jnp.log(p))[jnp.arange(y.size), y])


def back_counted(say: Say) -> Callable[..., Any]:
    def hand(logits: Any, y: Any) -> Any:
        counts = jnp.exp(logits - jnp.max(logits, 1, keepdims=True))
        inverse = 1 / jnp.sum(counts, 1, keepdims=True)
        p = counts * inverse
        hot = jax.nn.one_hot(y, p.shape[1], dtype=p.dtype)
        dlogp = say("logp", -hot / y.size, hot / y.size, -hot)
        dp = say("p", dlogp / p, dlogp * p)
        down = jnp.sum(counts * dp, 1, keepdims=True)
        dinverse = say("inverse", down, jnp.broadcast_to(jnp.sum(counts * dp), down.shape))
        dcounts = say(
            "counts",
            inverse * dp - inverse**2 * dinverse,
            inverse * dp,
            inverse * dp + inverse**2 * dinverse,
        )
        return say("shifted", counts * dcounts, dcounts)

    return hand


def fitted(m: Any, s: Any, a: Any, x: Any) -> Any:
    e = tap("e", jnp.exp(-s))
    z = tap("z", (x[:, None] - m) * e)
    l = tap("l", jax.nn.log_softmax(a) - s - 0.5 * z**2)
    return -jnp.sum(jax.nn.logsumexp(l, axis=1))


def back_fitted(say: Say) -> Callable[..., Any]:
    def hand(m: Any, s: Any, a: Any, x: Any) -> Any:
        e = jnp.exp(-s)
        z = (x[:, None] - m) * e
        R = jax.nn.softmax(jax.nn.log_softmax(a) - s - 0.5 * z**2, axis=1)
        dl = say("l", -R, R, -jax.nn.softmax(R, axis=0))
        dz = say("z", -dl * z, dl * z, -dl)
        de = say("e", jnp.sum(dz * (x[:, None] - m), 0), jnp.mean(dz * (x[:, None] - m), 0))
        ds = -jnp.sum(dl, 0) - de * e
        da = jnp.sum(dl, 0) - jax.nn.softmax(a) * jnp.sum(dl)
        return -jnp.sum(dz, 0) * e, ds, say("result", da, jnp.sum(dl, 0))

    return hand


W = {"W1": normal(3, 5), "b1": normal(5), "W2": normal(5, 4), "b2": normal(4)}
BACKPROPS = [
    Backprop(
        "classifier",
        classifier,
        back_classifier,
        at(W, normal(6, 3), integers(0, 4, 6)),
        {"logits": 3, "a": 1, "z": 3, "result": 1},
    ),
    Backprop(
        "regressor",
        regressor,
        back_regressor,
        at({"W1": normal(3, 4), "W2": normal(4, 4), "v": normal(4)}, normal(5, 3), normal(5)),
        {"r": 2, "h2": 1, "z2": 2, "h1": 1, "z1": 2, "result": 1},
    ),
    Backprop(
        "normalisation",
        normalised,
        back_normalised,
        at(normal(5), normal(5), normal(5)),
        {"o": 2, "s": 2, "q": 3, "c": 2, "result": 1},
        wrt=(0, 1),
    ),
    Backprop(
        "attention, step by step",
        attending,
        back_attending,
        at(normal(3, 4), normal(5, 4), normal(5, 2)),
        {"O": 2, "P": 1, "S": 3, "result": 1},
        wrt=(0, 1, 2),
    ),
    Backprop(
        "recurrence",
        recurrent,
        back_recurrent,
        at(normal(3, 3), normal(3, 2), normal(3), normal(3, 2)),
        {"h2": 1, "h1": 2, "h0": 2, "result": 1},
        wrt=(0, 1),
    ),
    Backprop(
        "residual block, step by step",
        residual,
        back_residual,
        at(normal(3), normal(4, 3), normal(3, 4)),
        {"n": 1, "r": 2, "u": 2, "x": 2, "result": 1},
        wrt=(0, 1, 2),
    ),
    Backprop(
        "softmax written out",
        counted,
        back_counted,
        at(normal(5, 4), integers(0, 4, 5)),
        {"logp": 2, "p": 1, "inverse": 1, "counts": 2, "shifted": 1},
    ),
    Backprop(
        "mixture",
        fitted,
        back_fitted,
        at(normal(3), normal(3, scale=0.5), normal(3), normal(6)),
        {"l": 2, "z": 2, "e": 1, "result": 1},
        wrt=(0, 1, 2),
    ),
]
