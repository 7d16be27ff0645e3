"""Who may speak, and how much.

Programs on this machine may; others only from addresses that were allowed, and after they said the token. Whoever is
not admitted gets no answer at all, so that nobody can make the bridge send anything to somebody else.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

HELLO_S: Final = 600
_MOST_SOURCES: Final = 1024
_MESSAGES_PER_S: Final = 200.0
_BURST: Final = 400.0
_ERRORS_PER_S: Final = 10.0


@dataclass(slots=True)
class _Bucket:
    """Fills at a rate up to its size; each message takes one out."""

    rate: float
    size: float
    level: float = field(init=False)
    filled_s: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.size

    def take(self, now_s: float) -> bool:
        self.level = min(self.size, self.level + (now_s - self.filled_s) * self.rate)
        self.filled_s = now_s
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Guard:
    """Decides for each datagram whether it is looked at.

    Args:
        allow: networks and addresses beyond this machine that may speak, as `192.168.1.0/24`.
        token: what they have to say first.

    Raises:
        ValueError: something allowed is no network.
    """

    def __init__(self, allow: Sequence[str] = (), token: str = "") -> None:
        self._networks = tuple(ipaddress.ip_network(each, strict=False) for each in allow)
        self._token = token
        self._welcome_until_s: OrderedDict[str, float] = OrderedDict()
        self._messages: OrderedDict[str, _Bucket] = OrderedDict()
        self._errors: OrderedDict[str, _Bucket] = OrderedDict()

    def may_say_hello(self, host: str) -> bool:
        """Whether an address is on this machine, or was allowed."""
        if is_this_machine(host):
            return True
        address = ipaddress.ip_address(host.partition("%")[0])
        return bool(self._token) and any(address in network for network in self._networks)

    def admits(self, host: str, now_s: float) -> bool:
        """Whether what comes from an address is listened to; if so, it stays welcome."""
        if is_this_machine(host):
            return True
        if self._welcome_until_s.get(host, -math.inf) < now_s:
            return False
        self._welcome_until_s[host] = now_s + HELLO_S
        return True

    def hello(self, host: str, token: str, now_s: float) -> bool:
        """Takes a token; says whether it was right."""
        is_right = self.may_say_hello(host) and hmac.compare_digest(token.encode(), self._token.encode())
        if is_right:
            _bounded(self._welcome_until_s)
            self._welcome_until_s[host] = now_s + HELLO_S
        return is_right

    def may_ask(self, source: tuple[str, int], now_s: float) -> bool:
        """Whether a control message is still within the rate of whoever sent it."""
        return _bucket(self._messages, _who(source), _MESSAGES_PER_S, _BURST).take(now_s)

    def may_be_told(self, source: tuple[str, int], now_s: float) -> bool:
        """Whether another error may be sent there."""
        return _bucket(self._errors, _who(source), _ERRORS_PER_S, _ERRORS_PER_S).take(now_s)


@lru_cache(maxsize=256)
def is_this_machine(host: str) -> bool:
    """Whether an IP address is a loopback address."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _who(source: tuple[str, int]) -> str:
    """On this machine each program counts by itself, and one gone wild is no bar to the others."""
    host, port = source
    return f"{host}:{port}" if is_this_machine(host) else host


def _bucket(buckets: OrderedDict[str, _Bucket], host: str, rate: float, size: float) -> _Bucket:
    if host not in buckets:
        _bounded(buckets)
        buckets[host] = _Bucket(rate, size)
    buckets.move_to_end(host)
    return buckets[host]


def _bounded(table: OrderedDict[str, float] | OrderedDict[str, _Bucket]) -> None:
    if len(table) >= _MOST_SOURCES:
        table.popitem(last=False)
