"""`lab bench referee`: what it counts, and that it counts what the referee misses."""

import pytest

from lab.bench.referee import scores
from lab.bench.referee.case import Case
from lab.bench.referee.draws import at, normal
from lab.bench.referee.peers import heard, present
from lab.bench.referee.trial import Trial, judged

RIGHT = lambda x: 2 * x
SQUARE = dict(of=lambda x: x @ x, hand=RIGHT, at=at(normal(3)))


def trial(label, *, planted="", verdict="wrong", named="", part="tuned", **more):
    fields = dict(
        case="one", label=label, part=part, group="plain", kind="gradient", form="sampler",
        planted=planted, names=(planted, "factor"), verdict=verdict, named=named, says="",
        seconds=0.5, steps={}, expected_steps={},
    )  # fmt: skip
    return Trial(**(fields | more))


def cells(table, row):
    """The cells of a row by column, as the JSON has them: no two columns share a name."""
    assert len({*table.columns}) == len(table.columns)
    (found,) = [one for one in table.rows if one[0] == row]
    return dict(zip(table.columns, found, strict=True))


def test_a_mistake_that_is_passed_is_a_miss():
    """The first is no mistake: the referee passes it, rightly, and the report must count a miss."""
    one = Case("x", slips=[("factor", lambda x: x + x), ("sign", lambda x: -2 * x)], **SQUARE)
    trials = [*judged(one)]
    assert [each.verdict for each in trials] == ["correct", "correct", "wrong"]
    told = cells(scores.by_class(trials), "factor"), cells(scores.by_class(trials), "sign")
    column = "detected" if one.part == "tuned" else "held out: detected"
    assert [each[column] for each in told] == ["0.0 %", "100.0 %"]
    assert cells(scores.right_ones(trials), "plain")["tuned: alarms"] == 0


def test_detection_and_names_are_counted_by_part():
    trials = [
        trial("a", planted="sign", named="sign"),
        trial("b", planted="sign", named="factor"),
        trial("c", planted="sign", named="unknown"),
        trial("d", planted="sign", verdict="correct"),
        trial("e", planted="sign", verdict="inconclusive"),
        trial("x", planted="sign", verdict="crash"),
        trial("f", planted="sign", verdict="unstable", named="unstable", part="held_out"),
    ]
    row = cells(scores.by_class(trials), "sign")
    assert row["planted"] == 7
    assert (row["detected"], row["named"]) == ("50.0 %", "33.3 %")
    assert row["misnamed"] == "0.0 %"
    assert row["held out: detected"] == row["held out: misnamed"] == "100.0 %"


def test_false_alarms_are_counted_by_group():
    trials = [
        trial("a", verdict="correct"),
        trial("b", verdict="inconclusive"),
        trial("c", verdict="wrong", group="kinked"),
        trial("d", verdict="subgradient", group="kinked"),
    ]
    table = scores.right_ones(trials)
    assert cells(table, "plain")["tuned: alarms"] == 1
    assert cells(table, "kinked")["tuned: alarms"] == 1
    assert cells(scores.beside_peers(trials, []), "lab check")["alarms: kinked"] == "1 of 2"


def test_nothing_is_told_of_the_held_out_part():
    trials = [
        trial("a", planted="sign", verdict="correct"),
        trial("b", planted="sign", verdict="correct", part="held_out"),
        trial("c", planted="sign", named="sign"),
    ]
    assert [one["label"] for one in scores.failures(trials)] == ["a"]


@pytest.mark.parametrize(
    ("said", "found", "blamed"),
    [
        ({"z": "wrong", "a": "correct"}, 1, 0),
        ({"z": "wrong", "a": "wrong"}, 1, 1),
        ({"z": "correct", "a": "correct"}, 0, 0),
        ({}, 0, 0),
    ],
)
def test_steps_are_found_or_blamed(said, found, blamed):
    expected = {"z": "wrong", "a": "correct"}
    one = trial("s", planted="step", form="steps", steps=said, expected_steps=expected)
    row = cells(scores.steps([one]), "tuned")
    assert (row["found"], row["blamed"]) == (found, blamed)
    assert row["all steps judged right"] == ("100.0 %" if said == expected else "0.0 %")


def test_peers_condemn_a_flipped_sign_and_pass_what_is_right():
    one = Case("x", slips=[("sign", lambda x: -2 * x)], **SQUARE)
    told = {(each.peer, each.planted): each.condemns for each in heard(one)}
    assert len(told) == 2 * len(present()) >= 6
    assert all(condemns == bool(planted) for (_, planted), condemns in told.items())


@pytest.mark.parametrize("kind", ["derivative", "jacobian", "vjp", "jvp", "hessian", "identity"])
def test_peers_can_be_asked_about_every_kind(kind):
    import jax.numpy as jnp

    of, hand = {
        "derivative": (jnp.sin, jnp.cos),
        "jacobian": (jnp.sin, lambda x: jnp.diag(jnp.cos(x))),
        "vjp": (jnp.sin, lambda x, ct: ct * jnp.cos(x)),
        "jvp": (jnp.sin, lambda x, dx: dx * jnp.cos(x)),
        "hessian": (lambda x: jnp.sum(x**3), lambda x: jnp.diag(6 * x)),
        "identity": (jnp.sin, lambda x: jnp.cos(x - jnp.pi / 2)),
    }[kind]
    slips = [("factor", lambda *args: 2 * hand(*args))]
    told = [*heard(Case("x", of, hand, at(normal(3)), slips, kind=kind))]
    assert told
    assert all(each.condemns == bool(each.planted) for each in told), told
