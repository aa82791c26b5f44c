"""Mistakes on one path of the derivative, or on two: forgotten, counted with the wrong sign or
factor.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from lab.referee.naming.paths.fits import NICE, alike, entered, fitted, rank, seen
from lab.referee.naming.stage.choices import branch_of
from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, in_part, nearly_one, where
from lab.referee.naming.stage.sizes import TRIVIAL, meaning
from lab.referee.naming.stage.words import made_text, operand_text, plain
from lab.referee.programs.source import Place
from lab.referee.programs.traced import Edge
from lab.referee.verdict import Mistake

ORDINALS = ("first", "second", "third", "fourth", "last")
OPERANDS = {
    "add": "term",
    "add_any": "term",
    "sub": "term",
    "mul": "factor",
    "dot_general": "factor",
}
SIDES = {"div": ("numerator", "denominator"), "pow": ("base", "exponent")}
PAIRED = 48  # paths among which pairs are tried


class Path(NamedTuple):
    """One edge, or all that leave a value. ``chain`` is how the path goes on from there."""

    edges: tuple[Edge, ...]
    chain: tuple[Edge, ...]
    share: np.ndarray  # in the main group: (rows, outputs, inputs)
    twin: bool = False  # whether another path has the same share


def broken_paths(scene: Scene) -> Iterator[Mistake]:
    flow = scene.flow(scene.main)
    if flow is None:
        return
    paths = distinct_paths(scene, flow)
    found = [(path, fitted(scene, flow, [path.share])) for path in paths]
    # The sum of several paths may be one: what says least of it is tried first.
    told = [(path, a) for path, a in found if a is not None]
    for path, a in sorted(told, key=_simple):
        if rank(a) < len(NICE) or _varies(scene):
            yield from _one(scene, flow, path, a)


def odd_paths(scene: Scene) -> Iterator[Mistake]:
    """Factors that nobody counts with."""
    flow = scene.flow(scene.main)
    if flow is None or scene.equations < 3:
        return
    for path in distinct_paths(scene, flow):
        a = fitted(scene, flow, [path.share])
        if a is not None and rank(a) == len(NICE):
            yield from _one(scene, flow, path, a)


def _varies(scene: Scene) -> bool:
    """Whether there are several sizes, on which a factor may depend."""
    return sum(bool(mask.any()) for mask in scene.wrong) > 1


def _simple(found: tuple[Path, np.ndarray]) -> tuple[int, bool]:
    """What is tried first: simple coefficients; of twins, both together."""
    return rank(found[1]), found[0].twin


def broken_pairs(scene: Scene) -> Iterator[Mistake]:
    """Two paths at once, with one thing to be said of both: left out, or of the wrong sign; or one
    counted in place of the other.
    """
    yield from _two(scene, odd=False)


def odd_pairs(scene: Scene) -> Iterator[Mistake]:
    """Two paths of which different things are to be said: true, but hardly one mistake."""
    yield from _two(scene, odd=True)


def distinct_paths(scene: Scene, flow: Flow) -> list[Path]:
    """Every chain of edges; then the edges by which a value enters an expression; then all that
    leave it. The first of equals stays.
    """
    chains = {chain[0]: chain for chain in flow.program.chains()}
    sets: list[tuple[Edge, ...]] = [(edge,) for edge in flow.cotangents]
    for leaving in flow.program.leaving().values():
        into: dict[Place | None, list[Edge]] = {}
        for edge in leaving:
            into.setdefault(flow.program.steps[edge.step].place, []).append(edge)
        sets += [tuple(edges) for edges in (*into.values(), leaving) if len(edges) > 1]
    sets += _repeated(flow)
    sets = [edges for edges in sets if all(edge in flow.cotangents for edge in edges)]
    found: dict[bytes, Path] = {}
    for edges in sets:
        share = flow.share(edges)
        told = seen(scene, flow, share)
        largest = np.abs(told).max(initial=0.0)
        if not np.isfinite(largest) or largest < 1e-12:
            continue
        scale = 10.0 ** np.floor(np.log10(largest))
        key = np.round(told / scale, 7).tobytes() + str(scale).encode()
        known = found.setdefault(key, Path(edges, chains.get(edges[0], edges[:1]), share))
        part = {*known.edges} < {*edges} or (_inner(flow, known.edges) and not _inner(flow, edges))
        if part and _one_place(flow, edges):  # no need to tell which of its operands
            found[key] = known._replace(edges=edges, chain=chains.get(edges[0], edges[:1]))
        if len(edges) == 1 and _beside(flow, known.edges[0], edges[0]):
            found[key] = known._replace(twin=True)
    return list(found.values())


def _inner(flow: Flow, edges: Sequence[Edge]) -> bool:
    """Whether what enters was made by the expression that it enters."""
    steps = [flow.program.producer(flow.program.operand(edge)) for edge in edges]
    made = {step.place for step in steps if step is not None}
    return None not in made and made == {flow.program.steps[edge.step].place for edge in edges}


def _one_place(flow: Flow, edges: Sequence[Edge]) -> bool:
    """Whether one value enters one expression by these edges."""
    program = flow.program
    places = {program.steps[edge.step].place for edge in edges}
    return len(places) == 1 == len({program.operand(edge) for edge in edges})


def _repeated(flow: Flow) -> list[tuple[Edge, ...]]:
    """The edges by which values enter an expression of the source that is carried out several
    times, in a loop or for each item of a list.
    """
    program = flow.program
    made = {slot: step.place for step in program.steps for slot in step.outputs}
    found: dict[Place, list[Edge]] = {}
    for edge in program.edges():
        place = program.steps[edge.step].place
        if place is not None and made.get(program.operand(edge)) != place:
            found.setdefault(place, []).append(edge)
    slots = lambda edges: {program.operand(edge) for edge in edges}
    return [tuple(edges) for edges in found.values() if len(slots(edges)) > 2]


def _beside(flow: Flow, one: Edge, other: Edge) -> bool:
    """Whether two ways lie beside each other: out of one value, or into one step."""
    same = flow.program.operand(one) == flow.program.operand(other)
    return one != other and (same or one.step == other.step)


def _one(scene: Scene, flow: Flow, path: Path, a: np.ndarray) -> Iterator[Mistake]:
    factors = _everywhere(scene, [path], a)
    if factors is None:
        return
    both = path.twin and rank(a) == NICE.index(-2.0)  # as much as two that are left out
    said = _said(scene, [float(f[0]) / (2 if both else 1) for f in factors])
    if said is None:
        return
    name, verb = said
    verb += ", and another that is alike" if both else ""
    head, place = describe(flow, path)
    made = Mistake(name, f"{head} {verb}", where(scene, place))
    yield in_part(scene, made, branch_of(flow.program, path.edges))


def _two(scene: Scene, *, odd: bool) -> Iterator[Mistake]:
    flow = scene.flow(scene.main)
    paths = distinct_paths(scene, flow) if flow is not None else []
    if flow is None or len(paths) > PAIRED or scene.equations < 6:
        return
    for pair in combinations(paths, 2):
        a = fitted(scene, flow, [path.share for path in pair])
        if a is None or rank(a) == len(NICE):
            continue
        twins = np.allclose(sorted(a), (-1, 1)) and _twins(flow, pair)
        commuted = not twins and _as_if_commuted(flow, pair, a)
        alike = np.allclose(a, -1) or np.allclose(a, -2)
        if (not alike and not twins and not commuted) is not odd:
            continue
        factors = _everywhere(scene, list(pair), a)
        if factors is None:
            continue
        said, places, names = [], [], []
        for k, path in enumerate(pair):
            found = _said(scene, [float(f[k]) for f in factors])
            if found is None:
                return
            name, verb = found
            head, place = describe(flow, path)
            said.append(f"{head} {verb}")
            places.append(place)
            names.append(name)
        name = names[0] if names[0] == names[1] else "missing_term"
        name = name if name in names else names[0]
        if twins or commuted:
            gone, more = [describe(flow, pair[k])[0] for k in np.argsort(a)]
            often = "twice" if twins else f"{1 + round(max(a))} times"
            reason = "both were the same" if twins else "the factors could be exchanged"
            name = "symmetrize" if twins else "transpose"
            said = [f"{more} counts {often}, {gone} not at all, as if {reason}"]
        if len(said) > len(set(said)):
            said = [f"{said[0]}, and another that reads alike"]
        yield Mistake(
            name, "; ".join(said), where(scene, "; ".join(filter(None, dict.fromkeys(places))))
        )


def _as_if_commuted(flow: Flow, pair: tuple[Path, Path], a: np.ndarray) -> bool:
    """Whether one factor of a product of matrices counts several times and the other not at all."""
    first, second = (path.edges[0] for path in pair)
    step = flow.program.steps[first.step]
    matrices = step.name == "dot_general" and all(
        len(flow.program.shapes[v]) == 2 for v in step.inputs
    )
    whole = np.isclose(min(a), -1) and max(a) > 0.5 and np.isclose(max(a), np.round(max(a)))
    alone = first.step == second.step and all(len(path.edges) == 1 for path in pair)
    return bool(matrices and whole and alone)


def _twins(flow: Flow, pair: tuple[Path, Path]) -> bool:
    """Whether one value enters by both: the two terms of a product with a matrix, alike where that
    is symmetric.
    """
    first, second = (path.edges[0] for path in pair)
    steps = {flow.program.steps[edge.step].name for path in pair for edge in path.edges}
    same = flow.program.operand(first) == flow.program.operand(second)
    return same and "dot_general" in steps


def _everywhere(scene: Scene, paths: list[Path], a: np.ndarray) -> list[np.ndarray] | None:
    """The coefficients by group (sizes may enter them), if they explain every answer; nan where
    none are needed.
    """
    answers, found = [], []
    edges = tuple(sorted({edge for path in paths for edge in path.edges}))
    for g, evidence in enumerate(scene.evidences):
        there = scene.flow(g) if g == scene.main else scene.flow(g, edges)
        if there is None or not alike(scene, there, edges):
            if not scene.spared(g, "function"):
                return None
            answers.append(list(evidence.hand))
            found.append(np.full_like(a, np.nan))
            continue
        shares = [there.share(path.edges) for path in paths]
        answer, here = _sum(there, shares, a), a
        if not all(scene.fits(g, i, answer[i]) for i in scene.leaves):
            again = fitted(scene, there, shares) if scene.wrong[g].any() else 0 * a
            if again is None:
                return None
            answer, here = _sum(there, shares, again), again
        answers.append(answer)
        found.append(here)
    return found if scene.explains(answers) else None


def _sum(flow: Flow, shares: list[np.ndarray], a: np.ndarray) -> list[np.ndarray]:
    total = sum(c * share for c, share in zip(a, shares, strict=True))
    return flow.answer(np.asarray(total), flow.evidence.truth)


def _said(scene: Scene, coefficients: list[float]) -> tuple[str, str] | None:
    """The name of the mistake that counts a path with these factors, and what to say of it; `None`
    where they vary from group to group and not with the sizes.
    """
    factors = [1 + a for a in coefficients]
    k = factors[scene.main]
    if np.nanmax([abs(f - k) for f in factors]) > 1e-6 * max(1.0, abs(k)):
        word = scene.size_word(factors)
        return _counted(word) if word else None
    if min(abs(k), abs(k + 1)) < 1e-6:
        return entered(k)
    word = scene.size_word(factors)
    if word:
        return _counted(word)
    if abs(k - 1) < 0.02:
        return (
            "constant",
            f"enters with a slightly wrong constant: {nearly_one(k)} times what it should be",
        )
    return entered(k)


def _counted(word: str) -> tuple[str, str]:
    return "batch_factor", f"enters {word} times where it should enter once{meaning(word)}"


def describe(flow: Flow, path: Path) -> tuple[str, str]:
    """A path in words: where it branches off, and where it goes; and the place in the source."""
    program = flow.program
    start = operand_text(flow.told, path.edges[0])
    steps = [program.steps[edge.step] for edge in path.chain]
    # where ways meet on the way back JAX adds them up, and nobody wrote that
    wrote = [step for step in steps if step.name != "add_any"]
    told = [(step.outputs[-1], step.place) for step in wrote if step.place is not None]
    places = {made_text(program, slot): place for slot, place in told}
    if not places:
        kinds = list(dict.fromkeys(plain(s.name) for s in steps if s.name not in TRIVIAL))
        return f"the path {' -> '.join([start, *kinds[:3]])}", ""
    texts, place = list(places), str(next(iter(places.values())))
    apart = {program.operand(edge) for edge in path.edges}
    if len(apart) > 2 and len({program.steps[e.step].place for e in path.edges}) == 1:
        return f"everything that enters {texts[0]}", place
    if len(path.edges) > 1 and len({program.steps[e.step].place for e in path.edges}) > 1:
        return f"everything that depends on {start} from there on", place
    first = path.edges[0]
    beside = [e for e in program.edges() if e.step == first.step]
    here = steps[0].place
    unpacked = here is not None and texts[0] != here.quoted
    within = [e for e in program.edges() if program.steps[e.step].place == here and not unpacked]
    if start.startswith("its "):  # a value within one expression, as the sum in a softmax
        texts[0] = f"through {_inside(flow, path, start)} in {texts[0]}"
    elif len(path.edges) == 1 < len(beside) and len(texts) == 1:
        texts[0] += f" (its {_which(steps[0].name, first.operand)})"
    elif {e for e in within if program.operand(e) == program.operand(first)} - {*path.edges}:
        texts[0] += f" (its {plain(steps[0].name)} alone)"
    if not start.startswith("its "):
        texts = [start, *texts]
    return f"the path {' -> '.join(texts[:4])}", place


def _inside(flow: Flow, path: Path, start: str) -> str:
    """A value within one expression: the one that all of the path goes through, and no other."""
    leaving, first = flow.program.leaving(), flow.program.steps[path.edges[0].step]
    if len(leaving[flow.program.operand(path.edges[0])]) == len(path.edges):
        return f"the {start[4:]}"
    normalizes = first.name == "reduce_sum" and first.place and "softmax" in first.place.text
    return "the normaliser" if normalizes else f"the {plain(first.name)}"


def _which(step: str, operand: int) -> str:
    if step in SIDES:
        return SIDES[step][operand]
    return f"{ORDINALS[operand % len(ORDINALS)]} {OPERANDS.get(step, 'operand')}"
