from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tagger.decision import Question, aggregate, decide, family_scores, pooled
from tagger.frontend import MelParameters
from tagger.model_card import ModelCard
from tagger.recogniser import Prediction
from tagger.results import Kind
from tagger.taxonomy import LEAVES

CARD = ModelCard(
    name="test",
    version="1",
    frontend=MelParameters(),
    window_s=2.0,
    labels=LEAVES,
    temperature=1.0,
    presence_scale=1.0,
    presence_offset=0.0,
    single_thresholds=(0.6,) * 59,
    presence_thresholds=(0.5,) * 59,
    family_threshold=0.7,
    description="",
)


def scores(**of: float) -> np.ndarray:
    vector = np.zeros(59, dtype=np.float32)
    for label, score in of.items():
        vector[LEAVES.index(label)] = score
    return vector


def labels(instruments: tuple[object, ...]) -> list[str]:
    return [each.label for each in instruments]  # type: ignore[attr-defined]


def test_a_sure_leaf_is_claimed_and_top_three_is_ranked() -> None:
    verdict = decide(scores(kick=0.8, tom=0.15, snare=0.05), Kind.ONE_SHOT, CARD)
    assert labels(verdict.instruments) == ["kick", "tom", "snare"]
    assert labels(verdict.tags) == ["kick"]


def test_the_family_is_claimed_where_the_leaf_is_unsure() -> None:
    verdict = decide(scores(violin=0.4, viola=0.35, flute=0.2), Kind.ONE_SHOT, CARD)
    assert labels(verdict.tags) == ["strings"]
    assert verdict.tags[0].family == "strings"
    assert np.isclose(verdict.tags[0].confidence, 0.75)


def test_unsure_is_an_answer() -> None:
    verdict = decide(scores(violin=0.3, flute=0.3, kick=0.3), Kind.ONE_SHOT, CARD)
    assert verdict.tags == ()
    assert len(verdict.instruments) == 3


def test_a_family_of_one_leaf_is_no_way_around_its_threshold() -> None:
    card_with_high_threshold = scores(sound_effect=0.0)
    card_with_high_threshold[LEAVES.index("sound_effect")] = 0.59
    assert decide(card_with_high_threshold, Kind.ONE_SHOT, CARD).tags == ()


def test_a_loop_may_hold_several() -> None:
    verdict = decide(scores(kick=0.9, hihat=0.8, synth_bass=0.6, piano=0.2), Kind.LOOP, CARD)
    assert labels(verdict.tags) == ["kick", "hihat", "synth_bass"]


def test_a_one_shot_is_judged_at_its_onset_a_track_where_it_is_clearest() -> None:
    single = np.stack([scores(piano=0.9), scores(organ=0.9)])
    presence = np.stack([scores(piano=0.1)] * 6 + [scores(piano=0.9, voice=0.7)] * 2)
    embedding = np.zeros((2, 128), dtype=np.float32)
    assert aggregate(Prediction(single, presence, embedding), Kind.ONE_SHOT, hop_s=2.0)[LEAVES.index("piano")] > 0.8
    track = aggregate(Prediction(single, presence, embedding), Kind.TRACK, hop_s=2.0)
    assert np.isclose(track[LEAVES.index("voice")], 0.7)


def test_families_of_several_at_once_stay_probabilities() -> None:
    families = family_scores(scores(kick=0.9, hihat=0.8), Kind.LOOP, LEAVES)
    assert np.isclose(families["drums"], 0.98)


def test_other_label_sets() -> None:
    verdict = decide(scores(clarinet=0.7, flute=0.2, kick=0.1), Kind.ONE_SHOT, CARD, "irmas")
    assert labels(verdict.instruments)[:2] == ["cla", "flu"]
    assert labels(verdict.tags) == ["cla"]
    assert verdict.tags[0].family == "woodwind"
    assert decide(scores(clarinet=0.59), Kind.ONE_SHOT, CARD, "irmas").tags == ()


def test_families_as_a_label_set() -> None:
    one_shot = decide(scores(violin=0.4, viola=0.35, flute=0.2), Kind.ONE_SHOT, CARD, "families")
    assert [(each.label, each.family) for each in one_shot.tags] == [("strings", "strings")]
    assert np.isclose(one_shot.tags[0].confidence, 0.75)
    loop = decide(scores(kick=0.4, snare=0.4, violin=0.2, viola=0.2), Kind.LOOP, CARD, "families")
    assert labels(loop.tags) == ["drums"]
    assert np.isclose(loop.tags[0].confidence, 0.64)


def test_a_coarse_label_is_claimed_at_the_mean_threshold_of_its_leaves() -> None:
    thresholds = np.full(59, 0.5)
    thresholds[[LEAVES.index("electric_bass"), LEAVES.index("synth_bass")]] = 0.3, 0.8
    card = replace(CARD, presence_thresholds=tuple(thresholds))
    question = Question.of(card, "nsynth", Kind.TRACK)
    assert question.thresholds[question.labels.index("bass")] == pytest.approx(0.55)
    assert question.thresholds[question.labels.index("flute")] == pytest.approx(0.5)


def test_thresholds_of_a_person_come_before_the_models() -> None:
    heard = scores(kick=0.45, snare=0.2, tom=0.1)
    assert labels(Question.of(CARD, "own", Kind.LOOP).verdict(heard).tags) == []
    lower = Question.of(CARD, "own", Kind.LOOP, threshold=0.15)
    assert labels(lower.verdict(heard).tags) == ["kick", "snare"]
    mixed = Question.of(CARD, "own", Kind.LOOP, threshold=0.15, thresholds={"snare": 0.3, "tom": 0.05})
    assert labels(mixed.verdict(heard).tags) == ["kick", "tom"]
    unsure = Question.of(CARD, "own", Kind.ONE_SHOT, threshold=0.9)
    assert unsure.verdict(scores(violin=0.4, viola=0.4)).tags == ()
    assert unsure.verdict(scores(violin=0.5, viola=0.45)).tags[0].label == "strings"
    everything = Question.of(CARD, "own", Kind.LOOP, threshold=0.0)
    assert labels(everything.verdict(heard).tags) == ["kick", "snare", "tom"]


def test_ways_to_pool_windows() -> None:
    windows = np.array([[0.1, 0.0]] * 6 + [[0.9, 0.4], [0.7, 0.0]], dtype=np.float32)
    np.testing.assert_allclose(pooled(windows, hop_s=1.5), [0.8, 0.2], rtol=1e-6)
    np.testing.assert_allclose(pooled(windows, hop_s=1.5, aggregation="mean"), [0.275, 0.05], rtol=1e-6)
    np.testing.assert_allclose(pooled(windows, hop_s=1.5, aggregation="max"), [0.9, 0.4], rtol=1e-6)
    np.testing.assert_allclose(pooled(windows[:1], hop_s=1.5), windows[0])
    np.testing.assert_allclose(pooled(windows, hop_s=60.0), [0.9, 0.4], rtol=1e-6)


@pytest.mark.parametrize("hop_s", [0.25, 1.5, 2.0])
def test_what_is_clear_for_some_time_is_there_however_long_the_recording(hop_s: float) -> None:
    windows = np.full((round(3600 / hop_s), 2), 0.02, dtype=np.float32)
    windows[100 : 100 + round(12 / hop_s), 0] = 0.8
    windows[100 : 100 + round(3 / hop_s), 1] = 0.8
    lasting, passing = pooled(windows, hop_s=hop_s)
    assert lasting == pytest.approx(0.8)
    assert passing < 0.4
