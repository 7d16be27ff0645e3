"""The log-mel frontend against librosa at the same parameters: ratios from one interleaved loop.

Each contender does the same number of clips in a row, as a run over a library does.

Run: python -m benchmarks.frontend
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np

from tagger.frontend import MelParameters, decibels, mel_power

_SECONDS = 3
_ROUNDS = 15
_CLIPS = 12


def main() -> None:
    parameters = MelParameters()
    print(f"{_SECONDS}-s clips, best of {_ROUNDS} interleaved rounds, ms a clip")
    print(f"{'rate':>6} {'n_fft':>6} {'hop':>5} {'librosa':>9} {'1 thread':>9} {'x':>5} {'2 threads':>10} {'x':>5}")
    for rate in (22050, 32000, 44100, 48000, 96000):
        signal = (np.random.default_rng(1).standard_normal(_SECONDS * rate) * 0.1).astype(np.float32)
        reference, one, two = _compare(signal, rate, parameters)
        print(
            f"{rate:>6} {parameters.n_fft(rate):>6} {parameters.hop_length(rate):>5} {reference:>9.2f}"
            f" {one:>9.2f} {reference / one:>5.1f} {two:>10.2f} {reference / two:>5.1f}"
        )


def _compare(signal: np.ndarray, rate: int, parameters: MelParameters) -> tuple[float, float, float]:
    def with_librosa() -> None:
        mel = librosa.feature.melspectrogram(
            y=signal,
            sr=rate,
            n_fft=parameters.n_fft(rate),
            hop_length=parameters.hop_length(rate),
            n_mels=parameters.n_mels,
            fmin=parameters.fmin_hz,
            fmax=min(parameters.fmax_hz, rate / 2),
        )
        librosa.power_to_db(mel)

    def ours() -> None:
        decibels(mel_power(signal, rate, parameters), parameters)

    with ThreadPoolExecutor(2) as pool:
        contenders: tuple[Callable[[], None], ...] = (
            lambda: _repeat(with_librosa),
            lambda: _repeat(ours),
            lambda: list(pool.map(lambda _: ours(), range(_CLIPS))).clear(),
        )
        best = [float("inf")] * len(contenders)
        for _ in range(_ROUNDS):
            best = [min(before, _milliseconds(work)) for before, work in zip(best, contenders, strict=True)]
    return best[0] / _CLIPS, best[1] / _CLIPS, best[2] / _CLIPS


def _repeat(work: Callable[[], None]) -> None:
    for _ in range(_CLIPS):
        work()


def _milliseconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
