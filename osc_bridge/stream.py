"""One stream: packets in, the picture of what sounds now out.

The network is shown what has sounded since the onset, two seconds at most, and padded with the floor behind, as a
one-shot in a file would be. A window that always ends now and begins two seconds ago knows a drum half a second
later, for it has to find it at the far end of a picture of silence (decision 012).
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np

from osc_bridge.packets import AudioPacket, Samples
from osc_bridge.parameters import Parameters
from osc_bridge.reassembly import Reassembly
from osc_bridge.tracking import Scores, Tracker
from tagger.frontend import Frames, MelParameters, MelStream, decibels
from tagger.kind import onset_times_s
from tagger.windows import Envelope

# What is this far below the loudest of the last seconds is the room, not the sound; as for files.
_RANGE_DB: Final = 45.0
_RANGE_OVER_S: Final = 10.0
_YOUNGEST_S: Final = 0.2
_TAIL_S: Final = 0.2
_LONGEST_BACKLOG_S: Final = 2.0


class Stream:
    """The state of a stream.

    Args:
        name: its identifier.
        source: IP address and port that it comes from.
        first: its first packet; it is still to be pushed.
        mel: the frontend's parameters.
        window_frames: the most frames that the network is shown.
        thresholds: (labels,) the model's own.

    Attributes:
        title: what people call it; "" where nobody said.
        daw_ref: which track of a DAW it is, as `ardour:1`; "" where nobody said.
        received: packets.
        arrived_s: when the newest packet came, on the bridge's clock.
        arrivals_s: when those came that no score has seen yet.
        is_idle: whether nothing has come for a while.
    """

    def __init__(
        self,
        name: str,
        *,
        source: tuple[str, int],
        first: AudioPacket,
        mel: MelParameters,
        window_frames: int,
        thresholds: Scores,
        parameters: Parameters,
    ) -> None:
        self.name = name
        self.source = source
        self.title = self.daw_ref = ""
        self.parameters = parameters
        self.tracker = Tracker(thresholds)
        self.embedding: Scores | None = None
        self.received = 0
        self.arrived_s = 0.0
        self.arrivals_s: list[float] = []
        self.is_idle = False
        self._mel = mel
        self._window_frames = window_frames
        self._lost_before = self._late_before = 0
        self._peaks_db: deque[tuple[int, float]] = deque()
        self._frames_seen = 0
        self._paused_s = 0.0
        self._idle_until_s = 0.0
        self._begin(first)

    @property
    def sample_rate(self) -> int:
        """In Hz, of the newest packet."""
        return self._reassembly.sample_rate

    @property
    def lost(self) -> int:
        """Packets that never came."""
        return self._lost_before + self._reassembly.lost

    @property
    def late(self) -> int:
        """Packets that came twice or too late."""
        return self._late_before + self._reassembly.late

    @property
    def time_s(self) -> float:
        """How far the stream has been heard, in seconds since it began; pauses in which nothing came count."""
        return self._frames_seen * self._mel.hop_s + self._paused_s

    @property
    def buffered_s(self) -> float:
        """Audio that has not been heard yet."""
        return self._pending_frames / self.sample_rate + self._reassembly.waiting_s

    def push(self, packet: AudioPacket, arrived_s: float) -> None:
        """Takes a packet; cheap, the work is done by `advance`."""
        self.received += 1
        self.arrived_s = arrived_s
        self.arrivals_s.append(arrived_s)
        if not self._reassembly.follows(packet):
            self._lost_before, self._late_before = self.lost, self.late
            self._begin(packet)
        self._keep(self._reassembly.push(packet))

    def give_up_waiting(self) -> None:
        """Takes what is missing for lost, since nothing comes any more."""
        self._keep(self._reassembly.give_up())

    def advance(self) -> bool:
        """Makes frames of all that has come; returns whether there is a new one."""
        if not self._pending:
            return False
        samples = np.concatenate(self._pending)
        self._pending.clear()
        self._pending_frames = 0
        frames = decibels(self._mel_stream.push(samples), self._mel)
        if not len(frames):
            return False
        levels = 10 * np.log10(np.power(np.float32(10), frames / np.float32(10)).sum(axis=1))
        rises = np.diff(np.concatenate([self._frames[-1:], frames]), axis=0)
        self._frames_seen += len(frames)
        self._frames = self._latest(self._frames, frames)
        self._levels = self._latest(self._levels, levels)
        self._flux = self._latest(self._flux, np.maximum(rises, 0).mean(axis=1))
        self._note_peak(float(levels.max()))
        return True

    def idle(self, now_s: float) -> None:
        """Lets time pass without audio, so that what was on goes off, and what comes next is a beginning.

        Args:
            now_s: on the bridge's clock.
        """
        self._paused_s += now_s - max(self.arrived_s, self._idle_until_s)
        self._idle_until_s = now_s
        self._forget()

    @property
    def level_db(self) -> float:
        """The loudest of the last frames, as the sum of mel power."""
        return float(self._levels[-max(1, round(_TAIL_S / self._mel.hop_s)) :].max())

    @property
    def is_audible(self) -> bool:
        """Whether there is anything to ask the network about."""
        return self.level_db > max(self.parameters.gate_db, self._peaks_db[0][1] - _RANGE_DB if self._peaks_db else 0.0)

    def window(self) -> Frames:
        """(window_frames, n_mels) float32: from the earliest onset in reach to now, then the floor."""
        heard = self._frames[self._start() :]
        missing = self._window_frames - len(heard)
        if not missing:
            return heard
        return np.concatenate([heard, np.full((missing, self._mel.n_mels), self._mel.floor_db, dtype=np.float32)])

    def _start(self) -> int:
        hop_s = self._mel.hop_s
        onsets_s = onset_times_s(Envelope(hop_s, self._levels, self._flux))
        old_enough_s = onsets_s[onsets_s <= len(self._levels) * hop_s - _YOUNGEST_S]
        return max(0, round(old_enough_s[0] / hop_s) - 1) if len(old_enough_s) else 0

    def _begin(self, first: AudioPacket) -> None:
        self._reassembly = Reassembly(first)
        self._restart_mel()
        self._forget()

    def _forget(self) -> None:
        floor = np.float32(self._mel.floor_db)
        self._frames = np.full((self._window_frames, self._mel.n_mels), floor, dtype=np.float32)
        self._levels = np.full(self._window_frames, floor, dtype=np.float32)
        self._flux = np.zeros(self._window_frames, dtype=np.float32)

    def _restart_mel(self) -> None:
        self._mel_stream = MelStream(self._mel, self._reassembly.sample_rate)
        self._pending: list[Samples] = []
        self._pending_frames = 0

    def _keep(self, pieces: list[Samples]) -> None:
        """Holds samples for the next `advance`; when that does not come, the newest win."""
        self._pending += pieces
        self._pending_frames += sum(map(len, pieces))
        if self._pending_frames > _LONGEST_BACKLOG_S * self.sample_rate:
            newest = np.concatenate(self._pending)[-self.sample_rate :]
            self._restart_mel()
            self._keep([newest])

    def _latest(self, old: Frames, new: Frames) -> Frames:
        return np.concatenate([old, new])[-self._window_frames :]

    def _note_peak(self, level_db: float) -> None:
        """Keeps the loudest of the last seconds first, as a queue that only falls."""
        oldest = self._frames_seen - round(_RANGE_OVER_S / self._mel.hop_s)
        while self._peaks_db and self._peaks_db[0][0] < oldest:
            self._peaks_db.popleft()
        while self._peaks_db and self._peaks_db[-1][1] <= level_db:
            self._peaks_db.pop()
        self._peaks_db.append((self._frames_seen, level_db if math.isfinite(level_db) else self._mel.floor_db))
