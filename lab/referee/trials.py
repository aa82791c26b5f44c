"""Many derivations, one after the other or side by side; kept verdicts where they hold."""

import gc
import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import NamedTuple

from lab.derivation import Derivation, derivation_of
from lab.errors import BadInput
from lab.referee.kept import recalled, remember
from lab.referee.verdict import Verdict

WORTHWHILE = 24  # derivations for each process, which takes seconds to start
MOST = 8


class Trial(NamedTuple):
    """What came out for one derivation: a verdict, kept or new, or the fault of the question."""

    claim: Derivation
    verdict: Verdict | None
    fault: BadInput | None = None
    kept: bool = False


def trials(
    claims: Sequence[Derivation], seed: int, *, recall: bool, processes: int | None = None
) -> Iterator[Trial]:
    """Judge all claims, in their order; with ``recall``, where a kept verdict holds, that."""
    known = {id(c): recalled(c, seed) for c in claims} if recall else {}
    rest = [claim for claim in claims if known.get(id(claim)) is None]
    count = processes or min(MOST, os.cpu_count() or 1, len(rest) // WORTHWHILE)
    judged = _side_by_side(rest, seed, count) if count > 1 else (_judged(c, seed) for c in rest)
    for claim in claims:
        held = known.get(id(claim))
        if held is not None:
            yield Trial(claim, held, kept=True)
            continue
        verdict, fault = next(judged)
        if verdict is not None:
            remember(claim, seed, verdict)
        yield Trial(claim, verdict, fault)


Judged = tuple[Verdict | None, BadInput | None]


def _judged(claim: Derivation, seed: int) -> Judged:
    from lab.referee.court.judge import check  # as dear as JAX itself, and kept verdicts need none

    try:
        return check(claim, seed=seed), None
    except BadInput as problem:
        return None, problem


def _side_by_side(claims: Sequence[Derivation], seed: int, count: int) -> Iterator[Judged]:
    """In processes of their own; here, those that another process could not import."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    names = [_importable(claim) for claim in claims]
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_prepared) as pool:
        futures = [pool.submit(_elsewhere, *name, seed) if name else None for name in names]
        try:
            for claim, future in zip(claims, futures, strict=True):
                yield future.result() if future else _judged(claim, seed)
        finally:
            # where nobody waits for answers any more, nobody waits for the processes
            pool.shutdown(wait=all(one.done() for one in futures if one), cancel_futures=True)


def _importable(claim: Derivation) -> tuple[str, str] | None:
    """The module and name under which another process finds the claim."""
    home = getattr(claim.hand, "__module__", "")
    return (home, claim.name) if home.startswith("lab.") else None


def _prepared() -> None:
    """A process that does nothing but judge: what is imported stays, and tracing makes so many
    small things that to look through them for rubbish at the usual pace takes a thirtieth of all.
    """
    from lab import compiled

    compiled.in_one_piece()
    compiled.keep()
    import_module("lab.referee.court.judge")
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _elsewhere(module: str, name: str, seed: int) -> Judged:
    claim = derivation_of(getattr(import_module(module), name))
    assert claim is not None
    return _judged(claim, seed)
