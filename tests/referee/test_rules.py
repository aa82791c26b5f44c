"""Custom rules are on trial against the body they replace, wherever their arguments come from."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest
from jaxtyping import Array, Float

from lab import check, labels, reals
from lab.cli import status
from lab.errors import BadInput
from lab.referee.attached import attached
from lab.referee.rules import annotated
from lab.referee.stated import stated


def body(x: Float[Array, "n d"], scale: Float[Array, " d"]):
    return x * jax.lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-3) * scale


def forward(x, scale):
    r = jax.lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-3)
    return x * r * scale, (x, r, scale)


def backward(kept, c):
    x, r, scale = kept
    d = c * scale
    return r * d - x * r**3 * jnp.mean(d * x, axis=-1, keepdims=True), jnp.sum(c * x * r, axis=0)


def backward_without_the_mean(kept, c):
    return kept[1] * c * kept[2], backward(kept, c)[1]


def ruled(pullback):
    rule = jax.custom_vjp(body)
    rule.defvjp(forward, pullback)
    return rule


@jax.custom_jvp
def softplus(x):
    return jnp.logaddexp(x, 0.0)


softplus.defjvps(lambda t, out, x: t * jax.nn.sigmoid(x))


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def apply(f, x):
    return f(x)


apply.defvjp(lambda f, x: (f(x), x), lambda f, x, c: (jnp.cos(x) * c,))


@jax.custom_vjp
def picked(z, y):
    return jax.nn.log_softmax(z)[jnp.arange(y.size), y]


picked.defvjp(
    lambda z, y: (picked(z, y), (z, y)),
    lambda kept, c: (
        c[:, None] * (jax.nn.one_hot(kept[1], kept[0].shape[1]) - jax.nn.softmax(kept[0])),
        None,
    ),
)

PLACES = {
    "annotations": None,
    "domains": dict(x=reals("n d"), scale=reals("d")),
    "a sampler": lambda key: (jax.random.normal(key, (4, 3)), jnp.arange(3.0) + 1),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrapped", [lambda rule: rule, jax.jit], ids=["bare", "jit"])
def test_a_right_rule_passes_and_a_wrong_one_does_not(place, wrapped):
    right, wrong = wrapped(ruled(backward)), wrapped(ruled(backward_without_the_mean))
    assert check(right, at=PLACES[place]).verdict == "correct"
    verdict = check(wrong, at=PLACES[place])
    assert (verdict.verdict, verdict.mistake.name) == ("wrong", "missing_term")
    assert verdict.line == backward_without_the_mean.__code__.co_firstlineno


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        (softplus, dict(x=reals())),
        (apply, lambda key: (jnp.sin, jax.random.normal(key, (3,)))),
        (picked, dict(z=reals("n k"), y=labels("n", "k"))),
    ],
    ids=["custom_jvp", "a static argument", "an integer argument"],
)
def test_other_rules(rule, at):
    assert check(rule, at=at).verdict == "correct"


def test_shapes_are_assumed_and_said_where_nothing_is_known():
    rule = jax.custom_vjp(lambda a, b: a @ b)
    rule.defvjp(lambda a, b: (a @ b, (a, b)), lambda kept, c: (c @ kept[1].T, kept[0].T @ c))
    verdict = check(rule)
    assert verdict.verdict == "correct"
    assert "assumed: a=reals('n d'), b=reals('d k')" in verdict.reason


def test_what_has_no_rule_says_so():
    with pytest.raises(BadInput, match=r"call bare.defvjp"):
        check(jax.custom_vjp(bare), at=dict(x=reals()))
    assert attached(body) is None


def bare(x):
    return x


def test_annotations_are_domains():
    assert {name: repr(one) for name, one in annotated(body).items()} == {
        "x": "reals('n d')",
        "scale": "reals('d')",
    }
    assert annotated(bare) is None


def test_domains_as_typed():
    read = stated("x=reals('n d'), y=labels('n', 'k'), p={'W': reals('d h')}, k=3")
    assert repr(read["x"]) == "reals('n d')"
    assert (read["k"], repr(read["p"]["W"])) == (3, "reals('d h')")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x=raels('n')", "did you mean 'reals'"),
        ("reals('n')", "name every argument"),
        ("x=reals('n'", "write it like"),
        ("x=__import__('os')", "no domain '__import__'"),
        ("x=y", "neither a number nor a domain"),
        ("x=reals(1, 2, 3, 4)", "--at"),
    ],
)
def test_domains_mistyped(text, says):
    with pytest.raises(BadInput, match=says.replace("(", r"\(")):
        stated(text)


FILE = """
import jax
import jax.numpy as jnp

@jax.custom_vjp
def square(x):
    return x**2

square.defvjp(lambda x: (x**2, x), lambda x, c: ({factor} * x * c,))
"""


@pytest.mark.parametrize(("factor", "code"), [(2, 0), (3, 1)])
@pytest.mark.parametrize("target", ["kernels.py", "kernels.py::square"])
def test_from_the_command_line(tmp_path, monkeypatch, capsys, factor, code, target):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kernels.py").write_text(FILE.format(factor=factor), encoding="utf-8")
    assert status(["check", target, "--at", "x=reals('n')"]) == code
    assert "square" in capsys.readouterr().out
