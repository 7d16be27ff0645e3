"""A client of the bridge: asks, subscribes, renews, and hands on what comes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Self

from osc_bridge import messages
from osc_bridge.messages import Argument, BadMessage, Message

_RENEW_EVERY_S: Final = 3.0
_PATIENCE_S: Final = 1.0


class Client:
    """Talks to a bridge; use as a context.

    Args:
        address: IP address and port of the bridge.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self._kept: list[bytes] = []
        self._renewed_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, address: str, *arguments: Argument) -> None:
        """Sends a message."""
        self._send(messages.write(address, *arguments))

    def follow(self, profile: str, *, stream: str = "*", minimum: float = 0.0) -> None:
        """Subscribes, for as long as messages are received."""
        self._kept.append(messages.write("/tag/subscribe", 0, stream, profile, minimum))
        self._send(self._kept[-1])

    def receive(self, timeout_s: float) -> Iterator[Message]:
        """The messages that come within a time; subscriptions are renewed meanwhile."""
        until_s = time.monotonic() + timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._renew()
            self._socket.settimeout(left_s)
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                return
            except OSError:
                # Where nobody listens, some systems say so on the next receive.
                time.sleep(min(left_s, 0.05))
                continue
            with suppress(BadMessage):
                yield from messages.read(datagram)

    def ask(self, address: str, *arguments: Argument, answer: str, timeout_s: float = _PATIENCE_S) -> Message | None:
        """Sends a message and waits for its answer, or for an error.

        Args:
            address: of the message.
            arguments: of the message.
            answer: address of the answer.
            timeout_s: how long to wait.

        Returns:
            the answer; None when none came.
        """
        self.send(address, *arguments)
        for message in self.receive(timeout_s):
            if message.address in (answer, "/tag/error"):
                return message
        return None

    def _renew(self) -> None:
        now_s = time.monotonic()
        if now_s - self._renewed_s >= _RENEW_EVERY_S:
            self._renewed_s = now_s
            for datagram in self._kept:
                self._send(datagram)

    def _send(self, datagram: bytes) -> None:
        with suppress(OSError):
            self._socket.sendto(datagram, self._address)
