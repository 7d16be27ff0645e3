"""The last minute of each stream, as a picture needs it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from osc_bridge.engine import Scored
from osc_bridge.heard import Heard
from osc_bridge.history import KEPT_S, History

LABELS = ("kick", "snare", "piano")


def scored(stream: str, *scores: float, level_db: float = -20.0) -> Scored:
    values = np.array(scores or (0, 0, 0), np.float32)
    return Scored(stream, ("127.0.0.1", 1), values, None, 10.0, level_db, not scores)


def turned(stream: str, label: str, *, is_on: bool) -> Heard:
    return Heard(event="e", stream=stream, label=label, is_on=is_on, confidence=0.5, time_s=1.0, duration_s=0.0)


def test_a_moment_holds_what_is_on_surest_first() -> None:
    history = History(LABELS)
    history.take([turned("a", "kick", is_on=True), turned("a", "piano", is_on=True)], 1.0)
    history.take([scored("a", 0.25, 0.75, 0.5), scored("b", level_db=-90)], 1.0)
    history.take([turned("a", "kick", is_on=False), scored("a", 0.25, 0.75, 0.5)], 2.0)
    first, second = history.since(0.0)["a"]
    assert first.on == ((2, 0.5), (0, 0.25))
    assert second.on == ((2, 0.5),)
    (other,) = history.since(0.0)["b"]
    assert (other.is_silent, other.level_db) == (True, -90)
    assert list(history.since(1.0)) == ["a"]
    assert not history.since(2.0)


def test_moments_are_five_a_second_and_kept_for_a_minute() -> None:
    history = History(LABELS)
    for tick in range(1200):
        history.take([scored("a", 0, 0, 0)], tick / 10)
    moments = history.since(-1.0)["a"]
    assert len(moments) == 5 * KEPT_S
    assert all(0.19 < after.at_s - before.at_s < 0.21 for before, after in pairwise(moments))
    history.take([scored("b", 0, 0, 0)], 119.9 + KEPT_S + 1)
    assert list(history.since(-1.0)) == ["b"]


def test_who_looks_is_woken_until_it_leaves() -> None:
    history = History(LABELS)
    woken: list[int] = []
    with history.told(lambda: woken.append(1)):
        history.take([scored("a")], 1.0)
        history.take([scored("a")], 1.1)
        history.take([], 1.2)
        assert len(woken) == 1
    history.take([scored("a")], 2.0)
    assert len(woken) == 1
