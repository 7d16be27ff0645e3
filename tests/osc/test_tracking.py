"""On and off in a live stream: attack, release and smoothing in seconds, whatever the hop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from osc_bridge.parameters import Parameters
from osc_bridge.tracking import Change, Tracker
from tagger.activity import Activity

THRESHOLDS = np.array([0.5, 0.3], dtype=np.float32)


def fed(hop_s: float, scores: Sequence[tuple[float, float | None]], **parameters: float) -> list[tuple[float, Change]]:
    """A tracker fed with the score of the first label, each for so many seconds; changes with their times."""
    tracker = Tracker(THRESHOLDS, Parameters(**({"smoothing_s": 0.0} | parameters)))
    changes: list[tuple[float, Change]] = []
    number = 0
    for seconds, score in scores:
        for _ in range(round(seconds / hop_s)):
            number += 1
            row = None if score is None else np.array([score, 0.0], dtype=np.float32)
            changes += [(number * hop_s, change) for change in tracker.step(number * hop_s, row)]
    return changes


@pytest.mark.parametrize("hop_s", [0.05, 0.1, 0.2])
def test_times_are_kept_at_any_hop(hop_s: float) -> None:
    (on_s, on), (off_s, off) = fed(hop_s, [(1.0, 0.0), (2.0, 0.9), (3.0, 0.0)], attack_s=0.4, release_s=1.0)
    assert on_s == pytest.approx(1.4)
    assert off_s == pytest.approx(4.0)
    assert (on.is_on, off.is_on) == (True, False)
    assert on.since_s == off.since_s
    assert off.confidence == pytest.approx(0.9)


def test_a_blip_is_no_event_and_a_short_pause_no_end() -> None:
    assert not fed(0.1, [(1.0, 0.0), (0.2, 0.9), (2.0, 0.0)], attack_s=0.4, release_s=0.0)
    changes = fed(0.1, [(1.0, 0.9), (0.5, None), (1.0, 0.9), (0.5, 0.1), (1.0, 0.9)], release_s=1.0)
    assert [change.is_on for _, change in changes] == [True]


def test_what_hovers_at_the_threshold_stays_on() -> None:
    changes = fed(0.1, [(0.1, score) for score in (0.55, 0.45, 0.52, 0.4, 0.6, 0.36)] * 5, release_s=0.0)
    assert [change.is_on for _, change in changes] == [True]


def test_one_threshold_for_all_labels_may_be_set() -> None:
    assert not fed(0.1, [(1.0, 0.6)], threshold=0.7)
    assert fed(0.1, [(1.0, 0.8)], threshold=0.7)


def test_smoothing_bridges_a_dip_but_does_not_wait_after_silence() -> None:
    after_silence = fed(0.1, [(1.0, None), (1.0, 0.9)], smoothing_s=0.5, attack_s=0.1)
    assert after_silence[0][0] == pytest.approx(1.1)
    after_others = fed(0.1, [(1.0, 0.0), (1.0, 0.9)], smoothing_s=0.5, attack_s=0.1)
    assert after_others[0][0] > 1.25


def test_what_leads_is_kept_while_it_fades() -> None:
    tracker = Tracker(THRESHOLDS, Parameters(smoothing_s=0.0))
    tracker.step(0.1, np.array([0.9, 0.4], dtype=np.float32))
    leading = tracker.leading
    assert leading == (0, float(np.float32(0.9)))
    tracker.step(0.2, None)
    assert tracker.leading == leading
    assert len(tracker.end()) == 2
    assert not tracker.is_on.any()


def test_release_in_files_and_streams_is_one_rule() -> None:
    activity = Activity([0.5], off_ratio=0.5, min_duration_s=0.0, release_s=0.3)
    scores = [0.9, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1]
    active = []
    for number, score in enumerate(scores):
        activity.push(number / 10, (number + 1) / 10, np.array([score], dtype=np.float32))
        active.append(bool(activity.active[0]))
    assert active == [True, True, True, True, True, True, False, False]
