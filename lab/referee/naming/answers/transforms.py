"""Mistakes that turn the right answer into the wrong one entry by entry or axis by axis."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, permutations

import numpy as np

from lab.referee.naming.stage.scene import Scene, leading, nearly_one, number
from lab.referee.naming.stage.sizes import meaning, settings, sizes_of
from lab.referee.verdict import Mistake

Transform = Callable[[np.ndarray], np.ndarray]  # of one leaf, points along the first axis


def transformed(scene: Scene) -> Iterator[Mistake]:
    yield from _flat(scene)
    yield from _scaled(scene)
    yield from _turned_into(scene, _transforms(scene))
    yield from _swapped(scene)


def summed(scene: Scene) -> Iterator[Mistake]:
    """A sum, a mean or a running sum of the derivative in its place."""
    yield from _turned_into(scene, _sums(scene))


def _turned_into(
    scene: Scene, transforms: Iterator[tuple[str, str, Transform]]
) -> Iterator[Mistake]:
    for name, says, transform in transforms:
        answers = scene.truths()
        for leaves in answers:
            for i in scene.leaves:
                leaves[i] = transform(leaves[i])
        if scene.explains(answers):
            yield Mistake(name, says, scene.where)


def _flat(scene: Scene) -> Iterator[Mistake]:
    """Nothing else can be made of zeros. They are exact where a function is flat, or does not
    depend on what is asked about.
    """
    seen = [w | r for w, r in zip(scene.wrong, scene.right, strict=True)]
    truths = [
        e.truth[i][at] for e, at in zip(scene.evidences, seen, strict=True) for i in scene.leaves
    ]
    if not any(np.any(truth) for truth in truths):
        yield Mistake(
            "extra_term", f"{scene.what} is zero everywhere, and this is not", scene.where
        )


def _scaled(scene: Scene) -> Iterator[Mistake]:
    """A factor: one for all points, or one for all points of a size."""
    if scene.explains([[0 * leaf for leaf in leaves] for leaves in scene.truths()]):
        yield Mistake("missing_term", all_left_out(scene), scene.where)
        return
    factors = [_factor(scene, g) for g in range(len(scene.evidences))]
    one = factors[scene.main]
    if one is None:
        return
    if scene.explains([[one * leaf for leaf in leaves] for leaves in scene.truths()]):
        yield from _constant_factor(scene, one)
        return
    # Where nothing is wrong the factor is one.
    filled = [1.0 if c is None else c for c in factors]
    pairs = zip(filled, scene.truths(), strict=True)
    if scene.explains([[c * leaf for leaf in leaves] for c, leaves in pairs]):
        word = scene.size_word(filled)
        if word:
            yield _sized(scene, word)


def all_left_out(scene: Scene) -> str:
    """A rule answers for every argument, and JAX takes `None` for zero."""
    claim, names = scene.evidences[0].question.claim, [scene.names[i] for i in scene.leaves]
    if not claim.rule or scene.kind != "vjp":
        return "it is zero: all of it is left out"
    listed = " and ".join(names)
    which = f"{listed} gets" if len(names) == 1 else f"{listed} get"
    return f"{which} a cotangent of zero, as if {claim.of_name} did not depend on {listed}"


def _sized(scene: Scene, word: str, c: float | None = None) -> Mistake:
    is_number = "" if c is None or re.fullmatch(r"-?[\d/ ]+", word) else f" = {number(c)}"
    says = f"it is {word}{is_number} times {scene.what}"
    if "sqrt" in word or set(re.findall(r"\w+", word)) & set(settings(scene.evidences[0])):
        return Mistake("factor", says, scene.where)
    return Mistake("batch_factor", says + meaning(word), scene.where)


def _constant_factor(scene: Scene, c: float) -> Iterator[Mistake]:
    word = scene.size_word([c] * len(scene.evidences))
    if abs(c + 1) < 1e-9:
        yield Mistake("sign", "the sign is flipped: it should be the negative of this", scene.where)
    elif scene.equations < 2:
        return
    elif word:
        yield _sized(scene, word, c)
    elif abs(c - 1) < 0.02:
        says = f"a constant is slightly off: it is {nearly_one(c)} times {scene.what}"
        yield Mistake("constant", says, scene.where)
    else:
        says = f"a constant factor: it is {number(c)} times {scene.what}{_coincidence(scene, c)}"
        yield Mistake("factor", says, scene.where)


def _coincidence(scene: Scene, c: float) -> str:
    """A size that a factor may come from, where nothing else speaks for it."""
    sizes = sizes_of(scene.evidences[scene.main])
    alike = (name for name, n in sizes.items() if n > 2 and min(abs(c - n), abs(c - 1 / n)) < 1e-9)
    name = next(alike, None)
    return f" ({name} is {sizes[name]}, too)" if name else ""


def _factor(scene: Scene, g: int) -> float | None:
    """``c`` with ``hand = c truth`` at the wrong points of a group, by least squares."""
    mask, evidence = scene.wrong[g], scene.evidences[g]
    if not mask.any():
        return None
    truth = np.concatenate([leading(evidence.truth[i][mask]) for i in scene.leaves], axis=1)
    hand = np.concatenate([leading(evidence.hand[i][mask]) for i in scene.leaves], axis=1)
    weight = np.abs(truth).max(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        truth, hand = truth / weight, hand / weight
        c = float(np.real(np.sum(np.conj(truth) * hand)) / np.sum(np.abs(truth) ** 2))
    return c if np.isfinite(c) else None


def _rank(scene: Scene) -> int:
    """Of the leaves in question; 0 where they differ."""
    ranks = {scene.evidences[0].truth[i].ndim - 1 for i in scene.leaves}
    return ranks.pop() if len(ranks) == 1 else 0


def _sums(scene: Scene) -> Iterator[tuple[str, str, Transform]]:
    rank = _rank(scene)
    for axis in range(1, rank + 1):
        along = f" along axis {axis - 1}" if rank > 1 else ""
        says = f"every entry is the same{along}: it is {{}} of {scene.what}"
        for word, reduce in (("the mean", np.mean), ("the sum", np.sum)):
            yield "broadcast_sum", says.format(word), _reduced(reduce, axis)
        says = f"a sum{along} too much or too little: it is the running sum of {scene.what}"
        yield "broadcast_sum", says, partial(np.cumsum, axis=axis)


def _transforms(scene: Scene) -> Iterator[tuple[str, str, Transform]]:
    rank = _rank(scene)
    shapes = [e.truth[i].shape[1:] for e in scene.evidences for i in scene.leaves]
    for sign, word in ((1, ""), (-1, ", and with the wrong sign")):
        for order in list(permutations(range(rank)))[1:]:
            axes = (0, *(k + 1 for k in order))
            says = (
                "it is transposed: rows and columns are exchanged"
                if rank == 2
                else f"its axes are in the order {order}"
            )
            yield "transpose", says + word, _turned(axes, sign)
    for axis in range(1, rank + 1):
        along = f" along axis {axis - 1}" if rank > 1 else ""
        if all(shape[axis - 1] == 2 for shape in shapes):
            yield "index", f"its two entries{along} are exchanged", partial(np.flip, axis=axis)
        for shift in (1, -1):
            yield (
                "index",
                f"every entry stands one place too {'late' if shift > 0 else 'early'}{along}",
                partial(np.roll, shift=shift, axis=axis),
            )
        yield "index", f"the entries run backwards{along}", partial(np.flip, axis=axis)
        if all(shape[axis - 1] % 2 == 0 for shape in shapes):
            yield "index", f"its two halves{along} are exchanged", partial(_exchanged, axis=axis)
    if rank > 1:
        every = tuple(range(1, rank + 1))
        yield "index", "the entries run backwards along every axis", partial(np.flip, axis=every)
    for i, j in combinations(range(1, rank + 1), 2) if rank > 2 else ():
        says = f"the entries run backwards along axes {i - 1} and {j - 1}"
        yield "index", says, partial(np.flip, axis=(i, j))
    if rank == 2 and all(s[0] == s[1] for s in shapes):
        yield from _square()


def _exchanged(t: np.ndarray, axis: int) -> np.ndarray:
    return np.roll(t, t.shape[axis] // 2, axis)


def _turned(axes: tuple[int, ...], sign: int) -> Transform:
    return lambda t: sign * t.transpose(axes)


def _reduced(reduce: Callable[..., np.ndarray], axis: int) -> Transform:
    return lambda t: reduce(t, axis=axis, keepdims=True) + 0 * t


def _square() -> Iterator[tuple[str, str, Transform]]:
    swap = lambda t: np.swapaxes(t, 1, 2)
    diagonal = lambda t: t * np.eye(t.shape[1])
    lower, upper = (lambda t: np.tril(t)), (lambda t: np.triu(t))
    says = "it is G + G^T where it should be G: its transpose is added to it"
    yield "symmetrize", says, lambda t: t + swap(t)
    says = "it is (G + G^T)/2 where it should be G: it is made symmetric"
    yield "symmetrize", says, lambda t: (t + swap(t)) / 2
    says = (
        "it is G + G^T - diag(G) where it should be G: the convention in which the two entries of "
        "a symmetric matrix are one variable"
    )
    yield "symmetrize", says, lambda t: t + swap(t) - diagonal(t)
    says = (
        "it is 2 G - diag(G) where it should be G: as for a symmetric matrix whose two entries are "
        "one variable"
    )
    yield "symmetrize", says, lambda t: 2 * t - diagonal(t)
    yield "missing_term", "only the diagonal is there: the other entries are left out", diagonal
    yield "missing_term", "the diagonal is left out", lambda t: t - diagonal(t)
    yield "missing_term", "only the lower triangle is there", lower
    yield "missing_term", "only the upper triangle is there", upper
    strict = "only the strictly {} triangle is there"
    yield "missing_term", strict.format("lower"), lambda t: np.tril(t, -1)
    yield "missing_term", strict.format("upper"), lambda t: np.triu(t, 1)
    yield "sign", "the sign of the diagonal is flipped", lambda t: t - 2 * diagonal(t)
    yield "sign", "the sign off the diagonal is flipped", lambda t: 2 * diagonal(t) - t
    yield "factor", "the diagonal is twice what it should be", lambda t: t + diagonal(t)
    yield "factor", "the diagonal is half of what it should be", lambda t: t - diagonal(t) / 2


def _swapped(scene: Scene) -> Iterator[Mistake]:
    """Leaves of equal shape that were exchanged, and symmetric parts that are the truth's."""
    shapes = scene.evidences[0].form.shapes
    for i in range(len(shapes)):
        for j in range(len(shapes)):
            if i == j or shapes[i] != shapes[j] or i not in scene.leaves:
                continue
            answers = scene.truths()
            for leaves in answers:
                leaves[i], leaves[j] = leaves[j], leaves[i]
            if len(scene.leaves) == 1 and scene.explains(answers):
                says = f"this is the derivative with respect to {scene.names[j]}"
                yield Mistake("wrong_variable", says, scene.names[i])
            elif i < j and set(scene.leaves) == {i, j} and scene.explains(answers):
                says = f"the derivatives for {scene.names[i]} and {scene.names[j]} are exchanged"
                yield Mistake("wrong_variable", says, scene.where)
    yield from _halves(scene)


def _halves(scene: Scene) -> Iterator[Mistake]:
    """The truth is the symmetric part of what was said, or twice that."""
    for scale, says in (
        (1.0, "it is G where it should be G + G^T: the transposed term is left out"),
        (0.5, "it is G where it should be (G + G^T)/2, which is symmetric"),
    ):
        fits = True
        for g in range(len(scene.evidences)):
            for i in scene.leaves:
                hand, truth = scene.evidences[g].hand[i], scene.evidences[g].truth[i]
                if truth.ndim != 3 or truth.shape[1] != truth.shape[2]:
                    return
                symmetric = scale * (hand + np.swapaxes(hand, 1, 2))
                mask = scene.wrong[g] | scene.right[g]
                with np.errstate(invalid="ignore"):
                    gap = np.abs(symmetric - truth)[mask]
                fits &= bool(np.all(gap <= scene.allowed(g, i)[mask]))
        if fits and scene.equations > 4:
            yield Mistake("symmetrize", says, scene.where)
