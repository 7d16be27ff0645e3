"""Who is told what: leases, and the forms in which detections are sent.

A profile is a function from what the engine said to datagrams; a subscription is an address, a choice of streams and a
profile, for ten seconds at a time, so that a program that went away is not sent to for ever.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from osc_bridge.engine import Scored, StreamInfo
from osc_bridge.heard import Heard
from osc_bridge.messages import Argument, BadMessage, is_plain_address, write, write_floats
from osc_bridge.tracking import Scores

Target = tuple[str, int]
Letter = tuple[Target, bytes]

LEASE_S: Final = 10
PROFILES: Final = ("event", "top", "scores", "flat", "wek")
_TALKATIVE: Final = ("event", "top", "scores")
_MOST_OF_ONE: Final = 16
_MOST: Final = 64
_TOP: Final = 3
_STEP: Final = 0.01
# A tick that comes a little early still counts as on time.
_SLACK_S: Final = 0.01
_STATUS_EVERY_S: Final = 1.0
_BEATS: Final = 2


@dataclass(slots=True)
class Subscription:
    """One subscriber.

    Attributes:
        name: identifier.
        target: IP address and port to send to.
        stream: identifier of the only stream wanted, or `*`.
        profile: one of `PROFILES`.
        minimum: least confidence that is told.
        until_s: end of the lease.
    """

    name: str
    target: Target
    stream: str
    profile: str
    minimum: float
    until_s: float
    _due_s: dict[str, float] = field(default_factory=dict)
    _sent: dict[str, Scores] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def letters(self, said: Heard | Scored, now_s: float, labels: Sequence[str]) -> Iterator[bytes]:
        """What this subscriber is sent of something the engine said."""
        if self.stream not in ("*", said.stream):
            return
        if isinstance(said, Heard):
            if self.profile == "event":
                yield from self._event(said)
        elif self.profile != "event" and self._is_due(said, now_s):
            yield from self._scored(said, labels)

    def forget(self, streams: Iterable[str]) -> None:
        """Drops what is held of streams that are gone."""
        for table in (self._due_s, self._sent):
            for stream in set(table).difference(streams):
                del table[stream]

    def _event(self, heard: Heard) -> Iterator[bytes]:
        if heard.is_on and heard.confidence >= self.minimum and heard.event not in self._open:
            self._open.add(heard.event)
            yield write("/tag/on", heard.event, heard.stream, heard.label, heard.confidence, heard.time_s)
        elif not heard.is_on and heard.event in self._open:
            self._open.discard(heard.event)
            yield write(
                "/tag/off", heard.event, heard.stream, heard.label, heard.confidence, heard.time_s, heard.duration_s
            )

    def _is_due(self, scored: Scored, now_s: float) -> bool:
        due_s = self._due_s.get(scored.stream, now_s)
        if now_s < due_s - _SLACK_S:
            return False
        period_s = 1 / scored.rate_hz
        self._due_s[scored.stream] = max(due_s, now_s - period_s) + period_s
        return True

    def _scored(self, scored: Scored, labels: Sequence[str]) -> Iterator[bytes]:
        scores = scored.scores
        if self.profile == "wek":
            yield write_floats("/wek/outputs", scores.tolist())
        elif self.profile == "scores":
            yield write_floats("/tag/scores", scores.tolist(), first=scored.stream)
        elif self.profile == "top":
            pairs: list[Argument] = []
            for index in np.argsort(-scores, kind="stable")[:_TOP].tolist():
                pairs += [labels[index], float(scores[index])]
            yield write("/tag/top", scored.stream, *pairs)
        else:
            yield from self._flat(scored, labels)

    def _flat(self, scored: Scored, labels: Sequence[str]) -> Iterator[bytes]:
        before = self._sent.setdefault(scored.stream, np.zeros_like(scored.scores))
        counts = np.maximum(before, scored.scores) >= self.minimum
        for index in np.flatnonzero(counts & (np.abs(scored.scores - before) >= _STEP)).tolist():
            address = f"/tag/{scored.stream}/{labels[index]}"
            if is_plain_address(address):
                before[index] = scored.scores[index]
                yield write(address, float(scored.scores[index]))


class Subscriptions:
    """All subscribers; safe to use from several threads.

    Args:
        labels: of the model, in its order.

    Attributes:
        next_status_s: when `status` is due, on the bridge's clock.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._all: dict[str, Subscription] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.next_status_s = 0.0
        self._beats = 0

    def subscribe(
        self, target: Target, *, stream: str, profile: str, minimum: float, now_s: float
    ) -> tuple[Subscription, bool]:
        """Adds a subscriber, or renews the same one.

        Returns:
            the subscription, and whether it is new.

        Raises:
            BadMessage: there is no such profile, or there are too many subscriptions.
        """
        if profile not in PROFILES:
            raise BadMessage("bad-value", profile, f"profiles are {', '.join(PROFILES)}")
        with self._lock:
            self._expire(now_s)
            for held in self._all.values():
                if (held.target, held.stream, held.profile) == (target, stream, profile):
                    held.minimum, held.until_s = minimum, now_s + LEASE_S
                    return held, False
            of_one = sum(held.target[0] == target[0] for held in self._all.values())
            if of_one >= _MOST_OF_ONE or len(self._all) >= _MOST:
                raise BadMessage("limit", "subscribe", "there are too many subscriptions; end one, or let it run out")
            name = f"s{next(self._numbers)}"
            self._all[name] = Subscription(name, target, stream, profile, minimum, now_s + LEASE_S)
            return self._all[name], True

    def renew(self, name: str, host: str, now_s: float) -> None:
        """Gives a subscription another lease.

        Raises:
            BadMessage: the address that asks has none of that name.
        """
        with self._lock:
            self._expire(now_s)
            self._of(name, host).until_s = now_s + LEASE_S

    def unsubscribe(self, name: str, host: str) -> None:
        """Ends a subscription.

        Raises:
            BadMessage: the address that asks has none of that name.
        """
        with self._lock:
            del self._all[self._of(name, host).name]

    def letters(self, said: Iterable[Heard | Scored], now_s: float) -> Iterator[Letter]:
        """What is to be sent of what the engine said."""
        held = self._current(now_s)
        if held:
            for each in said:
                for subscription in held:
                    for datagram in subscription.letters(each, now_s, self._labels):
                        yield subscription.target, datagram

    def to_all(self, datagram: bytes, now_s: float) -> Iterator[Letter]:
        """One datagram to each address that follows events."""
        targets = {each.target for each in self._current(now_s) if each.profile == "event"}
        yield from ((target, datagram) for target in targets)

    def status(self, streams: Sequence[StreamInfo], uptime_s: float, now_s: float) -> Iterator[Letter]:
        """The letters that go out once a second, whatever is heard."""
        self.next_status_s = now_s + _STATUS_EVERY_S
        self._beats += 1
        names = [info.name for info in streams]
        sent: set[tuple[Target, str]] = set()
        for subscription in self._current(now_s):
            subscription.forget(names)
            if subscription.profile not in _TALKATIVE:
                continue
            for datagram, key in self._status_of(subscription, streams, uptime_s):
                if (subscription.target, key) not in sent:
                    sent.add((subscription.target, key))
                    yield subscription.target, datagram

    def _status_of(
        self, subscription: Subscription, streams: Sequence[StreamInfo], uptime_s: float
    ) -> Iterator[tuple[bytes, str]]:
        for info in streams:
            if subscription.stream in ("*", info.name):
                yield (
                    write(
                        "/tag/status",
                        info.name,
                        info.received,
                        info.lost,
                        info.late,
                        1000 * info.buffered_s,
                        1000 * info.latency_s,
                    ),
                    info.name,
                )
        if self._beats % _BEATS == 0:
            yield write("/tag/heartbeat", self._beats // _BEATS, uptime_s), "*"

    def _current(self, now_s: float) -> list[Subscription]:
        with self._lock:
            self._expire(now_s)
            return list(self._all.values())

    def _of(self, name: str, host: str) -> Subscription:
        held = self._all.get(name)
        if held is None or held.target[0] != host:
            raise BadMessage("unknown-stream", name, "there is no such subscription; it may have run out")
        return held

    def _expire(self, now_s: float) -> None:
        for name in [name for name, held in self._all.items() if held.until_s < now_s]:
            del self._all[name]
