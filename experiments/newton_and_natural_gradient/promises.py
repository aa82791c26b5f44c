"""What was promised of the descents, and how it is measured."""

from collections.abc import Iterator

import numpy as np

from lab.experiment import Finding, Outcome, near
from lab.plots import style

from .methods import WRITINGS


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    singular = outcome.settings["landscape"] == "powell_singular"
    for method, promised in (("Newton", 2), ("gradient", 1)):
        name = f"{method}: the error after a step goes as the error before to the power"
        yield near(name, order(outcome, method, eps), 1 if singular else promised, 0.1)
    if singular:
        newton = outcome.rows("valley", method="Newton")["distance"]
        late = newton[(newton > 1e3 * eps**0.5) & (newton < 0.1)]
        share = float((late[-1] / late[0]) ** (1 / (late.size - 1)))
        yield near("Newton: what a step leaves, the Hessian singular", share, 2 / 3, 0.01)
    else:
        there, slow = (arrival(outcome, name, eps**0.5) for name in ("Newton", "gradient"))
        name = "Newton: steps until half the digits are right"
        yield Finding(name, there, f"fewer than the gradient's {slow:g}", there < slow)
    trusted = outcome.rows("valley", method="Levenberg-Marquardt")
    kept = float(np.nanmin(trusted["actual_decrease"]))
    yield Finding("Levenberg-Marquardt: least decrease in a step", kept, "not negative", kept >= 0)

    bend, left = overlooked(outcome)
    name = "Gauss-Newton: what a step leaves, against |c|, greatest gap"
    yield near(name, np.max(abs(left - abs(bend))), 0, 0.01)
    arrives = bool(np.array_equal(left < 1, abs(bend) < 1))
    name = "Gauss-Newton gets nearer just where |c| < 1"
    yield Finding(name, str(arrives), "True", arrives)
    last = outcome.rows("bend", method="Levenberg-Marquardt")
    missed = float(np.max(last["distance"][last["k"] == last["k"].max()]))
    yield near("Levenberg-Marquardt: greatest distance left, on any bend", missed, 0, 1e-6)

    for direction, ratio, margin in (("natural", 2, 0.3), ("gradient", 1, 0.1)):
        wide, fine = (gap(outcome, direction, halved) for halved in (False, True))
        name = f"{direction}: gap between the writings, over that at half the step"
        yield near(name, wide / fine, ratio, margin)
    apart = gap(outcome, "gradient", True) / gap(outcome, "natural", True)
    said = "more than 5"
    yield Finding("gap of the plain gradients over that of the natural", apart, said, apart > 5)


def order(outcome: Outcome, method: str, eps: float) -> float:
    """The exponent p of e⁺ ~ eᵖ over all errors that rounding leaves alone.

    Of the places at one distance the one that is left farthest away counts.
    """
    table = outcome.rows("near", method=method)
    before, after = np.unique(table["before"]), []
    for each in before:
        after.append(table["distance"][table["before"] == each].max())
    clear = np.array(after) > 1e4 * eps
    return style.log_log_slope(before[clear], np.array(after)[clear])


def arrival(outcome: Outcome, method: str, within: float) -> float:
    """The first step that near; infinite if there is none."""
    there = np.flatnonzero(outcome.rows("valley", method=method)["distance"] < within)
    return float(there[0]) if there.size else float("inf")


def overlooked(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    """The bends, and what Gauss-Newton's first step beside the bottom leaves of the distance."""
    table = outcome.rows("bend", method="Gauss-Newton")
    grid = table["distance"].reshape(-1, int(table["k"].max()) + 1)
    return table["bend"].reshape(grid.shape)[:, 0], grid[:, 1] / grid[:, 0]


def paths(outcome: Outcome, direction: str, halved: bool) -> dict[str, np.ndarray]:
    """The walk (m, s) in each writing, at the same times for either length."""
    full, found = outcome.settings["length"], {}
    for writing in WRITINGS:
        table = outcome.rows("written", method=direction, writing=writing)
        chosen = np.isclose(table["length"], full / 2 if halved else full)
        walked = np.stack([table["x"][chosen], table["y"][chosen]], axis=-1)
        # the longer steps are taken twice as far
        found[writing] = walked[::2] if halved else walked[: len(walked) // 2 + 1]
    return found


def gap(outcome: Outcome, direction: str, halved: bool) -> float:
    """The greatest distance between two writings' walks at the same time."""
    walks = list(paths(outcome, direction, halved).values())
    apart = [np.linalg.norm(a - b, axis=-1).max() for a in walks for b in walks]
    return float(max(apart))
