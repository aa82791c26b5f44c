"""Where several steps of a derivation are wrong, each is named by itself.

A step is a derivation of its own: the derivative with respect to something added to what was
tapped, from arguments among which are the true cotangents of the other steps. So no step sees what
is wrong with another, and each is named as if it were the only one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.derivation import Derivation, listening
from lab.referee.asking import tolerance
from lab.referee.asking.question import question
from lab.referee.asking.structure import form
from lab.referee.court.steps import Steps, as_like, taken
from lab.referee.naming import OF_A_STEP, name_mistake
from lab.referee.points.group import ARRAY, Group
from lab.referee.points.stacks import anywhere
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence, expected, gather

HANDED = "adjoint"  # as an argument of a step: its labels read adjoint['z']


def name_each(
    evidences: Sequence[Evidence], walk: Steps, wrong: Sequence[str], rng: np.random.Generator
) -> Mistake | None:
    """What is wrong with each of the ``wrong`` steps, and with what comes after all of them; `None`
    where that cannot be asked. ``walk`` are the steps taken at the first evidence's points.
    """
    told: list[tuple[str, Mistake]] = []
    first, *others = evidences
    walks = [(first, walk), *((evidence, taken(evidence)) for evidence in others)]
    for name in (*wrong, None):
        parts = [_part(evidence, steps, name, rng) for evidence, steps in walks if steps]
        kept = [part for part in parts if part is not None]
        if not kept:
            continue
        masks = [_off(part) for part in kept]
        if any(mask.any() for mask in masks):
            finders = None if name is None else OF_A_STEP
            told.append((name or "", name_mistake(kept, masks, finders)))
    if not told:
        return None
    says = "; ".join(
        f"step {name!r}: {mistake.says.removeprefix(f'{name}: ')}"
        if name
        else f"behind the steps: {mistake.says}"
        for name, mistake in told
    )
    names = {mistake.name for _, mistake in told}
    where = "; ".join(dict.fromkeys(mistake.where or name for name, mistake in told))
    return Mistake(told[0][1].name if "unknown" not in names else "unknown", says, where)


def _off(part: Evidence) -> np.ndarray:
    """The points at which a part of the derivation is wrong by more than rounding."""
    off = np.zeros(part.group.size, bool)
    for hand, truth, noise in zip(part.hand, part.truth, part.noise, strict=True):
        off |= anywhere(~(np.abs(hand - truth) <= tolerance.formula(noise)))
    return off & part.usable


def _part(
    evidence: Evidence, steps: Steps, name: str | None, rng: np.random.Generator
) -> Evidence | None:
    """The evidence on one step; on what comes after all of them, if it has no ``name``."""
    given = {other: true for other, true in steps.true.items() if other != name}
    first = evidence.group.point(0)
    claim = _claim(evidence.question.claim, name, steps)
    shift: Any = ()
    if name in steps.taps:
        shift = jax.tree.map(np.zeros_like, steps.true[name])
    group = _beside(evidence.group, (shift, given), first)
    asked = question(claim)
    heard = gather(
        asked, group, form(claim, expected(asked, group)), rng, whole=False, forward=False
    )
    return heard if isinstance(heard, Evidence) else None


def _claim(whole: Derivation, name: str | None, steps: Steps) -> Derivation:
    """What is claimed of one step, as a derivation whose first arguments are the shift of what was
    tapped and the true cotangents of the others.
    """

    def of(shift: Any, given: Any, *args: Any) -> Any:
        def shifted(tapped: str, value: Any) -> Any:
            return jax.tree.map(jnp.add, value, shift) if tapped == name else value

        with listening(taps=shifted):
            return whole.of(*args)

    def hand(shift: Any, given: Any, *args: Any) -> Any:
        said: dict[str, Any] = {}

        def note(step: str, value: Any) -> Any:
            said[step] = value
            return as_like(given[step], value) if step in given else value

        with listening(adjoints=note):
            end = whole.hand(*args)
        return end if name is None else said[name]

    arguments = (name or "", HANDED, *whole.arguments)
    if name is None:
        wrt, single = tuple(position + 2 for position in whole.wrt), whole.single
    else:
        position = 0 if name in steps.taps else 2 + whole.arguments.index(name)
        wrt, single = (position,), True
    return replace(whole, of=of, hand=hand, wrt=wrt, single=single, arguments=arguments)


def _beside(group: Group, more: tuple[Any, ...], point: tuple[Any, ...]) -> Group:
    """A group with more arguments, stacks of points, in front of its own."""
    leaves = jax.tree.leaves(more)
    return group._replace(
        treedef=jax.tree.structure((*more, *point)),
        static=(*[ARRAY] * len(leaves), *group.static),
        leaves=(*leaves, *group.leaves),
    )
