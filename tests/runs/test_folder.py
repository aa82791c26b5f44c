"""Run folders, whole files, and the record of a run."""

import json
import os
import threading

import numpy as np
import pytest

from lab.errors import BadInput
from lab.runs import folder, record


def test_runs_that_start_together_never_share_a_folder(tmp_path):
    made: list = []
    threads = [
        threading.Thread(
            target=lambda: made.extend(folder.create("a", tmp_path) for _ in range(20))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 80
    assert all(path.is_dir() and path.parent == tmp_path / "a" for path in made)


def test_a_folder_that_exists_is_not_taken(tmp_path, monkeypatch):
    letters = iter(["aaaa", "aaaa", "aaaa", "bbbb", "bbbb", "cccc"])
    monkeypatch.setattr(folder.secrets, "token_hex", lambda _: next(letters))
    first, second = folder.create("a", tmp_path), folder.create("a", tmp_path)
    assert first.name.endswith("-aaaa")
    assert first != second


@pytest.mark.parametrize("blocked", ["root", "root/name"])
def test_a_folder_that_cannot_be_made_is_said(tmp_path, blocked):
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).write_text("a file")
    with pytest.raises(BadInput, match=f"cannot make the run folder .*{blocked}"):
        folder.create("name", tmp_path / "root")


def test_files_are_whole_or_not_there(tmp_path):
    path = tmp_path / "sub" / "file.txt"
    folder.write_text(path, "first é")

    def write_half():
        with folder.whole(path) as temporary:
            temporary.write_text("second")
            assert temporary.parent == path.parent
            assert temporary.name.startswith(".")
            raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        write_half()
    assert path.read_text("utf-8") == "first é"
    assert os.listdir(path.parent) == ["file.txt"]
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BadInput, match=r"cannot write .*file/inside.txt"):
        folder.write_text(tmp_path / "file" / "inside.txt", "")


def test_json_says_what_it_can(tmp_path):
    path = tmp_path / "a.json"
    folder.write_json(
        path,
        {
            "number": np.float32(0.5),
            "array": np.arange(3),
            "nan": [float("nan"), np.inf],
            "path": tmp_path,
            1: (True, None),
        },
    )
    assert json.loads(path.read_text()) == {
        "number": 0.5,
        "array": [0, 1, 2],
        "nan": [None, None],
        "path": str(tmp_path),
        "1": [True, None],
    }


def test_the_record_of_a_run(tmp_path):
    begun = record.begin(tmp_path, seed=3, precision="float32", device="cpu", name="a")
    assert record.read(tmp_path) == begun
    assert begun["status"] == "running"
    assert begun["versions"]["jax"]
    ended = record.end(tmp_path, begun, "diverged", seconds={"train": 1.5}, diverged_at=7)
    assert record.read(tmp_path) == ended
    kept = {name: ended[name] for name in ("seed", "started", "status", "diverged_at", "name")}
    assert kept == {
        "seed": 3,
        "started": begun["started"],
        "status": "diverged",
        "diverged_at": 7,
        "name": "a",
    }


def test_a_folder_without_a_record_is_no_run(tmp_path):
    with pytest.raises(BadInput, match=r"is not a run: cannot read run.json"):
        record.read(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(BadInput, match=r"run.json is not JSON"):
        record.read(tmp_path)


def test_git_is_asked_but_not_needed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert record.git() is None
    monkeypatch.setenv("PATH", "")
    assert record.git() is None
