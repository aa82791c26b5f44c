"""Mistakes in one factor of the chain rule: forgotten, taken at the wrong place, or another
function's.

An elementary step y = s(u) multiplies by its slope s'(u). A derivation that multiplies by r(u)
instead gives

    truth + sum_j c_j (r_j / s'_j - 1) t_j,

exactly, with the tangents t and cotangents c of what enters the step (see `program`)."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from lab.referee.naming.paths.fits import NICE, borne_out, seen
from lab.referee.naming.stage.choices import branch_of
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, error, in_part, number, where
from lab.referee.naming.stage.wording import instantiated
from lab.referee.naming.stage.words import operand_text, plain
from lab.referee.programs.traced import Edge, Program, Step
from lab.referee.verdict import Mistake

Formula = Callable[[Any, Any, Any], Any]  # of u, what enters; v, the other operand; y, what leaves
MOST = 40
ONE_SIDE = "0 where u"

_logistic = lambda x: 1 / (1 + np.exp(-x))
_TWO_OVER_ROOT_PI = 2 / np.sqrt(np.pi)

# The slopes of elementary functions, by JAX's names for them.
SLOPES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "sin": ("cos(u)", np.cos),
    "cos": ("-sin(u)", lambda u: -np.sin(u)),
    "tan": ("1 + tan(u)^2", lambda u: 1 + np.tan(u) ** 2),
    "asin": ("1/sqrt(1 - u^2)", lambda u: 1 / np.sqrt(1 - u**2)),
    "acos": ("-1/sqrt(1 - u^2)", lambda u: -1 / np.sqrt(1 - u**2)),
    "atan": ("1/(1 + u^2)", lambda u: 1 / (1 + u**2)),
    "sinh": ("cosh(u)", np.cosh),
    "cosh": ("sinh(u)", np.sinh),
    "tanh": ("1 - tanh(u)^2", lambda u: 1 - np.tanh(u) ** 2),
    "logistic": ("sigmoid(u)(1 - sigmoid(u))", lambda u: _logistic(u) * (1 - _logistic(u))),
    "erf": ("2/sqrt(pi) exp(-u^2)", lambda u: _TWO_OVER_ROOT_PI * np.exp(-(u**2))),
    "exp": ("exp(u)", np.exp),
    "exp2": ("log(2) 2^u", lambda u: np.log(2) * 2**u),
    "expm1": ("exp(u)", np.exp),
    "log": ("1/u", lambda u: 1 / u),
    "log1p": ("1/(1 + u)", lambda u: 1 / (1 + u)),
    "sqrt": ("1/(2 sqrt(u))", lambda u: 0.5 / np.sqrt(u)),
    "rsqrt": ("-1/2 u^(-3/2)", lambda u: -0.5 * u**-1.5),
    "cbrt": ("1/3 u^(-2/3)", lambda u: np.cbrt(u) ** -2 / 3),
    "square": ("2u", lambda u: 2 * u),
    "abs": ("sign(u)", np.sign),
}

# What may stand in place of a slope; 1 is the slope forgotten.
STANDINS: dict[str, Formula] = {
    "1": lambda u, v, y: 1 + 0 * u,
    "u": lambda u, v, y: u,
    "v": lambda u, v, y: v,
    "1/u": lambda u, v, y: 1 / u,
    "1/v": lambda u, v, y: 1 / v,
    "1/y": lambda u, v, y: 1 / y,
    "u^2": lambda u, v, y: u**2,
    "y^2": lambda u, v, y: y**2,
    "1/u^2": lambda u, v, y: 1 / u**2,
    "1/v^2": lambda u, v, y: 1 / v**2,
    "u/v": lambda u, v, y: u / v,
    "v/u": lambda u, v, y: v / u,
    "1 - y": lambda u, v, y: 1 - y,
    "1 + y": lambda u, v, y: 1 + y,
    "1 - u": lambda u, v, y: 1 - u,
    "1 - y^2": lambda u, v, y: 1 - y**2,
    "1 + y^2": lambda u, v, y: 1 + y**2,
    "1 - u^2": lambda u, v, y: 1 - u**2,
    "y(1 - y)": lambda u, v, y: y * (1 - y),
    "u(1 - u)": lambda u, v, y: u * (1 - u),
    "sin(u)": lambda u, v, y: np.sin(u),
    "cos(u)": lambda u, v, y: np.cos(u),
    "exp(u)": lambda u, v, y: np.exp(u),
    "log(u)": lambda u, v, y: np.log(u),
    "tanh(u)": lambda u, v, y: np.tanh(u),
    "sqrt(u)": lambda u, v, y: np.sqrt(u),
    "1/sqrt(u)": lambda u, v, y: 1 / np.sqrt(u),
    "y": lambda u, v, y: y,
    "1/(1 + u^2)": lambda u, v, y: 1 / (1 + u**2),
    "1/cos(u)": lambda u, v, y: 1 / np.cos(u),
}


class Standin(NamedTuple):
    """``ratio[row, ...]`` of what stands there to the slope; the texts name both."""

    name: str
    text: str
    slope: str
    ratio: np.ndarray


def wrong_slopes(scene: Scene) -> Iterator[Mistake]:
    """Another slope in place of a function's, as a person confuses them."""
    yield from _wrong(scene, odd=False)


def odd_slopes(scene: Scene) -> Iterator[Mistake]:
    """The rest: true where they fit, but hardly what anybody thought."""
    yield from _wrong(scene, odd=True)


def _odd(step: str, standin: "Standin") -> bool:
    exchanged = standin.name == "wrong_variable" and standin.text != "1/u"
    if exchanged or standin.text in ("1", "u^(v-1)", "v u^v"):
        return False
    return step in ("mul", "div", "exp", "exp2", "expm1")


def _wrong(scene: Scene, *, odd: bool) -> Iterator[Mistake]:
    whole = scene.flow(scene.main)
    if whole is None:
        return
    program = whole.program
    wanted = [e for e in program.edges() if _elementary(program, e)]
    if not wanted or len(wanted) > MOST:
        return
    flow = scene.flow(scene.main, tuple(wanted))
    if flow is None:
        return
    with np.errstate(all="ignore"):
        for edge in wanted:
            step = program.steps[edge.step].name
            for standin in (s for s in _standins(flow, edge) if _odd(step, s) is odd):
                k = _fits(scene, flow, edge, standin)
                if k is not None and _everywhere(scene, edge, standin, k):
                    yield _mistake(scene, flow, edge, standin, k)


def _elementary(program: Program, edge: Edge) -> bool:
    """Whether the step is a known function, entry by entry, of what enters by this edge."""
    step = program.steps[edge.step]
    if step.name not in SLOPES and step.name not in ("mul", "div", "integer_pow", "pow"):
        return False
    return program.shapes[program.operand(edge)] == program.shapes[step.outputs[0]]


def slope(flow: Flow, edge: Edge) -> tuple[str, Formula]:
    """The slope of a step with respect to what enters by an edge, in words and as a function."""
    step = flow.program.steps[edge.step]
    if step.name in SLOPES:
        text, function = SLOPES[step.name]
        return text, lambda u, v, y: function(u)
    if step.name == "mul":
        return "v", lambda u, v, y: v
    if step.name == "div":
        if edge.operand == 0:
            return "1/v", lambda u, v, y: 1 / v
        return "-v/u^2", lambda u, v, y: -v / u**2
    if step.name == "integer_pow":
        n = step.equation.params["y"]
        return ("2u" if n == 2 else f"{n} u^{n - 1}"), lambda u, v, y: n * u ** float(n - 1)
    if edge.operand == 0:
        return "v u^(v-1)", lambda u, v, y: v * u ** (v - 1)
    return "v^u log(v)", lambda u, v, y: v**u * np.log(v)


def _standins(flow: Flow, edge: Edge) -> Iterator[Standin]:
    u, v, y = _entries(flow, edge)
    text, function = slope(flow, edge)
    true = function(u, v, y)
    for name, formula in STANDINS.items():
        kind = "missing_chain_factor"
        yield Standin(kind, name, text, np.asarray(formula(u, v, y) / true))
    if flow.program.steps[edge.step].name == "pow" and edge.operand == 0:
        yield Standin("missing_chain_factor", "u^(v-1)", text, np.asarray(y / u / true))
        yield Standin("missing_chain_factor", "v u^v", text, np.asarray(v * y / true))
    if flow.program.steps[edge.step].name == "abs":
        for side, other in ((">", "<"), ("<", ">")):
            there = np.asarray(u > 0 if side == ">" else u < 0, float)
            yield Standin("missing_term", f"{ONE_SIDE} {other}", text, there / true)
    at_output = text.replace("u", "y")
    yield Standin("wrong_variable", at_output, text, np.asarray(function(y, v, u) / true))
    if v is not u:
        turned = text.translate(str.maketrans("uv", "vu"))
        yield Standin("wrong_variable", turned, text, np.asarray(function(v, u, y) / true))
    for factor, value in (("u", u), ("v", v), ("y", y)):
        if factor != "v" or v is not u:
            yield Standin("missing_chain_factor", f"({text})/{factor}", text, 1 / value)
            yield Standin("missing_chain_factor", f"({text}) {factor}", text, np.asarray(value))


def _entries(flow: Flow, edge: Edge) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    step = flow.program.steps[edge.step]
    values = flow.values
    u, y = values[step.inputs[edge.operand]], values[step.outputs[0]]
    v = values[step.inputs[1 - edge.operand]] if len(step.inputs) == 2 else u
    if v.ndim < y.ndim:
        v = v.reshape(len(v), *[1] * (y.ndim - v.ndim), *v.shape[1:])
    return u, v, y


def _share(flow: Flow, edge: Edge, ratio: np.ndarray) -> np.ndarray:
    weight = np.broadcast_to(ratio, flow.values[flow.program.operand(edge)].shape)
    cotangent = flow.cotangents[edge] * weight[:, None]
    return flow.contracted(cotangent, flow.tangents[flow.program.operand(edge)])


def _fits(scene: Scene, flow: Flow, edge: Edge, standin: Standin) -> float | None:
    """The simple factor ``k`` with which the stand-in explains the error in the main group."""
    shape = flow.values[flow.program.operand(edge)].shape
    if np.broadcast_shapes(standin.ratio.shape, shape) != shape:
        return None
    with_it = seen(scene, flow, _share(flow, edge, standin.ratio))
    off = error(scene, scene.main)
    rest = off + seen(scene, flow, flow.share([edge]))
    # nothing may be left at a point, but for rounding
    weight = np.maximum(*(np.abs(x).max(axis=1, keepdims=True) for x in (rest, 1e-6 * off)))
    if not np.all(np.isfinite(with_it)) or not np.all(weight > 0):
        return None
    a, b = (with_it / weight).ravel(), (rest / weight).ravel()
    k = float(a @ b / (a @ a)) if a.any() else 0.0
    simple = any(abs(k - nice) < 1e-6 for nice in NICE)
    return k if simple and np.abs(k * a - b).max() < 1e-4 else None


def _everywhere(scene: Scene, edge: Edge, standin: Standin, k: float) -> bool:
    def added(flow: Flow) -> np.ndarray:
        there = next(s for s in _standins(flow, edge) if s[:2] == standin[:2])
        return k * _share(flow, edge, there.ratio) - flow.share([edge])

    return borne_out(scene, (edge,), (edge,), added)


def _mistake(scene: Scene, flow: Flow, edge: Edge, standin: Standin, k: float) -> Mistake:
    step = flow.program.steps[edge.step]
    shown = step.place.quoted if step.place is not None else f"the {plain(step.name)}"
    sign = "-" if abs(k + 1) < 1e-6 else f"{number(k)} "
    times = number(k) if standin.text == "1" else f"{sign}{standin.text}"
    stands = standin.text if abs(k - 1) < 1e-6 else times
    letters = {"u": operand_text(flow.told, edge), "y": shown}
    if step.place is not None and not _last(flow.program, step):  # as the sigmoid in silu
        inner = letters["u"].strip("`")
        known = step.name in SLOPES and not inner.startswith("its ")
        letters["y"] = f"`{plain(step.name)}({inner})`" if known else f"its {plain(step.name)}"
        shown = f"the {plain(step.name)} in {shown}"
    if len(step.inputs) == 2:
        letters["v"] = operand_text(flow.told, Edge(edge.step, 1 - edge.operand))
    norm = {"1/2": "is left out", "1/2 1/u": "is there twice"}.get(stands)
    name = "missing_term" if (step.name, stands) == ("tan", "y^2") else standin.name
    spare = re.fullmatch(r"\((.*)\)(/| )([uvy])", stands)
    if spare is not None and spare.group(1) == standin.slope and spare.group(2) == " ":
        name = "extra_term"
    left: list[str] = []
    if ONE_SIDE in stands:
        says = f"the side of {shown} where {letters['u']} {stands[-1]} 0 is left out"
    elif stands == "1" and step.name == "div" and _counts(flow, step.inputs[1]):
        name, says = "batch_factor", f"{shown} is not divided by how many it sums"
    elif step.name == "sqrt" and norm:
        says = f"a factor 1/{shown} {norm}"
    elif standin.slope == f"{stands}u":
        says = f"a factor {letters['u']} is left out, with the slope of {shown}"
    elif stands == "1" and standin.slope in ("v", "1/v"):
        factor, left = instantiated(standin.slope, letters)
        says = f"a factor {factor} is left out, from {shown}"
    elif spare is not None and spare.group(1) == standin.slope:
        factor, left = instantiated(spare.group(3), letters)
        too = "is left out" if spare.group(2) == "/" else "is there that should not be"
        says = f"a factor {factor} {too}, with the slope of {shown}"
    else:
        rooted = step.name == "sqrt" and letters["u"].startswith("its ")  # as in a norm
        text = "1/(2 y)" if rooted else standin.slope
        if "y" in stands:  # both in the same letters
            text = re.sub(r"\b(tanh|sigmoid|exp|sqrt)\(u\)", "y", text)
        slope, left = instantiated(text, letters)
        if letters["u"].startswith("its ") and not shown.startswith("the "):
            shown = f"the {plain(step.name)} in {shown}"
        says = f"the slope of {shown} is left out: a factor {slope}"
        if stands != "1":
            wrong, more = instantiated(stands, letters)
            left = list(dict.fromkeys((*more, *left)))
            says = f"the slope of {shown} is taken to be {wrong} where it is {slope}"
    says = ", ".join([says, *left])
    made = Mistake(name, says, where(scene, str(step.place) if step.place else ""))
    return in_part(scene, made, branch_of(flow.program, [edge]))


def _last(program: Program, step: Step) -> bool:
    """Whether a step gives what its expression is, not what it makes on the way."""
    return step is [one for one in program.steps if one.place == step.place][-1]


def _counts(flow: Flow, slot: int) -> bool:
    """Whether a value is a sum of ones at every point: how many entries a mask keeps."""
    value = flow.values[slot]
    made = flow.program.producer(slot)
    whole = bool(np.all(value == np.round(value)) and np.all(value >= 1) and np.any(value > 1))
    return whole and made is not None and made.name == "reduce_sum"
