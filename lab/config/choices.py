"""The optimizers, steps and schedules a config can name, read from the sources that define them.

An optimizer is a public function of optax (``adam``) or optax.contrib (``contrib.muon``) that
returns a gradient transformation and takes a ``learning_rate``; a schedule is a public function of
optax.schedules that returns a Schedule. Their arguments are those YAML can write; callables, masks
and dtypes keep optax's defaults, and a function that cannot do without one is not offered.

The lab's own methods and steps are the functions in the files of ``lab/training/descent`` that take
keywords only and return a ``Direction`` or ``Descent``, or a ``Step``. An optimizer that leaves the
length of its steps open takes a ``step``.
"""

import ast
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lab.config.faults import nearest
from lab.config.reading import Fault, Node, dotted
from lab.config.signatures import Argument, Default, Function, dotted_name, read_module
from lab.config.vocabulary import (
    WORDS,
    Frozen,
    Integer,
    Number,
    Text,
    field,
    model,
    read_annotation,
)
from lab.errors import BadInput

# (argument, what it is as a plain number) -> its type, for arguments that may vary during training
Varying: TypeAlias = Callable[[Argument, Any], Any]

# all optimizers take one, so it is judged even where the name is wrong
_LEARNING_RATE = Argument(
    "learning_rate", ast.parse("Optional[ScalarOrSchedule]", mode="eval").body, None, True, 0
)
_TRANSFORMATIONS = {"GradientTransformation", "GradientTransformationExtraArgs"}
_OWN = Path(__file__).resolve().parent.parent / "training" / "descent"


class _Unknown(Frozen):
    """A choice whose name is missing or not known: its arguments cannot be judged."""

    model_config = ConfigDict(extra="ignore")
    name: Text


def optimizer(name: str) -> Function | None:
    """The optimizer of that name, the lab's own or optax's, if there is one."""
    if name in methods():
        return methods()[name]
    if name.removeprefix("contrib.").count("."):
        return None  # optax's inner rooms
    return _if(_is_optimizer, name, _locate(f"optax.{name}"))


def schedule(name: str) -> Function | None:
    """The schedule of that name, if there is one."""
    return _if(_is_schedule, name, _locate(f"optax.schedules.{name}"))


@cache
def methods() -> dict[str, Function]:
    """The lab's own methods of descent."""
    return _own("Direction", "Descent")


@cache
def steps() -> dict[str, Function]:
    """Every way to choose the length of a step."""
    return _own("Step")


def _own(*kinds: str) -> dict[str, Function]:
    found = {}
    for file in sorted(_OWN.glob("*.py")):
        for name, function in read_module(file).functions.items():
            keywords = all(argument.keyword_only for argument in function.arguments)
            returned = dotted_name(function.returns)[-1]
            if keywords and returned in kinds and not name.startswith("_"):
                found[name] = function
    return found


@cache
def optimizers() -> dict[str, Function]:
    """Every optimizer of optax that a config can name."""
    names = [*_public("optax"), *(f"contrib.{name}" for name in _public("optax.contrib"))]
    return {name: found for name in names if (found := optimizer(name))}


@cache
def schedules() -> dict[str, Function]:
    """Every schedule a config can name."""
    return {name: found for name in _public("optax.schedules") if (found := schedule(name))}


def choice(name: str, function: Function, varying: Varying, *, step: Any = None) -> type[BaseModel]:
    """The model of ``{name: <name>, **arguments of function}``.

    With ``step``, the type of one, it may have a step too, where the function leaves that open.
    """
    fields = {"name": (Literal[name], Field(alias="name")), **_fields(function.arguments, varying)}
    if step is not None and dotted_name(function.returns)[-1] != "Descent":
        fields["step"] = step, Field(None, alias="step")
    return model(name, fields)


def chosen_optimizer(node: Node) -> tuple[type[BaseModel], list[Fault]]:
    """The model for the optimizer written at ``node``, and what is wrong with its names."""
    step, faults = _chosen_step(node)
    known = lambda: {**methods(), **optimizers()}  # read only where a name is wrong
    kind, more = _chosen(node, ("optimizer",), "optimizer", optimizer, known, step)
    return kind, faults + more


def _chosen_step(node: Node) -> tuple[Any, list[Fault]]:
    """The type of the optimizer's step, and what is wrong with its names."""
    written, where = node.children.get("step"), ("optimizer", "step")
    if written is None or written.value is None:
        return type(None), []
    if isinstance(written.value, dict):
        return _chosen(written, where, "step", steps().get, steps)
    says = f"should be a mapping {{name: {' or '.join(steps())}, its arguments}}"
    return Any, [Fault(written.where, dotted(where), says)]


def _chosen(
    node: Node,
    path: tuple[str, ...],
    what: str,
    find: Callable[[str], Function | None],
    known: Callable[[], dict[str, Function]],
    step: Any = None,
) -> tuple[type[BaseModel], list[Fault]]:
    written = node.children
    faults: list[Fault] = []

    def varying(argument: Argument, plain_number: Any) -> Any:
        child = written.get(argument.name)
        if child is None or not isinstance(child.value, (dict, str, list)):
            return plain_number
        where = (*path, argument.name)
        if isinstance(child.value, dict):
            kind, more = _chosen(child, where, "schedule", schedule, schedules)
            faults.extend(more)
            return kind
        got = "a list" if isinstance(child.value, list) else repr(child.value)
        says = f"should be a number, or a schedule {{name: ..., its arguments}}; got {got}"
        faults.append(Fault(child.where, dotted(where), says))
        return Any

    name = written.get("name")
    if name is not None and isinstance(name.value, str):
        function = find(name.value)
        if function is not None:
            return choice(name.value, function, varying, step=step), faults
        says = f"no {what} {name.value!r}{_hint(name.value, known())}"
        faults.append(Fault(name.where, dotted((*path, "name")), says))
    unjudged = (_LEARNING_RATE,) if what == "optimizer" else ()
    return model("unknown", _fields(unjudged, varying), base=_Unknown), faults


def _hint(name: str, known: dict[str, Function]) -> str:
    moved = [full for full in known if full.endswith(f".{name}")]
    return f"; did you mean {moved[0]!r}?" if moved else nearest(name, known)


def _fields(arguments: tuple[Argument, ...], varying: Varying) -> dict[str, tuple[Any, Any]]:
    fields = {}
    for argument in arguments:
        plain = _kind(argument, _unvaried)
        if plain is not None and argument.default is not Default.UNREADABLE:
            try:
                _, info = field(argument, plain)
            except ValidationError:  # a default that YAML cannot write
                continue
            fields[argument.name] = _kind(argument, varying), info
    return fields


def _unvaried(_: Argument, plain_number: Any) -> Any:
    return plain_number


def _kind(argument: Argument, varying: Varying) -> Any:
    """The type of an argument of optax, or None where YAML cannot write it."""
    if argument.annotation is None:
        return None
    plain_number: Any = Number
    if argument.name == "learning_rate":
        plain_number = WORDS["NonNegativeFloat"]
    elif argument.name in ("key", "seed") or type(argument.default) is int:
        plain_number = Integer
    words = {**WORDS, "ArrayLike": plain_number}
    if "ScalarOrSchedule" in _names(argument):
        # Union[ArrayLike, ScalarOrSchedule] is one thing said twice
        varied = varying(argument, plain_number)
        words |= {"ArrayLike": varied, "ScalarOrSchedule": varied}
    return read_annotation(argument.annotation, words)


def _names(argument: Argument) -> set[str]:
    def name(node: ast.AST) -> str:
        return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")

    if argument.annotation is None:
        return set()
    return {name(n) for n in ast.walk(argument.annotation)}


def _is_optimizer(name: str, function: Function) -> bool:
    # scale_by_* leave out the minus sign: followed by themselves, they climb
    return (
        dotted_name(function.returns)[-1] in _TRANSFORMATIONS
        and "learning_rate" in {argument.name for argument in function.arguments}
        and not name.rpartition(".")[2].startswith("scale_by_")
    )


def _is_schedule(name: str, function: Function) -> bool:
    return dotted_name(function.returns)[-1] == "Schedule"


def _if(
    test: Callable[[str, Function], bool], name: str, function: Function | None
) -> Function | None:
    if function is None or function.variadic or not test(name, function):
        return None
    needed = [a for a in function.arguments if a.default is Default.REQUIRED]
    if any(_kind(argument, _unvaried) is None for argument in needed):
        return None
    return function


def _public(module: str) -> list[str]:
    file = _file(module)
    if file is None:
        return []
    found = read_module(file)
    return sorted(n for n in {*found.functions, *found.bound} if not n.startswith("_"))


def _locate(name: str, passed: tuple[str, ...] = ()) -> Function | None:
    """The function a dotted name of optax stands for, followed through imports and aliases."""
    module, _, last = name.rpartition(".")
    file = _file(module)
    if file is None or name in passed or last.startswith("_"):
        return None
    found = read_module(file)
    if last in found.functions:
        return found.functions[last]
    return _locate(found.bound[last], (*passed, name)) if last in found.bound else None


@cache
def _file(module: str) -> Path | None:
    first, *rest = module.split(".")
    if first != "optax" or not all(part.isidentifier() for part in rest):
        return None
    path = _optax().joinpath(*rest)
    candidates = (path / "__init__.py", path.parent / f"{path.name}.py")
    return next((file for file in candidates if file.is_file()), None)


@cache
def _optax() -> Path:
    found = find_spec("optax")
    if found is None or not found.submodule_search_locations:
        raise BadInput("optax is not installed; pip install optax")
    return Path(found.submodule_search_locations[0])
