"""Several derivatives of one function against each other: in line they agree, and whichever is bent
is named, also where the function itself cannot be differentiated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check_together, reals
from lab.cli import status
from lab.errors import BadInput


def bowl(x, A):
    return jnp.sum(jnp.sin(A @ x)) + jnp.sum(x**3)


def gradient(x, A):
    return A.T @ jnp.cos(A @ x) + 3 * x**2


def hessian(x, A):
    return -A.T @ (jnp.sin(A @ x)[:, None] * A) + jnp.diag(6 * x)


SCALAR = {
    "gradient": gradient,
    "jvp": lambda x, A, t: gradient(x, A) @ t,
    "vjp": lambda x, A, c: c * gradient(x, A),
    "jacobian": gradient,
    "hessian": hessian,
}
AT = dict(x=reals("d"), A=reals("n d"))


def layer(x, W):
    return jnp.tanh(x @ W)


VECTOR = {
    "jvp": lambda x, W, t: (1 - layer(x, W) ** 2) * (t @ W),
    "vjp": lambda x, W, c: ((1 - layer(x, W) ** 2) * c) @ W.T,
    "jacobian": lambda x, W: (1 - layer(x, W) ** 2)[:, None] * W.T,
}
LAYER = dict(x=reals("d"), W=reals("d k"))


def opaque(x, A):
    """Nothing that JAX can differentiate."""
    return float(np.sum(np.sin(np.asarray(A) @ np.asarray(x))) + np.sum(np.asarray(x) ** 3))


def raising(x, A):
    raise RuntimeError("only on the other machine")


BENT = {
    "sign": lambda leaf: -leaf,
    "factor": lambda leaf: 2 * leaf,
    "unknown": lambda leaf: leaf + 0.01 * jnp.arange(1.0, leaf.size + 1).reshape(leaf.shape),
}


def bent(hand, how):
    return lambda *args: jax.tree.map(BENT[how], jnp.asarray(hand(*args)))


@pytest.mark.parametrize("of", [bowl, opaque, raising])
def test_those_in_line_agree(of):
    verdict = check_together(of, at=AT, **SCALAR)
    assert verdict.verdict == "correct", verdict
    assert set(verdict.steps.values()) == {"correct"}
    assert check_together(layer, at=LAYER, **VECTOR).verdict == "correct"


@pytest.mark.parametrize("how", BENT)
@pytest.mark.parametrize("of", [bowl, raising])
@pytest.mark.parametrize("kind", SCALAR)
def test_the_odd_one_out_is_named(of, kind, how):
    verdict = check_together(of, at=AT, **{**SCALAR, kind: bent(SCALAR[kind], how)})
    assert verdict.verdict == "wrong", verdict
    assert verdict.mistake.where == kind
    assert [name for name, word in verdict.steps.items() if word == "wrong"] == [kind]
    if how != "unknown":
        assert verdict.mistake.name == how


@pytest.mark.parametrize("kind", VECTOR)
def test_the_odd_one_out_of_vectors(kind):
    verdict = check_together(layer, at=LAYER, **{**VECTOR, kind: bent(VECTOR[kind], "unknown")})
    assert (verdict.verdict, verdict.mistake.where) == ("wrong", kind)


def test_two_without_the_function_contradict_each_other():
    hands = dict(jvp=SCALAR["jvp"], vjp=bent(SCALAR["vjp"], "sign"))
    verdict = check_together(raising, at=AT, **hands)
    assert verdict.verdict == "inconclusive"
    assert "none is the odd one out" in verdict.reason


def test_a_hessian_that_is_not_symmetric_and_a_gradient_of_nothing():
    skew = lambda x, A: hessian(x, A) + jnp.triu(jnp.ones((x.size, x.size)), 1)
    one = check_together(raising, at=AT, gradient=gradient, hessian=skew)
    assert (one.verdict, one.mistake.where) == ("wrong", "hessian")
    swirl = lambda x, A: gradient(x, A) + jnp.roll(x, 1)
    other = check_together(raising, at=dict(x=reals("d", d=3), A=reals("n d", d=3)),
        gradient=swirl, hessian=hessian)  # fmt: skip
    assert (other.verdict, other.mistake.where) == ("wrong", "gradient")


def test_jax_may_be_the_odd_one():
    stopped = lambda x, A: bowl(jax.lax.stop_gradient(x), A)
    verdict = check_together(stopped, at=AT, gradient=gradient, jvp=SCALAR["jvp"])
    assert verdict.verdict == "inconclusive"
    assert "JAX's derivative" in verdict.reason


def test_what_makes_no_sense():
    with pytest.raises(BadInput, match="two hand derivatives"):
        check_together(bowl, at=AT, gradient=gradient)
    with pytest.raises(BadInput, match="did you mean 'gradient'"):
        check_together(bowl, at=AT, gradeint=gradient, jvp=SCALAR["jvp"])


FILE = """
import jax.numpy as jnp
from lab import gradient, hessian, reals

AT = dict(x=reals("n"))

def cubes(x):
    return jnp.sum(x**3)

@gradient(of=cubes, at=AT)
def cubes_gradient(x):
    return 3 * x**2

@hessian(of=cubes, at=AT)
def cubes_hessian(x):
    return jnp.diag({factor} * x)
"""


@pytest.mark.parametrize(("factor", "code"), [(6, 0), (3, 1)])
def test_derivations_of_one_function_in_a_file(tmp_path, monkeypatch, capsys, factor, code):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(FILE.format(factor=factor), encoding="utf-8")
    assert status(["check", "mine.py"]) == code
    out = capsys.readouterr().out
    assert "cubes together" in out
    assert ("hessian is the odd one out" in out) == (code == 1)
