"""The pages of theory as GitHub shows them: Markdown reads inline mathematics first."""

import re

import pytest

from lab.config.shelf import shipped

PAGES = {page.parent.name: page for page in sorted(shipped("experiments").glob("*/theory.md"))}
DISPLAYED = re.compile(r"\$\$.*?\$\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
INLINE = re.compile(r"\$([^$]+)\$")


def flaws(text: str) -> list[str]:
    """What GitHub would not show as it is meant."""
    if text.count("$$") % 2:
        return ["a $$ without its other half"]
    text = DISPLAYED.sub("", CODE.sub("", text))
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.count("$") % 2:
            found.append(f"a $ without its other half: {paragraph[:60]}")
        # \, and \{ lose their backslash to Markdown
        found += [
            f"a backslash that gets lost: ${formula}$"
            for formula in INLINE.findall(paragraph)
            if re.search(r"\\[^\w\s]", formula)
        ]
    return found


@pytest.mark.parametrize("topic", PAGES)
def test_github_shows_the_page(topic):
    assert flaws(PAGES[topic].read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text", [r"$x\,y$", r"the set $\{x\}$", "costs $x", "$$x$$ and $$y", r"$a \\ b$"]
)
def test_a_planted_flaw_is_found(text):
    assert flaws(text)


def test_what_is_fine_is_fine():
    assert flaws(r"$x \thinspace y$, `$PATH`, and $$x\,y \\ z$$ \n\n $\lvert x \rvert$") == []
