"""A run as one page: a single HTML file that opens without a network.

``render`` is a pure function of the page's contents; whatever they are, the template escapes them.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lab.experiment import Finding


class Figure(NamedTuple):
    """A picture and what to say to somebody who cannot see it."""

    name: str
    alt: str
    png: bytes


class Page(NamedTuple):
    """Everything a report shows, in the order it shows it."""

    run: str
    title: str
    question: str
    expect: str
    status: str
    note: str
    verdicts: Sequence[Mapping[str, Any]]
    findings: Sequence[Finding]
    figures: Sequence[Figure]
    config: str
    command: str
    environment: Mapping[str, Any]
    seconds: Mapping[str, float]


def render(page: Page) -> str:
    """The page as HTML, with its figures inside it."""
    return filled("page.html", page._asdict())


def filled(template: str, contents: Mapping[str, Any], room: str = "report") -> str:
    """A template of a room of the lab with its contents, which it escapes."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader("lab", where) for where in (room, "report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": data_uri, "number": number, "tally": tally}
    return environment.get_template(template).render(contents)


def data_uri(png: bytes) -> str:
    """A picture written into the page itself."""
    return "data:image/png;base64," + b64encode(png).decode("ascii")


def number(value: object) -> str:
    """Six significant digits; text as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def tally(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """``"3 correct, 1 wrong"``, the most frequent first."""
    found = Counter(str(verdict["verdict"]) for verdict in verdicts)
    return ", ".join(f"{count} {verdict}" for verdict, count in found.most_common())
