"""Where experiments and configs are found: beside the person first, then beside the package.

The current folder's ``experiments/`` and ``configs/`` come first, so that one's own take the place
of shipped ones of the same name. Shipped ones lie in the checkout, or in the package if installed.
"""

import os
from pathlib import Path

from lab.errors import BadInput, suggestion

# os.path, unlike Path, also answers for names that no file can have

_PACKAGE = Path(__file__).resolve().parents[1]
_ENDINGS = (".yaml", ".yml")


def shipped(kind: str) -> Path:
    """The folder of shipped ``experiments`` or ``configs``."""
    inside = _PACKAGE / "shipped" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def experiments_in(folder: Path) -> dict[str, Path]:
    """The experiments of one folder: subfolders that hold an ``experiment.py``, by name."""
    return {file.parent.name: file.parent for file in sorted(folder.glob("*/experiment.py"))}


def experiments() -> dict[str, Path]:
    """Every experiment that can be named, and its folder."""
    own, others = experiments_in(Path.cwd() / "experiments"), experiments_in(shipped("experiments"))
    return dict(sorted((others | own).items()))


def configs() -> dict[str, Path]:
    """Every config that can be named, and its file."""
    folders = shipped("configs"), Path.cwd() / "configs"
    files = [file for folder in folders for file in _yaml_files(folder)]
    return dict(sorted({file.stem: file for file in files}.items()))


def is_path(name: str | Path) -> bool:
    """Whether a path is meant rather than a name."""
    return isinstance(name, Path) or "/" in name or "\\" in name or name.endswith(_ENDINGS)


def config_path(config: str | Path) -> Path:
    """The file meant by a name (``gradient_descent``) or a path (has a slash, or ends in .yaml).

    Raises BadInput for a name or a file that is not there, with the nearest one that is.
    """
    if is_path(config):
        path = Path(config)
        if not os.path.exists(path):
            beside = [file.name for file in _yaml_files(path.parent)]
            raise BadInput(f"{config}: no such file{suggestion(path.name, beside)}")
        if not path.is_file():
            inside = path / "config.yaml"
            near = f"; did you mean {inside}?" if inside.is_file() else ""
            kind = "a folder" if path.is_dir() else "not a file"
            raise BadInput(f"{config}: {kind}, no config{near}")
        return path
    known = configs()
    if config not in known:
        raise BadInput(f"no config named {config!r}{suggestion(str(config), known)}")
    return known[str(config)]


def _yaml_files(folder: Path) -> list[Path]:
    if not os.path.isdir(folder):
        return []
    return sorted(file for ending in _ENDINGS for file in folder.glob(f"*{ending}"))
