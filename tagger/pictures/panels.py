"""The three pictures, each drawn on axes that somebody else has placed.

All share one time axis, from 0 to the end of the recording, so that they can stand above each other. Text has
one size whatever the size of the axes; how many ticks there are depends on the room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage

from tagger.pictures.lettering import NORMAL_PT, SMALL_PT, lettering, shown
from tagger.pictures.overview import Overview
from tagger.pictures.themes import Theme
from tagger.results import Kind
from tagger.timeline import Segment, Timeline, rows_of

LONGEST_LABEL: Final = 26

# Quieter cells than this below the loudest look like silence.
_RANGE_DB: Final = 80.0
_FLOOR_DB: Final = -110.0
_LEAST_PEAK: Final = 1e-4
_TICKS_HZ: Final = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
_STEPS_S: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400),
)
_TICK_WIDTH_IN: Final = 0.62
_TICK_HEIGHT_IN: Final = 0.2
_BAR_HEIGHT: Final = 0.66


def waveform(axes: Axes, overview: Overview, theme: Theme) -> None:
    """Draws the least and greatest sample of each column, as large as the axes; the ticks say how loud it gets."""
    _prepare(axes, overview.duration_s, theme)
    times_s = (np.arange(len(overview.peaks)) + 0.5) * overview.column_s
    axes.fill_between(
        times_s, overview.peaks[:, 0], overview.peaks[:, 1], color=theme.wave, linewidth=0.6, edgecolor=theme.wave
    )
    peak = float(np.abs(overview.peaks).max(initial=0.0))
    limit = peak if peak > _LEAST_PEAK else 1.0
    axes.set_ylim(-1.05 * limit, 1.05 * limit)
    axes.axhline(0, color=theme.muted, linewidth=0.4)
    axes.set_yticks([-limit, limit], [decibel_words(limit)] * 2)


def mel_spectrogram(axes: Axes, overview: Overview, theme: Theme) -> None:
    """Draws mel bands from low to high, the loudest cell of the recording in the strongest colour; ticks are in Hz."""
    _prepare(axes, overview.duration_s, theme)
    loudest_db = float(overview.mel.max(initial=_FLOOR_DB + _RANGE_DB))
    bands = overview.mel.shape[1]
    axes.imshow(
        overview.mel.T,
        cmap=theme.level,
        norm=Normalize(loudest_db - _RANGE_DB, loudest_db),
        origin="lower",
        aspect="auto",
        extent=(0, len(overview.mel) * overview.column_s, -0.5, bands - 0.5),
        interpolation_stage="data",
    )
    axes.set_xlim(0, overview.duration_s)
    _frequency_ticks(axes, overview.edges_hz)


def timeline(axes: Axes, heard: Timeline, theme: Theme, *, most_rows: int) -> AxesImage | None:
    """Draws a bar for each stretch in which an instrument is heard, the darker (or brighter) the surer.

    Args:
        axes: where to draw.
        heard: the timeline.
        theme: the colours.
        most_rows: instruments that are heard for less time than this many others are left out.

    Returns:
        The image, for a scale of confidence; None where nothing is heard.
    """
    duration_s = heard.facts.duration_s
    _prepare(axes, duration_s, theme)
    _mark_silence(axes, heard, theme)
    labels = rows_of(heard)[:most_rows]
    axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    if not labels:
        axes.set_yticks([])
        words = "silence" if heard.kind is Kind.SILENCE else "nothing recognised"
        style = lettering([words], NORMAL_PT, color=theme.muted, ha="center", va="center")
        axes.text(0.5, 0.5, words, transform=axes.transAxes, **style)
        return None
    image = None
    # No finer than what is looked at: of a column narrower than a pixel nobody may see anything.
    columns = max(1, int(axes.bbox.width))
    for row, label in enumerate(labels):
        axes.axhline(row, color=theme.faint, linewidth=0.6, zorder=0.5)
        image = axes.imshow(
            _bar(heard, label, columns)[np.newaxis],
            cmap=theme.confidence,
            norm=Normalize(0, 1),
            aspect="auto",
            extent=(0, duration_s, row + _BAR_HEIGHT / 2, row - _BAR_HEIGHT / 2),
            interpolation="nearest",
            zorder=1,
        )
    axes.set_xlim(0, duration_s)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    names = row_names(heard, labels)
    axes.set_yticks(range(len(labels)), names)
    for text in axes.get_yticklabels():
        text.set(**lettering(names, NORMAL_PT, color=theme.ink))
    axes.tick_params(axis="y", length=0)
    return image


def row_names(heard: Timeline, labels: Sequence[str]) -> list[str]:
    """Labels as they are written beside their bars."""
    return [shown(heard.words.get(label, label), LONGEST_LABEL) for label in labels]


def time_axis(axes: Axes, duration_s: float, theme: Theme) -> None:
    """Numbers the time axis: in seconds for what is shorter than a minute, else as 1:30 or 1:05:00."""
    step_s = _time_step(axes, duration_s)
    ticks = np.arange(0, duration_s + 1e-9, step_s)
    unit = " s" if duration_s < 60 else ""
    axes.set_xticks(ticks, [clock(tick, step_s=step_s, longest_s=duration_s) + unit for tick in ticks])
    axes.tick_params(axis="x", labelbottom=True, length=3, colors=theme.muted)


def clock(time_s: float, *, step_s: float = 1.0, longest_s: float) -> str:
    """A time as an axis or table tells it: `0.25`, `1:30`, `1:05:00`.

    Args:
        time_s: the time.
        step_s: how finely times are told apart.
        longest_s: of all times told beside it.
    """
    decimals = max(0, int(np.ceil(-np.log10(step_s) - 1e-9)))
    if longest_s < 60:
        return f"{time_s:.{decimals}f}"
    units = round(time_s * 10**decimals)
    seconds, fraction = divmod(units, 10**decimals)
    minutes, seconds = divmod(seconds, 60)
    tail = f"{seconds:02}" + (f".{fraction:0{decimals}}" if decimals else "")
    if longest_s < 3600:
        return f"{minutes}:{tail}"
    return f"{minutes // 60}:{minutes % 60:02}:{tail}"


def decibel_words(amplitude: float) -> str:
    """An amplitude in dB relative to full scale."""
    level_db = 20 * np.log10(amplitude)
    return f"{level_db:.0f} dB".replace("-0 dB", "0 dB").replace("-", "−")


def _prepare(axes: Axes, duration_s: float, theme: Theme) -> None:
    """Sets up empty axes in the style of the house: no box, small ticks, as long as the recording."""
    axes.set_facecolor(theme.background)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(theme.faint)
    axes.set_xlim(0, duration_s)
    axes.set_xticks([])
    axes.tick_params(colors=theme.muted, labelsize=SMALL_PT, length=3, width=0.6)


def _mark_silence(axes: Axes, heard: Timeline, theme: Theme) -> None:
    bounds_s = heard.bounds_s
    edges = np.diff(np.concatenate([[0], heard.is_silent.astype(np.int8), [0]]))
    for first, end in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True):
        axes.axvspan(bounds_s[first], bounds_s[end], color=theme.faint, linewidth=0, zorder=0.6)


def _bar(heard: Timeline, label: str, columns: int) -> npt.NDArray[np.float32]:
    """(columns,) float32, the greatest intensity of a label within a column, nan where it is in no segment."""
    edges_s = np.linspace(0.0, heard.facts.duration_s, columns + 1)
    # The windows that speak for a part of each column, from the first to before the last.
    first = np.searchsorted(heard.bounds_s[:-1], edges_s[:-1], side="right") - 1
    last = np.maximum(np.searchsorted(heard.bounds_s[:-1], edges_s[1:], side="left"), first + 1)
    column = heard.labels.index(label)
    heard_at = np.append(np.where(heard.active[:, column], heard.intensity[:, column], 0), np.float32(0))
    greatest = np.maximum.reduceat(heard_at, np.stack([first, last], axis=1).ravel())[::2]
    inside = np.zeros(columns, dtype=bool)
    for segment in heard.segments:
        if segment.label == label:
            inside[_columns_of(segment, heard.facts.duration_s, columns)] = True
    bar: npt.NDArray[np.float32] = np.where(inside, greatest, np.nan).astype(np.float32)
    return bar


def _columns_of(segment: Segment, duration_s: float, columns: int) -> slice:
    """The columns of a segment; at least one, so that nothing heard goes unseen."""
    first = min(int(segment.start_s / duration_s * columns), columns - 1)
    return slice(first, max(first + 1, round(segment.end_s / duration_s * columns)))


def _time_step(axes: Axes, duration_s: float) -> float:
    room = max(1, int(_size_in(axes)[0] / _TICK_WIDTH_IN))
    return float(next((step for step in _STEPS_S if duration_s / step <= room), duration_s))


def _frequency_ticks(axes: Axes, edges_hz: npt.NDArray[np.float64]) -> None:
    peaks_hz = edges_hz[1:-1]
    places = np.interp(_TICKS_HZ, peaks_hz, np.arange(len(peaks_hz)), left=np.nan, right=np.nan)
    spacing = _TICK_HEIGHT_IN / _size_in(axes)[1] * len(peaks_hz)
    ticks: list[float] = []
    names: list[str] = []
    # From the top, since low frequencies are the most crowded.
    for hz, place in sorted(zip(_TICKS_HZ, places, strict=True), reverse=True):
        if np.isfinite(place) and (not ticks or ticks[-1] - place >= spacing):
            ticks.append(float(place))
            names.append(f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz")
    axes.set_yticks(ticks, names)


def _size_in(axes: Axes) -> tuple[float, float]:
    return axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi
