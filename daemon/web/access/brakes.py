"""Slows down those who guess: each address, and all of them together, with delays that double.

The delay of an address grows to a minute, that of all to a few seconds only: it is for one who guesses from many
addresses, and must not keep the owner out. At that speed 12 characters are guessed by nobody.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

_FORGET_S: Final = 3600.0
_MOST_ADDRESSES: Final = 1000


class _Brake:
    """Delays after the first failures.

    Args:
        free: how many failures have no delay.
        most_s: to what the delay grows.
    """

    def __init__(self, *, free: int, most_s: float) -> None:
        self._free = free
        self._most_s = most_s
        self._failures = 0
        self._last = float("-inf")

    def left_s(self, now: float) -> float:
        """How long to wait still."""
        if now - self._last > _FORGET_S:
            self._failures = 0
        if self._failures < self._free:
            return 0.0
        delay_s = min(2.0 ** min(self._failures - self._free, 20), self._most_s)
        return max(self._last + delay_s - now, 0.0)

    def fail(self, now: float) -> None:
        """Takes note of a failure."""
        self._failures += 1
        self._last = now


class Brakes:
    """Who has to wait before the next try, and how long.

    Args:
        clock: the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of_all = _Brake(free=20, most_s=4.0)
        self._of_address: OrderedDict[str, _Brake] = OrderedDict()

    def left_s(self, address: str) -> float:
        """How long an address has to wait still, in seconds."""
        now = self._clock()
        own = self._of_address.get(_network(address))
        return max(self._of_all.left_s(now), own.left_s(now) if own else 0.0)

    def fail(self, address: str) -> None:
        """Takes note of a failure."""
        network = _network(address)
        own = self._of_address.setdefault(network, _Brake(free=5, most_s=60.0))
        self._of_address.move_to_end(network)
        if len(self._of_address) > _MOST_ADDRESSES:
            self._of_address.popitem(last=False)
        for brake in (own, self._of_all):
            brake.fail(self._clock())

    def succeed(self, address: str) -> None:
        """Forgets the failures of an address."""
        self._of_address.pop(_network(address), None)


def _network(address: str) -> str:
    """What one machine cannot leave by itself: an address, or with IPv6 the 64 bits that its network was given."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or parsed.packed[:8].hex())
