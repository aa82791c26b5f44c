"""The referee on a collection of right derivations and planted human mistakes, beside its peers.

Every derivation is given to `lab.check` with an opaque sampler, as a user would have one; some once
more with named domains. Counted are the mistakes that are detected (`wrong` or `unstable`) and
named, class by class; the right derivations that are not passed (plain, ill-conditioned, at a kink
with another subgradient than JAX's); the steps of longer derivations that are found wrong, or
blamed; and CPU seconds. The peers see the same derivatives at five random points, each as its
manual has it; a peer condemns by raising. What a peer cannot do is not counted for it.

A third of the collection is held out, by the names of the cases: whoever improves the referee does
not read it, and nothing here tells of it more than numbers."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Annotated, Any, Literal

import typer

from lab.bench import Report
from lab.report.progress import Unwatched


def measure(
    watch: Unwatched,
    *,
    sample: Annotated[int, typer.Option(min=1, help="Only every K-th case.")] = 1,
    part: Annotated[
        Literal["tuned", "held_out", "all"], typer.Option(help="Which part of the collection.")
    ] = "all",
    peers: Annotated[bool, typer.Option(help="Ask the other checkers, too.")] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes to share the work.")] = 2,
) -> Report:
    """Times are CPU seconds of one derivation, its compilation included. A name is right when it is
    the class that was planted, or one that is as true; `no name` is an `unknown`.
    """
    from lab.bench.referee import scores
    from lab.bench.referee.backprops import BACKPROPS
    from lab.bench.referee.case import part_of
    from lab.bench.referee.collection import collection
    from lab.bench.referee.peers import PEERS, PeerTrial, present
    from lab.bench.referee.trial import Trial

    cases = collection()
    wanted = lambda name: part in ("all", part_of(name))
    chosen = [i for i, case in enumerate(cases) if wanted(case.name)][::sample]
    walks = [i for i, one in enumerate(BACKPROPS) if wanted(one.name)][::sample]
    tasks = [("case", i) for i in chosen] + [("steps", i) for i in walks]
    tasks += [("peers", i) for i in chosen if peers]
    found: list[Any] = []
    watch.phase("cases", len(tasks))
    for done, answers in enumerate(_worked(tasks, workers), start=1):
        found += answers
        watch.at(done, answers[0].case if answers else "")
    trials = [one for one in found if isinstance(one, Trial)]
    others = [one for one in found if isinstance(one, PeerTrial)]
    tables = [scores.by_class(trials), scores.right_ones(trials), scores.with_domains(trials)]
    tables += [scores.steps(trials)] if walks else []
    tables += [scores.beside_peers(trials, others)] if peers else []
    notes = [f"{len(chosen)} of {len(cases)} cases, {len(trials)} trials."]
    if peers:
        absent = [peer.name for peer in PEERS if peer not in present()]
        notes += [f"{name} is not installed and was not asked." for name in absent]
        notes.append("Peers are asked only about kinds of derivative that they can check.")
    facts = {
        "sample": sample,
        "part": part,
        "failures": scores.failures(trials),
        "crashes": sum(one.verdict == "crash" for one in trials),
        "seconds": {
            "referee": sum(one.seconds for one in trials),
            "peers": sum(o.seconds for o in others),
        },
    }
    return Report([table for table in tables if table.rows], facts, notes)


def _worked(tasks: list[tuple[str, int]], workers: int) -> Iterator[list[Any]]:
    """The answers of all tasks, as they come, from processes of their own."""
    from lab.bench.referee.trial import work

    if workers == 1:
        yield from map(work, tasks)
        return
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_on_the_cpu
    ) as pool:
        yield from pool.map(work, tasks)


def _on_the_cpu() -> None:
    """Processes beside each other would each claim the memory of a GPU; checks need none."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
