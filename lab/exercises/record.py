"""What a solution carries: how answers are judged, hints in steps, and wrong answers collected.

    sheet = beside(__file__)

    @exercise(
        hints=["Hold y still: what is the slope along x?", Hint("At 0 it is 0.", lambda: ...)],
        wrong=[Wrong(lambda p: 2 * p, "missing_term", "The product xy moves with x, too.")],
    )
    @gradient(of=sheet.bowl, at=dict(p=reals("2")))
    def bowl_gradient(p):
        \"""d(x² + xy + y²) = (2x + y) dx + (x + 2y) dy;  hence (2x + y, x + 2y).\"""
        return jnp.stack([2 * p[0] + p[1], p[0] + 2 * p[1]])

A solution under a maker of `lab.derivation` asks for that kind of derivative, and the referee
judges. ``argument=judge`` and ``counterexample=judge`` ask for anything that meets a condition:
``judge(answer)`` says in one line what is wrong with it, or returns nothing. Otherwise a value is
asked for, at each of the arguments ``at``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from lab.errors import BadInput
from lab.modules import load_file

if TYPE_CHECKING:
    from lab.derivation import Derivation

Kind = Literal["derivative", "value", "argument", "counterexample"]
Judge = Callable[[Any], str | None]
OF_A_NUMBER, OF_A_FORMULA = 1e-5, 1e-6  # a number may be typed with six digits
Solution = TypeVar("Solution", bound=Callable[..., Any])


class Hint(NamedTuple):
    """A step towards the answer; ``holds()`` puts what it claims to the test."""

    says: str
    holds: Callable[[], Any] | None = None


class Wrong(NamedTuple):
    """An answer that people give, what it has to be told, and perhaps a remark of one's own.

    ``answer`` is a function like the one asked for, or a value where there are no arguments;
    ``diagnosis`` the name of the mistake, or words that the answer must be met with; ``remark`` is
    said to whoever gives just this answer.
    """

    answer: Any
    diagnosis: str
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Exercise:
    """A question as its judge sees it; the words of the question stand in the sheet."""

    name: str
    solution: Callable[..., Any]
    hints: tuple[Hint, ...]
    wrong: tuple[Wrong, ...]
    at: tuple[tuple[Any, ...], ...]
    tolerance: float
    judge: Judge | None
    kind: Kind
    any_shape: bool

    @property
    def derivation(self) -> "Derivation | None":
        """The claim that the solution makes, where a derivative is asked for."""
        return getattr(self.solution, "__derivation__", None)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What an answer is given."""
        return tuple(signature(self.solution).parameters)


def exercise(
    *,
    hints: Sequence[str | Hint],
    wrong: Sequence[Wrong],
    at: Sequence[tuple[Any, ...]] = ((),),
    tolerance: float | None = None,
    argument: Judge | None = None,
    counterexample: Judge | None = None,
    any_shape: bool = False,
) -> Callable[[Solution], Solution]:
    """Record a function as the solution of the exercise of its name.

    ``at`` are the arguments at which a value is asked for (none: once, without any), and
    ``tolerance`` is the relative error that a value may have: unless it is said, that of a number
    of six digits, and less for a formula. ``argument`` and ``counterexample``
    judge: they are given the answer (the function itself where it takes arguments, else the value
    that it returns, as an array) and return in one line what is wrong with it, or nothing. An
    answer must have the shape of the solution's, unless ``any_shape``.
    """

    def record(solution: Solution) -> Solution:
        judge = argument or counterexample
        derived = hasattr(solution, "__derivation__")
        name = getattr(solution, "__name__", "?")
        if derived + bool(argument) + bool(counterexample) > 1:
            raise BadInput(f"exercise {name}: a derivation, an argument or a counterexample: one")
        kind: Kind = (
            "derivative"
            if derived
            else "argument"
            if argument
            else "counterexample"
            if counterexample
            else "value"
        )
        steps = tuple(Hint(hint) if isinstance(hint, str) else hint for hint in hints)
        usual = OF_A_FORMULA if signature(solution).parameters else OF_A_NUMBER
        made = Exercise(
            name,
            solution,
            steps,
            tuple(wrong),
            tuple(at),
            usual if tolerance is None else tolerance,
            judge,
            kind,
            any_shape,
        )
        solution.__exercise__ = made  # type: ignore[attr-defined]
        return solution

    return record


def beside(file: str | Path) -> ModuleType:
    """The sheet next to ``file``: its functions are what the questions are about."""
    return _loaded(Path(file).resolve().with_name("exercises.py"))


@cache
def _loaded(sheet: Path) -> ModuleType:
    return load_file(sheet, "sheet")


@cache
def solutions(folder: Path) -> dict[str, Exercise]:
    """The exercises of ``folder/solutions.py`` by name, in the order of the file."""
    module = load_file(folder / "solutions.py", "solutions")
    found = (getattr(value, "__exercise__", None) for value in vars(module).values())
    return {one.name: one for one in found if isinstance(one, Exercise)}
