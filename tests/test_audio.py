"""Decoding: every format gives the same samples, in little memory, and bad files a plain line each."""

from __future__ import annotations

import os
import struct
import sys
import tracemalloc
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.audio import AUDIO_SUFFIXES, open_audio
from tagger.errors import DecodeError
from tagger.results import AudioFacts
from tests.audio_files import FORMATS, SAMPLE_RATE, Samples, signal

# They say nothing of the encoder's delay: their sound comes too late, or lacks its beginning.
_SHIFTED = {"aac", "wma"}


def decode(path: Path, block_s: float = 10.0) -> tuple[Samples, AudioFacts]:
    with open_audio(path) as audio:
        blocks = list(audio.blocks(block_s))
        return np.concatenate(blocks), audio.facts


def failure(path: str | os.PathLike[str]) -> DecodeError:
    with pytest.raises(DecodeError) as caught, open_audio(path) as audio:
        list(audio.blocks())
    message = str(caught.value)
    assert "\n" not in message
    message.encode("utf-8")
    return caught.value


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_decodes_to_the_same_mono_signal(tmp_path: Path, name: str) -> None:
    expected = signal().mean(axis=1)
    decoded, facts = decode(FORMATS[name].file(tmp_path))

    assert decoded.dtype == np.float32
    assert (facts.sample_rate, facts.channels) == (SAMPLE_RATE, 2)
    assert facts.duration_s == len(decoded) / SAMPLE_RATE
    if name in _SHIFTED:
        middle = expected[4000:8000]
        start = int(np.argmax(np.correlate(decoded, middle)))
        decoded, expected = decoded[start : start + 4000], middle
    else:
        assert abs(len(decoded) - len(expected)) <= 1024
    decoded = decoded[: len(expected)]
    np.testing.assert_allclose(decoded, expected[: len(decoded)], atol=FORMATS[name].tolerance + 1e-7, rtol=0)


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 3, 6, 16])
def test_rates_and_channels(tmp_path: Path, sample_rate: int, channels: int) -> None:
    samples = signal(3000, channels=channels, sample_rate=sample_rate)
    soundfile.write(tmp_path / "tone.wav", samples, sample_rate, subtype="FLOAT")

    decoded, facts = decode(tmp_path / "tone.wav")

    assert (facts.sample_rate, facts.channels, facts.duration_s) == (sample_rate, channels, 3000 / sample_rate)
    np.testing.assert_allclose(decoded, samples.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("name", ["wav-16", "flac-16", "mp3", "ogg", "m4a-aac", "m4a-alac"])
@pytest.mark.parametrize("block_s", [0.001, 0.05, 0.25])
def test_length_of_blocks_does_not_matter(tmp_path: Path, name: str, block_s: float) -> None:
    path = FORMATS[name].file(tmp_path)

    with open_audio(path) as audio:
        blocks = list(audio.blocks(block_s))

    assert {len(block) for block in blocks[:-1]} <= {round(block_s * SAMPLE_RATE)}
    assert np.array_equal(np.concatenate(blocks), decode(path)[0])


def test_names_of_any_script(tmp_path: Path) -> None:
    for name in ("wav-16", "flac-16", "m4a-aac"):
        plain = FORMATS[name].file(tmp_path)
        foreign = plain.with_name(f"Große Trommel – 太鼓 🥁 100%, #1{plain.suffix}")
        expected = decode(plain)[0]
        assert np.array_equal(decode(plain.rename(foreign))[0], expected)


def test_a_suffix_does_not_matter(tmp_path: Path) -> None:
    for name in ("wav-16", "flac-16", "ogg", "m4a-alac"):
        path = FORMATS[name].file(tmp_path)
        expected = decode(path)[0]
        assert np.array_equal(decode(path.rename(tmp_path / "tone.bin"))[0], expected)


def test_suffixes_are_lower_case_and_cover_all_formats() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)
    assert {each.suffix for each in FORMATS.values()} <= AUDIO_SUFFIXES


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    samples = np.full((100, 1), 0.25, dtype=np.float32)
    samples[[3, 5, 7, 9], 0] = [np.nan, np.inf, -np.inf, 1e30]
    soundfile.write(tmp_path / "wild.wav", samples, SAMPLE_RATE, subtype="FLOAT")

    decoded, _ = decode(tmp_path / "wild.wav")

    assert np.flatnonzero(decoded == 0).tolist() == [3, 5, 7, 9]
    assert np.count_nonzero(decoded == 0.25) == 96


def sparse_w64(path: Path, *, frames: int, channels: int, sample_rate: int) -> None:
    """A long 8-bit file that takes no room on most disks."""
    soundfile.write(path, np.zeros((1, channels)), sample_rate, format="W64", subtype="PCM_U8")
    head = bytearray(path.read_bytes())
    data = head.index(b"data")
    head[data + 16 : data + 24] = struct.pack("<Q", frames * channels + 24)
    with path.open("wb") as file:
        file.write(head[: data + 24])
        file.truncate(data + 24 + frames * channels)


@pytest.mark.parametrize(("length_s", "channels", "sample_rate"), [(10_800, 1, 1_000), (4, 16, 192_000)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, length_s: int, channels: int, sample_rate: int) -> None:
    frames = length_s * sample_rate
    sparse_w64(tmp_path / "long.w64", frames=frames, channels=channels, sample_rate=sample_rate)
    block_bytes = 4 * 10 * sample_rate

    tracemalloc.start()
    try:
        with open_audio(tmp_path / "long.w64") as audio:
            assert sum(len(block) for block in audio.blocks()) == frames
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 3 * block_bytes + 3_000_000


def test_duration_is_counted_where_the_container_only_guesses(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, 4 * SAMPLE_RATE)
    noise[: 2 * SAMPLE_RATE] = 0
    path = tmp_path / "variable.mp3"
    soundfile.write(path, noise, SAMPLE_RATE, bitrate_mode="VARIABLE", compression_level=0.3)
    encoded = path.read_bytes()
    path.write_bytes(encoded[encoded.index(encoded[:2], 100) :])  # without the Xing header

    with open_audio(path) as audio:
        guessed_s = audio.facts.duration_s
        total = sum(len(block) for block in audio.blocks())

    assert abs(guessed_s - 4.0) > 0.5
    assert audio.facts.duration_s == total / SAMPLE_RATE
    assert abs(audio.facts.duration_s - 4.0) < 0.1


def test_flac_stream_of_unknown_length(tmp_path: Path) -> None:
    path = FORMATS["flac-16"].file(tmp_path)
    encoded = bytearray(path.read_bytes())
    encoded[21] &= 0xF0
    encoded[22:26] = bytes(4)
    path.write_bytes(encoded)

    decoded, facts = decode(path, block_s=0.1)

    assert np.array_equal(decoded, signal().mean(axis=1))
    assert facts.duration_s == 0.25


@pytest.mark.parametrize("name", ["flac-16", "wav-16", "mp3"])
def test_tags_around_the_container_do_no_harm(tmp_path: Path, name: str) -> None:
    path = FORMATS[name].file(tmp_path)
    expected = decode(path)[0]
    id3v2, id3v1 = b"ID3\x04\x00\x00\x00\x00\x08\x00" + bytes(1024), b"TAG" + bytes(125)
    path.write_bytes(id3v2 + path.read_bytes() + id3v1)

    assert np.array_equal(decode(path)[0], expected)


def test_garbage_before_an_mp3(tmp_path: Path) -> None:
    path = FORMATS["mp3"].file(tmp_path)
    expected = decode(path)[0]
    path.write_bytes(b"garbage in front " * 100 + path.read_bytes())

    assert np.array_equal(decode(path)[0], expected)


@pytest.mark.parametrize("size", [0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_wav_of_unknown_length_goes_on_to_its_end(tmp_path: Path, size: int) -> None:
    path = FORMATS["wav-16"].file(tmp_path)
    encoded = bytearray(path.read_bytes())
    data = encoded.index(b"data")
    encoded[4:8] = encoded[data + 4 : data + 8] = struct.pack("<I", size)
    path.write_bytes(encoded)

    assert np.array_equal(decode(path)[0], signal().mean(axis=1))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"aac", "wv"}))
def test_half_a_file_is_told_to_be_truncated(tmp_path: Path, name: str) -> None:
    path = FORMATS[name].file(tmp_path, signal(60_000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    error = failure(path)

    assert "truncated" in error.reason
    assert error.advice == "copy or export it again"


def test_how_much_is_missing_is_told(tmp_path: Path) -> None:
    path = FORMATS["wav-24"].file(tmp_path, signal(500_000))
    path.write_bytes(path.read_bytes()[:1_200_044])

    assert failure(path).reason == "truncated: declares 3.0 MB of audio, holds 1.2 MB"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.wav", b"", "is empty"),
        ("text.wav", b"hello world " * 1000, "is not audio of a known format"),
        ("text.mp3", b"hello world " * 1000, "is not audio of a known format"),
        ("page.m4a", b"<!DOCTYPE html><html>" * 50, "is not audio of a known format"),
        ("list.ogg", b"#EXTM3U\nhttp://example.org/a.ogg\n", "is not audio of a known format"),
        ("zeros.flac", bytes(5000), "is not audio of a known format"),
        ("head.flac", b"fLaC", "cut off within its header"),
        ("box.m4a", b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom", "holds no audio: its MP4 container has no media data"),
        ("tags.mp3", b"ID3\x04\0\0\0\0\x08\0" + bytes(1024), "holds no audio, only tags"),
    ],
)
def test_what_is_not_audio_is_told_so(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)

    error = failure(tmp_path / name)

    assert error.reason == reason
    assert error.path == tmp_path / name


def test_no_samples(tmp_path: Path) -> None:
    for name in ("wav-16", "aiff-16", "w64"):
        assert failure(FORMATS[name].file(tmp_path, signal(0))).reason == "holds no samples"


def test_missing_files_and_folders(tmp_path: Path) -> None:
    assert failure(tmp_path / "none.wav").reason == "no such file"
    assert failure(tmp_path).reason == "is a folder, not a file"


def test_a_name_that_is_not_utf8_can_be_printed() -> None:
    error = failure("samples/kick\udcff.wav")

    assert error.reason == "its name is not valid UTF-8"
    assert "rename it" in str(error)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FORMATS["wav-16"].file(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert failure(path).reason == "no permission to read it"


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = FORMATS["wav-16"].file(tmp_path, signal(100_000))

    with open_audio(path) as audio:
        blocks = audio.blocks(0.1)
        next(blocks)
        os.truncate(path, 100_000)
        with pytest.raises(DecodeError, match="cannot be decoded to its end"):
            list(blocks)


@pytest.mark.parametrize("name", ["m4a-aac", "m4a-alac", "aac", "wma", "wv"])
def test_without_pyav_the_extra_is_advised(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FORMATS[name].file(tmp_path)
    monkeypatch.setitem(sys.modules, "av", None)

    assert failure(path).advice == "install instrument-tagger[m4a]"


def test_impossible_sample_rates_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "fast.wav", np.zeros(10), 2_000_000_000)

    assert failure(tmp_path / "fast.wav").reason == "has an unlikely sample rate of 2000000000 Hz"


@cache
def encoded(name: str) -> bytes:
    with TemporaryDirectory() as folder:
        return FORMATS[name].file(Path(folder), signal(2000)).read_bytes()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(["wav-24", "aiff-16", "au-16", "w64", "caf-16", "rf64", "flac-16", "ogg"]),
    places=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_headers_give_samples_or_one_line(name: str, places: list[tuple[int, int]]) -> None:
    damaged = bytearray(encoded(name))
    for place, value in places:
        damaged[place] = value
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"damaged{FORMATS[name].suffix}"
        path.write_bytes(damaged)
        message, decoded = "", np.zeros(1, dtype=np.float32)
        try:
            decoded, _ = decode(path)
        except DecodeError as error:
            message = str(error)

    assert "\n" not in message
    assert len(decoded)
    assert np.isfinite(decoded).all()
