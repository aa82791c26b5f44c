"""The pages of theory as GitHub shows them: Markdown reads all mathematics first, but a fenced block."""

import re

import pytest

from lab.config.shelf import shipped

PAGES = {
    str(page.relative_to(shipped("experiments"))): page
    for page in sorted(shipped("experiments").rglob("*.md"))
}
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
INLINE = re.compile(r"\$([^$]+)\$")
LOST = {
    r"\\[^\w\s]": "a backslash that gets lost",  # \, and \{ to Markdown
    r"\n": "a formula on two lines",
    r"\*|[)}\]]_": "a star or an underscore that makes italics",
}


def flaws(text: str) -> list[str]:
    """What GitHub would not show as it is meant."""
    text = CODE.sub("code", text)
    if "$$" in text:
        return ["displayed mathematics belongs into a ```math block"]
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        if paragraph.count("$") % 2:
            found.append(f"a $ without its other half: {paragraph[:60]}")
        for formula in INLINE.finditer(paragraph):
            found += [
                f"{why}: {formula[0]}" for lost, why in LOST.items() if re.search(lost, formula[1])
            ]
            before, after = paragraph[: formula.start()][-1:], paragraph[formula.end() :][:1]
            if re.match(r"[^\s(]", before) or re.match(r"[\w*]", after):
                found.append(f"a formula that touches its neighbour: {before}{formula[0]}{after}")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_github_shows_the_page(page):
    assert flaws(PAGES[page].read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        r"$x\,y$",
        r"the set $\{x\}$",
        "costs $x",
        "$$x$$",
        r"$a \\ b$",
        "$a +\nb$",
        "the limit $w^*$",
        "$(AB)_{ij}$",
        "**$x$ is bold**",
        "the $n$th",
    ],
)
def test_a_planted_flaw_is_found(text):
    assert flaws(text)


def test_what_is_fine_is_fine():
    block = "```math\nx\\,y \\\\ z^*\n```"
    assert flaws(r"($x \thinspace y$), `$PATH`, the $n$-th $\lvert x_i \rvert$." + block) == []
