"""The folder of a run, and files that are whole or not there.

A run can be killed at any moment. So a file is written under a name that starts with a dot, in the
folder it belongs to, forced to the disk and only then renamed, which either happens or does not.
Readers skip the dots.
"""

import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.errors import BadInput


def create(name: str, root: Path = Path("runs")) -> Path:
    """A new folder ``root/name/<id>``, the id being the time in UTC and a few random letters.

    The letters are for runs that start in the same second: whoever comes second draws again.
    Raises ``BadInput`` where the folder cannot be made.
    """
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

    Raises ``BadInput`` where the folder cannot be written to or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


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
