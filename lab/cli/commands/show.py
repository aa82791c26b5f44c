"""``lab show``: one derivation or experiment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli import shelves
from lab.cli.program import Json, app
from lab.errors import BadInput, suggestion

if TYPE_CHECKING:
    from lab.catalogue import Claim, Entry
    from lab.derivation import Derivation
    from lab.referee import Verdict


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A derivation, an experiment, a config, an exercise (TOPIC.EXERCISE), or words.",
            autocompletion=lambda: [*shelves.configs(), *shelves.derivations()],
        ),
    ],
    as_json: Json = False,
) -> int:
    """Show a derivation, what an experiment asks, an exercise; or notation, or devices."""
    import lab.catalogue as catalogue
    import lab.experiment as experiment
    from lab.config.shelf import shipped
    from lab.exercises import desk, sheets
    from lab.lessons import found as lessons
    from lab.modules import shown
    from lab.report import terminal
    from lab.search import nearest, search

    configs = experiment.configs()
    runs = {config: owner for owner, names in configs.items() for config in names}
    asked = {one: one for one in experiment.names()} | runs
    derivations = [one.name for one in catalogue.entries()]
    found: experiment.Experiment | catalogue.Entry
    if name in asked:
        found = experiment.find(asked[name])
    elif name.rpartition(".")[2] in derivations:
        found = catalogue.find(name)
    elif name in (pages := {page.stem: page for page in shipped("experiments").glob("*.md")}):
        print(pages[name].read_text("utf-8").rstrip())
        return 0
    elif name.partition(".")[0] in sheets.names() and "." in name:
        topic, _, question = name.partition(".")
        return desk.show_question(topic, question, as_json)
    elif len(words := [one for topic in search(name).topics for one in topic.entries]) == 1:
        found = words[0]
    else:
        come = "; near it: " + ", ".join(one.name for one in nearest(name))
        near = suggestion(name, [*asked, *derivations]) if name.isidentifier() else ""
        near = near or (come if nearest(name) else f"; try lab list --search {name}")
        if name in shelves.topics():
            near = f"; it is a topic: lab list --topic {name}"
        raise BadInput(f"nothing is named {name!r}{near}")
    if as_json:
        facts = _plain_facts(found) if isinstance(found, catalogue.Entry) else {}
        print(terminal.dumps(terminal.plain(found, configs) | facts))
    elif isinstance(found, catalogue.Entry):
        print("\n".join(terminal.entry(found, [*_facts(found)])))
    else:
        more = []
        if (page := found.folder / "theory.md").is_file():
            more.append(("theory", shown(page)))
        if found.name in sheets.names():
            more.append(("exercises", _exercises(found.name)))
        if found.name in lessons.topics():
            more.append(("lesson", f"lab lesson {found.name}"))
        print("\n".join(terminal.experiment(found, configs.get(found.name, []), more)))
    return 0


def _facts(entry: "Entry") -> Iterator[tuple[str, str]]:
    """What is known of a derivation besides how it is derived."""
    from lab import catalogue, search

    claim, uses = catalogue.claim(entry), search.used(entry)
    if claim.wrt:
        yield "with respect to", claim.wrt
    yield "for", ", ".join(f"{name} in {place}" for name, place in claim.at)
    if claim.kinks:
        yield "kinks", claim.kinks
    if (verdict := _verdict(entry)) is not None:
        from lab.referee.show import in_a_line

        yield "verdict", in_a_line(verdict)
    if told := _by_algebra(entry, claim):
        yield "SymPy", told
    if uses.experiments:
        yield "experiments", ", ".join(uses.experiments)
    if uses.derivations:
        yield "used by", ", ".join(uses.derivations)
    if uses.sheets:
        yield "exercises", ", ".join(f"lab exercise {topic}" for topic in uses.sheets)


def _derivation(entry: "Entry") -> "Derivation | None":
    from importlib import import_module

    from lab import catalogue
    from lab.derivation import derivation_of

    return derivation_of(getattr(import_module(catalogue.topic(entry.topic).module), entry.name))


def _verdict(entry: "Entry") -> "Verdict | None":
    """What the referee says of it: what was kept, or else what it says now."""
    from lab import compiled
    from lab.referee.trials import trials

    derivation = _derivation(entry)
    if derivation is None:
        return None
    compiled.keep()
    (trial,) = trials([derivation], seed=0, recall=True)
    if trial.fault is not None:
        raise trial.fault
    return trial.verdict


def _by_algebra(entry: "Entry", claim: "Claim") -> str:
    """What SymPy says of a formula of numbers; nothing, and nothing imported, of anything else."""
    numbers = not any('"' in place or "'" in place for _, place in claim.at)
    by_entry = entry.kind == "derivative" or (entry.kind in ("gradient", "hessian") and numbers)
    if not by_entry or "," in claim.wrt:
        return ""
    from lab.symbolic import claims

    derivation = _derivation(entry)
    opinion = claims.opinion(derivation) if derivation else None
    if opinion is None or opinion.equal is None:
        return ""
    return f"{'agrees' if opinion.equal else 'disagrees'}: {opinion.says}"


def _plain_facts(entry: "Entry") -> dict[str, Any]:
    """The same, for JSON."""
    from lab import catalogue, search

    claim, verdict = catalogue.claim(entry), _verdict(entry)
    facts = claim._asdict() | {"at": dict(claim.at), "used": search.used(entry)._asdict()}
    return facts | {"verdict": verdict.to_json() if verdict is not None else None}


def _exercises(topic: str) -> str:
    from lab.exercises import sheets

    count = len(sheets.find(topic).questions)
    return f"{count}, lab exercise {topic}"
