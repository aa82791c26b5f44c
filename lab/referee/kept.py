"""Verdicts on the catalogue, kept as long as nothing they rest on has changed.

A verdict rests on the derivation, on what its file imports, on the referee, and on JAX. The key is
a digest of every source file of the package, of the versions and of the seed: whoever changes
anything judges anew. Derivations that live elsewhere are always judged."""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lab import compiled
from lab.derivation import Derivation
from lab.referee.verdict import Counterexample, Mistake, Verdict, Witness

PACKAGE = Path(__file__).resolve().parents[1]
CATALOGUE = "lab.calculus."
VERSIONS = ("jax", "jaxlib", "numpy")


def recalled(claim: Derivation, seed: int) -> Verdict | None:
    """The verdict on record, if there is one and it still holds."""
    place = _place(claim, seed)
    if place is None:
        return None
    try:
        plain = json.loads(place.read_text(encoding="utf-8"))
        return _verdict(plain)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(claim: Derivation, seed: int, verdict: Verdict) -> None:
    """Put the verdict on record; where nothing can be written, nothing is."""
    place = _place(claim, seed)
    if place is None:
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_text(json.dumps(verdict.to_json()), encoding="utf-8")
        unfinished.replace(place)
    except OSError:
        return


def _place(claim: Derivation, seed: int) -> Path | None:
    home = getattr(claim.hand, "__module__", "")
    if not home.startswith(CATALOGUE):
        return None
    return compiled.folder().parent / "verdicts" / _digest() / f"{home}.{claim.name}.{seed}.json"


@cache
def _digest() -> str:
    text = hashlib.sha256(platform.python_version().encode())
    for name in VERSIONS:
        text.update(version(name).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        text.update(str(path.relative_to(PACKAGE)).encode())
        text.update(path.read_bytes())
    return text.hexdigest()[:16]


def _verdict(plain: dict[str, Any]) -> Verdict:
    mistake = Mistake(**plain["mistake"]) if plain["mistake"] else None
    witnesses = tuple(Witness(**witness) for witness in plain["witnesses"])
    shown = Counterexample(**plain["counterexample"]) if plain["counterexample"] else None
    read = {"mistake": mistake, "witnesses": witnesses, "counterexample": shown}
    return Verdict(**{**plain, **read})
