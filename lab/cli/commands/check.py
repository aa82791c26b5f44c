"""``lab check``: hand derivations on trial."""

import sys
from typing import Annotated, Any

import typer

from lab import compiled
from lab.cli import shelves
from lab.cli.program import app, said
from lab.errors import BadInput
from lab.interrupts import INTERRUPTED


@app.command()
def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="file.py, file.py::name, package.module, package.module:name, a name of the "
            "catalogue, a sheet of exercises, or nothing for all of the catalogue.",
            autocompletion=shelves.derivations,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="DOMAINS",
            help="Where the arguments of a custom rule come from: \"x=reals('n d'), k=3\".",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Draws other points.")] = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Judge the whole catalogue anew, unchanged or not.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for each derivation.")
    ] = False,
) -> int:
    """Put hand derivations on trial.

    What is named is judged; of the whole catalogue, what has changed since it was judged last.
    Witnesses are JAX's forward and reverse mode, numerical differences and both precisions. Exit
    status: 0 nothing wrong; 1 something is wrong or unstable; 2 bad input; 3 inconclusive or
    error only.
    """
    from lab import referee
    from lab.exercises.check import answered
    from lab.referee.show import show
    from lab.referee.targets import everything, resolve
    from lab.referee.together import families, together
    from lab.referee.trials import trials
    from lab.report import terminal
    from lab.report.progress import progress

    compiled.keep()
    papers = [paper for target in targets or [] if (paper := answered(target))]
    if papers and len(papers) < len(targets or []):
        raise BadInput("sheets of exercises and derivations are checked apart: one lab check each")
    if papers:
        return _sheets(papers, seed, as_json)
    found = [resolve(target, at) for target in targets or []]
    named = [one for each in found for one in each.claims] if found else [*everything()]
    derivations = list({(one.file, one.line, one.name): one for one in named}.values())
    verdicts = []
    faults = [str(problem) for each in found for problem in each.unknown.values()]
    interrupted, kept = False, 0
    with progress(streaming=as_json) as watch:
        watch.phase("checks", len(derivations))
        try:
            for done, one in enumerate(trials(derivations, seed, recall=not (targets or fresh))):
                watch.at(done + 1, one.claim.name)
                if one.verdict is None:  # the others are heard all the same
                    where = f"{one.claim.file}:{one.claim.line}: " if one.claim.file else ""
                    faults.append(f"{where}{one.fault}")
                    continue
                kept += one.kept
                verdicts.append(one.verdict)
                if as_json:
                    print(terminal.dumps(verdicts[-1].to_json(), indent=None), flush=True)
            wrong = {(one.file, one.line, one.name) for one in verdicts if one.verdict == "wrong"}
            for family in families(derivations) if targets else ():
                if all((one.file, one.line, one.name) in wrong for one in family):
                    continue  # none of them is left to hold the others against
                verdicts.append(together(family, seed))
                if as_json:
                    print(terminal.dumps(verdicts[-1].to_json(), indent=None), flush=True)
        except KeyboardInterrupt:
            interrupted = True
    if not as_json and verdicts:
        show(verdicts, terminal.console())
    if kept and not as_json:
        print(f"{kept} unchanged, their verdicts kept; lab check --fresh judges anew")
    if interrupted:
        print(f"interrupted after {len(verdicts)} of {len(derivations)}", file=sys.stderr)
    return INTERRUPTED if interrupted else said(faults) or referee.exit_status(verdicts)


def _sheets(papers: list[Any], seed: int, as_json: bool) -> int:
    """Sheets of exercises: a verdict on each answer, kept as progress beside the sheet."""
    from lab import referee
    from lab.exercises import check as exercises
    from lab.exercises.show import show
    from lab.report import terminal
    from lab.report.progress import progress

    verdicts, faults = [], []
    for sheet, questions in papers:
        judged: list[exercises.Judged] = []
        unkept, interrupted = "", False
        with progress(streaming=as_json) as watch:
            watch.phase("exercises", len(questions))
            try:
                for one in exercises.check(sheet, questions, seed=seed):
                    judged.append(one)
                    watch.at(len(judged), one.question.name)
                    if as_json:
                        print(terminal.dumps(one.to_json(), indent=None), flush=True)
                    try:  # one by one, so that whatever comes next can take nothing away
                        exercises.keep(sheet, [one])
                    except BadInput as problem:  # what came out is said all the same
                        unkept = str(problem)
            except KeyboardInterrupt:
                interrupted = True
        if not as_json:
            show(judged, terminal.console())
        verdicts += [one.verdict for one in judged if one.verdict is not None]
        faults += [unkept] if unkept else []
        if interrupted:
            print(f"interrupted after {len(judged)} of {len(questions)}", file=sys.stderr)
            return INTERRUPTED
    return said(faults) or referee.exit_status(verdicts)
