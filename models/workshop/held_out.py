"""Asking a trained network about the clips that were held out from its training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from models.workshop.clips import Clip, Fold
from models.workshop.evaluation import Predictions
from models.workshop.features import Store
from models.workshop.network import Network
from tagger.taxonomy import LEAVES


@torch.no_grad()
def predict_held_out(network: Network, clips: Sequence[Clip], store: Store, *, fold: Fold, frames: int) -> Predictions:
    """Predictions on the first `frames` of the clean held-out clips whose labels the training side has too."""
    known = {clip.label for clip in clips if fold.trains_on(clip)}
    first_rows = np.flatnonzero(np.diff(store.clip, prepend=-1))
    rows = [row for row in first_rows if fold.judges_on(clips[store.clip[row]])]
    rows = [row for row in rows if clips[store.clip[row]].label in known]
    single, presence = [], []
    for start in range(0, len(rows), 256):
        outputs = network(torch.from_numpy(store.log_mel[rows[start : start + 256], :frames]).float())
        single.append(outputs.single.numpy())
        presence.append(outputs.presence.numpy())
    leaf = np.array([LEAVES.index(clips[store.clip[row]].label) for row in rows])
    return Predictions(np.full(len(rows), fold.held_out), leaf, np.concatenate(single), np.concatenate(presence))
