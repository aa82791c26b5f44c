"""The whole catalogue on trial: every derivation passes, and does not with a mistake in it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from lab import check
from lab.referee.targets import everything

CATALOGUE = list(everything())
MISTAKE = 1 + 1e-6  # planted in every leaf of the derivative


# A thousand trials take minutes: a sample is always tried, the others among the long tables.
TRIED = [
    pytest.param(claim, marks=[pytest.mark.slow] if number % 8 else [], id=claim.name)
    for number, claim in enumerate(CATALOGUE)
]


@pytest.mark.parametrize("claim", TRIED)
def test_it_passes_with_power(claim):
    verdict = check(claim)
    assert verdict.verdict == "correct" or (claim.kinks and verdict.passes), verdict
    assert verdict.power is not None
    assert verdict.power < 1e-8


PLANTED = {
    "scale": lambda leaf: leaf * MISTAKE,
    "sign": lambda leaf: -leaf,
    "flip": lambda leaf: jnp.flip(leaf),
    "transpose": lambda leaf: jnp.swapaxes(leaf, -2, -1) if leaf.ndim > 1 else leaf,
}
MOVES = ("flip", "transpose")


# Every pass has planted its own mistake already (that is its power); here the whole way is gone.
@pytest.mark.slow
@pytest.mark.parametrize("mistake", PLANTED)
@pytest.mark.parametrize("claim", CATALOGUE, ids=lambda claim: claim.name)
def test_a_planted_mistake_does_not_pass(claim, mistake):
    def planted(*args):
        return jax.tree.map(PLANTED[mistake], claim.hand(*args))

    verdict = check(replace(claim, hand=planted), points=2, shrink=False)
    if verdict.passes and mistake in MOVES and claim.kind not in ("jvp", "vjp"):
        # what it leaves as it is: a number, or entries that are all alike
        unmoved = replace(claim, of=claim.hand, hand=planted, kind="identity")
        assert check(unmoved, points=2).passes
    elif mistake not in MOVES:
        assert verdict.verdict == "wrong", verdict


def test_every_derivation_says_how_it_was_derived():
    assert [claim.name for claim in CATALOGUE if len(claim.doc) < 20] == []
