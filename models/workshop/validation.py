"""Asking a finished model about a soundfont that was kept out of all training.

Needs no PyTorch: the model is the ONNX file, windows are cut as the program cuts them, thresholds are the
shipped ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.special

from models.workshop.clips import Clip, label_matrices
from models.workshop.datasets import table
from models.workshop.features import onset_window, read_clip
from models.workshop.predictions import Predictions
from models.workshop.reporting.metrics import MultiScores, SingleScores, multi_scores, single_scores
from tagger.recogniser import Prediction, Recogniser

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Validation:
    """What a model says of the unseen soundfont.

    Attributes:
        singles: figures on single sounds.
        precision: share of the label claims at shipped thresholds that are right.
        coverage: share of the sounds for which a label is claimed.
        songs: figures on windows of songs, at shipped thresholds.
    """

    singles: SingleScores
    precision: float
    coverage: float
    songs: MultiScores


def validate(model: Path | None, renders: Path) -> Validation:
    """Judges a model, by default the one that comes with the program.

    Args:
        model: an ONNX file.
        renders: what `python -m models render` made: `validation.csv` and `validation-songs.csv`.

    Raises:
        DatasetError: there are no such renders.
        ModelError: the model cannot be used.
    """
    recogniser = Recogniser(model)
    singles = _said(recogniser, table.read(renders / "validation.csv").clips)
    songs = _said(recogniser, table.read(renders / "validation-songs.csv").clips)
    confidence = np.exp(singles.single)
    claimed = confidence.max(axis=1) >= np.array(recogniser.card.single_thresholds)[confidence.argmax(axis=1)]
    is_right = confidence.argmax(axis=1) == singles.truth
    thresholds = np.array(recogniser.card.presence_thresholds)
    return Validation(
        singles=single_scores(singles),
        precision=float(is_right[claimed].mean()) if claimed.any() else float("nan"),
        coverage=float(claimed.mean()),
        songs=multi_scores(songs.present, songs.unknown, songs.presence_probability(), thresholds),
    )


def _said(recogniser: Recogniser, clips: Sequence[Clip]) -> Predictions:
    """Calibrated logits of the first window of each clip."""
    labels = recogniser.card.labels
    clips = [clip for clip in clips if set(clip.labels).issubset(labels)]
    parts = [_asked(recogniser, clips[start : start + _BATCH]) for start in range(0, len(clips), _BATCH)]
    prediction = Prediction.concatenate(parts)
    present, unknown = label_matrices(clips, labels)
    return Predictions(
        labels=np.array(labels),
        library=np.array([clip.library for clip in clips]),
        recording=np.array([str(clip.path) for clip in clips]),
        present=present > 0,
        unknown=unknown,
        single=np.log(prediction.single),
        presence=scipy.special.logit(prediction.presence),
    )


def _asked(recogniser: Recogniser, clips: Sequence[Clip]) -> Prediction:
    frontend, frames = recogniser.card.frontend, recogniser.window_frames
    return recogniser.predict(np.stack([onset_window(*read_clip(clip), frontend, frames) for clip in clips]))
