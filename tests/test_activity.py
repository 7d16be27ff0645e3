"""Smoothing, hysteresis and least duration, of files and of streams."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tagger.activity import SMOOTHINGS, Activity, Scores, Smoother, Stretch, smoothed, stretches

HOP_S = 0.5
TABLES = st.integers(1, 30).flatmap(
    lambda n: arrays(np.float32, (n, 3), elements=st.floats(0, 1, width=16, allow_subnormal=False))
)
FLAGS = st.lists(st.booleans(), min_size=30, max_size=30).map(np.array)


def times(scores: Scores) -> npt.NDArray[np.float64]:
    return np.arange(len(scores), dtype=np.float64) * HOP_S


def spans(scores: Scores) -> npt.NDArray[np.float64]:
    return np.stack([times(scores), times(scores) + HOP_S], axis=1)


def never(scores: Scores) -> npt.NDArray[np.bool_]:
    return np.zeros(len(scores), dtype=np.bool_)


def found(values: list[float], *, off_ratio: float = 1.0, min_duration_s: float = 0.0) -> list[tuple[float, float]]:
    scores = np.array(values, dtype=np.float32)[:, None]
    activity = Activity([0.5], off_ratio=off_ratio, min_duration_s=min_duration_s)
    return [(each.start_s, each.end_s) for each in stretches(scores, never(scores), spans(scores), activity)]


def test_a_label_is_on_from_its_threshold_on() -> None:
    assert found([0.4, 0.5, 0.9, 0.49, 0.6]) == [(0.5, 1.5), (2.0, 2.5)]


def test_hysteresis_holds_what_is_on() -> None:
    assert found([0.3, 0.6, 0.3, 0.25, 0.24, 0.3, 0.5], off_ratio=0.5) == [(0.5, 2.0), (3.0, 3.5)]
    assert found([0.3, 0.6, 0.0, 0.6], off_ratio=0.0) == [(0.5, 1.0), (1.5, 2.0)]


def test_what_is_too_short_never_was() -> None:
    assert found([0.6, 0.0, 0.6, 0.6, 0.0, 0.6, 0.6, 0.6], min_duration_s=1.0) == [(1.0, 2.0), (2.5, 4.0)]


def test_a_threshold_of_nothing_is_not_passed_by_nothing() -> None:
    scores = np.array([[0.1], [0.0], [0.1]], dtype=np.float32)
    activity = Activity([0.0], off_ratio=1.0, min_duration_s=0.0)
    assert len(stretches(scores, never(scores), spans(scores), activity)) == 2


def test_silence_ends_everything() -> None:
    scores = np.full((4, 1), 0.9, dtype=np.float32)
    activity = Activity([0.5], off_ratio=0.1, min_duration_s=0.0)
    silent = np.array([False, True, False, False])
    ended = stretches(scores, silent, spans(scores), activity)
    assert [(each.first, each.last) for each in ended] == [(0, 0), (2, 3)]


def test_confidence_is_the_mean_while_on() -> None:
    scores = np.array([[0.1, 0.9], [0.6, 0.9], [0.8, 0.9], [0.1, 0.9]], dtype=np.float32)
    activity = Activity([0.5, 0.5], off_ratio=1.0, min_duration_s=0.0)
    ended = stretches(scores, never(scores), spans(scores), activity)
    assert [(each.label, each.start_s) for each in ended] == [(1, 0.0), (0, 0.5)]
    assert [each.confidence for each in ended] == pytest.approx([0.9, 0.7])


def test_smoothing_by_hand() -> None:
    scores = np.array([[0.0], [0.9], [0.0], [0.3], [0.6]], dtype=np.float32)
    mean = smoothed(scores, never(scores), times(scores), smoothing="mean", width_s=1.0)
    np.testing.assert_allclose(mean[:, 0], [0.45, 0.3, 0.4, 0.3, 0.45], rtol=1e-6)
    median = smoothed(scores, never(scores), times(scores), smoothing="median", width_s=1.0)
    np.testing.assert_allclose(median[:, 0], [0.45, 0.0, 0.3, 0.3, 0.45], rtol=1e-6)
    none = smoothed(scores, never(scores), times(scores), smoothing="none", width_s=1.0)
    np.testing.assert_array_equal(none, scores)


def test_silence_is_no_part_of_an_average() -> None:
    scores = np.array([[0.8], [0.0], [0.4]], dtype=np.float32)
    silent = np.array([False, True, False])
    mean = smoothed(scores, silent, times(scores), smoothing="mean", width_s=10)
    np.testing.assert_allclose(mean[:, 0], [0.6, 0.0, 0.6], rtol=1e-6)


@given(TABLES, FLAGS, st.sampled_from(SMOOTHINGS), st.integers(0, 7))
def test_a_stream_smooths_as_a_file_does_only_later(
    scores: Scores, flags: npt.NDArray[np.bool_], smoothing: str, windows: int
) -> None:
    silent = flags[: len(scores)]
    delay = windows // 2
    width_s = 2 * delay * HOP_S
    whole = smoothed(scores, silent, times(scores), smoothing=smoothing, width_s=width_s)
    live = Smoother(smoothing, before_s=width_s)
    rows = zip(times(scores), scores, silent, strict=True)
    out = [value for at_s, row, is_silent in rows for value in live.push(at_s, None if is_silent else row)]
    assert len(out) == len(scores)
    for number, value in enumerate(out[delay:] if smoothing != "none" else out):
        if not silent[number] and value is not None:
            np.testing.assert_allclose(value, whole[number], rtol=1e-5, atol=1e-6)


@given(TABLES, FLAGS, st.floats(0, 1), st.integers(0, 4))
def test_a_stream_is_on_where_a_file_is_once_it_is_sure(
    scores: Scores, flags: npt.NDArray[np.bool_], off_ratio: float, least: int
) -> None:
    silent = flags[: len(scores)]
    live = Activity([0.5] * 3, off_ratio=off_ratio, min_duration_s=least * HOP_S)
    active, ended = [], list[Stretch]()
    for row, is_silent, (start_s, end_s) in zip(scores, silent, spans(scores), strict=True):
        ended += live.push(start_s, end_s, None if is_silent else row)
        active.append(live.active)
    ended += live.finish()
    whole = Activity([0.5] * 3, off_ratio=off_ratio, min_duration_s=least * HOP_S)
    of_file = stretches(scores, silent, spans(scores), whole)
    assert sorted(ended, key=lambda each: (each.start_s, each.label)) == of_file
    expected = np.zeros(scores.shape, dtype=np.bool_)
    for each in of_file:
        expected[each.first + max(0, least - 1) : each.last + 1, each.label] = True
    np.testing.assert_array_equal(np.array(active), expected)


def test_a_stream_forgets_what_it_needs_no_more() -> None:
    smoother = Smoother("mean", before_s=2.0, after_s=1.0)
    for number in range(1000):
        list(smoother.push(number * HOP_S, np.ones(3, dtype=np.float32)))
    assert len(smoother._held) <= 8
