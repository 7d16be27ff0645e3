"""Cue points go into a WAV and out again: others' chunks, tags and samples stay, and there is a way back."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wavinfo

from tagger import tagfile
from tagger.errors import TagFileError
from tagger.payload import payload_hash
from tagger.reports.cues import CueChunks, cue_chunks
from tagger.tagfile import Action, Rewrite, UntaggableError
from tagger.tagfile.cue_points import Bodies
from tagger.timeline import Timeline
from tests.tagged_audio import chunk, claim, rich_wav, riff, write
from tests.timelines import timeline_of


def heard(*labels: str, duration_s: float = 8.0) -> Timeline:
    rng = np.random.default_rng(len(labels))
    return timeline_of(None, {label: rng.uniform(0.3, 1, 20) for label in labels}, duration_s=duration_s)


def edit(timeline: Timeline, cue: bytes | None, adtl: bytes | None) -> Bodies:
    new = cue_chunks(timeline, CueChunks(cue, adtl))
    return new.cue, new.adtl


def mark(path: Path, timeline: Timeline) -> Rewrite:
    rewrite = tagfile.prepare_cue_points(path, partial(edit, timeline), payload_hash=payload_hash(path))
    rewrite.commit()
    return rewrite


def names_in(path: Path) -> list[str]:
    read = wavinfo.WavInfoReader(str(path)).cues
    names = {each.name: each.text for each in read.labels}
    return [names[each.name] for each in read.cues]


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "a.wav"
    path.write_bytes(content)
    return path


def plain() -> bytes:
    return riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16)), chunk(b"data", bytes(16_000)))


def test_segments_become_cue_points_and_a_way_leads_back(tmp_path: Path) -> None:
    path = file_of(tmp_path, rich_wav())
    before, audio = path.read_bytes(), payload_hash(path)
    inode, samples = path.stat().st_ino, soundfile.read(path)[0]
    timeline = heard("kick", "snare")
    rewrite = mark(path, timeline)
    assert names_in(path) == ["hit", *(timeline.words[each.label] for each in timeline.segments)]
    assert (rewrite.change.action, rewrite.in_place) == (Action.WRITE, True)
    assert rewrite.change.fields[0].before == "1"
    assert tagfile.fingerprint(path) == rewrite.after_fingerprint
    assert payload_hash(path) == audio
    assert path.stat().st_ino == inode
    np.testing.assert_array_equal(soundfile.read(path)[0], samples)
    for kept in (b"bext", b"smpl", b"acid", b"inst", b"LIST\x12\0\0\0INFO", b"xtra"):
        assert kept in path.read_bytes()
    tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
    assert path.read_bytes() == before


def test_marking_and_tagging_in_turn_never_grow_the_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, rich_wav())
    sizes = set()
    for _ in range(5):
        mark(path, heard("kick", "snare"))
        write(path, claim("kick"))
        sizes.add(path.stat().st_size)
    assert len(sizes) == 1
    assert tagfile.read(path).instrument == "Kick"
    assert len(names_in(path)) == 1 + len(heard("kick", "snare").segments)


def test_a_timeline_without_segments_takes_ours_away(tmp_path: Path) -> None:
    path = file_of(tmp_path, plain())
    mark(path, heard("kick"))
    rewrite = mark(path, heard())
    assert rewrite.change.action is Action.REMOVE
    assert path.read_bytes() == plain()


def test_marks_that_are_there_already_change_nothing(tmp_path: Path) -> None:
    path = file_of(tmp_path, plain())
    mark(path, heard("kick"))
    path.chmod(0o444)
    before = path.read_bytes()
    assert mark(path, heard("kick")).change.action is Action.UNCHANGED
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ((chunk(b"cue ", b"\5\0\0\0"),), "cue points are damaged"),
        ((chunk(b"cue ", bytes(4)), chunk(b"cue ", bytes(4))), "more than one cue chunk"),
        ((chunk(b"LIST", b"adtllabl\xff\0\0\0"),), "cue names is damaged"),
    ],
)
def test_what_is_not_understood_is_left_untouched(extra: tuple[bytes, ...], words: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, riff(plain()[12:], *extra))
    before = path.read_bytes()
    with pytest.raises(TagFileError, match=words):
        mark(path, heard("kick"))
    assert path.read_bytes() == before


def test_only_wav_has_cue_points(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(1000), 8000)
    with pytest.raises(UntaggableError, match="only WAV"):
        mark(path, heard("kick"))
