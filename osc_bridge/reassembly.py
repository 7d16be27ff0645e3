"""Samples in order, whatever the network did to the packets that carry them.

What comes in order is handed on at once. Where a packet is missing, those behind it wait until it comes or until
50 ms of audio are waiting, then the hole is filled with silence. There is no ring of samples: the frontend
keeps what it needs, so only what arrived too early is held here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from osc_bridge.packets import AudioPacket, Samples, wrapped

REORDER_S: Final = 0.05
LONGEST_GAP_S: Final = 1.0
_MOST_LATE: Final = 20


class Piece(NamedTuple):
    """Samples that come next in a stream.

    Attributes:
        samples: (n,) float32.
        is_hole: whether they stand for what never came.
    """

    samples: Samples
    is_hole: bool


class Reassembly:
    """Puts the packets of one stream in order; a new one is made where `follows` says no.

    Args:
        first: the packet to begin with; it is still to be pushed.

    Attributes:
        sample_rate: in Hz.
        lost: packets that never came, and were filled with silence, as far as the length of others tells.
        late: packets that came twice, or after they had been given up.
    """

    def __init__(self, first: AudioPacket) -> None:
        self.sample_rate = first.sample_rate
        self.lost = 0
        self.late = 0
        self._channels = first.channels
        self._late_in_a_row = 0
        self._next = first.frame
        self._early: dict[int, Samples] = {}

    def follows(self, packet: AudioPacket) -> bool:
        """Whether a packet can go on this stream: the same layout, and not more than a second away.

        Nothing but late packets means that whoever sends has begun to count anew.
        """
        is_same = (packet.sample_rate, packet.channels) == (self.sample_rate, self._channels)
        if not is_same or self._late_in_a_row > _MOST_LATE:
            return False
        return abs(wrapped(packet.frame - self._next)) <= LONGEST_GAP_S * self.sample_rate

    def push(self, packet: AudioPacket) -> list[Piece]:
        """Takes a packet that `follows`.

        Returns:
            what comes next in the stream; nothing while something is missing.
        """
        distance = wrapped(packet.frame - self._next)
        if distance + packet.frames <= 0 or packet.frame in self._early:
            self.late += 1
            self._late_in_a_row += 1
            return []
        self._late_in_a_row = 0
        if distance <= 0:
            return [self._advance(packet.mono()[-distance:]), *self._ready()]
        self._early[packet.frame] = packet.mono()
        waiting = max(wrapped(frame - self._next) + len(samples) for frame, samples in self._early.items())
        return self.give_up() if waiting > REORDER_S * self.sample_rate else []

    def give_up(self) -> list[Piece]:
        """Fills the next hole and hands on what stands behind it; called also when nothing comes any more."""
        if not self._early:
            return []
        hole = min(wrapped(frame - self._next) for frame in self._early)
        if hole > 0:
            self.lost += max(1, round(hole / max(map(len, self._early.values()))))
        return [self._advance(np.zeros(max(0, hole), dtype=np.float32), is_hole=True), *self._ready()]

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that wait for what is missing."""
        return sum(map(len, self._early.values())) / self.sample_rate

    def _advance(self, samples: Samples, *, is_hole: bool = False) -> Piece:
        self._next = wrapped(self._next + len(samples))
        return Piece(samples, is_hole)

    def _ready(self) -> list[Piece]:
        """Early packets that now come next; what they repeat is cut off."""
        ready = []
        while self._early:
            frame = min(self._early, key=lambda frame: wrapped(frame - self._next))
            distance = wrapped(frame - self._next)
            if distance > 0:
                break
            samples = self._early.pop(frame)[-distance:]
            ready.append(self._advance(samples))
        return ready
