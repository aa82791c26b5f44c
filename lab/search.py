"""Finding one's way: what holds certain words, and what a derivation is used for.

Everything is read from the sources, so that nothing is imported to be found.
"""

import re
from collections.abc import Iterator
from functools import cache
from math import log
from pathlib import Path
from typing import NamedTuple
from unicodedata import combining, normalize

from lab import catalogue, experiment
from lab.catalogue import Entry, Topic
from lab.exercises import sheets
from lab.experiment import Experiment


class Found(NamedTuple):
    """What holds the words, of each kind; of a topic those derivations that do."""

    experiments: tuple[Experiment, ...]
    topics: tuple[Topic, ...]
    exercises: tuple[tuple[str, sheets.Question], ...]


class Uses(NamedTuple):
    """Where a derivation is put to use: names of experiments, derivations and sheets."""

    experiments: tuple[str, ...]
    derivations: tuple[str, ...]
    sheets: tuple[str, ...]


def search(text: str) -> Found:
    """Everything whose names and words hold all the words of ``text``, however they are spelt."""
    words = _plain(text).split()
    holds = lambda *texts: _holds(words, *texts)
    experiments, _ = experiment.readable()
    return Found(
        tuple(one for one in experiments if holds(one.name, one.title, one.question, one.expect)),
        tuple(_topics(words)),
        tuple(
            (topic, question)
            for topic in sheets.names()
            for question in sheets.find(topic).questions
            if holds(topic, question.name, question.skill, question.text)
        ),
    )


def _topics(words: list[str]) -> Iterator[Topic]:
    for topic in catalogue.topics():
        here = topic.name, topic.title, topic.shelf
        entries = tuple(
            one
            for one in topic.entries
            if _holds(words, one.name, one.of, one.about, one.doc, *here)
        )
        if entries:
            yield topic._replace(entries=entries)


def _holds(words: list[str], *texts: str) -> bool:
    """All words occur; a name is also found by its words run together, logdet in log_det, and a
    formula whether or not there is room between its letters, det(AXB) in det(A X B).
    """
    whole = _plain(" ".join(texts))
    narrow = whole.replace(" ", "")
    whole = " ".join(whole.replace("_", room) for room in ("_", " ", "-", ""))
    return all(word in whole or (not word.isalpha() and word in narrow) for word in words)


@cache
def _plain(text: str) -> str:
    """As a keyboard has it: Padé is pade, Xᵀ X⁻¹ is what x^T x^-1 is, and normalization as here."""
    spelt = normalize("NFKD", text).lower().replace("\N{MINUS SIGN}", "-").replace("^", "")
    bare = "".join(letter for letter in spelt if not combining(letter))
    return re.sub("iz(?=e|a|i)", "is", bare)


NEAR = 5  # that many are told
LITTLE = {"a", "and", "as", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "wrt"}


def nearest(text: str) -> tuple[Entry, ...]:
    """Derivations that hold most of what is asked for, the nearest first; a rare word tells more.

    What stands in brackets or behind a stroke is a word like others, and little words are none.
    """
    words = {word for word in re.findall(r"[^\W_]+", _plain(text)) if word not in LITTLE}
    told = {one: _words(one) for topic in catalogue.topics() for one in topic.entries}
    weights = {}
    for word in words:
        holding = sum(word in known for _, known in told.values())
        if holding:
            weights[word] = 1 + log(len(told) / holding)
    scores = {
        one: sum(
            weight * ((word in known) + (word in name) / 2) for word, weight in weights.items()
        )
        - len(name) / 100
        for one, (name, known) in told.items()
    }
    best = sorted(scores, key=lambda one: -scores[one])[:NEAR]
    enough = 0.5 * sum(weights.values())
    return tuple(one for one in best if weights and scores[one] > enough)


@cache
def _words(entry: Entry) -> tuple[frozenset[str], frozenset[str]]:
    """The words of its name, and all that are said of it."""
    topic = catalogue.topic(entry.topic)
    texts = entry.name, entry.of, entry.about, entry.doc, topic.title
    each = [re.findall(r"[^\W_]+", _plain(one)) for one in (entry.name, " ".join(texts))]
    name, known = (frozenset(one) for one in each)
    return name, known


def used(entry: Entry) -> Uses:
    """Where a derivation is used: by its name, or by an experiment that takes its whole topic."""
    named = re.compile(rf"\b{entry.name}\b")
    about = tuple(name for name in experiment.names() if _takes(name, entry, named))
    others = [
        one.name
        for topic in catalogue.topics()
        if named.search(_text(topic.file))
        for one in topic.entries
        if one.name != entry.name and named.search(_code(one))
    ]
    return Uses(about, tuple(others), tuple(name for name in about if name in sheets.names()))


def _takes(name: str, entry: Entry, named: re.Pattern[str]) -> bool:
    """Whether an experiment imports the topic of a derivation, or the derivation out of it."""
    text = "\n".join(_text(file) for file in _parts(experiment.find(name).folder))
    package, _, topic = catalogue.topic(entry.topic).module.rpartition(".")
    if re.search(rf"from {re.escape(package)} import [^\n]*\b{topic}\b", text):
        return True
    return f"{package}.{topic} " in text and named.search(text) is not None


def _parts(folder: Path) -> list[Path]:
    """The files that an experiment stands in: those of its exercises are none of them."""
    return [file for file in folder.glob("*.py") if file.stem not in ("exercises", "solutions")]


@cache
def _text(file: Path) -> str:
    return file.read_text("utf-8")


@cache
def _code(entry: Entry) -> str:
    """The lines of a derivation, those of its function included."""
    return catalogue.source(entry) + (catalogue.of_source(entry) or "")
