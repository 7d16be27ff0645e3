"""What all pictures have in common: figures without pyplot, colours, text that every font can show.

Figures are made and written by themselves, so that nothing is kept between them, no window system is looked for
and threads do not meet. Colours are those of Okabe and Ito 2008, told apart with any colour vision.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import matplotlib.font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
SKY: Final = "#56B4E9"
VERMILION: Final = "#D55E00"
COLOURS: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
GREY: Final = "#767676"
PALE: Final = "#DDDDDD"
SMALL_PT: Final = 8.0
NORMAL_PT: Final = 9.5
TITLE_PT: Final = 11.0

_DOTS_PER_INCH: Final = 110
_PADDING_IN: Final = 0.1
_FONT: Final = "DejaVu Sans"
_LONGEST_LABEL: Final = 28


def new_figure(width_in: float, height_in: float, *, constrained: bool = True) -> Figure:
    """An empty figure that draws itself; `constrained` leaves room for labels, at a price for many axes."""
    layout = ConstrainedLayoutEngine(w_pad=_PADDING_IN, h_pad=_PADDING_IN) if constrained else None
    figure = Figure(figsize=(width_in, height_in), dpi=_DOTS_PER_INCH, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def write_png(figure: Figure, path: Path) -> None:
    """Writes a figure; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=_DOTS_PER_INCH)


def plain(text: str) -> str:
    """A label as it can be drawn: on one line, not too long, with a box for what the font does not have."""
    known = _characters()
    shown = "".join(each if ord(each) in known else "□" for each in " ".join(text.split()))
    return shown if len(shown) <= _LONGEST_LABEL else shown[: _LONGEST_LABEL - 1] + "…"


def text_style(size_pt: float = SMALL_PT, **more: Any) -> dict[str, Any]:
    """Properties of a text that holds a label: dollars in it are no formula."""
    return {"fontsize": size_pt, "fontfamily": _FONT, "parse_math": False, **more}


def tidy(axes: Axes, title: str = "") -> None:
    """The house style of a diagram: no box, small ticks, title on the left."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL_PT)
    axes.set_title(title, loc="left", fontsize=TITLE_PT, fontweight="bold", parse_math=False)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    font = matplotlib.font_manager.get_font(matplotlib.font_manager.findfont(_FONT))
    return frozenset(font.get_charmap())
