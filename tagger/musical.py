"""Tempo and key of a loop, by librosa, which is loaded only when the first loop comes.

A loop is cut to a whole number of beats, so its length makes a good estimate of the tempo exact.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_ANALYSIS_RATE: Final = 22050
_TEMPO_TOLERANCE: Final = 0.04
_LEAST_TONALITY: Final = 0.6
_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# Krumhansl and Kessler (1982): how well each pitch class fits into a major and a minor key.
_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def tempo_and_key(samples: npt.NDArray[np.float32], sample_rate: int) -> tuple[float | None, str | None]:
    """Tempo and key of a loop.

    Args:
        samples: (n,) float32, the whole loop.
        sample_rate: in Hz.

    Returns:
        Beats per minute to a tenth, or None where there is no beat; a key such as "Am" or "F#", or None
        where no key stands out, as with drums.
    """
    import soxr

    mono = soxr.resample(samples, sample_rate, _ANALYSIS_RATE)
    return _tempo(mono, len(samples) / sample_rate), _key(mono)


def _tempo(mono: npt.NDArray[np.float32], duration_s: float) -> float | None:
    from librosa.feature import tempo
    from librosa.onset import onset_strength

    onsets = onset_strength(y=mono, sr=_ANALYSIS_RATE)
    if not onsets.any():
        return None
    estimate = float(tempo(onset_envelope=onsets, sr=_ANALYSIS_RATE)[0])
    return round(_whole_beats(estimate, duration_s), 1)


def _whole_beats(estimate: float, duration_s: float) -> float:
    """The tempo nearest to the estimate at which the loop is a multiple of four, else of one, beats long."""
    for step in (4, 1):
        beats = step * round(estimate * duration_s / 60 / step)
        exact = 60 * beats / duration_s
        if beats and abs(exact - estimate) <= _TEMPO_TOLERANCE * estimate:
            return exact
    return estimate


def _key(mono: npt.NDArray[np.float32]) -> str | None:
    from librosa.effects import harmonic
    from librosa.feature import chroma_stft

    chroma = chroma_stft(y=harmonic(mono), sr=_ANALYSIS_RATE, n_fft=4096).mean(axis=1)
    if chroma.max() <= 0:
        return None
    fits = {
        name + suffix: float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for suffix, profile in (("", _MAJOR), ("m", _MINOR))
        for tonic, name in enumerate(_NAMES)
    }
    best = max(fits, key=lambda key: fits[key])
    return best if fits[best] >= _LEAST_TONALITY else None
