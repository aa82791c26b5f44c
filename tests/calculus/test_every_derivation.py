"""The whole catalogue on trial: every derivation passes, and would not with a small mistake in it."""

import jax
import pytest

from lab import check
from lab.referee.targets import everything

CATALOGUE = list(everything())
MISTAKE = 1 + 1e-6  # planted in every leaf of every derivative


@pytest.mark.parametrize("claim", CATALOGUE, ids=lambda claim: claim.name)
def test_it_passes_and_a_planted_mistake_does_not(claim):
    verdict = check(claim)
    assert verdict.verdict == "correct" or (claim.kinks and verdict.passes), verdict
    assert verdict.power is not None
    assert verdict.power < 1e-8

    def planted(*args):
        return jax.tree.map(lambda leaf: leaf * MISTAKE, claim.hand(*args))

    wrt = claim.wrt[0] if claim.single else claim.wrt
    at = dict(zip(claim.arguments, claim.at, strict=True)) if not callable(claim.at) else claim.at
    assert not check(claim.of, planted, kind=claim.kind, wrt=wrt, at=at, points=2)


def test_every_derivation_says_how_it_was_derived():
    for claim in CATALOGUE:
        assert len(claim.doc) > 20, claim.name
