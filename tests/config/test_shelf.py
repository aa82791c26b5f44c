from pathlib import Path

import pytest

from lab.config import config_path, configs, experiments, shelf


def test_ones_own_come_before_shipped_ones(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = here / "site-packages" / "lab"
    for kind, names in {"experiments": ("bowl", "theirs"), "configs": ("bowl", "theirs")}.items():
        for name in names:
            folder = package / "shipped" / kind
            file = folder / (f"{name}/experiment.py" if kind == "experiments" else f"{name}.yaml")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
    monkeypatch.setattr(shelf, "_PACKAGE", package)
    assert experiments() == {
        "bowl": here / "experiments" / "bowl",
        "theirs": package / "shipped" / "experiments" / "theirs",
        "walk": here / "experiments" / "walk",
    }
    assert configs() == {
        "bowl": here / "configs" / "bowl.yaml",
        "theirs": package / "shipped" / "configs" / "theirs.yaml",
        "walk": here / "configs" / "walk.yml",
    }
    assert config_path("theirs") == package / "shipped" / "configs" / "theirs.yaml"


def test_in_a_checkout_they_lie_beside_the_package() -> None:
    root = Path(__file__).resolve().parents[2]
    assert shelf.shipped("experiments") == root / "experiments"
    assert shelf.shipped("configs") == root / "configs"


def test_a_folder_without_experiments_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shelf, "_PACKAGE", tmp_path / "lab")
    assert experiments() == configs() == {}
