"""A counterexample as small and round as it gets: the fewest numbers, and those easiest on paper,
at which the same mistake shows.

First the sizes: all dimensions one, or two, or three, and then each of them less where that will
do. Dimensions are those that the domains name; of a sampler's points, axes of one length are one
dimension, and points are cut. Then the numbers: draws are rounded, and what is left is made simpler
entry by entry. What comes out lies in the domain as far as that is known, away from kinks, and
shows the symptoms of the wrong answer that was found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.derivation import domains_in
from lab.referee.asking.complete import with_extra
from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.question import Question, split
from lab.referee.asking.structure import Form, Misshapen, fit, form
from lab.referee.examples.rounding import Room, cost, room_of, rounded, simpler
from lab.referee.examples.symptoms import BESIDE, Symptoms, heard, largest, smooth, symptoms
from lab.referee.points.drawn import at_sizes
from lab.referee.points.group import Group, joined
from lab.referee.points.properties import shared
from lab.referee.witnesses.evidence import Evidence, expected

BLOCK = 192  # points asked at once, each with two beside it
TRIES = 8  # sizes, each a program to be compiled
DRAWS = 12  # points drawn at each size, beside those like the wrong ones
ROUNDS = 6  # of making entries simpler
UNTRACED = 6  # points, of functions that have to be asked one by one
LARGEST = 10**5  # numbers in a point beyond which none is asked again

Sizes = dict[Any, int]


class Shown(NamedTuple):
    """A point where the mistake shows: the group it belongs to, its leaves, and what truth and hand
    are there.
    """

    group: Group
    form: Form
    point: tuple[np.ndarray, ...]
    truth: tuple[np.ndarray, ...]
    hand: tuple[np.ndarray, ...]

    @property
    def cost(self) -> float:
        """Of redoing it on paper; results count a little."""
        price = lambda leaves: sum(float(cost(np.asarray(leaf)[None])[0]) for leaf in leaves)
        return price(_numbers(self.point)) + 0.1 * price((*self.truth, *self.hand))


@np.errstate(all="ignore")
def shrunk(
    evidences: Sequence[Evidence], wrong: Sequence[np.ndarray], rng: np.random.Generator
) -> Shown | None:
    """The simplest point at which the mistake shows; `None` where all of them are too large."""
    usual = [mask & e.group.typical for e, mask in zip(evidences, wrong, strict=True)]
    search = _Search(evidences, usual if any(mask.any() for mask in usual) else wrong, rng)
    best = search.start
    for sizes in search.smaller():
        found = search.at(sizes)
        search.told(sizes, found is not None)
        best = found or best
    if best is search.start:
        best = search.at(None) or best
    return best if best.group.elements <= LARGEST else None


class _Search:
    """What is known of the mistake, and the sizes tried."""

    def __init__(
        self, evidences: Sequence[Evidence], wrong: Sequence[np.ndarray], rng: np.random.Generator
    ):
        self.rng = rng
        self.signs = symptoms(evidences, wrong)
        if not self.signs.lost:
            wrong = [mask & heard(e.hand) for e, mask in zip(evidences, wrong, strict=True)]
        marked = [(e, mask) for e, mask in zip(evidences, wrong, strict=True) if mask.any()]
        usual = any((mask & e.group.typical).any() for e, mask in marked)
        self.evidence, self.mask = min(marked, key=lambda one: one[0].group.elements)
        self.asked: Question = self.evidence.question
        self.claim = self.asked.claim
        self.extras = _extras(self.asked, self.evidence.group)
        self.tried: dict[tuple[int, ...], bool] = {}
        for e, mask in zip(evidences, wrong, strict=True):
            if usual and not callable(self.claim.at) and e.group.sizes and not mask.any():
                self.tried[tuple(self._named(e.group.sizes).values())] = False
        self.labels = [e.group.labels[p] for e, m in marked for p in np.flatnonzero(m)]
        ratio = self.signs.ratio
        if ratio and any(np.isclose(abs(ratio), (n, 1 / n)).any() for n in self._lengths()):
            self.signs = self.signs._replace(ratio=None)  # a size, which is about to change
        self.start = self._shown_at(self.evidence, self.mask)

    def _shown_at(self, evidence: Evidence, mask: np.ndarray) -> Shown:
        rows = np.flatnonzero(mask)
        prices = sum(cost(leaf[rows]) for leaf in _numbers(evidence.group.leaves))
        p = int(rows[int(np.argmin(prices))])
        pick = lambda leaves: tuple(np.asarray(leaf[p]) for leaf in leaves)
        truth, hand = pick(evidence.truth), pick(evidence.hand)
        return Shown(evidence.group, evidence.form, pick(evidence.group.leaves), truth, hand)

    def _named(self, sizes: Mapping[str, int]) -> Sizes:
        """The sizes that are free to change."""
        assert not callable(self.claim.at)
        found = [domain for place in self.claim.at for domain in domains_in(place)]
        names = [name for domain in found for name in domain.names if name not in domain.fixed]
        return {name: sizes[name] for name in dict.fromkeys(names) if name in sizes}

    def smaller(self) -> Iterator[Sizes]:
        """Sizes to be tried, each in view of what was told of those before it."""
        group = self.evidence.group
        whole = self._lengths() if callable(self.claim.at) else self._named(group.sizes)
        now: Sizes | None = None
        for most in (1, 2, 3):
            plain = {name: min(size, most) for name, size in whole.items()}
            for sizes in (plain, _doubled(plain)) if callable(self.claim.at) else (plain,):
                if sizes and self._new(sizes):
                    yield sizes
                if self.tried.get(tuple(sizes.values())):
                    now = sizes
                    break
            if now is not None:
                break
        for name in now or ():
            for size in range(1, (now or {})[name]):
                sizes = {**(now or {}), name: size}
                if self._new(sizes):
                    yield sizes
                if self.tried.get(tuple(sizes.values())):
                    now = sizes
                    break

    def _new(self, sizes: Sizes) -> bool:
        return tuple(sizes.values()) not in self.tried and len(self.tried) < TRIES

    def told(self, sizes: Sizes, shows: bool) -> None:
        self.tried[tuple(sizes.values())] = shows

    def _lengths(self) -> Sizes:
        """The lengths of the axes of a sampler's points."""
        shapes = [np.shape(leaf)[1:] for leaf in _numbers(self.evidence.group.leaves)]
        return {size: size for shape in shapes for size in shape if size > 1}

    def at(self, sizes: Sizes | None) -> Shown | None:
        """The simplest point of these sizes (as they are, for `None`) at which it shows."""
        group = self._drawn(sizes)
        if group is None:
            return None
        try:
            room = room_of(self.claim, group, self.extras, self.rng)
            stage = _Stage(self.asked, self.evidence.modes[0], group, room, self.signs)
            best = stage.simplest(_without_repeats(rounded(group.leaves, room)), self.rng)
            for _ in range(ROUNDS if best and stage.traced else 0):
                assert best is not None
                tries = list(simpler(best.point, room))
                if not tries:
                    break
                found = stage.simplest(tuple(map(np.stack, zip(*tries, strict=True))), self.rng)
                if found is None or found.cost >= best.cost:
                    break
                best = found
        except Exception:  # what cannot be made smaller stays as it was found
            return None
        return best

    def _drawn(self, sizes: Sizes | None) -> Group | None:
        group = self.evidence.group
        if sizes is None:
            rows = np.zeros(group.size, bool)
            rows[np.flatnonzero(self.mask)[:DRAWS]] = True
            return group.only(rows | group.typical)
        if callable(self.claim.at):
            return _cut(group, sizes, self.mask)
        fixed = {name: size for name, size in group.sizes.items() if name not in sizes}
        found = [domain for place in self.claim.at for domain in domains_in(place)]
        if not all(domain.possible({**fixed, **sizes}) for domain in found):
            return None
        like = [label for label in dict.fromkeys(self.labels) if label != "typical"]
        extremes = [label for domain in found for label in domain.extremes]
        labels = ["typical"] * DRAWS + like[:4] * 3 + list(dict.fromkeys(extremes))
        drawn = at_sizes(self.claim, {**fixed, **sizes}, labels, self.rng)
        plain = group.static[: len(group.static) - self.extras]
        alike = [one for one in drawn if one.static == plain]
        made = (alike or drawn)[0]
        args = made.point(0)
        with precision(64):
            out = jax.eval_shape(lambda: self.asked.value(args, ()))
        return with_extra(self.asked, made, out, self.rng)


class _Stage:
    """Truth and hand at points of one shape."""

    def __init__(self, asked: Question, mode: str, group: Group, room: Room, signs: Symptoms):
        self.group, self.room, self.signs = group, room, signs
        self.form = form(asked.claim, expected(asked, group))
        true = asked.reverse if mode == "reverse" else asked.forward
        assert true is not None

        def both(*leaves: Any) -> Any:
            args, extra = split(asked, group.rebuild(leaves))
            said = fit(asked.hand(args, extra), self.form)
            if isinstance(said, Misshapen):
                raise TypeError(said.mistake.says)
            shapes = zip(said, self.form.shapes, strict=True)
            spread = tuple(jnp.broadcast_to(jnp.asarray(x), shape) for x, shape in shapes)
            return tuple(jax.tree.leaves(true(args, extra))), spread

        self.ask = Asker(both, group, 64, BLOCK)

    @property
    def traced(self) -> bool:
        return self.ask.traceable

    def simplest(self, leaves: tuple[Any, ...], rng: np.random.Generator) -> Shown | None:
        """The simplest of the points at which the mistake shows."""
        inside = self.room.admits(leaves)
        order = np.argsort(sum(cost(leaf) for leaf in _numbers(leaves)), kind="stable")
        rows = [int(row) for row in order if inside[row]][:BLOCK]
        if self.traced and rows:  # find out whether it is, at a point or two
            self.ask(tuple(leaf[rows[:1]] for leaf in leaves))
        rows = rows if self.traced else rows[:UNTRACED]
        if not rows:
            return None
        leaves = tuple(leaf[np.array(rows)] for leaf in leaves)
        stacked = [leaves, *(_beside(leaves, rng) for _ in range(2))]
        answers = self.ask(tuple(joined(column) for column in zip(*stacked, strict=True)))
        if isinstance(answers, Raised):
            return None
        pick = lambda who: tuple(leaf[: len(rows)] for leaf in answers[who])
        truth, hand = pick(0), pick(1)
        shows = self.signs.shown(truth, hand)
        if self.signs.lost:
            shows &= smooth(answers[0], largest(truth))
        else:
            errors = [h - t for t, h in zip(*answers, strict=True)]
            shows &= smooth(errors, largest([leaf[: len(rows)] for leaf in errors]))
        found = [
            Shown(
                self.group,
                self.form,
                *(tuple(np.asarray(x[p]) for x in each) for each in (leaves, truth, hand)),
            )
            for p in np.flatnonzero(shows)
        ]
        return min(found, key=lambda one: one.cost, default=None)


def _doubled(sizes: Sizes) -> Sizes:
    """The same with a length that was twice another one twice as long: what is cut in halves."""
    return {name: 2 * sizes[name // 2] if name in (2 * n for n in sizes) else size
            for name, size in sizes.items()}  # fmt: skip


def _extras(asked: Question, group: Group) -> int:
    """How many of the leaves are tangents or cotangents."""
    _, extra = split(asked, group.rebuild(range(len(group.leaves))))
    return len(jax.tree.leaves(extra))


def _numbers(leaves: Sequence[Any]) -> list[np.ndarray]:
    return [leaf for leaf in leaves if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiuc"]


def _beside(leaves: Sequence[Any], rng: np.random.Generator) -> tuple[Any, ...]:
    """The points moved a little in every floating entry."""

    def moved(leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "fc":
            return leaf
        size = np.where(leaf == 0, 1.0, np.abs(leaf))
        return leaf + BESIDE * size * rng.choice((-1.0, 1.0), leaf.shape)

    return tuple(map(moved, leaves))


def _without_repeats(leaves: tuple[Any, ...]) -> tuple[Any, ...]:
    numbers = [leaf.reshape(len(leaf), -1) for leaf in _numbers(leaves)]
    _, first = np.unique(np.concatenate(numbers, axis=1), axis=0, return_index=True)
    return tuple(leaf[np.sort(first)] for leaf in leaves)


def _cut(group: Group, sizes: Sizes, mask: np.ndarray) -> Group | None:
    """The wrong and the typical points with every axis cut to its size in ``sizes``, those of them
    that have kept what the typical ones share.
    """
    room = group.only(mask | group.typical)
    plain = [leaf if leaf.dtype.kind in "fiu" else np.zeros(len(leaf), int) for leaf in room.leaves]
    common = shared([leaf[room.typical] for leaf in plain], range(len(plain)))

    def cut(i: int, leaf: Any) -> Any:
        if not isinstance(leaf, np.ndarray):
            return leaf
        shape = tuple(sizes.get(size, size) for size in leaf.shape[1:])
        part = leaf[(slice(None), *(slice(size) for size in shape))]
        if leaf.dtype.kind in "iu" and leaf.size and leaf.min() >= 0:
            bound = min((old for old in sizes if old > leaf.max()), default=None)
            return part % sizes[bound] if bound else part  # labels of so many classes
        return common.restored(i, part) if part.dtype.kind == "f" else part

    made = tuple(cut(i, leaf) for i, leaf in enumerate(room.leaves))
    kept = np.ones(room.size, bool)
    points = [leaf if leaf.dtype.kind in "fiu" else np.zeros(len(leaf), int) for leaf in made]
    for keep in common.keeps:
        kept &= keep(points)
    return room._replace(leaves=made).only(kept) if kept.any() else None
