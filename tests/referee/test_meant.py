"""Rules that are definitions: declared, they pass and are described; undeclared, they are wrong and
the way to declare them is told."""

import jax
import jax.numpy as jnp
import pytest

from lab import check, meant, reals
from lab.cli import status
from lab.errors import BadInput
from lab.referee.show import described

X = dict(x=reals("n"))
identity = lambda x: x


def rule(body, pullback, doc=None):
    def fun(x):
        return body(x)

    fun.__doc__ = doc
    made = jax.custom_vjp(fun)
    made.defvjp(lambda x: (body(x), x), lambda x, c: (pullback(x, c),))
    return made


def shortened(x, c):
    return c * jnp.minimum(1.0, 1 / jnp.sqrt(jnp.sum(c**2)))


DEFINITIONS = {
    "straight through": (jnp.round, lambda x, c: c, "the cotangent as it is"),
    "saturating": (
        lambda x: jnp.round(jnp.clip(x, -1.0, 1.0)),
        lambda x, c: jnp.where(jnp.abs(x) <= 1, c, 0.0),
        "the cotangent as it is or zero",
    ),
    "reversed": (identity, lambda x, c: -c, "-1 times the cotangent"),
    "by an argument": (identity, lambda x, c: -x * c, "-x times the cotangent"),
    "clipped": (identity, lambda x, c: jnp.clip(c, -1.0, 1.0), "the cotangent clipped to [-1, 1]"),
    "shortened": (identity, shortened, "the cotangent shortened to a length of 1 at most"),
    "of one length": (
        identity,
        lambda x, c: 2 * c / jnp.sqrt(jnp.sum(c**2)),
        "the cotangent brought to a length of 2",
    ),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_declared_it_passes_and_what_it_does_is_told(name):
    body, pullback, does = DEFINITIONS[name]
    verdict = check(meant("as the paper has it")(rule(body, pullback)), at=X)
    assert verdict.verdict == "correct", verdict
    assert verdict.meant == "as the paper has it"
    assert f"for x it gives {does}" in verdict.reason


@pytest.mark.parametrize("name", DEFINITIONS)
def test_undeclared_it_is_wrong_and_how_to_declare_it_is_told(name):
    body, pullback, does = DEFINITIONS[name]
    verdict = check(rule(body, pullback), at=X)
    assert verdict.verdict == "wrong"
    assert does in verdict.mistake.says
    assert "Not the derivative: ..." in verdict.mistake.says


def test_a_plain_mistake_is_not_taken_for_a_definition():
    verdict = check(rule(lambda x: x**2, lambda x, c: -2 * x * c), at=X)
    assert verdict.verdict == "wrong"
    assert "meant" not in verdict.mistake.says


def test_the_docstring_declares_it():
    doc = "Round.\n\n    Not the derivative: passes\n    straight through.\n\n    More.\n    "
    verdict = check(rule(jnp.round, lambda x, c: c, doc), at=X)
    assert (verdict.verdict, verdict.meant) == ("correct", "passes straight through")


def test_also_under_jit_and_of_a_jvp():
    @meant("straight through")
    @jax.custom_jvp
    def rounded(x):
        return jnp.round(x)

    rounded.defjvps(lambda t, out, x: t)
    verdict = check(jax.jit(rounded), at=X)
    assert "the tangent as it is" in verdict.reason


def test_what_is_left_to_check_is_checked():
    loses = rule(jnp.round, lambda x, c: c / x)
    verdict = check(meant("divided")(loses), at=X)
    assert verdict.verdict == "unstable"
    assert "not finite" in verdict.mistake.says


def test_a_declaration_has_a_reason():
    with pytest.raises(BadInput, match="say what the rule is"):
        meant("")


FILE = '''
import jax
import jax.numpy as jnp

@jax.custom_vjp
def quantized(x):
    """Not the derivative: passes straight through."""
    return jnp.round(x)

quantized.defvjp(lambda x: (jnp.round(x), None), lambda _, c: (c,))

@jax.custom_vjp
def tree(params):
    return params["w"] ** 2

tree.defvjp(lambda p: (p["w"] ** 2, p), lambda p, c: ({"w": 2 * p["w"] * c},))
'''


def test_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ops.py").write_text(FILE, encoding="utf-8")
    assert status(["check", "ops.py"]) == 2  # one of them cannot be asked, the other is judged
    out, err = capsys.readouterr()
    assert "as meant" in out
    assert "passes straight through; for x it gives the cotangent as it is" in out
    assert "tree: say where its arguments come from" in err
    assert status(["check", "ops.py", "--at", "params={'w': reals('n')}"]) == 0


def test_a_file_in_a_package_may_import_its_neighbours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src" / "kernels_of_mine").mkdir(parents=True)
    folder = tmp_path / "src" / "kernels_of_mine"
    (folder / "__init__.py").touch()
    (folder / "scales.py").write_text("TWO = 2\n", encoding="utf-8")
    (folder / "ops.py").write_text(
        "import jax\nfrom .scales import TWO\n\n@jax.custom_vjp\ndef square(x):\n    return x**2\n"
        "square.defvjp(lambda x: (x**2, x), lambda x, c: (TWO * x * c,))\n",
        encoding="utf-8",
    )
    assert status(["check", "src/kernels_of_mine/ops.py"]) == 0


def test_what_was_assumed_is_said_of_a_wrong_one():
    wrong = rule(lambda x: x**2, lambda x, c: -2 * x * c)
    assert "assumed    x=reals('n d')" in described(check(wrong))
