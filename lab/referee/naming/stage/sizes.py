"""Factors that are sizes of the problem: a mean for a sum, n for n - 1, a forgotten 1/sqrt(d)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import jax
import numpy as np

from lab.referee.programs.traced import Program, Step
from lab.referee.witnesses.evidence import Evidence

LESSENED = r"- ?1(?![\w.])|\b(var|std|cov)\b|ddof"  # and of one less
CLOSE = 1e-7
SPOKEN = r"\b(size|shape|len)\b"  # how a source speaks of a size
MANY = 5
TRIVIAL = {"broadcast_in_dim", "reshape", "squeeze", "convert_element_type", "transpose", "copy"}


class Counts(NamedTuple):
    """Numbers of a program: how many are averaged, those that are just written there, those that
    its source may speak of as a size, and how many are summed; whether it takes one off a count.
    """

    means: set[int]
    written: set[float]
    named: set[int]
    sums: set[int]
    lessened: bool = False

    def __or__(self, other: "Counts") -> "Counts":
        return Counts(
            self.means | other.means,
            self.written | other.written,
            self.named | other.named,
            self.sums | other.sums,
            self.lessened or other.lessened,
        )


def size_word(
    evidences: Sequence[Evidence], factors: Sequence[float], counts: Callable[[], Counts]
) -> str | None:
    """The factors of the groups as a formula in the sizes, such as ``1/n``; `None` if none fits.

    Where the sizes do not vary, a number is called a size only if a mean over so many is taken by
    the function or the hand, or its source speaks of that size (``counts``)."""
    sizes = [sizes_of(e) for e in evidences]
    shared = set.intersection(*(set(s) for s in sizes))
    named: dict[str, np.ndarray] = {}
    for name in sorted(shared, key=lambda name: (len(name), name)):
        values = np.array([float(s[name]) for s in sizes])
        if not any(np.array_equal(values, known) for known in named.values()):
            named[name] = values
    seen = np.asarray(factors, float)
    varied = np.ptp(seen) > CLOSE * np.abs(seen).max()
    if varied:
        return next((one.word for one in _formulas(named) if one.close(seen)), None)
    if len(evidences) > 1 and any(np.ptp(v) > 0 for v in named.values()):
        return None
    if abs(abs(seen[0]) - 1) < CLOSE:
        return None
    known = counts()
    lengths = {int(v[0]) for name, v in named.items() if not name.endswith(".size")}
    for n in sorted(known.means - lengths):
        named[str(n)] = np.full(len(evidences), float(n))
    # one length over another, unless the source takes one off some length
    rarer = lambda one: "-1)" in one.word and not known.lessened
    fits = sorted((one for one in _formulas(named) if one.close(seen)), key=rarer)
    plain = next((one.word for one in fits if one.plain), None)  # rather than another's square
    told = lambda one: plain if plain and "^2" in one.word else one.word
    said = (told(one) for one in fits if _convincing(one, known))
    return next((word for word in said if not _by_chance(word)), None)


def _by_chance(word: str) -> bool:
    """Whether all that speaks for it is that some argument has as many entries."""
    return re.fullmatch(r"(-|2|1/2 |1/|2/|1/\(2 |-1/)*[^/]*\.size\)?", word) is not None


class Formula(NamedTuple):
    """``values`` by group of what ``word`` says; ``sizes`` are those in it that somebody has to
    count for it to be more than chance.
    """

    word: str
    values: np.ndarray
    sizes: tuple[np.ndarray, ...]
    plain: bool = False  # a size, or one over it
    likely: bool = True  # one mistake alone makes it
    both: tuple[np.ndarray, ...] = ()  # one size over another

    def close(self, seen: np.ndarray) -> bool:
        with np.errstate(all="ignore"):
            scale = np.maximum(np.abs(seen), 1e-3 * np.abs(seen).max(initial=0.0))
            return bool(np.all(np.abs(self.values - seen) <= CLOSE * scale))


def _convincing(one: Formula, counts: Counts) -> bool:
    """Whether a number that is a formula in the sizes is so for a reason."""
    value = abs(float(one.values[0]))
    small = Fraction(value).limit_denominator(MANY - 1)
    known = counts.means | counts.named
    spoken = bool(one.both) and {int(size[0]) for size in one.both} <= known
    simple = abs(small - value) < CLOSE and small.denominator > 1 and 1 < small.numerator < MANY
    if simple and not spoken:
        return False  # 4/3, 3/2 and the like are numbers by themselves
    counted = {int(size[0]) for size in one.sizes} <= known
    usual = bool({value, 1 / value} & {2.0, 10.0, *counts.written})
    if one.plain and counted and not (usual and max(value, 1 / value) == 2):
        return True
    if usual:
        return False
    many = max(value, 1 / value) >= MANY  # nobody slips by a factor of seven
    if one.plain and many and {int(size[0]) for size in one.sizes} <= counts.sums:
        return True
    fraction = any(abs(value * k - round(value * k)) < CLOSE for k in range(1, 13))
    return (counted and one.likely) or ("sqrt" in one.word and not fraction)


def _formulas(named: Mapping[str, np.ndarray]) -> Iterator[Formula]:
    names = list(named)
    with np.errstate(all="ignore"):
        for k, word in ((1.0, ""), (-1.0, "-"), (2.0, "2"), (0.5, "1/2 ")):
            times = word.strip() or "1"
            plain = abs(k) == 1
            for a in names:
                n = named[a]
                yield Formula(f"{word}{a}", k * n, (n,), plain)
                over = {"1/2": f"1/(2 {a})", "-": f"-1/{a}"}.get(times, f"{times}/{a}")
                yield Formula(over, k / n, (n,), plain)
            for a in names:
                n = named[a]
                one = "-1" if times == "-" else times
                yield Formula(f"{word}({a}-1)/{a}", k * (n - 1) / n, (n,), likely=plain)
                yield Formula(f"{word}{a}/({a}-1)", k * n / (n - 1), (n,), likely=plain)
                yield Formula(f"{word}({a}-1)", k * (n - 1), (n,), likely=False)
                yield Formula(f"{one}/({a}-1)", k / (n - 1), (n,), likely=False)
                yield Formula(f"{word}sqrt({a})", k * np.sqrt(n), (n,))
                yield Formula(f"{one}/sqrt({a})", k / np.sqrt(n), (n,))
                yield Formula(f"{word}{a}^2", k * n**2, (n,), likely=plain)
                yield Formula(f"{one}/{a}^2", k / n**2, (n,), likely=plain)
            for a in names:
                n = named[a]
                for b in names:
                    m = named[b]
                    if a < b:
                        yield Formula(f"{word}{a} {b}", k * n * m, (n, m), likely=plain)
                        yield Formula(f"{times}/({a} {b})", k / (n * m), (n, m), likely=plain)
                    if a != b:
                        counted = (n, m) if ".size" in b else (n,)  # one length for another
                        both = (n, m) if plain else ()
                        yield Formula(f"{word}{a}/{b}", k * n / m, counted, likely=plain, both=both)


def meaning(word: str) -> str:
    """What somebody did who is off by a size, or by two of them; nothing where it says little."""
    size = r"([A-Za-z_][\w.\[\]]*)"
    if found := re.fullmatch(f"-?{size}", word):
        said = f": a sum for a mean, or a division by {found[1]} is left out"
    elif found := re.fullmatch(f"-?1/{size}", word):
        said = f": a mean for a sum, or divided by {found[1]} once too often"
    elif found := re.fullmatch(f"-?{size}/{size}", word):
        said = f": divided by {found[2]} where it should be by {found[1]}"
    else:
        return ""
    return said + (", and with the wrong sign" if word.startswith("-") else "")


def counted(program: Program) -> Counts:
    """The counts over which a program takes means: a sum over n entries divided by n (or, where
    the source speaks of a variance, by n - 1), or a division by an `x.size`; and its other numbers.
    """
    means, written, named, sums = set(), set(), set(), set()
    lessened = False
    for step in program.steps:
        if step.name == "integer_pow":
            written.add(float(abs(step.equation.params["y"])))
        spoken = step.place is not None and re.search(SPOKEN, step.place.text)
        lessened |= step.place is not None and re.search(LESSENED, step.place.text) is not None
        for slot in step.inputs:
            if slot not in program.literals:
                continue
            value = abs(float(program.fixed[slot]))
            if spoken and value:
                named |= _close_counts(value)
            count = value if step.name == "div" else 1 / (value or np.inf)
            if step.name in ("div", "mul") and count > 1 and _is_count(program, step, count):
                means.add(round(count))
            else:
                written.add(value)
        sums.add(_summed(program, step))
    return Counts(means, written, named, sums, lessened)


def _close_counts(value: float) -> set[int]:
    """The counts that a number may be made of: n, n - 1, 1/n, 2/n."""
    made = {round(x): x for x in (value, value + 1, 1 / value, 2 / value)}
    return {n for n, x in made.items() if n > 1 and abs(n - x) < CLOSE * n}


def _summed(program: Program, step: Step) -> int:
    """How many numbers each entry of what a step gives is the sum of."""
    if step.name == "dot_general":
        (axes, _), _ = step.equation.params["dimension_numbers"]
        return int(np.prod([program.shapes[step.inputs[0]][axis] for axis in axes]))
    if step.name != "reduce_sum":
        return 1
    entries = np.prod(program.shapes[step.inputs[0]]) / np.prod(program.shapes[step.outputs[0]])
    return int(entries)


def _is_count(program: Program, step: Step, count: float) -> bool:
    """Whether a sum over so many entries is divided by ``count``."""
    text = step.place.text if step.place is not None else ""
    if abs(count - round(count)) > CLOSE * count:
        return False
    if re.search(r"(size|shape\[\S+\]|len\(\w+\))\)*$", text):
        return True
    made = program.producer(step.inputs[0])
    while made is not None and made.name in TRIVIAL:
        made = program.producer(made.inputs[0])
    if made is None or made.name != "reduce_sum":
        return False
    return bool(round(count) == _summed(program, made) or re.search(r"var|std|cov", text))


def sizes_of(evidence: Evidence) -> dict[str, int]:
    """Named dimensions, the lengths of the arguments' axes, and whole numbers among them."""
    names = argument_leaves(evidence)
    return (
        settings(evidence)
        | dict(evidence.group.sizes)
        | {
            f"{name}.shape[{axis}]": length
            for name, leaf in zip(names, evidence.group.leaves, strict=True)
            for axis, length in enumerate(np.shape(leaf)[1:])
        }
        | {
            f"{name}.size": int(np.prod(np.shape(leaf)[1:]))
            for name, leaf in zip(names, evidence.group.leaves, strict=True)
            if np.ndim(leaf) > 2
        }
    )


def settings(evidence: Evidence) -> dict[str, int]:
    """Whole numbers among the arguments, held fixed in a group: an exponent, a count."""
    names = evidence.question.claim.arguments
    fixed = evidence.group.rebuild([None] * len(evidence.group.leaves))
    return {name: value for name, value in zip(names, fixed, strict=False) if type(value) is int}


def argument_leaves(evidence: Evidence) -> list[str]:
    """The array leaves of a point by the name of their argument, in order; a tangent by that of
    what it is a tangent of.
    """
    claim = evidence.question.claim
    marked = evidence.group.rebuild([f"\0{i}" for i in range(len(evidence.group.leaves))])
    known = dict(enumerate(claim.arguments))
    carried = len(marked) - 1 if claim.carries else None
    found = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(marked)[0]:
        if isinstance(leaf, str) and leaf.startswith("\0"):
            head, rest = path[0].idx, path[1:]
            if head != carried:
                name = known.get(head, f"argument {head}")
            elif claim.kind != "jvp" or claim.single:
                name = {"vjp": "the cotangent"}.get(claim.kind, "the tangent")
            else:
                name = f"the tangent of {known.get(claim.wrt[rest[0].idx], rest[0].idx)}"
                rest = rest[1:]
            found[int(leaf[1:])] = name + jax.tree_util.keystr(rest)
    return [found[i] for i in range(len(found))]


def carried_from(names: Sequence[str]) -> int:
    """From which of these leaves on they are of a tangent or cotangent."""
    return next((i for i, name in enumerate(names) if name.startswith("the ")), len(names))
