"""A matplotlib figure as PNG bytes, and in words for somebody who cannot see it."""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


def png(drawing: "Drawing") -> bytes:
    """The figure, drawn."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    dpi = matplotlib.rcParams["savefig.dpi"]
    drawing.set_dpi(drawing.dpi if dpi == "figure" else dpi)
    canvas = FigureCanvasAgg(drawing)
    canvas.draw()  # once: savefig draws twice, to lay out and to draw
    drawn = BytesIO()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    image.save(drawn, format="png", dpi=(drawing.dpi, drawing.dpi))
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
