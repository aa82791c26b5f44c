"""The suites that measure the loop and the start, made small: their reports are whole."""

import math

from lab.bench import loop, markdown, startup
from lab.report.progress import Unwatched


def test_the_loop_is_measured_beside_its_peers(monkeypatch):
    digits = loop._digits
    monkeypatch.setattr(loop, "_digits", lambda options=None: digits(options, 20))
    monkeypatch.setattr("lab.compiled.keep", lambda: None)
    report = loop.measure(Unwatched(), steps=2000, repeats=1)
    recording, peers, memory = report.tables
    assert [row[0] for row in recording.rows] == [*report.facts["cases"]]
    assert all(math.isfinite(cell) for row in recording.rows for cell in row[1:4])
    assert {"lab", "NumPy, gradient by hand"} <= {row[0] for row in peers.rows}
    assert len(memory.rows) == 2
    assert all(map(markdown, report.tables))


def test_the_start_is_measured_beside_the_imports(monkeypatch):
    seconds = iter(range(1, 100))
    monkeypatch.setattr(startup, "_seconds", lambda command, folder: float(next(seconds)))
    report = startup.measure(Unwatched(), repeats=2)
    (table,) = report.tables
    # turns of four: 5 to 8 and 9 to 12
    assert [row[1] for row in table.rows] == [7.0, 8.0, 9.0, 10.0]
    assert table.rows[0][2] == "1.00 (1.00 to 1.00)"
