"""A Hessian times a vector: of one argument and of several, and the ways to get it wrong."""

import jax
import jax.numpy as jnp
import pytest

from lab import check, hvp, reals
from lab.errors import BadInput


def energy(x, A):
    return jnp.sum(jnp.tanh(A @ x) ** 2)


def product(x, A, v):
    """h = tanh(Ax), d = 1 - h^2, t = Av: the gradient A'(2 h d) moves by A'(2 d^2 - 4 h^2 d) t."""
    h = jnp.tanh(A @ x)
    d, t = 1 - h**2, A @ v
    return A.T @ ((2 * d**2 - 4 * h**2 * d) * t)


def gauss_newton(x, A, v):
    h = jnp.tanh(A @ x)
    return A.T @ (2 * (1 - h**2) ** 2 * (A @ v))


AT = dict(x=reals("n"), A=reals("m n"))
SAMPLER = lambda key: (jax.random.normal(key, (3,)), jax.random.normal(key, (4, 3)))


@pytest.mark.parametrize("at", [AT, SAMPLER], ids=["domains", "sampler"])
def test_right_and_wrong(at):
    verdict = check(energy, product, kind="hvp", at=at)
    assert (verdict.verdict, verdict.kind, verdict.of) == ("correct", "hvp", "energy")
    assert verdict.power < 1e-6
    for wrong, name in [
        (gauss_newton, "missing_term"),
        (lambda *given: -product(*given), "sign"),
        (lambda *given: 2 * product(*given), "factor"),
    ]:
        verdict = check(energy, wrong, kind="hvp", at=at, shrink=False)
        assert (verdict.verdict, verdict.mistake.name) == ("wrong", name)


def test_of_several_arguments_with_what_they_do_to_each_other():
    f = lambda x, y: jnp.sum(x**2 * y)
    right = lambda x, y, v: (2 * y * v[0] + 2 * x * v[1], 2 * x * v[0])
    alone = lambda x, y, v: (2 * y * v[0], 0 * y)  # each block of the diagonal
    at = dict(x=reals("n"), y=reals("n"))
    assert check(f, right, kind="hvp", wrt=("x", "y"), at=at).verdict == "correct"
    assert check(f, alone, kind="hvp", wrt=("x", "y"), at=at).verdict == "wrong"


def test_it_is_recorded_as_any_other():
    @hvp(of=energy, at=AT)
    def recorded(x, A, v):
        return product(x, A, v)

    assert check(recorded).verdict == "correct"


def test_what_is_no_number_has_none():
    with pytest.raises(BadInput, match="hvp needs a scalar function"):
        check(jnp.tanh, lambda x, v: v, kind="hvp", at=dict(x=reals("n")))
