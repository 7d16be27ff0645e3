"""A timeline drawn in text: a row an instrument, time to the right, shade by how sure and how much.

A column stands for a stretch of time, which in a long recording holds many segments: its shade is how sure they are,
times the share of the column that they fill, and what is there at all can be seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from daemon.output import count_words, duration_words
from tagger.timeline import Segment, Timeline

_MOST_ROWS: Final = 20
_MOST_SEGMENTS: Final = 12
_WIDEST_NAME: Final = 24
_LEAST_COLUMNS: Final = 16
_MOST_COLUMNS: Final = 160
_BETWEEN_TICKS: Final = 12
_STEPS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True, slots=True)
class Style:
    """What a chart is drawn with.

    Attributes:
        shades: from faint to full.
        edge: left and right of the rows.
        dash: between two times.
    """

    shades: str
    edge: str
    dash: str


BLOCKS: Final = Style("░▒▓█", "│", "–")
ASCII: Final = Style(".-+#", "|", "-")


def style_for(encoding: str | None) -> Style:
    """Blocks where a console of that encoding can show them."""
    try:
        "".join((BLOCKS.shades, BLOCKS.edge, BLOCKS.dash)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def chart(timeline: Timeline, *, width: int, style: Style) -> Iterator[str]:
    """The lines of a chart; none where nothing is active.

    Args:
        timeline: what to draw.
        width: of the console, in characters.
        style: what to draw with.
    """
    rows = _rows(timeline)
    if not rows:
        return
    names = [_name(timeline, label) for label, _ in rows[:_MOST_ROWS]]
    margin = max(map(len, names))
    columns = min(_MOST_COLUMNS, max(_LEAST_COLUMNS, width - margin - 4))
    duration_s = timeline.facts.duration_s
    yield f"{'':<{margin}}  {_axis(duration_s, columns)}".rstrip()
    for name, (_, segments) in zip(names, rows, strict=False):
        cells = "".join(_cell(value, style) for value in _filled(segments, duration_s, columns))
        yield f"{name:<{margin}} {style.edge}{cells}{style.edge}"
    if (more := len(rows) - _MOST_ROWS) > 0:
        yield f"and {count_words(more, 'label')} more, for less time"


def listed(timeline: Timeline, *, style: Style) -> Iterator[str]:
    """The segments one by one, or what they come to where there are many."""
    if len(timeline.segments) <= _MOST_SEGMENTS:
        times = [(_clock(each.start_s), _clock(each.end_s)) for each in timeline.segments]
        wide = max((len(time) for pair in times for time in pair), default=0)
        for each, (start, end) in zip(timeline.segments, times, strict=True):
            yield f"{start:>{wide}}{style.dash}{end:<{wide}}  {_name(timeline, each.label)} {each.confidence:.2f}"
        return
    rows = _rows(timeline)[:_MOST_ROWS]
    margin = max(len(_name(timeline, label)) for label, _ in rows)
    for label, segments in rows:
        lasts_s = sum(each.end_s - each.start_s for each in segments)
        sure = sum(each.confidence * (each.end_s - each.start_s) for each in segments) / lasts_s
        share = f"{lasts_s / timeline.facts.duration_s:>4.0%}"
        segments_words = count_words(len(segments), "segment")
        yield f"{_name(timeline, label):<{margin}}  {sure:.2f}  {share}  {duration_words(lasts_s)} in {segments_words}"


def _rows(timeline: Timeline) -> list[tuple[str, list[Segment]]]:
    """Labels with their segments, what is there most and most surely first."""
    ordered = sorted(timeline.segments, key=lambda each: each.label)
    rows = [(label, list(group)) for label, group in groupby(ordered, key=lambda each: each.label)]
    weight = {label: sum(each.confidence * (each.end_s - each.start_s) for each in group) for label, group in rows}
    return sorted(rows, key=lambda row: -weight[row[0]])


def _name(timeline: Timeline, label: str) -> str:
    name = timeline.words.get(label, label)
    return name if len(name) <= _WIDEST_NAME else name[: _WIDEST_NAME - 3] + "..."


def _filled(segments: Sequence[Segment], duration_s: float, columns: int) -> npt.NDArray[np.float64]:
    """(columns,) how sure the segments are, times the share that they fill."""
    edges_s = np.linspace(0.0, duration_s, columns + 1)
    filled = np.zeros(columns)
    for each in segments:
        overlap_s = np.minimum(edges_s[1:], each.end_s) - np.maximum(edges_s[:-1], each.start_s)
        filled += np.maximum(overlap_s, 0.0) * each.confidence
    return filled * (columns / duration_s)


def _cell(value: float, style: Style) -> str:
    if value <= 0:
        return " "
    return style.shades[min(len(style.shades) - 1, int(value * len(style.shades)))]


def _axis(duration_s: float, columns: int) -> str:
    """Times over the columns where they begin."""
    fitting = (step for step in _STEPS_S if step * columns / duration_s >= _BETWEEN_TICKS)
    step_s = next(fitting, _STEPS_S[-1] * math.ceil(_BETWEEN_TICKS * duration_s / columns / _STEPS_S[-1]))
    line = ""
    for number in range(math.ceil(duration_s / step_s)):
        column = round(number * step_s * columns / duration_s)
        tick = _clock(number * step_s, tenths=step_s < 1, hundredths=step_s < 0.1)
        if column >= len(line) and column + len(tick) <= columns:
            line = f"{line:<{column}}{tick}"
    return line


def _clock(seconds: float, *, tenths: bool = True, hundredths: bool = False) -> str:
    """A moment, as in "0:02.5" or "1:04:07"."""
    digits = 2 if hundredths else int(tenths and seconds < 3600)
    scale = 10**digits
    whole, part = divmod(round(seconds * scale), scale)
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{part:0{digits}d}" if digits else ""
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}{fraction}"
