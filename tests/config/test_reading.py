import math
import time

import pytest

from lab.config.reading import parse, plain, scalar
from lab.config.writing import block, inline

# YAML 1.2.2 section 10.3.2, and what YAML 1.1 made of the same words
SCALARS = {
    "": None,
    "~": None,
    "null": None,
    "nUll": "nUll",
    "true": True,
    "False": False,
    "yes": "yes",
    "off": "off",
    "n": "n",
    "0": 0,
    "-12": -12,
    "012": 12,
    "0o14": 12,
    "0xC": 12,
    "1_000": "1_000",
    "12:30": "12:30",
    "2001-01-01": "2001-01-01",
    "=": "=",
    "1e-3": 1e-3,
    "1E3": 1e3,
    "+.5": 0.5,
    "3.": 3.0,
    ".5e3": 500.0,
    "1e": "1e",
    ".": ".",
    "-.inf": -math.inf,
    "inf": "inf",
    "1/2": "1/2",
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_not_a_number() -> None:
    nan = scalar(".nan")
    assert isinstance(nan, float)
    assert math.isnan(nan)


def told(text: str) -> list[str]:
    return [str(fault) for fault in parse(text, "f.yaml")[1]]


REFUSED = {
    "a: 1\nb: 2\na: 3": ["f.yaml:3: a: duplicate key; first on line 1"],
    "a:\n  b: 2\n  b: 3": ["f.yaml:3: a.b: duplicate key; first on line 2"],
    "a: {b: 2, 'b': 3}\nc: 1\nc: 1": [
        "f.yaml:1: a.b: duplicate key; first on line 1",
        "f.yaml:3: c: duplicate key; first on line 2",
    ],
    "a:\n  - !!python/object/apply:os.system [ls]": [
        "f.yaml:2: a[0]: tag '!!python/object/apply:os.system' refused; "
        "a config holds plain values only"
    ],
    "a: !!int '3'": ["f.yaml:1: a: tag '!!int' refused; a config holds plain values only"],
    "a: !mine {b: 1}": ["f.yaml:1: a: tag '!mine' refused; a config holds plain values only"],
    "!!map {a: 1}": ["f.yaml:1: tag '!!map' refused; a config holds plain values only"],
    "b: &b {x: 1}\na:\n  <<: *b": [
        "f.yaml:3: a: merge key '<<' is not YAML 1.2; write the keys out"
    ],
    "a: *b": ["f.yaml:1: a: alias '*b' of something not written before it"],
    "a: &a [*a]": ["f.yaml:1: a[0]: alias '*a' of something not written before it"],
    "? [1, 2]\n: 3": ["f.yaml:1: a key must be a name"],
    "1.5: 3": ["f.yaml:1: key '1.5' is not a name; put it in quotes to make it one"],
    "true: 3": ["f.yaml:1: key 'true' is not a name; put it in quotes to make it one"],
    "a: 1\n---\nb: 2": ["f.yaml:2: a second document ('---'); a config is one"],
    "%YAML 1.1\n---\na: no": ["f.yaml:2: configs are YAML 1.2; remove the %YAML line"],
    'a: "\\ud800"': ["f.yaml:1: a: '\\ud800' is no text: half a character"],
    '"\\ud800": a': ["f.yaml:1: '\\ud800' is no text: half a character"],
    "a: [1,\n  2}": ["f.yaml:2: not YAML: expected ',' or ']', but got '}'"],
    "a: 1\n\tb: 2": ["f.yaml:2: not YAML: found character '\\t' that cannot start any token"],
    "a: 1\nb: 2: 3": ["f.yaml:2: not YAML: mapping values are not allowed here"],
    "a: 1\nb: 'x": ["f.yaml:2: not YAML: found unexpected end of stream"],
    "a: 1\nb: \x00": ["f.yaml:2: not YAML: special characters are not allowed"],
    "a: " + "9" * 5000: ["f.yaml:1: a: a number of 5000 digits"],
    "a: " + "[" * 40 + "]" * 40: ["f.yaml:1: nested more than 32 deep"],
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_refused_with_its_line(text: str) -> None:
    assert told(text) == REFUSED[text]


BOMBS = {
    "aliases": "a0: &a0 [1, 1]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)),
    "open brackets": "[" * 200_000,
    "open braces": "{a: " * 50_000,
    "long list": "- 1\n" * 60_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    started = time.process_time()
    (fault,) = told(BOMBS[bomb])
    assert "is it a config?" in fault or "deep" in fault
    assert time.process_time() - started < 5


def test_aliases_are_values() -> None:
    tree, faults = parse("a: &x {b: [1]}\nc: *x", "f.yaml")
    assert tree is not None
    assert plain(tree) == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert not faults


def test_every_key_knows_its_line() -> None:
    tree, _ = parse("a:\n  b:\n\n    - 1\n    - {c: 2,\n       d: 3}\n", "f.yaml")
    assert tree is not None
    b = tree.children["a"].children["b"]
    assert [str(node.where) for node in (tree, b, b.children[0], b.children[1])] == [
        "f.yaml:1",
        "f.yaml:2",
        "f.yaml:4",
        "f.yaml:5",
    ]
    assert b.children[1].children["d"].where.line == 6


VALUES = [
    *SCALARS,  # as text: must come back as text
    *SCALARS.values(),
    "two words",
    "a: b",
    "- a",
    "#",
    "'\"\\",
    "tab\tline\nreturn\r",
    "\x00\x7f\x85\u2028\ufeff",
    "Größe 😀",
    "../folder/file.yaml",
    "<<",
    "*a",
    "!!x",
    1e-8,
    5e-324,
    1e300,
    math.inf,
    [],
    [1, [2.5, "x"], None],
    {},
    {"a": {"b": [True]}, 3: "int key", "3": "text key"},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_reads_back(value: object) -> None:
    for text in (f"key: {inline(value)}", block({"key": value}), block({"a": {"key": value}})):
        tree, faults = parse(text, "f.yaml")
        assert tree is not None
        assert not faults
        read = plain(tree)
        assert read in ({"key": value}, {"a": {"key": value}})
        back = read.get("key", read.get("a", {}).get("key") if "a" in read else None)
        assert type(back) is type(value)
