"""Asking a trained network about the clips that were held out from its training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from models.workshop.augmentation import Augmentation
from models.workshop.clips import Clip, Fold, label_matrices
from models.workshop.features import Store
from models.workshop.mixing import Mixer
from models.workshop.network import Network
from models.workshop.predictions import Predictions
from models.workshop.sampling import Sampler
from models.workshop.training import Plan

_BATCH = 256
MIXTURES = 4 * _BATCH
_PLAIN_MIXTURES = Augmentation(
    late=0, warp=0, notes=0, max_notes=0, mixing=0.75, max_sounds=4, equaliser_db=0, tilt_db=0, band_limit=0,
    noise=0, mask=0,
)  # fmt: skip


def predict_held_out(
    network: Network, clips: Sequence[Clip], store: Store, *, labels: Sequence[str], fold: Fold, frames: int
) -> Predictions:
    """Predictions on the first `frames` of the unvaried held-out clips whose labels the training side has too."""
    is_asked = fold.question(clips)
    rows = [row for row in store.first_rows() if is_asked(clips[store.clip[row]])]
    return predict(network, clips, store, labels=labels, rows=np.array(rows, dtype=np.int64), frames=frames)


@torch.no_grad()
def predict_mixtures(
    network: Network,
    clips: Sequence[Clip],
    store: Store,
    plan: Plan,
    *,
    fold: Fold,
    frames: int,
    count: int = MIXTURES,
) -> Predictions:
    """Predictions on windows mixed of one to four held-out clips whose labels the training side has too."""
    is_asked = fold.question(clips)
    if not any(clips[index].labels and is_asked(clips[index]) for index in np.unique(store.clip)):
        return predict(network, clips, store, labels=plan.labels, rows=np.zeros(0, dtype=np.int64), frames=frames)
    mixer = Mixer(
        clips,
        plan.labels,
        store,
        Sampler(clips, store, is_asked, seed=0),
        _PLAIN_MIXTURES,
        parameters=plan.parameters,
        frames=[frames],
        seed=0,
        device=torch.device("cpu"),
    )
    batches = [mixer.batch(min(_BATCH, count - start)) for start in range(0, count, _BATCH)]
    outputs = [network(batch.log_mel) for batch in batches]
    return Predictions(
        labels=np.array(plan.labels),
        library=np.full(count, fold.held_out),
        recording=np.array([f"mixture {number}" for number in range(count)]),
        present=torch.cat([batch.presence for batch in batches]).numpy() > 0.5,
        unknown=torch.cat([batch.is_judged for batch in batches]).numpy() < 0.5,
        single=torch.cat([each.single for each in outputs]).numpy(),
        presence=torch.cat([each.presence for each in outputs]).numpy(),
    )


@torch.no_grad()
def predict(
    network: Network,
    clips: Sequence[Clip],
    store: Store,
    *,
    labels: Sequence[str],
    rows: npt.NDArray[np.int64],
    frames: int,
) -> Predictions:
    """Predictions on the first `frames` of rows of a store."""
    single, presence = [], []
    for start in range(0, len(rows), _BATCH):
        log_mel = torch.from_numpy(store.log_mel[rows[start : start + _BATCH], :frames]).float()
        outputs = network(log_mel)
        single.append(outputs.single.numpy())
        presence.append(outputs.presence.numpy())
    asked = [clips[index] for index in store.clip[rows]]
    present, unknown = label_matrices(asked, labels)
    nothing = np.zeros((0, len(labels)), dtype=np.float32)
    return Predictions(
        labels=np.array(labels),
        library=np.array([clip.library for clip in asked], dtype=np.str_),
        recording=np.array([str(clip.path) for clip in asked], dtype=np.str_),
        present=present > 0,
        unknown=unknown,
        single=np.concatenate([nothing, *single]),
        presence=np.concatenate([nothing, *presence]),
    )
