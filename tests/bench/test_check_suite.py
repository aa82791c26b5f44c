"""What a check costs, measured on a network just large enough."""

import pytest

from lab.bench import check, markdown
from lab.report.progress import Unwatched


@pytest.mark.slow
def test_the_wrong_ones_are_called_wrong(monkeypatch):
    monkeypatch.setattr(check, "_apart", lambda watch, place, task, *given: task(*given))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")  # put back in the end
    monkeypatch.setattr("lab.compiled.keep", lambda: None)
    report = check.measure(Unwatched(), hidden=140, batch=8, repeats=1)
    small, large = report.tables
    assert len(small.rows) == 1
    assert [row[-1] for row in large.rows] == ["", "correct", "wrong", "wrong"]
    assert all(map(markdown, report.tables))
