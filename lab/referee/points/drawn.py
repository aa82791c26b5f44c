"""Points to judge at, drawn and chosen: from domains, at their extremes too, or by a sampler."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from lab.derivation import Derivation, domains_in, in_order
from lab.domains import Domain
from lab.errors import BadInput, suggestion
from lab.referee.points.group import ARRAY, MANY, Drawn, Group, grouped
from lab.referee.points.thresholds import thresholds

# Sizes handed out to the named dimensions in order of appearance: all different within a profile,
# so that no matrix is square by accident; then ones, where a squeezed axis shows.
PROFILES = ((4, 3, 5, 2, 6, 7, 8, 9), (2, 5, 3, 7, 4, 8, 6, 9), (1,) * 8)
TYPICAL = (10, 6, 3)  # points drawn under each profile
EXTREME = 3  # points drawn at each extreme of all arguments together
SAMPLER_DRAWS = 24


def places(claim: Derivation, group: Group, extras: int) -> list[Any]:
    """What ``at`` says of every leaf, a `Domain` or a value; None for the last ``extras`` leaves,
    tangents or cotangents, and for all that a sampler gives.
    """
    if not callable(claim.at):
        found = jax.tree.leaves(claim.at, is_leaf=lambda leaf: isinstance(leaf, Domain))
        if len(found) == len(group.static) - extras:
            pairs = zip(found, group.static, strict=False)
            return [place for place, one in pairs if one is ARRAY] + [None] * extras
    return [None] * len(group.leaves)


def groups(claim: Derivation, seed: int, points: int | None) -> list[Group]:
    """All points of a claim. ``points`` bounds the number drawn per size profile (or from the
    sampler).

    Raises `BadInput` when nothing can be drawn.
    """
    if callable(claim.at):
        key = jax.random.key(seed)
        drawn = _from_sampler(claim, claim.at, key, points or SAMPLER_DRAWS)
    elif any(domains_in(place) for place in claim.at):
        drawn = _from_domains(claim, claim.at, np.random.default_rng(seed), points)
    else:
        drawn = iter([(claim.at, "as given", True, {})])
    return grouped(claim, drawn)


def more_draws(claim: Derivation, key: Any, count: int) -> list[Group]:
    """So many more points of a claim's sampler."""
    assert callable(claim.at)
    return grouped(claim, _from_sampler(claim, claim.at, key, count))


def directions(seed: int) -> np.random.Generator:
    """What tangents and cotangents are drawn from: by the generator of the points they would equal
    the arguments, number by number.
    """
    return np.random.default_rng((seed, 1))


def _from_sampler(
    claim: Derivation, sampler: Callable[[Any], Any], key: Any, count: int
) -> Iterator[Drawn]:
    draw = sampler
    for index, one in enumerate(jax.random.split(key, count)):
        try:
            args = draw(one)
        except (IndexError, TypeError, ValueError):
            if draw is not sampler:
                raise
            draw = lambda key: sampler(jax.random.key_data(key))  # it reads numbers off its key
            args = draw(one)
        if isinstance(args, Mapping) and _by_name(claim, args):
            last = 1 + max((claim.arguments.index(name) for name in args), default=-1)
            args = in_order(claim.of, claim.arguments[:last], args)
        elif isinstance(args, list) and len(claim.arguments) != 1:
            args = tuple(args)
        elif not isinstance(args, tuple) or hasattr(args, "_fields"):
            args = (args,)
        needed = max(claim.wrt) + 1
        if len(args) < needed:
            raise BadInput(
                f"{claim.name}: at(key) returns {len(args)} argument(s), but wrt asks for "
                f"argument number {needed}"
            )
        yield args, f"draw {index}", True, {}
        if _numbers(args) > MANY:
            return


def _by_name(claim: Derivation, args: Mapping[Any, Any]) -> bool:
    """Whether what a sampler returned are arguments by name, and not the one argument itself."""
    strange = [name for name in args if name not in claim.arguments]
    if claim.arguments and strange and len(strange) < len(args) and len(claim.arguments) > 1:
        raise BadInput(
            f"{claim.name}: at(key) names {strange[0]!r}, but {claim.of_name} has no such argument"
            f"{suggestion(str(strange[0]), claim.arguments)}"
        )
    return bool(claim.arguments) and not strange


def _numbers(args: Any) -> int:
    return sum(np.size(leaf) for leaf in jax.tree.leaves(args) if not callable(leaf))


def _from_domains(
    claim: Derivation, places: tuple[Any, ...], rng: np.random.Generator, points: int | None
) -> Iterator[Drawn]:
    found = [domain for place in places for domain in domains_in(place)]
    names = tuple(dict.fromkeys(name for domain in found for name in domain.names))
    fixed = {name: size for domain in found for name, size in domain.fixed.items()}
    extremes = tuple(dict.fromkeys(label for domain in found for label in domain.extremes))
    seen = []
    for number, profile in enumerate(PROFILES):
        sizes = _sizes(found, names, fixed, profile)
        if sizes is None or sizes in seen:
            continue
        seen.append(sizes)
        draws = TYPICAL[number] if points is None else max(1, min(points, TYPICAL[number]))
        for _ in range(draws):
            yield _draw(places, sizes, rng), "typical", True, sizes
        if number > 0:
            continue
        for value in thresholds(claim, _draw(places, sizes, rng)):
            for _ in range(EXTREME):
                yield _draw(places, sizes, rng, near=value), f"near {value:g}", False, sizes
        for label in extremes:
            for _ in range(EXTREME):
                yield _draw(places, sizes, rng, label), label, False, sizes
            for position, place in enumerate(places):
                here = any(label in domain.extremes for domain in domains_in(place))
                if here and len(places) > 1:
                    name = claim.arguments[position]
                    args = _draw(places, sizes, rng, label, only=position)
                    yield args, f"{name} {label}", False, sizes
    if not seen:
        raise BadInput(
            f"{claim.name}: no sizes fit the domains {', '.join(map(repr, found))} together"
        )


def at_sizes(
    claim: Derivation, sizes: Mapping[str, int], labels: Sequence[str], rng: np.random.Generator
) -> list[Group]:
    """Points of these sizes from the claim's domains, one for each label as in `Group.labels`; a
    label that no domain knows gives a typical point.
    """
    assert not callable(claim.at)
    places = claim.at

    def draw(label: str) -> tuple[Any, ...]:
        if label.startswith("near "):
            return _draw(places, sizes, rng, near=float(label.removeprefix("near ")))
        name, _, extreme = label.partition(" ")
        if name in claim.arguments:
            return _draw(places, sizes, rng, extreme, only=claim.arguments.index(name))
        return _draw(places, sizes, rng, label)

    return grouped(claim, ((draw(label), label, label == "typical", sizes) for label in labels))


def _sizes(
    found: list[Domain], names: tuple[str, ...], fixed: Mapping[str, int], profile: tuple[int, ...]
) -> dict[str, int] | None:
    """Sizes from the profile, dealt in another order where a domain does not allow the first."""
    for turn in range(max(1, len(names))):
        for deal in (profile[: len(names)], profile[: len(names)][::-1]):
            rolled = deal[turn:] + deal[:turn]
            sizes = dict(zip(names, rolled, strict=False)) | dict(fixed)
            if len(sizes) >= len(names) and all(domain.possible(sizes) for domain in found):
                return sizes
    return None


def _draw(
    places: tuple[Any, ...],
    sizes: Mapping[str, int],
    rng: np.random.Generator,
    extreme: str | None = None,
    only: int | None = None,
    near: float | None = None,
) -> tuple[Any, ...]:
    """One point; with ``extreme``, at that extreme in every argument that has it, or in argument
    ``only``; with ``near``, around that value where a domain has it.
    """

    def one(position: int, leaf: Any) -> Any:
        if not isinstance(leaf, Domain):
            return leaf
        if near is not None:
            return leaf.near(rng, sizes, near)
        there = only in (None, position) and extreme in leaf.extremes
        return leaf.sample(rng, sizes, extreme if there else None)

    is_domain = lambda leaf: isinstance(leaf, Domain)
    return tuple(
        jax.tree.map(lambda leaf, position=position: one(position, leaf), place, is_leaf=is_domain)
        for position, place in enumerate(places)
    )
