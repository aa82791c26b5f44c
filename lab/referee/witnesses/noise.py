"""What rounding does to a function on the way, measured where a verdict hangs on it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import split
from lab.referee.points.stacks import everywhere
from lab.referee.programs.traced import Step, trace
from lab.referee.witnesses.evidence import BLOCK, Evidence

EXPONENTIAL = frozenset(("exp", "exp2", "expm1", "sin", "cos", "tan", "logistic", "tanh", "erfc"))
# What a step of these gives is exact: parts of what enters, or of the other sign, or one of them.
_NAMES = (
    "abs argmax argmin broadcast_in_dim ceil clamp concatenate convert_element_type copy copy_p "
    "dynamic_slice dynamic_update_slice expand_dims floor gather iota max min neg pad reduce_max "
    "reduce_min reshape rev round select_and_gather_add select_n sign slice sort split squeeze "
    "stop_gradient top_k transpose"
)
EXACT = frozenset(_NAMES.split())
SEEDS = 3  # times that all steps are nudged
ROUNDINGS = 8  # units in the last place that all steps together may be off by


@np.errstate(all="ignore")
def exponents(evidence: Evidence, points: np.ndarray) -> np.ndarray:
    """The largest number at each of these points of which the function takes an exponential, or a
    sine: one of size M is known to M roundings, and what is made of it to as many, relatively.
    """
    asked, group = evidence.question, evidence.group

    value = lambda *x: asked.value(split(asked, group.rebuild(x))[0], ())

    def largest(*leaves: Any) -> Any:
        program = trace(value, leaves, ())
        values = program.run(leaves)
        taken = [values[step.inputs[0]] for step in program.steps if step.name in EXPONENTIAL]
        sizes = [jnp.max(jnp.where(jnp.isfinite(x), jnp.abs(x), 0), initial=0) for x in taken]
        return jnp.max(jnp.stack([jnp.zeros(()), *sizes]))

    found = Asker(largest, group, 64, BLOCK, traced=True)(tuple(x[points] for x in group.leaves))
    return np.zeros(len(points)) if isinstance(found, Raised) else np.asarray(found)


@np.errstate(all="ignore")
def roundings(evidence: Evidence, points: np.ndarray) -> tuple[np.ndarray, ...]:
    """How far, leaf by leaf, the truth at these points moves when each of its steps is off by a
    relative error of size one: so many units in the last place of a step are in its answer.

    Measured as conditioning is, by nudges small enough to be linear, only that every step gets its
    own and not the arguments alone.
    """
    asked, group = evidence.question, evidence.group
    mode = asked.reverse or asked.forward
    assert mode is not None

    def truth(*leaves: Any) -> tuple[Any, ...]:
        return tuple(jax.tree.leaves(mode(*split(asked, group.rebuild(leaves)))))

    asker = Asker(rattled(truth), group, 64, BLOCK, traced=True)
    found = asker(tuple(x[points] for x in group.leaves))
    if isinstance(found, Raised):
        return tuple(np.zeros((len(points), *leaf.shape[1:])) for leaf in evidence.truth)
    gaps = zip(*found, evidence.truth, strict=True)
    largest = (
        np.fmax.reduce([np.abs(np.asarray(x) - t[points]) for x in other]) for *other, t in gaps
    )
    return tuple(np.nan_to_num(gap, nan=0.0) / tolerance.NUDGE for gap in largest)


@np.errstate(all="ignore")
def by_data(evidence: Evidence) -> tuple[np.ndarray, ...]:
    """How far, leaf by leaf, the hand's answers move when the numbers in them that are data, made
    of labels, keys and fixed arrays alone, are off by a relative error of size one: what a label
    is known to, that is taken off a probability.
    """
    asked, group, form = evidence.question, evidence.group, evidence.form
    given = [i for i, x in enumerate(group.leaves) if not jnp.issubdtype(x.dtype, jnp.inexact)]

    def hand(*leaves: Any) -> tuple[Any, ...]:
        found = jax.tree.leaves(asked.hand(*split(asked, group.rebuild(leaves))))
        pairs = zip(found, form.shapes, strict=True)
        return tuple(jnp.broadcast_to(jnp.asarray(x), shape) for x, shape in pairs)

    def nudged(*leaves: Any) -> list[Any]:
        program = trace(hand, leaves, ())
        rng = np.random.default_rng(0)
        data = {program.arguments[i] for i in given}
        varies = set(program.arguments) - data
        data |= {slot for slot, value in program.fixed.items() if np.ndim(value)}
        for step in program.steps:
            if varies & set(step.inputs):
                varies |= set(step.outputs)
            elif data & set(step.inputs):
                data |= set(step.outputs)
        off = lambda step, operands: (
            _off(rng, step, operands) if data & set(step.outputs) else step.bind(operands)
        )
        fixed = {slot: _nudged(rng, program.fixed[slot]) for slot in data & set(program.fixed)}
        values = program.run(leaves, bind=off, fixed=fixed)
        return [values[slot] for slot in program.outputs]

    found = Asker(nudged, group, 64, BLOCK, traced=True)(group.leaves)
    if isinstance(found, Raised):
        return tuple(np.zeros(leaf.shape) for leaf in evidence.hand)
    pairs = zip(found, evidence.hand, strict=True)
    return tuple(np.abs(np.asarray(x) - hand) / tolerance.NUDGE for x, hand in pairs)


def rattled(function: Callable[..., Any]) -> Callable[..., list[Any]]:
    """The flat answers of a function, a few times, each of its steps off by a nudge of its own."""

    def nudged(*leaves: Any) -> list[Any]:
        program = trace(function, leaves, ())
        answers = []
        for seed in range(SEEDS):
            values = program.run(leaves, bind=partial(_inexact, np.random.default_rng(seed)))
            answers.append(tuple(values[slot] for slot in program.outputs))
        return answers

    return nudged


@np.errstate(all="ignore")
def reconciled(evidence: Evidence) -> Evidence:
    """The evidence, where the modes part at most points, with those points left in at which they do
    so by what their own steps round: of a polynomial written out, near a root of it.
    """
    points = np.flatnonzero(evidence.contradicted)
    if 2 * (evidence.contradicted & evidence.group.typical).sum() <= evidence.group.typical.sum():
        return evidence
    fine, slacks = np.ones(len(points), bool), []
    for noise, moved in zip(evidence.noise, roundings(evidence, points), strict=True):
        rounding = tolerance.size(moved, elementwise=evidence.elementwise)
        slacks.append(ROUNDINGS * tolerance.EPS64 * rounding)
        fine &= everywhere(noise.modes[points] <= slacks[-1])
    return evidence._replace(
        contradicted=evidence.contradicted & ~np.isin(np.arange(evidence.group.size), points[fine]),
        noise=tuple(
            noise._replace(modes=_set(noise.modes, points[fine], slack[fine] / tolerance.MODES))
            for noise, slack in zip(evidence.noise, slacks, strict=True)
        ),
    )


def _set(array: np.ndarray, points: np.ndarray, values: np.ndarray) -> np.ndarray:
    changed = array.copy()
    changed[points] = values
    return changed


def _inexact(rng: np.random.Generator, step: Step, operands: list[Any]) -> list[Any]:
    """What the step gives, off by a nudge where it rounds."""
    return list(step.bind(operands)) if step.name in EXACT else _off(rng, step, operands)


def _off(rng: np.random.Generator, step: Step, operands: list[Any]) -> list[Any]:
    """What the step gives, every entry off by a nudge."""
    return [_nudged(rng, x) for x in step.bind(operands)]


def _nudged(rng: np.random.Generator, x: Any) -> Any:
    """Every entry off by `tolerance.NUDGE`, up or down; whole numbers as they are."""
    if not jnp.issubdtype(jnp.result_type(x), jnp.inexact):
        return x
    signs = rng.choice((-1.0, 1.0), size=np.shape(x))
    return x * (1 + tolerance.NUDGE * jnp.asarray(signs, x.dtype))
