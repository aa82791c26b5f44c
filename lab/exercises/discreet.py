"""What the mistake is, told to somebody who is still looking for the answer.

The referee speaks to people who own their formula, and says what should stand there. A learner is
told where to look instead.
"""

import re

from lab.referee.verdict import Mistake

_TELLING = (
    # the slope that a step should have had
    (re.compile(r"( enters as [^;]*?) where it should be [^;]*"), r"\1, which it is not"),
    (re.compile(r"( is left out): a factor [^;]*"), r"\1"),
    # a term too little, and which
    (re.compile(r"a term -\S* ?[^;]* too much"), "a term is missing, or has the wrong sign"),
    (re.compile(r"the two differ by a term [^;]*"), "a term is missing or too much"),
    # of one thing there is no need to say which
    (re.compile(r"^(derivative|gradient|jacobian|hessian|tangent): (?=it |every )"), ""),
    # the true value at a point
    (re.compile(r" where the derivative is [^,;]*"), ", which the derivative is not"),
)


def discreet(mistake: Mistake | None) -> Mistake | None:
    """The same mistake in words that leave the answer to be found."""
    if mistake is None:
        return None
    says = mistake.says
    for telling, hushed in _TELLING:
        says = telling.sub(hushed, says)
    return mistake._replace(says=says)
