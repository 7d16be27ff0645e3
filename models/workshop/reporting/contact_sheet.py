"""Spectrograms by class on one sheet: what the network is shown, to see and not to guess.

All cells share one scale of time, frequency and level, so that they can be compared; ticks stand at the margins
only. The examples of a class are one image, which is what makes sixty classes quick to draw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from models.workshop.reporting.drawing import NORMAL_PT, PALE, SMALL_PT, new_figure, plain, text_style

Example = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]

# Quieter cells than this below the loudest are all the same colour.
_RANGE_DB: Final = 90.0
# Space between two examples, as a share of the longest.
_GAP: Final = 0.06
_TICKS_HZ: Final = (200, 1000, 4000, 10000)
_STEPS_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_CELL_IN: Final = (1.05, 0.62)
_TITLE_IN: Final = 0.24
_MARGIN_IN: Final = {"left": 0.55, "right": 0.75, "top": 0.12, "bottom": 0.5, "between": 0.22}


def contact_sheet(examples: Mapping[str, Sequence[Example]], hop_s: float, edges_hz: Vector) -> Figure:
    """A sheet with a group of cells for each class, in the order of the mapping; classes without examples are left out.

    Args:
        examples: of each class, (frames, n_mels) dB each, of any length.
        hop_s: time between frames.
        edges_hz: (n_mels + 2,) where the mel bands begin, peak and end; band m peaks at edge m + 1.
    """
    examples = {name: cells for name, cells in examples.items() if len(cells)}
    across = max((len(cells) for cells in examples.values()), default=1)
    columns = _columns(len(examples), across)
    rows = max(1, math.ceil(len(examples) / columns))
    figure, places = _grid(rows, columns, across)
    if not examples:
        return figure
    frames = max(len(cell) for cells in examples.values() for cell in cells)
    loudest = float(
        np.quantile(np.concatenate([np.ravel(cell) for cells in examples.values() for cell in cells]), 0.999)
    )
    for number, (name, cells) in enumerate(examples.items()):
        column, row = divmod(number, rows)
        axes = figure.add_axes(places[row][column])
        image = _draw(axes, cells, frames=frames, across=across, loudest_db=loudest)
        axes.set_title(plain(name), loc="left", pad=2.5, **text_style(NORMAL_PT))
        is_lowest = row == rows - 1 or number == len(examples) - 1
        _label_frequency(axes, edges_hz, shown=column == 0)
        _label_time(axes, frames, across, hop_s=hop_s, shown=is_lowest)
    _add_scale(figure, image)
    return figure


def _columns(classes: int, across: int) -> int:
    """As many groups side by side as make a sheet that is about as wide as high."""
    if not classes:
        return 1
    width, height = across * _CELL_IN[0] + _MARGIN_IN["between"], _CELL_IN[1] + _TITLE_IN
    return max(1, min(classes, round(math.sqrt(classes * height / width))))


def _grid(rows: int, columns: int, across: int) -> tuple[Figure, list[list[tuple[float, float, float, float]]]]:
    """The figure, and the place of each group in it as left, bottom, width, height in shares of the figure."""
    width, height = across * _CELL_IN[0], _CELL_IN[1]
    step_x, step_y = width + _MARGIN_IN["between"], height + _TITLE_IN
    total_x = _MARGIN_IN["left"] + columns * step_x - _MARGIN_IN["between"] + _MARGIN_IN["right"]
    total_y = _MARGIN_IN["top"] + rows * step_y + _MARGIN_IN["bottom"]
    figure = new_figure(total_x, total_y, constrained=False)
    lefts = [_MARGIN_IN["left"] + column * step_x for column in range(columns)]
    bottoms = [total_y - _MARGIN_IN["top"] - (row + 1) * step_y for row in range(rows)]
    return figure, [
        [(left / total_x, bottom / total_y, width / total_x, height / total_y) for left in lefts] for bottom in bottoms
    ]


def _draw(axes: Axes, cells: Sequence[Example], *, frames: int, across: int, loudest_db: float) -> AxesImage:
    """Draws examples beside each other, the lowest band at the bottom; what is no sound stays pale."""
    pitch = _pitch(frames)
    canvas = np.full((across * pitch - (pitch - frames), cells[0].shape[1]), np.nan)
    for place, cell in enumerate(cells):
        canvas[place * pitch : place * pitch + len(cell)] = cell
    image = axes.imshow(
        canvas.T,
        cmap=colormaps["magma"].with_extremes(bad="white"),
        vmin=loudest_db - _RANGE_DB,
        vmax=loudest_db,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_facecolor(PALE)
    axes.spines[:].set_visible(False)
    return image


def _pitch(frames: int) -> int:
    """Frames from the start of one example to the start of the next."""
    return frames + max(1, round(_GAP * frames))


def _label_frequency(axes: Axes, edges_hz: Vector, *, shown: bool) -> None:
    if not shown:
        axes.set_yticks([])
        return
    peaks = edges_hz[1:-1]
    ticks = [hz for hz in _TICKS_HZ if peaks[0] <= hz <= peaks[-1]]
    names = [f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz" for hz in ticks]
    axes.set_yticks(np.interp(ticks, peaks, np.arange(len(peaks))), names, fontsize=SMALL_PT - 1)
    axes.tick_params(axis="y", length=2, pad=1.5)


def _label_time(axes: Axes, frames: int, across: int, *, hop_s: float, shown: bool) -> None:
    if not shown:
        axes.set_xticks([])
        return
    length_s = frames * hop_s
    step_s = next((step for step in _STEPS_S if length_s / step < 3), length_s)
    # A tick at the very end would run into the next example's 0.
    times = [time for time in (number * step_s for number in range(4)) if time < 0.88 * length_s]
    places = [cell * _pitch(frames) + time / hop_s - 0.5 for cell in range(across) for time in times]
    axes.set_xticks(places, [f"{time:g}" for time in times] * across, fontsize=SMALL_PT - 1)
    axes.tick_params(axis="x", length=2, pad=1.5)
    axes.set_xlabel("time in s", fontsize=SMALL_PT, labelpad=1)


def _add_scale(figure: Figure, image: AxesImage) -> None:
    """The scale of level, as high as three groups, at the upper right."""
    width_in, height_in = figure.get_size_inches()
    length = min(2.2, height_in - _MARGIN_IN["top"] - _MARGIN_IN["bottom"] - _TITLE_IN) / height_in
    top = 1 - (_MARGIN_IN["top"] + _TITLE_IN) / height_in
    axes = figure.add_axes((1 - 0.6 / width_in, top - length, 0.12 / width_in, length))
    bar = figure.colorbar(image, cax=axes)
    bar.ax.tick_params(labelsize=SMALL_PT - 1, length=2, pad=1.5)
    bar.ax.set_title("dB", fontsize=SMALL_PT, pad=3)
