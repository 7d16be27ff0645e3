"""Tempo and key of a loop, by librosa, which is loaded only when the first loop comes.

A loop is cut to whole bars, so its length makes a fair estimate of the tempo exact.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

_ANALYSIS_RATE: Final = 22050
_TEMPO_TOLERANCE: Final = 0.04
_ROUND_TOLERANCE_BPM: Final = 0.1
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
    return round(_whole_bars(estimate, duration_s), 1)


def _whole_bars(estimate: float, duration_s: float) -> float:
    """The tempo at which the loop's length comes out even, if there is one, else the estimate.

    Producers cut loops to 1, 2, 4, 8 … bars of a tempo that is a whole number: where the length fits
    that, it is better evidence than any analysis of onsets.
    """
    even: list[float] = [240 * 2.0**octave / duration_s for octave in range(6)]
    round_ones = [tempo for tempo in even if 65 <= tempo <= 185 and abs(tempo - round(tempo)) <= _ROUND_TOLERANCE_BPM]
    if round_ones:
        return min(round_ones, key=lambda tempo: abs(math.log2(tempo / estimate)))
    beats = 4 * round(estimate * duration_s / 240)
    exact = 60 * beats / duration_s
    is_close = bool(beats) and abs(exact - estimate) <= _TEMPO_TOLERANCE * estimate
    return exact if is_close else estimate


def _key(mono: npt.NDArray[np.float32]) -> str | None:
    from librosa.feature import chroma_stft

    # Without a tuning given, librosa estimates one, at length, and warns where there is no pitch.
    chroma = chroma_stft(y=mono, sr=_ANALYSIS_RATE, n_fft=4096, tuning=0.0).mean(axis=1)
    if chroma.max() <= 0:
        return None
    fits = {
        name + suffix: float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for suffix, profile in (("", _MAJOR), ("m", _MINOR))
        for tonic, name in enumerate(_NAMES)
    }
    best = max(fits, key=lambda key: fits[key])
    return best if fits[best] >= _LEAST_TONALITY else None
