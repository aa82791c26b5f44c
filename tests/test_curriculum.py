"""Every row of the curriculum is covered, and everything that it names is there."""

import json

import pytest

from lab.cli import status
from lab.curriculum import kind, rows

NAMES = sorted({name for row in rows() for name in row.by})


@pytest.mark.parametrize("name", NAMES)
def test_what_a_row_names_is_there(name):
    assert kind(name) is not None


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.item)
def test_a_row_is_covered_by_something_named(row):
    kinds = {kind(name) for name in row.by}
    assert kinds & {"derivation", "function", "figure", "page"}, row
    assert len(row.asks) > 10
    # what is asked of the reader is trained; what is asked of the pages cannot be
    assert "exercise" in kinds or row.item in ("table of notation", "emphasis", "philosophy")


def test_the_curriculum_is_whole():
    assert len(rows()) == 69
    assert len({(row.source, row.item) for row in rows()}) == len(rows())


@pytest.mark.parametrize(
    "name", ["no_such", "no.such", "gradient_descent/no_such", "no_such/theory.md", "lab.referee:no_such", "directional_derivatives.no_such"]
)  # fmt: skip
def test_a_name_that_is_nowhere_is_seen(name):
    assert kind(name) is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("softmax_vjp", "derivation"),
        ("gradient_descent", "experiment"),
        ("gradient_descent/path", "figure"),
        ("gradient_descent/theory.md", "page"),
        ("directional_derivatives.bowl_rate", "exercise"),
        ("lab.referee:check", "function"),
    ],
)
def test_names_are_of_a_kind(name, found):
    assert kind(name) == found


def test_the_curriculum_is_listed(capsys):
    assert status(["list", "--curriculum"]) == 0
    out = capsys.readouterr().out
    assert all(row.item in out and row.asks in out for row in rows())
    assert status(["list", "--curriculum", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["curriculum"]
    assert [row["item"] for row in listed] == [row.item for row in rows()]
    assert set(listed[0]) == {"source", "item", "asks", "by"}
    assert status(["list", "--curriculum", "--topic", "losses"]) == 2


def test_the_notation_is_shown(capsys):
    assert status(["show", "notation"]) == 0
    assert "Hessian" in capsys.readouterr().out
