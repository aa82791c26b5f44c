"""Mistakes made in every round of a loop: a path forgotten in each step of a recursion.

What enters a step of the loop's body has its tangent multiplied, by the same number in all rounds:
0 if the path was forgotten, -1 if its sign was lost, one over the step's slope if that was. As
rounds follow upon one another, their shares do not add up as those of other paths do (see `flow`),
and each such derivative is taken by itself. A loop is a `scan`, or an expression of the source that
is carried out several times."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.naming.paths.altered import derivative_of
from lab.referee.naming.paths.fits import entered
from lab.referee.naming.paths.slopes import SLOPES
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.program import in_flight, program
from lab.referee.naming.stage.scene import Scene, some_rows, where
from lab.referee.naming.stage.sizes import TRIVIAL
from lab.referee.naming.stage.words import plain
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Program, Step, body, scan_counts
from lab.referee.verdict import Mistake

REPEATED = 3  # times that an expression is carried out before it is in a loop
MOST = 40  # sites
LONGEST = 2000  # steps of a program that is worth the compiling

TIMES = (0.0, -1.0, 2.0, 0.5)


class Site(NamedTuple):
    """Where a value enters a step, in all rounds."""

    place: Place
    step: str
    operand: int

    @property
    def text(self) -> str:
        """What enters, as it is written there."""
        node = _node(self.place.text)
        if isinstance(node, ast.BinOp):
            return f"`{ast.unparse((node.left, node.right)[self.operand % 2])}`"
        if isinstance(node, ast.Call) and len(node.args) > self.operand:
            return f"`{ast.unparse(node.args[self.operand])}`"
        return f"its {plain(self.step)}"


class Tried(NamedTuple):
    name: str
    says: str
    site: int
    times: float
    sloped: float  # 1 where the slope of the step is left out, else 0


def every_round(scene: Scene) -> Iterator[Mistake]:
    if scene.kind == "identity" or scene.equations < 4:
        return
    main = _made(scene, scene.main)
    sites = _sites(main) if main is not None else []
    if main is None or not 0 < len(sites) <= MOST:
        return
    tried = list(_tried(sites))
    rows = some_rows(scene)
    told = _answers(scene, scene.main, main, sites, tried, rows)
    if told is None:
        return
    for k, one in enumerate(tried):
        if not scene.told(scene.main, rows, [leaf[k] for leaf in told]):
            continue
        if all(_everywhere(scene, g, sites, one) for g in range(len(scene.evidences))):
            place = sites[one.site].place
            yield Mistake(one.name, one.says, where(scene, str(place)))


def _made(scene: Scene, g: int) -> Program | None:
    try:
        with precision(64):
            made = program(scene.evidences[g])
    except Exception:
        return None
    return made if len(made.steps) <= LONGEST else None


def _sites(made: Program) -> list[Site]:
    """Those in the bodies of loops, and those of expressions that are carried out several times,
    with all their steps: a function that is called once has many, some of them alike.
    """
    outer = Counter(_of(made.steps[e.step], e.operand) for e in made.edges())
    least: dict[Place, int] = {}
    for site, count in outer.items():
        if site is not None:
            least[site.place] = min(count, least.get(site.place, count))
    found = [site for site in outer if site is not None and least[site.place] >= REPEATED]
    for step in made.steps:
        inner = body(step)
        if inner is not None:
            edges = [_of(inner.steps[e.step], e.operand) for e in inner.edges()]
            found += [site for site in edges if site is not None] + _sites(inner)
    return list(dict.fromkeys(found))


def _of(step: Step, operand: int) -> Site | None:
    if step.place is None or step.name in TRIVIAL or body(step) is not None:
        return None
    return Site(step.place._replace(column=0), step.name, operand)  # also where it is written twice


def _tried(sites: Sequence[Site]) -> Iterator[Tried]:
    for k, site in enumerate(sites):
        whose = f"in every round {site.text} in {site.place.quoted}"
        for times in TIMES:
            name, verb = entered(times)
            yield Tried(name, f"{whose} {verb}", k, times, 0.0)
        if site.step in SLOPES or site.step in ("mul", "div", "dot_general"):
            says = f"in every round the slope of {site.place.quoted} in {site.text} is left out"
            yield Tried("missing_chain_factor", says, k, 1.0, 1.0)


def _answers(
    scene: Scene,
    g: int,
    made: Program,
    sites: Sequence[Site],
    tried: Sequence[Tried],
    rows: np.ndarray,
) -> list[np.ndarray] | None:
    """Leaves ``(tried, rows, *shape)`` of the derivative, something tried at a time."""
    evidence = scene.evidences[g]
    flow = Flow(evidence, made, rows, {}, {}, {})

    def answer(*given: Any) -> Any:
        *leaves, times, sloped = given
        bind = _scaling({site: (times[k], sloped[k]) for k, site in enumerate(sites)})
        return derivative_of(flow, lambda full: made.run(full, bind=bind), leaves)

    times, sloped = np.ones((len(tried), len(sites))), np.zeros((len(tried), len(sites)))
    for k, one in enumerate(tried):
        times[k, one.site], sloped[k, one.site] = one.times, one.sloped
    leaves = [np.concatenate([leaf[rows]] * len(tried)) for leaf in evidence.group.leaves]
    each = [np.repeat(x, len(rows), axis=0) for x in (times, sloped)]
    told = Asker(answer, evidence.group, 64, in_flight(made), traced=True)((*leaves, *each))
    if isinstance(told, Raised):
        return None
    by_leaf = flow.by_leaf(told)
    return [leaf.reshape(len(tried), len(rows), *leaf.shape[1:]) for leaf in by_leaf]


def _scaling(by_site: dict[Site, tuple[Any, Any]]) -> Callable[[Step, list[Any]], Sequence[Any]]:
    """Carries out a step, with the tangents of what enters multiplied."""

    def bind(step: Step, operands: list[Any]) -> Sequence[Any]:
        inner = body(step)
        if inner is not None:
            return _scanned(step, inner, operands, bind)
        entering = list(operands)
        for o, value in enumerate(operands):
            known = by_site.get(_of(step, o))  # type: ignore[arg-type]
            if known is not None:
                times, sloped = known
                still = lax.stop_gradient(value)
                times = times + sloped * (_inverse_slope(step, operands, o) - 1)
                entering[o] = still + times * (value - still)
        return step.bind(entering)

    return bind


def _inverse_slope(step: Step, operands: Sequence[Any], o: int) -> Any:
    """One over the slope of an entrywise step; 1 where it has none."""
    if step.name == "dot_general":
        other = lax.stop_gradient(operands[1 - o])
        return 1 / other if jnp.size(other) == 1 else 1.0
    if step.name not in SLOPES and step.name not in ("mul", "div"):
        return 1.0
    if jnp.shape(operands[o]) != jnp.shape(step.bind(list(operands))[0]):
        return 1.0
    still = [lax.stop_gradient(x) for x in operands]
    of = lambda u: step.bind([*still[:o], u, *still[o + 1 :]])[0]
    _, slope = jax.jvp(of, (still[o],), (jnp.ones_like(still[o]),))
    slope = lax.stop_gradient(slope)
    return jnp.where(slope == 0, 1.0, 1 / jnp.where(slope == 0, 1.0, slope))


def _scanned(
    step: Step,
    inner: Program,
    operands: list[Any],
    bind: Callable[[Step, list[Any]], Sequence[Any]],
) -> list[Any]:
    """A scan whose body is carried out step by step."""
    params = step.equation.params
    constants, carried = scan_counts(step)
    fixed = operands[:constants]

    def round_of(carry: Any, xs: Any) -> Any:
        ran = inner.run([*fixed, *carry, *xs], bind=bind)
        out = [ran[slot] for slot in inner.outputs]
        return out[:carried], out[carried:]

    carry, ys = lax.scan(
        round_of,
        list(operands[constants : constants + carried]),
        list(operands[constants + carried :]),
        length=params["length"],
        reverse=params["reverse"],
    )
    return [*carry, *ys]


def _everywhere(scene: Scene, g: int, sites: Sequence[Site], one: Tried) -> bool:
    rows = np.flatnonzero(scene.wrong[g] | scene.right[g])
    if not len(rows):
        return True
    made = _made(scene, g)
    if made is None or sites[one.site] not in _sites(made):
        return scene.spared(g, "function")
    told = _answers(scene, g, made, sites, [one], rows)
    return told is not None and scene.told(g, rows, [leaf[0] for leaf in told])


def _node(text: str) -> Any:
    try:
        return getattr(ast.parse(text).body[0], "value", None)
    except (SyntaxError, IndexError, ValueError):
        return None
