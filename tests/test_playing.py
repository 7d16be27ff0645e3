"""Decoding from any place gives what decoding from the start gives, in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import DecodeError
from tagger.playing import Playable
from tests.audio_files import FORMATS, SAMPLE_RATE, signal

LENGTH = 100_000
# What is decoded with floats may be rounded the other way, depending on what was decoded before.
ROUNDING = 1


# libsndfile finds its way in an MP3 file by a rough table of contents; browsers play it as it is.
@pytest.fixture(scope="module", params=sorted(FORMATS.keys() - {"mp3"}))
def playable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FORMATS[request.param].file(tmp_path_factory.mktemp("format"), signal(LENGTH))


def test_any_part_is_a_part_of_the_whole(playable: Path) -> None:
    with Playable(playable, duration_s=LENGTH / SAMPLE_RATE) as opened:
        whole = opened.read(0, opened.frames)

    @given(parts=st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 9000)), min_size=1, max_size=4))
    @settings(max_examples=8, deadline=None)
    def check(parts: list[tuple[int, int]]) -> None:
        with Playable(playable) as opened:
            for start, count in parts:
                expected = np.zeros((count, 2), np.int16)
                held = whole[start : start + count]
                expected[: len(held)] = held
                got = opened.read(start, count)[: len(held)].astype(int)
                assert np.abs(got - expected[: len(held)]).max() <= ROUNDING

    check()


@pytest.mark.parametrize(("channels", "played"), [(1, 1), (2, 2), (3, 2), (6, 2), (8, 2), (16, 2)])
def test_more_than_two_channels_are_mixed_without_clipping(tmp_path: Path, channels: int, played: int) -> None:
    soundfile.write(path := tmp_path / "loud.wav", np.full((500, channels), 0.99, np.float32), 48_000, "PCM_24")
    with Playable(path) as opened:
        assert opened.channels == played
        frames = opened.read(0, 500)
    assert np.abs(frames.astype(int) - round(0.99 * 32768)).max() <= 1


def test_left_stays_left_and_the_centre_goes_to_both(tmp_path: Path) -> None:
    surround = np.zeros((100, 6), np.float32)
    surround[:50, 0] = 0.5
    surround[50:, 2] = 0.5
    soundfile.write(path := tmp_path / "surround.wav", surround, 48_000)
    with Playable(path) as opened:
        left, right = opened.read(0, 100).T
    assert left[0] > 0
    assert right[0] == 0
    assert left[99] == right[99] > 0


def test_beyond_full_scale_is_clipped_and_garbage_is_silent(tmp_path: Path) -> None:
    samples = np.array([2.0, -2.0, np.nan, np.inf, -np.inf, 0.5], np.float32)
    soundfile.write(path := tmp_path / "hot.wav", samples, 44_100, "FLOAT")
    with Playable(path) as opened:
        assert opened.read(0, 6)[:, 0].tolist() == [32767, -32768, 0, 0, 0, 16384]


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (path := tmp_path / "text.wav").write_text("no sound " * 100)
    with pytest.raises(DecodeError, match="not audio"):
        Playable(path)
    with pytest.raises(DecodeError, match="no such file"):
        Playable(tmp_path / "none.wav")
