"""What was promised of a descent, and how it is measured."""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from lab.experiment import Finding, Outcome

from .landscapes import Plan, the_plan

SWEEP = np.arange(1, 241) / 200  # step sizes in units of the threshold, which is one of them
COUNT = 400


def findings(outcome: Outcome) -> Iterator[Finding]:
    plan, table = the_plan(outcome), outcome.trajectory
    left, taken = float(table["distance"][-1]), int(table["step"][-1])
    if plan is None:
        first = float(table["distance"][0])
        yield Finding(f"distance after {taken} steps", left, f"below {first:.3g}", left < first)
    elif not plan.curved:
        yield from never_settles(plan, left, taken, outcome)
    else:
        yield from contracts(plan, left, taken, outcome)
        yield from settles_until(plan, float(np.finfo(outcome.settings["precision"]).eps))


def contracts(plan: Plan, left: float, taken: int, outcome: Outcome) -> Iterator[Finding]:
    """The run itself: its rate, and where it ended."""
    first = float(outcome.trajectory["distance"][0])
    predicted = float(plan.factor(np.array([plan.step]))[0])
    name = f"distance after {taken} steps"
    if predicted > 1 and not plan.quadratic:
        # thrown out by the curvature at the bottom, held back by the lesser curvature around it
        yield Finding(name, left, "above 0.01: too long a step", left > 0.01)
        return
    observed = observed_rate(outcome.trajectory["step"], outcome.trajectory["distance"])
    source = "the greater root" if plan.momentum else "max |1 - aL|"
    said = f"{source} = {predicted:.4f}"
    fits = abs(observed - predicted) <= 0.02
    yield Finding("contraction a step", observed, f"{said} within 0.02", fits)
    if plan.momentum == 0 and plan.quadratic:
        start = np.asarray(outcome.settings["start"]) @ plan.directions
        closed = float(np.linalg.norm((1 - plan.step * plan.curvatures) ** taken * start))
        near = abs(left - closed) <= 1e-3 * closed
        yield Finding(name, left, f"{closed:.4g}, from (1 - aL)^{taken}, within 0.1 %", near)
    else:
        bound = first * (10 * predicted**taken + 1e-6)
        yield Finding(name, left, f"below {bound:.2g}", left < bound)


def settles_until(plan: Plan, eps: float) -> Iterator[Finding]:
    """Many runs, one for each step size: the best step, the last that arrives, what comes then."""
    steps = SWEEP * plan.threshold
    places = plan.walks(steps, COUNT)
    spacing = steps[1] - steps[0]
    steep = abs(places[..., -1])
    threshold = float(steps[~(steep[:, -1] < steep[:, 0])].min())
    yield Finding(
        "first step size that does not arrive",
        threshold,
        f"2{' (1 + b)' if plan.momentum else ''} / L = {plan.threshold:.5g} within {spacing:.1g}",
        abs(threshold - plan.threshold) <= spacing,
    )
    if plan.momentum == 0:
        rates = measured_rate(plan, places)
        found = float(steps[np.argmin(rates)])
        said = f"2 / (mu + L) = {plan.best:.5g} within {spacing:.1g}"
        yield Finding("best step size", found, said, abs(found - plan.best) <= spacing)
        kappa = float(plan.curvatures.max() / plan.curvatures.min())
        rate, predicted = float(rates.min()), (kappa - 1) / (kappa + 1)
        said = f"(kappa - 1) / (kappa + 1) = {predicted:.4f} within 0.02"
        yield Finding("contraction at the best step", rate, said, abs(rate - predicted) <= 0.02)
        x = places[SWEEP == 1][0, :, -1]
        back = float(abs(x[2] / x[0] - 1))
        allowed = 1e2 * eps if plan.quadratic else plan.land.near
        said = f"below {allowed:.0e}: it is back, a period of two"
        yield Finding("relative change in two steps at 2 / L", back, said, back < allowed)


def never_settles(plan: Plan, left: float, taken: int, outcome: Outcome) -> Iterator[Finding]:
    """A slope of size one down to the bottom: jumps of the step's length, for ever."""
    places = np.stack([outcome.trajectory[axis] for axis in plan.land.axes], axis=-1)
    jump, back = abs(places[-1] - places[-2]), abs(places[-1] - places[-3])
    bound = plan.step * math.sqrt(places.shape[-1])
    name = f"distance after {taken} steps"
    yield Finding(name, left, f"not zero, but below {bound:.3g}", 0 < left <= bound)
    right = bool(np.allclose(jump, plan.step, rtol=1e-3))
    yield Finding("last jump along an axis", float(jump.max()), f"the step, {plan.step:g}", right)
    again = bool(back.max() < 1e-3 * plan.step)
    yield Finding("change in two steps", float(back.max()), "0: a period of two", again)


def observed_rate(step: np.ndarray, distance: np.ndarray) -> float:
    """The factor a step over the later half of the run, rounding left out.

    Of a distance that oscillates as it falls the envelope is taken: what is not exceeded again.
    """
    if distance[-1] < distance[0]:
        distance = np.maximum.accumulate(distance[::-1])[::-1]
    clear = distance > 1e-11 * distance[0]
    if clear.sum() < 2:
        return 0.0  # it arrived at once
    step, fall = step[clear].astype(float), np.log(distance[clear])
    half = slice(min(fall.size // 2, fall.size - 2), None)
    return float(np.exp(np.polyfit(step[half], fall[half], 1)[0]))


def measured_rate(plan: Plan, places: Float[np.ndarray, "m k n"]) -> Float[np.ndarray, " m"]:
    """The factor a step of the slowest direction, for each step size.

    From step 2 to step 10, before rounding is met; with momentum places oscillate, and it is from
    the highest of steps 5 to 24 to the highest of 35 to 54.
    """
    early, late = (slice(5, 25), slice(35, 55)) if plan.momentum else (slice(2, 3), slice(10, 11))
    with np.errstate(invalid="ignore", divide="ignore"):  # a direction may have arrived for good
        ratios = abs(places[:, late]).max(axis=1) / abs(places[:, early]).max(axis=1)
    return np.nan_to_num(ratios, nan=0.0).max(axis=1) ** (1 / (late.start - early.start))
