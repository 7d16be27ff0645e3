"""What plays when: recordings put together from sounds that the model knows."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile

import tagger
from tagger.analysis import Analyser
from tagger.results import Kind
from tagger.taxonomy import FAMILIES, LABEL_SETS, LEAVES
from tagger.timeline import Timeline, TimelineSettings, bounds_s
from tests.test_analysis import RATE, drum_loop, hat, kick


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE))


def four_on_the_floor(seconds: float) -> np.ndarray:
    step = np.concatenate([kick(), silence(0.1)])
    return np.tile(step, round(seconds / 0.5))


def of(analyser: Analyser, signal: np.ndarray, **settings: object) -> Timeline:
    return analyser.analyse_array_over_time(signal, RATE, TimelineSettings(**settings))  # type: ignore[arg-type]


def spans(timeline: Timeline, label: str) -> list[tuple[float, float]]:
    return [(each.start_s, each.end_s) for each in timeline.segments if each.label == label]


def test_a_drum_comes_and_goes(analyser: Analyser) -> None:
    timeline = of(analyser, np.concatenate([four_on_the_floor(12), silence(12), four_on_the_floor(12)]))
    assert timeline.kind is Kind.TRACK
    assert timeline.instruments[0].label == "kick"
    first, second = spans(timeline, "kick")
    np.testing.assert_allclose(first, (0, 12), atol=0.2)
    np.testing.assert_allclose(second, (24, 36), atol=0.2)
    assert timeline.is_silent.any()
    assert not timeline.intensity[timeline.is_silent].any()


def test_shape_and_meaning_of_all_parts(analyser: Analyser) -> None:
    timeline = of(analyser, drum_loop(), window_s=1.0, hop_s=0.25)
    windows = len(timeline.time_s)
    assert timeline.labels == LEAVES
    assert timeline.intensity.shape == timeline.active.shape == (windows, 59)
    assert timeline.intensity.dtype == np.float32
    np.testing.assert_allclose(timeline.time_s, np.arange(windows) * 0.25)
    assert timeline.thresholds.shape == (59,)
    assert timeline.bounds_s[0] == 0
    assert timeline.bounds_s[-1] == timeline.facts.duration_s
    assert list(timeline.segments) == sorted(
        timeline.segments, key=lambda each: (each.start_s, LEAVES.index(each.label))
    )
    for each in timeline.segments:
        rows = timeline.active[:, LEAVES.index(each.label)]
        inside = rows & (timeline.bounds_s[1:] > each.start_s) & (timeline.bounds_s[:-1] < each.end_s)
        assert 0 <= each.start_s < each.end_s <= timeline.facts.duration_s
        assert each.confidence == pytest.approx(timeline.intensity[inside, LEAVES.index(each.label)].mean(), rel=1e-4)


def test_a_one_shot_is_claimed_as_its_tags_say(analyser: Analyser) -> None:
    sound = np.concatenate([silence(0.4), kick(), silence(6)])
    timeline = of(analyser, sound)
    analysis = analyser.analyse_array(sound, RATE)
    assert timeline.kind is Kind.ONE_SHOT
    assert timeline.instruments == analysis.tags
    (span,) = spans(timeline, "kick")
    np.testing.assert_allclose(span, (0.4, 0.8), atol=0.05)


def test_settings_are_obeyed(analyser: Analyser) -> None:
    loop = np.concatenate([drum_loop(), kick(), silence(3.0)])
    usual = of(analyser, loop)
    assert not of(analyser, loop, threshold=1.0).segments
    assert not of(analyser, loop, threshold=1.0).instruments
    everything = of(analyser, loop, threshold=0.0)
    assert {each.label for each in everything.segments} == set(LEAVES)
    only_kicks = of(analyser, loop, threshold=1.0, thresholds={"kick": 0.05})
    assert {each.label for each in only_kicks.segments} == {"kick"}
    assert not of(analyser, loop, min_duration_s=60.0).segments
    long_enough = of(analyser, loop, min_duration_s=1.0)
    assert all(each.end_s - each.start_s >= 1 for each in long_enough.segments)
    mean = of(analyser, loop, smoothing="mean", smoothing_s=60.0).intensity
    assert np.ptp(mean[~usual.is_silent], axis=0).max() < 1e-5
    strongest, most = (of(analyser, loop, aggregation=each, threshold=0.0).instruments for each in ("mean", "max"))
    assert {each.label: each.confidence for each in most}["kick"] > {e.label: e.confidence for e in strongest}["kick"]


def test_a_trace_gives_what_listening_again_would(analyser: Analyser, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.concatenate([drum_loop(), kick(), silence(3.0)]), RATE, subtype="FLOAT")
    trace = pickle.loads(pickle.dumps(analyser.trace(path, window_s=1.0, hop_s=0.5)))
    for wanted in (
        TimelineSettings(window_s=1.0, hop_s=0.5),
        TimelineSettings(window_s=1.0, hop_s=0.5, label_set="families", threshold=0.3, min_duration_s=1.0),
        TimelineSettings(window_s=1.0, hop_s=0.5, aggregation="max", smoothing="median", smoothing_s=2.0, off_ratio=1),
    ):
        kept, anew = trace.timeline(wanted), analyser.analyse_over_time(path, wanted)
        assert (kept.segments, kept.instruments, kept.path) == (anew.segments, anew.instruments, path)
        np.testing.assert_array_equal(kept.intensity, anew.intensity)
        verdict = trace.verdict(wanted)
        assert verdict.tags == kept.instruments
        assert len(verdict.instruments) == 3
    with pytest.raises(ValueError, match=r"1\.0 s every 0\.5 s"):
        trace.timeline(TimelineSettings())


@pytest.mark.parametrize("label_set", LABEL_SETS)
def test_every_label_set(analyser: Analyser, label_set: str) -> None:
    timeline = of(analyser, drum_loop(), label_set=label_set)
    assert timeline.labels == tuple(LABEL_SETS[label_set].leaves_of)
    assert set(timeline.words) == set(timeline.labels)
    assert {each.label for each in timeline.segments} <= set(timeline.labels)
    if label_set == "families":
        assert timeline.instruments[0].label == "drums"
        drums = [LEAVES.index(leaf) for leaf in FAMILIES["drums"]]
        leaves = of(analyser, drum_loop()).intensity[:, drums]
        np.testing.assert_allclose(timeline.intensity[:, 0], 1 - np.prod(1 - leaves, axis=1), rtol=1e-4)


@pytest.mark.parametrize(("seconds", "windows"), [(0.01, 1), (3.0, 1), (40.0, 26)])
def test_silence_is_told_as_silence(analyser: Analyser, seconds: float, windows: int) -> None:
    timeline = of(analyser, silence(seconds))
    assert timeline.kind is Kind.SILENCE
    assert timeline.is_silent.tolist() == [True] * windows
    assert not timeline.segments
    assert not timeline.instruments
    assert not timeline.active.any()


@pytest.mark.parametrize("length", [1, 10, 441])
def test_very_short_sounds_get_an_answer(analyser: Analyser, length: int) -> None:
    timeline = of(analyser, np.full(length, 0.5))
    assert len(timeline.time_s) == 1
    assert timeline.facts.duration_s == pytest.approx(length / RATE)


def test_a_file_and_its_samples_give_the_same(analyser: Analyser, tmp_path: Path) -> None:
    path = tmp_path / "loop.wav"
    song = np.tile(drum_loop(), 5)
    soundfile.write(path, np.stack([song, song, song], axis=1), RATE, subtype="FLOAT")
    seen: list[tuple[int, float]] = []
    from_file = analyser.analyse_over_time(path, watch=lambda block, facts: seen.append((len(block), facts.duration_s)))
    from_array = analyser.analyse_array_over_time(song, RATE)
    np.testing.assert_allclose(from_file.intensity, from_array.intensity, atol=1e-3)
    assert from_file.path == path
    assert from_array.path is None
    assert from_file.facts.channels == 3
    assert seen == [(10 * RATE, 40)] * 4
    assert tagger.analyse_over_time(path).segments == from_file.segments


@pytest.mark.parametrize(
    "wrong",
    [
        {"label_set": "orchestra"},
        {"aggregation": "sum"},
        {"smoothing": "gauss"},
        {"window_s": 0.0},
        {"hop_s": float("nan")},
        {"threshold": 1.5},
        {"thresholds": {"kick": -0.1}},
        {"min_duration_s": -1.0},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TimelineSettings(**wrong)  # type: ignore[arg-type]


def test_bounds_lie_halfway_between_centres() -> None:
    np.testing.assert_allclose(bounds_s(np.array([0.0, 1.5, 3.0]), 3.0, 5.0), [0, 2.25, 3.75, 5])
    np.testing.assert_allclose(bounds_s(np.array([0.0]), 3.0, 0.4), [0, 0.4])
    assert bounds_s(np.zeros(0), 3.0, 0.0).shape == (0,)


def test_the_sounds_used_here_are_known(analyser: Analyser) -> None:
    assert analyser.analyse_array(kick(), RATE).tags[0].label == "kick"
    assert analyser.analyse_array(hat(), RATE).instruments[0].family in {"drums", "percussion"}
