"""The parts of the service that can be tested by themselves."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.service import events
from daemon.service.events import Broadcast, EventsMissed, FilesGone
from daemon.service.holds import QUIET, Holds
from daemon.service.pace import Pace
from tagger.catalog.jobs import DAY_S, LONGEST_DELAY_S, MOST_TRIES, delay_s
from tagger.filenames import labels_in
from tagger.taxonomy import LEAVES


class TestEvents:
    def test_a_slow_listener_loses_the_oldest_and_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(events, "_MOST_WAITING", 3)
        broadcast = Broadcast()
        with broadcast.subscribe() as slow:
            for count in range(5):
                broadcast.tell(FilesGone(Path("a"), count))
            assert slow.next(0) == EventsMissed(2)
            assert [event.count for _ in range(3) if isinstance(event := slow.next(0), FilesGone)] == [2, 3, 4]
            assert slow.next(0) is None
        broadcast.tell(FilesGone(Path("a"), 9))
        assert slow.next(0) is None

    def test_closing_ends_who_waits(self) -> None:
        broadcast = Broadcast()
        listener = broadcast.subscribe()
        told: list[object] = []
        thread = threading.Thread(target=lambda: told.extend(listener))
        thread.start()
        broadcast.tell(FilesGone(Path("a"), 1))
        broadcast.close()
        thread.join(5)
        assert not thread.is_alive()
        assert told == [FilesGone(Path("a"), 1)]


class TestHolds:
    @given(st.integers(0, 24 * 60 - 1))
    def test_spans_that_pass_midnight(self, minute: int) -> None:
        holds = Holds(["22:00-06:30", "12:00-13:00"])
        now = datetime(2026, 6, 1, minute // 60, minute % 60, 30).timestamp()
        is_quiet = minute >= 22 * 60 or minute < 6 * 60 + 30 or 12 * 60 <= minute < 13 * 60
        assert holds.reasons(now) == ((QUIET,) if is_quiet else ())
        change = holds.next_change(now)
        assert change is not None
        assert now < change <= now + DAY_S
        assert datetime.fromtimestamp(change).strftime("%H:%M") in {"22:00", "06:30", "12:00", "13:00"}

    def test_each_reason_holds_for_itself(self) -> None:
        changes: list[int] = []
        holds = Holds(on_change=lambda: changes.append(1))
        holds.hold("a")
        holds.hold("a")
        holds.hold("b", until=100.0)
        assert (holds.reasons(50.0), holds.next_change(50.0)) == (("a", "b"), 100.0)
        assert holds.reasons(100.0) == ("a",)
        holds.release("a")
        holds.release("a")
        assert (holds.reasons(100.0), holds.next_change(100.0), len(changes)) == ((), None, 3)


class TestPace:
    def test_the_time_left_follows_the_speed_and_leaves_out_pauses(self) -> None:
        pace = Pace()
        assert (pace.per_s, pace.eta_s(10), pace.eta_s(0)) == (0, None, 0)
        for second in range(1, 21):
            pace.step(second, 4)
        assert pace.per_s == pytest.approx(4)
        assert pace.eta_s(400) == pytest.approx(100)
        pace.step(10_000, 4)
        assert pace.per_s > 3
        for second in range(10_001, 10_040):
            pace.step(second, 1)
        assert pace.per_s == pytest.approx(1)
        assert pace.done == 20 * 4 + 4 + 39


def test_delays_grow_up_to_a_day() -> None:
    delays = [delay_s(tries) for tries in range(1, MOST_TRIES + 3)]
    assert delays == sorted(delays)
    assert max(delays[: MOST_TRIES - 1]) <= LONGEST_DELAY_S
    assert delays[-1] == DAY_S


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("Kick_01.wav", ["kick"]),
        ("TR808BassDrum.wav", ["kick"]),
        ("39-HandClap-1.wav", ["clap"]),
        ("OpenHiHat 02.aif", ["hihat"]),
        ("Snares & Claps.flac", ["snare", "clap"]),
        ("electric-guitar_E2.mp3", ["electric_guitar"]),
        ("double_bass.arco.wav", ["double_bass"]),
        ("Bass 01.wav", []),
        ("Leadership.wav", []),
        ("kicking.wav", []),
        ("808.wav", []),
        ("", []),
    ],
)
def test_what_a_name_says(name: str, labels: list[str]) -> None:
    assert list(labels_in(name)) == labels


@given(st.text())
def test_any_name_can_be_read(name: str) -> None:
    assert set(labels_in(name)) <= set(LEAVES)
