import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lab.config import Config, dump, load
from lab.errors import BadInput


def refused(config: str | Path, *overrides: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load(config, overrides)
    return str(caught.value).split("\n")


def test_a_config_is_filled_in(here: Path) -> None:
    config = load("bowl")
    assert dict(config) == {
        "experiment": "bowl",
        "seed": 0,
        "precision": "float32",
        "device": "auto",
        "devices": 1,
        "gradient": "hand",
        "optimizer": {
            "name": "adam",
            "learning_rate": 1e-3,
            "b1": 0.9,
            "b2": 0.999,
            "eps": 1e-8,
            "eps_root": 0.0,
            "nesterov": False,
            "step": None,
        },
        "steps": 100,
        "stop": {"loss": None, "gradient_norm": None, "plateau": None, "evaluations": None},
        "record": {
            "every": 1,
            "evaluate": None,
            "params": "auto",
            "layers": False,
            "projection": False,
        },
        **config.settings,
    }
    assert config.settings == {
        "dimension": 2,
        "condition": 10.0,
        "start": (1.0, 1.0),
        "sizes": (),
        "shape": "round",
        "noise": None,
        "copy": False,
    }
    assert (config.kind, config.name, config.folder) == (
        "problem",
        "bowl",
        here / "experiments" / "bowl",
    )


def test_a_study_has_no_training(here: Path) -> None:
    config = load("walk", ["points=1e2"])
    shared = ["experiment", "seed", "precision", "device", "devices"]
    assert list(config) == [*shared, "points", "note"]
    assert config.settings == {"points": 100, "note": ""}
    assert config.kind == "study"
    assert refused("walk", "steps=3") == [
        "override 'steps=3': steps: unknown key; "
        "known: device, devices, experiment, note, points, precision, seed"
    ]


GOOD = [
    (),
    ("optimizer=contrib.prodigy",),  # short for a mapping
    ("optimizer=sgd", "optimizer.learning_rate=1"),
    ("optimizer={name: sgd, learning_rate: 0}", "optimizer.momentum=0.9"),
    ("optimizer.learning_rate={name: cosine_decay_schedule, init_value: 1, decay_steps: 1e2}",),
    (
        "optimizer.learning_rate={name: piecewise_constant_schedule, init_value: 1,"
        " boundaries_and_scales: {10: 0.5, 20: 0.1}}",
    ),
    (
        "optimizer=adamw",
        "optimizer.learning_rate=1",
        "optimizer.weight_decay.name=linear_schedule",
        "optimizer.weight_decay.init_value=0",
        "optimizer.weight_decay.end_value=1",
        "optimizer.weight_decay.transition_steps=9",
    ),
    ("record.every=10", "record.evaluate=100"),
    ("steps=1e4", "seed=4294967295", "precision=float64"),
    ("start=[1, 2.5]", "sizes=[3, 4, 5]", "shape=long", "noise=1e-3", "copy=true"),
    ("seed=1", "seed=2"),  # the later wins
]


@pytest.mark.parametrize("overrides", GOOD)
def test_dump_loads_back_equal(here: Path, overrides: tuple[str, ...]) -> None:
    config = load("bowl", overrides)
    text = dump(config)
    assert text.startswith("# yaml-language-server: $schema=schema.json\nexperiment: bowl\n")
    (here / "again.yaml").write_text(text)
    assert load("again.yaml") == config


@pytest.mark.parametrize("overrides", GOOD)
def test_overrides_mean_what_they_mean_in_a_file(here: Path, overrides: tuple[str, ...]) -> None:
    flat = [text for text in overrides if "." not in text.partition("=")[0]]
    keys = {text.partition("=")[0]: text.partition("=")[2] for text in flat}
    base = {"experiment": "bowl", "steps": "100", "optimizer": "{name: adam, learning_rate: 1e-3}"}
    lines = [f"{key}: {value}\n" for key, value in (base | keys).items()]
    (here / "file.yaml").write_text("".join(lines))
    nested = [text for text in overrides if text not in flat]
    assert load("file.yaml", nested) == load("bowl", overrides)


# a line of configs/bowl.yaml, what is put in its place, and what is said of it
MISTAKES = [
    (6, "steps: -5", "steps: should be greater than 0, got -5"),
    (6, "steps: 0", "steps: should be greater than 0, got 0"),
    (7, "devices: 0", "devices: should be a number from 1, or all, got 0"),
    (7, "devices: every", "devices: should be a number from 1, or all, got 'every'"),
    (6, "steps: 2147483648", "steps: should be less than 2147483648, got 2147483648"),
    (6, "steps: 1.5", "steps: should be a valid integer, got 1.5"),
    (6, 'steps: "10"', "steps: should be a valid integer, got '10'; leave out the quotes"),
    (6, "steps: true", "steps: should be a valid integer, got true"),
    (6, "steps: ten", "steps: should be a valid integer, got 'ten'"),
    (6, "steps: [1]", "steps: should be a valid integer, got [1]"),
    (6, "steps: 1e400", "steps: should be a valid integer, got .inf"),
    (6, "steps:", "steps: should be a valid integer, got null"),
    (5, "  learning_rate: .nan", "optimizer.learning_rate: should be a finite number, got .nan"),
    (5, "  learning_rate: .inf", "optimizer.learning_rate: should be a finite number, got .inf"),
    (
        5,
        "  learning_rate: -1",
        "optimizer.learning_rate: should be greater than or equal to 0, got -1",
    ),
    (
        5,
        "  learning_rate: fast",
        "optimizer.learning_rate: should be a number, or a schedule "
        "{name: ..., its arguments}; got 'fast'",
    ),
    (
        5,
        "  learning_rate: {name: cosine}",
        "optimizer.learning_rate.name: no schedule 'cosine'; did you mean 'cosine_decay_schedule'?",
    ),
    (5, "  learning_rate: {steps: 1}", "optimizer.learning_rate.name: missing; it has no default"),
    (
        5,
        "  learning_rate: {name: constant_schedule, value: x}",
        "optimizer.learning_rate.value: should be a valid number, got 'x'",
    ),
    (4, "  name: adm", "optimizer.name: no optimizer 'adm'; did you mean 'adam'?"),
    (4, "  name: muon", "optimizer.name: no optimizer 'muon'; did you mean 'contrib.muon'?"),
    (4, "  name: [adam]", "optimizer.name: should be a valid string, got [adam]"),
    (4, "  name: __init__", "optimizer.name: no optimizer '__init__'"),
    (4, "  name: ../../etc", "optimizer.name: no optimizer '../../etc'"),
    (2, "experiment: bowel", "experiment: no experiment 'bowel'; did you mean 'bowl'?"),
    (2, "experiment: 3", "experiment: should be a valid string, got 3"),
    (7, "dimension: 0", "dimension: should be greater than 0, got 0"),
    (7, "dim: 3", "dim: unknown key; did you mean 'dimension'?"),
    (7, "start: [1, 2, 3]", "start: should have at most 2 items, not 3"),
    (7, "start: [1]", "start[1]: missing; it has no default"),
    (7, "start: [1, x]", "start[1]: should be a valid number, got 'x'"),
    (7, "start: {a: 1}", "start: should be a list, got {a: 1}"),
    (
        7,
        "shape: longer",
        "shape: should be 'round' or 'long', got 'longer'; did you mean 'long'?",
    ),
    (7, "copy: yes", "copy: should be a valid boolean, got 'yes'; did you mean true?"),
    (7, "copy: 1", "copy: should be a valid boolean, got 1"),
    (
        7,
        "noise: !!python/name:os.system",
        "noise: tag '!!python/name:os.system' refused; a config holds plain values only",
    ),
    (7, "record: {evry: 3}", "record.evry: unknown key; did you mean 'every'?"),
    (7, "record: 3", "record: should be a mapping of keys to values, got 3"),
    (7, "seed: -1", "seed: should be greater than or equal to 0, got -1"),
    (
        7,
        "precision: float16",
        "precision: should be 'float32' or 'float64', got 'float16'; did you mean 'float64'?",
    ),
    (7, "device: tpu", "device: should be 'auto', 'cpu' or 'gpu', got 'tpu'; did you mean 'gpu'?"),
    (7, "3: 4", "3: unknown key"),
    (7, '"two\\nlines": 4', "'two\\nlines': unknown key"),
    (7, "'': 4", "'': unknown key"),
    (7, "'[key]': 4", "[key]: unknown key"),
    (
        5,
        "  learning_rate: {name: piecewise_constant_schedule, init_value: 1,"
        " boundaries_and_scales: {half: 0.5}}",
        "optimizer.learning_rate.boundaries_and_scales.half: should be a valid integer, got 'half'",
    ),
    (7, "? |\n  two\n  lines\n: 4", "'two\\nlines\\n': unknown key"),
    (7, "noise: 1" + "0" * 400, f"noise: should be a valid number, got 1{'0' * 59}..."),
    (7, "steps: 200", "steps: duplicate key; first on line 6"),
]


@pytest.mark.parametrize(("line", "text", "says"), MISTAKES, ids=[text for _, text, _ in MISTAKES])
def test_a_mistake_is_told_where_it_was_written(
    here: Path, line: int, text: str, says: str
) -> None:
    file = here / "configs" / "bowl.yaml"
    lines = file.read_text().splitlines()
    lines[line - 1 : line] = [text]
    file.write_text("\n".join(lines))
    assert refused("bowl") == [f"configs/bowl.yaml:{line}: {says}"]


def test_what_is_missing_is_told_at_the_mapping_that_lacks_it(here: Path) -> None:
    (here / "bad.yaml").write_text("\nexperiment: bowl\n\noptimizer:\n\n  name: adam\n  lr: 1\n")
    assert refused("bad.yaml") == [
        "bad.yaml:2: steps: missing; it has no default",
        "bad.yaml:4: optimizer.learning_rate: missing; it has no default",
        "bad.yaml:7: optimizer.lr: unknown key; did you mean 'learning_rate'?",
    ]


def test_all_mistakes_are_told_at_once(here: Path) -> None:
    (here / "bad.yaml").write_text(
        textwrap.dedent("""\
        optimizer:
          name: adm
          learning_rate: .nan
        steps: -5
        steps: 3
        noise: !!python/object:os.system {}
        record:
          evry: 3
        """)
    )
    overrides = ["lr=1", "foo", "=3", "a..b=1", "seed=[1", "seed.x=1", "optimizer.learning_rate=-1"]
    assert refused("bad.yaml", *overrides) == [
        "bad.yaml:1: experiment: missing; it has no default",
        "bad.yaml:2: optimizer.name: no optimizer 'adm'; did you mean 'adam'?",
        "bad.yaml:4: steps: should be greater than 0, got -5",
        "bad.yaml:5: steps: duplicate key; first on line 4",
        "bad.yaml:6: noise: tag '!!python/object:os.system' refused; "
        "a config holds plain values only",
        "bad.yaml:8: record.evry: unknown key; did you mean 'every'?",
        "override 'foo': write it as key=value",
        "override '=3': no key before '='",
        "override 'a..b=1': 'a..b' is not a key; write key=value or key.sub=value",
        "override 'seed=[1': not YAML: expected ',' or ']', but got '<stream end>'",
        "override 'seed.x=1': seed: should be a valid integer, got {x: 1}",
        "override 'optimizer.learning_rate=-1': optimizer.learning_rate: "
        "should be greater than or equal to 0, got -1",
    ]


OVERRIDES = {
    "optimizer.lr=1": "optimizer.lr: unknown key; did you mean 'learning_rate'?",
    "optimiser.name=sgd": "optimiser: unknown key; did you mean 'optimizer'?",
    "steps.more=1": "steps: 100 holds no 'more'",
    "record={every: 2, every: 3}": "record.every: duplicate key",
    "record.every=0": "record.every: should be greater than 0, got 0",
    "seed=": "seed: should be a valid integer, got null",
    "seed=!!int 3": "seed: tag '!!int' refused; a config holds plain values only",
    "seed=*x": "seed: alias '*x' of something not written before it",
    "experiment=./nowhere": "experiment: no experiment.py in",
    "a b=1": "'a b' is not a key; write key=value or key.sub=value",
    "a.=1": "'a.' is not a key; write key=value or key.sub=value",
    "": "write it as key=value",
}


@pytest.mark.parametrize("override", OVERRIDES)
def test_overrides_are_named_in_their_mistakes(here: Path, override: str) -> None:
    (told,) = refused("bowl", override)
    assert told.startswith(f"override {override!r}: {OVERRIDES[override]}")


FILES = {
    b"": "f.yaml: empty; a config starts with 'experiment: <name>'",
    b"# nothing\n": "f.yaml: empty; a config starts with 'experiment: <name>'",
    b"- a\n- b\n": "f.yaml:1: should be a mapping of keys to values, got a list",
    b"\njust text\n": "f.yaml:2: should be a mapping of keys to values, got 'just text'",
    b"!!python/object:os.system {}": "f.yaml:1: tag '!!python/object:os.system' refused; "
    "a config holds plain values only",
    b"experiment: bowl\nseed: \xff\n": "f.yaml:2: not UTF-8 (byte 0xff)",
    "experiment: bowl\n".encode("utf-16"): "f.yaml:1: not UTF-8 (byte 0xff)",
    b"a: [1, 2\nb: }": "f.yaml:2: not YAML: expected ',' or ']', but got ':'",
    b"a: " + b"x" * 300_000: "f.yaml: larger than 256 KiB; is it a config?",
}


@pytest.mark.parametrize("data", FILES, ids=range(len(FILES)))
def test_files_that_are_no_config(here: Path, data: bytes) -> None:
    (here / "f.yaml").write_bytes(data)
    assert refused("f.yaml") == [FILES[data]]


def test_files_that_are_not_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused("bwol") == ["no config named 'bwol'; did you mean 'bowl'?"]
    assert refused("configs/bowll.yaml") == [
        "configs/bowll.yaml: no such file; did you mean 'bowl.yaml'?"
    ]
    assert refused("nowhere/x.yaml") == ["nowhere/x.yaml: no such file"]
    assert refused("experiments/bowl") == ["experiments/bowl: a folder, no config"]
    assert refused("a/\0b") == ["a/\0b: no such file"]
    assert refused("a/" * 9000) == ["a/" * 9000 + ": no such file"]
    assert refused("/dev/null") == ["/dev/null: not a file, no config"]

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refused("configs/bowl.yaml") == ["configs/bowl.yaml: cannot be read: Permission denied"]


def test_a_byte_order_mark_is_no_mistake(here: Path) -> None:
    (here / "f.yaml").write_bytes(b"\xef\xbb\xbfexperiment: walk\r\npoints: 4\r\n")
    assert load("f.yaml").settings["points"] == 4


def test_an_experiment_of_ones_own_by_path(here: Path) -> None:
    other = here / "other"
    other.mkdir()
    (other / "mine").mkdir()
    (other / "mine" / "experiment.py").write_text("def study(key, *, n: int = 1): ...\n")
    (other / "mine.yaml").write_text("experiment: ./mine\n")
    config = load(other / "mine.yaml")
    assert config.folder == other / "mine"
    # wherever the resolved config is written, it means the same folder
    (here / "config.yaml").write_text(dump(config))
    assert load("config.yaml") == config
    # in an override, from where it is typed
    assert load(other / "mine.yaml", ["experiment=experiments/walk"]).folder == (
        here / "experiments" / "walk"
    )


def test_a_mistake_in_the_experiment_does_not_hide_those_of_the_config(here: Path) -> None:
    (here / "experiments" / "walk" / "experiment.py").write_text("def study(key, *, n=1): ...\n")
    assert refused("walk", "seed=x", "points=1") == [
        "override 'seed=x': seed: should be a valid integer, got 'x'",
        f"{here}/experiments/walk/experiment.py:1: setting 'n': has no annotation",
    ]


def test_a_config_is_read_only(here: Path) -> None:
    config = load("walk")
    with pytest.raises(TypeError):
        config["seed"] = 1  # type: ignore[index]
    with pytest.raises(AttributeError):
        config.kind = "problem"  # type: ignore[misc]
    assert config != Config({**config, "seed": 1}, config.kind, config.folder, config.name)


def test_neither_loading_nor_refusing_imports_what_computes(here: Path) -> None:
    code = """
        import sys, time
        import lab.config
        from lab.errors import BadInput
        lab.config.load("bowl")
        try:
            lab.config.load("bowl", ["optimizer.name=adm", "steps=x", "foo"])
        except BadInput as error:
            print(len(str(error).splitlines()))
        heavy = {"jax", "optax", "numpy", "matplotlib", "sklearn", "pyarrow", "pandas"}
        print(sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["3", "[]"]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{name: newtn}", "optimizer.name: no optimizer 'newtn'; did you mean 'newton'?"),
        ("{name: newton, dampin: 1}", "optimizer.dampin: unknown key; did you mean 'damping'?"),
        ("{name: newton, step: {name: wolf}}", "optimizer.step.name: no step 'wolf'; did you mean 'wolfe'?"),
        ("{name: adam, learning_rate: 1, step: {name: wolfe, curvatur: 1}}", "optimizer.step.curvatur: unknown key; did you mean 'curvature'?"),
        ("{name: levenberg_marquardt, step: {name: wolfe}}", "optimizer.step: unknown key"),
        ("{name: newton, step: wolfe}", "optimizer.step: should be a mapping {name: "),
        ("{name: newton, damping: -1}", "optimizer.damping: should be greater than or equal to 0"),
    ],
)  # fmt: skip
def test_a_descent_of_parts_is_checked_like_the_rest(here: Path, written: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        load("bowl", [f"optimizer={written}"])
    assert says in str(refused.value)


def test_a_descent_of_parts_is_filled_in(here: Path) -> None:
    config = load("bowl", ["optimizer={name: newton, step: {name: wolfe}}"])
    assert config["optimizer"]["damping"] == 0.0
    assert config["optimizer"]["step"]["curvature"] == 0.9
    assert load("bowl", ["optimizer=bfgs"])["optimizer"] == {"name": "bfgs", "step": None}


def test_loading_imports_nothing_heavy(here: Path) -> None:
    code = "import sys, lab.config; lab.config.load('bowl'); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"jax", "optax", "matplotlib", "sklearn", "pyarrow", "sympy"} & set(loaded)
