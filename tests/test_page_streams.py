"""How live streams do, in words."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.web.live.streams import Streams, StreamState
from osc_bridge.daws.daw import Track
from osc_bridge.daws.desk import DAWS
from osc_bridge.engine import StreamInfo

START: dict[str, Any] = {
    "name": "tap-1",
    "title": "",
    "daw_ref": "",
    "source": ("127.0.0.1", 1),
    "sample_rate": 48_000,
    "received": 1000,
    "lost": 3,
    "late": 2,
    "buffered_s": 0.0,
    "latency_s": 0.06,
    "level_db": -20.0,
    "received_bytes": 960_000,
    "is_idle": False,
}


def after(seconds: float = 2.0, **changes: Any) -> StreamState:
    """What is said of a stream that was as at the start, and changed."""
    streams = Streams()
    streams.look([StreamInfo(**START)], [], 100.0)
    packets = round(100 * seconds)
    on = {"received": 1000 + packets, "received_bytes": 960 * (1000 + packets)}
    (state,) = streams.look([StreamInfo(**(START | on | changes))], [], 100.0 + seconds)
    return state


def test_a_stream_that_arrives_is_told_with_its_figures() -> None:
    state = after()
    assert (state.state, state.words) == ("good", "All of it arrives")
    assert state.facts == "768 kbit/s, 48 kHz, heard within 60 ms"


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({"lost": 4}, "good", "little"),
        ({"lost": 103}, "trouble", "33 % gets lost"),
        ({"late": 102}, "trouble", "50 % comes late"),
        ({"latency_s": 1.26}, "trouble", "1.3 s late"),
        ({"is_idle": True, "received": 1000}, "waiting", "No sound comes"),
        ({"is_idle": True}, "good", "All of it"),
        ({"sample_rate": 0, "is_idle": True}, "waiting", "Announced"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], state: str, words: str) -> None:
    told = after(**changes)
    assert told.state == state
    assert words in told.words


def test_what_was_lost_is_forgiven_after_a_while() -> None:
    streams = Streams()
    streams.look([StreamInfo(**START)], [], 0.0)
    for second in range(1, 30):
        now = StreamInfo(**(START | {"received": 1000 + 100 * second, "lost": 103}))
        (told,) = streams.look([now], [], float(second))
        assert told.state == ("trouble" if second <= 10 else "good")


def test_a_stream_that_begins_anew_is_not_compared_with_what_it_was() -> None:
    assert after(received=100, received_bytes=96_000, lost=0).state == "good"


def test_a_stream_is_called_after_its_track() -> None:
    ardour, ableton = DAWS["ardour"](), DAWS["ableton"]()
    ableton.tracks = {"1": Track("1", "Bass")}
    (by_number,) = Streams().look([StreamInfo(**(START | {"daw_ref": "track:2"}))], [ardour, ableton], 0.0)
    assert (by_number.title, by_number.track) == ("Bass", "Ableton Live, track 2")
    (titled,) = Streams().look([StreamInfo(**(START | {"daw_ref": "ableton:1", "title": "Tap"}))], [ableton], 0.0)
    assert (titled.title, titled.track) == ("Tap", "Ableton Live, track Bass")
    (foreign,) = Streams().look([StreamInfo(**(START | {"daw_ref": "reaper:7"}))], [], 0.0)
    assert (foreign.title, foreign.track) == ("tap-1", "REAPER, track 7")
    (unknown,) = Streams().look([StreamInfo(**(START | {"daw_ref": "track:9"}))], [ableton], 0.0)
    assert unknown.track == "track 9"
