import numpy as np
import pytest

from lab.tables import parts, read, rows, stacked, table, written

WALK = table({"part": "walk"}, {"step": [0, 1], "x": [0.5, 1.5]})
BALL = table({"part": "ball", "p": 2.0}, {"x": [1.0], "name": ["round"]})


@pytest.mark.parametrize(("columns", "length"), [([0.5, 1.5], 2), ([0.5], 1), ([], 0), (0.5, 1)])
def test_labels_stand_in_every_row(columns, length):
    assert table({"part": "walk"}, {"x": columns})["part"].tolist() == ["walk"] * length


def test_columns_of_different_length_are_no_table():
    with pytest.raises(ValueError, match="broadcast"):
        table({"x": [1, 2], "y": [1, 2, 3]})


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("part", ["walk", "walk", "ball"]),
        ("x", [0.5, 1.5, 1.0]),
        ("step", [0, 1, np.nan]),
        ("p", [np.nan, np.nan, 2.0]),
        ("name", ["", "", "round"]),
    ],
)
def test_stacked_tables_are_blank_where_one_has_no_such_column(column, expected):
    np.testing.assert_array_equal(stacked(WALK, BALL)[column], expected)


def test_rows_come_back_in_order():
    whole = stacked(WALK, BALL, WALK)
    assert rows(whole, part="walk")["x"].tolist() == [0.5, 1.5, 0.5, 1.5]
    assert rows(whole, part="walk", step=1)["x"].tolist() == [1.5, 1.5]
    assert rows(whole, part="ball", p=3.0)["x"].tolist() == []


def test_parts_are_told_apart():
    whole = parts({"walk": {"x": [0.5, 1.5]}, "end": {"x": 4.0, "said": "here"}})
    assert whole["part"].tolist() == ["walk", "walk", "end"]
    assert whole["said"].tolist() == ["", "", "here"]


def test_rows_are_written_and_read():
    whole = written([{"part": "a", "x": 1.0}, {"part": "b", "said": "so"}])
    first, second = read(whole)
    assert (first["part"], first["x"], first["said"]) == ("a", 1.0, "")
    assert (second["part"], second["said"]) == ("b", "so")
    assert np.isnan(second["x"])
