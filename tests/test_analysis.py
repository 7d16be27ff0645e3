from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import tagger
from tagger.musical import tempo_and_key
from tagger.results import Kind
from tagger.taxonomy import LEAVES

RATE = 44100


def kick(rate: int = RATE) -> np.ndarray:
    time_s = np.arange(int(0.4 * rate)) / rate
    pitch_hz = 50 + 250 * np.exp(-time_s / 0.02)
    body: np.ndarray = 0.8 * np.tanh(2 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / rate) * np.exp(-time_s / 0.09))
    beater = 0.2 * np.random.default_rng(1).standard_normal(len(time_s)) * np.exp(-time_s / 0.003)
    return body + beater


def hat(rate: int = RATE) -> np.ndarray:
    noise = np.random.default_rng(2).standard_normal(int(0.1 * rate))
    bright = np.diff(noise, n=3, prepend=[0, 0, 0])
    return 0.1 * bright * np.exp(-np.arange(len(noise)) / rate / 0.02)


def drum_loop(bars: int = 4, tempo_bpm: float = 120.0) -> np.ndarray:
    step_s = 60 / tempo_bpm / 2
    loop = np.zeros(round(bars * 8 * step_s * RATE))
    for step in range(bars * 8):
        for sound, is_due in ((kick(), step % 4 == 0), (hat(), True)):
            start = round(step * step_s * RATE)
            part = sound[: len(loop) - start] if is_due else sound[:0]
            loop[start : start + len(part)] += part
    return loop


def test_a_kick_drum() -> None:
    analysis = tagger.analyse_array(kick(), RATE)
    assert analysis.instruments[0].label == "kick"
    assert analysis.instruments[0].family == "drums"
    assert analysis.kind is Kind.ONE_SHOT
    assert len(analysis.instruments) == 3
    assert analysis.scores.shape == (59,)
    assert np.isclose(np.linalg.norm(analysis.embedding), 1, atol=1e-4)
    confidences = [each.confidence for each in analysis.instruments]
    assert confidences == sorted(confidences, reverse=True)
    assert {each.label for each in analysis.instruments} <= set(LEAVES)


def test_a_drum_loop_has_tempo() -> None:
    analysis = tagger.analyse_array(drum_loop(), RATE)
    assert analysis.kind is Kind.LOOP
    assert analysis.tempo_bpm == 120


@pytest.mark.parametrize("tempo_bpm", [90.0, 128.0, 174.0])
def test_the_length_of_a_loop_makes_its_tempo_exact(tempo_bpm: float) -> None:
    tempo, _ = tempo_and_key(drum_loop(tempo_bpm=tempo_bpm).astype(np.float32), RATE)
    assert tempo in (tempo_bpm, tempo_bpm / 2)


def test_key_of_a_minor_phrase() -> None:
    time_s = np.arange(int(0.5 * RATE)) / RATE
    notes = [69, 72, 76, 69, 74, 77, 76, 69]
    tones = [np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time_s) * np.exp(-3 * time_s) for note in notes]
    _, key = tempo_and_key(np.concatenate(tones).astype(np.float32), RATE)
    assert key == "Am"


def test_noise_has_no_key_and_draws_no_warning() -> None:
    ticks = np.zeros(2 * RATE, dtype=np.float32)
    ticks[:: RATE // 4] = 1.0
    assert tempo_and_key(ticks, RATE)[1] is None
    assert tempo_and_key(np.zeros(RATE, dtype=np.float32), RATE) == (None, None)


def test_silence_has_no_instruments() -> None:
    analysis = tagger.analyse_array(np.zeros(RATE), RATE)
    assert analysis.kind is Kind.SILENCE
    assert analysis.instruments == analysis.tags == ()
    assert not analysis.embedding.any()


@pytest.mark.parametrize("length", [1, 10, 441])
def test_very_short_sounds_get_an_answer(length: int) -> None:
    analysis = tagger.analyse_array(np.full(length, 0.5), RATE)
    assert len(analysis.instruments) == 3


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros((2, 2, 2)), np.float64(1)])
def test_arrays_that_are_no_sound(samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="samples"):
        tagger.analyse_array(samples, RATE)


def test_not_a_number_is_not_contagious() -> None:
    samples = kick()
    samples[500] = np.nan
    samples[600] = np.inf
    assert np.isfinite(tagger.analyse_array(samples, RATE).scores).all()


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("aiff", "PCM_16"), ("flac", "PCM_16"), ("ogg", "VORBIS")],
)
def test_the_format_does_not_change_the_answer(tmp_path: Path, rate: int, suffix: str, subtype: str) -> None:
    path = tmp_path / f"kick.{suffix}"
    sound = soxr.resample(kick(), RATE, rate)
    soundfile.write(path, np.stack([sound, sound], axis=1), rate, subtype=subtype)
    analysis = tagger.analyse(path)
    assert analysis.instruments[0].label == "kick"
    assert analysis.facts.sample_rate == rate
    assert analysis.facts.channels == 2


def test_a_file_and_its_samples_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "loop.wav"
    loop = drum_loop()
    soundfile.write(path, loop, RATE, subtype="FLOAT")
    from_file = tagger.analyse(path)
    from_array = tagger.analyse_array(loop, RATE)
    np.testing.assert_allclose(from_file.scores, from_array.scores, atol=1e-4)
    assert from_file.tempo_bpm == from_array.tempo_bpm


def test_a_long_file_is_a_track(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, np.tile(drum_loop(), 5), RATE)
    analysis = tagger.analyse(path)
    assert analysis.kind is Kind.TRACK
    assert analysis.tempo_bpm is None
    assert analysis.facts.duration_s == pytest.approx(40)
