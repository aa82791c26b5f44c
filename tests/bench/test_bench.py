"""`lab bench`: suites are found, their options are those of `measure`, the report can be read."""

import inspect
import json
import subprocess
import sys
from types import ModuleType
from typing import Literal

import pytest

from lab import bench
from lab.bench import Report, Table, markdown
from lab.cli import status


@pytest.fixture
def suite(monkeypatch):
    """A suite called ``counting`` that reports the options it was given."""
    module = ModuleType("counting", "Counting to three. It is not hard.")

    def measure(watch, *, sample: int = 2, part: Literal["a", "b"] = "a", peers: bool = True):
        """More about it."""
        watch.phase("counting", sample)
        watch.at(1, "one")
        given = {"sample": sample, "part": part, "peers": peers}
        return Report([Table("Counts", ["what", "how many"], [["one", 1.0]])], given, ["No peers."])

    module.measure = measure
    monkeypatch.setattr(bench, "suites", lambda: ["counting"])
    monkeypatch.setattr(bench, "suite", lambda name: module)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], {"sample": 2, "part": "a", "peers": True}),
        (["--sample", "5", "--no-peers"], {"sample": 5, "part": "a", "peers": False}),
        (["--part", "b"], {"sample": 2, "part": "b", "peers": True}),
    ],
)
def test_options_are_those_of_measure(suite, capsys, tmp_path, arguments, given):
    file = tmp_path / "report.json"
    assert status(["bench", "counting", *arguments, "--json", "--out", str(file)]) == 0
    printed = capsys.readouterr().out
    report = json.loads(printed)
    assert report["facts"] == given
    assert report["tables"] == [{"title": "Counts", "rows": [{"what": "one", "how many": 1.0}]}]
    assert file.read_text(encoding="utf-8") == printed


def test_all_suites_are_measured_with_their_defaults(suite, capsys):
    assert status(["bench"]) == 0
    assert "| one  |" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--part", "c"], ["--sample", "many"], ["--parts"]])
def test_a_mistyped_option_is_one_line(suite, capsys, arguments):
    assert status(["bench", "counting", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_suite_is_one_line(capsys):
    assert status(["bench", "nothing_of_the_kind"]) == 2
    assert "no suite 'nothing_of_the_kind'" in capsys.readouterr().err


def test_help_shows_the_first_sentence(suite, capsys):
    assert status(["bench", "--help"]) == 0
    assert "Counting to three." in capsys.readouterr().out


@pytest.mark.parametrize("name", bench.suites())
def test_every_suite_keeps_the_contract(name):
    found = bench.suite(name)
    watch, *options = inspect.signature(found.measure).parameters.values()
    assert watch.name == "watch"
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not one.empty for one in options)
    assert found.__doc__


def test_a_table_is_markdown():
    table = Table("", ["name", "share"], [["a|b", 0.12345], ["none", None]])
    assert markdown(table).splitlines() == [
        "| name | share |",
        "| ---- | ----: |",
        "| a\\|b | 0.123 |",
        "| none |     - |",
    ]


def test_importing_the_suites_is_cheap():
    code = (
        "import sys; from lab import bench; [bench.suite(name) for name in bench.suites()]; "
        "assert not {'jax', 'matplotlib'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
