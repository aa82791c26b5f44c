"""The evidence at the points of one group: what the truth, the hand and the function say, in both
precisions.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.conditioning import as_single, lost, natural, nudged, own_grains, typical
from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import Answer, Question, split
from lab.referee.asking.structure import Form, Misshapen, fit
from lab.referee.asking.traces import as_traced, shape_of
from lab.referee.points.group import Group, joined
from lab.referee.points.stacks import anywhere, everywhere, over

BLOCK = 64
DEAR = 1e6  # operations beyond which a program for one voice alone is cheaper than all of them

Ask = Callable[[tuple[Any, ...]], Any]  # answers at stacked points, or `Raised`


class Evidence(NamedTuple):
    """Leaf by leaf, arrays with the points along the first axis.

    ``truth[i]`` and ``hand[i]`` are the derivative in double precision, ``noise[i]`` says how far
    apart two right answers may be; ``truth_single``, ``hand_single`` the same in single precision,
    against ``rounded``, the truth at the arguments as single precision sees them (empty where
    single precision was not asked). ``fine[p]``: the function is finite at point p;
    ``fine_single[p]``: in single precision, too. ``contradicted[p]``: forward and reverse mode
    differ there. ``endless`` are the precisions, 64 or 32, in which a loop did not end.
    ``ask_truth`` and ``ask_value`` ask again, at other points of the same shape; ``ask_all`` asks
    in double and in single precision for the ``value``, the ``hand`` and the first of the ``modes``
    at once, or not at all where one of them cannot be compiled."""

    question: Question
    group: Group
    form: Form
    truth: tuple[np.ndarray, ...]
    hand: tuple[np.ndarray, ...]
    noise: tuple[tolerance.Noise, ...]
    rounded: tuple[np.ndarray, ...]
    truth_single: tuple[np.ndarray, ...]
    hand_single: tuple[np.ndarray, ...]
    fine: np.ndarray
    fine_single: np.ndarray
    contradicted: np.ndarray
    modes: tuple[str, ...]
    ask_truth: Ask
    ask_value: Ask
    ask_all: tuple[Ask, Ask] | None
    endless: tuple[int, ...]

    @property
    def elementwise(self) -> bool:
        return self.question.claim.kind == "derivative"

    @property
    def usable(self) -> np.ndarray:
        """Points at which the function and its true derivative are finite and the modes agree."""
        finite = self.fine & ~self.contradicted
        for leaf in self.truth:
            finite &= everywhere(np.isfinite(leaf))
        return finite


def at_point(leaves: tuple[np.ndarray, ...], point: int) -> list[np.ndarray]:
    """The leaves of one point: arrays, also where they have no axes left."""
    return [np.asarray(leaf[point]) for leaf in leaves]


def expected(asked: Question, group: Group) -> Any:
    """The derivative's structure, as pytree of shapes. The function itself may raise; so may its
    derivative.
    """
    mode = asked.reverse or asked.forward
    assert mode is not None
    try:
        return shape_of(asked, mode, group)
    except Exception:
        if asked.forward is None:
            raise
        return shape_of(asked, asked.forward, group)


@np.errstate(all="ignore")
def gather(
    asked: Question,
    group: Group,
    wanted: Form,
    rng: np.random.Generator,
    *,
    whole: bool,
    forward: bool,
) -> "Evidence | Raised | Misshapen":
    """Ask everyone at every point, the ``whole`` in single precision, too, and JAX in ``forward``
    mode; `Raised` or `Misshapen` when the hand derivation does not answer properly.
    """

    def fitted(voice: Answer) -> Callable[..., Any]:
        answer = as_traced(asked, voice, group)

        def hand(*leaves: Any) -> Any:
            leaves_or = fit(answer(*leaves), wanted)
            if isinstance(leaves_or, Misshapen):
                raise _UnfitError(leaves_or)
            spread = zip(leaves_or, wanted.shapes, strict=True)
            return tuple(jax.numpy.broadcast_to(jax.numpy.asarray(x), shape) for x, shape in spread)

        return hand

    def truth_leaves(mode: Answer) -> Callable[..., Any]:
        answer = as_traced(asked, mode, group)
        return lambda *leaves: tuple(jax.tree.leaves(answer(*leaves)))

    voices = {"value": as_traced(asked, asked.value, group), "hand": fitted(asked.hand)}
    if asked.forward is not None and forward:
        voices["forward"] = truth_leaves(asked.forward)
    if asked.reverse is not None:
        voices["reverse"] = truth_leaves(asked.reverse)

    nudges = [nudged(group, rng) for _ in range(2)]
    rounded = as_single(group)
    variants = [group.leaves, rounded, *nudges]
    stacked = tuple(joined(column) for column in zip(*variants, strict=True))
    answers, late, again, all_double = _ask(voices, group, 64, stacked)
    all_single: Ask | None = None
    endless = [late]
    if isinstance(answers["hand"], Raised):
        return _raised(answers["hand"])
    modes = tuple(name for name in ("reverse", "forward") if not _silent(answers, name))
    if not modes or isinstance(answers["value"], Raised):
        broken = (
            answers["value"] if isinstance(answers["value"], Raised) else answers.get("reverse")
        )
        return _raised(broken, of=True)

    cut = lambda array, k: array[k * group.size : (k + 1) * group.size]
    pick = lambda who, k: tuple(cut(leaf, k) for leaf in answers[who])
    main = modes[0]
    truth, at_rounded = pick(main, 0), pick(main, 1)
    other = pick(modes[1], 0) if len(modes) > 1 else truth
    answered = pick("hand", 0)
    values = [cut(leaf, 0) for leaf in jax.tree.leaves(answers["value"])]
    fine = _all_finite(values, group.size)

    truth_single: tuple[np.ndarray, ...] = ()
    hand_single: tuple[np.ndarray, ...] = ()
    fine_single = np.zeros(group.size, bool)
    elementwise = asked.claim.kind == "derivative"
    if whole or _apart(truth, answered, elementwise):
        run = {"hand": fitted(asked.implementation)}
        low, late, _, all_single = _ask(
            {k: voices[k] for k in ("value", main)} | run, group, 32, rounded
        )
        endless.append(late)
        if not any(isinstance(low[k], Raised) for k in ("value", "hand", main)):
            truth_single, hand_single = tuple(low[main]), tuple(low["hand"])
            fine_single = _all_finite(jax.tree.leaves(low["value"]), group.size)

    formula = asked.implementation is not asked.hand  # its narrow types are set aside
    unit = tolerance.EPS64 if formula else asked.grain
    grains = [max(unit, one) for one in own_grains(asked, group, wanted)]
    sizes = natural(asked.claim.kind, group, varied_leaves(asked, group), values, len(truth))
    noise, contradicted = [], np.zeros(group.size, bool)
    for i, leaf in enumerate(truth):
        scale = tolerance.size(leaf, elementwise=elementwise)
        gap = tolerance.size(leaf - other[i], elementwise=elementwise)
        height = over(sizes[i], leaf)
        apart = gap > 1e-6 * scale + 1e-9 * typical(scale, group) + 1e-12 * height
        contradicted |= anywhere(apart & np.isfinite(leaf) & np.isfinite(other[i]))
        known = np.max(
            [tolerance.size(pick(main, k)[i] - leaf, elementwise=True) for k in (2, 3)], axis=0
        )
        noise.append(
            tolerance.Noise(
                scale=scale,
                typical=typical(scale, group),
                response=tolerance.size(known, elementwise=elementwise) / tolerance.NUDGE,
                known=known / tolerance.NUDGE,
                modes=gap,
                natural=height,
                grain=grains[i],
                truth32=lost(truth_single[i], at_rounded[i], elementwise)
                if truth_single
                else 0 * scale,
                hand32=lost(hand_single[i], pick("hand", 1)[i], elementwise)
                if hand_single
                else 0 * scale,
            )
        )
    return Evidence(
        asked,
        group,
        wanted,
        truth,
        answered,
        tuple(noise),
        at_rounded,
        truth_single,
        hand_single,
        fine,
        fine_single,
        contradicted,
        modes,
        again(main),
        again("value"),
        (all_double, all_single) if all_double and all_single else None,
        tuple(filter(None, endless)),
    )


def of_one_size(evidences: list[Evidence]) -> list[Evidence]:
    """Where a leaf is zero at all points of one size, as a softmax of one class has no slope, its
    usual size is what it is at the other sizes: what a sum of such terms leaves is rounding.
    """
    most = [
        max((e.noise[i].typical for e in evidences), default=0.0)
        for i in range(len(evidences[0].noise))
    ]
    return [
        e._replace(
            noise=tuple(
                noise if noise.typical else noise._replace(typical=usual)
                for noise, usual in zip(e.noise, most, strict=True)
            )
        )
        for e in evidences
    ]


class _UnfitError(Exception):
    def __init__(self, what: Misshapen):
        super().__init__(what.mistake.says)
        self.what = what


class FunctionRaised(Raised):
    """The function on trial's own subject raised, not the hand derivation."""


def _raised(raised: Any, *, of: bool = False) -> "Raised | Misshapen":
    if isinstance(raised.error, _UnfitError):
        return raised.error.what
    return FunctionRaised(raised.error) if of else raised


def _silent(answers: dict[str, Any], name: str) -> bool:
    return name not in answers or isinstance(answers[name], Raised)


def _ask(
    voices: dict[str, Callable[..., Any]], group: Group, bits: int, leaves: tuple[Any, ...]
) -> tuple[dict[str, Any], int, Callable[[str], Ask], Ask | None]:
    """All voices in one compiled call; each by itself when one of them cannot take part. With the
    precision, where a loop does not end in it, what asks one of them again, and what asks all.
    """
    everyone = lambda *x: {k: voice(*x) for k, voice in voices.items()}
    together = Asker(everyone, group, bits, BLOCK, traced=True)
    each = {name: Asker(voice, group, bits, BLOCK) for name, voice in voices.items()}
    answers = together(leaves)
    if isinstance(answers, Raised):
        answers = {name: asker(leaves) for name, asker in each.items()}
        late = any(asker.endless for asker in each.values())
        return answers, bits * late, each.__getitem__, None

    def again(name: str) -> Ask:
        def ask(leaves: tuple[Any, ...]) -> Any:
            if len(leaves[0]) * group.elements**2 > DEAR:
                return each[name](leaves)
            answers = together(leaves)
            return answers if isinstance(answers, Raised) else answers[name]

        return ask

    return answers, bits * together.endless, again, together


def _apart(truth: tuple[np.ndarray, ...], hand: tuple[np.ndarray, ...], elementwise: bool) -> bool:
    """Whether any answer is off by more than rounding: then its own rounding is worth knowing."""
    return any(
        bool(np.any(np.abs(h - t) > tolerance.FORMULA * tolerance.size(t, elementwise=elementwise)))
        for t, h in zip(truth, hand, strict=True)
    )


def varied_leaves(asked: Question, group: Group) -> list[int]:
    """Positions, among the array leaves of a point, of the differentiated arguments."""
    markers = group.rebuild(list(map(_Marker, range(len(group.leaves)))))
    args, _ = split(asked, markers)
    found = jax.tree.leaves(asked.slots(args), is_leaf=lambda leaf: isinstance(leaf, _Marker))
    return [leaf.place for leaf in found if isinstance(leaf, _Marker)]


class _Marker(NamedTuple):
    place: int


def _all_finite(values: list[np.ndarray], count: int) -> np.ndarray:
    fine = np.ones(count, bool)
    for value in values:
        fine &= everywhere(np.isfinite(value))
    return fine
