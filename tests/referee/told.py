"""A wrong derivation, and what has to be said of it."""

from typing import NamedTuple

import jax

from lab import check


class Told(NamedTuple):
    """A wrong ``hand``: what it is called, and words that it is told in."""

    label: str
    f: object
    hand: object
    name: str
    words: str
    at: object
    kind: str = "gradient"
    wrt: object = 0


def draws(*shapes):
    """A sampler of normal numbers that tells nothing of its sizes."""

    def draw(key):
        keys = jax.random.split(key, len(shapes))
        return tuple(jax.random.normal(k, shape) for k, shape in zip(keys, shapes, strict=True))

    return draw


def require(told):
    """It is condemned, called by its name, and told in these words."""
    verdict = check(told.f, told.hand, kind=told.kind, at=told.at, wrt=told.wrt, shrink=False)
    assert verdict.verdict == "wrong", verdict
    assert verdict.mistake.name in told.name.split(), verdict
    assert told.words in verdict.mistake.says, verdict


def require_right(f, hand, at, kind="gradient", wrt=0):
    """It passes."""
    verdict = check(f, hand, kind=kind, wrt=wrt, at=at, shrink=False)
    assert verdict.verdict == "correct", verdict
