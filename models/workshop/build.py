"""From manifests to a shipped model, in one run that can be interrupted anywhere.

Layout of the work folder:
    features/<n>/shard-*.npz     log-mel of the n-th manifest
    held-out/<fold>.pt, .npz     network and predictions of a fold
    final.pt                     the network trained on everything
    confusion.csv                of all leave-one-library-out predictions
What exists is not made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from models.workshop import features
from models.workshop.calibration import calibrate, honesty
from models.workshop.clips import GROUPS, Clip, Fold, read_manifests
from models.workshop.evaluation import Predictions
from models.workshop.export import export
from models.workshop.features import Store
from models.workshop.held_out import predict_held_out
from models.workshop.report import (
    confusion,
    family_confusion,
    model_card,
    scores_by_fold,
    scores_recorded_elsewhere,
    table,
    worst_confusions,
    write_confusion,
)
from models.workshop.training import Recipe, train
from tagger.frontend import MelParameters

HELD_OUT_RECIPE = Recipe(steps=1600)
FINAL_RECIPE = replace(HELD_OUT_RECIPE, steps=2400)
# Short enough that a hit fills a good part of it; two seconds did better than one, one and a half, or three.
WINDOW_S = 2.0
_REAL_VARIANTS = 4
_RENDERED_VARIANTS = 3


@dataclass(frozen=True, slots=True)
class Build:
    """One build.

    Attributes:
        manifests: the first lists recordings, the others renders.
        rooms: folder of impulse responses.
        work: folder for everything in between.
        workers: processes, each on one core.
    """

    manifests: tuple[Path, ...]
    rooms: Path
    work: Path
    workers: int

    def prepare(self) -> None:
        """Log-mel features of all clips."""
        for number, manifest in enumerate(self.manifests):
            features.prepare(
                read_manifests([manifest]),
                self.work / "features" / str(number),
                variants=_RENDERED_VARIANTS if number else _REAL_VARIANTS,
                rooms=self.rooms,
                parameters=MelParameters(),
                workers=self.workers,
            )

    def clips(self) -> list[Clip]:
        """All clips, in the order of the manifests."""
        return read_manifests(self.manifests)

    def folds(self) -> list[str]:
        """The real libraries, and the fold over groups."""
        return [*sorted({clip.library for clip in read_manifests(self.manifests[:1])}), GROUPS]

    def hold_out(self) -> dict[str, Predictions]:
        """Trains and judges all folds."""
        missing = [fold for fold in self.folds() if not self._predictions(fold).exists()]
        # Fresh processes: PyTorch's threads do not survive a fork.
        with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn")) as pool:
            list(pool.map(_hold_out, [self] * len(missing), missing))
        return {fold: Predictions.load(self._predictions(fold)) for fold in self.folds()}

    def finish(self, target: Path, version: str) -> None:
        """Trains on everything, calibrates on the held-out predictions, exports; prints the report."""
        clips = self.clips()
        network = train(clips, self._store(), FINAL_RECIPE, fold=Fold(""), checkpoint=self.work / "final.pt")
        held_out = self.hold_out()
        by_library = {fold: each for fold, each in held_out.items() if fold != GROUPS}
        joined = Predictions.join(list(by_library.values()))
        calibration = calibrate(joined)
        honest = honesty(joined, calibration)
        matrix = confusion(joined)
        write_confusion(matrix, self.work / "confusion.csv")
        figures = table(scores_by_fold(held_out), scores_recorded_elsewhere(by_library, clips))
        card = model_card(clips, figures, honest, version)
        export(
            network,
            calibration,
            target,
            frontend=MelParameters(),
            window_s=WINDOW_S,
            version=version,
            description=card,
        )
        (target.parent / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        print(figures, family_confusion(joined), worst_confusions(matrix), honest, calibration, sep="\n\n")

    def _predictions(self, fold: str) -> Path:
        return self.work / "held-out" / f"{fold}.npz"

    def _store(self) -> Store:
        """Features of all manifests; a row's clip counts through all of them."""
        stores, clips_before, owners = [], 0, []
        for number, manifest in enumerate(self.manifests):
            stores.append(features.load(self.work / "features" / str(number)))
            owners.append(stores[-1].clip + clips_before)
            clips_before += len(read_manifests([manifest]))
        return Store(np.concatenate([store.log_mel for store in stores]), np.concatenate(owners))


def build(manifests: Sequence[Path], *, rooms: Path, work: Path, workers: int, target: Path, version: str) -> None:
    """The whole way; see the module."""
    torch.set_num_threads(workers)
    run = Build(tuple(manifests), rooms, work, workers)
    run.prepare()
    run.hold_out()
    run.finish(target, version)


def _hold_out(run: Build, name: str) -> None:
    torch.set_num_threads(1)
    clips, store, fold = run.clips(), run._store(), Fold(name)
    print(f"fold {name}", flush=True)
    network = train(clips, store, HELD_OUT_RECIPE, fold=fold, checkpoint=run.work / "held-out" / f"{name}.pt")
    frames = round(WINDOW_S / MelParameters().hop_s)
    predict_held_out(network, clips, store, fold=fold, frames=frames).save(run._predictions(name))
