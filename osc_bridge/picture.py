"""The picture of what sounds now: the last two seconds of log-mel, and from where in them to look.

The network is shown what has sounded since the onset, padded with the floor behind, as a one-shot in a file would be.
A window that always ends now and begins two seconds ago knows a drum half a second later, for it has to find it at the
far end of a picture of silence (decision 016).
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.frontend import Frames, MelParameters
from tagger.kind import onset_times_s
from tagger.windows import Envelope

# What is this far below the loudest of the last seconds is the room, not the sound; as for files.
_RANGE_DB: Final = 45.0
_RANGE_OVER_S: Final = 10.0
# A picture of less than this says more about the onset than about the instrument.
_YOUNGEST_S: Final = 0.1
_TAIL_S: Final = 0.2


class Picture:
    """The newest frames of a stream.

    Args:
        mel: the frontend's parameters.
        window_frames: how many frames the network is shown.
    """

    def __init__(self, mel: MelParameters, window_frames: int) -> None:
        self._mel = mel
        floor = np.float32(mel.floor_db)
        self._frames: Frames = np.full((window_frames, mel.n_mels), floor, dtype=np.float32)
        self._levels: npt.NDArray[np.float32] = np.full(window_frames, floor, dtype=np.float32)
        self._flux: npt.NDArray[np.float32] = np.zeros(window_frames, dtype=np.float32)
        self._count = 0
        self._peaks_db: deque[tuple[int, float]] = deque()

    def add(self, frames: Frames) -> None:
        """Takes the next frames: (n, n_mels) float32 in dB, n at least 1."""
        levels = 10 * np.log10(np.power(np.float32(10), frames / np.float32(10)).sum(axis=1))
        rises = np.diff(np.concatenate([self._frames[-1:], frames]), axis=0)
        kept = len(self._frames)
        self._frames = np.concatenate([self._frames, frames])[-kept:]
        self._levels = np.concatenate([self._levels, levels])[-kept:]
        self._flux = np.concatenate([self._flux, np.maximum(rises, 0).mean(axis=1)])[-kept:]
        self._count += len(frames)
        self._note_peak(float(levels.max()))

    @property
    def level_db(self) -> float:
        """The loudest of the last frames, as the sum of mel power."""
        return float(self._levels[-max(1, round(_TAIL_S / self._mel.hop_s)) :].max())

    def is_audible(self, gate_db: float) -> bool:
        """Whether there is anything to ask the network about.

        Args:
            gate_db: level that is silence in any case.
        """
        loudest_db = self._peaks_db[0][1] if self._peaks_db else self._mel.floor_db
        return self.level_db > max(gate_db, loudest_db - _RANGE_DB)

    def window(self) -> Frames:
        """(window_frames, n_mels) float32: from the earliest onset in reach to now, then the floor."""
        window = np.full_like(self._frames, self._mel.floor_db)
        heard = self._frames[self._start() :]
        window[: len(heard)] = heard
        return window

    def _start(self) -> int:
        hop_s = self._mel.hop_s
        onsets_s = onset_times_s(Envelope(hop_s, self._levels, self._flux))
        old_enough_s = onsets_s[onsets_s <= len(self._levels) * hop_s - _YOUNGEST_S]
        return max(0, round(old_enough_s[0] / hop_s) - 1) if len(old_enough_s) else 0

    def _note_peak(self, level_db: float) -> None:
        """Keeps the loudest of the last seconds in front, in a queue that only falls."""
        oldest = self._count - round(_RANGE_OVER_S / self._mel.hop_s)
        while self._peaks_db and self._peaks_db[0][0] < oldest:
            self._peaks_db.popleft()
        while self._peaks_db and self._peaks_db[-1][1] <= level_db:
            self._peaks_db.pop()
        self._peaks_db.append((self._count, level_db))
