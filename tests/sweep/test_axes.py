"""What is typed after `lab sweep CONFIG`, and what is said of it where it cannot be."""

import pytest

from lab.errors import BadInput
from lab.sweep.axes import asked


@pytest.mark.parametrize(
    ("typed", "key", "values"),
    [
        ("seed=0..3", "seed", (0, 1, 2, 3)),
        ("seed=-2..-1", "seed", (-2, -1)),
        ("seed=0..2,7", "seed", (0, 1, 2, 7)),
        ("optimizer.name=adam,sgd", "optimizer.name", ("adam", "sgd")),
        ("a=1e-3,2", "a", (1e-3, 2)),
        ("a=logspace(1e-4,1e-1,4)", "a", (1e-4, 1e-3, 1e-2, 1e-1)),
        ("a=logspace(8,1,4)", "a", (8.0, 4.0, 2.0, 1.0)),
        ("a=linspace(0, 0.3, 4)", "a", (0.0, 0.1, 0.2, 0.3)),
        ("a=linspace(5,5,1)", "a", (5.0,)),
        ("start=[1,2],[3,4]", "start", ([1, 2], [3, 4])),
        ("o={name: a, b: 1},{name: c}", "o", ({"name": "a", "b": 1}, {"name": "c"})),
        ('s="a,b",c', "s", ("a,b", "c")),
        ("momentum=null,0.9", "momentum", (None, 0.9)),
        ("flag=true,false", "flag", (True, False)),
        ("a=1,true", "a", (1, True)),
    ],
)
def test_an_axis_holds_what_was_typed(typed, key, values):
    (axis,) = asked([typed]).axes
    assert (axis.key, axis.values, axis.typed) == (key, values, typed)


@pytest.mark.parametrize(
    "typed", ["steps=5", "start=[1,2]", "s='a,b'", "o={a: 1, b: 2}", "f=g(x,y)"]
)
def test_one_value_is_no_axis(typed):
    found = asked([typed, "seed=0..1"])
    assert found.fixed == (typed,)
    assert found.runs == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("rate=logspace(1e-4,0,5)", "one positive number to another; got 0.0001 and 0"),
        ("rate=logspace(1,2)", "takes three numbers; got 2"),
        ("rate=logspace(1,x,3)", "takes three numbers; got 'x'"),
        ("rate=linspace(1,.inf,3)", "takes three numbers; got '.inf'"),
        ("rate=linspace(1,2,0)", "the count is a whole number from 1 on; got 0"),
        ("rate=linspace(1,2,2.5)", "got 2.5"),
        ("rate=lgspace(1,2,3)", "did you mean 'logspace'?"),
        ("seed=3..0", "did you mean 0..3?"),
        ("seed=0.5..2", "linspace(0,1,5) takes others"),
        ("seed=", "no value after '='"),
        ("seed=1,,2", "an empty value"),
        ("seed=1,", "an empty value"),
        ("seed=1,2,1", "1 is given twice"),
        ("name=[1,2", "nothing varies"),
        ("name=a,[1", "cannot be read"),
        ("seed=0..99999999", "ask for 100,000 at most"),
        ("steps=5", "nothing varies"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(typed, said):
    with pytest.raises(BadInput) as caught:
        asked([typed])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_runs_and_a_key_that_varies_twice():
    with pytest.raises(BadInput, match=r"1000 x 1000 = 1,000,000 runs; ask for 100,000"):
        asked(["a=0..999", "b=0..999"])
    with pytest.raises(BadInput, match=r"^a=3,4: a varies already"):
        asked(["a=1,2", "a=3,4"])


def test_what_holds_others_comes_before_them():
    found = asked(
        ["optimizer.learning_rate=1,2", "optimizer=adam,sgd", "record.every=3", "steps=5"]
    )
    assert [axis.key for axis in found.axes] == ["optimizer", "optimizer.learning_rate"]
    assert found.fixed == ("steps=5", "record.every=3")
