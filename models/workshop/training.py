"""Training: one network on all clips but those held out, resumable at any step.

Loss: cross entropy over leaves and over families (the marginal of the leaves) for windows with a single
sound, binary cross entropy of presence for all. AdamW under a one-cycle schedule; what is kept is the
exponential moving average of the weights.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from models.workshop.clips import Clip, Fold
from models.workshop.features import Store
from models.workshop.network import Network, Outputs
from models.workshop.sampling import Batch, Mixer, Sampler, family_matrix


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a training run is made of."""

    steps: int = 2000
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    label_smoothing: float = 0.05
    widths: tuple[int, ...] = (16, 32, 64, 128)
    seed: int = 1


def train(clips: Sequence[Clip], store: Store, recipe: Recipe, *, fold: Fold, checkpoint: Path) -> Network:
    """Trains a network, going on from the checkpoint where there is one.

    Args:
        clips: the clips that the store's rows point to.
        store: prepared features.
        recipe: what to do.
        fold: which clips to train on.
        checkpoint: file of the run; written every few minutes and at the end.

    Returns:
        The averaged network, ready to evaluate.
    """
    torch.manual_seed(recipe.seed)
    network = Network(store.log_mel.shape[2], recipe.widths).to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).requires_grad_(requires_grad=False)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.learning_rate, total_steps=recipe.steps, pct_start=0.15
    )
    parts = {"network": network, "averaged": averaged, "optimiser": optimiser, "schedule": schedule}
    first_step = _resume(checkpoint, parts)
    # The stream of batches is drawn anew after a resume: another seed, not the same batches twice.
    sampler = Sampler(clips, store, fold, seed=recipe.seed + first_step)
    mixer = Mixer(clips, store, sampler, seed=recipe.seed + first_step)
    loss_of = _Loss(recipe.label_smoothing)
    started, smooth_loss = time.monotonic(), 0.0
    network.train()
    for step in range(first_step, recipe.steps):
        batch = mixer.batch(recipe.batch_size)
        loss = loss_of(network(batch.log_mel), batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        _average(averaged, network, min(recipe.ema_decay, (step + 1) / (step + 10)))
        value = loss.item()
        smooth_loss = 0.98 * smooth_loss + 0.02 * value if step > first_step else value
        if (step + 1) % 100 == 0:
            _report(step + 1, first_step, recipe.steps, started, smooth_loss)
        if (step + 1) % 500 == 0 or step + 1 == recipe.steps:
            _save(checkpoint, step + 1, parts)
    return averaged.eval()


class _Loss:
    def __init__(self, label_smoothing: float) -> None:
        self._families = family_matrix()
        self._smoothing = label_smoothing

    def __call__(self, outputs: Outputs, batch: Batch) -> Tensor:
        single = outputs.single[batch.is_single]
        leaf = batch.leaf[batch.is_single]
        leaf_loss = nn.functional.cross_entropy(single, leaf, label_smoothing=self._smoothing)
        family_probability = single.softmax(1) @ self._families
        family = self._families.argmax(1)[leaf]
        family_loss = nn.functional.nll_loss((family_probability + 1e-6).log(), family)
        presence_loss = nn.functional.binary_cross_entropy_with_logits(outputs.presence, batch.presence)
        return leaf_loss + 0.5 * family_loss + 15.0 * presence_loss


@torch.no_grad()
def _average(averaged: Network, network: Network, decay: float) -> None:
    for kept, current in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(current, 1 - decay)
        else:
            kept.copy_(current)


def _report(step: int, first_step: int, steps: int, started: float, loss: float) -> None:
    per_step_s = (time.monotonic() - started) / (step - first_step)
    print(f"step {step}/{steps}  loss {loss:.3f}  {(steps - step) * per_step_s / 60:.1f} min left", flush=True)


def _save(checkpoint: Path, step: int, parts: dict[str, object]) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    partial = checkpoint.with_suffix(".partial")
    torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, partial)  # type: ignore[attr-defined]
    partial.replace(checkpoint)


def _resume(checkpoint: Path, parts: dict[str, object]) -> int:
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])  # type: ignore[attr-defined]
    return int(saved["step"])
