"""Made-up timelines: what the analysis of a recording would give, without a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.results import AudioFacts, Instrument, Kind
from tagger.taxonomy import family_of, words_of
from tagger.timeline import Segment, Timeline, TimelineSettings, bounds_s

THRESHOLD = 0.5


def timeline_of(
    path: Path | None,
    intensity: Mapping[str, Sequence[float] | npt.NDArray[np.float64]],
    *,
    duration_s: float,
    silent: Sequence[int] = (),
    settings: TimelineSettings | None = None,
    kind: Kind = Kind.TRACK,
    sample_rate: int = 44_100,
) -> Timeline:
    """A timeline with these intensities; what is above 0.5 is active, and segments are the runs of that."""
    settings = settings or TimelineSettings()
    labels = tuple(intensity)
    count = max((len(values) for values in intensity.values()), default=0)
    table = np.array([intensity[label] for label in labels], dtype=np.float32).reshape(len(labels), count).T
    time_s = np.arange(count, dtype=np.float64) * settings.hop_s
    edges_s = bounds_s(time_s, settings.window_s, duration_s)
    active = table >= THRESHOLD
    return Timeline(
        facts=AudioFacts(duration_s, sample_rate, 2, payload_hash="0123456789abcdef" * 2),
        kind=kind,
        model="instruments@0.2.0",
        settings=settings,
        labels=labels,
        words={label: words_of(label) for label in labels},
        thresholds=np.full(len(labels), THRESHOLD, np.float32),
        time_s=time_s,
        is_silent=np.isin(np.arange(count), silent),
        intensity=table,
        active=active,
        segments=_segments(labels, table, active, edges_s),
        instruments=_instruments(labels, table, active),
        path=path,
    )


def song(
    path: Path | None,
    labels: Sequence[str],
    *,
    duration_s: float,
    seed: int = 0,
    settings: TimelineSettings | None = None,
) -> Timeline:
    """A timeline in which each label comes and goes."""
    settings = settings or TimelineSettings()
    rng = np.random.default_rng(seed)
    count = max(1, int(np.ceil((duration_s - settings.window_s) / settings.hop_s)) + 1)
    steps = np.arange(count) * settings.hop_s
    silent = [each for each in range(count) if 0.9 < (each + 1) / count < 0.94]
    intensity = {}
    for label in labels:
        slow = np.sin(steps / rng.uniform(0.05, 0.25) / max(duration_s, 30) * 2 + rng.uniform(0, 6))
        values = np.clip(0.5 + 0.45 * slow + rng.normal(0, 0.06, count), 0.01, 0.99)
        values[silent] = 0
        intensity[label] = values
    return timeline_of(path, intensity, duration_s=duration_s, silent=silent, settings=settings)


def _segments(
    labels: Sequence[str],
    table: npt.NDArray[np.float32],
    active: npt.NDArray[np.bool_],
    edges_s: npt.NDArray[np.float64],
) -> tuple[Segment, ...]:
    found = []
    for column, label in enumerate(labels):
        steps = np.diff(np.concatenate([[0], active[:, column].astype(int), [0]]))
        for first, end in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0), strict=True):
            start_s, end_s = float(edges_s[first]), float(edges_s[end])
            if end_s > start_s:
                found.append(Segment(label, start_s, end_s, float(table[first:end, column].mean())))
    return tuple(sorted(found, key=lambda each: (each.start_s, each.label)))


def _instruments(
    labels: Sequence[str], table: npt.NDArray[np.float32], active: npt.NDArray[np.bool_]
) -> tuple[Instrument, ...]:
    found = [
        Instrument(label, family_of(label), float(table[:, column].max()))
        for column, label in enumerate(labels)
        if active[:, column].any()
    ]
    return tuple(sorted(found, key=lambda each: -each.confidence))
