"""The folder of a run, and files that are whole or not there.

A run can be killed at any moment. So a file is written under a name that starts with a dot, in the
folder it belongs to, forced to the disk and only then renamed, which either happens or does not.
Readers skip the dots.
"""

import errno
import json
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.errors import BadInput

# what `whole` calls a file it has not finished
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}")


def create(name: str, root: Path = Path("runs")) -> Path:
    """A new folder ``root/name/<id>``, the id being the time in UTC and a few random letters.

    The letters are for runs that start in the same second: whoever comes second draws again.
    Raises ``BadInput`` where the folder cannot be made.
    """
    if any((root / kept).is_file() for kept in ("run.json", "sweep.json")):
        raise BadInput(
            f"{root} is the folder of a run or a sweep: lab resume {root} goes on with it; "
            "new ones are made in a folder of folders, such as runs"
        )
    home = root / name
    while True:
        started = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = home / f"{started}-{secrets.token_hex(2)}"
        try:
            home.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
        except FileExistsError:
            if not home.is_dir():
                raise BadInput(f"cannot make the run folder {folder}: {home} is a file") from None
        except OSError as error:
            raise BadInput(
                f"cannot make the run folder {folder}: {error.strerror}; "
                "free that path, or run from a folder that you can write to"
            ) from error
        else:
            return folder


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` if the block ends well, and else vanishes.

    Its folder is made where that one's own folder is there: a run whose folder was taken away is
    not begun a second time from the middle. Raises ``BadInput`` where the folder cannot be written
    to or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(exist_ok=True)
        yield temporary
        _to_the_disk(temporary)
        os.replace(temporary, path)
        _to_the_disk(path.parent)  # the name, too
    except OSError as error:
        raise BadInput(f"cannot write {path}: {_reason(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _to_the_disk(path: Path) -> None:
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # a system that opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    """What the system says, and what there is to do."""
    said = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{said}; free some space, then lab resume"
    if error.errno == errno.ENOENT:
        return f"{said}; the run's folder was taken away"
    return said


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``path`` whole."""
    with whole(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``path`` whole, in UTF-8."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Write ``path`` whole. Numbers that are not finite become null: JSON has no word for them."""
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def sweep(run: Path) -> None:
    """Remove the files that a killed run left unfinished."""
    for path in run.rglob(".*"):
        if _UNFINISHED.fullmatch(path.name):
            path.unlink()


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Have the run to oneself; whatever ends the process lets it go.

    Raises ``BadInput`` where another process has it.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    descriptor = os.open(run, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"{run} is still running, in another process") from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)


def _plain(content: Any) -> Any:
    """What JSON can say: numpy's numbers and arrays as numbers and lists, other things as text."""
    if hasattr(content, "tolist"):
        content = content.tolist()
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str | bytes):
        return [_plain(value) for value in content]
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    return content if content is None or isinstance(content, bool | int | str) else str(content)
