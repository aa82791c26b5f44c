"""The suites that measure the loop and the start, made small: their reports are whole."""

import contextlib
import math

import numpy as np

from lab.bench import _loops, loop, markdown, startup
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


def test_the_peers_leave_the_same_record():
    """Those that are installed; at these few steps float32 has not yet drifted apart."""
    records = {}
    for name, peer in _loops.PEERS.items():
        if "compile" not in name:  # by torch.compile, which takes half a minute to
            with contextlib.suppress(ImportError):
                records[name] = np.array(peer()(30))
    assert len(records) >= 2
    first, *others = records.values()
    assert first.shape == (30, 5)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=2e-5)


def test_a_peer_that_fails_is_left_out_and_told(monkeypatch):
    def broken():
        raise RuntimeError("no C++ compiler\nand more")

    def absent():
        raise ImportError("no module", name="torch")

    monkeypatch.setattr(loop, "PEERS", {"broken": lambda: broken(), "absent": lambda: absent()})
    facts = {"seconds_a_step": {"recorded": 1e-6}}
    table, notes = loop._against_peers(Unwatched(), loop._digits(None, 3), facts, lambda: 0.0)
    assert len(table.rows) == 1
    assert notes[:2] == [
        "broken is left out: no C++ compiler",
        "absent is left out: torch is not installed.",
    ]


def test_the_start_is_measured_beside_the_imports(monkeypatch):
    seconds = iter(range(1, 100))
    monkeypatch.setattr(startup, "_seconds", lambda command, folder: float(next(seconds)))
    report = startup.measure(Unwatched(), repeats=2)
    (table,) = report.tables
    # turns of four: 5 to 8 and 9 to 12
    assert [row[1] for row in table.rows] == [7.0, 8.0, 9.0, 10.0]
    assert table.rows[0][2] == "1.00 (1.00 to 1.00)"
