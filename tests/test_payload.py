"""The identity of a file: the same after any change of tags or name, another after any change of its audio."""

from __future__ import annotations

import hashlib
import io
import struct
import tracemalloc
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import mutagen
import mutagen.aiff
import mutagen.apev2
import mutagen.id3
import mutagen.wave
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.containers import IFF, RIFF, iter_chunks, riff_chunks
from tagger.errors import DecodeError
from tagger.payload import hash_payload, payload_hash
from tests.audio_files import FORMATS, SAMPLE_RATE, signal

LOSSLESS = [name for name, each in FORMATS.items() if not each.tolerance]


def hash_of(content: bytes) -> str:
    return hash_payload("file", io.BytesIO(content))


@cache
def encoded(name: str) -> bytes:
    with TemporaryDirectory() as folder:
        return FORMATS[name].file(Path(folder), signal(3000)).read_bytes()


def chunk(name: bytes, content: bytes, *, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) % 2)


def set_id3(path: Path, words: str) -> None:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TCON(encoding=3, text=words))
    tags.save(path)


def set_ape(path: Path, words: str) -> None:
    tags = mutagen.apev2.APEv2()
    tags["Genre"] = words
    tags.save(path)


def set_native(path: Path, words: str) -> None:
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, mutagen.id3.ID3):
        file.tags.add(mutagen.id3.TCON(encoding=3, text=words))
    elif path.suffix == ".m4a":
        file.tags["\xa9gen"] = words
    else:
        file.tags["Genre"] = words
    file.save()


TAGGERS: list[tuple[str, Callable[[Path, str], None]]] = [
    *((name, set_native) for name in ("wav-16", "wav-24", "wav-float", "aiff-16", "aifc-float")),
    *((name, set_native) for name in ("flac-16", "mp3", "ogg", "opus", "ogg-flac", "m4a-aac", "m4a-alac")),
    *((name, set_native) for name in ("wma", "wv")),
    *((name, set_id3) for name in ("mp3", "aac", "flac-16")),
    *((name, set_ape) for name in ("mp3", "aac", "wv")),
]


@pytest.mark.parametrize(("name", "set_tags"), TAGGERS)
def test_tags_of_any_size_leave_it(tmp_path: Path, name: str, set_tags: Callable[[Path, str], None]) -> None:
    path = FORMATS[name].file(tmp_path)
    before, content = payload_hash(path), path.read_bytes()

    for words in ("Kick", "Snare " * 30_000, "Hi-hat"):
        set_tags(path, words)
        assert path.read_bytes() != content
        assert payload_hash(path) == before


@pytest.mark.parametrize("name", sorted({name for name, set_tags in TAGGERS if set_tags is set_native}))
def test_deleting_the_tags_leaves_it(tmp_path: Path, name: str) -> None:
    path = FORMATS[name].file(tmp_path)
    before = payload_hash(path)
    set_native(path, "Kick")
    mutagen.File(path).delete()
    assert payload_hash(path) == before


@pytest.mark.parametrize("name", LOSSLESS)
def test_one_sample_changes_it(tmp_path: Path, name: str) -> None:
    samples = signal(3000)
    before = payload_hash(FORMATS[name].file(tmp_path, samples))
    assert payload_hash(FORMATS[name].file(tmp_path, samples)) == before

    samples[1500, 1] += 1 / 32768

    assert payload_hash(FORMATS[name].file(tmp_path, samples)) != before


@pytest.mark.parametrize("name", FORMATS)
def test_a_new_name_leaves_it_and_formats_differ(tmp_path: Path, name: str) -> None:
    path = FORMATS[name].file(tmp_path)
    before = payload_hash(path)

    assert len(bytes.fromhex(before)) == 16
    assert payload_hash(path.rename(tmp_path / "Bass drum.xyz")) == before


def test_it_is_the_digest_of_format_and_samples(tmp_path: Path) -> None:
    samples = np.arange(100, dtype="<i2")
    soundfile.write(tmp_path / "ramp.wav", samples, 44_100)
    form = struct.pack("<HHIIHH", 1, 1, 44_100, 88_200, 2, 16)

    digest = hashlib.blake2b(form + samples.tobytes(), digest_size=16).hexdigest()

    # Catalogs hold these digests: a change of this line makes strangers of all files.
    assert digest == "df6b3080d67c79e1256764b22e52d88d"
    assert payload_hash(tmp_path / "ramp.wav") == digest


def test_wav_and_rf64_of_one_recording_are_one(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", signal(), SAMPLE_RATE, format="WAVEX")
    soundfile.write(tmp_path / "long.wav", signal(), SAMPLE_RATE, format="RF64")

    assert payload_hash(tmp_path / "short.wav") == payload_hash(tmp_path / "long.wav")


def test_text_chunks_of_another_writer_leave_it(tmp_path: Path) -> None:
    for kind in ("WAV", "AIFF"):
        plain, titled = tmp_path / "plain", tmp_path / "titled"
        soundfile.write(plain, signal(), SAMPLE_RATE, format=kind, subtype="PCM_16")
        with soundfile.SoundFile(
            titled, "w", samplerate=SAMPLE_RATE, channels=2, format=kind, subtype="PCM_16"
        ) as file:
            file.title, file.comment = "Kick", "a comment of odd length"
            file.write(signal())
        assert payload_hash(titled) == payload_hash(plain)


@pytest.mark.parametrize("name", ["ogg", "opus", "ogg-flac"])
def test_other_ogg_pages_leave_it(tmp_path: Path, name: str) -> None:
    source, target = FORMATS[name].file(tmp_path, signal(60_000)), tmp_path / "copy.ogg"
    with av.open(str(source)) as old, av.open(str(target), "w", options={"page_duration": "20000"}) as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)

    assert target.read_bytes().count(b"OggS") != source.read_bytes().count(b"OggS")
    assert payload_hash(target) == payload_hash(source)


ID3V2 = b"ID3\x04\x00\x00\x00\x00\x08\x00" + bytes(1024)
ID3V1 = b"TAG" + bytes(125)
ID3V2_AT_THE_END = b"ID3\x04\x00\x10\x00\x00\x00\x20" + bytes(32) + b"3DI\x04\x00\x10\x00\x00\x00\x20"
LYRICS3 = b"LYRICSBEGININD0000200000021LYRICS200"
APE = struct.pack("<8sIIII8x", b"APETAGEX", 2000, 48, 1, 1 << 31)
APE += bytes(16) + struct.pack("<8sIIII8x", b"APETAGEX", 2000, 48, 1, 1 << 31)


@pytest.mark.parametrize("name", ["mp3", "aac", "flac-16", "wv"])
@pytest.mark.parametrize("tags", [ID3V1, APE, LYRICS3 + ID3V1, APE + ID3V1, ID3V2_AT_THE_END, APE + LYRICS3 + ID3V1])
def test_tags_at_both_ends_leave_it(name: str, tags: bytes) -> None:
    assert hash_of(ID3V2 + ID3V2 + encoded(name) + tags) == hash_of(encoded(name))


@pytest.mark.parametrize("name", ["wav-16", "aiff-16", "ogg", "m4a-aac", "caf-16", "w64", "au-16"])
def test_an_id3_tag_before_any_container_leaves_it(name: str) -> None:
    assert hash_of(ID3V2 + encoded(name)) == hash_of(encoded(name))


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_streamed_wav_goes_on_to_its_end(size: int) -> None:
    content = encoded("wav-16")
    data = content.index(b"data") + 4

    assert hash_of(content[:data] + struct.pack("<I", size) + content[data + 4 :]) == hash_of(content)


def test_sizes_of_64_bits() -> None:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
    sizes = chunk(b"ds64", struct.pack("<QQQI", 6_000_000_100, 6_000_000_000, 6_000_000_000, 0))
    content = b"RF64\xff\xff\xff\xffWAVE" + sizes + form + b"data\xff\xff\xff\xff" + bytes(2_000_000)

    with pytest.raises(DecodeError, match=r"declares 6000\.0 MB of audio, holds 2\.0 MB"):
        hash_of(content)


def test_a_slip_of_the_writer_in_the_size_is_no_truncation() -> None:
    content = encoded("wav-16")
    data = content.index(b"data") + 4
    slip = struct.pack("<I", len(content))

    assert hash_of(content[:data] + slip + content[data + 4 :]) == hash_of(content)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"flac-16", "flac-24", "aac", "wv"}))
def test_what_is_missing_is_told(name: str) -> None:
    with pytest.raises(DecodeError, match="truncated: ") as caught:
        hash_of(encoded(name)[: len(encoded(name)) // 2])
    assert caught.value.advice == "copy or export it again"


def test_memory_is_bounded(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.zeros(20_000_000, dtype=np.int16), SAMPLE_RATE)
    tracemalloc.start()
    try:
        payload_hash(tmp_path / "long.wav")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


names = st.binary(min_size=4, max_size=4).filter(lambda name: name not in {b"fmt ", b"data", b"COMM", b"SSND", b"ds64"})
chunks = st.lists(st.tuples(names, st.binary(max_size=9)), max_size=4)


def riff(form: bytes, parts: Iterable[tuple[bytes, bytes]], *, order: str = "<") -> bytes:
    body = form + b"".join(chunk(name, content, order=order) for name, content in parts)
    return (b"RIFF" if order == "<" else b"FORM") + struct.pack(f"{order}I", len(body)) + body


@settings(max_examples=50, deadline=None)
@given(before=chunks, between=chunks, after=chunks, samples=st.binary(min_size=2, max_size=99))
def test_other_chunks_leave_it(
    before: list[tuple[bytes, bytes]],
    between: list[tuple[bytes, bytes]],
    after: list[tuple[bytes, bytes]],
    samples: bytes,
) -> None:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    parts = [*before, (b"fmt ", form), *between, (b"data", samples), *after]
    renamed = {b"fmt ": b"COMM", b"data": b"SSND"}
    wav = riff(b"WAVE", parts)
    aiff = riff(b"AIFF", [(renamed.get(name, name), content) for name, content in parts], order=">")

    assert hash_of(wav) == hashlib.blake2b(form + samples, digest_size=16).hexdigest()
    assert [(each.id, wav[each.start :][: each.size]) for each in riff_chunks(io.BytesIO(wav))] == parts
    assert [each.size for each in iter_chunks(io.BytesIO(aiff), IFF, start=12)] == [len(part[1]) for part in parts]
    assert hash_of(aiff) == hash_of(wav)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(FORMATS)))
def test_damaged_files_give_a_hash_or_one_line(data: st.DataObject, name: str) -> None:
    content = bytearray(encoded(name))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, 300) | st.integers(0, len(content)))
        new = data.draw(st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"]))
        content[start : start + data.draw(st.integers(0, 16))] = new
    del content[data.draw(st.just(len(content)) | st.integers(1, 400)) :]

    try:
        outcome = hash_of(bytes(content))
    except DecodeError as error:
        outcome = str(error)

    assert outcome
    assert "\n" not in outcome


@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_hash_or_one_line(content: bytes) -> None:
    for head in (
        b"",
        b"RIFF\0\0\0\0WAVE",
        b"FORM\0\0\0\0AIFF",
        b"fLaC",
        b"OggS\0\2",
        b"\0\0\0\x08ftyp",
        b"caff",
        b".snd",
    ):
        try:
            assert len(hash_of(head + content)) == 32
        except DecodeError as error:
            assert str(error)  # noqa: PT017


def test_a_file_of_nothing_but_chunks_is_given_up_on() -> None:
    with pytest.raises(DecodeError, match="too many chunks"):
        hash_of(b"RIFF\0\0\0\0WAVE" + bytes(1_000_000))


def test_chunks_are_walked_with_their_padding() -> None:
    content = b"RIFF\0\0\0\0WAVE" + chunk(b"odd ", b"abc") + chunk(b"next", b"")

    walked = [(each.id, each.start, each.size) for each in iter_chunks(io.BytesIO(content), RIFF, start=12)]

    assert walked == [(b"odd ", 20, 3), (b"next", 32, 0)]


def test_a_file_shorter_than_its_leading_tag_claims_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "stub.mp3"
    path.write_bytes(b"ID3\x03\x00\x00\x00\x00\x7f\x7f")
    with pytest.raises(DecodeError):
        payload_hash(path)
