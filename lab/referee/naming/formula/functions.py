"""Another function in the hand's formula than should be there: tanh for a sigmoid, a logarithm for
a digamma, a function where its slope should be.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from scipy import special

from lab.referee.naming.formula.repairs import Added, Bench, Change, comparisons, mended
from lab.referee.naming.stage.draft import Draft, bare
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.sizes import TRIVIAL
from lab.referee.naming.stage.wording import filled, related
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

Function = Callable[[np.ndarray], np.ndarray]
FARTHEST = 1e3  # below zero: SciPy reaches zero step by step


def _trigamma(u: np.ndarray) -> np.ndarray:
    """Not a number far below zero, where nobody asks for it."""
    near = np.asarray(u > -FARTHEST)
    return np.where(near, special.polygamma(1, np.where(near, u, 1.0)), np.nan)


FUNCTIONS: tuple[tuple[str, Function], ...] = (
    ("{}", lambda u: u),
    ("1", np.ones_like),
    ("exp({})", np.exp),
    ("log({})", np.log),
    ("sigmoid({})", special.expit),
    ("tanh({})", np.tanh),
    ("softplus({})", lambda u: np.logaddexp(0, u)),
    ("sin({})", np.sin),
    ("cos({})", np.cos),
    ("-sin({})", lambda u: -np.sin(u)),
    ("-cos({})", lambda u: -np.cos(u)),
    ("tan({})", np.tan),
    ("sinh({})", np.sinh),
    ("cosh({})", np.cosh),
    ("sqrt({})", np.sqrt),
    ("({})^2", np.square),
    ("1/({})", lambda u: 1 / u),
    ("|{}|", np.abs),
    ("sign({})", np.sign),
    ("max(0, {})", lambda u: np.maximum(u, 0)),
    ("({} > 0)", lambda u: np.where(u > 0, 1.0, 0.0)),
    ("1 - ({})^2", lambda u: 1 - u**2),
    ("({})(1 - ({}))", lambda u: u * (1 - u)),
    ("1 - tanh({})^2", lambda u: 1 - np.tanh(u) ** 2),
    ("1/cos({})^2", lambda u: 1 / np.cos(u) ** 2),
    ("1/(1 + ({})^2)", lambda u: 1 / (1 + u**2)),
    ("sigmoid({})(1 - sigmoid({}))", lambda u: special.expit(u) * special.expit(-u)),
    ("the normal density at {}", lambda u: np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)),
    ("the normal distribution at {}", special.ndtr),
    ("digamma({})", special.digamma),
    ("trigamma({})", _trigamma),
    ("loggamma({})", special.gammaln),
    ("the softmax of {}", lambda u: special.softmax(u, axis=-1)),
    ("the logarithm of the softmax of {}", lambda u: special.log_softmax(u, axis=-1)),
)
SUMS: tuple[tuple[str, Function], ...] = (
    ("sum({})", lambda u: u.reshape(len(u), -1).sum(axis=1)),
    ("sum({}, axis=0)", lambda u: u.sum(axis=1) if u.ndim > 1 else u),
    ("sum({}, axis=1)", lambda u: u.sum(axis=2) if u.ndim > 2 else u),
    (
        "the sum of {} over all but its last axis",
        lambda u: u.reshape(len(u), -1, u.shape[-1]).sum(axis=1) if u.ndim > 3 else u,
    ),
    ("mean({}, axis=0)", lambda u: u.mean(axis=1) if u.ndim > 1 else u),
    ("mean({}, axis=1)", lambda u: u.mean(axis=2) if u.ndim > 2 else u),
)
FORGOTTEN = tuple(
    (text, function)
    for text, function in FUNCTIONS
    if text in ("exp({})", "log({})", "sigmoid({})", "tanh({})") or "softmax" in text
)
LONGEST = 40  # steps of an expression, or it is carried out again and again
SIMPLE = 3  # steps of an expression that may pass for one function


def wrong_functions(scene: Scene) -> Iterator[Mistake]:
    """One function, applied to what it should be applied to, in place of another."""
    yield from mended(scene, _changes)


def missing_functions(scene: Scene) -> Iterator[Mistake]:
    """A value by itself where a function of it should be."""
    yield from mended(scene, _bare)


def _changes(here: Bench) -> Iterator[Change]:
    draft = here.draft
    entering = {draft.slot(edge): edge for edge in draft.edges}
    for edge in draft.edges:
        for of in dict.fromkeys(_applied_to(draft, edge, deep) for deep in (False, True)):
            inner = entering.get(of) if of is not None else None
            if inner is None:
                continue
            answer = edge.step == len(draft.program.steps)  # rounding of what is right has no name
            alike = draft.shape(edge) == draft.program.shapes[draft.slot(inner)]
            yield from _instead(here, edge, inner, FUNCTIONS[answer:] if alike else SUMS)


def _bare(here: Bench) -> Iterator[Change]:
    for edge in here.draft.edges:
        if not here.draft.fixed(edge) and edge.step < len(here.draft.program.steps):
            yield from _instead(here, edge, edge, FORGOTTEN)


def _told(text: str, inner: str) -> str:
    """In words as they are, or as an expression."""
    return text.replace("{}", inner) if text.startswith("the ") else filled(text, inner)


def _applied_to(draft: Draft, edge: Edge, deep: bool) -> int | None:
    """The only value that an expression is made of; ``deep``: that its innermost parts are."""
    program = draft.program
    slot = bare(program, draft.slot(edge))
    made = program.producer(slot)
    if made is None or made.place is None or not program.floating[slot]:
        return None
    inside, seen, sources, count = [slot], {slot}, set(), 0
    while inside and count < LONGEST:
        step = program.producer(inside.pop())
        count += step is not None and step.name not in TRIVIAL
        for value in step.inputs if step is not None else ():
            before = program.producer(value)
            if before is not None and _within(before.place, made.place, deep):
                inside += [] if value in seen else [value]
                seen.add(value)
            elif value not in program.fixed:
                sources.add(value)
    if inside or (count > SIMPLE and not made.place.calls):
        return None
    return sources.pop() if len(sources) == 1 else None


def _within(part: Place | None, whole: Place, deep: bool) -> bool:
    if part is None or part == whole:
        return part is not None
    same = (part.file, part.line) == (whole.file, whole.line)
    return deep and same and part.text in whole.text and part.column >= whole.column


def _instead(
    here: Bench, edge: Edge, inner: Edge, functions: Sequence[tuple[str, Function]]
) -> Iterator[Change]:
    """Functions of what enters by ``inner`` in place of what enters by ``edge``."""
    if comparisons(here.draft.program, (edge,)):
        return  # by its side alone any function may pass for another
    stands, text = here.draft.text(edge), here.draft.text(inner)
    for form, function in functions:
        should = _told(form, text)
        says = f"{stands} stands in the formula where {should} should"
        name = "broadcast_sum" if functions is SUMS else _name(stands, text, should)
        yield Change(name, says, (edge,), partial(_other, edge, inner, function))


def _name(stands: str, inner: str, should: str) -> str:
    """A function left out, or a factor of what should be there, is one of the chain rule's; any
    other is another function.
    """
    stands, inner, should = (text.strip("`") for text in (stands, inner, should))
    left_out = stands == inner or should.startswith(f"{stands}(")
    return "missing_chain_factor" if left_out else related(stands, should)


def _other(edge: Edge, inner: Edge, function: Function, here: Bench) -> Added:
    stands, u = here.value(edge), here.value(inner)
    other = np.asarray(function(u))
    same = function is not FUNCTIONS[0][1] and np.array_equal(other, u)  # |u| where u is positive
    if same or other.shape != stands.shape or not other.any():  # nothing at all is no function
        return None
    return [other - stands]
