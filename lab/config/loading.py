"""``load`` a config with every error told at once; ``dump`` it so that loading gives it back."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from lab.config.choices import chosen_optimizer
from lab.config.faults import located, refuse
from lab.config.models import Study, Training
from lab.config.overrides import override
from lab.config.settings import Experiment, Kind, read_experiment
from lab.config.shelf import config_path, experiments
from lab.config.source import Fault, Node, Where, parse, plain, read
from lab.config.vocabulary import model
from lab.config.writing import block, inline
from lab.errors import suggestion


@dataclass(frozen=True)
class Config(Mapping[str, Any]):
    """A checked config with every value filled in; a read-only mapping of its keys.

    ``kind`` says which function of the experiment in ``folder`` it configures, ``settings`` are
    that function's keyword arguments, ``name`` is the file's name without ending (not compared).
    """

    resolved: dict[str, Any]
    kind: Kind
    folder: Path
    name: str = field(compare=False)

    def __getitem__(self, key: str) -> Any:
        return self.resolved[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.resolved)

    def __len__(self) -> int:
        return len(self.resolved)

    @property
    def settings(self) -> dict[str, Any]:
        """The keys that are the experiment's own."""
        shared = _shared(self.kind).model_fields
        return {key: value for key, value in self.resolved.items() if key not in shared}


def load(config: str | Path, overrides: Iterable[str] = ()) -> Config:
    """The config of a name or path, with ``key=value`` overrides put in, later ones winning.

    Raises BadInput with a line a mistake: ``file:line: key: what is wrong; did you mean ...?``
    """
    path = config_path(config)
    shown = _shown(path)
    tree, faults = parse(read(path, shown), shown)
    if tree is not None and not isinstance(tree.value, dict):
        faults.append(_no_mapping(tree, shown))
    if tree is None or not isinstance(tree.value, dict):
        refuse(faults)
        raise AssertionError("a file without a mapping has a fault")
    tree = _expanded(tree)
    for text in overrides:
        tree, more = override(tree, text)
        tree = _expanded(tree)
        faults += more
    experiment, more = _experiment(tree, path)
    checked, unchecked = _checked(tree, experiment)
    refuse([*faults, *more, *unchecked])
    if checked is None or experiment is None:
        raise AssertionError("a config that cannot be used has a fault")
    values = checked.model_dump(by_alias=True)
    if _is_path(values["experiment"]):
        # the resolved config is written elsewhere, from where a relative path leads nowhere
        values["experiment"] = str(experiment.folder)
    return Config(values, experiment.kind, experiment.folder, path.stem)


def dump(config: Mapping[str, Any], schema: str = "schema.json") -> str:
    """The config as YAML that loads back equal; editors complete from the file ``schema``."""
    return f"# yaml-language-server: $schema={schema}\n{block(config)}"


def _checked(tree: Node, experiment: Experiment | None) -> tuple[BaseModel | None, list[Fault]]:
    """The tree as the experiment's model; without one, only the keys that all share are judged."""
    kind: Kind = experiment.kind if experiment else "problem"
    faults: list[Fault] = []
    own: dict[str, Any] = {}
    written = tree.value if isinstance(tree.value, dict) else {}
    if kind == "problem" and "optimizer" in written:
        chosen, faults = chosen_optimizer(written["optimizer"])
        own["optimizer"] = chosen, ...
    form = model(kind, experiment.fields if experiment else {}, base=_shared(kind), **own)
    try:
        return form.model_validate(plain(tree)), faults
    except ValidationError as error:
        for each in error.errors(include_url=False):
            unjudged = (
                experiment is None and len(each["loc"]) == 1 and each["loc"] != ("experiment",)
            )
            if unjudged and each["type"] in ("missing", "extra_forbidden"):
                continue
            fault = located(each, tree, form)
            faults += [] if fault is None else [fault]
        return None, faults


def _experiment(tree: Node, path: Path) -> tuple[Experiment | None, list[Fault]]:
    node = tree.value.get("experiment") if isinstance(tree.value, dict) else None
    if node is None or not isinstance(node.value, str):
        return None, []  # the model says so
    name = node.value
    if _is_path(name):
        # a path in a file is meant from the file, one in an override from where it is typed
        folder = ((path.parent if node.where.line else Path()) / name).resolve()
        if not (folder / "experiment.py").is_file():
            return None, [Fault(node.where, "experiment", f"no experiment.py in {folder}")]
        return read_experiment(folder), []
    known = experiments()
    if name not in known:
        says = f"no experiment {name!r}{suggestion(name, known)}"
        return None, [Fault(node.where, "experiment", says)]
    return read_experiment(known[name]), []


def _expanded(tree: Node) -> Node:
    """``optimizer: adam`` is short for ``optimizer: {name: adam}``."""
    node = tree.value.get("optimizer") if isinstance(tree.value, dict) else None
    if node is None or not isinstance(node.value, str) or not isinstance(tree.value, dict):
        return tree
    return Node({**tree.value, "optimizer": Node({"name": node}, node.where)}, tree.where)


def _no_mapping(tree: Node, shown: str) -> Fault:
    if tree.value is None:
        return Fault(Where(shown), "", "empty; a config starts with 'experiment: <name>'")
    got = "a list" if isinstance(tree.value, list) else inline(tree.value)[:60]
    return Fault(tree.where, "", f"should be a mapping of keys to values, got {got}")


def _shared(kind: Kind) -> type[Study]:
    return Training if kind == "problem" else Study


def _is_path(experiment: str) -> bool:
    return "/" in experiment or "\\" in experiment


def _shown(path: Path) -> str:
    """As typed, or the shorter way to it from the current folder."""
    if not path.is_absolute():
        return str(path)
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near
