"""Sends a stream of samples to a bridge, in packets of 10 ms."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final, Self

import numpy as np

from osc_bridge.messages import write
from osc_bridge.packets import AudioPacket, Samples, checked_stream, wrapped, write_audio

PACKET_S: Final = 0.01


class Sender:
    """One stream on its way to a bridge; use as a context.

    Args:
        address: of the bridge.
        stream: identifier of the stream.
        sample_rate: in Hz.
        title: what to call the stream.
        daw_ref: which track of a DAW it is, or "".

    Raises:
        BadMessage: no stream may be called so.
    """

    def __init__(
        self, address: tuple[str, int], *, stream: str, sample_rate: int, title: str = "", daw_ref: str = ""
    ) -> None:
        self.stream = checked_stream(stream)
        self._address = address
        self._sample_rate = sample_rate
        self._seq = self._frame = 0
        self._rest: Samples = np.zeros(0, dtype=np.float32)
        self._socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self._open = write("/tag/stream/open", self.stream, title, daw_ref, sample_rate)
        self._send(self._open)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._send(write("/tag/stream/close", self.stream))
        self._socket.close()

    def push(self, samples: Samples) -> None:
        """Sends samples, but for those that do not fill a packet yet.

        Args:
            samples: (n,) float32, full scale at 1.
        """
        frames = round(PACKET_S * self._sample_rate)
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // frames * frames
        for start in range(0, whole, frames):
            self._send(self._packet(samples[start : start + frames]))
        self._rest = samples[whole:]

    def skip(self, frames: int) -> None:
        """Goes on `frames` later, after samples that were dropped."""
        self._frame = wrapped(self._frame + frames)

    def _packet(self, samples: Samples) -> bytes:
        integers = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2")
        packet = AudioPacket(self.stream, self._seq, self._frame, self._sample_rate, 1, 2, integers.tobytes())
        self._seq = wrapped(self._seq + 1)
        self.skip(len(samples))
        return write_audio(packet)

    def _send(self, datagram: bytes) -> None:
        # A bridge that is not there yet is no reason to stop.
        with suppress(OSError):
            self._socket.sendto(datagram, self._address)
