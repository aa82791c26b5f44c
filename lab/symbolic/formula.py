"""Formulas as a person types them: ``2x cos(x^2)``. Read by a grammar, never run as Python.

    sum      = [-|+] product {(+|-) [-|+] product}
    product  = power {[*|/] power}                 side by side is a product: 2x, 3(x+1), x y
    power    = atom [(^|**) [-|+] power]           to the right: x^y^z = x^(y^z), -x^2 = -(x^2)
    atom     = number | name | function(sum {, sum}) | (sum)
             | "|" sum "|" | √number | √name

Names are the arguments of the question, ``pi`` and ``e``; functions are those of `functions`.
"""

import operator
import re
from collections.abc import Mapping
from fractions import Fraction
from math import e, pi
from typing import Any, NamedTuple

import jax.numpy as jnp

from lab.errors import BadInput, suggestion
from lab.symbolic.functions import ALIASES, FUNCTIONS

LONGEST = 500  # characters
DEEPEST = 40  # brackets within brackets
CONSTANTS = {"pi": pi, "e": e}
# beyond these, exact arithmetic with numbers takes for ever
LARGEST = 1000
LONGEST_NUMBER = 10_000  # bits

_SPELLINGS = {"−": "-", "·": "*", "×": "*", "⋅": "*", "÷": "/", "π": "pi"} | {
    "½": "(1/2)", "⅓": "(1/3)", "¼": "(1/4)", "⅔": "(2/3)", "¾": "(3/4)"
}  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ˣⁿ", "0123456789+-xn")
_EXPONENT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ˣⁿ]+")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*|√)"
    r"|(?P<sign>\*\*|[-+*/^(),|]))"
)
_OF_A_LIBRARY = re.compile(r"\b(?:jnp|np|math)\.(?=[a-z])")
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


class Number(NamedTuple):
    value: Fraction


class Name(NamedTuple):
    name: str


class Call(NamedTuple):
    function: str
    arguments: tuple["Formula", ...]


class Binary(NamedTuple):
    sign: str
    left: "Formula"
    right: "Formula"


Formula = Number | Name | Call | Binary
"""A formula as a tree; ``-x`` is ``0 - x``."""


def parse(text: str, names: tuple[str, ...]) -> tuple[Formula, ...]:
    """The formulas in ``text``, several of them separated by commas, over the given names.

    Raises `BadInput` in one line that shows what cannot be read.
    """
    if len(text) > LONGEST:
        raise BadInput(f"a formula of {len(text)} characters: {LONGEST} are read")
    for spelling, plain in _SPELLINGS.items():
        text = text.replace(spelling, plain)
    text = _EXPONENT.sub(lambda raised: f"^({raised[0].translate(_RAISED)})", text)
    text = _OF_A_LIBRARY.sub("", text)
    if text.strip().startswith("[") and text.strip().endswith("]"):  # as Python writes a list
        text = f"({text.strip()[1:-1]})"
    return _Reader(text, names).everything()


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Reader:
    """One pass from left to right, a method for each line of the grammar."""

    def __init__(self, text: str, names: tuple[str, ...]):
        self.text, self.names = text, names
        self.tokens, self.at, self.depth = self._tokens(), 0, 0

    def everything(self) -> tuple[Formula, ...]:
        if self._next().kind == "end":
            raise BadInput("an empty formula; type one, e.g. 2*x*cos(x^2)")
        bare = self._listed("end") if not self._is_list() else self._in_brackets()
        if self._next().kind != "end":
            raise self._unreadable(self._next())
        return bare

    def _is_list(self) -> bool:
        """Whether all of it stands in one pair of brackets around a comma."""
        depth, comma = 0, False
        for token in self.tokens[:-1]:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            comma |= token.text == "," and depth == 1
            if depth == 0 and token is not self.tokens[-2]:
                return False
        return comma and self.tokens[0].text == "("

    def _in_brackets(self) -> tuple[Formula, ...]:
        self.at += 1
        found = self._listed(")")
        self._expect(")")
        return found

    def _listed(self, end: str) -> tuple[Formula, ...]:
        found = [self._sum()]
        while self._next().text == ",":
            self.at += 1
            found.append(self._sum())
        return tuple(found)

    def _sum(self) -> Formula:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadInput(f"brackets within brackets, {DEEPEST} deep: simplify it")
        found = self._signed(self._product)
        while self._next().text in ("+", "-"):
            found = Binary(self._take().text, found, self._signed(self._product))
        self.depth -= 1
        return found

    def _signed(self, part: Any) -> Formula:
        minus = False
        while self._next().text in ("+", "-"):
            minus ^= self._take().text == "-"
        found = part()
        return Binary("-", Number(Fraction(0)), found) if minus else found

    def _product(self) -> Formula:
        found, divided = self._power(), False
        while True:
            token = self._next()
            if token.text in ("*", "/"):
                divided = self._take().text == "/"
                found = Binary("/" if divided else "*", found, self._factor())
            elif token.kind in ("number", "name") or token.text == "(":
                if token.kind == "number" and self.tokens[self.at - 1].kind == "number":
                    raise BadInput(
                        f"{self.text.strip()!r}: two numbers side by side at {token.text!r}: "
                        "is it one number, or a * between them?"
                    )
                if divided:
                    raise BadInput(
                        f"{self.text.strip()!r} can be read in two ways at {token.text!r}: "
                        "after a / write the * and the brackets"
                    )
                found = Binary("*", found, self._power())
            else:
                return found

    def _factor(self) -> Formula:
        return self._signed(self._power)

    def _power(self) -> Formula:
        base = self._atom()
        if self._next().text not in ("^", "**"):
            return base
        self.at += 1
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadInput(f"powers of powers, {DEEPEST} deep: simplify it")
        found = Binary("^", base, self._signed(self._power))
        self.depth -= 1
        return found

    def _atom(self) -> Formula:
        token = self._take()
        if token.kind == "number":
            return Number(_number(token.text))
        if token.text == "(":
            found = self._sum()
            self._expect(")")
            return found
        if token.text == "|":
            found = self._sum()
            self._expect("|")
            return Call("abs", (found,))
        if token.kind != "name":
            raise self._unreadable(token)
        if token.text in self.names or token.text in CONSTANTS:
            return Name(token.text)
        name = ALIASES.get(token.text, token.text)
        if name not in FUNCTIONS:
            for end in self.names:  # sinx
                if (start := token.text.removesuffix(end)) in FUNCTIONS or start in ALIASES:
                    raise BadInput(f"{start} needs brackets around its argument: {start}({end})")
            known = [*self.names, *CONSTANTS, *FUNCTIONS]
            near = suggestion(token.text, known)
            listed = ", ".join(self.names) or "pi, e"
            raise BadInput(f"there is no {token.text!r} here{near or f'; there is {listed}'}")
        if token.text == "√" and self._next().text != "(" and (bare := self._under_the_root()):
            return Call(name, (bare,))
        if self._next().text != "(":
            raise BadInput(f"{token.text} needs brackets around its argument: {token.text}(...)")
        arguments = self._in_brackets()
        if len(arguments) != FUNCTIONS[name].arguments:
            wanted = FUNCTIONS[name].arguments
            raise BadInput(f"{token.text} takes {wanted} argument(s), not {len(arguments)}")
        return Call(name, arguments)

    def _under_the_root(self) -> Formula | None:
        """The one number or name that follows √, where it is plain that no more belongs to it."""
        token, after = self._next(), self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        more = after.kind in ("number", "name") or after.text in ("(", "^", "**")
        known = token.kind == "number" or token.text in self.names or token.text in CONSTANTS
        return self._atom() if known and not more else None

    def _tokens(self) -> list[_Token]:
        found, at = [], 0
        while at < len(self.text.rstrip()):
            said = _TOKEN.match(self.text, at)
            if said is None or said.lastgroup is None:
                place = self.text[at:].lstrip()[:1]
                alone = "; type the right-hand side alone" if place == "=" else ""
                raise BadInput(f"{self.text.strip()!r}: cannot read {place!r}{alone}")
            found.append(_Token(said.lastgroup, said[said.lastgroup], said.start(said.lastgroup)))
            at = said.end()
        return [*found, _Token("end", "", len(self.text))]

    def _next(self) -> _Token:
        return self.tokens[self.at]

    def _take(self) -> _Token:
        token = self._next()
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _expect(self, sign: str) -> None:
        token = self._take()
        if token.text != sign:
            raise self._unreadable(token, f", where a {sign!r} should stand")

    def _unreadable(self, token: _Token, more: str = "") -> BadInput:
        if token.kind == "end":
            return BadInput(f"{self.text.strip()!r} ends too early{more}")
        return BadInput(
            f"{self.text.strip()!r}: cannot read {token.text!r} at {token.start + 1}{more}"
        )


def _number(text: str) -> Fraction:
    _, _, exponent = text.lower().partition("e")
    if len(text) > 40 or abs(int(exponent or 0)) > 300:
        raise BadInput(f"{text[:20]}: too long a number")
    return Fraction(text)


def constant(formula: Formula) -> Fraction | None:
    """The exact value of a formula without names and functions, where it is not too large."""
    match formula:
        case Number(value):
            return value
        case Binary(sign, left, right):
            a, b = constant(left), constant(right)
            if a is None or b is None:
                return None
            if sign == "^":
                if b.denominator != 1 or abs(b) > 64 or (a == 0 and b < 0):
                    return None
                found = a ** int(b)
                return found if abs(found.numerator).bit_length() < 4096 else None
            return None if sign == "/" and b == 0 else Fraction(_OPERATORS[sign](a, b))
    return None


def value(formula: Formula, names: Mapping[str, Any]) -> Any:
    """The formula's value for numbers or arrays of JAX, traced or not."""
    match formula:
        case Number(number):
            return float(number)
        case Name(name):
            return names[name] if name in names else CONSTANTS[name]
        case Call(function, arguments):
            return FUNCTIONS[function].jax(*(value(one, names) for one in arguments))
        case Binary("^", left, right):
            exponent = constant(right)
            # a product written out: beyond that it takes long, and is the same to rounding
            if exponent is not None and exponent.denominator == 1 and abs(exponent) <= 64:
                return jnp.asarray(value(left, names)) ** int(exponent)
            return jnp.power(value(left, names), value(right, names))
        case Binary("/", left, right):
            return jnp.divide(value(left, names), value(right, names))
        case Binary(sign, left, right):
            return _OPERATORS[sign](value(left, names), value(right, names))


def expression(formula: Formula, symbols: Mapping[str, Any]) -> Any:
    """The formula as an expression of SymPy, exact. Raises `BadInput` for numbers too large."""
    import sympy

    match formula:
        case Number(number):
            return sympy.Rational(number.numerator, number.denominator)
        case Name(name):
            return symbols[name] if name in symbols else {"pi": sympy.pi, "e": sympy.E}[name]
        case Call(function, arguments):
            given = [expression(one, symbols) for one in arguments]
            if any(one.is_number and not abs(sympy.N(one, 5)) <= LARGEST for one in given):
                raise BadInput(f"{function} of so large a number is not worked out here")
            return FUNCTIONS[function].sympy(*given)
        case Binary("^", left, right):
            base, exponent = expression(left, symbols), expression(right, symbols)
            if exponent.is_number and base.is_number and base != 0:
                bits = sympy.N(sympy.log(abs(base), 2), 5) * sympy.N(exponent, 5)
                if not abs(bits) <= LONGEST_NUMBER:
                    raise BadInput("so large a power is not worked out here")
            return base**exponent
        case Binary(sign, left, right):
            return _OPERATORS[sign](expression(left, symbols), expression(right, symbols))
