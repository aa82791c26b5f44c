"""Mistakes found by rewriting: the one change of the hand's source that makes it right.

What a formula does to its axes, its order and its indices is lost in its program, where sums and
gathers are steps of fixed shapes; in the source it is an `axis=`, a subscript, the sign of a shift.
A change of the source is traced, carried out by NumPy at a few points, and believed if it is right
at all points of all sizes."""

import ast
import contextlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.question import split
from lab.referee.naming.stage.scene import Scene, some_rows, where
from lab.referee.naming.text.decided import (
    other_bounds,
    other_comparisons,
    other_functions,
    other_whole_numbers,
)
from lab.referee.naming.text.edits import Edit, Edits, said
from lab.referee.naming.text.reckoned import reckoned
from lab.referee.naming.text.shifted import (
    other_entries,
    other_lengths,
    other_orders,
    other_shifts,
)
from lab.referee.naming.text.spots import Site, sites
from lab.referee.naming.text.turned import (
    other_axes,
    other_products,
    other_spreads,
    other_subscripts,
    other_sums,
)
from lab.referee.naming.text.worded import (
    exchanged_names,
    forgotten_entries,
    forgotten_names,
    missing_gram,
    missing_names,
    missing_products,
    other_constants,
    other_names,
    own_forms,
    spare_parts,
    weighted_sums,
)
from lab.referee.naming.text.written import Text, texts, with_another
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence

FEWEST = 4  # numbers that an explanation has to set right
PATIENCE = 4.0  # seconds of the processor
KNOWN = {"jnp": jnp}  # what an edit may call by name

STRUCTURE: tuple[Edits, ...] = (
    other_axes,
    other_subscripts,
    other_spreads,
    other_shifts,
    other_lengths,
    other_entries,
    other_comparisons,
    other_orders,
    other_products,
    other_sums,
    other_bounds,
    other_functions,
)
WORDING: tuple[Edits, ...] = (
    forgotten_names,
    forgotten_entries,
    own_forms,
    weighted_sums,
    exchanged_names,
    other_constants,
    other_names,
    missing_gram,
    missing_names,
    spare_parts,
    missing_products,
    other_whole_numbers,
)
# What is asked of the two sides of a comparison, where by its side alone anything fits.
COMPARED = (other_names, other_constants)


class Trial(NamedTuple):
    """A hand as it is written, to be tried at points of one size."""

    evidence: Evidence
    hand: Callable[..., Any]

    def answer(self, hand: Callable[..., Any]) -> Callable[..., list[Any]]:
        """The leaves of what a rewritten hand says at one point."""
        asked, group = self.evidence.question, self.evidence.group
        shapes = self.evidence.form.shapes

        def answer(*leaves: Any) -> list[Any]:
            args, extra = split(asked, group.rebuild(leaves))
            said = jax.tree.leaves(hand(*args, *((extra,) if asked.claim.carries else ())))
            return [jnp.broadcast_to(jnp.asarray(x), s) for x, s in zip(said, shapes, strict=True)]

        return answer

    def at(self, hand: Callable[..., Any], rows: np.ndarray) -> list[np.ndarray] | None:
        """What a rewritten hand says at some points, leaf by leaf; `None` where it breaks."""
        leaves = self.evidence.group.leaves
        kinds = [jax.ShapeDtypeStruct(np.shape(x)[1:], x.dtype) for x in leaves]
        try:
            closed = jax.make_jaxpr(self.answer(hand))(*kinds)
            told = [reckoned(closed, [leaf[row] for leaf in leaves]) for row in rows]
        except Exception:
            return None
        return [np.stack([np.asarray(one[i], float) for one in told]) for i in range(len(told[0]))]


def rewritten(scene: Scene) -> Iterator[Mistake]:
    found = _rewritten(scene, STRUCTURE)
    if found is not None:
        yield found


def reworded(scene: Scene) -> Iterator[Mistake]:
    """The same with names, factors and terms."""
    found = _rewritten(scene, WORDING)
    if found is not None:
        yield found


def _rewritten(scene: Scene, edits: tuple[Edits, ...]) -> Mistake | None:
    evidence = scene.evidences[scene.main]
    if scene.equations < FEWEST or not all(
        isinstance(x, np.ndarray) for x in evidence.group.leaves
    ):
        return None
    claim = evidence.question.claim
    trial = Trial(evidence, getattr(claim.hand, "written", None) or claim.hand)
    rows = some_rows(scene)
    with precision(64), contextlib.redirect_stdout(io.StringIO()):
        for edit, answer in _tried(scene, trial, edits):
            if not scene.true(scene.main, rows[:1], answer):
                continue
            hand = _put(trial.hand, edit)
            if hand is not None and _mends(scene, trial, hand, rows):
                return _mistake(scene, edit)
    return None


def _tried(
    scene: Scene, trial: Trial, edits: Sequence[Edits]
) -> Iterator[tuple[Edit, list[np.ndarray]]]:
    """What the hand says after each edit at one wrong point; asked once for all its leaves."""
    row = some_rows(scene)[:1]
    known = trial.evidence.question.known
    key = ("rewritten", edits, scene.main, int(row[0]))
    if key not in known:
        before = trial.at(trial.hand, row)
        sound = before is not None and scene.told(scene.main, row, before)
        known[key] = ([], _answers(trial, edits, row) if sound else iter(()))
    told, rest = known[key]
    yield from told
    for one in rest:
        told.append(one)
        yield one


def _answers(
    trial: Trial, edits: Sequence[Edits], row: np.ndarray
) -> Iterator[tuple[Edit, list[np.ndarray]]]:
    for edit in _edits(texts(trial.hand), edits):
        hand = _put(trial.hand, edit)
        answer = trial.at(hand, row) if hand is not None else None
        if answer is not None:
            yield edit, answer


def _edits(written: Sequence[Text], kinds: Sequence[Edits]) -> Iterator[Edit]:
    """Those of each kind in turn, while there is time; what stands at several places is changed at
    all of them, too.
    """
    until = time.process_time() + PATIENCE
    places = [(site, ast.unparse(site.node)) for text in written for site in sites(text)]
    alike: dict[tuple[int, str], list[Site]] = {}
    for site, now in places:
        alike.setdefault((id(site.text.node), now), []).append(site)
    for kind in kinds:
        for site, now in places:
            together = alike[id(site.text.node), now]
            seen = {now}
            if site.decides and kind not in COMPARED:
                continue
            for name, node, *words in kind(site):
                if time.process_time() > until:
                    return
                text = ast.unparse(node)
                if text in seen:
                    continue
                seen.add(text)
                name = "region" if site.decides else name
                says = words[0] if words else said(site.node, node)
                yield Edit((site,), node, name, says)
                if site is together[0] and len(together) > 1 and now not in text:
                    yield Edit(tuple(together), node, name, says)


def _put(hand: Callable[..., Any], edit: Edit) -> Callable[..., Any] | None:
    """The hand with the edit made."""
    text = edit.sites[0].text
    for site in edit.sites:
        site.put(edit.node)
    try:
        new = text.compiled(KNOWN)
    except (SyntaxError, ValueError, KeyError, TypeError):
        return None
    finally:
        for site in edit.sites:
            site.put(site.node)
    return with_another(hand, text.function, new)


def _mends(scene: Scene, trial: Trial, hand: Callable[..., Any], rows: np.ndarray) -> bool:
    answer = trial.at(hand, rows)
    if answer is None or not scene.true(scene.main, rows, answer):
        return False
    return all(_everywhere(scene, g, hand) for g in range(len(scene.evidences)))


def _everywhere(scene: Scene, g: int, hand: Callable[..., Any]) -> bool:
    seen = np.flatnonzero(scene.wrong[g] | scene.right[g])
    if not len(seen):
        return True
    evidence = scene.evidences[g]
    ask = Asker(Trial(evidence, hand).answer(hand), evidence.group, 64, len(seen), traced=True)
    told = ask(tuple(leaf[seen] for leaf in evidence.group.leaves))
    return not isinstance(told, Raised) and scene.true(g, seen, told)


def _mistake(scene: Scene, edit: Edit) -> Mistake:
    site = edit.sites[0]
    place = f"{site.text.file.rpartition('/')[2]}:{site.node.lineno}"
    return Mistake(edit.name, edit.says, where(scene, place))
