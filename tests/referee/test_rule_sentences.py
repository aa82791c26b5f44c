"""What is said of wrong rules has to be true: of what is flat, of thresholds, of guards beside a
mistake, of arguments that are fixed, and of errors too small to be told from an approximation."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

from lab import check, positive, reals


def pulled(body, pullback, **options):
    made = partial(jax.custom_vjp, **options)(body)
    made.defvjp(lambda *args: (body(*args), args), pullback)
    return made


def pushed(body, tangent, **options):
    made = partial(jax.custom_jvp, **options)(body)
    made.defjvp(tangent)
    return made


# ----- flat -----


def signed_log(x):
    return jnp.sign(x), jnp.log(jnp.abs(x))


def of_signed_log(slope):
    def push(primals, tangents):
        (x,), (t,) = primals, tangents
        out = signed_log(x)
        return out, (slope * out[0] * t / x, t / x)

    return pushed(signed_log, push)


def spike(x):
    return jnp.where(x > 0, 1.0, 0.0)


surrogate = pulled(spike, lambda kept, c: (c * 4 * jax.nn.sigmoid(2 * kept[0]) ** 2,))


# ----- a threshold that lets too little, or too much, through -----


def of_root(least):
    def push(primals, tangents):
        (x,), (t,) = primals, tangents
        root = jnp.sqrt(jnp.maximum(x, least))
        return jnp.sqrt(x), jnp.where(x > least, t / (2 * root), 0.0)

    return pushed(jnp.sqrt, push)


def drawn(key):
    return dict(x=jnp.exp(jax.random.normal(key, (5,))))


GUARD = 1e-10


def attended(w, v):
    e = jnp.exp(w - jnp.max(w, -1, keepdims=True))
    return e / (jnp.sum(e, -1, keepdims=True) + GUARD) @ v


def of_attended(kept_of=1.0, least=None):
    """Leaves the guard out of the slope in ``w``."""

    def back(kept, c):
        w, v = kept
        e = jnp.exp(w - jnp.max(w, -1, keepdims=True))
        p = e / (jnp.sum(e, -1, keepdims=True) + GUARD)
        q = jax.nn.softmax(w)
        slope = c @ v.T
        some = p if least is None else p * (p > least).astype(p.dtype)
        return q * (slope - jnp.sum(q * slope, -1, keepdims=True)), kept_of * some.T @ c

    return pulled(attended, back)


# ----- arguments that are fixed -----


def contracted(x, y, axis, factor=1.0, kind=None):
    return factor * jnp.sum(x * y, axis)


def of_contracted(push):
    return pushed(contracted, push, nondiff_argnums=(2, 3, 4))


def twice_x(axis, factor, kind, primals, tangents):
    (x, y), (dx, _) = primals, tangents
    return contracted(x, y, axis), contracted(dx, y, axis) + contracted(x, x, axis)


PAIR = lambda key: (*jax.random.normal(key, (2, 4, 3)), -1)

SAID = {
    "flat, forward": (of_signed_log(0.5), dict(x=reals("n")), "extra_term", "tangent[0]",
        "the derivative is zero everywhere, and this is not"),
    "a surrogate": (surrogate, dict(x=reals("n")), "extra_term", "x",
        "it gives a slope of its own where the body has none: if that is meant"),
    "a threshold": (of_root(0.1), drawn, "region", "x < 0.1",
        "right except where x < 0.1: there it is 0"),
    "a guard beside": (of_attended(2.0), dict(w=reals("n k"), v=reals("k d")), "factor", "v",
        "a constant factor: it is 2 times the derivative"),
    "a threshold beside a guard": (of_attended(1.0, 0.3), dict(w=reals("n k"), v=reals("k d")),
        "extra_term", "v", "`p > least` multiplies in the formula, which it should not"),
    "a tangent forgotten": (of_contracted(twice_x), PAIR, "wrong_variable", "tangent",
        "x is used where the tangent of y should be"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_is_true(name):
    rule, at, mistake, where, says = SAID[name]
    verdict = check(rule, at=at, shrink=False)
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", mistake), verdict.mistake
    assert where in verdict.mistake.where
    assert says in verdict.mistake.says


RIGHT = {
    "flat, forward": (of_signed_log(0.0), dict(x=reals("n"))),
    "a threshold": (of_root(1e-30), drawn),
    "a guard beside": (of_attended(), dict(w=reals("n k"), v=reals("k d"))),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_ones_pass(name):
    rule, at = RIGHT[name]
    assert check(rule, at=at).verdict == "correct"


# ----- too small to be told -----


def series(x):
    """The logarithm of 1 + x, cut off where double precision still sees what is missing."""
    return sum(-((-x) ** k) / k for k in range(1, 20))


def of_series(times):
    return pulled(series, lambda kept, c: (times * c / (1 + kept[0]),))


@pytest.mark.parametrize(
    ("times", "largest", "word"),
    [
        (1.0, 0.2, "correct"),
        (1.0, 0.4, "inconclusive"),
        (1.0, 0.6, "wrong"),
        (1.001, 0.4, "wrong"),
    ],
)
def test_an_approximation_on_either_side_is_no_verdict(times, largest, word):
    at = lambda key: dict(x=largest * jax.random.uniform(key, (4,)))
    verdict = check(of_series(times), at=at, shrink=False)
    assert verdict.verdict == word, verdict
    if word == "inconclusive":
        assert "less than float32 can tell, and by no mistake that is known" in verdict.reason


def test_a_small_mistake_that_is_known_stays_one():
    rule = pulled(jnp.sin, lambda kept, c: ((1 + 3e-8) * c * jnp.cos(kept[0]),))
    verdict = check(rule, at=dict(x=positive("n")), shrink=False)
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", "constant")


def test_what_is_wrong_in_the_tail_alone_is_no_guard():
    fading = lambda far: pulled(
        lambda x: jnp.exp(-x),
        lambda kept, c: (-c * jnp.exp(-kept[0]) * jnp.where(kept[0] > 30, far, 1.0),),
    )

    def at(key):
        near, far = jax.random.uniform(key, (2,))
        return dict(x=jnp.where(far < 0.4, 31 + near, near))

    assert check(fading(1.0), at=at).verdict == "correct"
    assert check(fading(1.1), at=at, shrink=False).verdict == "wrong"


# ----- at zero, where no point is -----


def length(x):
    return jnp.sqrt(jnp.sum(x**2))


def of_length(at_zero):
    def push(primals, tangents):
        (x,), (t,) = primals, tangents
        known = jnp.where(jnp.all(x == 0), jnp.ones_like(x), x)
        slope = jnp.sum(known * t) / length(known)
        return length(x), jnp.where(jnp.all(x == 0), at_zero, slope)

    return pushed(length, push)


def test_what_a_rule_does_where_no_point_is_has_to_be_linear():
    at = lambda key: dict(x=jax.random.normal(key, (3,)))
    verdict = check(of_length(0.0), at=at)
    assert verdict.verdict == "correct"
    assert "`x == 0` (test_rule_sentences.py" in verdict.reason
    assert "of the rule sets a case apart, and no point is in it" in verdict.reason
    verdict = check(of_length(1.0), at=at)
    assert (verdict.verdict, verdict.mistake.where) == ("wrong", "tangent, x is 0")
    assert "it gives 1, and 1 for twice the tangent" in verdict.mistake.says
