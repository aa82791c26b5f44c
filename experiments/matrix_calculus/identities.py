"""Every derivation of the shelf at random points, beside JAX."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab import catalogue
from lab.derivation import Derivation, derivation_of, domains_in
from lab.domains import Domain
from lab.referee.asking.question import question
from lab.tables import Row

SHELF = "lab.calculus.matrices."


def shelf() -> dict[str, list[Derivation]]:
    """What the files of the shelf claim, file by file; the longest first."""
    found = {
        topic.name: [claimed(import_module(topic.module), entry.name) for entry in topic.entries]
        for topic in catalogue.topics()
        if topic.module.startswith(SHELF)
    }
    return dict(sorted(found.items(), key=lambda topic: -len(topic[1])))


def claimed(module: ModuleType, name: str) -> Derivation:
    found = derivation_of(getattr(module, name))
    assert found is not None
    return found


def identities(rng: np.random.Generator, draws: int) -> Iterator[Row]:
    """Hand against JAX for all derivations of the shelf."""
    for topic, claims in shelf().items():
        for claim in claims:
            sizes = some_sizes(rng, claim)
            for draw in range(draws):
                args = sample(rng, claim, sizes)
                extra = direction(rng, claim, args)
                hand, truth = answers(claim, args, extra)
                shape = ", ".join(map(described, claim.arguments, args))
                about = {"part": "identity", "topic": topic, "name": claim.name}
                yield about | {"shape": shape, "draw": draw} | compared(hand, truth)


def answers(claim: Derivation, args: tuple[Any, ...], extra: Any) -> tuple[Any, Any]:
    """The derivative by hand and by JAX, compiled together once for all draws."""
    arrays = [i for i, value in enumerate(args) if not isinstance(value, int)]
    fixed = tuple((i, value) for i, value in enumerate(args) if isinstance(value, int))
    return compiled(claim, tuple(arrays), fixed)([args[i] for i in arrays], extra)


@cache
def compiled(
    claim: Derivation, arrays: tuple[int, ...], fixed: tuple[tuple[int, int], ...]
) -> Callable[[list[Any], Any], tuple[Any, Any]]:
    """Hand and witness as one program of the array arguments; whole numbers are held fixed."""
    asked = question(claim)
    witness = asked.forward if claim.kind in ("jvp", "hessian") else asked.reverse
    assert witness is not None

    def both(values: list[Any], extra: Any) -> tuple[Any, Any]:
        by_place = dict(zip(arrays, values, strict=True)) | dict(fixed)
        args = tuple(by_place[i] for i in range(len(by_place)))
        return asked.hand(args, extra), witness(args, extra)

    return jax.jit(both)


def some_sizes(rng: np.random.Generator, claim: Derivation) -> dict[str, int]:
    """A size for each named dimension, all different: a square matrix hides a transpose."""
    domains = domains_in(claim.at)
    names = sorted({name for domain in domains for name in domain.names})
    while True:
        order = rng.permutation(max(4, len(names)))
        sizes = {name: 2 + int(place) for name, place in zip(names, order, strict=False)}
        if all(domain.possible(sizes) for domain in domains):
            return sizes


def sample(rng: np.random.Generator, claim: Derivation, sizes: dict[str, int]) -> tuple[Any, ...]:
    """Arguments from their domains, in the precision of the run."""

    def one(domain: Domain) -> Any:
        value = domain.sample(rng, sizes)
        return jnp.asarray(value, float) if isinstance(value, np.ndarray) else value

    assert not callable(claim.at)
    is_domain = lambda leaf: isinstance(leaf, Domain)
    return tuple(jax.tree.map(one, place, is_leaf=is_domain) for place in claim.at)


def direction(rng: np.random.Generator, claim: Derivation, args: tuple[Any, ...]) -> Any:
    """A random tangent for a jvp, a random cotangent for a vjp."""
    if claim.kind not in ("jvp", "vjp"):
        return ()
    inputs = tuple(args[i] for i in claim.wrt)
    like = claim.of(*args) if claim.kind == "vjp" else inputs[0] if claim.single else inputs
    return jax.tree.map(lambda leaf: jnp.asarray(rng.standard_normal(leaf.shape), float), like)


def described(name: str, value: Any) -> str:
    """An argument by its shape, and a number by itself."""
    if isinstance(value, int):
        return f"{name} = {value}"
    if isinstance(value, dict):
        return ", ".join(map(described, value.keys(), value.values()))
    return f"{name} {'x'.join(map(str, value.shape))}"


def flat(tree: Any) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def compared(hand: Any, truth: Any) -> Row:
    """The size of what was derived by hand, and its relative distance from the truth."""
    ours, theirs = flat(hand), flat(truth)
    with np.errstate(invalid="ignore"):  # two infinities differ by nan, which is what is recorded
        error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
    return {"size": float(np.linalg.norm(ours)), "relative_error": float(error)}
