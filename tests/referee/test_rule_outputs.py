"""Rules of several outputs, some of which they ignore: a loss and what is logged beside it; rules
that give an argument no cotangent; functions of the bits of a number; keys among the arguments."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, positive, reals


def rule(body, pullback, **options):
    made = partial(jax.custom_vjp, **options)(body)
    made.defvjp(lambda *args: (body(*args), args), pullback)
    return made


# ----- a loss, and a term of it that is logged -----


def loss(x, y, z):
    level = jax.scipy.special.logsumexp(x, -1)
    term = z * level**2
    return level - jnp.sum(x * y, -1) + term, {"term": term, "level": level}


def pulled(kept, c):
    return jax.vjp(loss, *kept)[1](c)


def heeding(*used):
    """Uses the cotangents of the loss and of these of the logged."""

    def back(kept, c):
        logged = {name: one if name in used else 0 * one for name, one in c[1].items()}
        return pulled(kept, (c[0], logged))

    return back


def without(position, back=pulled):
    def some(kept, c):
        found = back(kept, c)
        return tuple(None if i == position else one for i, one in enumerate(found))

    return some


IGNORING = {
    "one output": (heeding("level"), "x, z",
        "the cotangent of output [1]['term'] is ignored: it is right where that is zero"),
    "two": (heeding(), "x, z",
        "the cotangents of outputs [1]['level'] and [1]['term'] are ignored: it is right where "
        "those are zero"),
    "an argument": (without(1), "y",
        "y gets a cotangent of zero, as if loss did not depend on y"),
    "both": (without(2, heeding("level")), "x, z",
        "x: the cotangent of output [1]['term'] is ignored: it is right where that is zero; "
        "z gets a cotangent of zero, as if loss did not depend on z"),
}  # fmt: skip
AT = dict(x=reals("n k"), y=reals("n k"), z=positive())


@pytest.mark.parametrize("name", IGNORING)
def test_what_is_ignored_is_said(name):
    back, where, says = IGNORING[name]
    verdict = check(rule(loss, back), at=AT, shrink=False)
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", "missing_term")
    assert (verdict.mistake.where, verdict.mistake.says) == (where, says)


def test_a_rule_that_uses_them_all_passes():
    assert check(rule(loss, pulled), at=AT).verdict == "correct"


# ----- the same where differences are the only witness -----


def ranked(x, scale):
    """What is sorted outside of JAX, the largest of it, and how many numbers that were."""

    def outside(x, scale):
        found = np.sort(np.asarray(x)) * np.asarray(scale)
        return found, 1e-3 * found[-1], np.float64(len(found))

    one = jax.ShapeDtypeStruct((), x.dtype)
    like = (jax.ShapeDtypeStruct(x.shape, x.dtype), one, one)
    return jax.pure_callback(outside, like, x, scale, vmap_method="sequential")


def ranked_rule(heeds):
    def back(kept, c):
        (x, scale), order = kept, jnp.argsort(kept[0])
        of_sorted = c[0].at[-1].add(1e-3 * heeds * c[1])
        return jnp.zeros_like(x).at[order].set(of_sorted * scale), jnp.sum(of_sorted * x[order])

    return rule(ranked, back)


RANKED = dict(x=reals("n"), scale=positive())


def test_differences_ask_for_every_output_by_itself():
    verdict = check(ranked_rule(1), at=RANKED)
    assert verdict.verdict == "correct"
    assert "ignores the cotangent of output [2], whose slopes they do not tell" in verdict.reason
    wrong = check(ranked_rule(0), at=RANKED)
    assert (wrong.verdict, wrong.mistake.name) == ("wrong", "missing_term")
    assert "the cotangent of output [1] is ignored" in wrong.mistake.says


def test_a_callback_that_raises_is_told():
    def lost(x):
        raise KeyError("not there")

    outside = lambda x: jax.pure_callback(lost, jax.ShapeDtypeStruct(x.shape, x.dtype), x)
    verdict = check(rule(outside, lambda kept, c: (c,)), at=dict(x=reals("n")))
    assert verdict.verdict == "inconclusive"
    assert "raised KeyError: 'not there'" in verdict.reason


# ----- bits -----


def mantissa(x):
    """Between 1 and 2, by the bits: what JAX takes for constant."""
    bits = jax.lax.bitcast_convert_type(x, f"uint{8 * x.dtype.itemsize}")
    digits = jnp.finfo(x.dtype).nmant
    one = jax.lax.bitcast_convert_type(jnp.ones_like(x), bits.dtype)
    return jax.lax.bitcast_convert_type((bits & bits.dtype.type(2**digits - 1)) | one, x.dtype)


def mantissa_rule(times):
    made = jax.custom_jvp(mantissa)

    @made.defjvp
    def push(primals, tangents):
        return made(*primals), times * tangents[0] * made(*primals) / primals[0]

    return made


@pytest.mark.parametrize(("times", "word"), [(1, "correct"), (2, "wrong"), (0, "wrong")])
def test_of_bits_differences_are_the_witness(times, word):
    verdict = check(mantissa_rule(times), at=dict(x=positive("n")))
    assert verdict.verdict == word
    if word == "correct":
        assert "no derivative through `jax.lax.bitcast_convert_type(" in verdict.reason


# ----- a key that the rule never differentiates -----


def noisy(key, x):
    return x**2 * jax.random.normal(key, x.shape)


@pytest.mark.parametrize(("times", "word"), [(2, "correct"), (3, "wrong")])
def test_a_key_stays_what_it_is(times, word):
    made = jax.custom_jvp(noisy, nondiff_argnums=(0,))

    @made.defjvp
    def push(key, primals, tangents):
        (x,), (t,) = primals, tangents
        return noisy(key, x), times * x * t * jax.random.normal(key, x.shape)

    at = lambda key: (key, jax.random.normal(key, (3,)))
    assert check(made, at=at, points=3, shrink=False).verdict == word
