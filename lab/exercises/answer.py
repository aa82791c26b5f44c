"""An answer as it was given: called with a time limit, and what is said of one that is none."""

import re
import sys
from collections.abc import Callable
from functools import lru_cache
from inspect import signature
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.modules import failing_line
from lab.referee.verdict import Mistake, Verdict, Word

# what JAX says to a program that asks for numbers where there are only their places
UNTRACEABLE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


class NoAnswer(Exception):  # noqa: N818 - it says what is the matter with an answer
    """The answer is not of the kind asked for; the message says what it is, in one line."""


class NotFinite(NoAnswer):
    """The answer is a number, and none that can be compared."""


def misfit(answer: Callable[..., Any], arguments: tuple[str, ...]) -> str:
    """What is wrong with the arguments an answer takes, or nothing."""
    asked = ", ".join(arguments) or "nothing"
    try:
        names = tuple(signature(answer).parameters)
    except ValueError:
        return ""
    takes = ", ".join(names) or "nothing"
    try:
        signature(answer).bind(*arguments)
    except TypeError:
        return f"it takes ({takes}) where the question gives ({asked})"
    if names != arguments and sorted(names) == sorted(arguments):
        return f"it takes ({takes}); the question gives ({asked}), in that order"
    return ""


def number(value: Any, like: Any = None) -> np.ndarray:
    """A value as an array of finite numbers, of the shape of ``like`` if given.

    Raises `NoAnswer`.
    """
    if value is None:
        raise NoAnswer("it returns None: is a `return` missing?")
    if isinstance(value, str | bytes):
        raise NoAnswer(f"it returns the text {brief(value)} where numbers are asked for")
    if callable(value):
        raise NoAnswer("it returns a function where numbers are asked for: call it")
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise NotFinite("it returns a number beyond all floating point numbers")
    if isinstance(value, list | tuple) and len({*map(np.shape, value)}) > 1:
        raise NoAnswer("it returns rows of different lengths where real numbers are asked for")
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and not isinstance(value, dict):  # fractions are numbers, too
            array = np.asarray(value, float)
    except Exception:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        kind = "complex numbers" if array.dtype.kind == "c" else described(value)
        raise NoAnswer(f"it returns {kind} where real numbers are asked for")
    array = array.astype(float)
    if not np.all(np.isfinite(array)):
        if np.any(np.isnan(array)):
            raise NotFinite("it returns NaN: 0/0, or a root or a logarithm of a negative number?")
        raise NotFinite("it returns an infinity: something is divided by 0, or overflows")
    if like is not None and array.shape != np.shape(like):
        raise NoAnswer(f"it returns {shape_words(array)} where {shape_words(like)} is asked for")
    return array


def copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments for one call, which may write into its arrays; numbers are those of JAX, as
    traced ones would be.
    """
    return tuple(
        jnp.asarray(arg)
        if isinstance(arg, float)
        else np.array(arg)
        if isinstance(arg, np.ndarray)
        else arg
        for arg in args
    )


def shape_words(value: Any) -> str:
    shape = np.shape(value)
    return f"an array of shape {shape}" if shape else "a single number"


def guarded(answer: Callable[..., Any], like: Callable[..., Any]) -> Callable[..., Any]:
    """The answer as a function whose values have the shapes of those of ``like``, or `NoAnswer`."""
    shapes: dict[tuple[Any, ...], tuple[int, ...]] = {}

    def ask(*args: Any) -> Any:
        # numbers of JAX, which divide by 0 as those of a traced program do
        args = tuple(jnp.asarray(one) if type(one) in (float, int) else one for one in args)
        value = answer(*args)
        complex_too = jnp.iscomplexobj(value) and not any(map(jnp.iscomplexobj, args))
        if value is None or isinstance(value, str | bytes) or callable(value) or complex_too:
            number(np.zeros(1, complex) if complex_too else value)
        kinds = tuple(map(jnp.shape, args))
        if kinds not in shapes:
            shapes[kinds] = jnp.shape(like(*args))
        if jnp.shape(value) != shapes[kinds]:
            seen, words = np.zeros(jnp.shape(value)), shape_words(np.zeros(shapes[kinds]))
            raise NoAnswer(f"it returns {shape_words(seen)} where {words} is asked for")
        return value if isinstance(value, np.floating) else jnp.asarray(value, float)

    return ask


@lru_cache(maxsize=2)
def _at_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Kept, as a judge asks the same function again and again."""
    return jax.jit(jax.vmap(function))


def values_at(function: Callable[..., Any], *columns: Any) -> np.ndarray:
    """The values of a function of numbers at the points whose coordinates are the columns.

    All at once; point by point where it cannot be traced, as it has an ``if`` for its argument, or
    asks NumPy.
    """
    columns = tuple(np.asarray(column, float) for column in columns)
    try:
        found = _at_once(function)(*columns)
    except UNTRACEABLE:
        found = [function(*point) for point in zip(*columns, strict=True)]
    return np.asarray(found, float)


def verdict(
    name: str,
    kind: str,
    word: Word,
    reason: str,
    mistake: Mistake | None = None,
    *,
    source: tuple[str | None, int | None] = (None, None),
    points: int = 1,
    seconds: float = 0.0,
) -> Verdict:
    """A verdict on something that is not a derivative."""
    file, line = source
    return Verdict(
        name, "", kind, file, line, word, mistake, reason, {}, (), None, points, round(seconds, 4)
    )


def source_of(answer: Any) -> tuple[str | None, int | None]:
    """File and line of a function, where it has them."""
    code = getattr(answer, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else (None, None)


def brief(text: str | bytes) -> str:
    """A text in quotes, as much of it as a line can hold."""
    return repr(text) if len(text) <= 40 else f"{text[:40]!r}..."


def described(value: Any) -> str:
    """A value in a few words, without where it lies in memory."""
    if isinstance(value, str | bytes):
        return brief(value)
    if value is None or isinstance(value, bool | int | float | complex):
        return repr(value)
    name = "function" if callable(value) else type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _in_jax(name: str | None) -> str:
    """What a name that is not defined would be in jax.numpy, if it is there."""
    name = "log" if name == "ln" else name
    return f"jnp.{name}" if name and hasattr(jnp, name) else ""


def crash(problem: BaseException, answer: Callable[..., Any]) -> str:
    """``raised file:line: ZeroDivisionError: division by zero``"""
    file, _ = source_of(answer)
    where = failing_line(problem, Path(file or "?"))
    if isinstance(problem, SystemExit):
        return f"ends the program: {where.partition(': SystemExit')[0]}"
    place = where.partition(" ")[0].rstrip(":")
    if isinstance(problem, NameError) and problem.name in ("jax", "math", "np"):
        module = "numpy as np" if problem.name == "np" else problem.name
        return f"raised {where}: is `import {module}` missing at the top?"
    if isinstance(problem, NameError) and (known := _in_jax(problem.name)):
        return f"raised {where}: {known}, perhaps?"
    if isinstance(problem, TypeError) and re.search(r"for \^:|^xor does not", str(problem)):
        return f"{place}: in Python a power is x ** 2; x ^ 2 is something else"
    if isinstance(problem, ValueError) and "truth value of an array" in str(problem):
        return (
            f"{place}: an `if` cannot ask a whole array, nor can max(): "
            "jnp.where(condition, this, that), jnp.maximum"
        )
    if isinstance(problem, jax.errors.TracerBoolConversionError):
        return (
            f"{place}: an `if` cannot ask a number of JAX, nor can max(): "
            "jnp.where(condition, this, that), jnp.maximum"
        )
    if isinstance(problem, UNTRACEABLE):
        return f"{place}: neither NumPy nor math can take a number of JAX: jnp.sin, for np.sin"
    return re.sub(r"<(\w+)[^<>]*(<\w+>[^<>]*)* at 0x\w+>", r"a \1", f"raised {where}")
