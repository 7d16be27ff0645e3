"""A timeline as lanes, one an instrument: how sure over time, and where it is counted as heard.

SVG, whose colours are the page's own, so that it follows the theme by itself, and is sharp at any size. What is finer
than a pixel is left out: however long a recording is, a lane has some hundreds of points.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.decision import Verdict
from tagger.taxonomy import FAMILIES, LABEL_SETS, family_of
from tagger.timeline import Timeline, rows_of

MOST_LANES: Final = 16

_WIDTH: Final = 1000
_HEIGHT: Final = 24
_COLUMNS: Final = 500
_STEPS_S: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
_MOST_TICKS: Final = 9


def lanes_html(heard: Timeline, verdict: Verdict) -> str:
    """The lanes as HTML.

    Args:
        heard: the timeline.
        verdict: of the same recording; its likeliest labels have a lane even where they are never counted as heard.
    """
    candidates = [each.label for each in verdict.instruments if each.label in heard.labels]
    labels = list(dict.fromkeys([*rows_of(heard), *candidates]))[:MOST_LANES]
    return "".join([*(_lane(heard, label) for label in labels), _axis(heard.facts.duration_s)])


def clock(time_s: float, *, step_s: float = 1.0) -> str:
    """A time as people read it: `0.25`, `1:30`, `1:05:00`."""
    decimals = max(0, int(np.ceil(-np.log10(step_s) - 1e-9)))
    minutes, seconds = divmod(round(time_s, decimals), 60)
    if minutes < 1 and decimals:
        return f"{seconds:.{decimals}f}"
    hours, minutes = divmod(int(minutes), 60)
    width = 3 + decimals if decimals else 2
    tail = f"{seconds:0{width}.{decimals}f}"
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"


def family_class(heard: Timeline, label: str) -> str:
    """The class that gives a label the colour of its family."""
    leaves = LABEL_SETS[heard.settings.label_set].leaves_of.get(label, (label,))
    family = family_of(leaves[0])
    return f"family-{family if family in FAMILIES else 'other'}"


def _lane(heard: Timeline, label: str) -> str:
    column = heard.labels.index(label)
    words = html.escape(heard.words.get(label, label))
    spans = "".join(_spans(heard, label))
    points = "".join(_points(heard, column))
    threshold = _HEIGHT * (1 - float(heard.thresholds[column]))
    return (
        f'<div class="lane {family_class(heard, label)}">'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{spans}'
        f'<path class="lane-level" d="M0,{_HEIGHT}{points}L{_WIDTH},{_HEIGHT}Z"/>'
        f'<line class="lane-threshold" x1="0" x2="{_WIDTH}" y1="{threshold:.1f}" y2="{threshold:.1f}"/></svg>'
        f'<span class="lane-name">{words}</span></div>'
    )


def _spans(heard: Timeline, label: str) -> Iterator[str]:
    scale = _WIDTH / max(heard.facts.duration_s, 1e-9)
    for each in heard.segments:
        if each.label == label:
            left, width = each.start_s * scale, max(1.0, (each.end_s - each.start_s) * scale)
            yield (
                f'<rect class="lane-span" x="{left:.1f}" width="{width:.1f}" y="0" height="{_HEIGHT}" '
                f'style="--sure:{each.confidence:.2f}"/>'
            )


def _points(heard: Timeline, column: int) -> Iterator[str]:
    """A step for each window, or the greatest of those that fall together."""
    bounds_s = heard.bounds_s
    if not len(bounds_s):
        return
    levels = heard.intensity[:, column]
    edges: npt.NDArray[np.float64] = bounds_s / max(heard.facts.duration_s, 1e-9) * _WIDTH
    per_step = -(-len(levels) // _COLUMNS)
    for first in range(0, len(levels), per_step):
        end = min(first + per_step, len(levels))
        y = _HEIGHT * (1 - float(levels[first:end].max()))
        yield f"L{edges[first]:.1f},{y:.1f}L{edges[end]:.1f},{y:.1f}"


def _axis(duration_s: float) -> str:
    step_s = next((each for each in _STEPS_S if duration_s / each <= _MOST_TICKS), duration_s or 1.0)
    ticks = np.arange(0, duration_s + 1e-9, step_s)
    marks = "".join(
        f'<span style="left:{100 * tick / max(duration_s, 1e-9):.2f}%">{clock(float(tick), step_s=step_s)}</span>'
        for tick in ticks
    )
    return f'<div class="lane-axis" aria-hidden="true">{marks}</div>'
