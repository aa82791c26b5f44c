"""Finding one's way: by words, and from a derivation to where it is used."""

import json
from typing import Any

import pytest

from lab import catalogue
from lab.cli import status
from lab.search import nearest, search, used


@pytest.mark.parametrize(
    ("words", "derivation"),
    [
        ("softmax_vjp", "softmax_vjp"),
        ("softmax vjp", "softmax_vjp"),
        ("LOGDETERMINANT", "log_determinant_gradient"),
        ("one dot product per row", "softmax_vjp"),
        ("log-determinant", "log_determinant_gradient"),
        ("det(AXB)", "sandwich_determinant_gradient"),
        ("X^T B X", "congruence_jacobian"),
        ("pade", "pade_series"),
        ("batch normalization", "batch_norm_vjp"),
        ("RMSE", "root_mean_squared_error_gradient"),
        ("cookbook brier", ""),
    ],
)
def test_all_the_words_are_looked_for_in_names_and_derivations(words: str, derivation: str) -> None:
    found = {entry.name for topic in search(words).topics for entry in topic.entries}
    assert found == set() if not derivation else derivation in found


@pytest.mark.parametrize(
    ("words", "derivation"),
    [
        ("quantile (pinball)", "pinball_derivative"),
        ("multiclass hinge (Weston-Watkins)", "weston_watkins_gradient"),
        ("squared MMD, RBF kernel", "squared_mmd_gradient"),
        ("KL to N(0,I), log-variance l (VAE)", "divergence_from_standard_normal_gradient"),
        ("Tr(AX), X diagonal", "diagonal_trace_gradient"),
        ("hyperbolic tangent activation", "tanh_derivative"),
        ("equality-constrained QP (KKT)", "constrained_minimiser_jvp"),
        ("Cauchy point (trust region)", "cauchy_point_derivative"),
        ("arctan2 of a point", "angle_of_point_gradient"),
    ],
)
def test_where_not_all_the_words_occur_most_of_them_lead_there(words: str, derivation: str) -> None:
    found = [entry.name for entry in nearest(words)]
    assert derivation in found
    assert len(found) <= 5


def test_words_that_nobody_uses_lead_nowhere() -> None:
    assert nearest("zzzz of the qqqq") == ()


def test_a_derivation_is_shown_by_its_words(capsys: Any) -> None:
    assert "weibull_hazard_derivative" in told(capsys, "show", "weibull hazard")
    said = told(capsys, "show", "dice or jaccard loss", wanted=2)
    assert said.count("\n") == 1
    assert "soft_dice_loss_gradient" in said


def test_experiments_and_exercises_are_found_by_their_words() -> None:
    found = search("steepest direction")
    assert "directional_derivatives" in {one.name for one in found.experiments}
    assert "slope_gradient" in {question.name for _, question in found.exercises}


def test_a_derivation_knows_where_it_is_used() -> None:
    uses = used(catalogue.find("tilted_bowl_gradient"))
    assert "directional_derivatives" in uses.experiments
    assert "directional_derivatives" in uses.sheets
    assert "attention_vjp" in used(catalogue.find("softmax_vjp")).derivations
    assert "softmax_vjp" not in used(catalogue.find("softmax_vjp")).derivations


def told(capsys: Any, *arguments: str, wanted: int = 0) -> str:
    assert status([*arguments]) == wanted
    out, err = capsys.readouterr()
    return str(err if wanted else out)


def test_search_from_the_command_line(capsys: Any) -> None:
    assert "slope_gradient" in told(capsys, "list", "--search", "steepest direction")
    found = json.loads(told(capsys, "list", "--search", "steepest direction", "--json"))
    assert "directional_derivatives.slope_gradient" in found["exercises"]
    assert {"experiments", "derivations", "exercises"} == set(found)
    for arguments, said in (
        (["--search", "zzzz"], "nothing holds the words 'zzzz'"),
        (["--search", " "], "no words"),
        (["derivations", "--search", "x"], "leave out the rest"),
    ):
        assert said in told(capsys, "list", *arguments, wanted=2)


def test_show_tells_what_is_known_of_a_derivation(capsys: Any) -> None:
    out = told(capsys, "show", "tilted_bowl_gradient")
    for line in ("for", "experiments  directional_derivatives", "exercises    lab exercise"):
        assert line in out
    known = json.loads(told(capsys, "show", "tilted_bowl_gradient", "--json"))
    assert known["at"] == {"p": "reals('2')"}
    assert "directional_derivatives" in known["used"]["experiments"]
    assert "x == 0" in told(capsys, "show", "relu_derivative")


def test_show_knows_exercises(capsys: Any) -> None:
    assert "lab exercise directional_derivatives" in told(capsys, "show", "directional_derivatives")
    assert "dot product" in told(capsys, "show", "directional_derivatives.bowl_rate")
    said = told(capsys, "show", "directional_derivatives.bowl_rat", wanted=2)
    assert "did you mean 'bowl_rate'?" in said


def test_topics_stand_on_their_shelves(capsys: Any) -> None:
    lines = told(capsys, "list").splitlines()
    for topic in catalogue.topics():
        assert lines.index(topic.shelf) < next(
            k
            for k, line in enumerate(lines)
            if line.startswith(f"{topic.name} ") and topic.title in line
        )
