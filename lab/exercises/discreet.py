"""What the mistake is, told to somebody who is still looking for the answer.

The referee speaks to people who own their formula, and says what should stand there. A learner is
told where to look instead.
"""

import re

from lab.referee.verdict import Mistake

# a quoted expression may hold whatever stops another rule
_SAID = r"(?:`[^`]*`|[^`;])*?"
_LETTER = re.compile(r", ([uvy]) = (.*?)(?=, [uvy] = |$)")
_SLOPE = re.compile(r"( is taken to be )([^;]*?) where it is ([^;]*)")

_TELLING = tuple(
    (re.compile(telling), hushed)
    for telling, hushed in (
        (r"( is left out): a factor [^;]*", r"\1"),
        # what the formula lacks, and what should stand in it
        (rf" lacks a (term|factor) {_SAID} in the formula", r" lacks a \1 in the formula"),
        (rf" lacks a division by {_SAID} in the formula", " lacks a factor in the formula"),
        (rf"( stands in the formula where ){_SAID} should\b", r"\1something else should"),
        (rf"( stands in `[^`]*` where ){_SAID} should\b", r"\1something else should"),
        # of single entries
        (r"(entr(?:y|ies) \[[^;]* is \S+) where it should be [^;]*", r"\1, which it should not be"),
        (r"(entr(?:y|ies) \[[^;]* (?:lacks|has) a factor) [^;]*", r"\1"),
        (r" should be squared in the formula", " enters the formula with the wrong power"),
        (r" where it should run [^;]*", ", which is the wrong way"),
        (r", and should run along axis \d+", ", which is the wrong one"),
        (rf"(the number \S+(?: in `[^`]*`)?) should be {_SAID}(?=;|$)", r"\1 is not the right one"),
        (
            rf"(the numbers \S+ and \S+(?: in `[^`]*`)?) should be {_SAID}(?=;|$)",
            r"\1 are not the right ones",
        ),
        # a term or a factor too little, and which
        (r"a term -\S* ?[^;]* too much", "a term is missing, or has the wrong sign"),
        (r"the two differ by a term [^;]*", "a term is missing or too much"),
        (rf"a (term|factor) {_SAID} is left out(?!, as if)", r"a \1 is left out"),
        # of one thing there is no need to say which
        (r"^(derivative|gradient|jacobian|hessian|tangent): (?=it |every )", ""),
        # the true value at a point
        (r" where the derivative is [^,;]*", ", which it is not"),
    )
)


def discreet(mistake: Mistake | None) -> Mistake | None:
    """The same mistake in words that leave the answer to be found."""
    if mistake is None:
        return None
    says = _SLOPE.sub(_without_slope, mistake.says)
    for telling, hushed in _TELLING:
        says = telling.sub(hushed, says)
    return mistake._replace(says=says)


def _without_slope(said: re.Match[str]) -> str:
    """The slope that a step has in the answer, its letters explained, without the one it should."""
    kept = [
        f"{letter} = {value}"
        for letter, value in _LETTER.findall(said[3])
        if re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", said[2])
    ]
    explained = f", with {' and '.join(kept)}" if kept else ""
    return f"{said[1]}{said[2]}{explained}, which it is not"
