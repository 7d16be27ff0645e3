"""Asking a finished model what plays when, in songs of a soundfont that was kept out of all training.

The songs are cut into the stretches of two seconds that are listed with what sounds in them. A label counts as told
for a stretch where a segment of the timeline covers half of it; of a whole song, every label counts that sounds in
any stretch. So windows of any length, and whatever is done to them, are judged by one truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from models.workshop.clips import Clip
from models.workshop.datasets import table
from models.workshop.rendering.song_windows import WINDOW_S
from models.workshop.rendering.soundfonts import SAMPLE_RATE
from models.workshop.reporting.metrics import multi_scores
from tagger.analysis import Analyser
from tagger.taxonomy import LABEL_SETS
from tagger.timeline import Timeline, TimelineSettings

_HALF: Final = 0.5

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Told:
    """How well a timeline was told.

    Attributes:
        precision: share of what was told that is right.
        recall: share of what sounds that was told.
        micro_f1: of all labels together.
        macro_f1: mean over the labels that sound.
        segments: told, a song; 0 where songs were judged as wholes.
    """

    precision: float
    recall: float
    micro_f1: float
    macro_f1: float
    segments: float


def contenders() -> Mapping[str, TimelineSettings]:
    """Ways to tell what plays when, against the usual one."""
    return {
        "as shipped": TimelineSettings(),
        "without hysteresis": TimelineSettings(off_ratio=1.0),
        "mean of 3 windows": TimelineSettings(smoothing="mean"),
        "median of 3 windows": TimelineSettings(smoothing="median"),
        "mean of 3, no hysteresis": TimelineSettings(smoothing="mean", off_ratio=1.0),
        "windows of 1 s, hop 0.5 s": TimelineSettings(window_s=1.0, hop_s=0.5),
        "windows of 2 s, hop 1 s": TimelineSettings(window_s=2.0, hop_s=1.0),
        "windows of 2 s, alone": TimelineSettings(window_s=2.0, hop_s=2.0, off_ratio=1.0),
        "windows of 5 s, hop 2.5 s": TimelineSettings(window_s=5.0, hop_s=2.5),
        "hop 0.5 s": TimelineSettings(hop_s=0.5),
        "threshold 0.25": TimelineSettings(threshold=0.25),
        "families": TimelineSettings(label_set="families"),
    }


def poolings() -> Mapping[str, TimelineSettings]:
    """Ways to judge a whole song."""
    return {each: TimelineSettings(aggregation=each) for each in ("strongest", "mean", "max")}


def told_of_stretches(analyser: Analyser, songs: Path, settings: TimelineSettings) -> Told:
    """Judges timelines stretch by stretch.

    Args:
        analyser: with the model.
        songs: the CSV that lists stretches of songs.
        settings: of the timelines.

    Raises:
        DatasetError: there are no such songs.
    """
    present, said, segments = [], [], 0
    by_song = _by_song(table.read(songs).clips)
    for path, clips in by_song.items():
        timeline = analyser.analyse_over_time(path, settings)
        segments += len(timeline.segments)
        present += [_present(clip.labels, timeline, settings.label_set) for clip in clips]
        said += [_said(timeline, clip.start_s, clip.start_s + WINDOW_S) for clip in clips]
    return _told(np.array(present), np.array(said), segments / len(by_song))


def told_of_songs(analyser: Analyser, songs: Path, settings: TimelineSettings, *, in_a_row: int = 1) -> Told:
    """Judges what is claimed of songs as wholes.

    Args:
        analyser: with the model.
        songs: the CSV that lists stretches of songs.
        settings: of the timelines.
        in_a_row: how many songs make a recording, one after the other.

    Raises:
        DatasetError: there are no such songs.
    """
    present, said = [], []
    by_song = list(_by_song(table.read(songs).clips).items())
    for first in range(0, len(by_song) - in_a_row + 1, in_a_row):
        together = by_song[first : first + in_a_row]
        signals = [soundfile.read(path, dtype="float32")[0] for path, _ in together]
        timeline = analyser.analyse_array_over_time(np.concatenate(signals), SAMPLE_RATE, settings)
        sounding = {label for _, clips in together for clip in clips for label in clip.labels}
        present.append(_present(sounding, timeline, settings.label_set))
        claimed = {each.label for each in timeline.instruments}
        said.append(np.array([label in claimed for label in timeline.labels]))
    return _told(np.array(present), np.array(said), 0.0)


def _by_song(clips: Iterable[Clip]) -> Mapping[Path, Sequence[Clip]]:
    songs: dict[Path, list[Clip]] = {}
    for clip in clips:
        songs.setdefault(clip.path, []).append(clip)
    return songs


def _present(leaves: Iterable[str], timeline: Timeline, label_set: str) -> Flags:
    sounding = set(leaves)
    leaves_of = LABEL_SETS[label_set].leaves_of
    return np.array([not sounding.isdisjoint(leaves_of[label]) for label in timeline.labels])


def _said(timeline: Timeline, start_s: float, end_s: float) -> Flags:
    covered_s = dict.fromkeys(timeline.labels, 0.0)
    for each in timeline.segments:
        covered_s[each.label] += max(0.0, min(end_s, each.end_s) - max(start_s, each.start_s))
    return np.array([seconds >= _HALF * (end_s - start_s) for seconds in covered_s.values()])


def _told(present: Flags, said: Flags, segments: float) -> Told:
    scores = multi_scores(present, np.zeros_like(present), said.astype(np.float64), _HALF)
    right = float((present & said).sum())
    return Told(
        precision=right / max(1.0, float(said.sum())),
        recall=right / max(1.0, float(present.sum())),
        micro_f1=scores.micro_f1,
        macro_f1=scores.macro_f1,
        segments=segments,
    )
