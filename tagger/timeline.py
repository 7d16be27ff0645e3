"""What plays when: the values of an analysis over time.

A timeline is a table, a row a window and a column a label, with what was made of it: which labels are active in
which windows, as segments with a beginning and an end, and what may be claimed of the file as a whole. It
carries the settings that made it, so that whatever is written from it can tell how it came about.

Windows overlap, so a window speaks for the time around its centre, halfway to its neighbours (`Timeline.bounds_s`);
the first speaks from the beginning, the last to the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.activity import SMOOTHINGS
from tagger.decision import AGGREGATIONS
from tagger.results import AudioFacts, Instrument, Kind
from tagger.taxonomy import LABEL_SETS

SHORTEST_WINDOW_S: Final = 0.1
SHORTEST_HOP_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which a label is heard.

    Attributes:
        label: one of the timeline's labels.
        start_s: from the beginning of the file, in seconds.
        end_s: likewise, later than `start_s`.
        confidence: mean intensity over its windows, 0 to 1.
    """

    label: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSettings:
    """Everything that decides what a timeline says.

    Attributes:
        window_s: length of a window, in seconds, at least `SHORTEST_WINDOW_S`.
        hop_s: between the starts of two windows, in seconds, at least `SHORTEST_HOP_S`.
        label_set: name of a label set, one of `tagger.taxonomy.LABEL_SETS`.
        aggregation: what a loop or track is judged by: `strongest` (the mean of the windows where a label is
            strongest, see `tagger.decision.pooled`), `mean` or `max` of all. A one-shot is judged at its onset.
        smoothing: of each label over time: `none`, `mean` or `median`.
        smoothing_s: width of that, in seconds; a window counts where its centre is within half of it.
        threshold: from which a label counts as heard, for all labels; None for the model's own for each.
        thresholds: the same for single labels, before all others.
        off_ratio: share of its threshold below which an active label goes off, 0 to 1.
        min_duration_s: shorter segments are dropped, in seconds.
    """

    window_s: float = 3.0
    hop_s: float = 1.5
    label_set: str = "own"
    aggregation: str = "strongest"
    smoothing: str = "none"
    smoothing_s: float = 4.5
    threshold: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    off_ratio: float = 0.5
    min_duration_s: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for what no timeline can be made with."""
        choices_of = {"label_set": LABEL_SETS, "aggregation": AGGREGATIONS, "smoothing": SMOOTHINGS}
        for name, choices in choices_of.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        if not (self.window_s >= SHORTEST_WINDOW_S and self.hop_s >= SHORTEST_HOP_S):
            raise ValueError(f"window_s must be at least {SHORTEST_WINDOW_S}, hop_s at least {SHORTEST_HOP_S}")
        if not (self.smoothing_s >= 0 and self.min_duration_s >= 0):
            raise ValueError("smoothing_s and min_duration_s must not be below 0")
        shares = (self.off_ratio, *self.thresholds.values(), *(() if self.threshold is None else (self.threshold,)))
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("thresholds and off_ratio must be between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What plays when in one recording.

    Attributes:
        facts: what the container says; `payload_hash` is "" for an array.
        kind: one-shot, loop, track or silence.
        model: name and version of the model, as `name@version`.
        settings: what it was made with.
        labels: of the columns.
        words: how each label reads.
        thresholds: (labels,) float32, those in force, whoever chose them.
        time_s: (n,) float64, start of each window in seconds; windows of silence are there, with intensities of 0.
        is_silent: (n,) bool.
        intensity: (n, labels) float32, probability that a label is heard, after smoothing, 0 to 1.
        active: (n, labels) bool, whether the window belongs to a segment of the label.
        segments: by start, then label.
        instruments: what may be claimed of the file as a whole, best first; empty for "unsure", and for silence.
        path: the file; None for an array.
    """

    facts: AudioFacts
    kind: Kind
    model: str
    settings: TimelineSettings
    labels: tuple[str, ...]
    words: Mapping[str, str]
    thresholds: npt.NDArray[np.float32]
    time_s: npt.NDArray[np.float64]
    is_silent: npt.NDArray[np.bool_]
    intensity: npt.NDArray[np.float32]
    active: npt.NDArray[np.bool_]
    segments: tuple[Segment, ...]
    instruments: tuple[Instrument, ...]
    path: Path | None = None

    @property
    def bounds_s(self) -> npt.NDArray[np.float64]:
        """(n + 1,) float64: window `i` speaks for the time from bound `i` to bound `i + 1`, in seconds."""
        return bounds_s(self.time_s, self.settings.window_s, self.facts.duration_s)


def rows_of(heard: Timeline) -> list[str]:
    """The labels that have segments, those heard longest first, and of those heard as long the surer."""
    lengths_s: dict[str, float] = {}
    sureness_s: dict[str, float] = {}
    for each in heard.segments:
        length_s = each.end_s - each.start_s
        lengths_s[each.label] = lengths_s.get(each.label, 0.0) + length_s
        sureness_s[each.label] = sureness_s.get(each.label, 0.0) + length_s * each.confidence
    return sorted(lengths_s, key=lambda label: (-lengths_s[label], -sureness_s[label], label))


def bounds_s(time_s: npt.NDArray[np.float64], window_s: float, duration_s: float) -> npt.NDArray[np.float64]:
    """The bounds between windows, halfway between their centres.

    Args:
        time_s: (n,) start of each window, in seconds, ascending.
        window_s: length of a window, in seconds.
        duration_s: of the recording, in seconds.

    Returns:
        (n + 1,) from 0 to `duration_s`; (0,) where there are no windows.
    """
    if not len(time_s):
        return np.zeros(0)
    inner = (time_s[:-1] + time_s[1:] + window_s) / 2
    return np.concatenate([[0.0], np.minimum(inner, duration_s), [duration_s]])
