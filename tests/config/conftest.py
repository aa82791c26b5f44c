"""A folder with experiments and configs of its own to stand in."""

from pathlib import Path

import pytest

BOWL = '''"""A quadratic bowl.

Question: how fast does it empty?
"""

raise SystemExit("an experiment's settings are read without running it")


def problem(
    key,
    *,
    dimension: PositiveInt = 2,
    condition: PositiveFloat = 10.0,
    start: tuple[float, float] = (1.0, 1.0),
    sizes: tuple[int, ...] = (),
    shape: Literal["round", "long"] = "round",
    noise: float | None = None,
    copy: bool = False,
):
    """L = x.Ax / 2"""
'''

WALK = '''"""A random walk."""


def study(key, *, points: int = 3, note: str = ""): ...
'''

BOWL_YAML = """\
# yaml-language-server: $schema=schema.json
experiment: bowl
optimizer:
  name: adam
  learning_rate: 1e-3
steps: 100
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with experiments ``bowl`` (trains) and ``walk`` (does not)."""
    for name, code in {"bowl": BOWL, "walk": WALK}.items():
        (tmp_path / "experiments" / name).mkdir(parents=True)
        (tmp_path / "experiments" / name / "experiment.py").write_text(code)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "bowl.yaml").write_text(BOWL_YAML)
    (tmp_path / "configs" / "walk.yml").write_text("experiment: walk\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path
