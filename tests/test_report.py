"""``lab report``: the page again, from the folder alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.cli import status
from tests.test_run import BOWL, CONFIG, put


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    put("bowl", BOWL, CONFIG)
    assert status(["run", "bowl", "--no-checks"]) == 0
    return Path(capsys.readouterr().out.splitlines()[-1])


def test_the_page_comes_back_as_it_was(run: Path, capsys: Any) -> None:
    page = run / "report.html"
    before = page.read_bytes()
    page.unlink()
    assert status(["report", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(page)
    assert page.read_bytes() == before


def test_a_run_that_was_killed_has_a_page_that_says_so(run: Path, capsys: Any) -> None:
    kept = json.loads((run / "run.json").read_text("utf-8"))
    (run / "run.json").write_text(json.dumps(kept | {"status": "running", "figures": []}), "utf-8")
    assert status(["report", str(run), "--out", "page.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": "page.html", "status": "running"}
    assert "running" in Path("page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("lost", "says"), [("run.json", "is not a run"), ("config.yaml", "cannot read")]
)
def test_what_is_no_run_is_refused_in_a_line(run: Path, capsys: Any, lost: str, says: str) -> None:
    (run / lost).unlink()
    assert status(["report", str(run)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


def test_a_record_of_something_else_is_refused_in_a_line(run: Path, capsys: Any) -> None:
    (run / "run.json").write_text("{}", "utf-8")
    assert status(["report", str(run)]) == 2
    assert "run.json has no 'experiment'" in capsys.readouterr().err
