"""Domains as a person types them on the command line: ``x=reals('n d'), y=labels('n', 'k')``."""

import ast
import inspect
from typing import Any

from lab import domains
from lab.domains import Domain
from lab.errors import BadInput, suggestion

MAKERS = {
    name: maker
    for name, maker in vars(domains).items()
    if inspect.isfunction(maker)
    and maker.__module__.startswith(f"{domains.__name__}.")
    and not name.startswith("_")
    and inspect.signature(maker).return_annotation in (Domain, "Domain")
}


def stated(text: str) -> dict[str, Any]:
    """The domains that the text names, by argument. It is read as a formula, and never evaluated.

    Raises `BadInput` with what was typed and what would do."""
    try:
        call = ast.parse(f"dict({text})", mode="eval").body
    except SyntaxError:
        raise BadInput(f"--at {text!r}: write it like x=reals('n d'), y=labels('n', 'k')") from None
    if not isinstance(call, ast.Call) or call.args or any(k.arg is None for k in call.keywords):
        raise BadInput(f"--at {text!r}: name every argument, as in x=reals('n d')")
    return {str(given.arg): _value(text, given.value) for given in call.keywords}


def _value(text: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        return dict(zip(keys, (_value(text, value) for value in node.values), strict=True))
    if isinstance(node, (ast.Tuple, ast.List)):
        return tuple(_value(text, part) for part in node.elts)
    if not isinstance(node, ast.Call):
        try:
            return ast.literal_eval(node)
        except ValueError:
            shown = ast.unparse(node)
            raise BadInput(f"--at {text!r}: {shown} is neither a number nor a domain") from None
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in MAKERS:
        raise BadInput(f"--at {text!r}: no domain {name!r}{suggestion(name, MAKERS)}")
    given = [_value(text, part) for part in node.args]
    named = {str(part.arg): _value(text, part.value) for part in node.keywords}
    try:
        domain: Domain = MAKERS[name](*given, **named)
    except TypeError as problem:
        raise BadInput(f"--at {text!r}: {problem}") from None
    return domain
