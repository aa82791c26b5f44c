"""The trajectory: what is written is what is read, by us and by pandas, also after a kill."""

import errno
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lab.errors import BadInput
from lab.runs import checkpoint, record, trajectory

# A part a chunk, whatever the clock says.
EAGER = {"_SECONDS": -1.0, "_SHARE": 0.0}


def chunk(start, rows=3):
    step = np.arange(start, start + rows)
    evaluated = np.ma.masked_array(step * 2.0, mask=step != start)
    return {"step": step, "loss": np.float32(1) / (1 + step), "accuracy": evaluated}


@pytest.mark.parametrize("eager", [True, False])
def test_rows_are_read_in_the_order_they_were_written(tmp_path, monkeypatch, eager):
    for name, value in EAGER.items() if eager else ():
        monkeypatch.setattr(trajectory, name, value)
    with trajectory.Writer(tmp_path) as writer:
        for start in range(0, 60, 3):
            writer.append(chunk(start))
    parts = list((tmp_path / "trajectory").iterdir())
    assert len(parts) == (20 if eager else 2)
    (tmp_path / "trajectory" / ".part-00007.parquet.f00d").write_bytes(b"half a part")
    ours, theirs = trajectory.read(tmp_path), pandas.read_parquet(tmp_path / "trajectory")
    assert list(ours) == list(theirs) == ["step", "loss", "accuracy"]
    np.testing.assert_array_equal(ours["step"], np.arange(60))
    np.testing.assert_array_equal(ours["accuracy"][::3], np.arange(0, 60, 3) * 2.0)
    assert np.isnan(ours["accuracy"]).sum() == 40
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
        assert ours[name].dtype == theirs[name].dtype


def test_a_study_may_have_text_and_flags(tmp_path):
    columns = {"name": ["sin", "cos"], "error": [0.5, np.nan], "passed": [True, False]}
    trajectory.write(tmp_path, columns | {"object": np.array(["a", "bé"], object)})
    read = trajectory.read(tmp_path)
    assert read["name"].tolist() == ["sin", "cos"]
    assert read["object"].tolist() == ["a", "bé"]
    assert read["passed"].tolist() == [True, False]
    assert read["error"][0] == 0.5
    assert np.isnan(read["error"][1])
    table = pandas.read_parquet(tmp_path / "trajectory")
    assert table["name"].tolist() == ["sin", "cos"]


def test_integers_with_nulls_are_read_as_floats(tmp_path):
    trajectory.write(tmp_path, {"count": np.ma.masked_array([3, 4], mask=[False, True])})
    np.testing.assert_array_equal(trajectory.read(tmp_path)["count"], [3.0, np.nan])


def test_only_columns_that_may_have_gaps_say_of_each_value_whether_it_is_there(tmp_path):
    trajectory.write(tmp_path, chunk(0, 1000))
    (part,) = (tmp_path / "trajectory").iterdir()
    schema = pq.read_schema(part)
    nullable = {name: schema.field(name).nullable for name in schema.names}
    assert nullable == {"step": False, "loss": False, "accuracy": True}
    group = pq.read_metadata(part).row_group(0)
    sizes = [group.column(place).total_compressed_size for place in range(3)]
    assert sizes[0] - 1000 * 8 < 50
    assert sizes[0] - 1000 * 8 < 50 < 1000 / 8 - 50  # a bit for each would be more


def test_parts_from_when_every_column_might_have_gaps_are_read_with_those_after(tmp_path):
    trajectory.write(tmp_path, chunk(0, 5))
    (part,) = (tmp_path / "trajectory").iterdir()
    old = pq.ParquetFile(part).read()
    old = old.cast(pa.schema([field.with_nullable(True) for field in old.schema]))
    pq.write_table(old, part)
    with trajectory.Writer(tmp_path, before=5) as writer:
        writer.append(chunk(5, 5))
    np.testing.assert_array_equal(trajectory.read(tmp_path)["step"], np.arange(10))


def test_many_small_chunks_make_few_parts(tmp_path):
    started = time.monotonic()
    with trajectory.Writer(tmp_path) as writer:
        for start in range(0, 6000, 3):
            writer.append(chunk(start))
    seconds = time.monotonic() - started
    assert len(list((tmp_path / "trajectory").iterdir())) <= seconds + 2
    assert len(trajectory.read(tmp_path)["step"]) == 6000


def test_what_was_appended_before_an_error_is_kept(tmp_path):
    def interrupted():
        with trajectory.Writer(tmp_path) as writer:
            writer.append(chunk(0))
            writer.append(chunk(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(trajectory.read(tmp_path)["step"]) == 6


def test_nothing_recorded_is_nothing_read(tmp_path):
    assert trajectory.read(tmp_path) == {}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({}, "at least one column"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "equally long; 'a' has 1, 'b' has 2"),
        ({"a": [[1.0]]}, r"column 'a' has shape \(1, 1\)"),
        ({"a": 1.0}, r"column 'a' has shape \(\)"),
        ({"a": [1j]}, "column 'a' holds complex128"),
        ({"a": np.array(["x", 1], object)}, "column 'a' mixes types"),
    ],
)
def test_columns_that_are_no_table_are_refused(tmp_path, columns, says):
    with pytest.raises(BadInput, match=says):
        trajectory.write(tmp_path, columns)


def test_rows_of_another_table_are_refused(tmp_path):
    with trajectory.Writer(tmp_path) as writer:
        writer.append({"step": [0], "loss": [1.0]})
        with pytest.raises(BadInput, match=r"has the columns step \(int64\), loss \(double\)"):
            writer.append({"step": [1], "loss": [1]})


def parts(run):
    return sorted(path.name for path in run.glob("trajectory/part*"))


def test_rows_are_written_while_the_caller_goes_on(tmp_path, monkeypatch):
    write, gate = trajectory.pq.write_table, threading.Event()

    def slow(*arguments, **settings):
        assert gate.wait(60)
        write(*arguments, **settings)

    monkeypatch.setattr(trajectory.pq, "write_table", slow)
    with trajectory.Writer(tmp_path) as writer:
        writer.append({"step": [0]})  # a first part is written at once
        writer.append({"step": [1]})
        assert not parts(tmp_path)
        gate.set()
        writer.flush()
        assert parts(tmp_path) == ["part-00000.parquet", "part-00001.parquet"]
        writer.append({"step": [2]})
    np.testing.assert_array_equal(trajectory.read(tmp_path)["step"], [0, 1, 2])


def test_what_could_not_be_written_is_said_and_nothing_follows_the_gap(tmp_path, monkeypatch):
    write = trajectory.pq.write_table

    def full(table, where, **settings):
        if "part-00001" in str(where):
            raise OSError(errno.ENOSPC, "full")
        write(table, where, **settings)

    monkeypatch.setattr(trajectory, "_SECONDS", -1.0)
    monkeypatch.setattr(trajectory.pq, "write_table", full)
    says = "part-00001.parquet: No space left on device"

    def stubborn():
        with trajectory.Writer(tmp_path) as writer:
            writer.append({"step": [0]})
            writer.flush()
            writer.append({"step": [1]})
            for again in (writer.flush, writer.flush, lambda: writer.append({"step": [2]})):
                with pytest.raises(BadInput, match=says):
                    again()

    with pytest.raises(BadInput, match=says):
        stubborn()
    assert parts(tmp_path) == ["part-00000.parquet"]


RUN = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
import numpy as np
from lab.runs import checkpoint, folder, record, trajectory

run, victim = Path(sys.argv[1]), sys.argv[2]
trajectory._SECONDS, trajectory._SHARE = -1.0, 0.0
whole = folder.whole

@contextmanager
def killed_half_way(path):
    with whole(path) as temporary:
        yield temporary
        if path.name == victim and start == 3000:
            os.truncate(temporary, temporary.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

folder.whole, start = killed_half_way, 0
begun = record.begin(run, seed=0, precision="float64", device="cpu")
with trajectory.Writer(run) as writer:
    for start in range(0, 10**9, 1000):
        writer.append({"step": np.arange(start, start + 1000), "loss": np.random.rand(1000)})
        writer.flush()
        checkpoint.save(run, {"w": np.full(10**5, start)})
        record.end(run, begun, "running", seconds={"train": start})
        print("chunk", flush=True)
"""


def assert_whole(run):
    """Every file that a reader looks at can be read, and tells of about the same moment."""
    steps = trajectory.read(run)["step"]
    np.testing.assert_array_equal(steps, np.arange(len(steps)))
    np.testing.assert_array_equal(pandas.read_parquet(run / "trajectory")["step"], steps)
    kept = checkpoint.load(run)["w"]
    assert kept.shape == (10**5,)
    assert len(steps) - 2000 <= kept[0] == kept[-1]
    told = record.read(run)
    assert told["status"] == "running"
    assert len(steps) - 3000 <= told["seconds"]["train"] <= kept[0]
    return len(steps)


@pytest.mark.parametrize(
    ("victim", "rows"), [("part-00003.parquet", 3000), ("state.npz", 4000), ("run.json", 4000)]
)
def test_a_run_killed_in_the_middle_of_a_file_leaves_only_whole_ones(tmp_path, victim, rows):
    process = subprocess.run([sys.executable, "-c", RUN, str(tmp_path), victim])
    assert process.returncode == -signal.SIGKILL
    assert assert_whole(tmp_path) == rows


@pytest.mark.parametrize("patience", [0.0, 0.007])
def test_a_run_killed_at_any_moment_leaves_only_whole_files(tmp_path, patience):
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path), "nothing"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(5):
        assert process.stdout.readline() == "chunk\n"
    time.sleep(patience)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert assert_whole(tmp_path) >= 5000


def test_a_checkpoint_is_the_params(tmp_path):
    params = {
        "layers": [{"W": np.eye(2, dtype=np.float32)}],
        "file": np.float64(3),
        "b": np.ones(0),
    }
    checkpoint.save(tmp_path, params)
    named = checkpoint.load(tmp_path)
    assert list(named) == ["b", "file", "layers.0.W"]
    again = checkpoint.load(tmp_path, like=params)
    assert again["layers"][0]["W"].dtype == np.float32
    np.testing.assert_array_equal(again["layers"][0]["W"], np.eye(2))
    assert again["file"] == 3
    with np.load(tmp_path / "checkpoint" / "state.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["layers.0.W"], np.eye(2))


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no checkpoint in"):
        checkpoint.load(tmp_path)
    checkpoint.save(tmp_path, {"w": np.ones(2)})
    path = tmp_path / "checkpoint" / "state.npz"
    content = path.read_bytes()
    for torn in (content[:50], b""):
        path.write_bytes(torn)
        with pytest.raises(BadInput, match="no checkpoint in"):
            checkpoint.load(tmp_path)
    path.write_bytes(content)
    with pytest.raises(
        BadInput, match=r"holds 'w' as float64\[2\], the config makes it float64\[3\]"
    ):
        checkpoint.load(tmp_path, like={"w": np.ones(3)})


def test_of_very_many_rows_some_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(trajectory, "_SECONDS", -1.0)
    with trajectory.Writer(tmp_path) as writer:
        for start in range(0, 1001, 91):
            writer.append(chunk(start, rows=91))
    whole = trajectory.read(tmp_path)
    assert len(whole["step"]) == 1001
    for most, stride in [(5000, 1), (1001, 1), (1000, 2), (100, 11)]:
        some = trajectory.read(tmp_path, most)
        kept = sorted({*range(0, 1001, stride), *range(0, 1001, 91), 1000})
        np.testing.assert_array_equal(some["step"], kept)
        for name in whole:
            np.testing.assert_array_equal(some[name], whole[name][kept])
