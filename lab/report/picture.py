"""A matplotlib figure as PNG bytes, and in words for somebody who cannot see it."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


def png(drawing: "Drawing") -> bytes:
    """The figure, drawn."""
    drawn = BytesIO()
    drawing.savefig(drawn, format="png")
    return drawn.getvalue()


def description(name: str, drawing: "Drawing") -> str:
    """The figure's title and, for each axes, its title, what is against what, and the curves."""
    parts = [drawing.get_suptitle() or name]
    parts += [said for axes in drawing.axes if (said := _said(axes))]
    return ". ".join(part.strip().rstrip(".") for part in parts) + "."


def _said(axes: "Axes") -> str:
    titles = (axes.get_title(loc) for loc in ("left", "center", "right"))
    title = " ".join(filter(None, titles))
    labels = " against ".join(filter(None, (axes.get_ylabel(), axes.get_xlabel())))
    named = (str(artist.get_label()) for artist in [*axes.lines, *axes.collections])
    curves = ", ".join(dict.fromkeys(name for name in named if name and name[0] != "_"))
    return ": ".join(filter(None, (title, labels))) + (f" ({curves})" if curves else "")
