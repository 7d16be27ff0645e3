"""All streams, heard together: packets go in from one thread, `tick` is called by another.

Each tick hears what has come, asks the network about the audible streams in one batch, and says what changed. A tick
that comes late finds more audio waiting and is asked about the newest of it; nothing is ever queued for the network.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from osc_bridge.heard import Heard
from osc_bridge.latency import Latency
from osc_bridge.messages import BadMessage
from osc_bridge.packets import AudioPacket
from osc_bridge.parameters import Parameters, changed
from osc_bridge.stream import Stream
from osc_bridge.tracking import Change, Scores
from tagger.recogniser import Recogniser

Source = tuple[str, int]

MOST_STREAMS: Final = 256
LEASE_S: Final = 30
_MOST_WAITING: Final = 20_000
_IDLE_S: Final = 0.3
_TAKE_OVER_S: Final = 1.0
# Larger batches gain nothing on one thread, and would keep the first stream waiting for the last.
_BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class Scored:
    """What a stream sounds like now.

    Attributes:
        stream: identifier.
        source: where its audio comes from.
        scores: (labels,) float32, smoothed, 0 to 1; zeros while it is silent.
        leading: index and score of the surest label that is on; None if none is.
        rate_hz: how often its followers want to be told.
        level_db: of the last frames, as the sum of mel power.
        is_silent: whether there was nothing to ask the network about.
    """

    stream: str
    source: Source
    scores: Scores
    leading: tuple[int, float] | None
    rate_hz: float
    level_db: float
    is_silent: bool


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream as it is listed.

    Attributes:
        name: identifier.
        title: what people call it, or "".
        daw_ref: track of a DAW, as `ardour:1`, or "".
        source: where its audio comes from.
        sample_rate: in Hz.
        received: packets.
        lost: packets that never came.
        late: packets that came twice or too late.
        buffered_s: audio not heard yet.
        latency_s: the longest time from packet to score in the last second or two.
        level_db: of the last frames.
        received_bytes: of audio.
        is_idle: whether nothing comes at the moment.
    """

    name: str
    title: str
    daw_ref: str
    source: Source
    sample_rate: int
    received: int
    lost: int
    late: int
    buffered_s: float
    latency_s: float
    level_db: float
    received_bytes: int
    is_idle: bool


class _Announced(NamedTuple):
    """What was said of a stream that has sent nothing yet, and when."""

    title: str
    daw_ref: str
    source: Source
    at_s: float


class Engine:
    """Hears streams; safe to use from several threads.

    Args:
        recogniser: the loaded model.
        parameters: of streams to come.

    Attributes:
        audible_s: when a stream was last not silent, on the clock of `put`.
    """

    def __init__(self, recogniser: Recogniser, parameters: Parameters | None = None) -> None:
        self.recogniser = recogniser
        self.labels = recogniser.card.labels
        self.latency = Latency()
        self.audible_s = float("-inf")
        self._thresholds = np.array(recogniser.card.presence_thresholds, dtype=np.float32)
        self._parameters = parameters or Parameters()
        self._streams: dict[str, Stream] = {}
        self._numbers = itertools.count()
        self._listened: list[Stream] = []
        self._announced: dict[str, _Announced] = {}
        self._waiting: deque[tuple[AudioPacket, Source, float]] = deque(maxlen=_MOST_WAITING)
        self._events = itertools.count(1)
        self._on: dict[tuple[str, int], Heard] = {}
        self._lock = threading.Lock()

    def put(self, packet: AudioPacket, source: Source, now_s: float) -> None:
        """Takes a packet for the next tick.

        Args:
            packet: as it came.
            source: IP address and port that it came from.
            now_s: on a clock that only goes forward.

        Raises:
            BadMessage: there are too many streams.
        """
        if packet.stream not in self._streams and len(self._streams) >= MOST_STREAMS:
            raise BadMessage("limit", packet.stream, f"there are {MOST_STREAMS} streams already")
        self._waiting.append((packet, source, now_s))

    def take_in(self) -> None:
        """Hands the packets that came to their streams, which does not hurry but must not wait for long."""
        with self._lock:
            for _ in range(len(self._waiting)):
                self._take(*self._waiting.popleft())

    def tick(self, now_s: float, turn: int = 0, turns: int = 1) -> list[Heard | Scored]:
        """Hears all that has come, and says what changed.

        Args:
            now_s: on the clock of `put`.
            turn: which of the streams are heard, where they take turns so that none waits for all others; from 0.
            turns: into how many parts they are divided.
        """
        self.take_in()
        with self._lock:
            streams = list(self._streams.values())
            said: list[Heard | Scored] = []
            for stream in streams:
                if now_s - stream.arrived_s > LEASE_S:
                    said += self._close(stream)
            self._announced = {name: held for name, held in self._announced.items() if now_s - held.at_s <= LEASE_S}
        self._listened = [stream for stream in streams if stream.number % turns == turn]
        asked, silent = self._advance(self._listened, now_s)
        if asked:
            self.audible_s = now_s
        for stream in silent:
            said += self._told(stream, None)
        for start in range(0, len(asked), _BATCH):
            batch = asked[start : start + _BATCH]
            prediction = self.recogniser.predict(np.stack([stream.picture.window() for stream in batch]))
            for stream, scores, embedding in zip(batch, prediction.presence, prediction.embedding, strict=True):
                stream.embedding = embedding
                said += self._told(stream, scores)
        return said

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to hear: no stream, and no packet that waits."""
        return not (self._streams or self._waiting)

    def heard_at(self, now_s: float) -> None:
        """Notes when the answers of the last tick were out, for the figures on latency."""
        for stream in self._listened:
            slowest_s = 0.0
            if stream.arrivals_s:
                self.latency.add(now_s - arrival for arrival in stream.arrivals_s)
                slowest_s = now_s - stream.arrivals_s[0]
                stream.arrivals_s.clear()
            stream.slowest.add(slowest_s, now_s)

    def announce(self, name: str, *, title: str, daw_ref: str, source: Source, now_s: float) -> None:
        """Gives a stream a name and its track, whether it has begun yet or not.

        Raises:
            BadMessage: there are too many streams.
        """
        with self._lock:
            if stream := self._streams.get(name):
                stream.title, stream.daw_ref = title, daw_ref
            elif len(self._announced) + len(self._streams) >= MOST_STREAMS:
                raise BadMessage("limit", name, f"there are {MOST_STREAMS} streams already")
            else:
                self._announced[name] = _Announced(title, daw_ref, source, now_s)

    def close(self, name: str) -> list[Heard | Scored]:
        """Ends a stream.

        Raises:
            BadMessage: there is none of that name.
        """
        with self._lock:
            announced = self._announced.pop(name, None)
            stream = self._streams.get(name)
            if stream is None and announced is None:
                raise BadMessage("unknown-stream", name, "there is no such stream")
            return self._close(stream) if stream else []

    def parameters(self, name: str) -> Parameters:
        """The parameters of a stream, or of those to come where it is `*`.

        Raises:
            BadMessage: there is no such stream.
        """
        return self._parameters if name == "*" else self._stream(name).parameters

    def set_parameter(self, name: str, parameter: str, value: float) -> None:
        """Sets a parameter of one stream, or of all, those to come too, where the stream is `*`.

        Raises:
            BadMessage: there is no such stream or parameter, or the value is out of its range.
        """
        with self._lock:
            if name != "*":
                stream = self._stream(name)
                stream.set(changed(stream.parameters, parameter, value))
                return
            self._parameters = changed(self._parameters, parameter, value)
            for stream in self._streams.values():
                stream.set(changed(stream.parameters, parameter, value))

    def embedding(self, name: str) -> Scores:
        """(128,) float32 of unit length: what a stream sounded like when it was last audible.

        Raises:
            BadMessage: there is no such stream, or nothing was heard in it yet.
        """
        embedding = self._stream(name).embedding
        if embedding is None:
            raise BadMessage("failed", name, "nothing was heard in it yet")
        return embedding

    def sounding(self) -> list[Heard]:
        """What is on in all streams, as it was told when it went on."""
        return list(self._on.values())

    def streams(self) -> list[StreamInfo]:
        """All streams, by name; those that were announced and sent nothing yet come with a rate of 0."""
        with self._lock:
            silent = [
                StreamInfo(name, held.title, held.daw_ref, held.source, 0, 0, 0, 0, 0.0, 0.0, -120.0, 0, True)
                for name, held in self._announced.items()
            ]
            return sorted([*map(self._info, self._streams.values()), *silent], key=lambda info: info.name)

    def _info(self, stream: Stream) -> StreamInfo:
        return StreamInfo(
            name=stream.name,
            title=stream.title,
            daw_ref=stream.daw_ref,
            source=stream.source,
            sample_rate=stream.sample_rate,
            received=stream.received,
            lost=stream.lost,
            late=stream.late,
            buffered_s=stream.buffered_s,
            latency_s=stream.slowest.latency_s,
            level_db=stream.picture.level_db,
            received_bytes=stream.received_bytes,
            is_idle=stream.is_idle,
        )

    def _stream(self, name: str) -> Stream:
        if stream := self._streams.get(name):
            return stream
        raise BadMessage("unknown-stream", name, "there is no such stream")

    def _take(self, packet: AudioPacket, source: Source, arrived_s: float) -> None:
        stream = self._streams.get(packet.stream)
        if stream is None:
            if len(self._streams) >= MOST_STREAMS:
                return
            stream = self._streams[packet.stream] = self._new_stream(packet, source)
        if stream.source != source:
            # Two that use one name would be mixed up; one that came back from another port goes on.
            if arrived_s - stream.arrived_s < _TAKE_OVER_S:
                return
            stream.source = source
        stream.push(packet, arrived_s)

    def _new_stream(self, packet: AudioPacket, source: Source) -> Stream:
        stream = Stream(
            packet.stream,
            source=source,
            first=packet,
            mel=self.recogniser.card.frontend,
            window_frames=self.recogniser.window_frames,
            thresholds=self._thresholds,
            parameters=self._parameters,
            number=next(self._numbers),
        )
        if announced := self._announced.pop(packet.stream, None):
            stream.title, stream.daw_ref = announced.title, announced.daw_ref
        return stream

    def _advance(self, streams: list[Stream], now_s: float) -> tuple[list[Stream], list[Stream]]:
        """The streams to ask about, and those that say nothing; the rest has nothing new."""
        asked: list[Stream] = []
        silent: list[Stream] = []
        for stream in streams:
            stream.is_idle = now_s - stream.arrived_s > _IDLE_S
            if stream.is_idle:
                stream.give_up_waiting()
            if stream.advance():
                (asked if stream.picture.is_audible(stream.parameters.gate_db) else silent).append(stream)
            elif stream.is_idle:
                stream.idle(now_s)
                silent.append(stream)
        return asked, silent

    def _told(self, stream: Stream, scores: Scores | None) -> Iterator[Heard | Scored]:
        tracker = stream.tracker
        changes = tracker.step(stream.time_s, scores)
        for change in changes:
            yield self._heard(stream, change)
        if stream.is_idle and not changes and not tracker.is_on.any():
            return
        yield Scored(
            stream.name,
            stream.source,
            scores=tracker.smoothed,
            leading=tracker.leading,
            rate_hz=stream.parameters.rate_hz,
            level_db=stream.picture.level_db,
            is_silent=scores is None,
        )

    def _close(self, stream: Stream) -> list[Heard | Scored]:
        self._streams.pop(stream.name, None)
        return [self._heard(stream, change) for change in stream.tracker.end()]

    def _heard(self, stream: Stream, change: Change) -> Heard:
        key = (stream.name, change.label)
        begun = None if change.is_on else self._on.pop(key, None)
        heard = Heard(
            event=begun.event if begun else f"e{next(self._events)}",
            stream=stream.name,
            label=self.labels[change.label],
            is_on=change.is_on,
            confidence=change.confidence,
            time_s=stream.time_s,
            duration_s=0.0 if change.is_on else stream.time_s - change.since_s,
        )
        if change.is_on:
            self._on[key] = heard
        return heard
