"""The index read from the sources is the index JAX sees, and finds what a person means."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from lab.catalogue import CALCULUS, MAKERS, claim, entries, find, source, topics
from lab.errors import BadInput

TOPIC = '''"""Squares and their slopes.

More about squares.
"""

import jax
from lab import derivation
from lab.derivation import gradient, jvp


def square(x): return x * x

@gradient(of=square,
          at=None)
@jax.jit
def square_gradient(x):
    """twice x

    as the nudge says
    """
    return 2 * x


@derivation.jvp(of=lambda x: x, at=None)
def through(x, tangent): return tangent


@jax.custom_jvp
def not_a_derivation(x): return x
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "squares.py").write_text(TOPIC, encoding="utf-8")
    (tmp_path / "helpers.py").write_text("x = 1\n", encoding="utf-8")
    return tmp_path


def test_an_entry_says_what_its_source_says(folder: Path) -> None:
    (topic,) = topics(folder)
    assert (topic.name, topic.title) == ("squares", "Squares and their slopes.")
    first, second = topic.entries
    assert first == find("square_gradient", folder)
    assert (first.kind, first.of, first.line) == ("gradient", "square", 13)
    assert first.doc == "twice x\n\nas the nudge says"
    assert (second.kind, second.of, second.doc) == ("jvp", "lambda x: x", "")


def test_the_source_is_whole(folder: Path) -> None:
    lines = source(find("square_gradient", folder)).splitlines()
    assert lines[0] == "@gradient(of=square,"
    assert lines[-1] == "    return 2 * x"


PLACES = """from lab.derivation import gradient

AT = dict(w=reals("d"), X=reals("n d"))
WEIGHT = positive("d")


@gradient(of=f, wrt=("w", "X"), at=AT, kinks="w == 0")
def named(w, X): return w


@gradient(of=f, at=AT | dict(w=WEIGHT))
def joined(w, X): return w


@gradient(of=f, at=dict(AT, y=reals()))
def more(w, X, y): return w


@gradient(of=f, wrt="w", at=lambda key: key)
def sampled(w): return w
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("named", ("('w', 'X')", {"w": "reals('d')", "X": "reals('n d')"}, "w == 0")),
        ("joined", ("", {"w": "positive('d')", "X": "reals('n d')"}, "")),
        ("more", ("", {"w": "reals('d')", "X": "reals('n d')", "y": "reals()"}, "")),
        ("sampled", ("w", {"all": "lambda key: key"}, "")),
    ],
)
def test_a_claim_says_where_its_arguments_come_from(
    tmp_path: Path, name: str, said: tuple[str, dict[str, str], str]
) -> None:
    (tmp_path / "places.py").write_text(PLACES, encoding="utf-8")
    wrt, at, kinks = claim(find(name, tmp_path))
    assert (wrt, dict(at), kinks) == said


def test_every_claim_of_the_catalogue_can_be_read() -> None:
    assert all(claim(entry).at for entry in entries())


def test_a_near_miss_is_suggested(folder: Path) -> None:
    with pytest.raises(BadInput, match="did you mean 'square_gradient'"):
        find("sqare_gradient", folder)
    with pytest.raises(BadInput, match="'zzz'"):
        find("zzz", folder)


def test_one_name_in_two_topics_is_told_apart(folder: Path) -> None:
    (folder / "cubes.py").write_text(TOPIC, encoding="utf-8")
    with pytest.raises(BadInput, match=r"say cubes\.through or squares\.through"):
        find("through", folder)
    assert find("cubes.through", folder).topic == "cubes"


def test_a_topic_that_does_not_parse_is_named(folder: Path) -> None:
    (folder / "worse.py").write_text("def f(:\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"worse\.py:1: "):
        entries(folder)


def test_the_index_is_what_the_modules_hold() -> None:
    for topic in topics():
        path = topic.file.relative_to(CALCULUS.parent.parent).with_suffix("")
        module = importlib.import_module(".".join(path.parts))
        held = [
            v.__derivation__
            for v in vars(module).values()
            if hasattr(v, "__derivation__") and v.__module__ == module.__name__
        ]
        assert {(r.name, r.kind, r.line) for r in held} == {
            (e.name, e.kind, e.line) for e in topic.entries
        }, topic.name


def test_the_makers_are_those_of_the_record() -> None:
    from lab.derivation import KINDS

    assert set(MAKERS) == set(KINDS)


def test_reading_the_index_imports_no_jax() -> None:
    script = "import sys, lab.catalogue; lab.catalogue.entries(); sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
