"""The field's protocols: which classes, which part to learn from, which to choose on, which to be judged on.

Sources: NSynth (Engel et al. 2017), IRMAS (Bosch et al. 2012; testing as Han et al. 2016), OpenMIC-2018
(Humphrey et al. 2018). Thresholds are always chosen on the validation part; what they could be at best on
the test part is reported too, and named so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import torch

from models.workshop.build import Build
from models.workshop.clips import Clip, Fold
from models.workshop.datasets import irmas, nsynth, openmic
from models.workshop.datasets.listing import divide, found
from models.workshop.held_out import predict_held_out, predict_mixtures
from models.workshop.predictions import Logits, Predictions, mean_of_stretches
from models.workshop.recipe import Recipe, as_toml
from models.workshop.reporting.metrics import Vector, best_thresholds, multi_scores, single_scores
from models.workshop.reporting.run import Run, report_run
from models.workshop.training import read_curve, train

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
_IRMAS_10: Final = frozenset({"voi"})


@dataclass(frozen=True, slots=True)
class Parts:
    """The clips of a data set, divided as its protocol says."""

    train: list[Clip]
    validation: list[Clip]
    test: list[Clip]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One protocol.

    Attributes:
        name: what the command line calls it.
        summary: what it is, in a line.
        labels: the classes.
        read: reads the parts from the data set's folder.
        tells_several: whether test clips have several labels.
    """

    name: str
    summary: str
    labels: tuple[str, ...]
    read: Callable[[Path], Parts]
    tells_several: bool


def _nsynth_8(root: Path) -> Parts:
    return Parts(*(found(nsynth.acoustic(root, split), root) for split in ("train", "valid", "test")))


def _nsynth_balanced(root: Path) -> Parts:
    train_part = nsynth.balanced(found(nsynth.official(root, "train"), root), per_family=1000)
    return Parts(train_part, found(nsynth.official(root, "valid"), root), found(nsynth.official(root, "test"), root))


def _irmas_single(without: frozenset[str]) -> Callable[[Path], Parts]:
    def read(root: Path) -> Parts:
        rest, test = divide(found(irmas.read_training(root, without=without), root))
        # The test part takes an eighth of all songs, the validation part an eighth of the others.
        learnt, chosen = divide(replace(clip, group=f"{clip.group}/") for clip in rest)
        return Parts(learnt, chosen, test)

    return read


def _irmas_multi(root: Path) -> Parts:
    learnt, chosen = divide(found(irmas.read_training(root), root))
    return Parts(learnt, chosen, found(irmas.read_testing(root), root))


def _openmic(root: Path) -> Parts:
    learnt, _ = divide(found(openmic.official(root, "train"), root))
    # Judged as a whole: windows are cut later.
    _, chosen = divide(openmic.official(root, "train", stretch_s=openmic.CLIP_S).clips)
    return Parts(learnt, chosen, found(openmic.official(root, "test", stretch_s=openmic.CLIP_S), root))


PROTOCOLS: Final[Mapping[str, Protocol]] = {
    each.name: each
    for each in (
        Protocol("nsynth-8", "8 acoustic families, official split", nsynth.ACOUSTIC_FAMILIES, _nsynth_8, False),
        Protocol(
            "nsynth-balanced", "11 families, equally many notes of each", nsynth.FAMILIES, _nsynth_balanced, False
        ),
        Protocol("irmas-11", "predominant instrument, split by song", irmas.LABELS, _irmas_single(frozenset()), False),
        Protocol(
            "irmas-10",
            "the same without the voice",
            tuple(label for label in irmas.LABELS if label not in _IRMAS_10),
            _irmas_single(_IRMAS_10),
            False,
        ),
        Protocol("irmas-multi", "all instruments of the testing parts", irmas.LABELS, _irmas_multi, True),
        Protocol("openmic-20", "20 instruments with partial labels, split01", openmic.LABELS, _openmic, True),
    )
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a protocol gave.

    Attributes:
        figures: of the test part, by name and by the way in which the windows of a recording were joined.
        thresholds: (labels,) from which probability a label is claimed, chosen on the validation part.
    """

    figures: dict[str, dict[str, float]]
    thresholds: Vector


def run_protocol(protocol: Protocol, root: Path, *, recipe: Recipe, work: Path, workers: int) -> Outcome:
    """Trains and tests, and leaves a report in `work`/report.

    Raises:
        DatasetError: the data set is not there in its published layout.
    """
    parts = protocol.read(root)
    # The parts take the place of libraries, so that all else goes as ever.
    sources = (
        tuple(replace(clip, library=TRAIN) for clip in parts.train),
        tuple(_stretches(parts.validation, VALIDATION, recipe.window_s)),
        tuple(_stretches(parts.test, TEST, recipe.window_s)),
    )
    build = Build(sources, None, work, recipe, workers)
    build.prepare()
    torch.set_num_threads(workers)
    fold, plan, store = Fold(f"{VALIDATION}+{TEST}"), recipe.plan(protocol.labels, recipe.seeds[0]), build.store()
    checkpoint, frames = work / "network.pt", recipe.window_frames
    network = train(build.clips, store, plan, fold=fold, checkpoint=checkpoint)
    said = predict_held_out(network, build.clips, store, labels=protocol.labels, fold=fold, frames=frames)
    chosen_on = said.rows(said.library == VALIDATION).by_recording()
    if protocol.tells_several and chosen_on.is_single.all():
        # Trained on single labels, so that only mixtures show where several begin.
        chosen_on = predict_mixtures(network, build.clips, store, plan, fold=Fold(VALIDATION), frames=frames)
    test, figures = said.rows(said.library == TEST), {}
    thresholds = best_thresholds(chosen_on.present, chosen_on.unknown, chosen_on.presence_probability())
    for name, join in _JOINS.items():
        recordings = test.by_recording(join)
        figures[name] = _figures(protocol, recordings, thresholds)
    report_run(
        work / "report",
        Run(
            title=f"{protocol.name}: {protocol.summary}",
            config=as_toml(recipe),
            predictions={TEST: test.by_recording()},
            loss=read_curve(checkpoint),
            parameters=recipe.frontend,
            calibration={f"{name}: {key}": value for name, each in figures.items() for key, value in each.items()},
            thresholds=thresholds,
        ),
    )
    return Outcome(figures, thresholds)


def _figures(protocol: Protocol, test: Predictions, thresholds: Vector) -> dict[str, float]:
    if not protocol.tells_several:
        return dataclasses.asdict(single_scores(test))
    probability = test.presence_probability()
    scores = multi_scores(test.present, test.unknown, probability, thresholds)
    top3 = np.argsort(-probability, axis=1)[:, :3]
    return {
        "clips": scores.clips,
        "micro F1": scores.micro_f1,
        "macro F1": scores.macro_f1,
        "mAP": scores.mean_average_precision,
        "ROC-AUC": scores.roc_auc,
        "LRAP": scores.ranking_precision,
        "one of the top 3 sounds": float(np.take_along_axis(test.present, top3, axis=1).any(axis=1).mean()),
        "oracle micro F1": scores.oracle.micro_f1,
    }


def _strongest(logits: Logits) -> Logits:
    strongest: Logits = logits.max(axis=0)
    return strongest


_JOINS: Final = {"mean": mean_of_stretches, "max": _strongest}


def _stretches(clips: Iterable[Clip], part: str, window_s: float) -> list[Clip]:
    """Windows end to end over each clip that is longer than one; their predictions are averaged later."""
    stretches = []
    for clip in clips:
        whole = replace(clip, library=part)
        duration_s = soundfile.info(clip.path).duration - clip.start_s
        starts = np.arange(0.0, max(duration_s - 0.5 * window_s, 0.01), window_s)
        stretches += [replace(whole, start_s=clip.start_s + float(start)) for start in starts]
    return stretches
