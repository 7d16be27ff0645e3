"""From a stream of log-mel frames to the windows that the network is asked about.

Windows follow each other without overlap, from the onset on: leading silence is dropped, because a
sample that starts 300 ms late is the same sample. A window is shorter than the network's longest only at
the end, and is padded with the floor. Frames are also measured here, once, for what the envelope tells.
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


class WindowCutter:
    """Cuts a stream of frames into windows, and measures the envelope on the way."""

    def __init__(self, parameters: MelParameters, window_frames: int) -> None:
        self._parameters = parameters
        self._window_frames = window_frames
        self._look_ahead = round(_LOOK_AHEAD_S / parameters.hop_s)
        self._levels: list[npt.NDArray[np.float32]] = []
        self._fluxes: list[npt.NDArray[np.float32]] = []
        self._last = np.full((1, parameters.n_mels), parameters.floor_db, dtype=np.float32)

    @property
    def envelope(self) -> Envelope:
        """The envelope of all frames seen so far."""
        empty = np.zeros(0, dtype=np.float32)
        return Envelope(
            hop_s=self._parameters.hop_s,
            level_db=np.concatenate([empty, *self._levels]),
            flux=np.concatenate([empty, *self._fluxes]),
        )

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
            self._measure(piece)
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
            floor = np.full((self._window_frames - len(part), part.shape[1]), self._parameters.floor_db, np.float32)
            yield from _audible(np.concatenate([part, floor]))

    def _measure(self, piece: Frames) -> None:
        if not len(piece):
            return
        rises = np.diff(np.concatenate([self._last, piece]), axis=0)
        self._fluxes.append(np.maximum(rises, 0).mean(axis=1))
        self._levels.append(_levels_db(piece))
        self._last = piece[-1:]


def _audible(window: Frames) -> Iterator[Frames]:
    if _levels_db(window).max() > SILENCE_DB:
        yield window


def _onset_frame(frames: Frames) -> int | None:
    """The frame before the first one that is loud enough; None for silence."""
    if not len(frames):
        return None
    levels = _levels_db(frames)
    loud = np.flatnonzero(levels > max(SILENCE_DB, float(levels.max()) - _ONSET_RANGE_DB))
    return max(0, int(loud[0]) - 1) if len(loud) else None


def _levels_db(frames: Frames) -> npt.NDArray[np.float32]:
    power: npt.NDArray[np.float32] = np.power(np.float32(10), frames / np.float32(10)).sum(axis=1)
    levels: npt.NDArray[np.float32] = np.log10(power) * np.float32(10)
    return levels
