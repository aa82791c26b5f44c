"""What a learner is handed at the desk: sheets, questions, hints, solutions, how far one is."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.exercises import progress, sheets
from lab.exercises.sheets import Question, Sheet
from lab.modules import shown
from lab.report import terminal
from lab.runs.folder import write_bytes


def overview(folder: Path, as_json: bool) -> int:
    """How far one has come: topics with their count, and the questions of those begun."""
    done = progress.read(folder)
    found = [sheets.find(name) for name in sheets.names()]
    if as_json:
        print(
            terminal.dumps(
                {"exercises": [_plain(sheet, done.get(sheet.topic, {})) for sheet in found]}
            )
        )
        return 0
    rows = []
    for sheet in found:
        mine = done.get(sheet.topic, {})
        right = sum(progress.solved(mine, question.name) for question in sheet.questions)
        rows.append((sheet.topic, f"{right:>2} of {len(sheet.questions):>2}", sheet.title))
    total = sum(len(sheet.questions) for sheet in found)
    right = sum(
        progress.solved(done.get(sheet.topic, {}), question.name)
        for sheet in found
        for question in sheet.questions
    )
    print(
        terminal.heading(
            "Exercises", f"{right} of {total} solved; lab exercise TOPIC copies a sheet"
        )
    )
    print(*terminal.columns(rows), sep="\n")
    for sheet in found:
        if sheet.topic in done:
            print(f"\n{terminal.heading(sheet.topic, sheet.title)}")
            print(*terminal.columns([*_rows(sheet, done[sheet.topic])]), sep="\n")
    return 0


def hand_out(topic: str, folder: Path, force: bool, as_json: bool) -> int:
    """Copy the sheet, and say what to do with it."""
    sheet = sheets.find(topic)
    progress.read(folder)  # a file that cannot be read is better known before the work than after
    file = copy(topic, folder, force=force)
    if as_json:
        print(terminal.dumps({"file": str(file), **_plain(sheet, {})}))
        return 0
    print(terminal.heading(sheet.title, topic))
    print(f"\n{sheet.recap}\n")
    print(*terminal.columns([*_rows(sheet, {})]), sep="\n")
    print(
        f"\n{shown(file)} is yours: put your answers for the dots, then\n"
        f"  lab check {shown(file)}\n  lab exercise {topic} --hint"
    )
    return 0


def copy(topic: str, folder: Path, *, force: bool = False) -> Path:
    """Put the sheet on a topic into ``folder``, as ``TOPIC.py``.

    Raises ``BadInput`` where there is such a file already, unless ``force``.
    """
    sheet = sheets.find(topic)
    file = folder / f"{topic}.py"
    if file.exists() and not force:
        raise BadInput(
            f"{shown(file)} is there already: lab check {shown(file)} looks at your answers, "
            f"lab exercise {topic} --force replaces them by an empty sheet"
        )
    write_bytes(file, sheet.file.read_bytes())
    return file


def show_question(topic: str, name: str, as_json: bool) -> int:
    """One question, in the words of the sheet, and the functions it is about."""
    sheet = sheets.find(topic)
    question = sheet.question(name)
    if as_json:
        print(terminal.dumps(_question(topic, question)))
        return 0
    print(terminal.heading(f"{topic}.{name}", f"{question.level}, {question.skill}"))
    print(f"\n{name}({', '.join(question.arguments)})\n{question.text}")
    for source in sheets.spoken_of(sheet, question):
        print(f"\n{source}")
    return 0


def begun(folder: Path) -> str:
    """The topic of the only sheet in ``folder``: what is meant when none is named.

    Raises ``BadInput`` where there is none, or more than one.
    """
    here = [topic for topic in sheets.names() if (folder / f"{topic}.py").is_file()]
    if len(here) != 1:
        asked = f"sheets here: {', '.join(here)}" if here else "topics: lab exercise"
        raise BadInput(f"which exercise? lab exercise TOPIC EXERCISE, {asked}")
    return here[0]


def give_hint(topic: str, name: str | None, folder: Path, as_json: bool) -> int:
    """The next hint to one question; to the first that is not solved where none is named."""
    from lab.exercises.record import solutions

    sheet = sheets.find(topic)
    mine = progress.read(folder).get(topic, {})
    waiting = [one.name for one in sheet.questions if not progress.solved(mine, one.name)]
    if name is None and not waiting:
        raise BadInput(f"every exercise on {topic} is solved: nothing left to hint at")
    question = sheet.question(name or waiting[0])
    hints = solutions(sheet.file.parent)[question.name].hints
    number = progress.hinted(folder, topic, question.name, len(hints))
    if as_json:
        said = {"exercise": f"{topic}.{question.name}", "number": number, "of": len(hints)}
        print(terminal.dumps(said | {"hint": hints[number - 1].says}))
        return 0
    last = ", the last one" if number == len(hints) else ""
    print(terminal.heading(f"{topic}.{question.name}", f"hint {number} of {len(hints)}{last}"))
    print(f"\n{hints[number - 1].says}")
    if last:
        print(f"\nThe solution: lab exercise {topic} {question.name} --solution")
    return 0


def show_solution(topic: str, name: str | None, as_json: bool) -> int:
    """How it is done: the lines of the solution."""
    from lab.exercises.record import solutions

    sheet = sheets.find(topic)
    if name is None:
        raise BadInput(f"which one? lab exercise {topic} EXERCISE --solution")
    solution = solutions(sheet.file.parent)[sheet.question(name).name].solution
    lines = inspect.getsource(solution).splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("def "))
    code = "\n".join(lines[start:])
    if as_json:
        print(terminal.dumps({"exercise": f"{topic}.{name}", "solution": code}))
    else:
        print(code)
    return 0


def judge_formula(topic: str, name: str | None, text: str, folder: Path, as_json: bool) -> int:
    """The verdict on an answer typed as a formula."""
    from lab import compiled, referee
    from lab.exercises.check import Judged
    from lab.exercises.formulas import judge_typed
    from lab.exercises.record import solutions
    from lab.exercises.show import show

    sheet = sheets.find(topic)
    if name is None:
        raise BadInput(f'which one? lab exercise {topic}.EXERCISE --answer "{text}"')
    question = sheet.question(name)
    compiled.keep()
    verdict, opinion = judge_typed(solutions(sheet.file.parent)[name], text)
    judged = Judged(topic, question, verdict)
    if as_json:
        symbolic = opinion._asdict() if opinion else None
        print(terminal.dumps(judged.to_json() | {"symbolic": symbolic}))
    else:
        show([judged], terminal.console())
        if opinion:
            print(f"symbolic: {opinion.says}")
    progress.tried(folder, topic, {name: verdict.verdict})
    return referee.exit_status([verdict])


def _rows(sheet: Sheet, mine: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for question in sheet.questions:
        one = mine.get(question.name, {})
        mark = "✓" if progress.solved(mine, question.name) else "✗" if one.get("verdict") else "○"
        tries, hints = one.get("tries", 0), one.get("hints", 0)
        spent = [f"{tries} {'try' if tries == 1 else 'tries'}"] if tries else []
        spent += [f"{hints} {'hint' if hints == 1 else 'hints'}"] if hints else []
        if mark == "✓" and one.get("verdict") not in progress.SOLVED:
            spent.append("the last answer was not right")
        yield mark, question.name, question.level, question.skill, ", ".join(spent)


def _plain(sheet: Sheet, mine: dict[str, Any]) -> dict[str, Any]:
    questions = [
        _question(sheet.topic, question) | mine.get(question.name, {"verdict": "open"})
        for question in sheet.questions
    ]
    return {"topic": sheet.topic, "title": sheet.title, "questions": questions}


def _question(topic: str, question: Question) -> dict[str, Any]:
    plain = {key: value for key, value in question._asdict().items() if key != "open"}
    return {"exercise": f"{topic}.{question.name}"} | plain
