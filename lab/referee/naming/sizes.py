"""Factors that are sizes of the problem: a mean for a sum, n for n - 1, a forgotten 1/sqrt(d)."""

from collections.abc import Iterator, Mapping, Sequence

import jax
import numpy as np

from lab.referee.evidence import Evidence

CLOSE = 1e-7


def size_word(evidences: Sequence[Evidence], factors: Sequence[float]) -> str | None:
    """The factors of the groups as a formula in the sizes, such as ``1/n``; `None` if none fits.

    Where the sizes do not vary, only a whole number above 3 (or one over it) is called a size."""
    sizes = [_sizes(e) for e in evidences]
    shared = set.intersection(*(set(s) for s in sizes))
    named: dict[str, np.ndarray] = {}
    for name in sorted(shared, key=lambda name: (len(name), name)):
        values = np.array([float(s[name]) for s in sizes])
        if not any(np.array_equal(values, known) for known in named.values()):
            named[name] = values
    seen = np.asarray(factors)
    varied = np.ptp(seen) > CLOSE * np.abs(seen).max()
    if not varied and (len(evidences) > 1 and any(np.ptp(v) > 0 for v in named.values())):
        return None
    for word, value in _formulas(named):
        if varied or max(seen[0], 1 / seen[0]) > 3.5:
            with np.errstate(all="ignore"):
                if np.all(np.abs(value - seen) <= CLOSE * np.abs(seen)):
                    return word
    return None


def _formulas(named: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    names = list(named)
    with np.errstate(all="ignore"):
        for coefficient, word in ((1.0, ""), (2.0, "2"), (0.5, "1/2 "), (-1.0, "-")):
            times = word.strip() or "1"
            for a in names:
                n = named[a]
                yield f"{word}{a}", coefficient * n
                yield f"{times}/{a}" if times != "1/2" else f"1/(2{a})", coefficient / n
            for a in names:
                n = named[a]
                yield f"{word}({a}-1)/{a}", coefficient * (n - 1) / n
                yield f"{word}{a}/({a}-1)", coefficient * n / (n - 1)
                yield f"{word}sqrt({a})", coefficient * np.sqrt(n)
                yield f"{times}/sqrt({a})", coefficient / np.sqrt(n)
                yield f"{word}{a}^2", coefficient * n**2
                yield f"{times}/{a}^2", coefficient / n**2
            for a in names:
                for b in names:
                    if a < b:
                        yield f"{word}{a} {b}", coefficient * named[a] * named[b]
                        yield f"{times}/({a} {b})", coefficient / (named[a] * named[b])
                    if a != b:
                        yield f"{word}{a}/{b}", coefficient * named[a] / named[b]


def _sizes(evidence: Evidence) -> dict[str, int]:
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
    )


def settings(evidence: Evidence) -> dict[str, int]:
    """Whole numbers among the arguments, held fixed in a group: an exponent, a count."""
    names = evidence.question.claim.arguments
    fixed = evidence.group.rebuild([None] * len(evidence.group.leaves))
    return {name: value for name, value in zip(names, fixed, strict=False) if type(value) is int}


def argument_leaves(evidence: Evidence) -> list[str]:
    """The array leaves of a point by the name of their argument, in order."""

    claim = evidence.question.claim
    marked = evidence.group.rebuild([f"\0{i}" for i in range(len(evidence.group.leaves))])
    found = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(marked)[0]:
        if isinstance(leaf, str) and leaf.startswith("\0"):
            head = path[0].idx
            known = head < len(claim.arguments)
            extra = {"vjp": "the cotangent", "jvp": "the tangent"}.get(claim.kind, str(head))
            name = claim.arguments[head] if known else extra
            found[int(leaf[1:])] = name + jax.tree_util.keystr(path[1:])
    return [found[i] for i in range(len(found))]
