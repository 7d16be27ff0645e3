"""The protocols of the field from end to end, on small made data in the published layouts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.workshop.clips import Clip
from models.workshop.datasets import irmas, nsynth, openmic
from models.workshop.datasets.errors import DatasetError
from models.workshop.datasets.listing import divide
from models.workshop.protocols import PROTOCOLS, Outcome, run_protocol
from models.workshop.recipe import Recipe
from models.workshop.training import Schedule
from tests.published_layouts import write_irmas_testing, write_irmas_training, write_nsynth, write_openmic
from tests.training.material import TINY

RECIPE = Recipe(
    window_s=1.0,
    seeds=(1,),
    variants=1,
    rendered_variants=1,
    network=TINY,
    training=Schedule(steps=4, batch_size=8, windows_s=(1.0,), presence_steps=4, half_precision=False),
)
RATE = 8000
SINGLE = {"clips", "top1", "top3", "balanced_top1", "macro_f1", "family", "roc_auc", "mean_average_precision"}
SEVERAL = {"clips", "micro F1", "macro F1", "mAP", "ROC-AUC", "LRAP", "one of the top 3 sounds", "oracle micro F1"}


def noise(duration_s: float) -> Callable[[Path], Path]:
    """Writes noises that differ from file to file."""

    def write(path: Path) -> Path:
        rng = np.random.default_rng(zlib.crc32(path.name.encode()))
        path.parent.mkdir(parents=True, exist_ok=True)
        spectrum = rng.normal(size=round(duration_s * RATE) // 2 + 1)
        samples = np.fft.irfft(spectrum * np.linspace(1, 0, len(spectrum)) ** rng.uniform(0, 8))
        soundfile.write(path, 0.5 * samples / np.abs(samples).max(), RATE)
        return path

    return write


def write_all_nsynth(root: Path) -> None:
    sources = {"synth_lead": "synthetic"}
    for split, instruments, notes in (("train", (0, 1), 2), ("valid", (7,), 2), ("test", (7, 8), 1)):
        names = [
            f"{family}_{sources.get(family, 'acoustic')}_{instrument:03}"
            for family in nsynth.FAMILIES
            for instrument in instruments
        ]
        write_nsynth(root, split, dict.fromkeys(names, notes), noise(1.5))


def irmas_names() -> dict[str, list[str]]:
    """Eight songs of each label, two excerpts each."""
    return {
        label: [f"[{label}][cla]{8 * number + song:04}__{excerpt}" for song in range(8) for excerpt in (1, 2)]
        for number, label in enumerate(irmas.LABELS)
    }


def write_all_irmas(root: Path, shift: int = 0) -> None:
    """Testing clips have two labels each, so many places further than they would be."""
    write_irmas_training(root, irmas_names(), noise(1.0))
    labels = irmas.LABELS
    annotations = {
        f"song {number}-1": f"{labels[(number + shift) % 11]}\n{labels[(number + 3 + shift) % 11]}\n"
        for number in range(11)
    }
    write_irmas_testing(root, {"flat": annotations}, noise(2.5))


def openmic_rows(keys: Sequence[str], shift: int) -> list[str]:
    """Of each clip two instruments are heard, one is not, and nobody knows of the others."""
    labels = openmic.LABELS
    return [
        f"{key},{labels[(number + place + shift) % 20]},{relevance},3"
        for number, key in enumerate(keys)
        for place, relevance in ((0, 0.9), (7, 0.7), (11, 0.1))
    ]


TRACKS = [f"{track:06}_0" for track in range(30)]
CHOSEN_ON = [clip.path.name for clip in divide(Clip(Path(key), (), "", key.split("_")[0]) for key in TRACKS)[1]]


def write_all_openmic(root: Path, *, test_shift: int = 0, validation_shift: int = 0) -> None:
    test = [f"{track:06}_0" for track in range(155000, 155010)]
    learnt = [key for key in TRACKS if key not in CHOSEN_ON]
    rows = openmic_rows(learnt, 0) + openmic_rows(CHOSEN_ON, validation_shift)
    write_openmic(root, TRACKS, rows, openmic_rows(test, test_shift), noise(openmic.CLIP_S))


def run(name: str, root: Path, work: Path) -> Outcome:
    return run_protocol(PROTOCOLS[name], root, recipe=RECIPE, work=work, workers=1)


def assert_reported(work: Path, outcome: Outcome, figures: set[str]) -> None:
    page = (work / "report" / "report.html").read_text(encoding="utf-8")
    assert list(outcome.figures) == ["mean", "max"]
    for join, each in outcome.figures.items():
        assert figures <= set(each)
        values = np.array(list(each.values()))
        assert ((values >= 0) | np.isnan(values)).all()
        assert (values[1:] <= 1 + 1e-9)[~np.isnan(values[1:])].all()
        assert all(f"{join}: {figure}" in page for figure in figures)
    assert list((work / "report").glob("*.png"))


@pytest.mark.parametrize(("name", "families"), [("nsynth-8", 8), ("nsynth-balanced", 11)])
def test_nsynth(tmp_path: Path, name: str, families: int) -> None:
    write_all_nsynth(tmp_path)
    parts = PROTOCOLS[name].read(tmp_path)
    assert {clip.labels[0] for clip in parts.train} == set(PROTOCOLS[name].labels)
    assert len(PROTOCOLS[name].labels) == families
    heard = {clip.group for clip in parts.train}
    assert not heard & {clip.group for clip in (*parts.validation, *parts.test)}

    outcome = run(name, tmp_path, tmp_path / "work")
    assert_reported(tmp_path / "work", outcome, SINGLE)
    # Two instruments with a note each; windows of one file are one clip.
    assert outcome.figures["mean"]["clips"] == 2 * families


@pytest.mark.parametrize(("name", "labels"), [("irmas-11", 11), ("irmas-10", 10)])
def test_irmas_by_song(tmp_path: Path, name: str, labels: int) -> None:
    write_irmas_training(tmp_path, irmas_names(), noise(1.0))
    parts = PROTOCOLS[name].read(tmp_path)
    songs = [{clip.path.stem[-7:-3] for clip in part} for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, songs)) == len(set().union(*songs)) == 8 * labels
    assert all(songs)
    assert len(songs[0]) > 0.6 * 8 * labels
    assert ("voi" in {clip.labels[0] for clip in parts.train}) == (labels == 11)

    outcome = run(name, tmp_path, tmp_path / "work")
    assert_reported(tmp_path / "work", outcome, SINGLE)
    assert outcome.figures["max"]["clips"] == 2 * len(songs[2])


def test_irmas_of_several_chooses_thresholds_without_the_test_part(tmp_path: Path) -> None:
    outcomes = []
    for shift in (0, 1):
        write_all_irmas(tmp_path / str(shift), shift)
        outcomes.append(run("irmas-multi", tmp_path / str(shift), tmp_path / f"work-{shift}"))
        assert_reported(tmp_path / f"work-{shift}", outcomes[-1], SEVERAL)
        assert outcomes[-1].figures["mean"]["clips"] == 11
    assert outcomes[0].thresholds.shape == (11,)
    np.testing.assert_array_equal(outcomes[0].thresholds, outcomes[1].thresholds)
    assert outcomes[0].figures != outcomes[1].figures


def test_openmic_chooses_thresholds_on_the_validation_part(tmp_path: Path) -> None:
    shifts = {"as it is": (0, 0), "other test labels": (3, 0), "other validation labels": (0, 3)}
    outcomes = {}
    for name, (test_shift, validation_shift) in shifts.items():
        write_all_openmic(tmp_path / name, test_shift=test_shift, validation_shift=validation_shift)
        outcomes[name] = run("openmic-20", tmp_path / name, tmp_path / f"work {name}")
    one, other_test, other_validation = outcomes.values()
    assert_reported(tmp_path / "work as it is", one, SEVERAL)
    assert one.figures["mean"]["clips"] == 10
    assert one.thresholds.shape == (20,)
    np.testing.assert_array_equal(one.thresholds, other_test.thresholds)
    assert one.figures != other_test.figures
    assert not np.array_equal(one.thresholds, other_validation.thresholds)


def test_openmic_judges_each_moment_once(tmp_path: Path) -> None:
    write_all_openmic(tmp_path)
    parts = PROTOCOLS["openmic-20"].read(tmp_path)
    for part in (parts.validation, parts.test):
        assert len({clip.path for clip in part}) == len(part)
        assert {clip.start_s for clip in part} == {0.0}
    assert {clip.path.stem for clip in parts.validation} == set(CHOSEN_ON)
    assert not {clip.group for clip in parts.train} & {clip.group for clip in parts.validation}
    assert len(parts.train) == 4 * len({clip.path for clip in parts.train})


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_without_its_data_says_what_it_expects(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="expected is"):
        run(name, tmp_path, tmp_path / "work")
    assert not (tmp_path / "work").exists()
