"""Steps of the hand's formula in whose place a near relative should stand: a running sum or a loop
that runs the other way, `.add` for `.set`, a minimum for a maximum, `>` for `>=` of indices, a
solution of the transposed system, a conjugate."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from lab.referee.naming.formula.repairs import FEWEST, rerun_mends
from lab.referee.naming.stage.draft import Draft, bare
from lab.referee.naming.stage.scene import Scene, where
from lab.referee.naming.stage.words import plain
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge, Program, Step
from lab.referee.verdict import Mistake

MOST = 16  # relatives tried
REVERSIBLE = ("cumsum", "cumprod", "cumlogsumexp", "cummax", "cummin", "scan")
OPPOSITE: dict[str, tuple[str, Any]] = {
    "max": ("minimum", lax.min_p),
    "min": ("maximum", lax.max_p),
    "reduce_max": ("minimum", lax.reduce_min_p),
    "reduce_min": ("maximum", lax.reduce_max_p),
    "argmax": ("minimum", lax.argmin_p),
    "argmin": ("maximum", lax.argmax_p),
}
COMPARED: dict[str, tuple[tuple[str, Any], ...]] = {  # of indices: where they are equal, and else
    "gt": (("should also hold where both are equal", lax.ge_p), ("should be `<`", lax.lt_p)),
    "lt": (("should also hold where both are equal", lax.le_p), ("should be `>`", lax.gt_p)),
    "ge": (("should not hold where both are equal", lax.gt_p), ("should be `<=`", lax.le_p)),
    "le": (("should not hold where both are equal", lax.lt_p), ("should be `>=`", lax.ge_p)),
}
TURNED: dict[str, tuple[str, Any]] = {  # of numbers: where they are equal hardly matters
    "gt": ("<", lax.lt_p),
    "lt": (">", lax.gt_p),
    "ge": ("<=", lax.le_p),
    "le": (">=", lax.ge_p),
}


class Relative(NamedTuple):
    """``bind`` carries out the relative in place of a step."""

    name: str
    says: str
    bind: Callable[[Step, Sequence[Any]], Sequence[Any]]


def relatives(scene: Scene) -> Iterator[Mistake]:
    """One of them, in place of a step, makes the formula right; in a loop in place of all."""
    main = scene.draft(scene.main)
    if main is None or scene.equations < FEWEST:
        return
    written: dict[tuple[str, Place | None], list[int]] = {}
    for k, step in enumerate(main.program.steps):
        written.setdefault((step.name, step.place), []).append(k)
    steps = main.program.steps
    rolls = [k for k, step in enumerate(steps) if _rolls(step)]
    if len({steps[k].place for k in rolls}) > 1:
        tried = [(rolls, _wrapping("what is rolled"))]
    else:
        tried = []
    tried += [(ks, r) for ks in written.values() for r in _relatives(main.program, steps[ks[0]])]
    turned = [k for k, step in enumerate(steps) if step.name in REVERSIBLE]
    if len({steps[k].place for k in turned}) > 1:
        says = "the running sums and loops of the formula all run the wrong way"
        tried.append((turned, Relative("index", says, _reversed)))
    main_first = sorted(range(len(scene.evidences)), key=lambda g: g != scene.main)
    for ks, relative in tried[:MOST]:
        if not scene.late and all(_mended(scene, g, ks, relative) for g in main_first):
            place = steps[ks[0]].place
            yield Mistake(relative.name, relative.says, where(scene, str(place) if place else ""))


def turned_comparisons(scene: Scene) -> Iterator[Mistake]:
    """`<` for `>` of numbers."""
    main = scene.draft(scene.main)
    if main is None:
        return
    for k, step in enumerate(main.program.steps):
        if step.name in TURNED and any(main.program.floating[slot] for slot in step.inputs):
            what, primitive = TURNED[step.name]
            relative = Relative("region", "", _bound(primitive))
            if all(_mended(scene, g, [k], relative) for g in range(len(scene.evidences))):
                shown = step.place.quoted if step.place is not None else "a comparison"
                says = f"{shown} of the formula should be `{what}`"
                yield Mistake("region", says, where(scene, str(step.place or "")))


def other_ways(scene: Scene) -> Iterator[Mistake]:
    """An `associative_scan` that should run the other way."""
    main = scene.draft(scene.main)
    for k, (place, _, _) in enumerate(_scans(main.program) if main is not None else ()):
        if all(_turned_mends(scene, g, k) for g in range(len(scene.evidences))):
            says = f"{place.quoted} of the formula runs one way where it should run the other"
            yield Mistake("index", says, where(scene, str(place)))


def _scans(program: Program) -> list[tuple[Place, int, int]]:
    """Calls of `associative_scan`, with the first and the last of their steps."""
    found: dict[Place, tuple[int, int]] = {}
    for k, step in enumerate(program.steps):
        if step.place is not None and "associative_scan(" in step.place.text:
            found[step.place] = (found.get(step.place, (k, k))[0], k)
    return [(place, first, last) for place, (first, last) in found.items()]


def _turned_mends(scene: Scene, g: int, k: int) -> bool:
    def run(draft: Draft) -> Callable[[Sequence[Any]], Any]:
        program = draft.program
        scans = _scans(program)
        if k >= len(scans):
            return lambda leaves: program.run(leaves)
        _, first, last = scans[k]
        made = {slot for step in program.steps[first : last + 1] for slot in step.outputs}

        def nudge(edge: Edge, value: Any) -> Any:
            slot, within = program.operand(edge), first <= edge.step <= last
            crosses = within != (slot in made) and slot not in program.fixed
            return jnp.flip(value, 0) if crosses and jnp.ndim(value) else value

        def turned(leaves: Sequence[Any]) -> Any:
            ran = program.run(leaves, nudge)
            return [jnp.flip(x, 0) if v in made and jnp.ndim(x) else x for v, x in enumerate(ran)]

        return turned

    return bool(rerun_mends(scene, g, run))


def _relatives(program: Program, step: Step) -> Iterator[Relative]:
    shown = step.place.quoted if step.place is not None else f"a {plain(step.name)}"
    if step.name in REVERSIBLE:
        now, then = ("backwards", "forwards")[:: 1 if step.equation.params["reverse"] else -1]
        says = f"{shown} of the formula runs {now} where it should run {then}"
        yield Relative("index", says, _reversed)
    if step.name == "scatter" and not _nothing(program, step.inputs[2]):
        says = f"{shown} replaces what is there, where it should add to it"
        yield Relative("missing_term", says, _added)
    if step.name in OPPOSITE and not _of_two(program, step):
        other, primitive = OPPOSITE[step.name]
        says = f"{shown} of the formula should be a {other}"
        yield Relative("wrong_variable", says, _bound(primitive))
    if step.name in COMPARED and not any(program.floating[slot] for slot in step.inputs):
        for what, primitive in COMPARED[step.name]:
            yield Relative("index", f"{shown} of the formula {what}", _bound(primitive))
    if step.name == "triangular_solve":
        says = f"{shown} of the formula solves with a matrix where it should with its transpose"
        if step.equation.params["transpose_a"]:
            says = f"{shown} of the formula solves with a transpose where it should with the matrix"
        yield Relative("transpose", says, _transposed)
    if step.name == "pad" and _one_ended(step):
        says = f"{shown} of the formula is padded at the wrong end"
        yield Relative("index", says, _at_the_other_end)
    if _rolls(step):
        yield _wrapping(shown)
    if step.name == "conj":
        says = f"{shown} of the formula is conjugated, which it should not be"
        yield Relative("transpose", says, lambda step, operands: operands[:1])
    if step.name == "mul" and step.place is not None:
        for o, text in enumerate(step.place.operands if _complex(step) else ()):
            says = f"`{text}` should be conjugated in {shown}"
            yield Relative("transpose", says, partial(_conjugated, o))
    yield from _shifted(program, step, shown)


def _of_two(program: Program, step: Step) -> bool:
    """Whether it says which of two is the larger: turned round, they are told wrongly, too."""
    shape = program.shapes[step.inputs[0]]
    return step.name.startswith("arg") and [shape[k] for k in step.equation.params["axes"]] == [2]


def _shifted(program: Program, step: Step, shown: str) -> Iterator[Relative]:
    """A whole number that is one too large or too small, as in `tril(x, -1)`."""
    for o, slot in enumerate(step.inputs):
        number = np.asarray(program.fixed.get(slot, np.nan))
        whole = number.ndim == 0 and number.dtype.kind == "i"
        if whole and step.place is not None and _stands(int(number), step.place.text):
            for more in (1, -1) if number else (1,):  # there is no entry -1
                says = f"the number {int(number)} in {shown} should be {int(number) + more}"
                yield Relative("index", says, partial(_moved, o, more))


def _stands(number: int, text: str) -> bool:
    """Whether a number is written in an expression, and neither says which entry is set, nor what
    is taken off a count.
    """
    if ".at[" in text or re.search(r"\b(var|std|cov)\b", text):
        return False
    return bool(re.search(rf"(?<![\w.]){abs(number)}(?![\w.])", text))


def _moved(o: int, more: int, step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    return step.bind([x + more if k == o else x for k, x in enumerate(operands)])


def _bound(primitive: Any) -> Callable[[Step, Sequence[Any]], Sequence[Any]]:
    """Another primitive in place of a step's."""
    return lambda step, operands: [primitive.bind(*operands, **step.equation.params)]


def _nothing(program: Program, slot: int) -> bool:
    """Whether it is zero that a value repeats."""
    return not np.any(program.fixed.get(bare(program, slot), 1.0))


def _reversed(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    params = step.equation.params
    return step.bind(operands, {**params, "reverse": not params["reverse"]})


def _rolls(step: Step) -> bool:
    """Whether what is shifted out at one end comes in at the other, as in `roll`."""
    text = step.place.text if step.place is not None else ""
    two = step.name == "concatenate" and len(step.inputs) == 2
    return two and re.match(r"(\w+\.)*roll\(", text) is not None


def _wrapping(shown: str) -> Relative:
    says = f"{shown} wraps around at the ends, where zeros should come in"
    return Relative("region", says, _not_wrapped)


def _not_wrapped(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    moved = int(np.argmin([jnp.size(x) for x in operands]))
    return step.bind([jnp.zeros_like(x) if k == moved else x for k, x in enumerate(operands)])


def _one_ended(step: Step) -> bool:
    """Whether an array is padded along one axis, and not alike at both ends."""
    config = step.equation.params["padding_config"]
    return len([1 for low, high, _ in config if low != high]) == 1


def _at_the_other_end(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    params = step.equation.params
    turned = tuple((high, low, inner) for low, high, inner in params["padding_config"])
    return step.bind(operands, {**params, "padding_config": turned})


def _transposed(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    params = step.equation.params
    return step.bind(operands, {**params, "transpose_a": not params["transpose_a"]})


def _complex(step: Step) -> bool:
    return bool(jnp.issubdtype(step.equation.outvars[0].aval.dtype, jnp.complexfloating))


def _conjugated(o: int, step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    return step.bind([jnp.conj(x) if k == o else x for k, x in enumerate(operands)])


def _added(step: Step, operands: Sequence[Any]) -> Sequence[Any]:
    params = step.equation.params
    kept = ("dimension_numbers", "indices_are_sorted", "mode")
    return [lax.scatter_add(*operands, **{name: params[name] for name in kept})]


def _mended(scene: Scene, g: int, ks: Sequence[int], relative: Relative) -> bool:
    def run(draft: Draft) -> Callable[[Sequence[Any]], Any]:
        replaced = {draft.program.steps[k].outputs for k in ks}

        def bind(step: Step, operands: list[Any]) -> Sequence[Any]:
            return (relative.bind if step.outputs in replaced else Step.bind)(step, operands)

        return lambda leaves: draft.program.run(leaves, bind=bind)

    return bool(rerun_mends(scene, g, run))
