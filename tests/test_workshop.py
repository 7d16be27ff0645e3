"""The workshop's parts that need no PyTorch: how clips are divided and prepared, and what is made of predictions."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special
import soundfile

from models.workshop import features
from models.workshop.calibration import TARGET_PRECISION, Calibration, calibrate, honesty, honesty_elsewhere
from models.workshop.clips import GROUPS, Clip, Fold, label_matrices
from models.workshop.features import Store
from models.workshop.predictions import Predictions, families_of, family_sums
from tagger.frontend import MelParameters
from tagger.taxonomy import LEAVES

LABELS = LEAVES[:12]
RATE = 32_000


def clip(library: str = "iowa", group: str = "iowa-cello", *labels: str, is_real: bool = True) -> Clip:
    return Clip(Path("x.flac"), labels or ("cello",), library, group, is_real)


# Folds


def test_a_library_leaves_with_its_kin() -> None:
    for held_out, kin in (("freepats", "freepats_gm"), ("freepats_gm", "freepats")):
        fold = Fold(held_out)
        assert fold.judges_on(clip(held_out))
        assert not fold.trains_on(clip(held_out))
        assert not fold.trains_on(clip(kin, is_real=False))
        assert not fold.judges_on(clip(kin, is_real=False))
        assert fold.trains_on(clip("iowa"))


def test_several_libraries_leave_together() -> None:
    fold = Fold("iowa+freepats")
    assert [fold.judges_on(clip(name)) for name in ("iowa", "freepats", "freepats_gm", "keys")] == [1, 1, 0, 0]
    assert [fold.trains_on(clip(name)) for name in ("iowa", "freepats", "freepats_gm", "keys")] == [0, 0, 0, 1]


def test_a_library_may_have_a_plus_in_its_name() -> None:
    fold = Fold("kicks + snares")
    assert fold.judges_on(clip("kicks + snares"))
    assert not fold.trains_on(clip("kicks + snares"))


def test_the_unheard_soundfont_is_never_trained_on() -> None:
    unheard = clip("timgm6mb", is_real=False)
    assert not any(Fold(held_out).trains_on(unheard) for held_out in ("", GROUPS, "iowa", "timgm6mb"))
    assert Fold("timgm6mb").judges_on(unheard)


def test_nothing_held_out_is_everything_trained_on() -> None:
    assert Fold("").trains_on(clip())
    assert not Fold("").judges_on(clip())


def test_groups_are_never_split() -> None:
    fold = Fold(GROUPS)
    clips = [clip(group=f"g{number // 10}") for number in range(2000)]
    held_out = {each.group for each in clips if fold.judges_on(each)}
    trained = {each.group for each in clips if fold.trains_on(each)}
    assert 10 <= len(held_out) <= 40
    assert not held_out & trained
    assert held_out | trained == {each.group for each in clips}
    # What was rendered says nothing about recordings.
    assert not any(fold.judges_on(replace(each, is_real=False)) for each in clips)


def test_label_matrices_tell_present_and_unknown() -> None:
    clips = [
        Clip(Path("a"), ("viola", "kick"), "x", "g"),
        Clip(Path("b"), (), "x", "g", unknown=frozenset({"kick"})),
        Clip(Path("c"), ("cello",), "x", "g", unknown=frozenset({"viola"})),
        Clip(Path("d"), ("cello",), "x", "g"),
    ]
    present, unknown = label_matrices(clips, ("kick", "cello", "viola"))
    assert present.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert unknown.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert [each.is_single for each in clips] == [False, False, False, True]


# Features


def write_noises(folder: Path) -> list[Clip]:
    rng = np.random.default_rng(0)
    clips = []
    for number in range(5):
        path = folder / f"clip-{number}.flac"
        soundfile.write(path, rng.uniform(-0.5, 0.5, 9000), RATE)
        clips.append(Clip(path, (LEAVES[number],), "lib", f"g{number}"))
    return clips


def prepared(clips: list[Clip], store: Path, *, variants: int = 1, rooms: Path | None = None) -> Store:
    features.prepare(clips, store, variants=variants, rooms=rooms, parameters=MelParameters(), workers=1)
    return features.load(store)


def tones(*frequencies_hz: float, rate: int = RATE, duration_s: float = 3.0) -> npt.NDArray[np.float32]:
    """Sines of a duration each, one after the other."""
    time_s = np.arange(round(duration_s * rate)) / rate
    parts = [0.5 * np.sin(2 * np.pi * frequency_hz * time_s) for frequency_hz in frequencies_hz]
    return np.concatenate(parts).astype(np.float32)


def loudest_hz(log_mel: npt.NDArray[np.float16]) -> npt.NDArray[np.float64]:
    """(rows,) centre of the band that is loudest in the middle of each row."""
    loudest: npt.NDArray[np.float64] = MelParameters().edges_hz()[1 + log_mel[:, 50].argmax(axis=1)]
    return loudest


@pytest.mark.parametrize("has_rooms", [False, True])
def test_preparing_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_rooms: bool
) -> None:
    monkeypatch.setattr(features, "_CLIPS_PER_SHARD", 2)
    rooms = tmp_path if has_rooms else None
    if rooms:
        soundfile.write(rooms / "hall.ogg", np.random.default_rng(1).normal(0, 0.1, RATE), RATE)
    clips, store = write_noises(tmp_path), tmp_path / "store"

    first = prepared(clips, store, variants=3, rooms=rooms)
    kept = (store / "shard-0000.npz").stat().st_mtime_ns
    (store / "shard-0001.npz").unlink()
    again = prepared(clips, store, variants=3, rooms=rooms)

    assert first.log_mel.shape == (15, features.FRAMES, 64)
    assert np.isfinite(first.log_mel).all()
    assert first.clip.tolist() == [index for index in range(5) for _ in range(3)]
    assert first.first_rows().tolist() == [0, 3, 6, 9, 12]
    assert (store / "shard-0000.npz").stat().st_mtime_ns == kept
    np.testing.assert_array_equal(first.log_mel, again.log_mel)
    np.testing.assert_array_equal(first.clip, again.clip)


def test_the_first_row_is_the_clip_itself_and_the_others_are_not(tmp_path: Path) -> None:
    clips = write_noises(tmp_path)
    store = prepared(clips, tmp_path / "store", variants=3)
    alone = prepared(clips, tmp_path / "alone")
    np.testing.assert_array_equal(store.log_mel[store.first_rows()], alone.log_mel)
    assert not (store.log_mel[1] == store.log_mel[0]).all()
    assert not (store.log_mel[1] == store.log_mel[2]).all()


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_stretches_are_read_from_their_place_at_any_rate(tmp_path: Path, rate: int) -> None:
    frequencies_hz = (300.0, 1000.0, 3000.0)
    # The right channel is silent, so that a stretch cut in interleaved samples would be another one.
    mono = tones(*frequencies_hz, rate=rate)
    soundfile.write(tmp_path / "long.wav", np.stack([mono, np.zeros_like(mono)], axis=1), rate)
    clips = [Clip(tmp_path / "long.wav", ("organ",), "x", "g", start_s=start_s) for start_s in (6.0, 0.0, 3.0)]
    log_mel = prepared(clips, tmp_path / "store").log_mel
    np.testing.assert_allclose(loudest_hz(log_mel), [3000, 300, 1000], rtol=0.06)


def test_a_store_does_not_depend_on_channels_and_hardly_on_the_rate(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.uniform(-0.5, 0.5, 2 * RATE).astype(np.float32)
    soundfile.write(tmp_path / "mono.wav", noise, RATE, subtype="FLOAT")
    wide = np.stack([noise + tones(800.0, duration_s=2.0), noise - tones(800.0, duration_s=2.0)], axis=1)
    soundfile.write(tmp_path / "stereo.wav", wide, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "44k.wav", tones(440.0, rate=44_100), 44_100)
    soundfile.write(tmp_path / "32k.wav", tones(440.0), RATE)
    names = ("mono.wav", "stereo.wav", "44k.wav", "32k.wav")
    log_mel = prepared([Clip(tmp_path / name, ("organ",), "x", "g") for name in names], tmp_path / "store").log_mel
    np.testing.assert_allclose(log_mel[0], log_mel[1], atol=0.1)
    near_the_tone = log_mel[3, 50] > log_mel[3, 50].max() - 40
    np.testing.assert_allclose(log_mel[2, 50, near_the_tone], log_mel[3, 50, near_the_tone], atol=1.0)


def test_a_short_clip_is_padded_with_the_floor(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", tones(440.0, duration_s=0.5), RATE)
    (log_mel,) = prepared([Clip(tmp_path / "short.wav", ("organ",), "x", "g")], tmp_path / "store").log_mel
    assert (log_mel[30:] == MelParameters().floor_db).all()
    assert log_mel[:25].max() > -40


def test_what_cannot_be_read_is_left_out_and_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = write_noises(tmp_path)[:2]
    (tmp_path / "broken.wav").write_bytes(b"RIFF, but no more")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    broken, empty, past_the_end = (
        replace(good[0], path=tmp_path / "broken.wav"),
        replace(good[0], path=tmp_path / "empty.wav"),
        replace(good[0], start_s=60.0),
    )
    store = prepared([broken, good[0], empty, past_the_end, good[1]], tmp_path / "store", variants=2)
    assert store.clip.tolist() == [1, 1, 4, 4]
    assert store.first_rows().tolist() == [0, 2]
    told = capfd.readouterr().out
    assert all(f"{each.path}: " in told for each in (broken, empty, past_the_end))


def test_joined_stores_count_clips_through() -> None:
    first = Store(np.zeros((4, features.FRAMES, 64), np.float16), np.array([0, 0, 2, 2], dtype=np.int32))
    second = Store(np.ones((2, features.FRAMES, 64), np.float16), np.array([0, 1], dtype=np.int32))
    # The first list has a clip more than its store has: the offset is of lists, not of rows.
    joined = Store.join([first, second, first], [4, 2, 3])
    assert joined.clip.tolist() == [0, 0, 2, 2, 4, 5, 6, 6, 8, 8]
    assert joined.log_mel[:, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    assert joined.first_rows().tolist() == [0, 2, 4, 5, 6, 8]


# Calibration


def singles(count: int = 3000, seed: int = 0, sharpness: float = 1.0) -> Predictions:
    """Truth drawn from the very probabilities that the logits state, times a sharpness to be found out."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2.5, (count, len(LABELS))).astype(np.float32)
    edges = scipy.special.softmax(logits.astype(np.float64), axis=1).cumsum(axis=1)
    truth = np.minimum((edges < rng.random((count, 1))).sum(axis=1), len(LABELS) - 1)
    present = np.arange(len(LABELS)) == truth[:, None]
    return Predictions(
        labels=np.array(LABELS),
        library=np.where(rng.random(count) < 0.8, "big", "small"),
        recording=np.array([f"{number}.wav" for number in range(count)]),
        present=present,
        unknown=np.zeros_like(present),
        single=logits * np.float32(sharpness),
        presence=np.where(present, 3.0, -3.0).astype(np.float32),
    )


def mixtures(count: int = 3000, seed: int = 0, scale: float = 1.0, offset: float = 0.0) -> Predictions:
    """Each label drawn by itself from sigmoid(scale * logit + offset), a third of them never judged."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.5, 2.5, (count, len(LABELS))).astype(np.float32)
    present = rng.random(logits.shape) < scipy.special.expit(scale * logits.astype(np.float64) + offset)
    unknown = rng.random(logits.shape) < 1 / 3
    # What nobody judged is noise: to calibrate on it would be told by its numbers.
    present[unknown] = rng.random(int(unknown.sum())) < 0.5
    return Predictions(
        np.array(LABELS),
        np.full(count, "mixes"),
        np.array([f"mixture {number}" for number in range(count)]),
        present,
        unknown,
        logits,
        logits,
    )


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_temperature_undoes_over_and_under_confidence(sharpness: float) -> None:
    held_out = singles(sharpness=sharpness)
    calibration = calibrate(held_out, mixtures(200))
    assert calibration.temperature == pytest.approx(sharpness, rel=0.1)
    honest = honesty(held_out, calibration).expected_calibration_error
    assert honest < 0.03
    if sharpness != 1.0:
        assert honesty(held_out, replace(calibration, temperature=1.0)).expected_calibration_error > 2 * honest


def test_claims_reach_the_target_on_predictions_not_calibrated_on() -> None:
    calibration = calibrate(singles(seed=1), mixtures(200))
    honest = honesty(singles(seed=2), calibration)
    assert honest.precision >= TARGET_PRECISION - 0.04
    assert 0.1 < honest.coverage < 1
    # The families of twelve labels are larger than one label, so that some are sure where no label is.
    assert honest.family_coverage > 0
    assert honest.family_precision >= TARGET_PRECISION - 0.1


def test_a_library_is_judged_by_what_others_chose() -> None:
    modest = replace(singles(2000, seed=3), library=np.full(2000, "modest"))
    boastful = replace(singles(2000, seed=4, sharpness=3.0), library=np.full(2000, "boastful"))
    both = Predictions.join([modest, boastful])
    elsewhere, here = honesty_elsewhere(both), honesty(both, calibrate(both, mixtures(200)))
    assert elsewhere.expected_calibration_error > 1.3 * here.expected_calibration_error
    assert elsewhere.precision < here.precision
    # Where all are alike, it makes no difference who chose.
    alike = Predictions.join([replace(singles(2000, seed=seed), library=np.full(2000, str(seed))) for seed in range(3)])
    elsewhere, here = honesty_elsewhere(alike), honesty(alike, calibrate(alike, mixtures(200)))
    assert elsewhere.precision == pytest.approx(here.precision, abs=0.03)
    assert elsewhere.coverage == pytest.approx(here.coverage, abs=0.03)


def test_each_library_counts_the_same() -> None:
    overconfident = replace(singles(3000, seed=3, sharpness=3.0), library=np.full(3000, "large"))
    honest = replace(singles(300, seed=4), library=np.full(300, "little"))
    alone = calibrate(overconfident, mixtures(200)).temperature
    both = calibrate(Predictions.join([overconfident, honest]), mixtures(200)).temperature
    ten_times = calibrate(Predictions.join([overconfident, *[honest] * 10]), mixtures(200)).temperature
    assert both < 0.9 * alone
    assert ten_times == pytest.approx(both, rel=1e-3)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.5, -1.0), (1.6, 0.7)])
def test_presence_is_scaled_and_shifted_to_what_was_judged(scale: float, offset: float) -> None:
    calibration = calibrate(singles(200), mixtures(scale=scale, offset=offset))
    assert calibration.presence_scale == pytest.approx(scale, rel=0.1)
    assert calibration.presence_offset == pytest.approx(offset, abs=0.1)


def test_presence_thresholds_suit_each_label() -> None:
    said = mixtures(4000)
    judged = ~said.unknown
    # The first label is claimed too readily: what the others mean by 0, it means by 4.
    said.presence[:, 0] += 4
    calibration = calibrate(singles(200), said)
    thresholds = np.array(calibration.presence_thresholds)
    assert thresholds.shape == (len(LABELS),)
    assert ((thresholds > 0) & (thresholds < 1)).all()
    assert thresholds[0] > thresholds[1:].max() + 0.2

    def f1(thresholds: float | npt.NDArray[np.float64]) -> float:
        probability = said.presence_probability(calibration.presence_scale, calibration.presence_offset)
        claimed, present = (probability >= thresholds)[judged], said.present[judged]
        return float(2 * (claimed & present).sum() / (claimed.sum() + present.sum()))

    assert f1(thresholds) > f1(0.5)


def test_clips_of_several_are_no_matter_of_the_single_head() -> None:
    held_out = singles(1500)
    several = replace(held_out, present=np.ones_like(held_out.present))
    partly_known = replace(held_out, unknown=~held_out.present)
    together = Predictions.join([held_out, several, partly_known])
    calibration = calibrate(held_out, mixtures(200))
    assert calibrate(together, mixtures(200)) == calibration
    # Of what no clip has, a figure is nan in both.
    np.testing.assert_equal(asdict(honesty(together, calibration)), asdict(honesty(held_out, calibration)))


def test_a_calibration_without_single_clips_changes_no_temperature() -> None:
    nothing = singles(10).rows(np.zeros(10, dtype=np.bool_))
    calibration = calibrate(nothing, mixtures(200))
    assert calibration.temperature == 1.0
    assert honesty(nothing, calibration).coverage == 0


def test_claims_for_sound_effects_are_counted_by_hand() -> None:
    labels = np.array(["sound_effect", "kick", "snare", "cello"])
    # Effects: told as one, claimed as a kick, claimed as a drum, nothing claimed; and a cello taken for a kick.
    probability = np.array(
        [[0.9, 0.1, 0, 0], [0.1, 0.9, 0, 0], [0.1, 0.45, 0.45, 0], [0.3, 0.3, 0.1, 0.3], [0, 0.9, 0, 0.1]]
    )
    present = np.arange(4) == np.array([0, 0, 0, 0, 3])[:, None]
    logits = np.log(np.maximum(probability, 1e-6)).astype(np.float32)
    said = Predictions(
        labels, np.full(5, "x"), np.arange(5).astype(str), present, np.zeros_like(present), logits, logits
    )
    honest = honesty(said, Calibration(1.0, 1.0, 0.0, (0.8,) * 4, (0.5,) * 4, 0.8))
    assert honest.effects_as_instruments == pytest.approx(2 / 4)
    assert (honest.precision, honest.coverage) == pytest.approx((1 / 3, 3 / 5))
    assert (honest.family_precision, honest.family_coverage) == pytest.approx((0.0, 1 / 5))


def test_a_calibration_survives_its_json() -> None:
    calibration = Calibration(1.25, 0.9, -0.5, (0.5, 0.6), (0.1, 0.2), 0.7)
    assert Calibration.from_json(calibration.to_json()) == calibration


# Predictions


def assert_same(one: Predictions, other: Predictions) -> None:
    for name in Predictions.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_predictions_survive_a_file(tmp_path: Path) -> None:
    held_out = mixtures(10)
    held_out.save(tmp_path / "deep" / "p.npz")
    assert_same(Predictions.load(tmp_path / "deep" / "p.npz"), held_out)


def test_predictions_are_parted_and_joined() -> None:
    held_out = singles(20)
    is_big = held_out.library == "big"
    big, small = held_out.rows(is_big), held_out.rows(~is_big)
    assert len(big) + len(small) == 20
    assert set(big.library) == {"big"}
    order = np.concatenate([np.flatnonzero(is_big), np.flatnonzero(~is_big)])
    assert_same(Predictions.join([big, small]), held_out.rows(order))


def test_stretches_of_a_recording_are_joined() -> None:
    present = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.bool_)
    logits = np.array([[1, 0], [9, 9], [3, 4], [0, 0]], dtype=np.float32)
    said = Predictions(
        labels=np.array(["kick", "cello"]),
        library=np.array(["x", "y", "x", "y"]),
        recording=np.array(["b.wav", "a.wav", "b.wav", "c.wav"]),
        present=present,
        unknown=~present,
        single=logits,
        presence=-logits,
    )
    mean = said.by_recording()
    assert mean.recording.tolist() == ["a.wav", "b.wav", "c.wav"]
    assert mean.library.tolist() == ["y", "x", "y"]
    assert mean.truth.tolist() == [1, 0, 1]
    assert mean.single.tolist() == [[9, 9], [2, 2], [0, 0]]
    assert mean.presence.tolist() == [[-9, -9], [-2, -2], [0, 0]]
    assert said.by_recording(lambda rows: rows.max(axis=0)).single.tolist() == [[9, 9], [3, 4], [0, 0]]
    assert len(said.rows(np.zeros(4, dtype=np.bool_)).by_recording()) == 0


def test_single_clips_are_those_of_one_known_label() -> None:
    present = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=np.bool_)
    unknown = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]], dtype=np.bool_)
    logits = np.zeros((4, 3), dtype=np.float32)
    said = Predictions(np.array(LABELS[:3]), np.full(4, "x"), np.full(4, "y"), present, unknown, logits, logits)
    assert said.is_single.tolist() == [True, False, False, False]
    assert said.truth.tolist()[:2] == [0, 0]


def test_probabilities_of_a_family_are_added() -> None:
    labels = ("kick", "cello", "snare", "my_own")
    assert families_of(labels)[0] == ["drums", "strings", "my_own"]
    assert families_of(labels)[1].tolist() == [0, 1, 0, 2]
    sums = family_sums(np.array([[0.1, 0.2, 0.3, 0.4]], dtype=np.float32), labels)
    np.testing.assert_allclose(sums, [[0.4, 0.2, 0.4]])
