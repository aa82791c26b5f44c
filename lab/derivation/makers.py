"""The makers: a decorator for each kind of derivative."""

from collections.abc import Callable
from typing import Any, TypeVar

from lab.derivation.claims import derivation, takes_the_arguments
from lab.derivation.record import Kind, Wrt, derivation_of, name_of
from lab.errors import BadInput

Hand = TypeVar("Hand", bound=Callable[..., Any])


def _maker(kind: Kind) -> Callable[..., Callable[[Hand], Hand]]:
    def maker(
        *,
        of: Callable[..., Any],
        at: Any,
        wrt: Wrt = 0,
        kinks: str | None = None,
    ) -> Callable[[Hand], Hand]:
        def record(hand: Hand) -> Hand:
            if derivation_of(hand) is not None:
                raise BadInput(
                    f"{name_of(hand)} already carries a derivation; one function, one claim: "
                    "write a second function for the second one"
                )
            claim = derivation(of, hand, kind=kind, wrt=wrt, at=at, kinks=kinks)
            takes_the_arguments(claim)
            hand.__derivation__ = claim  # type: ignore[attr-defined]
            return hand

        return record

    maker.__name__ = maker.__qualname__ = kind
    maker.__doc__ = f"""Record a function as the hand-derived {kind} of ``of``.

    ``wrt`` names the argument(s) (name, position or tuple of them); ``at`` says where arguments
    come from: domains by argument name, a sampler ``key -> args``, or concrete arguments; ``kinks``
    says in words where a subgradient was chosen. Raises `BadInput` at once when the pieces do not
    fit together.
    """
    return maker


derivative = _maker("derivative")
gradient = _maker("gradient")
jacobian = _maker("jacobian")
hessian = _maker("hessian")
jvp = _maker("jvp")
vjp = _maker("vjp")
hvp = _maker("hvp")
identity = _maker("identity")
