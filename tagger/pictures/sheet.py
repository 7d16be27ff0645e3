"""Whole pictures: one panel or all three above each other, as PNG or SVG.

matplotlib's settings and fonts belong to the process. So one picture is drawn at a time, under a lock and with
matplotlib's own defaults, whatever a user's or another program's settings are; drawing needs the interpreter
all the time anyway. The same picture has the same bytes, always: there is no date in it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from tagger.output import replaced
from tagger.pictures import panels
from tagger.pictures.lettering import NORMAL_PT, SMALL_PT, lettering
from tagger.pictures.overview import Overview
from tagger.pictures.themes import LIGHT, Theme
from tagger.timeline import Timeline, rows_of

MOST_ROWS: Final = 20

_DOTS_PER_INCH: Final = 100
_LEFT_IN: Final = 0.62
_RIGHT_IN: Final = 0.34
_TOP_IN: Final = 0.12
_BETWEEN_IN: Final = 0.14
_AXIS_IN: Final = 0.3
_LEGEND_IN: Final = 0.34
_ROOM_FOR_WHY_IN: Final = 5.0
_WAVEFORM_IN: Final = 1.3
_SPECTROGRAM_IN: Final = 2.2
_ROW_IN: Final = 0.26
_SETTINGS: Final = {"svg.fonttype": "path", "svg.hashsalt": "instrument-tagger"}
_drawing = threading.RLock()


class Picture(StrEnum):
    """What can be drawn on its own."""

    ALL = "all"
    WAVEFORM = "waveform"
    SPECTROGRAM = "spectrogram"
    TIMELINE = "timeline"


@contextmanager
def drawing() -> Iterator[None]:
    """Within it, and in no other thread, things are drawn with matplotlib's own defaults and ours."""
    with _drawing, matplotlib.style.context(["default", _SETTINGS]):
        yield


def render(
    heard: Timeline,
    overview: Overview,
    picture: Picture = Picture.ALL,
    *,
    form: Literal["png", "svg"] = "png",
    theme: Theme = LIGHT,
    width_px: int = 1200,
    scale: float = 1.0,
) -> bytes:
    """Draws a picture; may be called from any thread.

    Args:
        heard: the timeline.
        overview: of the same recording.
        picture: which.
        form: `png` or `svg`.
        theme: its colours.
        width_px: its width as it is shown, in CSS pixels; text and height do not change with it.
        scale: dots of a PNG for each of these pixels, 2 for screens of high resolution.

    Returns:
        The bytes of the file.
    """
    with drawing():
        figure = _figure(heard, overview, picture, theme=theme, width_in=width_px / _DOTS_PER_INCH)
        buffer = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": "instrument-tagger"}
        figure.savefig(buffer, format=form, dpi=_DOTS_PER_INCH * scale, metadata=metadata, facecolor=theme.background)
    return buffer.getvalue()


def save(
    path: Path,
    heard: Timeline,
    overview: Overview,
    picture: Picture = Picture.ALL,
    *,
    form: Literal["png", "svg"] | None = None,
    theme: Theme = LIGHT,
) -> None:
    """Writes a picture, at twice the resolution of a screen; an existing file is replaced.

    Args:
        path: where to.
        heard: the timeline.
        overview: of the same recording.
        picture: which.
        form: by default SVG where the path says so, else PNG.
        theme: its colours.

    Raises:
        OutputError: it cannot be written there.
    """
    form = form or ("svg" if path.suffix.lower() == ".svg" else "png")
    content = render(heard, overview, picture, form=form, theme=theme, scale=2)
    with replaced(path) as file:
        file.write(content)


def _figure(heard: Timeline, overview: Overview, picture: Picture, *, theme: Theme, width_in: float) -> Figure:
    rows = rows_of(heard)[:MOST_ROWS]
    heights_in = _heights(picture, len(rows))
    has_legend = bool(rows) and Picture.TIMELINE in heights_in
    below_in = _AXIS_IN + (_LEGEND_IN if has_legend else 0)
    height_in = _TOP_IN + sum(heights_in.values()) + _BETWEEN_IN * (len(heights_in) - 1) + below_in
    figure = new_figure(width_in, height_in, theme)
    left_in = _LEFT_IN
    if Picture.TIMELINE in heights_in:
        left_in = max(left_in, widest_in(figure, panels.row_names(heard, rows)) + 0.16)
    top_in = height_in - _TOP_IN
    axes = None
    for panel, panel_in in heights_in.items():
        axes = add_axes(figure, left_in, top_in - panel_in, width_in - left_in - _RIGHT_IN, panel_in)
        image = draw_panel(axes, panel, heard, overview, theme=theme, most_rows=MOST_ROWS)
        if image is not None:
            add_legend(figure, image, heard, theme, span_in=(left_in, width_in - _RIGHT_IN), bottom_in=0.12)
        top_in -= panel_in + _BETWEEN_IN
    if axes is not None:
        panels.time_axis(axes, overview.duration_s, theme)
    return figure


def new_figure(width_in: float, height_in: float, theme: Theme) -> Figure:
    """An empty figure that draws itself."""
    figure = Figure(figsize=(width_in, height_in), dpi=_DOTS_PER_INCH, facecolor=theme.background)
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Axes:
    """Axes at a place that is given in inches."""
    total_x, total_y = figure.get_size_inches()
    return figure.add_axes((left_in / total_x, bottom_in / total_y, width_in / total_x, height_in / total_y))


def draw_panel(
    axes: Axes, panel: Picture, heard: Timeline, overview: Overview, *, theme: Theme, most_rows: int
) -> AxesImage | None:
    """Draws one of the three pictures; returns the image of a timeline that has bars."""
    if panel is Picture.TIMELINE:
        return panels.timeline(axes, heard, theme, most_rows=most_rows)
    draw = panels.waveform if panel is Picture.WAVEFORM else panels.mel_spectrogram
    draw(axes, overview, theme)
    return None


def add_legend(
    figure: Figure, image: AxesImage, heard: Timeline, theme: Theme, *, span_in: tuple[float, float], bottom_in: float
) -> None:
    """Below a timeline, the scale of confidence at the right; at the left, how many instruments are not shown.

    Args:
        figure: where to draw.
        image: the timeline's.
        heard: the timeline.
        theme: the colours.
        span_in: from where to where the timeline goes, in inches.
        bottom_in: of the line that this takes, in inches.
    """
    left_in, right_in = span_in
    axes = add_axes(figure, right_in - 1.45, bottom_in + 0.02, 1.3, 0.1)
    bar = figure.colorbar(image, cax=axes, orientation="horizontal", ticks=[])
    bar.outline.set_visible(False)
    style = lettering("", SMALL_PT, color=theme.muted, va="center")
    total_x, total_y = figure.get_size_inches()
    y = (bottom_in + 0.06) / total_y
    silence = "shaded: silence      " if heard.is_silent.any() else ""
    figure.text((right_in - 1.52) / total_x, y, f"{silence}confidence  0", ha="right", **style)
    figure.text(right_in / total_x, y, "1", ha="right", **style)
    left_out = len(rows_of(heard)) - round(abs(np.subtract(*image.axes.get_ylim())))
    if left_out > 0:
        why = ", heard for less time" if right_in - left_in > _ROOM_FOR_WHY_IN else ""
        figure.text(left_in / total_x, y, f"and {left_out} more{why}", ha="left", **style)


def widest_in(figure: Figure, texts: Sequence[str], size_pt: float = NORMAL_PT, **more: Any) -> float:
    """The width of the widest of several texts, in inches."""
    widths = []
    for text in texts:
        drawn = figure.text(0, 0, text, **lettering([text], size_pt, **more))
        widths.append(drawn.get_window_extent().width / figure.dpi)
        drawn.remove()
    return max(widths, default=0.0)


def _heights(picture: Picture, rows: int) -> dict[Picture, float]:
    heights_in = {
        Picture.WAVEFORM: _WAVEFORM_IN,
        Picture.SPECTROGRAM: _SPECTROGRAM_IN,
        Picture.TIMELINE: (rows or 2) * _ROW_IN,
    }
    return heights_in if picture is Picture.ALL else {picture: heights_in[picture]}
