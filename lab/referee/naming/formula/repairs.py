"""Mistakes found by repair: the one change of the hand's own formula that makes it right.

Where the other finders alter the truth until it is the hand's answer, here the hand is altered
until it is the truth, at every point and at all sizes. That needs no likeness between how the
function is written and how its derivative was."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from lab.referee.naming.stage.choices import branch_of
from lab.referee.naming.stage.draft import Draft, Spot
from lab.referee.naming.stage.scene import SHARE, Scene, in_part, some_rows, where
from lab.referee.programs.traced import Edge, Program
from lab.referee.verdict import Mistake

FEWEST = 4
SAME = 4  # changes that say the same at another size
COMPARED = {"gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal}
PATIENCE = 3.0  # seconds of the processor for changes of one kind: the next kind gets its turn

Added = Sequence[np.ndarray] | None  # to each edge of the spot, points first


class Change(NamedTuple):
    """``added(bench)`` is what is added at the spot; ``name`` is that of the mistake which
    the change mends, and ``says`` what it was.
    """

    name: str
    says: str
    spot: Spot
    added: Callable[["Bench"], Added]


def by_edge(spot: Spot, piece: Callable[[Edge], np.ndarray | None]) -> Added:
    """What is added at a spot, told edge by edge; `None` where that makes no sense."""
    added = []
    for edge in spot:
        one = piece(edge)
        if one is None:
            return None
        added.append(one)
    return added


class Bench(NamedTuple):
    """A few wrong points of a group with the hand's formula, to try changes on."""

    draft: Draft
    g: int
    rows: np.ndarray
    answer: list[np.ndarray]
    values: np.ndarray

    def value(self, edge: Edge) -> np.ndarray:
        """What enters by an edge, points first."""
        return self.values[:, self.draft.cuts[edge]].reshape(-1, *self.draft.shape(edge))

    def put(self, known: np.ndarray, edge: Edge) -> np.ndarray | None:
        """What a value adds that enters in place of what does, turned and spread as that is."""
        shaped, value = self.draft.shaped(edge, known), self.value(edge)
        if shaped is None:
            return None
        exactly = np.longdouble if edge in self.draft.fine else np.float64
        return np.asarray(shaped.astype(exactly) - value)

    def argument(self, slot: int) -> np.ndarray:
        leaf = self.draft.evidence.group.leaves[self.draft.program.arguments.index(slot)]
        return np.asarray(leaf[self.rows])

    def tried(self, changes: np.ndarray) -> list[np.ndarray] | None:
        """Leaves of the answers ``(changes, rows, *shape)``, given what each change adds, of shape
        ``(changes, rows, width)``.
        """
        count = len(changes)
        leaves = [
            np.concatenate([leaf[self.rows]] * count) for leaf in self.draft.evidence.group.leaves
        ]
        told = self.draft.changed(leaves, changes.reshape(count * len(self.rows), -1))
        if told is None:
            return None
        return [x.reshape(count, len(self.rows), *x.shape[1:]) for x in told[0]]

    def added(self, change: Change) -> np.ndarray | None:
        """What a change adds, among all values side by side; `None` where it makes no sense."""
        with np.errstate(all="ignore"):
            added = change.added(self)
        if added is None:
            return None
        whole = np.zeros((len(self.rows), self.draft.width))
        for edge, piece in zip(change.spot, added, strict=True):
            flat = piece.reshape(len(self.rows), -1)
            whole[:, self.draft.cuts[edge]] = flat
            if edge in self.draft.fine:
                before = self.values[:, self.draft.cuts[edge]]
                nearly = before + whole[:, self.draft.cuts[edge]]
                whole[:, self.draft.fine[edge]] = before + flat - nearly
        return whole if np.all(np.isfinite(whole)) and whole.any() else None


def bench(scene: Scene, g: int, rows: np.ndarray) -> Bench | None:
    draft = scene.draft(g)
    if draft is None or not len(rows):
        return None
    leaves = [leaf[rows] for leaf in draft.evidence.group.leaves]
    told = draft.changed(leaves, np.zeros((len(rows), draft.width)))
    return None if told is None else Bench(draft, g, rows, *told)


Changes = Callable[[Bench], Iterable[Change]]


def mended(scene: Scene, changes: Changes) -> Iterator[Mistake]:
    """The changes that mend the hand everywhere, as mistakes, in the order in which they come."""
    if scene.equations < FEWEST:
        return
    here = bench(scene, scene.main, some_rows(scene))
    if here is None:
        return
    for change in fitting(scene, here, changes(here)):
        if everywhere(scene, change, changes):
            yield mistake(scene, here.draft, change.name, change.says, change.spot)


def fitting(scene: Scene, here: Bench, changes: Iterable[Change]) -> Iterator[Change]:
    """Those that mend the hand at the points of the bench."""
    each = max(1, here.draft.ask.block // len(here.rows))
    until = time.process_time() + PATIENCE
    pairs = ((change, here.added(change)) for change in changes)
    meant = ((change, added) for change, added in pairs if added is not None)
    while some := list(islice(meant, each)):
        answers = here.tried(np.stack([added for _, added in some]))
        if answers is None or scene.late:
            return
        for k, (change, added) in enumerate(some):
            mends = right(scene, here, [leaf[k] for leaf in answers])
            if mends and not _idles(here, change.spot, added):
                yield change
        if time.process_time() > until:
            return


def _idles(here: Bench, spot: Spot, added: np.ndarray) -> bool:
    """Whether a change makes another factor of the formula one everywhere that was none before:
    then it puts right what that factor was there for.
    """
    told = here.draft.changed([leaf[here.rows] for leaf in here.draft.evidence.group.leaves], added)
    if told is None:
        return False
    one = lambda values: np.abs(values - 1) < 1e-9
    idle = one(told[1]).all(axis=0) & ~one(here.values).any(axis=0)
    return any(bool(idle[here.draft.cuts[e]].all()) for e in {*here.draft.factors} - {*spot})


def right(scene: Scene, here: Bench, answer: Sequence[np.ndarray], share: float = SHARE) -> bool:
    """Whether an answer at the points of the bench is the truth, in the leaves in question."""
    return scene.true(here.g, here.rows, answer, share)


def everywhere(scene: Scene, change: Change, changes: Changes | None = None) -> bool:
    """Whether the change mends the hand at all points, of all sizes, and turns nothing off."""
    return mends(scene, change, changes) and not turned_off(scene, change)


def mends(scene: Scene, change: Change, changes: Changes | None = None) -> bool:
    """Whether the change mends the hand at all points, of all sizes. Where a formula has other
    steps at another size, as a loop has, it is that of its ``changes`` which says the same.
    """
    return all(_mends(scene, g, change, changes) for g in range(len(scene.evidences)))


def turned_off(scene: Scene, change: Change) -> bool:
    """Whether what is compared decides nothing once it is changed: the same way is taken at all
    points, so that it is not the comparison that is wrong.
    """
    main = scene.draft(scene.main)
    compared = comparisons(main.program, change.spot) if main is not None else []
    if not compared:
        return False
    found = [_ways(scene, g, change, compared) for g in range(len(scene.evidences))]
    ways = [taken for taken in found if taken is not None]
    return bool(ways) and all(len(set(column)) < 2 for column in np.concatenate(ways, 1))


def comparisons(program: Program, spot: Spot) -> list[int]:
    """The steps that compare, if what enters at a spot is compared and goes no further."""
    entries, reached, found = {(edge.step, edge.operand) for edge in spot}, set[int](), []
    for k, step in enumerate(program.steps):
        by = [o for o, slot in enumerate(step.inputs) if slot in reached or (k, o) in entries]
        if by and step.name in COMPARED:
            found.append(k)
        elif by:
            reached |= set(step.outputs)
    ends = any(edge.step == len(program.steps) for edge in spot)
    return [] if ends or reached & set(program.outputs) else found


def _ways(scene: Scene, g: int, change: Change, compared: list[int]) -> np.ndarray | None:
    """Which ways are taken at the points of a group after a change, a row for each comparison."""
    there = bench(scene, g, np.flatnonzero(scene.wrong[g] | scene.right[g]))
    main = scene.draft(scene.main)
    if there is None or main is None or not alike(main, there.draft):
        return None
    whole = there.added(change)
    leaves = [leaf[there.rows] for leaf in there.draft.evidence.group.leaves]
    told = there.draft.changed(leaves, whole) if whole is not None else None
    if told is None:
        return None
    ways = []
    for k in compared:
        sides = (Edge(k, 0), Edge(k, 1))
        if any(edge not in there.draft.cuts for edge in sides):
            return None
        one, other = (
            told[1][:, there.draft.cuts[edge]].reshape(-1, *there.draft.shape(edge))
            for edge in sides
        )
        if min(one.ndim, other.ndim) > 1 and one.ndim != other.ndim:
            return None
        if one.ndim < other.ndim:  # one number beside an array
            one = one.reshape(-1, *[1] * (other.ndim - 1))
        elif other.ndim < one.ndim:
            other = other.reshape(-1, *[1] * (one.ndim - 1))
        ways.append(COMPARED[there.draft.program.steps[k].name](one, other).ravel())
    return np.stack([np.resize(way, max(map(len, ways))) for way in ways])


def _mends(scene: Scene, g: int, change: Change, changes: Changes | None) -> bool:
    seen = scene.wrong[g] | scene.right[g]
    if not seen.any():
        return True
    there = bench(scene, g, np.flatnonzero(seen))
    main = scene.draft(scene.main)
    if there is None or main is None:
        return scene.spared(g, "hand")
    if not alike(main, there.draft):
        same = changes(there) if changes is not None and not scene.spared(g, "hand") else ()
        told = islice((one for one in same if one.says == change.says), SAME)
        return scene.spared(g, "hand") or any(_right_after(scene, there, one) for one in told)
    if there.added(change) is None:
        return not scene.wrong[g].any()
    return _right_after(scene, there, change)


def _right_after(scene: Scene, there: Bench, change: Change) -> bool:
    added = there.added(change)
    answer = None if added is None else there.tried(added[None])
    return answer is not None and right(scene, there, [leaf[0] for leaf in answer])


def rerun_mends(
    scene: Scene, g: int, run: Callable[[Draft], Callable[[Sequence[Any]], Any]]
) -> bool | None:
    """Whether the hand's formula, its program carried out by ``run(draft)``, is right in a group;
    `None` where it breaks so.
    """
    seen = np.flatnonzero(scene.wrong[g] | scene.right[g])
    if not len(seen):
        return True
    main, there = scene.draft(scene.main), scene.draft(g)
    if main is None or there is None or not alike(main, there):
        return scene.spared(g, "hand")
    answer = there.rerun(run(there), seen)
    return None if answer is None else scene.true(g, seen, answer)


def alike(one: Draft, other: Draft) -> bool:
    """Whether two sizes have the same formula, step by step."""
    names = [[step.name for step in draft.program.steps] for draft in (one, other)]
    return one.edges == other.edges and names[0] == names[1]


def mistake(scene: Scene, draft: Draft, name: str, says: str, spot: Spot) -> Mistake:
    places = dict.fromkeys(str(place) for place in map(draft.place, spot) if place is not None)
    made = Mistake(name, says, where(scene, ", ".join(islice(places, 3))))
    if compared := comparisons(draft.program, spot):
        shown = draft.program.steps[compared[0]].place
        quoted = shown.quoted if shown else "a comparison"
        name = name if name == "index" else "region"
        return made._replace(name=name, says=f"{quoted} decides wrongly: {says}")
    return in_part(scene, made, branch_of(draft.program, spot))
