"""A path that is no run: what it is instead, and which run was perhaps meant."""

from pathlib import Path

from lab.errors import BadInput

_KEPT = ("run.json", "sweep.json", "config.yaml")
# where runs lie: root/name/id
_BELOW = ("*", "*/*")


def no_run(path: Path, missing: str) -> BadInput:
    """What to raise for a ``path`` that should be the folder of a run, and lacks what is said."""
    if (path / "sweep.json").is_file():
        return BadInput(
            f"{path} is a sweep, not a run: its runs are the rows of {path / 'table.parquet'}, and "
            "its report says how to make the best of them alone"
        )
    near = _meant(path)
    return BadInput(f"{path} is not a run: {missing}" + (f"; did you mean {near}?" if near else ""))


def _meant(path: Path) -> Path | None:
    """The folder that a file is of; else the newest one below."""
    if path.is_file():
        return path.parent if _is_one(path.parent) else None
    below = [one for depth in _BELOW for one in path.glob(depth) if _is_one(one)]
    return max(below, key=lambda one: one.name, default=None)


def _is_one(folder: Path) -> bool:
    return any((folder / kept).is_file() for kept in _KEPT)
