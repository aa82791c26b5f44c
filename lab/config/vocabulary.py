"""What a setting can be: a closed list of annotations, and the pydantic types that check them.

Strict where YAML is: text is no number and ``true`` is no 1. Forgiving where only the spelling
differs: a whole number may be written ``1e4``, as JSON Schema (and so the editor) also holds.
"""

import ast
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, create_model

from lab.config.signatures import Argument, Default, dotted_name


class Frozen(BaseModel):
    """A checked mapping: its keys are those it names, and it does not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Flag: TypeAlias = Annotated[bool, Field(strict=True)]
Text: TypeAlias = Annotated[str, Field(strict=True)]
Integer: TypeAlias = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
Number: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]

WORDS: Mapping[str, Any] = {
    "bool": Flag,
    "int": Integer,
    "float": Number,
    "str": Text,
    "PositiveInt": Annotated[int, Field(strict=True, gt=0), BeforeValidator(_whole)],
    "NonNegativeInt": Annotated[int, Field(strict=True, ge=0), BeforeValidator(_whole)],
    "PositiveFloat": Annotated[Number, Field(gt=0)],
    "NonNegativeFloat": Annotated[Number, Field(ge=0)],
}


def read_annotation(node: ast.expr | None, words: Mapping[str, Any]) -> Any:
    """The type an annotation stands for, in terms of ``words``; None where it is not among them.

    Beside the words: ``X | None``, ``Optional[X]``, ``Literal[...]``, ``tuple[X, ...]``,
    ``tuple[X, Y]`` and ``dict[int, X]``. A union of several types is none of them: pydantic would
    have to guess which was meant.
    """
    match node:
        case ast.Name() | ast.Attribute():
            return words.get(dotted_name(node)[-1])
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([left, right], words)
        case ast.Subscript(value=head, slice=inner):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _subscript(dotted_name(head)[-1].lower(), parts, words)
    return None


def _subscript(head: str, parts: list[ast.expr], words: Mapping[str, Any]) -> Any:
    if head == "literal":
        values = [part.value for part in parts if isinstance(part, ast.Constant)]
        return Literal[tuple(values)] if len(values) == len(parts) else None
    if head == "optional":
        return _union([*parts, ast.Constant(None)], words)
    if head == "union":
        return _union(parts, words)
    if head == "dict" and len(parts) == 2:
        key, value = (read_annotation(part, words) for part in parts)
        return dict[key, value] if key == words["int"] and value is not None else None  # type: ignore[valid-type]
    if head == "tuple":
        match parts:
            case [part, ast.Constant(value=end)] if end is ...:
                item = read_annotation(part, words)
                return None if item is None else tuple[item, ...]  # type: ignore[valid-type]
        items = [read_annotation(part, words) for part in parts]
        return None if None in items else tuple[tuple(items)]  # type: ignore[misc]
    return None


def _union(parts: list[ast.expr], words: Mapping[str, Any]) -> Any:
    written = [part for part in parts if not _is_none(part)]
    kinds = [read_annotation(part, words) for part in written]
    if not kinds or None in kinds or any(kind != kinds[0] for kind in kinds):
        return None
    return kinds[0] if len(written) == len(parts) else Union[kinds[0], None]  # noqa: UP007


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def field(argument: Argument, kind: Any) -> tuple[Any, Any]:
    """A pydantic field for an argument of type ``kind``: its alias is the argument's name.

    Raises pydantic.ValidationError where the default is not of the type.
    """
    if argument.default is Default.REQUIRED:
        return kind, Field(alias=argument.name)
    default = TypeAdapter(kind).validate_python(argument.default)
    return kind, Field(default, alias=argument.name)


def model(
    name: str,
    fields: Mapping[str, tuple[Any, Any]],
    doc: str = "",
    base: type[BaseModel] = Frozen,
    **inherited: tuple[Any, Any],
) -> type[BaseModel]:
    """``base`` with ``fields`` by key, and those of its own that are ``inherited`` made precise.

    Pydantic's own methods keep their names: key ``copy`` is the alias of a field ``copy_``.
    """
    own: dict[str, Any] = {f"{key}_": definition for key, definition in fields.items()}
    definitions: Any = inherited | own
    return create_model(name, __base__=base, __doc__=doc or None, **definitions)
