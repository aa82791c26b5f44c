"""Where experiments and configs are found: beside the person first, then beside the package.

The current folder's ``experiments/`` and ``configs/`` come first, so that one's own take the place
of shipped ones of the same name. Shipped ones lie in the checkout, or in the package if installed.
"""

from pathlib import Path

from lab.errors import BadInput, suggestion

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(kind: str) -> Path:
    """The folder of shipped ``experiments`` or ``configs``."""
    inside = _PACKAGE / "shipped" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def experiments_in(folder: Path) -> dict[str, Path]:
    """The experiments of one folder: subfolders that hold an ``experiment.py``, by name."""
    return {file.parent.name: file.parent for file in sorted(folder.glob("*/experiment.py"))}


def experiments() -> dict[str, Path]:
    """Every experiment that can be named, and its folder."""
    return dict(
        sorted(
            (
                experiments_in(shipped("experiments")) | experiments_in(Path.cwd() / "experiments")
            ).items()
        )
    )


def configs() -> dict[str, Path]:
    """Every config that can be named, and its file."""
    files = [
        file
        for folder in (shipped("configs"), Path.cwd() / "configs")
        for file in sorted(folder.glob("*.y*ml"))
        if _is_yaml(file.name)
    ]
    return dict(sorted((file.stem, file) for file in files))


def config_path(config: str | Path) -> Path:
    """The file meant by a name (``gradient_descent``) or a path (has a slash, or ends in .yaml).

    Raises BadInput for a name or a file that is not there, with the nearest one that is.
    """
    if isinstance(config, Path) or _is_yaml(config) or "/" in config or "\\" in config:
        path = Path(config)
        if path.is_dir():
            raise BadInput(f"{config}: a folder, not a config file")
        if not path.exists():
            beside = [p.name for p in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
            raise BadInput(f"{config}: no such file{suggestion(path.name, beside)}")
        return path
    known = configs()
    if config not in known:
        raise BadInput(f"no config named {config!r}{suggestion(config, known)}")
    return known[config]


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))
