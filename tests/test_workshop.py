from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.workshop import features
from models.workshop.calibration import TARGET_PRECISION, calibrate, honesty
from models.workshop.clips import GROUPS, Clip, Fold, read_manifests
from models.workshop.evaluation import Predictions, score
from models.workshop.report import (
    confusion,
    family_confusion,
    scores_by_fold,
    scores_recorded_elsewhere,
    table,
    worst_confusions,
)
from tagger.frontend import MelParameters
from tagger.taxonomy import LEAVES

KICK, SNARE, CELLO = (LEAVES.index(leaf) for leaf in ("kick", "snare", "cello"))


def clip(library: str = "iowa", group: str = "iowa-cello", label: str = "cello", *, is_real: bool = True) -> Clip:
    return Clip(Path("x.flac"), label, library, group, is_real)


def predictions(count: int = 4000, seed: int = 0, sharpness: float = 1.0) -> Predictions:
    """Truth drawn from the very probabilities that the logits state, times a sharpness to be found out."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2.5, (count, len(LEAVES))).astype(np.float32)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    leaf = np.array([rng.choice(len(LEAVES), p=row / row.sum()) for row in probability.astype(np.float64)])
    library = np.where(rng.random(count) < 0.8, "big", "small")
    presence = np.where(np.arange(len(LEAVES)) == leaf[:, None], 3.0, -3.0).astype(np.float32)
    return Predictions(library, leaf, logits * np.float32(sharpness), presence)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "clips").mkdir()
    rng = np.random.default_rng(0)
    with (tmp_path / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["file", "label", "library", "group"])
        writer.writeheader()
        for number in range(5):
            name = f"clip-{number}.flac"
            soundfile.write(tmp_path / "clips" / name, rng.uniform(-0.5, 0.5, 9000), 32000)
            writer.writerow({"file": name, "label": LEAVES[number], "library": "lib", "group": f"g{number}"})
    return tmp_path / "manifest.csv"


def test_a_manifest_is_read_and_a_foreign_label_refused(manifest: Path) -> None:
    clips = read_manifests([manifest])
    assert [each.label for each in clips] == list(LEAVES[:5])
    manifest.write_text("file,label,library,group\na.flac,vuvuzela,x,y\n", encoding="utf-8")
    with pytest.raises(ValueError, match="vuvuzela"):
        read_manifests([manifest])


def test_a_library_leaves_with_its_kin() -> None:
    fold = Fold("freepats")
    assert fold.judges_on(clip("freepats"))
    assert not fold.trains_on(clip("freepats"))
    assert not fold.trains_on(clip("freepats_gm", is_real=False))
    assert not fold.judges_on(clip("freepats_gm", is_real=False))
    assert fold.trains_on(clip("iowa"))


def test_the_unheard_soundfont_is_never_trained_on() -> None:
    assert not Fold("").trains_on(clip("timgm6mb", is_real=False))
    assert Fold("timgm6mb").judges_on(clip("timgm6mb", is_real=False))


def test_groups_are_never_split() -> None:
    fold = Fold(GROUPS)
    clips = [clip(group=f"g{number // 10}") for number in range(2000)]
    held_out = {each.group for each in clips if fold.judges_on(each)}
    trained = {each.group for each in clips if fold.trains_on(each)}
    assert held_out
    assert not held_out & trained
    assert held_out | trained == {each.group for each in clips}


def test_preparing_goes_on_where_it_stopped(manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_CLIPS_PER_SHARD", 2)
    clips, store = read_manifests([manifest]), tmp_path / "store"

    def prepare() -> None:
        features.prepare(clips, store, variants=3, rooms=tmp_path, parameters=MelParameters(), workers=1)

    prepare()
    first = features.load(store)
    kept = (store / "shard-0000.npz").stat().st_mtime_ns
    (store / "shard-0001.npz").unlink()
    prepare()
    again = features.load(store)
    assert first.log_mel.shape == (15, features.FRAMES, 64)
    assert first.clip.tolist() == [index for index in range(5) for _ in range(3)]
    assert (store / "shard-0000.npz").stat().st_mtime_ns == kept
    np.testing.assert_array_equal(first.log_mel, again.log_mel)


def test_score_by_hand() -> None:
    single = np.full((4, len(LEAVES)), -10, dtype=np.float32)
    single[0, KICK] = single[1, SNARE] = single[2, CELLO] = single[3, KICK] = 5
    single[1, KICK] = 4
    truth = np.array([KICK, KICK, CELLO, CELLO])
    figures = score(Predictions(np.full(4, "x"), truth, single, single))
    assert figures.top1 == 0.5
    assert figures.top3 == 0.75
    assert figures.family == 0.75
    assert figures.macro_f1 == pytest.approx((2 / 4 + 2 / 3) / 2)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_temperature_undoes_over_and_under_confidence(sharpness: float) -> None:
    held_out = predictions(sharpness=sharpness)
    calibration = calibrate(held_out)
    assert calibration.temperature == pytest.approx(sharpness, rel=0.1)
    assert honesty(held_out, calibration).expected_calibration_error < 0.05


def test_claims_reach_the_target_on_predictions_not_calibrated_on() -> None:
    calibration = calibrate(predictions(seed=1))
    honest = honesty(predictions(seed=2), calibration)
    assert honest.precision >= TARGET_PRECISION - 0.05
    assert 0 < honest.coverage < 1


def test_reports_read_well() -> None:
    held_out = predictions(400)
    scores = scores_by_fold({"big": held_out, GROUPS: held_out})
    clips = [clip("other", label="kick"), clip("big", label="snare")]
    elsewhere = scores_recorded_elsewhere({"big": held_out}, clips)
    assert elsewhere["big"].clips == np.sum(held_out.leaf == KICK)
    text = table(scores, elsewhere)
    assert text.count("\n") == 5
    assert "| big | 400 |" in text
    matrix = confusion(held_out)
    assert matrix.sum() == 400
    assert len(family_confusion(held_out).splitlines()) == 13
    assert "taken for" in worst_confusions(matrix)


def test_predictions_survive_a_file(tmp_path: Path) -> None:
    held_out = predictions(10)
    held_out.save(tmp_path / "deep" / "p.npz")
    loaded = Predictions.load(tmp_path / "deep" / "p.npz")
    np.testing.assert_array_equal(loaded.library, held_out.library)
    np.testing.assert_array_equal(loaded.single, held_out.single)
