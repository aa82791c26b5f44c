"""What the mistake is: the simplest explanation that reproduces the wrong answer at every point.

Five rooms. `stage`: what there is to explain and when a guess explains it (`scene`, `setting`), the
derivative taken apart into paths (`program`, `flow`), the hand's own formula with something changed
(`draft`), factors that are sizes, how all of it is said. The finders alter either the right answer
as a whole (`answers`: scaled, turned, in part of the domain, at another place), or the right
derivative on some of its paths (`paths`: forgotten, miscounted, by a false rule, of a slightly
different function), until it is the hand's answer; or the hand's own formula (`formula`: a sign, a
number, an axis, a function, a term or factor left out) until it is right; or its very source
(`text`: subscripts, orders, indices, the lengths of loops, names).

The finders are asked in order, what people do most first; an explanation has to reproduce the wrong
answer at every point, whatever the sizes, so that the first to do so is believed. What fits and yet
is hardly what anybody did is not believed: it is told beside the pattern of the error."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from lab.referee.naming.answers.arguments import (
    exchanged,
    ignored,
    mirrored,
    misplaced,
    other_argument,
)
from lab.referee.naming.answers.conjugates import complex_leaves, conventions
from lab.referee.naming.answers.entries import single_entries
from lab.referee.naming.answers.regions import (
    certain_entries,
    certain_sizes,
    noughts_apart,
    regions,
)
from lab.referee.naming.answers.sides import one_sided
from lab.referee.naming.answers.symmetric import taken_symmetric
from lab.referee.naming.answers.terms import extra_terms
from lab.referee.naming.answers.transforms import summed, transformed
from lab.referee.naming.formula.changes import (
    crossed_factors,
    other_numbers,
    other_values,
    spare_factors,
    turned_values,
    wrong_signs,
)
from lab.referee.naming.formula.commuted import wrong_order
from lab.referee.naming.formula.counts import wrong_counts
from lab.referee.naming.formula.exchanges import wrong_values
from lab.referee.naming.formula.factors import missing_factors, missing_matrices, odd_factors
from lab.referee.naming.formula.functions import missing_functions, wrong_functions
from lab.referee.naming.formula.indices import wrong_indices
from lab.referee.naming.formula.lacking import (
    missing_numbers,
    missing_ones,
    missing_terms,
    odd_terms,
)
from lab.referee.naming.formula.loops import in_loops, last_rounds, other_rounds
from lab.referee.naming.formula.numbers import noughts, wrong_numbers
from lab.referee.naming.formula.own_axes import own_axes
from lab.referee.naming.formula.own_values import exchanged_values, own_values
from lab.referee.naming.formula.pieces import wrong_pieces
from lab.referee.naming.formula.relatives import other_ways, relatives, turned_comparisons
from lab.referee.naming.formula.switches import wrong_ways
from lab.referee.naming.formula.two_numbers import two_numbers
from lab.referee.naming.paths.altered import other_axes, other_constants
from lab.referee.naming.paths.branches import wrong_branches
from lab.referee.naming.paths.broken import broken_pairs, broken_paths, odd_pairs, odd_paths
from lab.referee.naming.paths.inner import inner_values
from lab.referee.naming.paths.jacobians import inner_jacobians, wrong_jacobians
from lab.referee.naming.paths.ratios import wrong_factors
from lab.referee.naming.paths.rounds import every_round
from lab.referee.naming.paths.rules import false_rules, inner_derivatives
from lab.referee.naming.paths.slopes import odd_slopes, wrong_slopes
from lab.referee.naming.stage.pattern import pattern
from lab.referee.naming.stage.scene import Finder, Scene
from lab.referee.naming.stage.setting import scene_of
from lab.referee.naming.text.rewritten import reworded, rewritten
from lab.referee.verdict import Mistake
from lab.referee.witnesses.evidence import Evidence

# What is asked of loops that are written out.
OF_ROUNDS: tuple[Finder, ...] = (
    last_rounds,
    other_rounds,
    wrong_signs,
    spare_factors,
    wrong_numbers,
    turned_values,
    other_values,
    missing_factors,
    wrong_values,
    missing_matrices,
    own_values,
)
BY_LEAF: tuple[Finder, ...] = (
    transformed,
    regions,
    one_sided,
    ignored,
    misplaced,
    certain_sizes,
    missing_ones,
    broken_paths,
    exchanged,
    wrong_jacobians,
    relatives,
    other_ways,
    spare_factors,
    wrong_signs,
    own_axes,
    wrong_pieces,
    wrong_indices,
    last_rounds,
    other_rounds,
    turned_values,
    turned_comparisons,
    wrong_branches,
    wrong_counts,
    wrong_numbers,
    other_numbers,
    two_numbers,
    taken_symmetric,
    broken_pairs,
    noughts,
    other_values,
    wrong_slopes,
    wrong_factors,
    inner_derivatives,
    false_rules,
    inner_jacobians,
    wrong_functions,
    missing_numbers,
    missing_factors,
    wrong_values,
    wrong_order,
    missing_matrices,
    own_values,
    exchanged_values,
    crossed_factors,
    missing_functions,
    missing_terms,
    rewritten,
    reworded,
    mirrored,
    every_round,
    in_loops(OF_ROUNDS),
    summed,
    inner_values,
    odd_paths,
    wrong_ways,
    single_entries,
    extra_terms,
    certain_entries,
    noughts_apart,
)
# Of one step among others: what it is about is tapped, and its arguments are not.
OF_A_STEP = tuple(find for find in BY_LEAF if find not in (ignored, misplaced, exchanged, mirrored))
IN_PARTS: tuple[Finder, ...] = (
    regions,
    one_sided,
    certain_sizes,
    wrong_branches,
)  # for what is right at most points
ALTOGETHER: tuple[Finder, ...] = (other_constants, other_axes, other_argument)  # the dear ones
# What the answer amounts to, though hardly anybody has made a mistake of that kind.
ODD: tuple[Finder, ...] = (odd_slopes, odd_terms, odd_factors, odd_pairs)

# What asks the source of the hand; after so many seconds of the processor it is its turn, before
# the others that are left.
OF_THE_SOURCE: tuple[Finder, ...] = (rewritten, reworded)
ENOUGH = 4.0
# After so many seconds of the processor no further finder is asked that runs programs: a long
# unrolled loop has thousands of paths, and whoever waits would rather know how the error looks.
PATIENCE = 20.0
OF_THE_ANSWER: tuple[Finder, ...] = (single_entries,)  # it takes no time
# A finder that fails is passed over, and the others are asked. The tests forgive nothing.
FORGIVEN: tuple[type[Exception], ...] = (Exception,)


def name_mistake(
    evidences: Sequence[Evidence],
    wrong: Sequence[np.ndarray],
    finders: Sequence[Finder] | None = None,
) -> Mistake:
    """Name what is wrong at the points ``wrong[e]`` (a mask for each group of evidence) as a
    whole; leaf by leaf where no one explanation covers all leaves.
    """
    finders = BY_LEAF if finders is None else finders
    until = time.process_time() + PATIENCE
    with np.errstate(all="ignore"):
        whole = scene_of(evidences, wrong)._replace(until=until)
        if whole.equations < 2:  # one number is explained by anything
            return _explanation(whole, [transformed]) or _leaf_by_leaf(whole, finders)
        if complex_leaves(whole):
            return _explanation(whole, [conventions, transformed]) or _pattern(whole)
        found = _explanation(whole, IN_PARTS) if whole.seldom else None
        found = found or _explanation(whole, (*finders, *ALTOGETHER))
        return found or _leaf_by_leaf(whole, finders)


def _explanation(one: Scene, finders: Sequence[Finder]) -> Mistake | None:
    """The first that is found, of finders asked in time."""
    for find in _in_turn(one, finders):
        if one.late and find not in OF_THE_ANSWER:
            continue
        with suppress(*FORGIVEN):
            for mistake in find(one):
                return mistake
    return None


def _in_turn(one: Scene, finders: Sequence[Finder]) -> Iterator[Finder]:
    rest = list(finders)
    while rest:
        waited = time.process_time() > one.until - PATIENCE + ENOUGH
        soon = [find for find in rest if find in OF_THE_SOURCE] if waited else rest
        find = (soon or rest)[0]
        rest.remove(find)
        yield find


def _leaf_by_leaf(whole: Scene, finders: Sequence[Finder]) -> Mistake:
    each = [whole.only([i]) for i in whole.leaves]
    found = [_explanation(one, finders) for one in each] if len(each) > 1 else [None]
    if not any(found):
        return _pattern(whole)
    told = [mistake or _pattern(one) for mistake, one in zip(found, each, strict=True)]
    name = told[0].name if all(found) else "unknown"
    where = "; ".join(mistake.where for mistake in found if mistake)
    if len({mistake.says for mistake in told}) == 1:
        return Mistake(name, told[0].says, where)
    by_text: dict[str, list[str]] = {}
    for one, mistake in zip(each, told, strict=True):
        by_text.setdefault(mistake.says.removeprefix(f"{one.where}: "), []).append(one.where)
    says = (f"{', '.join(leaves)}: {said}" for said, leaves in by_text.items())
    return Mistake(name, "; ".join(says), where)


def _pattern(one: Scene) -> Mistake:
    """How the error looks; and what the answer amounts to, where that can be said."""
    amounts = _explanation(one, ODD) if one.equations > 1 else None
    if amounts is None:
        return Mistake("unknown", pattern(one), one.where)
    says = f"{pattern(one)}; it amounts to this: {amounts.says}"
    return Mistake("unknown", says, amounts.where)
