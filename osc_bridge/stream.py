"""One stream: packets in, the picture of what sounds now, and which labels are on.

A short hole is heard as silence with a click at either end, which looks like another instrument. So frames that touch
one are replaced by the frame before, as decoders of speech do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from osc_bridge.latency import Slowest
from osc_bridge.packets import AudioPacket, Samples
from osc_bridge.parameters import Parameters
from osc_bridge.picture import Picture
from osc_bridge.reassembly import Piece, Reassembly
from osc_bridge.tracking import Scores, Tracker
from tagger.frontend import Frames, MelParameters, MelStream, decibels

_LONGEST_BACKLOG_S: Final = 2.0
_LONGEST_CONCEALED_S: Final = 0.1


class Stream:
    """The state of a stream.

    Args:
        name: its identifier.
        source: IP address and port that it comes from.
        first: its first packet; it is still to be pushed.
        mel: the frontend's parameters.
        window_frames: how many frames the network is shown.
        thresholds: (labels,) the model's own.
        parameters: to begin with.
        number: how many streams there were before it.

    Attributes:
        title: what people call it; "" where nobody said.
        daw_ref: which track of a DAW it is, as `ardour:1`; "" where nobody said.
        picture: what sounds now.
        tracker: which labels are on.
        embedding: (128,) of when it was last audible; None before that.
        received: packets.
        received_bytes: of audio in them.
        slowest: the longest time from packet to score lately.
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
        number: int = 0,
    ) -> None:
        self.name = name
        self.number = number
        self.source = source
        self.title = self.daw_ref = ""
        self.parameters = parameters
        self.tracker = Tracker(thresholds, parameters)
        self.embedding: Scores | None = None
        self.received = self.received_bytes = 0
        self.slowest = Slowest()
        self.arrived_s = 0.0
        self.arrivals_s: list[float] = []
        self.is_idle = False
        self._mel = mel
        self._window_frames = window_frames
        self._frames_heard = 0
        self._paused_s = 0.0
        self._idle_until_s = 0.0
        self._lost_before = self._late_before = 0
        self._reassembly = Reassembly(first)
        self._listen_anew()
        self.picture = Picture(mel, window_frames)

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
        return self._frames_heard * self._mel.hop_s + self._paused_s

    @property
    def buffered_s(self) -> float:
        """Audio that has not been heard yet."""
        return self._pending_frames / self.sample_rate + self._reassembly.waiting_s

    def set(self, parameters: Parameters) -> None:
        """Goes on with other parameters."""
        self.parameters = parameters
        self.tracker.set(parameters)

    def push(self, packet: AudioPacket, arrived_s: float) -> None:
        """Takes a packet; cheap, the work is done by `advance`."""
        self.received += 1
        self.received_bytes += len(packet.blob)
        self.arrived_s = arrived_s
        self.arrivals_s.append(arrived_s)
        if not self._reassembly.follows(packet):
            self._lost_before, self._late_before = self.lost, self.late
            self._reassembly = Reassembly(packet)
            self._listen_anew()
            self.picture = Picture(self._mel, self._window_frames)
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
        self._conceal(frames)
        self._frames_heard += len(frames)
        self.picture.add(frames)
        return True

    def idle(self, now_s: float) -> None:
        """Lets time pass without audio, so that what was on goes off, and what comes next is a beginning.

        Args:
            now_s: on the bridge's clock.
        """
        if self._idle_until_s < self.arrived_s:
            self._idle_until_s = self.arrived_s
            self.picture = Picture(self._mel, self._window_frames)
        self._paused_s += now_s - self._idle_until_s
        self._idle_until_s = now_s

    def _listen_anew(self) -> None:
        self._mel_stream = MelStream(self._mel, self._reassembly.sample_rate)
        self._pending: list[Samples] = []
        self._pending_frames = 0
        self._kept_s = 0.0
        self._frames_made = 0
        self._holes_s: list[tuple[float, float]] = []
        self._last_frame: Frames | None = None

    def _keep(self, pieces: list[Piece]) -> None:
        """Holds samples for the next `advance`; when that does not come, the newest win."""
        for samples, is_hole in pieces:
            duration_s = len(samples) / self.sample_rate
            if is_hole and duration_s <= _LONGEST_CONCEALED_S:
                self._holes_s.append((self._kept_s, self._kept_s + duration_s))
            self._kept_s += duration_s
            self._pending.append(samples)
            self._pending_frames += len(samples)
        if self._pending_frames > _LONGEST_BACKLOG_S * self.sample_rate:
            newest = np.concatenate(self._pending)[-self.sample_rate :]
            self._listen_anew()
            self._keep([Piece(newest, False)])

    def _conceal(self, frames: Frames) -> None:
        """Puts the frame before in the place of each one that a hole reaches into."""
        reach_s = self._mel.window_s / 2
        for number, frame in enumerate(frames) if self._holes_s else ():
            centre_s = (self._frames_made + number) * self._mel.hop_s
            is_hit = any(
                start_s < centre_s + reach_s and centre_s - reach_s < end_s for start_s, end_s in self._holes_s
            )
            if is_hit and (before := frames[number - 1] if number else self._last_frame) is not None:
                frame[:] = before
        self._frames_made += len(frames)
        self._last_frame = frames[-1].copy()
        passed_s = self._frames_made * self._mel.hop_s - reach_s
        self._holes_s = [hole for hole in self._holes_s if hole[1] > passed_s]
