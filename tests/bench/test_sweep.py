"""The suite that measures sweeps, made small: its report is whole."""

import math

from lab.bench import _run_by_run, markdown, sweep
from lab.report.progress import Unwatched


def test_sweeps_are_measured_beside_bare_ones_and_loops(monkeypatch):
    monkeypatch.setattr("lab.compiled.keep", lambda: None)
    monkeypatch.setattr(sweep, "NUMBERS", (1, 3))
    monkeypatch.setattr(_run_by_run, "SMALL", 2)
    monkeypatch.setattr(_run_by_run, "_joblib", lambda *arguments: 1.0)
    monkeypatch.setattr(_run_by_run, "_hydra", lambda *arguments: 1.0)
    monkeypatch.setattr(_run_by_run, "one_run", lambda *arguments: None)
    report = sweep.measure(Unwatched(), runs=4, steps=20, repeats=1, sample=1)
    recording, by_number, loops = report.tables
    assert recording.rows[0][2] == "1.00 (1.00 to 1.00)"
    assert len(recording.rows) == 6
    assert [row[0] for row in by_number.rows] == [1, 3]
    assert all(math.isfinite(cell) for row in by_number.rows for cell in row[:4])
    assert {"lab sweep", "a loop over runs"} <= {row[0] for row in loops.rows}
    assert all(map(markdown, report.tables))
