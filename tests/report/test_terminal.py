"""A terminal gets columns folded at its edge, colour and a bar; a pipe gets a line a row."""

import io
import json
import sys

import pytest

from lab.report.progress import progress
from lab.report.terminal import columns, dumps, styled

ROWS = [("a", "1", "one two three four five six seven eight"), ("long", "22", "")]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch) -> tuple[Terminal, Terminal]:
    """Stdout and stderr as somebody watches them; not a fixture, which pytest's capture undoes."""
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    return out, err


def test_a_pipe_gets_a_line_a_row() -> None:
    assert list(columns(ROWS)) == [
        "a     1   one two three four five six seven eight",
        "long  22",
    ]
    assert list(columns([])) == []


def test_a_terminal_gets_its_rows_folded_under_their_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    lines = list(columns(ROWS))
    assert lines[0] == "a     1   one two three four five six"
    assert lines[1] == "          seven eight"
    assert all(len(line) <= 40 for line in lines)


def test_colour_is_for_those_who_look_and_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert styled("x", bold=True) != "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("x", bold=True) == "x"


def test_progress_shows_phase_count_and_remark_on_stderr_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, err = watched(monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    with progress() as watch:
        watch.phase("training", 400)
        watch.at(200, "loss 0.5")
    assert all(said in err.getvalue() for said in ("training", "200/400", "loss 0.5"))
    assert out.getvalue() == ""


def test_progress_makes_room_for_results_that_stream_to_the_same_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, err = watched(monkeypatch)
    with progress(streaming=True) as watch:
        watch.phase("checks", 2)
        watch.at(1)
    assert err.getvalue() == ""


def test_nobody_watching_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as watch:
        watch.phase("checks", 2)
        watch.at(1)
    assert capsys.readouterr() == ("", "")


def test_json_has_no_word_for_numbers_that_are_not_finite() -> None:
    content = {"a": float("nan"), "b": [float("inf"), 1.5], "c": "é"}
    assert json.loads(dumps(content), parse_constant=pytest.fail) == {
        "a": None,
        "b": [None, 1.5],
        "c": "é",
    }
