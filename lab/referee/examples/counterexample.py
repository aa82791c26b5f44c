"""A counterexample for a person with a pencil: arguments, what the hand gives, what is true."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from lab.derivation import Derivation, name_of
from lab.referee.asking.question import split
from lab.referee.examples.shrinking import Shown, shrunk
from lab.referee.verdict import Counterexample
from lab.referee.witnesses.evidence import Evidence

WHOLE = 16  # numbers of an array that is shown whole
KEPT = 3  # entries of a larger one
EXTRA = {"jvp": "tangent", "vjp": "cotangent"}


def counterexample(
    evidences: Sequence[Evidence], wrong: Sequence[np.ndarray], rng: np.random.Generator
) -> Counterexample | None:
    """The simplest point found at which the mistake shows, in plain numbers."""
    try:
        found = shrunk(evidences, wrong, rng)
    except Exception:  # what is wrong stays wrong, also where it cannot be shown
        return None
    if found is None:
        return None
    claim, asked = evidences[0].question.claim, evidences[0].question
    args, extra = split(asked, found.group.rebuild(found.point))
    given: dict[str, Any] = {}
    for name, arg in zip(claim.arguments or map(str, range(len(args))), args, strict=False):
        given |= _leaves(name, arg)
    if claim.kind in EXTRA:
        given |= _leaves(EXTRA[claim.kind], extra)
    hand, truth = _apart(claim, found)
    return Counterexample(given, hand, truth) if hand else None


def _result(kind: str, name: str) -> str:
    """The name of a leaf of the answer, where it is not that of an argument."""
    return "jvp" + name.removeprefix("tangent") if kind == "jvp" else name


def _leaves(name: str, tree: Any) -> dict[str, Any]:
    """The leaves of an argument by name; a large one by its shape."""
    found = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {name + jax.tree_util.keystr(path): _plain(leaf) for path, leaf in found}


def _plain(leaf: Any) -> Any:
    if isinstance(leaf, (bool, int, str)):
        return leaf
    if callable(leaf):
        return name_of(leaf)
    array = np.asarray(leaf) if not hasattr(leaf, "aval") else None
    if array is None or array.dtype.kind not in "fiubc":
        return str(leaf)
    if array.size > WHOLE:
        return f"array of shape {array.shape}"
    return _numbers(array)


def _numbers(array: np.ndarray) -> Any:
    return np.vectorize(str)(array).tolist() if array.dtype.kind == "c" else (array + 0).tolist()


def _apart(claim: Derivation, found: Shown) -> tuple[dict[str, Any], dict[str, Any]]:
    """The leaves that differ, of hand and truth; of large ones the entries that differ most."""
    hands: dict[str, Any] = {}
    truths: dict[str, Any] = {}
    largest = max(float(np.abs(t).max(initial=0.0)) for t in found.truth)
    names = [_result(claim.kind, name) for name in found.form.names]
    for name, truth, hand in zip(names, found.truth, found.hand, strict=True):
        gap = np.abs(hand - truth)
        gap = np.where(np.isfinite(gap), gap, np.inf)
        if not gap.max(initial=0.0) > 1e-9 * largest:
            continue
        if truth.size <= WHOLE:
            hands[name], truths[name] = _numbers(hand), _numbers(truth)
            continue
        for flat in np.argsort(-gap, axis=None)[:KEPT]:
            place = tuple(map(int, np.unravel_index(flat, gap.shape)))
            entry = f"{name}{list(place)}"
            hands[entry], truths[entry] = _numbers(hand[place]), _numbers(truth[place])
    return hands, truths
