"""What was heard in the last minute, for a picture that moves: five moments a second for each stream.

It is always kept, so that a picture is whole when it is opened: 50 kB a stream. Who looks at it is woken when there is
more, at most as often as the streams are listened to, and takes what is new.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from osc_bridge.engine import Scored
from osc_bridge.heard import Heard

KEPT_S: Final = 60.0
STEP_S: Final = 0.2
# A tick that comes a little early still counts as on time.
_SLACK_S: Final = 0.02


class Moment(NamedTuple):
    """What a stream sounded like.

    Attributes:
        at_s: on the bridge's clock.
        level_db: as the sum of mel power.
        is_silent: whether there was nothing to hear.
        on: index and smoothed score of each label that was on, surest first.
    """

    at_s: float
    level_db: float
    is_silent: bool
    on: tuple[tuple[int, float], ...]


class History:
    """The last minute of all streams; safe to use from several threads.

    Args:
        labels: of the model, in its order.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._index = {label: index for index, label in enumerate(labels)}
        self._moments: dict[str, deque[Moment]] = {}
        self._on: dict[str, set[int]] = {}
        self._wakes: tuple[Callable[[], None], ...] = ()
        self._lock = threading.Lock()

    def take(self, said: Sequence[Heard | Scored], now_s: float) -> None:
        """Takes what the engine said.

        Args:
            said: by one tick.
            now_s: on the bridge's clock.
        """
        with self._lock:
            is_more = False
            for each in said:
                if isinstance(each, Heard):
                    self._turn(each)
                else:
                    is_more |= self._add(each, now_s)
        if is_more:
            for wake in self._wakes:
                wake()

    def since(self, at_s: float) -> dict[str, list[Moment]]:
        """The moments after one, oldest first, by stream; streams of which there is nothing new are left out."""
        with self._lock:
            newer = {name: _after(moments, at_s) for name, moments in self._moments.items()}
        return {name: moments for name, moments in newer.items() if moments}

    @contextmanager
    def told(self, wake: Callable[[], None]) -> Iterator[None]:
        """Calls a function whenever there is more, for as long as the context is open.

        Args:
            wake: called from the thread that listens, which must not wait.
        """
        with self._lock:
            self._wakes = (*self._wakes, wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakes = tuple(each for each in self._wakes if each is not wake)

    def _turn(self, heard: Heard) -> None:
        on = self._on.setdefault(heard.stream, set())
        (on.add if heard.is_on else on.discard)(self._index[heard.label])
        if not on:
            del self._on[heard.stream]

    def _add(self, scored: Scored, now_s: float) -> bool:
        moments = self._moments.get(scored.stream)
        if moments is None:
            self._forget(now_s)
            moments = self._moments[scored.stream] = deque(maxlen=round(KEPT_S / STEP_S))
        elif now_s - moments[-1].at_s < STEP_S - _SLACK_S:
            return False
        on = [(index, float(scored.scores[index])) for index in self._on.get(scored.stream, ())]
        on.sort(key=lambda pair: -pair[1])
        moments.append(Moment(now_s, scored.level_db, scored.is_silent, tuple(on)))
        return True

    def _forget(self, now_s: float) -> None:
        """Drops streams that said nothing for a minute."""
        self._moments = {name: moments for name, moments in self._moments.items() if now_s - moments[-1].at_s <= KEPT_S}


def _after(moments: deque[Moment], at_s: float) -> list[Moment]:
    newer: list[Moment] = []
    for moment in reversed(moments):
        if moment.at_s <= at_s:
            break
        newer.append(moment)
    return newer[::-1]
