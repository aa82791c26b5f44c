"""Wrong numbers in the hand's formula: a factor at one place, a constant of the source.

Most answers are linear in most of what enters them, so that the right factor is told by two runs;
for the numbers of the source, which may stand inside of anything, Newton's method finds it."""

import re
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lab.referee.naming.formula.repairs import (
    FEWEST,
    PATIENCE,
    Bench,
    Change,
    alike,
    bench,
    everywhere,
    mistake,
    right,
)
from lab.referee.naming.stage.draft import Draft, Spot, bare
from lab.referee.naming.stage.scene import (
    SHARE,
    Scene,
    nearly_one,
    number,
    plain_number,
    some_rows,
    written,
)
from lab.referee.naming.stage.spots import spots
from lab.referee.verdict import Mistake

ROUNDS = 8
MOVED = ("slice", "concatenate", "pad", "dynamic_slice", "rev")  # entries are put elsewhere
SHARP = 1e-7  # how closely a factor has to explain the error that is no number one would count with
DEVIATES = r"\b(var|std|cov|mean|average)\b"  # functions that count
GUARD = 0.01  # a number that keeps something from being zero is smaller
SLIPPED = 0.02  # and one of two digits, if by less
NEAR = 0.25  # a number of the source that is off by less is a constant misremembered


def wrong_numbers(scene: Scene) -> Iterator[Mistake]:
    """One factor, the same at all points, that would mend the formula."""
    yield from _numbers(scene, nought=False)


def noughts(scene: Scene) -> Iterator[Mistake]:
    """A term that is multiplied by nought."""
    yield from _numbers(scene, nought=True)


def _numbers(scene: Scene, *, nought: bool) -> Iterator[Mistake]:
    if scene.equations < FEWEST:
        return
    here = bench(scene, scene.main, some_rows(scene))
    if here is None:
        return
    draft = here.draft
    is_nought = lambda spot: draft.literal(spot[0]) == 0 and _multiplies(draft, spot)
    places = [spot for spot in spots(draft) if is_nought(spot) is nought]
    if not places:
        return
    found = zip(places, _factors(scene, here, places), strict=True)
    told = [(spot, c) for spot, c in found if np.isfinite(c) and abs(c - 1) >= 1e-9]
    for spot, c in sorted(told, key=lambda one: _rank(draft, *one)):
        by_group = _everywhere(scene, here, spot, float(c))
        if by_group is not None:
            yield from _said(scene, draft, spot, by_group)


def _rank(draft: Draft, spot: Spot, c: float) -> int:
    """What is told first: a number of the source that should be another one that a person would
    write, then one that nearly is what it should be.
    """
    h = draft.literal(spot[0])
    if h is None or h == 0:
        return 2
    near = abs(c - 1) < (SLIPPED if _short(h, 2) else NEAR)
    return 0 if abs(c) < 1e-3 or round_number(c * h) else 1 if near else 2


def _factors(scene: Scene, here: Bench, places: Sequence[Spot]) -> np.ndarray:
    """By what each spot would have to be multiplied; nan where nothing helps."""
    fits = np.zeros(len(places), bool)
    c = _stepped(scene, here, places, np.ones(len(places)), np.full(len(places), 2.0))
    going = np.flatnonzero(np.isfinite(c))
    literal = [here.draft.literal(spot[0]) is not None for spot in places]
    until = time.process_time() + PATIENCE
    for k in range(ROUNDS):
        if k and time.process_time() > until:
            break
        some = [places[int(k)] for k in going]
        told = _answers(scene, here, some, c[going]) if some and not scene.late else None
        if told is None:
            break
        for j, i in enumerate(going):
            nice = any(map(plain_number, (c[i], 1 / c[i], c[i] ** 2)))
            # an odd factor of what enters a curve, as in log(c p) = log(p) + log(c), is a term
            if nice or literal[i] or not k:
                share = SHARE if nice else SHARP
                fits[i] = right(scene, here, [leaf[j] for leaf in told], share)
        kept = ~fits[going] & (np.abs(c[going]) < 1e6)
        going, some = going[kept], [spot for spot, keep in zip(some, kept, strict=True) if keep]
        if some:
            c[going] = _stepped(scene, here, some, c[going], c[going] * (1 + 1e-6))
            going = going[np.isfinite(c[going])]
    return np.where(fits, np.where(np.abs(c) < 1e-7, 0.0, c), np.nan)


def _stepped(
    scene: Scene, here: Bench, places: Sequence[Spot], at: np.ndarray, to: np.ndarray
) -> np.ndarray:
    """One step of Newton's method for each spot, the slope told by the answers at two factors."""
    first, second = (_answers(scene, here, places, c) for c in (at, to))
    if first is None or second is None:
        return np.full(len(places), np.nan)
    truth = [scene.evidences[here.g].truth[i][here.rows] for i in range(len(first))]
    weight = [np.abs(truth[i]).max(initial=1e-300) for i in range(len(first))]
    flat = lambda leaves: np.concatenate(
        [(leaves[i] / weight[i]).reshape(len(places), -1) for i in scene.leaves], axis=1
    )
    with np.errstate(all="ignore"):
        gap = flat([t[None] - a for t, a in zip(truth, first, strict=True)])
        slope = flat([b - a for a, b in zip(first, second, strict=True)]) / (to - at)[:, None]
        return np.asarray(at + (gap * slope).sum(1) / (slope**2).sum(1))


def _answers(
    scene: Scene, here: Bench, places: Sequence[Spot], factors: np.ndarray
) -> list[np.ndarray] | None:
    changes = np.zeros((len(places), len(here.rows), here.draft.width))
    for k, (spot, c) in enumerate(zip(places, factors, strict=True)):
        for edge, added in zip(spot, scaled(here, spot, c), strict=True):
            changes[k][:, here.draft.cuts[edge]] = added.reshape(len(here.rows), -1)
    return here.tried(np.nan_to_num(changes, posinf=0.0, neginf=0.0))


def _everywhere(scene: Scene, main: Bench, spot: Spot, c: float) -> list[float] | None:
    """The factors by group (sizes may enter them), if they mend every answer."""
    if everywhere(scene, _scaling(spot, [c] * len(scene.evidences))):
        return [c] * len(scene.evidences)
    found = []
    for g in range(len(scene.evidences)):
        rows = np.flatnonzero(scene.wrong[g])
        there = bench(scene, g, rows[: len(main.rows)])
        if there is None:
            if len(rows):
                return None
            found.append(1.0)
            continue
        if not alike(main.draft, there.draft):
            return None
        found.append(float(_factors(scene, there, [spot])[0]))
    return found if everywhere(scene, _scaling(spot, found)) else None


def scaled(here: Bench, spot: Spot, c: float) -> Sequence[np.ndarray]:
    """What a factor adds at a spot; where the source has a zero, what the number ``c - 1`` adds."""
    zero = here.draft.literal(spot[0]) == 0
    whole = lambda value: np.ones_like(value) if zero else value
    return [(c - 1) * whole(here.value(edge)) for edge in spot]


def _scaling(spot: Spot, by_group: Sequence[float]) -> Change:
    return Change("factor", "", spot, lambda here: scaled(here, spot, by_group[here.g]))


def _said(scene: Scene, draft: Draft, spot: Spot, by_group: list[float]) -> Iterator[Mistake]:
    c = by_group[scene.main]
    h = draft.literal(spot[0])
    told: Callable[[str, str], Mistake] = lambda name, says: mistake(scene, draft, name, says, spot)
    inverse = [1 / x if x else np.inf for x in by_group]
    word = scene.size_word(inverse) if np.all(np.isfinite(inverse)) else None
    if h == 0:
        says = f"the number 0{_in(draft, spot)} should be {written(c - 1)}"
        if abs(c - 2) < 1e-9 and _multiplies(draft, spot) and _conditional(draft, spot):
            says = f"the condition{_in(draft, spot)} leaves out what should be there"
        if max(by_group) == min(by_group) and round_number(c - 1):
            yield told("missing_term" if _multiplies(draft, spot) else "constant", says)
        return
    if h is not None:
        c = _rounded(scene, spot, h, by_group)
        place = draft.place(spot[0])
        here = _in(draft, spot)
        says = "the number {}{here} should be {}".format(*apart(h, c * h), here=here)
        alike = max(by_group) == min(by_group)
        size = scene.size_word([(c if alike else x) * h for x in by_group])
        size = None if alike and _in_the_function(scene, c * h) else size
        if not size and place is not None and hidden(h, place.text):
            return  # nobody wrote it: the value that it goes into is told instead
        if size and not alike:
            yield told("batch_factor", f"the number {written(h)}{here} should be {size}")
        elif size:
            named = "" if size.isdigit() else f", which is {size}"
            yield told("batch_factor", says + named)
        elif word:
            says = f"the number {written(h)}{here} is {word} times what it should be"
            yield told("batch_factor", says)
        elif not alike:
            return
        elif place is not None and not _short(h, 6) and not shown(h, place.text):
            says = f"a constant of {place.quoted} is {nearly_one(1 / c)} times what it should be"
            yield told("constant" if abs(c - 1) < NEAR else "factor", says)
        elif abs(c) < 1e-9 and place is not None and re.search(DEVIATES, place.text):
            yield told("batch_factor", f"the number {written(h)}{here} should be 0")
        elif abs(c) < 1e-9:
            guard = abs(h) < GUARD and not _multiplies(draft, spot)
            says = f"the number {written(h)}{here} should not be there"
            yield told("constant" if guard else "extra_term", says)
        elif abs(c + 1) < 1e-9:
            yield told("sign", says)
        else:
            odd = set(".e") & set(number(c * h))  # no fraction that one would count with
            yield told("constant" if odd or abs(c - 1) < NEAR else "factor", says)
        return
    if all(map(draft.decides, spot)):
        return  # it is compared: with the wrong number, or in the wrong way
    text, given = draft.text(spot[0]), draft.program.arguments
    if abs(c) < 1e-9:
        yield told(*_too_much(draft, spot, text))
    elif word:
        yield told("batch_factor", f"{text} in the formula is {word} times what it should be")
    elif max(by_group) - min(by_group) > 1e-9 * abs(c):
        return
    elif not plain_number(1 / c) and bare(draft.program, draft.slot(spot[0])) in given:
        return  # nobody multiplies an argument by such a number
    elif abs(c - 1) < 0.02:
        yield told(
            "constant", f"{text} in the formula is {nearly_one(1 / c)} times what it should be"
        )
    elif abs(c + 1) > 1e-9:
        yield told("factor", f"{text} in the formula is {number(1 / c)} times what it should be")


def _in_the_function(scene: Scene, number: float) -> bool:
    """Whether the function's source shows this number in a sum."""
    passed = scene.passed(scene.main)
    if passed is None:
        return False
    steps = [step for step in passed[0].steps if step.name in ("add", "sub") and step.place]
    return any(step.place and strictly_shown(number, step.place.text) for step in steps)


def _too_much(draft: Draft, spot: Spot, text: str) -> tuple[str, str]:
    """The name of what should be zero, and a sentence: a term, or entries that are moved."""
    place, last = draft.place(spot[0]), len(draft.program.steps)
    moved = all(e.step < last and draft.program.steps[e.step].name in MOVED for e in spot)
    if not moved or place is None:
        return "extra_term", f"the term {text} of the formula should not be there"
    what = "what is put around" if re.search(r"\bpad\(", place.text) else "some of"
    return "index", f"{what} {text} in {place.quoted} should be zero"


def _rounded(scene: Scene, spot: Spot, h: float, by_group: list[float]) -> float:
    """The factor that makes the number as round as will do: what hardly matters is told badly."""
    c = by_group[scene.main]
    if max(by_group) > min(by_group):
        return c
    near = [c * 0] if abs(c) < 1e-3 else []
    near += [float(f"{c * h:.{digits}g}") / h for digits in range(1, 8)]
    close = (x for x in near if abs(x - c) < 1e-3 * max(abs(c), abs(c - 1)))
    return next((x for x in close if everywhere(scene, _scaling(spot, [x] * len(by_group)))), c)


def apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers, with as many digits as it takes to tell them apart."""
    if written(one) != written(other):
        return written(one), written(other)
    digits = range(7, 18)
    told = ((f"{one:.{d}g}", f"{other:.{d}g}") for d in digits)
    return next((a, b) for a, b in told if a != b)


def _multiplies(draft: Draft, spot: Spot) -> bool:
    """Whether a number stands in a product: where it is nought, so is what it multiplies."""
    steps = draft.program.steps
    return all(e.step < len(steps) and steps[e.step].name in ("mul", "dot_general") for e in spot)


def _conditional(draft: Draft, spot: Spot) -> bool:
    """Whether the number comes of a condition, as that of `t == 3`."""
    place = draft.place(spot[0])
    return place is not None and any(sign in place.text for sign in ("==", "!=", "<", ">"))


def _in(draft: Draft, spot: Spot) -> str:
    place = draft.place(spot[0])
    return f" in {place.quoted}" if place is not None else ""


def round_number(value: float) -> bool:
    """Whether a person would write it: of at most three digits, or a plain fraction."""
    return plain_number(value) or bool(abs(float(f"{value:.3g}") - value) <= 1e-7 * abs(value))


def _short(value: float, digits: int) -> bool:
    return bool(float(f"{value:.{digits}g}") == value)


def hidden(number: float, text: str) -> bool:
    """Whether a number is none that the source shows: the count inside of a variance."""
    return bool(re.search(DEVIATES, text)) and not shown(number, text)


def shown(number: float, text: str) -> bool:
    """Whether an expression shows this number, or none but names."""
    return not _numbers_in(text) or strictly_shown(number, text)


def strictly_shown(number: float, text: str) -> bool:
    """Whether an expression shows this number."""
    return abs(number) in _numbers_in(text)


def _numbers_in(text: str) -> list[float]:
    found = re.findall(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", text)
    return [float(number) for number in found]
