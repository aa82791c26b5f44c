"""The page is whole, stands alone, and shows hostile text as text."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from matplotlib.figure import Figure as Drawing

from lab.experiment import Finding
from lab.report.page import Figure, Page, number, render
from lab.report.picture import description, png

HOSTILE = "<script>alert('x')</script><img src=x onerror=\"alert(1)\">&{{ 7 * 7 }}"


def verdict(name: str, word: str, says: str | None = None) -> dict[str, Any]:
    mistake = {"name": "sign", "says": says, "where": "w[0]"} if says else None
    claim = {"name": name, "of": "mse", "kind": "gradient", "verdict": word}
    return claim | {"mistake": mistake, "reason": "agrees"}


def page(text: str = "plain", **changes: Any) -> Page:
    drawing = Drawing()
    drawing.subplots().plot([0, 1], [1, 0])
    contents = {
        "run": text,
        "title": text,
        "question": text,
        "expect": text,
        "status": "finished",
        "note": text,
        "verdicts": [verdict(text, "wrong", text), verdict("fine", "correct")],
        "findings": [Finding(text, 1.23456789, text, True), Finding("other", text, text, False)],
        "figures": [Figure(text, f"{text} drawn", png(drawing))],
        "config": f"seed: {text}",
        "command": text,
        "environment": {text: text},
        "seconds": {text: 1.5},
    }
    return Page(**contents | changes)  # type: ignore[arg-type]


class Elements(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_text_stays_text_wherever_it_comes_from() -> None:
    tame, hostile = Elements(render(page())), Elements(render(page(HOSTILE)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in tame.tags]
    assert not any("onerror" in attributes for _, attributes in hostile.tags)
    # every field is shown, and none of it was evaluated
    assert hostile.text.count(HOSTILE) == tame.text.count("plain") > 10
    (image,) = [attributes for tag, attributes in hostile.tags if tag == "img"]
    assert image["alt"] == f"{HOSTILE} drawn"


def test_the_page_asks_for_nothing_from_outside() -> None:
    html = render(page())
    elements = Elements(html)
    assert {tag for tag, _ in elements.tags}.isdisjoint({"script", "link", "iframe", "object"})
    assert "@import" not in html
    assert "url(" not in html
    for _, attributes in elements.tags:
        for name in ("src", "href", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "http" not in re.sub("http-equiv", "", html)


def test_verdicts_and_findings_are_said_in_words() -> None:
    text = Elements(render(page())).text
    assert "did not hold" in text
    assert "1.23457" in text
    assert "w[0]" in text
    assert text.index("wrong") < text.index("1 correct"), "what is wrong comes first"


def test_a_run_without_anything_is_a_page_all_the_same() -> None:
    empty: dict[str, Any] = {"verdicts": [], "findings": [], "figures": [], "note": ""}
    html = render(page(**empty, environment={}, seconds={}))
    assert "None were checked" in html
    assert "<figure>" not in html


@pytest.mark.parametrize("count", [6, 7])
def test_a_long_list_of_passing_verdicts_is_folded(count: int) -> None:
    verdicts = [verdict(f"d{i}", "correct") for i in range(count)]
    assert ("<details open>" in render(page(verdicts=verdicts))) == (count <= 6)


def test_numbers_are_short_and_text_is_kept() -> None:
    assert number(0.1 + 0.2) == "0.3"
    assert number("1.50") == "1.50"
    assert number(3) == "3"


def test_a_figure_is_described_by_its_titles_labels_and_curves() -> None:
    drawing = Drawing()
    drawing.suptitle("Secants become the tangent")
    left, right = drawing.subplots(1, 2)
    left.plot([0, 1], [0, 1], label="forward")
    left.plot([0, 1], [0, 2])
    left.set(title="Error", xlabel="h", ylabel="error")
    right.set_ylabel("slope")
    assert description("secants", drawing) == (
        "Secants become the tangent. Error: error against h (forward). slope."
    )
    assert description("bare", Drawing()) == "bare."
    assert png(Drawing()).startswith(b"\x89PNG")
