"""The collection is what it says: right ones are right, mistakes are mistakes; without the referee."""

from collections import Counter

import jax
import numpy as np
import pytest

from lab.bench.referee.backprops import BACKPROPS
from lab.bench.referee.case import Case, derived, part_of
from lab.bench.referee.collection import collection
from lab.bench.referee.draws import at, normal
from lab.derivation import derivation
from lab.referee.verdict import MISTAKES
from tests.bench.independent import (
    Subject,
    agrees_with_differences,
    gap,
    scales,
    valid_at_kink,
)

CASES = collection()
FEW = CASES[::45]
REST = [case for case in CASES if case not in FEW]
NAME = lambda case: case.name

both = lambda test: pytest.mark.parametrize(
    "case",
    [*FEW, *(pytest.param(case, marks=pytest.mark.slow) for case in REST)],
    ids=NAME,
)(test)


def test_there_are_enough_of_everything():
    assert sum(1 + len(case.others) for case in CASES) >= 250
    planted = Counter(one.name for case in CASES for one in case.mistakes)
    assert sum(planted.values()) >= 1500
    assert set(planted) == set(MISTAKES) - {"unknown"}
    assert min(planted.values()) >= 30, planted
    assert Counter(case.kind for case in CASES).total() == len(CASES)
    assert len({case.kind for case in CASES}) == 7
    assert Counter(case.group for case in CASES)["kinked"] >= 15
    assert Counter(case.group for case in CASES)["ill-conditioned"] >= 25
    assert len(BACKPROPS) >= 8


def test_names_are_unique_and_names_of_mistakes():
    names = [case.name for case in CASES] + [one.name for one in BACKPROPS]
    labels = [one.label for case in CASES for one in case.mistakes]
    assert max(Counter(names).values()) == 1
    assert max(Counter(labels).values()) == 1
    assert all(one.names <= set(MISTAKES) for case in CASES for one in case.mistakes)


def test_a_third_is_held_out_by_name_alone():
    assert part_of("mean squared error") == "tuned"
    assert part_of("softmax written out") == "held_out"
    held_out = [case for case in CASES if case.part == "held_out"]
    assert 0.25 < len(held_out) / len(CASES) < 0.42
    per_class = Counter(one.name for case in held_out for one in case.mistakes)
    assert set(per_class) == set(MISTAKES) - {"unknown"}, "every class is held out in part"


def test_named_domains_fit_their_functions():
    for case in CASES:
        if case.domains:
            derivation(case.of, case.hand, kind=case.kind, wrt=case.wrt, at=case.domains)


@both
def test_right_ones_are_right(case):
    subject = Subject(case, 4)
    right = subject.answers(case.hand)
    for hand in (case.hand, *case.others):
        answers = subject.answers(hand)
        for index, (args, answer) in enumerate(zip(subject.points, answers, strict=True)):
            assert not isinstance(answer, Exception), answer
            if case.kind == "identity":
                told = [np.asarray(leaf) for leaf in jax.tree.leaves(case.of(*args))]
                assert gap(told, answer, scales([told])) < 1e-9
            elif case.group == "kinked":
                assert valid_at_kink(subject, index, answer, right[index])
            else:
                assert agrees_with_differences(subject, args, answer)


@both
def test_mistakes_are_mistakes(case):
    subject = Subject(case, 48 if case.group != "kinked" else 16)
    right = subject.answers(case.hand)
    usual = scales(right)
    single = None
    for one in case.mistakes:
        if one.name == "unstable":
            single = single or _gaps(right, subject.answers(case.hand, 32), usual)
            wrong = _gaps(right, subject.answers(one.hand, 32), usual)
            lost = [w > 1e-3 and w > 100 * r for r, w in zip(single, wrong, strict=True)]
            assert any(lost), f"{one.label} loses nothing"
            continue
        said = subject.answers(one.hand)
        off = np.array(_gaps(right, said, usual))
        if "shape" in one.names:
            assert np.isinf(off).any(), f"{one.label} has the right shape"
            continue
        assert (off > 2e-7).any(), f"{one.label} is right"
        if one.name == "region":
            assert (off < 1e-12).any() or _partly(right, said), f"{one.label} is wrong everywhere"
        elif "region" not in one.names:
            assert (off > 2e-7).mean() > 0.1, f"{one.label} is wrong in some region only"
        if case.group == "kinked":
            valid = [valid_at_kink(subject, k, answer, right[k]) for k, answer in enumerate(said)]
            assert not all(valid), f"{one.label} is a valid subgradient"


def _gaps(right, wrong, usual):
    return [gap(r, w, usual) for r, w in zip(right, wrong, strict=True)]


def _partly(right, said):
    """Whether some entries are as they should be, somewhere."""
    return any(
        np.any(r == w)
        for a, b in zip(right, said, strict=True)
        if not isinstance(b, Exception)
        for r, w in zip(a, b, strict=True)
        if r.shape == w.shape
    )


def test_a_mistake_that_is_none_would_be_seen():
    square = Case(
        "x", lambda x: x @ x, lambda x: 2 * x, at(normal(3)), [("factor", lambda x: x + x)]
    )
    with pytest.raises(AssertionError, match="is right"):
        test_mistakes_are_mistakes(square)
    wrong = Case("y", lambda x: x @ x, lambda x: x, at(normal(3)))
    with pytest.raises(AssertionError):
        test_right_ones_are_right(wrong)


@pytest.mark.parametrize("one", BACKPROPS, ids=NAME)
def test_backpropagation_is_right_and_every_plant_spoils_it(one):
    args = one.at(jax.random.key(0))
    leaves = lambda hand: [np.asarray(leaf) for leaf in jax.tree.leaves(hand(*args))]
    truth = leaves(derived(one.of, one.kind, one.wrt))
    for found, leaf in zip(leaves(one.with_plant({})), truth, strict=True):
        np.testing.assert_allclose(found, leaf, rtol=1e-9, atol=1e-12)
    for plant in one.plants():
        assert plant
        assert set(plant) <= {*one.steps, "result"}
        assert gap(truth, leaves(one.with_plant(plant)), scales([truth])) > 1e-5, plant
