"""Configuration: a YAML file and ``key=value`` overrides in, a checked and complete config out.

``load`` reports every error at once, each with its line; ``dump`` writes a config back; ``configs``
and ``experiments`` say what there is to run. Names are imported when first used, so that listing
configs does not pay for reading them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.config.loading import Config, dump, load
    from lab.config.shelf import config_path, configs, experiments

_HOMES = {
    "Config": "loading",
    "config_path": "shelf",
    "configs": "shelf",
    "dump": "loading",
    "experiments": "shelf",
    "load": "loading",
}

__all__ = ["Config", "config_path", "configs", "dump", "experiments", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
