"""``load`` a config with every error told at once; ``dump`` it so that loading gives it back."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from lab.config.choices import chosen_optimizer
from lab.config.faults import located, refusal
from lab.config.models import Study, Training
from lab.config.overrides import override, put
from lab.config.reading import BROKEN, Fault, Node, Where, parse, plain, read
from lab.config.settings import Experiment, Kind, read_experiment
from lab.config.shelf import config_path, experiments, is_path
from lab.config.vocabulary import model
from lab.config.writing import block, inline
from lab.errors import BadInput, suggestion


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
    draft = _drafted(config, overrides)
    checked, faults = _checked(draft.tree, draft.experiment)
    faults = [*draft.faults, *faults, *draft.of_the_experiment]
    if faults or checked is None or draft.experiment is None:
        raise refusal(faults)
    values = checked.model_dump(by_alias=True)
    if is_path(values["experiment"]):
        # the resolved config is written elsewhere, from where a relative path leads nowhere
        values["experiment"] = str(draft.experiment.folder)
    return Config(values, draft.experiment.kind, draft.experiment.folder, draft.path.stem)


def along(
    config: str | Path, overrides: Iterable[str], key: str, numbers: Iterable[Any]
) -> tuple[Any, ...]:
    """What the config holds at ``key``, the other overrides in place, for each of the numbers.

    For the many values of a sweep: the rest is read and understood once. ``load`` accepts the
    overrides with one of the numbers in place; raises ``BadInput`` for the first one refused.
    """
    draft = _drafted(config, overrides)
    path = tuple(key.split("."))
    form, found = None, []
    for number in numbers:
        where = Where(f"override '{key}={inline(number)}'")
        tree = put(draft.tree, path, Node(number, where))
        form = form or _form(tree, draft.experiment)[0]
        checked, faults = _fits(form, tree, draft.experiment)
        if checked is None:
            raise refusal(faults)
        value: Any = checked.model_dump(by_alias=True)
        for part in path:
            value = value[part]
        found.append(value)
    return tuple(found)


def written(config: str | Path, overrides: Iterable[str]) -> dict[str, Any]:
    """The config as it is written, with the overrides and without any value filled in."""
    draft = _drafted(config, overrides)
    values = plain(draft.tree)
    if draft.experiment is not None and is_path(values["experiment"]):
        values["experiment"] = str(draft.experiment.folder)
    return values


def dump(config: Mapping[str, Any], schema: str = "schema.json") -> str:
    """The config as YAML that loads back equal; editors complete from the file ``schema``."""
    return f"# yaml-language-server: $schema={schema}\n{block(config)}"


@dataclass(frozen=True)
class _Draft:
    """A config that is read and not yet checked, with what is wrong with how it is written."""

    path: Path
    tree: Node
    experiment: Experiment | None
    faults: list[Fault]
    of_the_experiment: list[Fault]


def _drafted(config: str | Path, overrides: Iterable[str]) -> _Draft:
    path = config_path(config)
    shown = str(config) if is_path(config) else _near(path)
    tree, faults = parse(read(path, shown), shown)
    if tree is None or tree.value is BROKEN:
        raise refusal(faults)
    if not isinstance(tree.value, dict):
        raise refusal([*faults, _no_mapping(tree)])
    tree = _expanded(tree)
    for text in overrides:
        tree, more = override(tree, text)
        tree = _expanded(tree)
        faults += more
    experiment, more = _experiment(tree, path.parent)
    return _Draft(path, tree, experiment, faults, more)


def _checked(tree: Node, experiment: Experiment | None) -> tuple[BaseModel | None, list[Fault]]:
    """The tree as the experiment's model; without one, only the keys that all share are judged."""
    form, faults = _form(tree, experiment)
    checked, more = _fits(form, tree, experiment)
    return checked, faults + more


def _form(tree: Node, experiment: Experiment | None) -> tuple[type[BaseModel], list[Fault]]:
    """The model of the keys, and what is wrong with the names that decide which there are."""
    kind: Kind = experiment.kind if experiment else "problem"
    faults: list[Fault] = []
    own: dict[str, Any] = {}
    if kind == "problem" and "optimizer" in tree.children:
        chosen, faults = chosen_optimizer(tree.children["optimizer"])
        own["optimizer"] = chosen, ...
    fields = experiment.fields if experiment else {}
    return model(kind, fields, base=_shared(kind), **own), faults


def _fits(
    form: type[BaseModel], tree: Node, experiment: Experiment | None
) -> tuple[BaseModel | None, list[Fault]]:
    faults: list[Fault] = []
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


def _experiment(tree: Node, base: Path) -> tuple[Experiment | None, list[Fault]]:
    """The experiment that a tree from a file in the folder ``base`` names."""
    node = tree.children.get("experiment")
    if node is None or not isinstance(node.value, str):
        return None, []  # the model says so
    name, known = node.value, experiments()
    if is_path(name):
        # a path in a file is meant from the file, one in an override from where it is typed
        folder = Path(os.path.abspath((base if node.where.line else Path()) / name))
        # os.path, unlike Path, also answers for names that no file can have
        if not os.path.isfile(folder / "experiment.py"):
            return None, [Fault(node.where, "experiment", f"no experiment.py in {str(folder)!r}")]
    elif name in known:
        folder = known[name]
    else:
        says = f"no experiment {name!r}{suggestion(name, known)}"
        return None, [Fault(node.where, "experiment", says)]
    try:
        return read_experiment(folder), []
    except BadInput as error:
        return None, [Fault(Where(), "", str(error))]


def _expanded(tree: Node) -> Node:
    """``optimizer: adam`` is short for ``optimizer: {name: adam}``."""
    node = tree.children.get("optimizer")
    if node is None or not isinstance(node.value, str):
        return tree
    return Node({**tree.children, "optimizer": Node({"name": node}, node.where)}, tree.where)


def _no_mapping(tree: Node) -> Fault:
    if tree.value is None:
        where = Where(tree.where.origin)
        return Fault(where, "", "empty; a config starts with 'experiment: <name>'")
    got = "a list" if isinstance(tree.value, list) else repr(tree.value)[:60]
    return Fault(tree.where, "", f"should be a mapping of keys to values, got {got}")


def _shared(kind: Kind) -> type[Study]:
    return Training if kind == "problem" else Study


def _near(path: Path) -> str:
    """The shorter way to a file: from the current folder if it lies below."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near
