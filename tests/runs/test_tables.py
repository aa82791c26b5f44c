import numpy as np
import pytest

from lab.runs.tables import rows, stacked, table

WALK = table({"part": "walk"}, {"step": [0, 1], "x": [0.5, 1.5]})
BALL = table({"part": "ball", "p": 2.0}, {"x": [1.0], "name": ["round"]})


def test_labels_stand_in_every_row():
    assert WALK["part"].tolist() == ["walk", "walk"]


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
