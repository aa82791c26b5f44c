"""The pytest plugin: derivations become tests, and a failing one says what the mistake is.

    pytest --derivations src/

collects from every Python file under the given folders what `lab check` would check in it: hand
derivations and functions with custom rules of which it is known where their arguments come from.
Each is a test of its own. With JUnit XML the verdict, the mistake and the power are properties of
the test case. In a test of yours, `assert lab.check(...)` fails with the same words."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MARKERS = ("lab", "custom_vjp", "custom_jvp")  # what a file mentions that may hold a derivation
FIELDS = ("verdict", "kind", "of", "power", "points", "meant")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("derivative lab")
    group.addoption(
        "--derivations",
        action="store_true",
        help="collect hand derivations and custom JAX rules as tests (derivative lab)",
    )
    group.addoption(
        "--derivations-seed", type=int, default=0, help="draws other points to judge them at"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "DerivationFile | None":
    if not parent.config.getoption("--derivations") or file_path.suffix != ".py":
        return None
    if file_path.name == "conftest.py" or not _mentions(file_path):
        return None
    return DerivationFile.from_parent(parent, path=file_path)


def _mentions(path: Path) -> bool:
    """Whether the file names what makes a derivation: other files are not imported at all."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return False
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
    return any(marker in names for marker in MARKERS)


class DerivationFile(pytest.File):
    """A Python file as `lab check` sees it."""

    def collect(self) -> Iterator[pytest.Item]:
        from lab.errors import BadInput
        from lab.referee.targets import in_file

        try:
            found = in_file(self.path)
        except BadInput as problem:
            raise self.CollectError(str(problem)) from None
        for claim in found.claims:
            yield DerivationItem.from_parent(self, name=claim.name, claim=claim)
        for name, why in found.unknown.items():
            yield UnknownItem.from_parent(self, name=name, why=str(why))


class DerivationItem(pytest.Item):
    """One derivation: it passes if the referee says `correct` or `subgradient`."""

    def __init__(self, *, claim: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.claim = claim
        self.add_marker("derivation")

    def runtest(self) -> None:
        from lab.referee import check

        verdict = check(self.claim, seed=self.config.getoption("--derivations-seed"))
        plain = verdict.to_json()
        self.user_properties += [(field, plain[field]) for field in FIELDS]
        if verdict.mistake:
            self.user_properties.append(("mistake", verdict.mistake.name))
        if not verdict:
            raise _CondemnedError(verdict)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, _CondemnedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        line = self.claim.line
        return self.path, line - 1 if line else None, f"derivation {self.name}"


class UnknownItem(pytest.Item):
    """A custom rule of which nobody says where its arguments come from: skipped, and said."""

    def __init__(self, *, why: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.why = why

    def runtest(self) -> None:
        pytest.skip(self.why)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"custom rule {self.name}"


class _CondemnedError(AssertionError):
    """A verdict that does not pass, in the words of `lab check`."""

    def __init__(self, verdict: Any):
        from lab.referee.show import described

        super().__init__(described(verdict))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "derivation: a hand derivation before the referee")
