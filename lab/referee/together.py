"""Several hand derivatives of one function, judged against each other: the odd one out is named.

With one tangent v and one cotangent u a Jacobian J comes down to the number <u, J v>, whichever way
it is written: <u, jvp(v)>, <vjp(u), v>, u <gradient, v>. JAX says its number, too, where it can
differentiate the function. A Hessian H answers for <w, H v>, which has to be the slope of
<gradient, w> along v, and the same with v and w exchanged. Nothing here needs the function itself,
which may be one that JAX cannot call."""

import time
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from lab.derivation import Derivation, Wrt, derivation
from lab.errors import BadInput, suggestion
from lab.referee.asking.evaluate import precision
from lab.referee.asking.forms import JAX, Said, said_at
from lab.referee.naming.stage.scene import number
from lab.referee.points.drawn import directions, groups
from lab.referee.verdict import Mistake, Verdict, Witness

FIRST = ("derivative", "gradient", "jacobian", "jvp", "vjp")
POINTS = 4  # of each shape
CLOSE = 1e-8  # relative to the terms of the sum
CURVED = 1e-6  # the same for slopes of slopes, which are measured


def check_together(
    of: Callable[..., Any],
    *,
    wrt: Wrt = 0,
    at: Any,
    seed: int = 0,
    **hands: Callable[..., Any],
) -> Verdict:
    """Judge hand derivatives of one function against each other, ``check_together(f, jvp=...,
    vjp=..., hessian=..., at=...)``, by kind as in `check`. ``steps`` of the verdict says which of
    them are in line; the odd one out is the mistake's ``where``.

    Raises `BadInput` for fewer than two, for what is no kind, and as `check` does."""
    for kind in hands:
        if kind not in (*FIRST, "hessian"):
            near = suggestion(kind, (*FIRST, "hessian"))
            raise BadInput(f"check_together({kind}=...): no kind of derivative{near}")
    claims = [derivation(of, hand, kind=kind, wrt=wrt, at=at) for kind, hand in hands.items()]
    return together(claims, seed)


def together(claims: Sequence[Derivation], seed: int = 0) -> Verdict:
    """The same for derivations of one function with respect to the same arguments."""
    if len(claims) < 2:
        raise BadInput("check_together needs two hand derivatives at least, e.g. jvp=..., vjp=...")
    start = time.perf_counter()
    kinds = [claim.kind for claim in claims]
    voices = {claim.kind if kinds.count(claim.kind) == 1 else claim.name: claim for claim in claims}
    word, says, odd, steps, witnesses, points = _judged(voices, seed)
    mistake = Mistake(odd.name, says, odd.where) if odd else None
    first = claims[0]
    return Verdict(
        name=f"{first.of_name} together",
        of=first.of_name,
        kind=" + ".join(dict.fromkeys(kinds)),
        file=first.file,
        line=first.line,
        verdict=word,  # type: ignore[arg-type]
        mistake=mistake,
        reason=says,
        steps=steps,
        witnesses=witnesses,
        power=None,
        points=points,
        seconds=round(time.perf_counter() - start, 4),
    )


def families(claims: Sequence[Derivation]) -> list[list[Derivation]]:
    """The claims that can be judged together: of one function, with respect to the same arguments
    from the same places, in at least two forms.
    """
    found: dict[Any, list[Derivation]] = {}
    for claim in claims:
        if claim.kind in (*FIRST, "hessian") and not claim.rule:
            place = claim.at if callable(claim.at) else repr(claim.at)
            found.setdefault((id(claim.of), claim.wrt, place), []).append(claim)
    return [each for each in found.values() if len({claim.kind for claim in each}) > 1]


class _Odd(NamedTuple):
    name: str
    where: str


Judged = tuple[str, str, _Odd | None, dict[str, str], tuple[Witness, ...], int]


@np.errstate(all="ignore")
def _judged(voices: dict[str, Derivation], seed: int) -> Judged:
    first = next(iter(voices.values()))
    with precision(64):
        drawn = [group for group in groups(first, seed, POINTS) if group.typical.any()]
    rng = directions(seed)
    heard: list[Said] = []
    for group in drawn:
        said = said_at(voices, group.only(group.typical), rng)
        if isinstance(said, str):
            return "error", said, None, {}, (), 0
        heard.append(said)
    points = sum(len(said.size) for said in heard)
    flat = list(heard[0].flat)
    apart = {pair: _apart([(s.flat[pair[0]], s.flat[pair[1]], s.size) for s in heard], CLOSE)
             for pair in combinations(flat, 2)}  # fmt: skip
    witnesses = [
        Witness(f"<u, Jv>: {a}, {b}", "agrees" if gap <= 1 else "disagrees", gap * CLOSE)
        for (a, b), gap in apart.items()
    ]
    camps = _camps(flat, {pair for pair, gap in apart.items() if gap <= 1})
    leading = _leading(camps)
    odd: dict[str, str] = {}
    if leading is None and flat:
        rest = "; ".join(" and ".join(camp) for camp in camps)
        says = f"they contradict each other, and none is the odd one out: {rest}"
        if "hessian" not in voices:
            return "inconclusive", says, None, {}, tuple(witnesses), points
    else:
        odd = {name: "slope" for camp in camps for name in camp if camp is not leading}
    if any(claim.kind == "hessian" for claim in voices.values()):
        leading, more, curved = _with_hessians(voices, heard, leading, camps)
        witnesses += more
        odd = {name: "slope" for name in flat if leading and name not in leading} | curved
        if leading is None:
            says = "they contradict each other, and none is the odd one out"
            return "inconclusive", says, None, {}, tuple(witnesses), points
    steps = {name: "wrong" if name in odd else "correct" for name in voices}
    if not odd:
        agreeing = _listed([*voices, *([JAX] if JAX in flat else [])])
        return "correct", f"{agreeing} agree with each other", None, steps, tuple(witnesses), points
    others = [name for name in [*flat, *voices] if name not in odd]
    trusted = _listed(list(dict.fromkeys(others)))
    if list(odd) == [JAX]:
        says = f"{trusted} agree with each other, and JAX's derivative of {first.of_name} does not"
        return "inconclusive", says, None, steps, tuple(witnesses), points
    names = [name for name in odd if name != JAX]
    ratio = _ratio(heard, names[0], others) if len(names) == 1 else None
    known = {-1.0: "sign"}.get(ratio, "factor") if ratio is not None else "unknown"
    times = f"; it is {number(ratio)} times what they say" if ratio is not None else ""
    alone = len(set(others)) < 2
    says = f"{trusted} says otherwise" if alone else f"{trusted} agree with each other"
    reason = odd[names[0]] if odd[names[0]] != "slope" else says
    is_are = "is the odd one out" if len(names) == 1 else "are odd"
    says = f"{_listed(names)} {is_are}: {reason}{times}"
    return "wrong", says, _Odd(known, ", ".join(names)), steps, tuple(witnesses), points


def _with_hessians(
    voices: dict[str, Derivation],
    heard: list[Said],
    leading: list[str] | None,
    camps: list[list[str]],
) -> tuple[list[str] | None, list[Witness], dict[str, str]]:
    """Who leads when the Hessians are heard, what they say of each other, and which are odd."""
    made, odd = [], {}
    for name in [name for name, claim in voices.items() if claim.kind == "hessian"]:
        askew = _apart(
            [(s.curved[name], s.turned[name], np.abs(s.curved[name])) for s in heard], CLOSE
        )
        made.append(
            Witness(f"symmetry: {name}", "agrees" if askew <= 1 else "disagrees", askew * CLOSE)
        )
        fits = {}
        for other in [voice for camp in camps for voice in camp]:
            rows = [(s.curved[name], s.curved[other], np.abs(s.curved[other])) for s in heard]
            fits[other] = _apart(rows, CURVED) <= 1
            says = "agrees" if fits[other] else "disagrees"
            made.append(Witness(f"slope along v: {name}, {other}", says, None))
        if leading is None and any(fits.values()):  # the Hessian decides whom to believe
            leading = next(camp for camp in camps if any(fits[one] for one in camp))
        if leading is not None and not any(fits[one] for one in leading):
            swirls = any(
                _apart(
                    [(s.curved[one], s.turned[one], np.abs(s.curved[one])) for s in heard], CURVED
                )
                > 1
                for one in leading
            )
            if askew > 1:
                odd[name] = "it is not symmetric"
            elif len(leading) > 1:
                odd[name] = f"it is not the derivative of what {_listed(leading)} say"
            elif swirls:
                odd[leading[0]] = f"{name} is symmetric, and no function has this gradient"
            else:
                return None, made, {}
        elif askew > 1:
            odd[name] = "it is not symmetric"
    return leading, made, odd


def _apart(rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], close: float) -> float:
    """The largest gap between two voices, in units of what is allowed; none where both are NaN."""
    worst = 0.0
    usual = np.median(np.concatenate([size for _, _, size in rows])) if rows else 0.0
    for a, b, size in rows:
        known = np.isfinite(a) | np.isfinite(b)
        gap = np.abs(a - b)[known] / (close * np.maximum(size, 1e-3 * usual + 1e-300)[known])
        worst = max(worst, float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0)))
    return worst


def _camps(names: list[str], agree: set[tuple[str, str]]) -> list[list[str]]:
    """Voices that agree with each other, the largest camp first."""
    camps: list[list[str]] = []
    for name in names:
        home = next((c for c in camps if all((other, name) in agree for other in c)), None)
        camps.append([name]) if home is None else home.append(name)
    return sorted(camps, key=len, reverse=True)


def _leading(camps: list[list[str]]) -> list[str] | None:
    """The largest camp, or among equals JAX's."""
    if not camps:
        return None
    largest = [camp for camp in camps if len(camp) == len(camps[0])]
    if len(largest) == 1:
        return largest[0]
    return next((camp for camp in largest if JAX in camp), None)


def _ratio(heard: list[Said], name: str, others: list[str]) -> float | None:
    """The number by which the odd one out is a multiple of what the others say."""
    which = "flat" if name in heard[0].flat else "curved"
    other = next((one for one in others if one in getattr(heard[0], which)), None)
    if other is None:
        return None
    a, b = (np.concatenate([getattr(s, which)[one] for s in heard]) for one in (name, other))
    ratio = a / b
    middle = float(np.median(ratio))
    alike = np.all(np.abs(ratio - middle) <= 1e-5 * abs(middle))
    if not alike or not middle:
        return None
    return round(middle, 12) if abs(middle - round(middle)) > 1e-6 else float(round(middle))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
