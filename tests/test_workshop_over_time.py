"""Judging timelines by songs whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from models.workshop.over_time import contenders, poolings, told_of_songs, told_of_stretches
from tagger.analysis import Analyser
from tagger.timeline import TimelineSettings
from tests.test_analysis import RATE, kick

SONG_RATE = 32_000


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Two songs of kicks for eight seconds and of nothing for four, which a CSV says are snares."""
    beat = np.concatenate([kick(), np.zeros(RATE // 10)])
    half = np.concatenate([np.tile(beat, 16), np.zeros(4 * RATE)])
    song = soxr.resample(half, RATE, SONG_RATE)
    rows = ["file,label,start_s"]
    for name in ("one.flac", "two.flac"):
        soundfile.write(tmp_path / name, song, SONG_RATE)
        rows += [f"{name},{'kick' if start < 8 else 'snare'},{start}" for start in range(0, 12, 2)]
    (tmp_path / "songs.csv").write_text("\n".join(rows))
    return tmp_path / "songs.csv"


def test_stretches_are_judged_by_what_covers_them(songs: Path) -> None:
    only_kicks = TimelineSettings(threshold=1.0, thresholds={"kick": 0.3})
    told = told_of_stretches(Analyser(), songs, only_kicks)
    assert told.precision == 1.0
    assert told.recall == pytest.approx(4 / 6)
    assert told.micro_f1 == pytest.approx(0.8)
    assert told.macro_f1 == pytest.approx(0.5)
    assert told.segments == 1
    of_families = told_of_stretches(Analyser(), songs, TimelineSettings(label_set="families", threshold=0.3))
    assert of_families.recall == pytest.approx(4 / 6)


@pytest.mark.parametrize("in_a_row", [1, 2])
def test_songs_are_judged_by_what_is_claimed(songs: Path, in_a_row: int) -> None:
    only_kicks = TimelineSettings(threshold=1.0, thresholds={"kick": 0.3})
    told = told_of_songs(Analyser(), songs, only_kicks, in_a_row=in_a_row)
    assert (told.precision, told.recall) == (1.0, 0.5)


def test_the_usual_way_is_among_the_contenders() -> None:
    assert TimelineSettings() in contenders().values()
    assert TimelineSettings() in poolings().values()
