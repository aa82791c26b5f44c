"""Digits lost in single precision in entries that are small beside the others.

``1 - 1 / (1 + exp(x))`` is the slope of a softplus to the last digit near zero, and has none left
at -15, where the slope is 3e-7: nothing beside the slopes of one elsewhere, all there is to that
entry. It counts where it could be had: where JAX, of the same function and the same numbers, keeps
the digits of the very entries in which the hand loses them, and where the arguments are known well
enough to tell them. Labels count as arguments: ``sigmoid(z) - y`` is as good as its ``y``. How much
is too much is a ratio, to what JAX loses and to what the arguments leave unknown, rather than a
size: ``(1 + r)^n - 1`` for ``expm1(n log1p(r))`` keeps three digits, where seven are to be had. An
entry that happens to cancel is nobody's fault, and a tail that is seldom drawn nobody's concern:
hence a good part of all that is drawn, and JAX right at a good part of what is lost."""

import numpy as np

from lab.referee.asking import tolerance
from lab.referee.points.stacks import anywhere, over
from lab.referee.witnesses.evidence import Evidence
from lab.referee.witnesses.noise import by_data

KEPT = 3e-5  # relative error of an entry that has kept its digits; in double precision, too
TIMES = 300  # as far off as JAX's own answer
KNOWN = 200  # roundings of the arguments, and of data, by which every entry may be off
NORMAL = 1e-30  # what is smaller is near the end of single precision's range
POINTS = 3  # with entries lost, at least
PART = 0.1  # of all entries drawn as usual, lost
SHARE = 0.25  # of what is rough, kept by JAX: where both lose alike JAX is right by chance


def lost_digits(evidence: Evidence) -> tuple[np.ndarray, ...]:
    """Leaf by leaf the entries in which the hand, right in double precision, loses its digits."""
    asked = evidence.question
    leaves = range(len(evidence.truth))
    plain = asked.grain <= tolerance.EPS64 and asked.claim.kind != "identity"
    if not evidence.hand_single or not plain:
        return tuple(np.zeros(np.shape(evidence.truth[i]), bool) for i in leaves)
    found = tuple(_lost(evidence, i, evidence.noise[i].known) for i in leaves)
    if not any(lost.any() for lost in found):
        return found
    moved = by_data(evidence)
    return tuple(_lost(evidence, i, evidence.noise[i].known + moved[i]) for i in leaves)


@np.errstate(all="ignore")
def _lost(evidence: Evidence, i: int, known: np.ndarray) -> np.ndarray:
    truth, low = evidence.rounded[i], evidence.hand_single[i]
    usual = evidence.group.typical & ~evidence.contradicted
    size = np.abs(truth)
    off = np.abs(low - truth)
    error = np.abs(evidence.hand[i] - evidence.truth[i])
    double = KNOWN * tolerance.EPS64 * evidence.noise[i].typical  # the same loss, in double
    right = error <= np.maximum(KEPT * np.abs(evidence.truth[i]), double)
    rough = (off >= KEPT * size) & (off > KNOWN * tolerance.EPS32 * known) & np.isfinite(off)
    judged = over(evidence.fine & evidence.fine_single & usual, size) & np.isfinite(truth)
    rough &= right & (size > NORMAL) & judged
    jaxs = np.abs(evidence.truth_single[i] - truth)
    lost = rough & (jaxs <= KEPT * size) & (TIMES * jaxs <= off)
    least = max(SHARE * rough.sum(), PART * judged.sum())
    enough = anywhere(lost).sum() >= POINTS and lost.sum() >= least
    return lost if enough else np.zeros_like(lost)
