"""Instrument tags in real files of every format: what gets in, what other readers see, what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import mutagen.flac
import mutagen.id3 as id3
import mutagen.mp4
import numpy as np
import pytest
import soundfile as sf

from tagger import tagfile
from tagger.errors import TagFileError
from tagger.payload import payload_hash
from tagger.tagfile import Action
from tests.tagged_audio import MAKERS, chunk, claim, decoded, make, rich_wav, riff, seen_by_ffmpeg, syncsafe, write

CLAIM = claim("electric_guitar", "kick")
WORDS = "Electric guitar; Kick"
OURS = {"INSTRUMENT", "INSTRUMENT_BY_TAGGER", "GENRE", "REAPER", "KEYWORDS", "IKEY"}

every_format = pytest.mark.parametrize("name", MAKERS)


@every_format
def test_other_programs_see_the_instruments_and_the_same_audio(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    tags, samples, audio = seen_by_ffmpeg(path), decoded(path), payload_hash(path)

    change = write(path, CLAIM)

    assert (change.action, change.current, change.new) == (Action.WRITE, None, WORDS)
    seen = seen_by_ffmpeg(path)
    assert seen["INSTRUMENT"] == WORDS
    assert seen["GENRE"] == "Electric guitar"
    assert {name: value for name, value in seen.items() if name not in OURS} == tags
    reading = tagfile.read(path)
    assert (reading.instrument, reading.is_ours, reading.edit) == (WORDS, True, None)
    assert payload_hash(path) == audio
    np.testing.assert_array_equal(decoded(path), samples)
    assert list(tmp_path.iterdir()) == [path]


@every_format
def test_what_is_right_already_is_not_written(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    write(path, CLAIM)
    before, inode = path.read_bytes(), path.stat().st_ino

    assert write(path, CLAIM).action is Action.UNCHANGED
    assert (path.read_bytes(), path.stat().st_ino) == (before, inode)


@every_format
def test_a_claim_can_change_and_be_taken_back(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    tags = seen_by_ffmpeg(path)
    write(path, CLAIM)
    changed = write(path, claim("drums"))
    assert (changed.action, changed.current, changed.new) == (Action.WRITE, WORDS, "Drums")
    assert seen_by_ffmpeg(path)["INSTRUMENT"] == "Drums"

    taken_back = write(path, claim())
    assert (taken_back.action, taken_back.current, taken_back.new) == (Action.REMOVE, "Drums", None)
    assert seen_by_ffmpeg(path) == tags
    assert write(path, claim()).action is Action.UNCHANGED


@every_format
def test_size_does_not_creep(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    write(path, CLAIM)
    write(path, claim("kick"))
    size = path.stat().st_size
    for _ in range(3):
        write(path, CLAIM)
        write(path, claim("kick"))
    assert path.stat().st_size == size


@every_format
def test_the_time_of_change_stays(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    before = path.stat().st_mtime_ns
    write(path, CLAIM)
    assert path.stat().st_mtime_ns == before


@every_format
def test_a_plan_writes_nothing_and_is_what_happens(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    before = path.read_bytes()
    plan = tagfile.plan(path, CLAIM)
    assert path.read_bytes() == before
    assert write(path, CLAIM) == plan


def set_with_mutagen(path: Path, value: str | None, *, field: str = "INSTRUMENT") -> None:
    """Does what a person does in some tag editor."""
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, id3.ID3):
        file.tags.delall(f"TXXX:{field}")
        if value is not None:
            file.tags.add(id3.TXXX(encoding=3, desc=field, text=[value]))
    else:
        is_mp4 = isinstance(file, mutagen.mp4.MP4)
        key = f"----:com.apple.iTunes:{field}" if is_mp4 else field
        if value is None:
            del file.tags[key]
        else:
            file.tags[key] = [value.encode() if is_mp4 else value]
    file.save()


@every_format
def test_an_instrument_of_somebody_else_is_kept(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    set_with_mutagen(path, "Grandma's zither")
    before = path.read_bytes()

    change = write(path, CLAIM)

    assert (change.action, change.current, change.new) == (Action.KEEP, "Grandma's zither", WORDS)
    assert write(path, claim()).action is Action.KEEP
    assert path.read_bytes() == before


@every_format
def test_a_correction_of_ours_is_kept(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    write(path, CLAIM)
    set_with_mutagen(path, "Banjo")
    assert write(path, CLAIM).action is Action.KEEP
    assert seen_by_ffmpeg(path)["INSTRUMENT"] == "Banjo"


@every_format
def test_what_somebody_took_away_stays_away(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    write(path, CLAIM)
    set_with_mutagen(path, None)
    assert write(path, CLAIM).action is Action.KEEP
    assert "INSTRUMENT" not in seen_by_ffmpeg(path)


@pytest.mark.parametrize("name", ["16.wav", "lossless.flac", "plain.mp3", "aac.m4a", "pack.wv", "windows.wma"])
def test_names_of_fields_are_case_blind(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    set_with_mutagen(path, "Zither", field="Instrument")
    change = write(path, CLAIM)
    assert (change.action, change.current) == (Action.KEEP, "Zither")


@pytest.mark.parametrize("name", ["16.wav", "lossless.flac", "plain.mp3"])
def test_an_empty_field_is_filled(tmp_path: Path, name: str) -> None:
    path = make(tmp_path, name)
    set_with_mutagen(path, "")
    assert write(path, CLAIM).action is Action.WRITE
    assert seen_by_ffmpeg(path)["INSTRUMENT"] == WORDS


def test_every_chunk_of_a_rich_wav_stays_where_and_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rich.wav"
    before = rich_wav()
    path.write_bytes(before)
    samples, _ = sf.read(path, dtype="int32")
    write(path, CLAIM)
    after = path.read_bytes()
    np.testing.assert_array_equal(sf.read(path, dtype="int32")[0], samples)
    # The list of texts has moved to the tail; all else in front of that is as it was, but the size in the header.
    place, tail = before.index(b"INFO") - 8, before.index(b"iXML")
    assert after[place : place + 4] == b"JUNK"
    assert (after[:4], after[8:place], after[place + 4 : tail]) == (
        before[:4],
        before[8:place],
        before[place + 4 : tail],
    )
    assert after[tail:].startswith(b"iXML")
    assert chunk(b"ISFT", b"maker\0") in after[tail:]


def test_an_id3_chunk_in_front_moves_and_keeps_its_name_version_and_frames(tmp_path: Path) -> None:
    path = tmp_path / "vendor.wav"
    tag = id3_tag(
        4,
        ("TIT2", b"\x02\x00T\x00i"),
        ("GEOB", b"\0\0\0com.native-instruments.nks.soundinfo\0" + bytes(range(256))),
        ("TIT2", b"\x03twice"),
        ("XYZZ", b"nobody knows"),
    )
    fmt, data = rich_wav_chunks()
    path.write_bytes(riff(fmt, chunk(b"ID3 ", tag), data))
    write(path, CLAIM)
    after = path.read_bytes()
    assert after[12:].startswith(fmt + b"JUNK" + chunk(b"ID3 ", tag)[4:] + data)
    tail = after[12 + len(fmt + chunk(b"ID3 ", tag) + data) :]
    assert b"id3 " not in after
    assert tail[tail.index(b"ID3 ") + 8 :].startswith(b"ID3\x04")
    assert tag[10:] in tail


def test_pictures_and_texts_of_an_mp3_stay_byte_for_byte(tmp_path: Path) -> None:
    path = make(tmp_path, "plain.mp3")
    audio = path.read_bytes()
    frames = [("TIT2", b"\x01\xff\xfeK\x00\x00\x00"), ("APIC", b"\0image/png\0\3\0" + bytes(300)), ("TCON", b"\0Dub\0")]
    tag = id3_tag(3, *frames)
    v1 = b"TAG" + b"An old title".ljust(125, b"\0")
    path.write_bytes(tag + audio + v1)
    write(path, CLAIM)
    after = path.read_bytes()
    assert after.startswith(b"ID3\x03")
    assert after[10 : len(tag)] == tag[10:]
    assert after.endswith(audio + v1)
    assert str(mutagen.File(path).tags["TCON"]) == "Dub"
    size = path.stat().st_size
    write(path, claim("kick"))
    assert path.stat().st_size == size


@pytest.mark.parametrize("version", [2, 3, 4])
def test_the_version_of_an_id3_tag_stays(tmp_path: Path, version: int) -> None:
    path = make(tmp_path, "plain.mp3")
    title = ("TT2" if version == 2 else "TIT2", b"\0A title")
    path.write_bytes(id3_tag(version, title) + path.read_bytes())
    write(path, CLAIM)
    tags = id3.ID3(path)
    assert tags.version[1] == version
    assert [str(tags["TIT2"]), str(tags["TXXX:INSTRUMENT"])] == ["A title", WORDS]
    assert seen_by_ffmpeg(path)["INSTRUMENT"] == WORDS


def test_new_id3_tags_are_of_version_2_3(tmp_path: Path) -> None:
    for name in ("16.wav", "16.aiff", "plain.mp3"):
        path = make(tmp_path, name)
        write(path, CLAIM)
        assert mutagen.File(path).tags.version[:2] == (2, 3)


def test_pictures_in_flac_and_mp4_stay(tmp_path: Path) -> None:
    flac, m4a = make(tmp_path, "lossless.flac"), make(tmp_path, "aac.m4a")
    picture = mutagen.flac.Picture()
    picture.data, picture.mime = bytes(range(256)), "image/png"
    flac_file = mutagen.flac.FLAC(flac)
    flac_file.add_picture(picture)
    flac_file["title"] = ["One", "Two"]
    flac_file.save()
    m4a_file = mutagen.mp4.MP4(m4a)
    m4a_file["covr"] = [mutagen.mp4.MP4Cover(bytes(range(256)), mutagen.mp4.MP4Cover.FORMAT_PNG)]
    m4a_file.save()

    write(flac, CLAIM)
    write(m4a, CLAIM)

    assert mutagen.flac.FLAC(flac).pictures[0].data == bytes(range(256))
    assert mutagen.flac.FLAC(flac)["title"] == ["One", "Two"]
    assert bytes(mutagen.mp4.MP4(m4a)["covr"][0]) == bytes(range(256))


@pytest.mark.parametrize("comment", [b"ARTIST=Bj\xf6rk", "KÜNSTLER=Björk".encode(), b"no name", b"=no name"])
def test_vorbis_comments_that_mutagen_would_repair_are_refused(tmp_path: Path, comment: bytes) -> None:
    path = make(tmp_path, "lossless.flac")
    good = b"ARTIST=".ljust(len(comment), b"x")
    file = mutagen.flac.FLAC(path)
    file["ARTIST"] = good.decode().removeprefix("ARTIST=")
    file.save()
    broken = path.read_bytes().replace(b"artist", b"ARTIST").replace(good, comment)
    assert comment in broken
    path.write_bytes(broken)
    with pytest.raises(TagFileError, match="cannot be tagged safely"):
        write(path, CLAIM)
    assert path.read_bytes() == broken


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("16.wav", "Gitarre Übung.wav"),
        ("lossless.flac", "Gitarre U\u0308bung.flac"),
        ("plain.mp3", "鼓 # 100 %.MP3"),
        ("16.aiff", "without suffix"),
        ("vorbis.ogg", "wrong suffix.wav"),
    ],
)
def test_names_of_all_sorts(tmp_path: Path, sample: str, name: str) -> None:
    folder = tmp_path / "a folder; with [odd] name"
    folder.mkdir()
    path = make(folder, sample).rename(folder / name)
    assert write(path, CLAIM).action is Action.WRITE
    assert seen_by_ffmpeg(path)["INSTRUMENT"] == WORDS


def id3_tag(version: int, *frames: tuple[str, bytes]) -> bytes:
    """An ID3v2 tag of these frames."""
    body = b""
    for name, data in frames:
        body += name.encode()
        if version == 2:
            body += len(data).to_bytes(3, "big") + data
        else:
            size = syncsafe(len(data)) if version == 4 else len(data).to_bytes(4, "big")
            body += size + b"\0\0" + data
    return b"ID3" + bytes((version, 0, 0)) + syncsafe(len(body)) + body


def rich_wav_chunks() -> tuple[bytes, bytes]:
    fmt = chunk(b"fmt ", b"\1\0\1\0\x80\xbb\0\0\0\x77\1\0\2\0\x10\0")
    return fmt, chunk(b"data", bytes(range(200)))
