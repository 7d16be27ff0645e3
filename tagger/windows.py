"""From a stream of log-mel frames to the windows that the network is asked about.

For what a file holds, windows follow each other without overlap, from the onset on: leading silence is dropped,
because a sample that starts 300 ms late is the same sample (`WindowCutter`). For what plays when, they start at
even steps from the beginning, overlap, and silence keeps its place (`SteadyCutter`). A window is shorter than was
asked for only at the end, and is padded with the floor. Frames are measured on their way, once, for what the
envelope tells (`EnvelopeMeter`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.frontend import Frames, MelParameters

# Sum of a frame's mel power below which nothing can be heard; a full-scale sine gives -10 to -30 dB here.
SILENCE_DB: Final = -95.0
# What lies this far below the loudest of the first seconds is not yet the sound, but the room before it.
_ONSET_RANGE_DB: Final = 45.0
_LOOK_AHEAD_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a recording goes on in time, frame by frame.

    Attributes:
        hop_s: seconds between frames.
        level_db: (frames,) float32, sum of mel power in dB.
        flux: (frames,) float32, mean rise of the bands against the frame before, in dB.
    """

    hop_s: float
    level_db: npt.NDArray[np.float32]
    flux: npt.NDArray[np.float32]


class EnvelopeMeter:
    """Measures a stream of frames as it passes."""

    def __init__(self, parameters: MelParameters) -> None:
        self._hop_s = parameters.hop_s
        self._levels: list[npt.NDArray[np.float32]] = []
        self._fluxes: list[npt.NDArray[np.float32]] = []
        self._last = np.full((1, parameters.n_mels), parameters.floor_db, dtype=np.float32)

    @property
    def envelope(self) -> Envelope:
        """The envelope of all frames seen so far."""
        empty = np.zeros(0, dtype=np.float32)
        return Envelope(
            hop_s=self._hop_s,
            level_db=np.concatenate([empty, *self._levels]),
            flux=np.concatenate([empty, *self._fluxes]),
        )

    def measured(self, pieces: Iterable[Frames]) -> Iterator[Frames]:
        """Yields (n, n_mels) float32 pieces in dB as they come, any n, and takes note of them."""
        for piece in pieces:
            if len(piece):
                rises = np.diff(np.concatenate([self._last, piece]), axis=0)
                self._fluxes.append(np.maximum(rises, 0).mean(axis=1))
                self._levels.append(_levels_db(piece))
                self._last = piece[-1:].copy()
            yield piece


class WindowCutter:
    """Cuts a stream of frames into windows without overlap, from the onset on."""

    def __init__(self, parameters: MelParameters, window_frames: int) -> None:
        self._parameters = parameters
        self._window_frames = window_frames
        self._look_ahead = round(_LOOK_AHEAD_S / parameters.hop_s)

    def cut(self, pieces: Iterable[Frames]) -> Iterator[Frames]:
        """Windows of a stream of log-mel frames.

        Args:
            pieces: (n, n_mels) float32 in dB, any n.

        Yields:
            (window_frames, n_mels) float32, as soon as they are complete; windows of silence are left out.
        """
        pending = np.zeros((0, self._parameters.n_mels), dtype=np.float32)
        has_begun = False
        for piece in pieces:
            pending = np.concatenate([pending, piece])
            if not has_begun and len(pending) >= self._look_ahead:
                start = _onset_frame(pending)
                has_begun = start is not None
                pending = pending[start:] if start is not None else pending[-1:]
            while has_begun and len(pending) >= self._window_frames:
                yield from _audible(pending[: self._window_frames])
                pending = pending[self._window_frames :]
        yield from self._rest(pending if has_begun else pending[_onset_frame(pending) or 0 :])

    def _rest(self, pending: Frames) -> Iterator[Frames]:
        for start in range(0, len(pending), self._window_frames):
            part = pending[start : start + self._window_frames]
            yield from _audible(_padded(part, self._window_frames, self._parameters.floor_db))


class SteadyCutter:
    """Cuts a stream of frames into windows that start at even steps.

    Silence at the beginning of a window is moved to its end, so that the network hears what comes after a pause as
    it has learnt it: from its onset. Windows end with the first that reaches the end of the sound; there is always one.

    Args:
        parameters: of the frontend.
        window_s: length of a window, in seconds, no shorter than a frame's hop.
        hop_s: between the starts of two windows, likewise; starts are rounded to frames, but do not drift.
    """

    def __init__(self, parameters: MelParameters, *, window_s: float, hop_s: float) -> None:
        self._parameters = parameters
        self._window_frames = round(window_s / parameters.hop_s)
        self._step = hop_s / parameters.hop_s

    def cut(self, pieces: Iterable[Frames]) -> Iterator[Frames | None]:
        """Windows of a stream of log-mel frames.

        Args:
            pieces: (n, n_mels) float32 in dB, any n.

        Yields:
            (window_frames, n_mels) float32, or None for silence; window `i` starts at `i * hop_s`.
        """
        pending = np.zeros((0, self._parameters.n_mels), dtype=np.float32)
        levels = np.zeros(0, dtype=np.float32)
        number = passed = 0
        for piece in pieces:
            pending, levels = np.concatenate([pending, piece]), np.concatenate([levels, _levels_db(piece)])
            # A window that ends with the last frame known may be the last: the stream's end tells.
            while (start := self._start(number) - passed) + self._window_frames < len(pending):
                yield self._window(pending[start:], levels[start:])
                number += 1
            done = min(self._start(number) - passed, len(pending))
            pending, levels, passed = pending[done:], levels[done:], passed + done
        # Frames are centred, and the last one on the end: it is heard in the one before.
        end = passed + len(pending) - 1
        while number == 0 or max(self._start(number - 1) + self._window_frames, self._start(number)) < end:
            start = self._start(number) - passed
            yield self._window(pending[start:], levels[start:])
            number += 1

    def _start(self, number: int) -> int:
        return round(number * self._step)

    def _window(self, frames: Frames, levels: npt.NDArray[np.float32]) -> Frames | None:
        onset = _first_loud(levels[: self._window_frames])
        if onset is None:
            return None
        return _padded(frames[onset : self._window_frames], self._window_frames, self._parameters.floor_db)


def _padded(part: Frames, frames: int, floor_db: float) -> Frames:
    if len(part) == frames:
        return part
    floor = np.full((frames - len(part), part.shape[1]), floor_db, dtype=np.float32)
    return np.concatenate([part, floor])


def _audible(window: Frames) -> Iterator[Frames]:
    if _levels_db(window).max() > SILENCE_DB:
        yield window


def _onset_frame(frames: Frames) -> int | None:
    return _first_loud(_levels_db(frames))


def _first_loud(levels: npt.NDArray[np.float32]) -> int | None:
    """The frame before the first one that is loud enough; None for silence."""
    if not len(levels):
        return None
    loud = np.flatnonzero(levels > max(SILENCE_DB, float(levels.max()) - _ONSET_RANGE_DB))
    return max(0, int(loud[0]) - 1) if len(loud) else None


def _levels_db(frames: Frames) -> npt.NDArray[np.float32]:
    power: npt.NDArray[np.float32] = np.power(np.float32(10), frames / np.float32(10)).sum(axis=1)
    levels: npt.NDArray[np.float32] = np.log10(power) * np.float32(10)
    return levels
