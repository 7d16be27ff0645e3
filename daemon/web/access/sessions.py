"""Sessions: what a browser that logged in is known by afterwards.

A session is 256 random bits in a cookie, of which only the hash is kept, in memory: after a restart people log in
again. It ends with a logout, with the password that it was begun with, when it was not used for half a day, or after 30
days. A page that is open uses it.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

IDLE_S: Final = 12 * 3600.0
LIFE_S: Final = 30 * 24 * 3600.0
MOST: Final = 64
"""At a time; beyond that the one that was not used for longest ends."""


@dataclass(slots=True)
class _Session:
    mark: str
    begun: float
    used: float


class Sessions:
    """The sessions of one server.

    Args:
        clock: the time, in seconds; not one that stands still while the machine sleeps.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._by_hash: OrderedDict[bytes, _Session] = OrderedDict()

    def begin(self, mark: str) -> str:
        """Begins a session, and gives what the browser is to keep.

        Args:
            mark: what stands for the password that was said.
        """
        cookie = secrets.token_urlsafe(32)
        now = self._clock()
        self._by_hash[_hash(cookie)] = _Session(mark, begun=now, used=now)
        while len(self._by_hash) > MOST:
            self._by_hash.popitem(last=False)
        return cookie

    def holds(self, cookie: str, mark: str) -> bool:
        """Whether a session is there for a cookie and the password of now; it counts as used then."""
        key = _hash(cookie)
        session = self._by_hash.get(key)
        if session is None:
            return False
        now = self._clock()
        if session.mark != mark or now - session.begun > LIFE_S or now - session.used > IDLE_S:
            del self._by_hash[key]
            return False
        session.used = now
        self._by_hash.move_to_end(key)
        return True

    def end(self, cookie: str) -> None:
        """Ends a session, if there is one."""
        self._by_hash.pop(_hash(cookie), None)


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
