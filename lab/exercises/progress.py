"""What a learner has done so far: a plain file beside the sheet, written whole or not at all.

{"directional_derivatives": {"bowl_gradient": {"verdict": "correct", "tries": 2, "hints": 1}}}
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.modules import shown
from lab.runs.folder import write_json

FILE = "progress.json"
SOLVED = ("correct", "subgradient")

Done = dict[str, dict[str, dict[str, Any]]]


def read(folder: Path) -> Done:
    """Everything done in ``folder``, by topic and exercise; nothing where no file is.

    Raises ``BadInput`` for a file that is there and cannot be made sense of.
    """
    file = folder / FILE
    try:
        content = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise BadInput(f"{shown(file)}: cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        line = getattr(problem, "lineno", 1)
        raise BadInput(
            f"{shown(file)}:{line}: not JSON; mend it, or delete it to start anew"
        ) from None
    exercises = isinstance(content, dict) and all(isinstance(one, dict) for one in content.values())
    if not exercises or not all(
        isinstance(one, dict)
        and isinstance(one.get("tries", 0), int)
        and isinstance(one.get("hints", 0), int)
        for topic in content.values()
        for one in topic.values()
    ):
        raise BadInput(
            f"{shown(file)}:1: no progress with exercises; give that file another name, "
            "or delete it to start anew"
        )
    return content


def solved(done: Mapping[str, Mapping[str, Any]], name: str) -> bool:
    """Whether an answer to an exercise was right."""
    return bool(done.get(name, {}).get("solved"))


def tried(folder: Path, topic: str, verdicts: Mapping[str, str]) -> None:
    """Write down one more try at each exercise, and how it came out.

    To look again at what is right already is no try.
    """
    done = read(folder)
    for name, word in verdicts.items():
        one = done.setdefault(topic, {}).setdefault(name, {})
        again = one.get("solved", False) and word in SOLVED
        one |= {"verdict": word, "tries": one.get("tries", 0) + (not again)}
        if word in SOLVED:
            one["solved"] = True
    write_json(folder / FILE, done)


def hinted(folder: Path, topic: str, name: str, hints: int) -> int:
    """Write down that one more of so many hints is given; its number, the last one if all were."""
    done = read(folder)
    one = done.setdefault(topic, {}).setdefault(name, {})
    given = min(one.get("hints", 0) + 1, hints)
    one["hints"] = given
    write_json(folder / FILE, done)
    return given
