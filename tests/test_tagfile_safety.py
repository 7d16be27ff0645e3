"""What must not be written to is refused untouched, and no failure in the middle costs a file anything."""

from __future__ import annotations

import errno
import os
import re
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import soundfile as sf

from tagger import tagfile
from tagger.errors import TagFileError
from tagger.tagfile import Action, chunked, chunks, mpeg, replacing, rewriting
from tagger.tagfile.tags import Edits
from tagger.walk import walk
from tests.tagged_audio import chunk, claim, make, riff, tone, write

CLAIM = claim("kick")

FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 48000, 48000, 1, 8))
DATA = chunk(b"data", bytes(range(100)))
ODD_DATA = chunk(b"data", bytes(range(101)))
ID3 = b"ID3\x03\0\0\0\0\0\x14TIT2\0\0\0\x0a\0\0\0A title.."
WAV = riff(FMT, DATA)


def with_size(wav: bytes, size: int) -> bytes:
    return wav[:4] + struct.pack("<I", size) + wav[8:]


MALFORMED = {
    "a size in the header that is too small": with_size(WAV, len(WAV) - 28),
    "a size in the header that is too large": with_size(WAV, len(WAV)),
    "sizes of a stream": riff(FMT, b"data\xff\xff\xff\xff" + bytes(100)),
    "sizes of zero": with_size(WAV, 0),
    "no pad byte": with_size(riff(FMT, ODD_DATA)[:-1], len(riff(FMT, ODD_DATA)) - 9),
    "no pad byte, but one counted": riff(FMT, ODD_DATA)[:-1],
    "cut off": WAV[:-10],
    "samples past the end": riff(FMT, b"data" + struct.pack("<I", 1000) + bytes(100)),
    "an ID3 tag in front": ID3 + WAV,
    "bytes behind the end": WAV + b"garbage!",
    "an ID3v1 tag behind the end": WAV + b"TAG" + bytes(125),
    "two ID3 chunks": riff(FMT, DATA, chunk(b"ID3 ", ID3), chunk(b"id3 ", ID3)),
    "two chunks of samples": riff(FMT, DATA, DATA),
    "no samples": riff(FMT),
    "nothing but a header": riff(),
    "an id that is none": riff(FMT, DATA, chunk(b"\0\1\2\3", b"")),
    "half a chunk header": riff(FMT, DATA, b"junk"),
    "a cut off ID3 tag": riff(FMT, DATA, chunk(b"id3 ", ID3[:-4])),
    "something else in the ID3 chunk": riff(FMT, DATA, chunk(b"id3 ", b"nothing of ID3")),
    "more than a tag in the ID3 chunk": riff(FMT, DATA, chunk(b"id3 ", ID3 + ID3)),
    "an ID3 version of the future": riff(FMT, DATA, chunk(b"id3 ", b"ID3\x05" + ID3[4:])),
    "ID3 frames out of step": riff(FMT, DATA, chunk(b"id3 ", ID3.replace(b"\0\0\0\x0a", b"\0\0\0\x08"))),
    "no fmt": riff(DATA),
    "RF64": b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", bytes(28)) + WAV[12:],
    "BW64": b"BW64\xff\xff\xff\xffWAVE" + chunk(b"ds64", bytes(28)) + WAV[12:],
    "RIFX": b"RIFX" + struct.pack(">I", len(WAV) - 8) + WAV[8:],
    "an MP3 with two ID3 tags": ID3 + ID3 + b"\xff\xfb\x90\x64" + bytes(413),
    "an MP3 with a cut off ID3 tag": b"ID3\x03\0\0\0\0\x7f\x7f" + bytes(100),
    "text": b"Take these instruments, and tag them well.",
    "44 bytes less one": WAV[:43],
    "three bytes": b"RIF",
    "nothing": b"",
}


@pytest.mark.parametrize("what", MALFORMED)
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_malformed_files_are_refused_untouched(tmp_path: Path, what: str, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(MALFORMED[what])
    for attempt in (tagfile.plan, write):
        with pytest.raises(TagFileError) as refusal:
            attempt(path, CLAIM)
        assert refusal.value.path == path
        assert "\n" not in str(refusal.value)
    assert path.read_bytes() == MALFORMED[what]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".aiff", ".aifc"])
def test_malformed_aiff_is_refused_untouched(tmp_path: Path, suffix: str) -> None:
    good = make(tmp_path, "16.aiff").read_bytes()
    path = tmp_path / f"file{suffix}"
    for bad in (
        good[:-2],
        good + b"xx",
        ID3 + good,
        good[:4] + b"\0\0\0\x20" + good[8:],
        good.replace(b"SSND", b"SSNE"),
    ):
        path.write_bytes(bad)
        with pytest.raises(TagFileError, match="safely"):
            write(path, CLAIM)
        assert path.read_bytes() == bad


@pytest.mark.parametrize(
    ("format_name", "words"),
    [("CAF", "CAF files cannot hold tags"), ("AU", "AU files"), ("W64", "Wave64 files"), ("RF64", "RF64 files")],
)
def test_formats_without_tags_are_named(tmp_path: Path, format_name: str, words: str) -> None:
    path = tmp_path / "sound.wav"
    sf.write(path, tone(), 48000, format=format_name)
    before = path.read_bytes()
    with pytest.raises(tagfile.UntaggableError, match=f"{words}.*catalog only"):
        write(path, CLAIM)
    assert path.read_bytes() == before


def test_files_near_4_gib_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, "16.wav")
    for module, limit in ((chunks, 0), (chunked, 100)):
        monkeypatch.setattr(module, "SIZE_LIMIT", path.stat().st_size + limit)
        with pytest.raises(TagFileError, match="too large"):
            write(path, CLAIM)
        monkeypatch.undo()


def test_mp3_out_of_step_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(ID3[:10] + b"TIT2\0\0\0\x05" + ID3[18:] + make(tmp_path, "plain.mp3").read_bytes())
    with pytest.raises(TagFileError, match="damaged"):
        write(path, CLAIM)


def test_folders_and_missing_files_have_one_line(tmp_path: Path) -> None:
    with pytest.raises(TagFileError, match=re.escape(str(tmp_path))):
        write(tmp_path, CLAIM)
    with pytest.raises(TagFileError, match="no such file"):
        write(tmp_path / "gone.wav", CLAIM)


def test_hard_links_are_not_broken(tmp_path: Path) -> None:
    copied, in_place = make(tmp_path, "lossless.flac"), make(tmp_path, "16.wav")
    before = copied.read_bytes()
    for path in (copied, in_place):
        (tmp_path / f"other {path.name}").hardlink_to(path)
    for attempt in (tagfile.plan, write):
        with pytest.raises(TagFileError, match="hard links"):
            attempt(copied, CLAIM)
    assert copied.read_bytes() == before
    write(in_place, CLAIM)
    assert tagfile.read(tmp_path / "other 16.wav").instrument == "Kick"


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = make(tmp_path / "real", "16.wav")
    link = tmp_path / "link.wav"
    link.symlink_to(path)
    assert write(link, CLAIM).path == link
    assert link.is_symlink()
    assert tagfile.read(path) == tagfile.read(link)
    assert write(path, CLAIM).action is Action.UNCHANGED
    assert list((tmp_path / "real").iterdir()) == [path]


def test_a_loop_of_links_has_one_line(tmp_path: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to(link)
    with pytest.raises(TagFileError, match=re.escape(str(link))):
        write(link, CLAIM)


def test_a_read_only_file_is_refused_even_for_root(tmp_path: Path) -> None:
    path = make(tmp_path, "lossless.flac")
    before = path.read_bytes()
    path.chmod(0o444)
    for attempt in (tagfile.plan, write):
        with pytest.raises(TagFileError, match="read-only"):
            attempt(path, CLAIM)
    path.chmod(0o644)
    assert path.read_bytes() == before


def test_mode_times_and_attributes_stay(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    path.chmod(0o640)
    os.utime(path, ns=(1_600_000_000_000_000_001, 1_500_000_000_000_000_001))
    with_attributes = hasattr(os, "setxattr")
    if with_attributes:
        try:
            os.setxattr(path, "user.colour", b"red")
        except OSError:  # the file system has none
            with_attributes = False
    before = path.stat()

    assert write(path, CLAIM).action is Action.WRITE

    after = path.stat()
    kept = [(s.st_mode, s.st_mtime_ns, s.st_uid, s.st_gid) for s in (before, after)]
    assert kept[0] == kept[1]
    if with_attributes:
        assert os.getxattr(path, "user.colour") == b"red"


class CrashError(BaseException):
    """Neither an `Exception` nor anything that code expects."""


def crash(*_: object, **__: object) -> NoReturn:
    raise CrashError


STEPS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the flush": lambda patch: patch.setattr(os, "fsync", crash),
    "while attributes are copied": lambda patch: patch.setattr("shutil.copystat", crash),
    "while the audio is compared": lambda patch: patch.setattr(rewriting, "payload_hash", crash),
    "before the new file takes the place": lambda patch: patch.setattr(Path, "replace", crash),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["plain.mp3", "lossless.flac", "vorbis.ogg", "aac.m4a"])
def test_a_crash_leaves_the_file_as_it_was_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, step: str
) -> None:
    path = make(tmp_path, name)
    before, status = path.read_bytes(), path.stat()
    with monkeypatch.context() as patch:
        STEPS[step](patch)
        with pytest.raises(CrashError):
            write(path, CLAIM)
    assert path.read_bytes() == before
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (status.st_mtime_ns, status.st_ino)
    assert list(tmp_path.iterdir()) == [path]
    assert write(path, CLAIM).action is Action.WRITE


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "used by another process"), "no permission"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left"),
    ],
)
@pytest.mark.parametrize("call", ["replace", "open"])
def test_locked_files_and_full_disks_have_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str, call: str
) -> None:
    path = make(tmp_path, "lossless.flac")
    before = path.read_bytes()
    if call == "replace":
        monkeypatch.setattr(Path, "replace", _raising(error))
    else:
        monkeypatch.setattr(tempfile, "mkstemp", _raising(error))
    with pytest.raises(TagFileError, match=words) as refusal:
        write(path, CLAIM)
    assert refusal.value.path == path
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _raising(error: OSError) -> Callable[..., NoReturn]:
    def call(*_: object, **__: object) -> NoReturn:
        raise error

    return call


@pytest.mark.parametrize("name", ["16.wav", "lossless.flac"])
def test_a_file_that_changes_meanwhile_is_left_to_the_other_program(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    other = path.read_bytes()[:-10]
    with tagfile.prepare(path, CLAIM) as rewrite:
        path.write_bytes(other)
        with pytest.raises(TagFileError, match="another program"):
            rewrite.commit()
    assert path.read_bytes() == other
    assert list(tmp_path.iterdir()) == [path]


Harm = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda new: new[:-1] + b"x", "audio would not survive"),
        (lambda new: new.replace(b"TSSE", b"TXXX"), "other tags would not survive"),
    ],
)
def test_a_write_that_would_harm_a_file_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Harm, words: str
) -> None:
    path = make(tmp_path, "tagged.mp3")
    before = path.read_bytes()
    well = mpeg.LeadingId3.write

    def badly(self: mpeg.LeadingId3, source: Path, target: Path, edits: Edits) -> None:
        well(self, source, target, edits)
        target.write_bytes(harm(target.read_bytes()))

    monkeypatch.setattr(mpeg.LeadingId3, "write", badly)
    with pytest.raises(TagFileError, match=words):
        write(path, CLAIM)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_library_walks_pass_over_what_a_crash_may_leave(tmp_path: Path) -> None:
    path = make(tmp_path, "lossless.flac")
    with tagfile.prepare(path, CLAIM) as rewrite:
        assert rewrite.temporary in list(tmp_path.iterdir())
        assert [list(listing.files) for listing in walk([tmp_path]).listings] == [["lossless.flac"]]
    assert list(tmp_path.iterdir()) == [path]


def test_only_copies_that_a_crash_left_long_ago_are_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path, "lossless.flac")
    others = [tmp_path / name for name in ("tagger-a.tmp", ".tagger-notes", ".tagger-a.tmp.flac", "a.tmp")]
    for other in others:
        other.touch()
    left = tmp_path / ".tagger-abc.tmp"
    left.write_bytes(b"half a copy")
    os.utime(left, (0, 0))
    tagfile.sweep(tmp_path)
    assert left.exists()
    monkeypatch.setattr(replacing, "_ABANDONED_AFTER_S", -1.0)
    tagfile.sweep(tmp_path)
    tagfile.sweep(tmp_path / "nowhere")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])
