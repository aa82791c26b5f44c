"""`check` on right and wrong derivations of all seven kinds: no wrong one passes, no right one is condemned."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check
from lab.derivation import derivation
from lab.domains import (
    choice,
    integers,
    invertible,
    labels,
    nonnegative,
    reals,
    simplex,
    spd,
)
from lab.errors import BadInput

# ----- the functions on trial -----


def mse(w, X, y):
    return jnp.mean((X @ w - y) ** 2)


def mse_right(w, X, y):
    return 2 / y.size * X.T @ (X @ w - y)


def layer(X, W, b):
    return jnp.tanh(X @ W + b)


def layer_vjp(X, W, b, cotangent):
    dz = cotangent * (1 - layer(X, W, b) ** 2)
    return dz @ W.T, X.T @ dz, dz.sum(0)


def cross_entropy(logits, y):
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
    return -jnp.mean(picked)


def cross_entropy_right(logits, y):
    one_hot = jax.nn.one_hot(y, logits.shape[1], dtype=logits.dtype)
    return (jax.nn.softmax(logits) - one_hot) / y.size


def quadratic(x, A):
    return x @ A @ x


def network(params, X):
    return jnp.mean(jnp.tanh(X @ params["W"] + params["b"]) ** 2)


def network_gradient(params, X):
    a = jnp.tanh(X @ params["W"] + params["b"])
    dz = 2 / a.size * a * (1 - a**2)
    return {"W": X.T @ dz, "b": dz.sum(0)}


def softmax_jacobian(x):
    p = jax.nn.softmax(x)
    return jnp.diag(p) - jnp.outer(p, p)


MSE = dict(w=reals("d"), X=reals("n d"), y=reals("n"))
LAYER = dict(X=reals("n d"), W=reals("d k"), b=reals("k"))
LOGITS = dict(logits=reals("n k"), y=labels("n", "k"))
NETWORK = dict(params={"W": reals("d k"), "b": reals("k")}, X=reals("n d"))
LOG_DET = lambda A: jnp.linalg.slogdet(A)[1]
EYE = lambda x: jnp.eye(x.size, dtype=x.dtype)

# kind, function, right derivative, options, {mistake: wrong derivative}
CASES = {
    "mse": ("gradient", mse, mse_right, dict(wrt="w", at=MSE), {
        "sign": lambda w, X, y: -mse_right(w, X, y),
        "factor": lambda w, X, y: mse_right(w, X, y) / 2,
        "batch_factor": lambda w, X, y: mse_right(w, X, y) * y.size,
        "missing term": lambda w, X, y: 2 / y.size * X.T @ (X @ w),
        "one part in a million": lambda w, X, y: mse_right(w, X, y) * 1.000001,
        "last entry": lambda w, X, y: mse_right(w, X, y).at[-1].multiply(1.01),
        "shape": lambda w, X, y: mse_right(w, X, y)[:, None],
        "nan": lambda w, X, y: mse_right(w, X, y) * jnp.nan,
        "wrong for large residuals": lambda w, X, y: 2 / y.size * X.T @ jnp.clip(X @ w - y, -9.0, 9.0),
    }),
    "cross entropy": ("gradient", cross_entropy, cross_entropy_right, dict(at=LOGITS), {
        "missing mean": lambda z, y: cross_entropy_right(z, y) * y.size,
        "wrong axis": lambda z, y: (jax.nn.softmax(z, 0) - jax.nn.one_hot(y, z.shape[1])) / y.size,
        "index": lambda z, y: cross_entropy_right(z, (y + 1) % z.shape[1]),
    }),
    "network": ("gradient", network, network_gradient, dict(at=NETWORK), {
        "bias not summed": lambda p, X: {**network_gradient(p, X), "b": 0 * X[:, :1] + p["b"]},
        "missing leaf": lambda p, X: {"W": network_gradient(p, X)["W"]},
        "bias only": lambda p, X: {**network_gradient(p, X), "b": network_gradient(p, X)["b"] * 1.001},
    }),
    "two arguments": ("gradient", mse, lambda w, X, y: (mse_right(w, X, y), 2 / y.size * (y - X @ w)),
        dict(wrt=("w", "y"), at=MSE), {
        "second only": lambda w, X, y: (mse_right(w, X, y), 2 / y.size * (X @ w - y)),
        "swapped": lambda w, X, y: (2 / y.size * (y - X @ w), mse_right(w, X, y)),
    }),
    "log det": ("gradient", LOG_DET, lambda A: jnp.linalg.inv(A).T, dict(at=dict(A=invertible("d"))), {
        "transpose": lambda A: jnp.linalg.inv(A),
        "identity": lambda A: jnp.eye(A.shape[0], dtype=A.dtype),
    }),
    "log det, symmetric": ("gradient", LOG_DET, jnp.linalg.inv, dict(at=dict(A=spd("d"))), {
        "free-entry convention": lambda A: 2 * jnp.linalg.inv(A) - jnp.diag(jnp.diag(jnp.linalg.inv(A))),
    }),
    "tanh": ("derivative", jnp.tanh, lambda x: 1 - jnp.tanh(x) ** 2, dict(at=dict(x=reals("n"))), {
        "square forgotten": lambda x: 1 - jnp.tanh(x),
        "right only for x > 0": lambda x: jnp.where(x > 0, 1 - jnp.tanh(x) ** 2, 1.0),
    }),
    "integer power": ("derivative", lambda x, n: x**n, lambda x, n: n * x ** (n - 1),
        dict(at=dict(x=reals(), n=choice(2, 3, 5))), {
        "n for every n": lambda x, n: 2 * x ** (n - 1),
    }),
    "entropy": ("gradient", lambda p: -jnp.sum(p * jnp.log(p)), lambda p: -jnp.log(p) - 1,
        dict(at=dict(p=simplex("k"))), {"one forgotten": lambda p: -jnp.log(p)}),
    "softmax": ("jacobian", jax.nn.softmax, softmax_jacobian, dict(at=dict(x=reals("n"))), {
        "diagonal only": lambda x: jnp.diag(jnp.diag(softmax_jacobian(x))),
        "diagonal wrong": lambda x: softmax_jacobian(x) + 1e-3 * EYE(x),
    }),
    "Ax": ("jacobian", lambda x, A: A @ x, lambda x, A: A, dict(at=dict(x=reals("n"), A=reals("m n"))), {
        "transpose": lambda x, A: A.T,
    }),
    "quadratic form": ("hessian", quadratic, lambda x, A: A + A.T,
        dict(at=dict(x=reals("n"), A=reals("n n"))), {"not symmetrized": lambda x, A: 2 * A}),
    "logistic": ("hessian", lambda w, X: jnp.mean(jax.nn.softplus(X @ w)),
        lambda w, X: X.T @ (jax.nn.sigmoid(X @ w) * jax.nn.sigmoid(-(X @ w)) / len(X) * X.T).T,
        dict(at=dict(w=reals("d"), X=reals("n d"))), {
        "a factor forgotten": lambda w, X: X.T @ (jax.nn.sigmoid(X @ w) / len(X) * X.T).T,
    }),
    "inverse": ("jvp", lambda A: jnp.linalg.inv(A), lambda A, dA: -jnp.linalg.inv(A) @ dA @ jnp.linalg.inv(A),
        dict(at=dict(A=invertible("d"))), {
        "order": lambda A, dA: -dA @ jnp.linalg.inv(A) @ jnp.linalg.inv(A),
        "squared tangent": lambda A, dA: -jnp.linalg.inv(A) @ dA**2 @ jnp.linalg.inv(A),
    }),
    "layer": ("vjp", layer, layer_vjp, dict(wrt=("X", "W", "b"), at=LAYER), {
        "broadcast not summed": lambda X, W, b, c: (*layer_vjp(X, W, b, c)[:2], c * (1 - layer(X, W, b) ** 2)),
        "mean for sum": lambda X, W, b, c: (*layer_vjp(X, W, b, c)[:2], layer_vjp(X, W, b, c)[2] / len(X)),
    }),
    "sine of a sum": ("identity", lambda x, y: jnp.sin(x + y),
        lambda x, y: jnp.sin(x) * jnp.cos(y) + jnp.cos(x) * jnp.sin(y),
        dict(at=dict(x=reals(), y=reals())), {
        "sign": lambda x, y: jnp.sin(x) * jnp.cos(y) - jnp.cos(x) * jnp.sin(y),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_right_ones_pass(name):
    kind, f, right, options, _ = CASES[name]
    verdict = check(f, right, kind=kind, **options)
    assert verdict.verdict == "correct", verdict
    assert verdict.mistake is None
    assert verdict
    assert verdict.power is not None
    assert verdict.power < 1e-6


@pytest.mark.parametrize(
    ("name", "mistake"), [(name, mistake) for name, case in CASES.items() for mistake in case[4]]
)
def test_planted_mistakes_are_found(name, mistake):
    kind, f, _, options, mistakes = CASES[name]
    verdict = check(f, mistakes[mistake], kind=kind, **options)
    assert verdict.verdict == "wrong", verdict
    assert not verdict
    assert verdict.mistake is not None


NAMED = {"sign": "sign", "factor": "factor", "batch_factor": "batch_factor", "shape": "shape"}


@pytest.mark.parametrize("mistake", NAMED)
def test_simple_mistakes_are_named(mistake):
    verdict = check(mse, CASES["mse"][4][mistake], **CASES["mse"][3])
    assert verdict.mistake.name == NAMED[mistake]
    assert verdict.mistake.where == "w"


# ----- kinks -----

RELU = lambda x: jnp.maximum(x, 0)
ONE_HOT = lambda i, x: jax.nn.one_hot(i, x.size, dtype=x.dtype)
MAX = lambda x: jnp.max(x)
TIES = lambda x: jnp.where(x == x.max(), 1.0, 0.0)
KINKS = [
    ("derivative", RELU, lambda x: jnp.where(x > 0, 1.0, 0.0), "subgradient"),
    ("derivative", RELU, lambda x: jnp.where(x >= 0, 1.0, 0.0), "subgradient"),
    ("derivative", RELU, lambda x: jnp.heaviside(x, 0.5), "correct"),  # JAX's own choice
    ("derivative", RELU, lambda x: jnp.heaviside(x, 1.5), "wrong"),
    ("derivative", jnp.abs, jnp.sign, "subgradient"),
    ("derivative", jnp.abs, lambda x: jnp.where(x == 0, -1.5, jnp.sign(x)), "wrong"),
    ("gradient", MAX, lambda x: ONE_HOT(jnp.argmax(x), x), "subgradient"),
    ("gradient", MAX, lambda x: TIES(x), "wrong"),  # sums to the number of ties
    ("gradient", MAX, lambda x: TIES(x) / TIES(x).sum(), "correct"),
    ("gradient", lambda x: jnp.sum(jnp.abs(x)), jnp.sign, "subgradient"),
    ("gradient", jnp.linalg.norm, lambda x: x / jnp.maximum(jnp.linalg.norm(x), 1e-30), "subgradient"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "f", "hand", "word"), KINKS)
def test_a_choice_at_a_kink_is_a_convention_within_the_hull(kind, f, hand, word):
    verdict = check(f, hand, kind=kind, at=dict(x=reals("n")))
    assert verdict.verdict == word, verdict


POOL = lambda x: jnp.max(x, axis=1)
LARGEST = lambda x: (x == POOL(x)[:, None]).astype(x.dtype)
PULLBACKS = [
    (lambda x, g: jax.nn.one_hot(jnp.argmax(x, axis=1), 3, dtype=x.dtype) * g[:, None], "subgradient"),
    (lambda x, g: LARGEST(x) / LARGEST(x).sum(axis=1, keepdims=True) * g[:, None], "correct"),
    (lambda x, g: LARGEST(x) * g[:, None], "wrong"),  # each of several largest gets all of it
]  # fmt: skip


@pytest.mark.parametrize(("hand", "word"), PULLBACKS)
def test_a_choice_at_ties_is_held_to_the_hull_in_every_direction(hand, word):
    tied = lambda key: (jax.random.randint(key, (4, 3), 0, 3).astype(float),)
    verdict = check(POOL, hand, kind="vjp", at=tied)
    assert verdict.verdict == word, verdict


ROOT = lambda x: jnp.sqrt(x * x)  # JAX: 0/0 at 0
NO_NUMBER = [
    (ROOT, lambda x: x / jnp.sqrt(x * x), "x == 0", "unstable", "has to choose a slope, and gives nan"),
    (ROOT, jnp.sign, "x == 0", "subgradient", "declared: x == 0"),
    (ROOT, lambda x: 2 * x / jnp.sqrt(x * x), "x == 0", "wrong", "2 times"),
    (ROOT, lambda x: x / jnp.sqrt(x * x), None, "correct", "it gives nan, e.g. at x = "),
    (jnp.sqrt, lambda x: 0.5 / jnp.sqrt(x), "x == 0", "correct", "it gives inf, e.g. at x = "),
    (jnp.cbrt, lambda x: 1 / (3 * jnp.cbrt(x) ** 2), None, "correct", "it gives inf, e.g. at x = "),
    (jnp.cbrt, lambda x: 1 / (2 * jnp.cbrt(x) ** 2), None, "wrong", "3/2"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "hand", "kinks", "word", "says"), NO_NUMBER)
def test_where_a_kink_is_declared_a_slope_is_owed(f, hand, kinks, word, says):
    at = dict(x=nonnegative("n") if f is jnp.sqrt else reals("n"))
    verdict = check(derivation(f, hand, kind="derivative", wrt=0, at=at, kinks=kinks))
    assert (verdict.verdict, says in verdict.reason) == (word, True), verdict


# ----- where arguments come from -----


def test_a_sampler_may_read_numbers_off_its_key():
    def sampler(key):
        X = np.random.default_rng(int(key[-1])).normal(size=(5, 3))
        return dict(w=X[0] + 1, X=X, y=X[:, 1] - 2)

    assert check(mse, mse_right, at=sampler).verdict == "correct"
    assert check(mse, CASES["mse"][4]["batch_factor"], at=sampler).verdict == "wrong"


def test_a_sampler_of_varying_shapes():
    def sampler(key):
        n = 2 + int(jax.random.randint(key, (), 0, 4))
        one, two, three = jax.random.split(key, 3)
        return (
            jax.random.normal(one, (3,)),
            jax.random.normal(two, (n, 3)),
            jax.random.normal(three, (n,)),
        )

    assert check(mse, mse_right, at=sampler).verdict == "correct"
    assert check(mse, CASES["mse"][4]["batch_factor"], at=sampler).verdict == "wrong"


def test_concrete_arguments_and_integers_held_fixed():
    assert check(lambda x, n: x**n, lambda x, n: n * x ** (n - 1), at=(2.0, 3)).verdict == "correct"
    at = dict(x=reals("n"), k=integers(0, 1))
    f = lambda x, k: jnp.sum(x ** (k + 1))
    hand = lambda x, k: (k + 1) * x**k
    with warnings.catch_warnings(), jax.numpy_dtype_promotion("standard"):
        assert check(f, hand, at=at).verdict == "correct"


REFUSED = [
    (dict(f=mse, hand=mse_right), "say where the arguments come from"),
    (dict(f=mse), "carries no derivation"),
    (dict(f=layer, hand=lambda X, W, b: X, at=LAYER), "needs a scalar function"),
    (dict(f=cross_entropy, hand=lambda z, y: y, at=LOGITS, wrt="y"), "cannot be differentiated"),
    (dict(f=mse, hand=mse_right, at=dict(w=reals("n-9"), X=reals("m n-9"), y=reals("m"))), "no sizes fit"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "says"), REFUSED)
def test_questions_that_make_no_sense_are_refused(question, says):
    with pytest.raises(BadInput) as caught:
        check(**question)
    assert says in str(caught.value)


def test_the_verdict_repeats_with_its_seed():
    verdicts = [
        check(mse, CASES["mse"][4]["missing term"], wrt="w", at=MSE, seed=1) for _ in range(2)
    ]
    assert verdicts[0]._replace(seconds=0) == verdicts[1]._replace(seconds=0)


def test_json_has_the_promised_fields():
    verdict = check(mse, mse_right, wrt="w", at=MSE)
    fields = [
        "name",
        "of",
        "kind",
        "file",
        "line",
        "verdict",
        "mistake",
        "steps",
        "witnesses",
        "power",
        "points",
        "seconds",
    ]
    assert set(fields) <= set(verdict.to_json())
    assert verdict.to_json()["mistake"] is None


@pytest.mark.parametrize("before", [True, False])
def test_the_caller_s_precision_neither_matters_nor_changes(before):
    with jax.enable_x64(before):
        assert check(mse, mse_right, wrt="w", at=MSE).verdict == "correct"
        assert jax.config.jax_enable_x64 == before


# ----- where to look -----

LOOKED_AT = [
    ("a branch of the hand", lambda x: jnp.sin(x), lambda x: jnp.where(x > 5555, 2.0, jnp.cos(x)), "wrong"),
    ("a kink at 0.7", lambda x: jnp.clip(x, -0.7, 0.7), lambda x: jnp.where(jnp.abs(x) < 0.7, 1.0, 0.0), "subgradient"),
    ("beyond a kink at 1", lambda x: jnp.clip(x, -1, 1), lambda x: jnp.where(jnp.abs(x) < 1.005, 1.0, 0.0), "wrong"),
    ("nan at a kink", RELU, lambda x: RELU(x) / x, "unstable"),
    ("just outside the hull", RELU, lambda x: jnp.heaviside(x, 1.001), "wrong"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "hand", "word"), [row[1:] for row in LOOKED_AT], ids=[row[0] for row in LOOKED_AT]
)
def test_points_are_chosen_where_programs_branch(f, hand, word):
    assert check(f, hand, kind="derivative", at=dict(x=reals("n"))).verdict == word


def trapped(x):
    """The where trap: 0 on the left, where JAX's derivative is 0 * inf = nan."""
    return jnp.where(x > 0, jnp.sqrt(x), 0.0)


def test_where_jax_is_at_a_loss_differences_judge():
    safe = lambda x: jnp.where(x > 0, x, 1.0)
    right = lambda x: jnp.where(x > 0, 0.5 / jnp.sqrt(safe(x)), 0.0)
    wrong = lambda x: jnp.where(x > 0, 0.5 / jnp.sqrt(safe(x)), 1.0)
    words = [
        check(trapped, hand, kind="derivative", at=dict(x=reals("n"))).verdict
        for hand in (right, wrong, lambda x: 0.5 / jnp.sqrt(x))
    ]
    assert words == ["correct", "wrong", "unstable"]


def test_a_derivative_that_is_zero_everywhere():
    f = lambda x: jnp.sum(jax.nn.softmax(x))
    assert check(f, jnp.zeros_like, at=dict(x=reals("n"))).verdict == "correct"
    assert check(f, lambda x: 1e-6 * x, at=dict(x=reals("n"))).verdict == "wrong"


def test_a_hand_that_computes_in_single_precision():
    single = lambda x: jnp.cos(x.astype(jnp.float32))
    f = lambda x: jnp.sum(jnp.sin(x))
    assert check(f, single, at=dict(x=reals("n"))).verdict == "correct"
    assert check(f, lambda x: 1.001 * single(x), at=dict(x=reals("n"))).verdict == "wrong"


TIED = lambda key: jax.random.randint(key, (6,), 0, 3).astype(float)
variation = lambda x: jnp.sum(jnp.abs(jnp.diff(x)))


def variation_gradient(x, at_zero=0.0):
    slope = jnp.where(jnp.diff(x) == 0, at_zero, jnp.sign(jnp.diff(x)))
    return jnp.pad(slope, (1, 0)) - jnp.pad(slope, (0, 1))


@pytest.mark.parametrize("at_zero", [-1.0, -0.3, 0.0, 0.9])
def test_where_every_point_is_a_kink_any_choice_in_the_hull_is_a_subgradient(at_zero):
    verdict = check(variation, lambda x: variation_gradient(x, at_zero), at=TIED)
    assert verdict.verdict == "subgradient", verdict


@pytest.mark.parametrize(
    ("hand", "name", "word"),
    [
        (lambda x: -variation_gradient(x), "sign", "flipped"),
        (lambda x: 2 * variation_gradient(x), "factor", "2 times"),
        (lambda x: variation_gradient(x, 1.5), "region", "choice at a kink"),
    ],
)
def test_where_every_point_is_a_kink_a_mistake_is_named_beside_them(hand, name, word):
    mistake = check(variation, hand, at=TIED).mistake
    assert (mistake.name, word in mistake.says) == (name, True), mistake


def test_a_small_error_where_a_function_curves_sharply_is_no_kink():
    f = lambda x: jnp.sum((x - 1) ** 6)
    at = lambda key: 1 + 0.05 * jax.random.normal(key, (4,))
    assert check(f, lambda x: 6 * (x - 1) ** 5, at=at).passes
    assert check(f, lambda x: 6.0006 * (x - 1) ** 5, at=at).verdict == "wrong"


def test_an_answer_that_is_never_a_number_is_wrong():
    verdict = check(lambda x: x**3, lambda x: jnp.nan * x, kind="derivative", at=dict(x=reals()))
    assert verdict.verdict == "wrong"
    assert "not finite" in verdict.mistake.says


def test_wrong_at_zero_alone():
    hand = lambda x: jnp.where(x == 0, 1.0, 3 * x**2)
    mistake = check(lambda x: jnp.sum(x**3), hand, at=dict(x=reals("n"))).mistake
    assert (mistake.name, "x is 0" in mistake.says) == ("region", True), mistake


def test_a_leaf_of_another_scale_is_measured_by_its_own():
    f = lambda p: jnp.sum(jnp.log(p["big"])) + jnp.sum(p["small"] ** 2)
    hand = lambda p, c: {"big": c / p["big"], "small": 2 * p["small"]}

    def at(key):
        one, other = jax.random.split(key)
        return (
            {
                "big": 1e6 * jax.random.uniform(one, (3,), minval=0.5, maxval=2.0),
                "small": 1e-6 * jax.random.normal(other, (2,)),
            },
        )

    assert check(f, lambda p: hand(p, 1.0), kind="gradient", at=at).verdict == "correct"
    off = check(f, lambda p: hand(p, 1 + 1e-6), kind="gradient", at=at)
    assert (off.verdict, off.mistake.where) == ("wrong", "p['big']"), off


def test_where_it_is_wrong_in_a_region_differences_are_taken_there():
    huber = lambda r: jnp.where(jnp.abs(r) <= 1, r**2 / 2, jnp.abs(r) - 0.5)
    one_sided = lambda r: jnp.where(jnp.abs(r) <= 1, r, 1.0)
    verdict = check(huber, one_sided, kind="derivative", at=dict(r=reals()))
    assert verdict.mistake.name == "region"
    said = {witness.name: witness.says for witness in verdict.witnesses}
    assert said["differences"] == "disagrees"
