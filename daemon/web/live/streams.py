"""How live streams do, in plain words: what of each arrives, how late it is heard, and which track of a DAW it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from osc_bridge.daws.daw import Daw
    from osc_bridge.engine import StreamInfo

_LOOK_BACK_S: Final = 10.0
_MUCH: Final = 0.02
_SLOW_S: Final = 0.5
_NOTHING: Final = "No sound comes at the moment"

DAW_NAMES: Final = {"ardour": "Ardour", "ableton": "Ableton Live", "reaper": "REAPER", "bitwig": "Bitwig Studio"}


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream, as people are told of it.

    Attributes:
        name: identifier.
        title: what to call it.
        track: where it comes from, or "".
        state: "good", "waiting" where nothing comes, "trouble" where it does not arrive as it should.
        words: how it does.
        facts: in figures; "" while nothing comes.
    """

    name: str
    title: str
    track: str
    state: str
    words: str
    facts: str

    def as_props(self) -> dict[str, Any]:
        """What the browser is told."""
        return {slot: getattr(self, slot) for slot in self.__slots__}


class Streams:
    """Remembers how streams did in the last seconds."""

    def __init__(self) -> None:
        self._before: dict[str, deque[tuple[float, StreamInfo]]] = {}

    def look(self, infos: Sequence[StreamInfo], daws: Sequence[Daw], now_s: float) -> list[StreamState]:
        """Says how all streams do.

        Args:
            infos: of all of them.
            daws: whose tracks they may be.
            now_s: on a clock that only goes forward; once a second is often enough.
        """
        self._before = {info.name: self._before.get(info.name, deque()) for info in infos}
        return [self._state(info, daws, now_s) for info in infos]

    def _state(self, info: StreamInfo, daws: Sequence[Daw], now_s: float) -> StreamState:
        before = self._before[info.name]
        while len(before) > 1 and now_s - before[0][0] > _LOOK_BACK_S:
            before.popleft()
        # One that begins anew under its name counts from 0.
        if before and before[-1][1].received > info.received:
            before.clear()
        # A breath is no pause.
        is_waiting = info.is_idle and (not before or before[-1][1].received == info.received)
        before.append((now_s, info))
        track = next((track.name for daw in daws if (track := daw.track_of(info.daw_ref))), "")
        title = info.title or track or info.name
        state, words = ("waiting", _NOTHING) if is_waiting and info.sample_rate else _words(before[0][1], info)
        return StreamState(
            name=info.name,
            title=title,
            track=_place(info.daw_ref, track if track != title else "", daws),
            state=state,
            words=words,
            facts="" if state == "waiting" else ", ".join(_facts(before, info)),
        )


def _words(before: StreamInfo, info: StreamInfo) -> tuple[str, str]:
    if not info.sample_rate:
        return "waiting", "Announced; no sound has come yet"
    received, lost, late = (getattr(info, name) - getattr(before, name) for name in ("received", "lost", "late"))
    if lost > _MUCH * (received + lost):
        share = 100 * lost / (received + lost)
        return "trouble", f"{share:.0f} % gets lost on the way: this computer or the network is too busy"
    if late > _MUCH * received:
        return "trouble", f"{100 * late / received:.0f} % comes late or twice: the network is too busy"
    if info.latency_s > _SLOW_S:
        return "trouble", f"Heard {info.latency_s:.1f} s late: this computer is too busy"
    return "good", "A little was lost on the way" if lost else "All of it arrives"


def _facts(before: Sequence[tuple[float, StreamInfo]], info: StreamInfo) -> Iterator[str]:
    elapsed_s = before[-1][0] - before[0][0]
    if elapsed_s > 0:
        bytes_ = info.received_bytes - before[0][1].received_bytes
        yield f"{8e-3 * bytes_ / elapsed_s:,.0f} kbit/s"
    yield f"{info.sample_rate / 1000:g} kHz"
    if 0 < info.latency_s <= _SLOW_S:
        yield f"heard within {max(1, round(1000 * info.latency_s))} ms"


def _place(daw_ref: str, name: str, daws: Sequence[Daw]) -> str:
    """A track in words, as in "Ardour, track Audio 1"."""
    if not daw_ref:
        return ""
    daw, _, ref = daw_ref.partition(":")
    known = next((each.name for each in daws if each.track_of(daw_ref)), daw)
    return ", ".join(word for word in (DAW_NAMES.get(known, ""), f"track {name or ref}") if word)
