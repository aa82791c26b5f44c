"""Equinox's filtered rules: `filter_custom_vjp`, whose first argument alone is differentiated, and
`filter_custom_jvp`, which takes arguments by name alone. Where Equinox is not installed, a few
lines stand in for it that keep what it keeps of a rule, by the same names."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

from lab import check, reals
from lab.errors import BadInput

try:
    import equinox
except ImportError:
    equinox = None


class filter_custom_vjp:  # noqa: N801 - Equinox's name
    def __init__(self, fn):
        self.fn, self.fn_fwd, self.fn_bwd = fn, None, None

    def def_fwd(self, fn_fwd):
        self.fn_fwd = fn_fwd

    def def_bwd(self, fn_bwd):
        self.fn_bwd = fn_bwd

    def __call__(self, vjp_arg, *args):
        perturbed = jax.tree.map(lambda _: True, vjp_arg)
        made = jax.custom_vjp(lambda x: self.fn(x, *args))
        back = lambda kept, c: (self.fn_bwd(kept[1], c, perturbed, kept[0], *args),)

        def ahead(x):
            out, residuals = self.fn_fwd(perturbed, x, *args)
            return out, (x, residuals)

        made.defvjp(ahead, back)
        return made(vjp_arg)


class filter_custom_jvp:  # noqa: N801 - Equinox's name
    def __init__(self, fn):
        def fn_wrapper(static, dynamic):
            return fn(*dynamic, **dict(static))

        self.fn = jax.custom_jvp(fn_wrapper, nondiff_argnums=(0,))

    def def_jvp(self, fn_jvp):
        def fn_jvp_wrapper(static, dynamic, tangents):
            return fn_jvp(dynamic[0], tangents[0], **dict(static))

        self.fn.defjvp(fn_jvp_wrapper)

    def __call__(self, *args, **kwargs):
        return self.fn(tuple(kwargs.items()), args)


BOTH = {
    "stand-in": (filter_custom_vjp, filter_custom_jvp),
    "equinox": (equinox.filter_custom_vjp, equinox.filter_custom_jvp) if equinox else None,
}


@pytest.fixture(params=BOTH)
def filtered(request):
    if BOTH[request.param] is None:
        pytest.skip("equinox is not installed")
    return BOTH[request.param]


def layer(pair, act):
    return act(pair["w"] @ pair["x"])


def layer_rule(custom, times):
    rule = custom(layer)
    rule.def_fwd(lambda perturbed, pair, act: (layer(pair, act), pair["w"] @ pair["x"]))

    @rule.def_bwd
    def back(inner, c, perturbed, pair, act):
        slope = jax.vjp(act, inner)[1](c)[0]
        return {"w": jnp.outer(slope, pair["x"]), "x": times * pair["w"].T @ slope}

    return rule


def power(x, y, *, act, n=2):
    return act(x) ** n * y


def power_rule(custom, times):
    rule = custom(power)

    @rule.def_jvp
    def push(primals, tangents, *, act, n=2):
        (x, y), (dx, dy) = primals, tangents
        inner, moved = jax.jvp(act, (x,), (dx,))
        along = n * inner ** (n - 1) * moved * y
        return power(x, y, act=act, n=n), along + times * inner**n * dy

    return rule


def drawn(key):
    w, x = jax.random.normal(key, (4, 3)), jax.random.normal(jax.random.fold_in(key, 1), (3,))
    return {"w": w, "x": x}, jnp.tanh


CASES = {
    "backward": (0, layer_rule, drawn, "pair['x']"),
    "backward, jit": (0, lambda *how: jax.jit(layer_rule(*how), static_argnums=1), drawn, "pair['x']"),
    "forward": (1, power_rule, dict(x=reals("n"), y=reals("n"), act=jnp.tanh, n=3), "tangent"),
    "forward, a default": (1, power_rule, dict(x=reals("n"), y=reals("n"), act=jnp.sin), "tangent"),
    "forward, drawn": (1, power_rule,
        lambda key: dict(zip("xy", jax.random.normal(key, (2, 5)), strict=True), act=jnp.sin),
        "tangent"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_right_one_passes_and_a_wrong_one_does_not(name, filtered):
    which, make, at, where = CASES[name]
    made = partial(make, filtered[which])
    assert check(made(1), at=at).verdict == "correct"
    wrong = check(made(-1), at=at, shrink=False)
    assert (wrong.verdict, wrong.mistake.name) == ("wrong", "sign")
    assert wrong.mistake.where.startswith(where)


@pytest.mark.parametrize(("which", "define"), [(0, "def_fwd(...) and def_bwd"), (1, "def_jvp")])
def test_one_without_a_rule_is_told_how_to_define_it(which, define, filtered):
    with pytest.raises(BadInput) as told:
        check(filtered[which](lambda x: x), at=dict(x=reals("n")))
    assert f".{define}(...) first" in str(told.value)
