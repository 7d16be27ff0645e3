from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
import numpy.typing as npt
import pytest
import scipy.signal
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.frontend import MelParameters, MelStream, decibels, mel_power

PARAMETERS = MelParameters()


@lru_cache
def plucks(rate: int, seconds: float = 3.0) -> npt.NDArray[np.float32]:
    """Decaying harmonic notes over a little noise: peaks, valleys and transients in every band."""
    rng = np.random.default_rng(5)
    time_s = np.arange(int(seconds * rate)) / rate
    signal = 1e-3 * rng.standard_normal(len(time_s))
    for start_s, pitch_hz in ((0.0, 110.0), (0.7, 440.0), (1.4, 1318.5), (2.2, 61.7)):
        age_s = np.maximum(time_s - start_s, 0)
        for harmonic in range(1, min(30, int(14000 / pitch_hz))):
            envelope = np.exp(-3 * age_s * (1 + 0.2 * harmonic)) * (time_s >= start_s) / harmonic
            signal += 0.2 * envelope * np.sin(2 * np.pi * pitch_hz * harmonic * age_s)
    return signal.astype(np.float32)


@pytest.mark.parametrize("rate", [32000, 44100, 48000, 88200, 96000, 192000])
def test_equals_librosa(rate: int) -> None:
    signal = plucks(rate)
    n_fft = PARAMETERS.n_fft(rate)
    reference = librosa.feature.melspectrogram(
        y=signal,
        sr=rate,
        n_fft=n_fft,
        hop_length=PARAMETERS.hop_length(rate),
        n_mels=PARAMETERS.n_mels,
        fmin=PARAMETERS.fmin_hz,
        fmax=PARAMETERS.fmax_hz,
    ).T
    reference /= scipy.signal.get_window("hann", n_fft).sum() ** 2

    ours = mel_power(signal, rate, PARAMETERS)

    assert ours.dtype == np.float32
    assert ours.shape == reference.shape
    assert np.abs(ours - reference).max() <= 1e-4 * reference.max()


@pytest.mark.parametrize("rate", [16000, 22050, 32000, 48000, 96000])
def test_every_rate_gives_the_same_log_mel(rate: int) -> None:
    """What is computed at the file's own rate is what resampling to 44.1 kHz first would give."""
    source = plucks(96000)
    log_mel = decibels(mel_power(soxr.resample(source, 96000, rate), rate, PARAMETERS), PARAMETERS)
    reference = decibels(mel_power(soxr.resample(source, 96000, 44100), 44100, PARAMETERS), PARAMETERS)
    frames = min(len(log_mel), len(reference))
    log_mel, reference = log_mel[:frames], reference[:frames]
    # Bands that reach past 90 % of half the rate have lost energy to the resampler's filter.
    edges_hz = librosa.mel_frequencies(PARAMETERS.n_mels + 2, fmin=PARAMETERS.fmin_hz, fmax=PARAMETERS.fmax_hz)
    loud = (reference > reference.max() - 60) & (edges_hz[2:] < 0.45 * rate)[None, :]
    assert np.abs(log_mel - reference)[loud].mean() < 0.15


@pytest.mark.parametrize("rate", [11025, 44056])
def test_rates_without_a_whole_hop_are_resampled(rate: int) -> None:
    log_mel = decibels(mel_power(plucks(rate), rate, PARAMETERS), PARAMETERS)
    assert abs(len(log_mel) - 151) <= 1
    assert np.isfinite(log_mel).all()
    assert log_mel.max() > -60


def test_bands_above_half_the_rate_hold_the_floor() -> None:
    log_mel = decibels(mel_power(plucks(8000), 8000, PARAMETERS), PARAMETERS)
    assert (log_mel[:, -5:] < PARAMETERS.floor_db + 1e-3).all()


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(0, 22050), max_size=8),
    rate=st.sampled_from([22050, 44100, 11025]),
)
def test_frames_do_not_depend_on_chunking(cuts: list[int], rate: int) -> None:
    signal = plucks(rate, seconds=1.0)
    stream = MelStream(PARAMETERS, rate)
    pieces = [stream.push(piece) for piece in np.split(signal, sorted(min(cut, len(signal)) for cut in cuts))]
    chunked = np.concatenate([*pieces, stream.finish()])
    whole = mel_power(signal, rate, PARAMETERS)
    assert chunked.shape == whole.shape
    np.testing.assert_allclose(chunked, whole, rtol=1e-4, atol=1e-7 * whole.max())


def test_one_sample_at_a_time() -> None:
    signal = plucks(8000, seconds=0.2)
    stream = MelStream(PARAMETERS, 8000)
    frames = [stream.push(signal[position : position + 1]) for position in range(len(signal))]
    np.testing.assert_allclose(
        np.concatenate([*frames, stream.finish()]), mel_power(signal, 8000, PARAMETERS), rtol=1e-4, atol=1e-12
    )


def test_nothing_and_almost_nothing() -> None:
    assert mel_power(np.zeros(0, dtype=np.float32), 44100, PARAMETERS).shape == (1, PARAMETERS.n_mels)
    assert mel_power(np.ones(1, dtype=np.float32), 44100, PARAMETERS).shape == (1, PARAMETERS.n_mels)


def test_window_lengths_are_right_to_a_thousandth_and_cheap() -> None:
    lengths = {rate: PARAMETERS.n_fft(rate) for rate in (16000, 22050, 32000, 44100, 48000, 96000)}
    assert lengths[44100] == 1440
    assert lengths[48000] == 1568
    for rate, n_fft in lengths.items():
        assert abs(n_fft / rate / PARAMETERS.window_s - 1) <= 1e-3
