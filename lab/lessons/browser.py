"""A lesson in the browser: marimo, as a program of its own."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

from lab.errors import BadInput
from lab.lessons.found import Lesson
from lab.modules import shown

MISSING = "lessons are marimo notebooks; pip install 'derivative-lab[lessons]'"


def opened(lesson: Lesson, *, edit: bool, browser: bool, port: int | None) -> int:
    """Show the lesson until interrupted, or hand out a copy to edit; the status it ends with.

    Raises `BadInput` where marimo is not installed, and where a copy would replace a file.
    """
    if find_spec("marimo") is None:
        raise BadInput(MISSING)
    file = handed_out(lesson, Path.cwd()) if edit else lesson.file
    program = subprocess.Popen(
        arguments(file, edit=edit, browser=browser, port=port), env=os.environ | PRECISION
    )
    try:
        return program.wait()
    except KeyboardInterrupt:  # it has had the same interrupt, and says good-bye
        program.wait()
        return 0


# as in `lab check`; a lesson that compares digits needs them
PRECISION = {"JAX_ENABLE_X64": "1"}


def arguments(file: Path, *, edit: bool, browser: bool, port: int | None) -> list[str]:
    """How marimo is called."""
    asked = [] if port is None else ["--port", str(port)]
    # a copy to edit may be run by whoever knows its token; a lesson that is shown runs only itself
    asked += [] if browser else ["--headless"]
    asked += ["--skip-update-check"] if edit else []
    return [sys.executable, "-m", "marimo", "edit" if edit else "run", str(file), *asked]


def handed_out(lesson: Lesson, folder: Path) -> Path:
    """A copy of one's own, named after the topic; one that is there already is kept."""
    copy = folder / f"{lesson.topic}_lesson.py"
    if not copy.exists():
        copyfile(lesson.file, copy)
        print(shown(copy), file=sys.stderr)
    return copy
