"""The style: names that keep apart, slopes that are right, colours for every eye, no pyplot."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lab.plots import style


@pytest.mark.parametrize("places", [[], [0.3], [0.5] * 5, [0.9, 0.1, 0.12], [1.0, 1.0, 0.99]])
def test_spread_keeps_the_gap_the_order_and_the_bounds(places):
    spread = style.spread(places, 0.1)
    ranked = np.array(spread)[np.argsort(places, kind="stable")]
    assert np.all(np.diff(ranked) >= 0.1 - 1e-12)
    assert all(-1e-12 <= place <= 1 + 1e-12 for place in spread)


def test_spread_leaves_alone_what_is_apart_and_moves_a_pair_evenly():
    np.testing.assert_allclose(style.spread([0.8, 0.2], 0.1), [0.8, 0.2])
    np.testing.assert_allclose(style.spread([0.5, 0.5], 0.1), [0.45, 0.55])


def test_names_stand_where_their_curves_end():
    drawing, (axes,) = style.figure()
    x = np.linspace(0, 1, 5)
    axes.plot(x, x, label="rising")
    axes.plot(x, 1 - x, label="falling")
    axes.plot(x, 0 * x)  # without a name
    style.name_curves(axes)
    drawing.canvas.draw()

    heights = {text.get_text(): text.get_window_extent().y0 for text in axes.texts}
    assert set(heights) == {"rising", "falling"}
    assert heights["rising"] > heights["falling"] + 100


def test_axes_come_in_reading_order():
    _, axes = style.figure(2, 3, title="six")
    assert len(axes) == 6
    tops = [place.get_subplotspec().rowspan.start for place in axes]
    assert tops == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("exponent", [-1.0, 0.5, 2.0])
def test_log_log_slope_finds_the_exponent_and_skips_what_has_no_logarithm(exponent):
    x = np.array([0.0, 1.0, 10.0, 100.0, np.inf])
    y = np.array([1.0, 3.0, 3.0 * 10**exponent, 3.0 * 100**exponent, 1.0])
    assert style.log_log_slope(x, y) == pytest.approx(exponent)


def test_log_log_slope_of_too_little_is_nan():
    assert np.isnan(style.log_log_slope([1.0, 1.0], [2.0, 3.0]))
    assert np.isnan(style.log_log_slope([1.0, 2.0], [0.0, 3.0]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.0039, "0.0039"),
        (7.46e-9, r"$7.5 \times 10^{-9}$"),
        (-2e6, r"$-2.0 \times 10^{6}$"),
    ],
)
def test_scientific(value, text):
    assert style.scientific(value) == text


# how each kind of colour blindness sees linear RGB (Machado, Oliveira, Fernandes 2009, severity 1)
SIGHT = {
    "full": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def seen(color: str, sight: str) -> np.ndarray:
    """The CIELAB coordinates of a colour as that eye sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = to_xyz @ np.clip(np.array(SIGHT[sight]) @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_colours_look_alike(sight):
    # a difference of 10 is seen at a glance
    for one, other in itertools.combinations(style.CYCLE, 2):
        assert np.linalg.norm(seen(one, sight) - seen(other, sight)) > 18, (one, other)


@pytest.mark.parametrize("color", [*style.CYCLE, *style.shades(4), "#ffffff"])
def test_names_can_be_read(color):
    luminance = (seen(style.readable(color), "full")[0] + 16) / 116  # CIELAB lightness, undone
    assert 1.05 / (luminance**3 + 0.05) > 4.45
    assert style.readable(style.INK) == style.INK


def test_the_first_three_colours_differ_in_grey_print():
    lightness = sorted(seen(color, "full")[0] for color in style.CYCLE[:3])
    assert np.diff(lightness).min() > 18


def test_nothing_imports_pyplot():
    script = "import sys, lab.plots.style; print('matplotlib.pyplot' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert printed.stdout.strip() == "False"
