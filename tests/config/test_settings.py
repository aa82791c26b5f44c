import ast
from pathlib import Path

import pytest

from lab.config.settings import read_experiment
from lab.config.signatures import Default, read_module
from lab.config.vocabulary import WORDS, read_annotation
from lab.errors import BadInput


def refused(folder: Path, code: str) -> list[str]:
    (folder / "experiment.py").write_text(code)
    with pytest.raises(BadInput) as caught:
        read_experiment(folder)
    return str(caught.value).replace(f"{folder}/", "").split("\n")


KNOWN = ", ".join([*WORDS, "Literal[...]", "tuple[...]", "X | None"])
REFUSED = {
    "": ["experiment.py: defines neither study nor problem; an experiment is one of them"],
    "def study(key): ...\ndef problem(key): ...": [
        "experiment.py: defines both study and problem; an experiment is one of them"
    ],
    "def study(key, *, n): ...": ["experiment.py:1: setting 'n': has no annotation"],
    "def study(key, *, n: int): ...": ["experiment.py:1: setting 'n': has no default"],
    "def study(key, n: int = 1): ...": [
        "experiment.py:1: setting 'n': settings come after '*': def study(key, *, ...)"
    ],
    "def study(n: int = 1): ...": [
        "experiment.py:1: study: its first argument is the random key; call it 'key'"
    ],
    "def study(key, **settings): ...": [
        "experiment.py:1: study: *args and **kwargs hide its settings; name them"
    ],
    "def study(key, *, n: int = N): ...": [
        "experiment.py:1: setting 'n': its default must be a literal: "
        "it is read without running the file"
    ],
    "def study(key, *, n: PositiveInt = 0): ...": [
        "experiment.py:1: setting 'n': its default 0 should be greater than 0"
    ],
    "def study(key, *, n: int | str = 1): ...": [
        f"experiment.py:1: setting 'n': annotation 'int | str' is none of {KNOWN}"
    ],
    "def study(key, *, n: exec('raise SystemExit') = 1): ...": [
        f"experiment.py:1: setting 'n': annotation \"exec('raise SystemExit')\" is none of {KNOWN}"
    ],
    # every mistake at once, each on its line; `steps` is shared by what trains, not by a study
    "def problem(\n    key, *,\n    seed: int = 0,\n    steps: int = 1,\n    n=1,\n): ...": [
        "experiment.py:3: setting 'seed': a key that every config has; call it something else",
        "experiment.py:4: setting 'steps': a key that every config has; call it something else",
        "experiment.py:5: setting 'n': has no annotation",
    ],
    "x = 1\ndef study(key: ...": ["experiment.py:2: not Python: '(' was never closed"],
    "\x00": ["experiment.py:1: not Python: source code string cannot contain null bytes"],
}


@pytest.mark.parametrize("code", REFUSED)
def test_an_experiment_that_cannot_be_configured_is_refused(tmp_path: Path, code: str) -> None:
    said = refused(tmp_path, code)
    if code == "\x00":  # Python tells the line from 3.12 on
        said = [said[0].replace("experiment.py: ", "experiment.py:1: ")]
    assert said == REFUSED[code]


def test_a_study_may_have_steps_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "experiment.py").write_text("def study(key, *, steps: int = 1): ...")
    assert list(read_experiment(tmp_path).fields) == ["steps"]


def test_an_experiment_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        read_experiment(tmp_path)


READ = {
    "int": True,
    "t.Literal['a', 1]": True,
    "tuple[int, ...]": True,
    "tuple[PositiveFloat, str, bool]": True,
    "int | None": True,
    "None | tuple[int, int]": True,
    "Optional[float]": True,
    "dict[int, float]": True,
    "int | float": False,
    "int | int": True,
    "list[int]": False,
    "tuple[int, list]": False,
    "dict[str, float]": False,
    "Literal[x]": False,
    "None": False,
    "'int'": False,
    "Array": False,
    "lambda: int": False,
}


@pytest.mark.parametrize("annotation", READ)
def test_annotations_are_a_closed_list(annotation: str) -> None:
    kind = read_annotation(ast.parse(annotation, mode="eval").body, WORDS)
    assert (kind is not None) == READ[annotation]


def test_a_signature_as_its_source_shows_it(tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_text(
        '"""Doc."""\nfrom a.b import c as d\nimport e\ng = d.h\nk, l = 1, 2\n'
        "raise SystemExit\n"
        'def f(x, y=-1, /, z: "int" = (1, 2), *, u=1 / 3, v: float) -> d.R:\n    """F."""\n'
    )
    module = read_module(file)
    assert module.doc == "Doc."
    assert module.bound == {"d": "a.b.c", "g": "a.b.c.h"}
    function = module.functions["f"]
    assert function.doc == "F."
    assert [(a.name, a.default, a.keyword_only) for a in function.arguments] == [
        ("x", Default.REQUIRED, False),
        ("y", -1, False),
        ("z", (1, 2), False),
        ("u", Default.UNREADABLE, True),
        ("v", Default.REQUIRED, True),
    ]


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    import os

    file = tmp_path / "f.py"
    for time, name in enumerate(("before", "after")):
        file.write_text(f"def {name}(): ...")
        os.utime(file, (time, time))
        assert list(read_module(file).functions) == [name]
