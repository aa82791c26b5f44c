"""A folder with an experiment to sweep."""

from pathlib import Path

import pytest

from tests.sweep.swept import CONFIG, VALLEY


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lab.compiled.keep", lambda: None)
    folder = Path("experiments", "valley")
    folder.mkdir(parents=True)
    (folder / "experiment.py").write_text(VALLEY, encoding="utf-8")
    Path("configs").mkdir()
    Path("configs", "valley.yaml").write_text(CONFIG, encoding="utf-8")
