"""What there is to explain: truth and hand at every point, which are wrong, and when a guess is an
explanation.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lab.referee.naming.stage.draft import Draft
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.sizes import Counts, size_word
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Program
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence

CLOSE = 1e-7  # relative agreement of an explanation with the wrong answer
SHARE = 1e-4  # and relative to the error, so that a small one is explained and not just outweighed
MENDED = 1e-9  # and of a mended formula with the truth: nothing is fitted, or by a single number
ROUND = 1e-12
ENTRIES = 12  # numbers that an explanation has to set right before it is tried at all points
ROWS = 3  # and points: a number of two values may be any other

Answers = Sequence[Sequence[np.ndarray]]  # by group of points, then by leaf


class Scene(NamedTuple):
    """``wrong[e]`` and ``right[e]`` mark points of ``evidences[e]``; ``leaves`` are those in which
    the answer is wrong and which are to be explained. ``flow(e)`` takes the derivative apart, path
    by path, when it is first asked for; ``flow(e, edges)`` some paths only. ``draft(e)`` is the
    hand's own formula; ``counts()`` are the numbers over which either of them takes a mean;
    ``passed(e)`` is the function's program with the values that it passes through;
    ``unlike(whose)`` are groups whose program (``"function"``, ``"hand"``) is another than the
    rest's. ``opened`` are ``draft`` and ``unlike`` with the hand's short loops written out, round
    by round. ``sound`` are the leaves in which the answer is right, and is to stay so. ``until`` is
    when to give up, by the processor's clock.
    """

    evidences: tuple[Evidence, ...]
    wrong: tuple[np.ndarray, ...]
    right: tuple[np.ndarray, ...]
    leaves: tuple[int, ...]
    flow: Callable[..., Flow | None]
    draft: Callable[[int], Draft | None]
    counts: Callable[[], Counts]
    passed: Callable[[int], tuple[Program, dict[int, np.ndarray]] | None]
    unlike: Callable[[str], frozenset[int]]
    opened: tuple[Callable[[int], Draft | None], Callable[[str], frozenset[int]]]
    sound: tuple[int, ...] = ()
    until: float = np.inf

    @property
    def names(self) -> tuple[str, ...]:
        return self.evidences[0].form.names

    @property
    def where(self) -> str:
        """The leaves in question by name; nothing where there is just one."""
        return ", ".join(self.names[i] for i in self.leaves)

    @property
    def kind(self) -> str:
        return self.evidences[0].question.claim.kind

    @property
    def late(self) -> bool:
        return time.process_time() > self.until

    @property
    def what(self) -> str:
        """What the hand should give."""
        return "the value" if self.kind == "identity" else "the derivative"

    @property
    def main(self) -> int:
        """The group with the most wrong points: explanations are looked for there first."""
        return int(np.argmax([mask.sum() for mask in self.wrong]))

    @property
    def seldom(self) -> bool:
        """Whether the answer is wrong at few of the points of its sort."""
        wrong, right = (sum(int(mask.sum()) for mask in m) for m in (self.wrong, self.right))
        return wrong < right / 2

    @property
    def equations(self) -> int:
        """How many numbers an explanation has to reproduce."""
        return sum(
            int(mask.sum()) * int(np.prod(e.truth[i].shape[1:]))
            for e, mask in zip(self.evidences, self.wrong, strict=True)
            for i in self.leaves
        )

    def judged(self, by_group: Sequence[float]) -> tuple[list[Evidence], list[float]]:
        """The groups that have points to judge at, and what is said of each of them."""
        seen = [(w | r).any() for w, r in zip(self.wrong, self.right, strict=True)]
        kept = [g for g, c in enumerate(by_group) if seen[g] and not np.isnan(c)]
        return [self.evidences[g] for g in kept], [by_group[g] for g in kept]

    def size_word(self, by_group: Sequence[float]) -> str | None:
        """What is said of the groups as a formula in the sizes; see `sizes.size_word`."""
        return size_word(*self.judged(by_group), self.counts)

    @property
    def partly(self) -> bool:
        """Whether some entries are right that are not zero anyway."""
        for g, evidence in enumerate(self.evidences):
            seen = self.wrong[g] | self.right[g]
            for i in self.leaves:
                truth, hand = evidence.truth[i][seen], evidence.hand[i][seen]
                small = 1e-9 * (size(truth, evidence.elementwise) + evidence.noise[i].typical)
                if np.any((np.abs(hand - truth) <= small) & (np.abs(truth) > small)):
                    return True
        return False

    def spared(self, g: int, whose: str) -> bool:
        """Whether an explanation may pass a group over: none of its points is wrong, or its program
        is written otherwise (a matrix of one row, say) and other groups have to bear it out.
        """
        return not self.wrong[g].any() or g in self.unlike(whose)

    def truths(self) -> list[list[np.ndarray]]:
        return [list(e.truth) for e in self.evidences]

    def hands(self) -> list[list[np.ndarray]]:
        return [list(e.hand) for e in self.evidences]

    def groups(self) -> Iterator[tuple[int, Evidence, np.ndarray]]:
        """The groups that have wrong points."""
        for g, (evidence, mask) in enumerate(zip(self.evidences, self.wrong, strict=True)):
            if mask.any():
                yield g, evidence, mask

    def explains(self, answers: Answers, *, also_right: bool = True) -> bool:
        """Whether these answers are the hand's at all wrong points, and at the right ones too."""
        return all(
            self.fits(g, i, np.asarray(answers[g][i]), also_right=also_right)
            for g in range(len(self.evidences))
            for i in self.leaves
        )

    def fits(self, g: int, i: int, answer: np.ndarray, *, also_right: bool = True) -> bool:
        """`explains`, in one group and one leaf."""
        mask = self.wrong[g] | self.right[g] if also_right else self.wrong[g]
        if answer.shape != self.evidences[g].hand[i].shape:
            return False
        with np.errstate(invalid="ignore", over="ignore"):
            gap = np.abs(answer[mask] - self.evidences[g].hand[i][mask])
            return bool(np.all(gap <= self.allowed(g, i)[mask]))

    def told(self, g: int, rows: np.ndarray, answer: Sequence[np.ndarray]) -> bool:
        """Whether an answer at some points of a group is the hand's there."""
        return self._near(rows, answer, self.evidences[g].hand, lambda i: self.allowed(g, i))

    def true(
        self, g: int, rows: np.ndarray, answer: Sequence[np.ndarray], share: float = SHARE
    ) -> bool:
        """Whether the answer of a mended formula at some points of a group is the truth there, and
        what was right is as it was.
        """
        mended = lambda i: self.mended(g, i, share)
        return self._near(rows, answer, self.evidences[g].truth, mended) and all(
            np.all(np.abs(answer[i] - self.evidences[g].hand[i][rows]) <= self._kept(g, i)[rows])
            for i in self.sound
        )

    def _kept(self, g: int, i: int) -> np.ndarray:
        """How far a mended formula may move what was right already."""
        evidence = self.evidences[g]
        scale = size(evidence.truth[i], evidence.elementwise)
        return np.asarray(CLOSE * (scale + evidence.noise[i].typical))

    def _near(
        self,
        rows: np.ndarray,
        answer: Sequence[np.ndarray],
        wanted: Sequence[np.ndarray],
        slack: Callable[[int], np.ndarray],
    ) -> bool:
        with np.errstate(all="ignore"):
            return all(
                bool(np.all(np.abs(answer[i] - wanted[i][rows]) <= slack(i)[rows]))
                for i in self.leaves
            )

    def allowed(self, g: int, i: int) -> np.ndarray:
        """How far an explanation may be from the hand's answer: arrays that broadcast against it.

        Elementwise derivatives are held to each element by itself."""
        return self._slack(g, i, size(self.evidences[g].hand[i], self.evidences[g].elementwise))

    def mended(self, g: int, i: int, share: float = SHARE) -> np.ndarray:
        """How far a hand's formula that was mended may be from the truth: `allowed`, by the truth's
        own size, however large the mistake.
        """
        evidence = self.evidences[g]
        usual = size(evidence.truth[i], evidence.elementwise) + 1e-3 * evidence.noise[i].typical
        return self._slack(g, i, usual * MENDED / CLOSE, share)

    def _slack(self, g: int, i: int, scale: np.ndarray, share: float = SHARE) -> np.ndarray:
        evidence = self.evidences[g]
        truth, hand = evidence.truth[i], evidence.hand[i]
        with np.errstate(invalid="ignore", over="ignore"):
            error = size(hand - truth, evidence.elementwise)
            rounding = ROUND * (size(truth, evidence.elementwise) + evidence.noise[i].typical)
            rounding = rounding + 100 * np.asarray(evidence.noise[i].modes)
            wrong = error > 100 * rounding
            return np.where(wrong, np.minimum(CLOSE * scale, share * error), CLOSE * scale) + (
                rounding
            )

    def written_out(self) -> "Scene":
        """With the short loops of the hand's formula written out."""
        return self._replace(draft=self.opened[0], unlike=self.opened[1])

    def only(self, leaves: Sequence[int]) -> "Scene":
        return self._replace(leaves=tuple(leaves))


Finder = Callable[[Scene], Iterator[Mistake]]


def size(array: np.ndarray, elementwise: bool) -> np.ndarray:
    """The magnitude that errors are relative to: the element's, or the largest of the point."""
    array = np.abs(array)
    if elementwise or array.ndim == 1:
        return array
    return np.asarray(array.max(axis=tuple(range(1, array.ndim)), keepdims=True, initial=0.0))


def error(scene: Scene, g: int) -> np.ndarray:
    """How far the hand is off at the wrong points of a group, its leaves side by side."""
    evidence, mask = scene.evidences[g], scene.wrong[g]
    return np.concatenate(
        [leading((evidence.hand[i] - evidence.truth[i])[mask]) for i in scene.leaves], axis=1
    )


def some_rows(scene: Scene) -> np.ndarray:
    """As many wrong points of the main group as are needed to tell one change from another."""
    entries = sum(
        int(np.prod(scene.evidences[scene.main].truth[i].shape[1:])) for i in scene.leaves
    )
    return np.flatnonzero(scene.wrong[scene.main])[: max(ROWS, -(-ENTRIES // max(1, entries)))]


def off_entries(scene: Scene, g: int, i: int) -> np.ndarray:
    """Which entries of a leaf are off at the wrong points of a group, by more than rounding."""
    evidence, mask = scene.evidences[g], scene.wrong[g]
    truth, hand = evidence.truth[i][mask], evidence.hand[i][mask]
    return beyond(hand - truth, size(truth, evidence.elementwise), evidence.noise[i].typical)


def beyond(gap: np.ndarray, scale: np.ndarray, typical: float) -> np.ndarray:
    """Which gaps are more than rounding: of the scale, or, where none are, of next to nothing."""
    with np.errstate(invalid="ignore"):
        off = ~(np.abs(gap) <= 1e-9 * (scale + 1e-3 * typical))
        return off if off.any() else np.asarray(~(np.abs(gap) <= ROUND * (scale + typical)))


def where(scene: Scene, place: str) -> str:
    return f"{scene.where}, {place}" if place else scene.where


def in_part(scene: Scene, mistake: Mistake, choice: Place | None) -> Mistake:
    """A mistake that shows on one branch of a choice only is a mistake in part of the domain."""
    if choice is None or not scene.partly:
        return mistake
    return Mistake(
        "region", f"right but on one branch of {choice.quoted}: {mistake.says}", mistake.where
    )


def number(value: float) -> str:
    """A factor as a person would write it: 2, 1/2, 0.0447."""
    for denominator in range(1, 13) if np.isfinite(value) else ():
        numerator = value * denominator
        if round(numerator) and abs(numerator - round(numerator)) < 1e-8 * abs(numerator):
            whole = round(numerator)
            return str(whole) if denominator == 1 else f"{whole}/{denominator}"
    return f"{value:.6g}"


def nearly_one(value: float) -> str:
    """A factor next to one, with as many digits as it takes to tell it from one."""
    told = (f"{value:.{digits}g}" for digits in range(8, 18))
    return next((text for text in told if text != "1"), "1")


def written(value: float) -> str:
    """A number as it stands in a source: 0.3, not 3/10."""
    return f"{value:g}" if float(f"{value:g}") == value else number(value)


def plain_number(value: float) -> bool:
    """Whether a factor is a fraction that a person would write."""
    return not set(".einf") & set(number(value))


def leading(array: Any) -> np.ndarray:
    """One row for each point."""
    array = np.asarray(array)
    return array.reshape(len(array), -1)
