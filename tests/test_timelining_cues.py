"""`tagger timeline --write-cues`: other programs see the cue points, and `tagger undo` leaves no trace of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wavinfo

from tagger.catalog import Catalog
from tagger.payload import payload_hash
from tagger.writing.lock import writing_lock
from tests.command_line import Run, contents
from tests.test_analysis import RATE, drum_loop, kick

LONG_AGO_NS = 1_500_000_000_123_456_700
# More labels than would be claimed.
EAGER = ("--write-cues", "--threshold", "0.3", "--labels", "families")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A folder with two recordings that no catalog knows."""
    folder = tmp_path / "samples"
    folder.mkdir()
    soundfile.write(folder / "loop.wav", drum_loop(), RATE)
    soundfile.write(folder / "kick.flac", kick(), RATE)
    for path in folder.iterdir():
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return folder


def names_in(path: Path) -> list[str]:
    cues = wavinfo.WavInfoReader(os.fspath(path)).cues
    return [each.text for each in cues.labels] if cues else []


def test_segments_become_cue_points_and_undo_takes_them_out(tagger: Run, samples: Path) -> None:
    before, audio = contents(samples), payload_hash(samples / "loop.wav")
    told = tagger("timeline", samples / "loop.wav", samples / "kick.flac", *EAGER, "--json")
    assert told.code == 1
    of_loop, of_kick = told.objects()
    assert "error" not in of_kick
    assert told.err.splitlines() == [
        f"{Path('samples/loop.wav')}: cue points  (none) -> {len(of_loop['segments'])}",
        f"{Path('samples/kick.flac')}: has no place for cue points (only WAV has)",
    ]
    assert of_loop["segments"]
    assert len(names_in(samples / "loop.wav")) == len(of_loop["segments"])
    assert payload_hash(samples / "loop.wav") == audio
    assert (samples / "loop.wav").stat().st_mtime_ns == LONG_AGO_NS

    again = tagger("timeline", samples / "loop.wav", *EAGER)
    assert (again.code, again.err) == (0, f"{Path('samples/loop.wav')}: cue points need no change\n")
    assert "cue points" in tagger("undo", "--dry-run").out
    assert tagger("undo").code == 0
    assert contents(samples) == before
    assert (samples / "loop.wav").stat().st_mtime_ns == LONG_AGO_NS


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not on this machine; Debian has it in ffmpeg")
def test_ffmpeg_reads_every_name(tagger: Run, samples: Path) -> None:
    path = samples / "loop.wav"
    tagger("timeline", path, "--write-cues", "--threshold", "0.02")
    command = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", os.fspath(path)]
    shown = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    names = [chapter.get("tags", {}).get("title") for chapter in shown["chapters"]]
    assert len(names) > 1
    assert names == names_in(path)


@pytest.mark.skipif(shutil.which("sndfile-info") is None, reason="sndfile-info is not on this machine")
def test_libsndfile_reads_every_cue_point(tagger: Run, samples: Path) -> None:
    path = samples / "loop.wav"
    tagger("timeline", path, "--write-cues", "--threshold", "0.02")
    shown = subprocess.run(["sndfile-info", path], capture_output=True, check=True, timeout=60, encoding="utf-8").stdout
    # It lists the first ten, and counts all.
    assert f"Count : {len(names_in(path))}\n" in shown
    assert shown.count("Cue ID : ") == min(len(names_in(path)), 10) > 1
    np.testing.assert_array_equal(soundfile.read(path)[0].shape, drum_loop().shape)


def test_cue_points_and_tags_are_taken_back_one_by_one(tagger: Run, samples: Path) -> None:
    path = samples / "loop.wav"
    before = path.read_bytes()
    tagger("timeline", path, *EAGER)
    marked = path.read_bytes()
    tagger("tag", path, "--write")
    assert "1 unchanged" in tagger("tag", path).err
    assert names_in(path)
    refused = tagger("undo", "--batch", "1")
    assert refused.code == 1
    assert "was written again by run 2; undo that first" in refused.err
    assert tagger("undo", path).code == 0
    assert path.read_bytes() == marked
    assert tagger("undo", path).code == 0
    assert path.read_bytes() == before


def test_what_another_program_changed_is_not_undone(tagger: Run, samples: Path) -> None:
    path = samples / "loop.wav"
    tagger("timeline", path, *EAGER)
    path.write_bytes(path.read_bytes().replace(b"Drums", b"Beats"))
    edited = path.read_bytes()
    refused = tagger("undo")
    assert refused.code == 1
    assert "not undone, was changed by another program since\n" in refused.err
    assert "->" not in refused.err
    assert path.read_bytes() == edited


def test_a_recording_that_changes_while_it_is_listened_to_stays(
    tagger: Run, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagger.analysis import Analyser

    path, listen = samples / "loop.wav", Analyser.analyse_over_time

    def record_over(self: Analyser, *args: object, **options: object) -> object:
        heard = listen(self, *args, **options)  # type: ignore[arg-type]  # whatever the command gives
        soundfile.write(path, kick(), RATE)
        return heard

    monkeypatch.setattr(Analyser, "analyse_over_time", record_over)
    refused = tagger("timeline", path, *EAGER)
    assert refused.code == 1
    assert "holds other audio than when it was analysed (run again)" in refused.err
    assert not names_in(path)


def test_a_second_writer_is_refused_before_anything_is_listened_to(tagger: Run, samples: Path, tmp_path: Path) -> None:
    Catalog(tmp_path / "catalog.db").close()
    with writing_lock(tmp_path / "catalog.db"):
        refused = tagger("timeline", samples / "loop.wav", *EAGER)
    assert (refused.code, refused.out) == (1, "")
    assert "is writing tags with this catalog" in refused.err


def test_without_the_option_nothing_is_touched(tagger: Run, samples: Path, tmp_path: Path) -> None:
    before = contents(samples)
    assert tagger("timeline", samples / "loop.wav").code == 0
    assert contents(samples) == before
    assert not (tmp_path / "catalog.db").exists()
