"""Mistakes that are the right derivative at the wrong place: arguments exchanged, transposed,
shifted, forgotten.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import split
from lab.referee.naming.answers.transforms import all_left_out
from lab.referee.naming.stage.program import subject
from lab.referee.naming.stage.scene import Scene
from lab.referee.naming.stage.sizes import argument_leaves, carried_from
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence, varied_leaves

Leaves = tuple[np.ndarray, ...]
FEW = 2  # points at which an alteration is tried before it is tried at all of them


class Alteration(NamedTuple):
    """``change`` alters the leaves of all points of a group."""

    name: str
    says: str
    change: Callable[[Leaves], Leaves]


def misplaced(scene: Scene) -> Iterator[Mistake]:
    """As if an argument were one, zero, its negative, turned or shifted."""
    yield from _altered(scene, _alterations)


def ignored(scene: Scene) -> Iterator[Mistake]:
    """As if nothing, of several outputs, depended on some: their cotangents are not used. Beside
    it, arguments that get none are told apart.
    """
    nothing = [i for i in scene.leaves if not any(np.any(e.hand[i]) for e in scene.evidences)]
    rest = [i for i in scene.leaves if i not in nothing]
    if not rest:
        return
    for mistake in _altered(scene.only(rest), _ignored):
        says = mistake.says
        if nothing:
            says = f"{scene.only(rest).where}: {says}; {all_left_out(scene.only(nothing))}"
        yield Mistake(mistake.name, says, scene.where)


def mirrored(scene: Scene) -> Iterator[Mistake]:
    """As if an argument had another sign."""
    yield from _altered(scene, _mirrored)


def exchanged(scene: Scene) -> Iterator[Mistake]:
    """As if one argument were another."""
    yield from _altered(scene, _exchanges)


def _altered(
    scene: Scene, alterations_of: Callable[[Scene, Leaves], Iterator[Alteration]]
) -> Iterator[Mistake]:
    main = scene.main
    evidence = scene.evidences[main]
    leaves = evidence.group.leaves
    if not all(isinstance(leaf, np.ndarray) for leaf in leaves):
        return
    alterations = list(alterations_of(scene, leaves))
    rows = np.flatnonzero(scene.wrong[main])[:FEW]
    here = tuple(leaf[rows] for leaf in leaves)
    asked, kept = [], []
    for alteration in alterations:
        try:
            changed = alteration.change(here)
        except Exception:
            continue
        same = all(np.array_equal(a, b) for a, b in zip(changed, here, strict=True))
        if not same and [x.shape for x in changed] == [x.shape for x in here]:
            asked.append(changed)
            kept.append(alteration)
    if not asked:
        return
    stacked = tuple(np.concatenate(column) for column in zip(*asked, strict=True))
    told = evidence.ask_truth(stacked)
    if isinstance(told, Raised):
        return
    for k, alteration in enumerate(kept):
        block = slice(k * len(rows), (k + 1) * len(rows))
        near = _close(scene, main, rows, [leaf[block] for leaf in told])
        if near and _explains(scene, alteration.change):
            yield Mistake(alteration.name, alteration.says, scene.where)


def other_argument(scene: Scene) -> Iterator[Mistake]:
    """The derivative with respect to an argument that was not asked for."""
    evidence = scene.evidences[scene.main]
    if scene.kind not in ("gradient", "vjp", "derivative") or len(scene.leaves) != 1:
        return
    names, asked_for = argument_leaves(evidence), varied_leaves(evidence.question, evidence.group)
    for i, name in enumerate(names):
        leaf = evidence.group.leaves[i]
        alike = np.shape(leaf) == evidence.truth[scene.leaves[0]].shape
        if i in asked_for or not alike or leaf.dtype.kind != "f" or name.startswith("the "):
            continue
        answers = []
        for one in scene.evidences:
            asker = Asker(_slope_in(one, i), one.group, 64, one.group.size)
            told = asker(one.group.leaves)
            if isinstance(told, Raised) or told.shape != one.truth[scene.leaves[0]].shape:
                break
            answers.append([told] * len(one.truth))
        if len(answers) == len(scene.evidences) and scene.explains(answers):
            says = f"this is the derivative with respect to {name}"
            yield Mistake("wrong_variable", says, scene.where)


def _slope_in(evidence: Evidence, i: int) -> Callable[..., Any]:
    def slope(*leaves: Any) -> Any:
        def of(leaf: Any) -> Any:
            changed = (*leaves[:i], leaf, *leaves[i + 1 :])
            return subject(evidence)(*split(evidence.question, evidence.group.rebuild(changed)))

        return jax.grad(of)(leaves[i])

    return slope


def _close(scene: Scene, g: int, rows: np.ndarray, answer: list[np.ndarray]) -> bool:
    hand = scene.evidences[g].hand
    with np.errstate(invalid="ignore"):
        return all(
            bool(np.all(np.abs(answer[i] - hand[i][rows]) <= _some(scene.allowed(g, i), rows)))
            for i in scene.leaves
        )


def _some(allowed: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(allowed[rows])


def _explains(scene: Scene, change: Callable[[Leaves], Leaves]) -> bool:
    answers = []
    for evidence in scene.evidences:
        try:
            told = evidence.ask_truth(change(evidence.group.leaves))
        except Exception:
            return False
        if isinstance(told, Raised):
            return False
        answers.append(list(told))
    return scene.explains(answers)


def _alterations(scene: Scene, leaves: Leaves) -> Iterator[Alteration]:
    """Simplest first: one leaf becomes a constant, changes sign, is turned."""
    evidence = scene.evidences[scene.main]
    names, varied = argument_leaves(evidence), varied_leaves(evidence.question, evidence.group)
    extra = len(leaves) if scene.kind not in ("vjp", "jvp") else carried_from(names)
    for i, (leaf, name) in enumerate(zip(leaves, names, strict=True)):
        change = _changer(i)
        if leaf.dtype.kind == "f":
            if i >= extra:
                yield Alteration(
                    "missing_chain_factor",
                    f"{name} is left out, as if it were one",
                    change(np.ones_like),
                )
            elif i not in varied:  # where x does not vary, every f'(x) is constant
                left_out = f"the term with {name} is left out, as if {name} were zero"
                yield Alteration("missing_term", left_out, change(np.zeros_like))
                missing = f"a factor {name} is left out, as if {name} were one"
                yield Alteration("missing_chain_factor", missing, change(np.ones_like))
            if i not in varied:
                yield Alteration("factor", f"{name} is squared", change(np.square))
        if leaf.ndim == 3 and leaf.shape[1] == leaf.shape[2]:
            turned = f"{name} stands where its transpose should"
            yield Alteration("transpose", turned, change(lambda x: np.swapaxes(x, 1, 2)))
            identity = f"{name} is left out, as if it were the identity"
            yield Alteration("missing_chain_factor", identity, change(_identity))
            symmetric = f"as if {name} were symmetric"
            yield Alteration("symmetrize", symmetric, change(_symmetrized))
        for axis in range(1, leaf.ndim):
            along = f" along axis {axis - 1}" if leaf.ndim > 2 else ""
            if leaf.shape[axis] == 2:
                continue  # two are exchanged rather than shifted: see `turned_values`
            for shift, word in ((1, "late"), (-1, "early")):
                says = f"{name} is read one place too {word}{along}"
                roll = change(partial(np.roll, shift=shift, axis=axis))
                yield Alteration("index", says, roll)
            backwards = f"{name} is read backwards{along}"
            yield Alteration("index", backwards, change(partial(np.flip, axis=axis)))
        if leaf.dtype.kind in "iu" and set(np.unique(leaf)) <= {0, 1}:
            says = f"{name} is taken the other way round: 0 for 1, and 1 for 0"
            yield Alteration("wrong_variable", says, change(partial(np.subtract, 1)))
        elif leaf.dtype.kind in "iu":
            for shift in (1, -1):
                says = f"{name} is off by one: as if it were {name} {'+' if shift > 0 else '-'} 1"
                yield Alteration("index", says, change(partial(np.add, shift)))
                yield Alteration("index", says, _cyclic(scene, i, shift))


def _ignored(scene: Scene, leaves: Leaves) -> Iterator[Alteration]:
    """One of the outputs, then all but one."""
    names = argument_leaves(scene.evidences[scene.main])
    outputs = list(range(carried_from(names), len(leaves)))
    if scene.kind != "vjp" or len(outputs) < 2:
        return
    rest = [[i for i in outputs if i != one] for one in outputs] if len(outputs) > 2 else []
    for some in (*([i] for i in outputs), *rest):
        which = [names[i].removeprefix("the cotangent") for i in some]
        yield Alteration("missing_term", ignoring(which), _zeroed(some))


def ignoring(outputs: Sequence[str]) -> str:
    """What is said of a rule that does not use the cotangents of these outputs."""
    which = " and ".join(outputs)
    if len(outputs) == 1:
        return f"the cotangent of output {which} is ignored: it is right where that is zero"
    return f"the cotangents of outputs {which} are ignored: it is right where those are zero"


def _zeroed(some: list[int]) -> Callable[[Leaves], Leaves]:
    return lambda leaves: tuple(x * 0 if i in some else x for i, x in enumerate(leaves))


def _mirrored(scene: Scene, leaves: Leaves) -> Iterator[Alteration]:
    names = argument_leaves(scene.evidences[scene.main])
    for i, (leaf, name) in enumerate(zip(leaves, names, strict=True)):
        if leaf.dtype.kind == "f":
            says = f"the sign of {name} is lost: it is right for -{name}"
            yield Alteration("sign", says, _changer(i)(np.negative))
            yield Alteration("sign", f"as if {name} were |{name}|", _changer(i)(np.abs))


def _exchanges(scene: Scene, leaves: Leaves) -> Iterator[Alteration]:
    names = argument_leaves(scene.evidences[scene.main])
    for i in range(len(leaves)):
        for j in range(i):
            if leaves[i].shape == leaves[j].shape and leaves[i].dtype == leaves[j].dtype:
                exchanged = f"{names[j]} and {names[i]} are exchanged"
                yield Alteration("wrong_variable", exchanged, _exchange(i, j))
                for a, b in ((i, j), (j, i)):
                    says = f"{names[b]} is used where {names[a]} should be"
                    yield Alteration("wrong_variable", says, _copy(a, b))


def _changer(i: int) -> Callable[[Callable[[np.ndarray], np.ndarray]], Callable[[Leaves], Leaves]]:
    def change(f: Callable[[np.ndarray], np.ndarray]) -> Callable[[Leaves], Leaves]:
        return lambda leaves: (*leaves[:i], f(leaves[i]), *leaves[i + 1 :])

    return change


def _cyclic(scene: Scene, i: int, shift: int) -> Callable[[Leaves], Leaves]:
    """Off by one and around the end: the number of classes is a size of the first leaf that is
    large enough.
    """

    def change(leaves: Leaves) -> Leaves:
        most = int(scene.evidences[0].group.leaves[i].max(initial=0))
        count = next(
            (n for leaf in leaves for n in leaf.shape[:0:-1] if n > min(most, 1)), most + 1
        )
        return _changer(i)(lambda x: (x + shift) % count)(leaves)

    return change


def _exchange(i: int, j: int) -> Callable[[Leaves], Leaves]:
    def change(leaves: Leaves) -> Leaves:
        moved = list(leaves)
        moved[i], moved[j] = moved[j], moved[i]
        return tuple(moved)

    return change


def _copy(a: int, b: int) -> Callable[[Leaves], Leaves]:
    return lambda leaves: (*leaves[:a], leaves[b], *leaves[a + 1 :])


def _identity(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.eye(x.shape[1]), x.shape)


def _symmetrized(x: np.ndarray) -> np.ndarray:
    return np.asarray((x + np.swapaxes(x, 1, 2)) / 2)
