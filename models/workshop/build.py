"""From labelled recordings to a model, step by step; every step can be interrupted, and goes on when run again.

Layout of the work folder:
    recipe.toml                     what is done
    clips.sha256                    to what
    features/<n>/shard-*.npz        log-mel of the n-th source
    held-out/<fold>-<seed>.pt       network of a fold, its curve beside it as .csv
    held-out/<fold>-<seed>.npz      what it says of the clips held out
    held-out/<fold>-<seed>-mix.npz  what it says of mixtures of them
    held-out/<fold>-<seed>.json     how often it is right when they are changed as audio
    final.pt                        the network trained on everything
    calibration.json                temperature, scale, thresholds
    report/                         report.html, report.md and pictures
What exists is not made again.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from multiprocessing import get_context, parent_process
from pathlib import Path

import torch

from models.workshop import features
from models.workshop.calibration import Calibration, calibrate
from models.workshop.clips import GROUPS, Clip, Fold
from models.workshop.export import export
from models.workshop.features import Store
from models.workshop.held_out import predict_held_out, predict_mixtures
from models.workshop.network import Network
from models.workshop.predictions import Predictions
from models.workshop.recipe import Recipe, as_toml
from models.workshop.robustness import Robustness, robustness
from models.workshop.training import read_finished, train
from tagger.errors import TaggerError
from tagger.taxonomy import LEAVES

# A label of a library left out has to be known from another one; two real libraries are the least.
_LEAST_LIBRARIES = 2


@dataclass(frozen=True)
class Build:
    """One build.

    Attributes:
        sources: the clips of each source of labelled recordings; keep them the same between runs.
        rooms: folder of impulse responses, or None for generated ones only.
        work: folder for everything in between.
        recipe: what to do.
        workers: processes, each on one core.
    """

    sources: tuple[tuple[Clip, ...], ...]
    rooms: Path | None
    work: Path
    recipe: Recipe
    workers: int

    @cached_property
    def clips(self) -> list[Clip]:
        """All clips, in the order of the sources."""
        return [clip for clips in self.sources for clip in clips]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What the network tells apart: leaves in the order of the taxonomy, then labels of one's own."""
        found = {label for clip in self.clips for label in clip.labels}
        return (*(leaf for leaf in LEAVES if leaf in found), *sorted(found.difference(LEAVES)))

    @cached_property
    def folds(self) -> list[str]:
        """What the recipe says, else the recorded libraries where there are several, and an eighth of all groups."""
        if self.recipe.folds:
            return list(self.recipe.folds)
        libraries = sorted({clip.library for clip in self.clips if clip.is_real})
        folds = [*(libraries if len(libraries) >= _LEAST_LIBRARIES else []), GROUPS]
        return [fold for fold in folds if self._judges_any(fold)]

    def prepare(self) -> None:
        """Log-mel features of all clips."""
        self._keep("recipe.toml", as_toml(self.recipe), "belongs to another recipe")
        self._keep("clips.sha256", self._digest(), "belongs to other recordings")
        for number, clips in enumerate(self.sources):
            is_real = all(clip.is_real for clip in clips)
            features.prepare(
                clips,
                self._features(number),
                variants=self.recipe.variants if is_real else self.recipe.rendered_variants,
                rooms=self.rooms,
                parameters=self.recipe.frontend,
                workers=self.workers,
            )

    def hold_out(self, folds: Sequence[str]) -> None:
        """Trains and judges the folds that are not done, once for each seed.

        Raises:
            TaggerError: there is nothing to hold out.
        """
        if not folds:
            advice = "sort the files of each label into folders by their source, or add another library"
            raise TaggerError(self.work, "there are too few recordings to hold any out", advice)
        for fold in folds:
            if not self._judges_any(fold):
                advice = f"there are {', '.join(self.folds)}"
                raise TaggerError(self.work, f"nothing can be held out as {fold!r}", advice)
        missing = [
            (self, fold, seed)
            for seed in self.recipe.seeds
            for fold in folds
            if not self._held_out(fold, seed, ".json").exists()
        ]
        # Fresh processes: PyTorch's threads do not survive a fork.
        count = 1 if torch.cuda.is_available() else self.workers
        with ProcessPoolExecutor(count, get_context("spawn"), initializer=_end_with_parent) as pool:
            list(pool.map(_hold_out, *zip(*missing, strict=True)) if missing else [])

    @property
    def judged(self) -> list[str]:
        """The folds whose networks were asked already, for all seeds."""
        seeds = self.recipe.seeds
        return [fold for fold in self.folds if all(self._held_out(fold, seed, ".npz").exists() for seed in seeds)]

    def predictions(self, seed: int, ending: str = ".npz") -> dict[str, Predictions]:
        """What the networks of one seed said of what they had not heard, by library or `GROUPS`."""
        done = {fold: self._held_out(fold, seed, ending) for fold in self.folds}
        said = {fold: Predictions.load(path) for fold, path in done.items() if path.exists()}
        parts: dict[str, Predictions] = {}
        for fold, each in said.items():
            parts |= {fold: each} if fold == GROUPS else each.by_library()
        return parts

    def train_final(self) -> Network:
        """The network trained on everything."""
        schedule = replace(self.recipe.training, steps=self.recipe.final_steps)
        plan = replace(self.recipe.plan(self.labels, self.recipe.seeds[0]), schedule=schedule)
        checkpoint = self.work / "final.pt"
        finished = read_finished(plan, checkpoint)
        return finished or train(self.clips, self.store(), plan, fold=Fold(""), checkpoint=checkpoint)

    def calibrate(self) -> Calibration:
        """Chooses the calibration on what the folds over libraries said, or the one over groups."""
        if not any(map(len, self._by_library(".npz"))):
            advice = "run `python -m models evaluate` first; labels have to be in several libraries or groups"
            raise TaggerError(self.work, "there is nothing to calibrate on", advice)
        calibration = calibrate(self.held_out(), self.held_out("-mix.npz"))
        (self.work / "calibration.json").write_text(calibration.to_json(), encoding="utf-8")
        return calibration

    def held_out(self, ending: str = ".npz") -> Predictions:
        """What networks of all seeds said of whole libraries left out, where these share labels with others."""
        return Predictions.join(self._by_library(ending))

    def _by_library(self, ending: str) -> list[Predictions]:
        parts = [part for seed in self.recipe.seeds for part in self.predictions(seed, ending).items()]
        return [each for name, each in parts if name != GROUPS and len(each)] or [each for _, each in parts]

    def export(self, target: Path, *, version: str, description: str) -> None:
        """Writes the final network with its calibration as a model."""
        calibration = Calibration.from_json((self.work / "calibration.json").read_text(encoding="utf-8"))
        export(
            self.train_final(),
            calibration,
            target,
            name=self.recipe.name,
            labels=self.labels,
            frontend=self.recipe.frontend,
            window_s=self.recipe.window_s,
            version=version,
            description=description,
        )

    def store(self) -> Store:
        """Features of all sources; a row's clip counts through all of them."""
        stores = [features.load(self._features(number)) for number in range(len(self.sources))]
        return Store.join(stores, [len(clips) for clips in self.sources])

    def judge(self, fold: str, seed: int) -> None:
        """Trains the network of one fold and writes what it says."""
        clips, store, plan = self.clips, self.store(), self.recipe.plan(self.labels, seed)
        checkpoint, frames = self._held_out(fold, seed, ".pt"), self.recipe.window_frames
        network = train(clips, store, plan, fold=Fold(fold), checkpoint=checkpoint)
        said = predict_held_out(network, clips, store, labels=self.labels, fold=Fold(fold), frames=frames)
        said.save(self._held_out(fold, seed, ".npz"))
        mixtures = predict_mixtures(network, clips, store, plan, fold=Fold(fold), frames=frames)
        mixtures.save(self._held_out(fold, seed, "-mix.npz"))
        is_asked = Fold(fold).question(clips)
        asked = [clip for clip in clips if clip.is_single and is_asked(clip)]
        robust = robustness(network, asked, labels=self.labels, parameters=self.recipe.frontend, frames=frames)
        self._held_out(fold, seed, ".json").write_text(robust.to_json(), encoding="utf-8")

    def robustness(self, seed: int) -> dict[str, Robustness]:
        """How the networks of one seed take changes of the sound, by fold."""
        done = {fold: self._held_out(fold, seed, ".json") for fold in self.folds}
        return {
            fold: Robustness.from_json(path.read_text(encoding="utf-8")) for fold, path in done.items() if path.exists()
        }

    def _keep(self, name: str, text: str, reason: str) -> None:
        """Notes what the folder is for, and refuses to go on with something else in it."""
        self.work.mkdir(parents=True, exist_ok=True)
        path = self.work / name
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise TaggerError(path, reason, "take another --work folder, or empty this one")
        path.write_text(text, encoding="utf-8")

    def _digest(self) -> str:
        """Tells lists of clips apart, wherever their folder lies; rows of features count through them."""
        digest = hashlib.sha256()
        for clips in self.sources:
            for clip in clips:
                facts = (clip.path.name, clip.labels, clip.library, clip.group, clip.start_s, sorted(clip.unknown))
                digest.update(repr(facts).encode("utf-8", "surrogateescape"))
            digest.update(b"\n")
        return digest.hexdigest()

    def _judges_any(self, fold: str) -> bool:
        return any(map(Fold(fold).judges_on, self.clips))

    def _features(self, number: int) -> Path:
        return self.work / "features" / str(number)

    def _held_out(self, fold: str, seed: int, ending: str) -> Path:
        return self.work / "held-out" / f"{fold}-{seed}{ending}"


def _end_with_parent() -> None:
    """Training for hours is of no use to anybody once the command that asked for it was killed."""
    parent = parent_process()

    def wait() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _hold_out(build: Build, fold: str, seed: int) -> None:
    torch.set_num_threads(1)
    print(f"fold {fold}, seed {seed}", flush=True)
    build.judge(fold, seed)
