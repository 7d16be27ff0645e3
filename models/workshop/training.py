"""Training: one network on all clips but those held out, resumable at any step.

Loss: cross entropy over labels and over families (the marginal of the labels) for windows with a single
sound, binary cross entropy of presence for all that was judged. AdamW under a one-cycle schedule; what is
kept is the exponential moving average of the weights.

First the whole network learns from clips of one instrument, where there are any. Then the presence head
alone goes on with mixtures of many, songs among them: taught to the whole network these cost single sounds
several points, taught to the head they cost nothing.
"""

from __future__ import annotations

import copy
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.workshop.augmentation import Augmentation
from models.workshop.clips import Clip, Fold
from models.workshop.features import Store
from models.workshop.mixing import Batch, Mixer
from models.workshop.network import Architecture, Network, Outputs
from models.workshop.sampling import Sampler
from tagger.errors import TaggerError
from tagger.frontend import MelParameters
from tagger.taxonomy import family_of

# What the presence head is taught with, once the network has learnt.
_MIXING = 0.6
_MAX_SOUNDS = 5
_PRESENCE_RATE = 2e-3


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a network learns.

    Attributes:
        steps: batches.
        batch_size: windows in a batch.
        learning_rate: at its highest.
        weight_decay: of AdamW.
        ema_decay: of the average of the weights.
        label_smoothing: share of a target that is spread over all labels.
        family_weight: of the families' loss against the labels'.
        presence_weight: of the presence head's loss.
        windows_s: lengths of the windows, drawn for each batch.
        presence_steps: batches for the presence head alone, afterwards.
        half_precision: computes in bfloat16, twice as fast where the processor has matrix units for it.
    """

    steps: int = 5000
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    ema_decay: float = 0.998
    label_smoothing: float = 0.05
    family_weight: float = 0.5
    presence_weight: float = 15.0
    windows_s: tuple[float, ...] = (1.5, 2.0)
    presence_steps: int = 1000
    half_precision: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """All that makes a network, but the clips."""

    labels: tuple[str, ...]
    parameters: MelParameters
    augmentation: Augmentation
    architecture: Architecture
    schedule: Schedule
    seed: int = 1


Watcher = Callable[[int, Network], None]
"""Told now and then how far the training is: the step, and the averaged network."""


def train(
    clips: Sequence[Clip], store: Store, plan: Plan, *, fold: Fold, checkpoint: Path, watcher: Watcher | None = None
) -> Network:
    """Trains a network, going on from the checkpoint where there is one.

    Args:
        clips: the clips that the store's rows point to.
        store: prepared features.
        plan: what to do.
        fold: which clips to train on.
        checkpoint: file of the run; written every few minutes and at the end, with the curve beside it.
        watcher: called at each checkpoint.

    Returns:
        The averaged network, ready to evaluate, on the CPU.

    Raises:
        TaggerError: no clip is left to train on.
    """
    trained_on = [clips[index] for index in np.unique(store.clip) if fold.trains_on(clips[index])]
    if not any(clip.labels for clip in trained_on):
        raise TaggerError(checkpoint, "there is nothing to train on", "give recordings of further libraries")
    if finished := read_finished(plan, checkpoint):
        return finished
    torch.manual_seed(plan.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run = _Run(plan, device)
    first_step = run.resume(checkpoint)
    # The stream of batches is drawn anew after a resume: another seed, not the same batches twice.
    has_singles = any(clip.is_single for clip in trained_on)
    mixer = _mixer(clips, store, plan, fold, seed=plan.seed + first_step, device=device, only_singles=has_singles)
    started, steps = time.monotonic(), plan.schedule.steps
    for step in range(first_step + 1, steps + 1):
        run.step(mixer.batch(plan.schedule.batch_size))
        if step % 100 == 0 or step == steps:
            per_step_s = (time.monotonic() - started) / (step - first_step)
            run.report(step, per_step_s)
        if step % 500 == 0 or step == steps:
            run.save(checkpoint, step)
            if watcher:
                watcher(step, run.averaged.eval())
    several = replace(plan, augmentation=replace(plan.augmentation, mixing=_MIXING, max_sounds=_MAX_SOUNDS))
    mixer = _mixer(clips, store, several, fold, seed=plan.seed, device=device, only_singles=False)
    run.teach_presence(mixer)
    torch.save(run.averaged.state_dict(), _finished(checkpoint))
    return run.averaged.eval().cpu()


def read_finished(plan: Plan, checkpoint: Path) -> Network | None:
    """The network of a run that has come to its end, which needs no clips any more; None before that."""
    path = _finished(checkpoint)
    if not path.exists():
        return None
    network = Network(plan.parameters.n_mels, len(plan.labels), plan.architecture)
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return network.eval()


def _finished(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".finished.pt")


def _mixer(
    clips: Sequence[Clip],
    store: Store,
    plan: Plan,
    fold: Fold,
    *,
    seed: int,
    device: torch.device,
    only_singles: bool,
) -> Mixer:
    def belongs(clip: Clip) -> bool:
        return fold.trains_on(clip) and (clip.is_single or not only_singles)

    return Mixer(
        clips,
        plan.labels,
        store,
        Sampler(clips, store, belongs, seed),
        plan.augmentation,
        parameters=plan.parameters,
        frames=[round(length_s / plan.parameters.hop_s) for length_s in plan.schedule.windows_s],
        seed=seed,
        device=device,
    )


def read_curve(checkpoint: Path) -> list[tuple[int, float]]:
    """The steps and losses of a run so far."""
    path = checkpoint.with_suffix(".csv")
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]


class _Run:
    """Everything that changes while training."""

    def __init__(self, plan: Plan, device: torch.device) -> None:
        schedule = plan.schedule
        network = Network(plan.parameters.n_mels, len(plan.labels), plan.architecture)
        self.network = network.to(device, memory_format=torch.channels_last).train()
        self.averaged = copy.deepcopy(self.network).requires_grad_(requires_grad=False)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
        )
        self._rates = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, max_lr=schedule.learning_rate, total_steps=schedule.steps, pct_start=0.15
        )
        self._loss = Loss(plan.labels, schedule).to(device)
        self._schedule = schedule
        self._device = device
        self._steps_done = 0
        self._smooth_loss: float | None = None
        self._curve: list[tuple[int, float]] = []

    def step(self, batch: Batch) -> None:
        with self._fast():
            outputs = self.network(batch.log_mel)
        loss = self._loss(outputs, batch)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimiser.step()
        self._rates.step()
        self._steps_done += 1
        self._average(min(self._schedule.ema_decay, self._steps_done / (self._steps_done + 9)))
        value = loss.item()
        self._smooth_loss = value if self._smooth_loss is None else 0.98 * self._smooth_loss + 0.02 * value

    def teach_presence(self, mixer: Mixer) -> None:
        """Trains the presence head of the averaged network on top of what its stages hear."""
        network, steps = self.averaged.eval(), self._schedule.presence_steps
        head = network.presence.requires_grad_()
        optimiser = torch.optim.AdamW(head.parameters(), lr=_PRESENCE_RATE)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_PRESENCE_RATE, total_steps=max(steps, 2))
        for step in range(1, steps + 1):
            batch = mixer.batch(self._schedule.batch_size)
            with torch.no_grad(), self._fast():
                pooled = network.pooled(batch.log_mel)
            loss = presence_loss(head(pooled.float()), batch)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            rates.step()
            if step % 250 == 0 or step == steps:
                print(f"several at once: step {step}/{steps}  loss {loss.item():.3f}", flush=True)
        head.requires_grad_(requires_grad=False)

    def _fast(self) -> torch.autocast:
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._schedule.half_precision)

    @torch.no_grad()
    def _average(self, decay: float) -> None:
        for kept, current in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(current, 1 - decay)
        for kept, current in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(current, 1 - decay)

    def report(self, step: int, per_step_s: float) -> None:
        loss, left_min = self._smooth_loss or 0.0, (self._schedule.steps - step) * per_step_s / 60
        self._curve.append((step, loss))
        print(f"step {step}/{self._schedule.steps}  loss {loss:.3f}  {left_min:.1f} min left", flush=True)

    def save(self, checkpoint: Path, step: int) -> None:
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        partial = checkpoint.with_suffix(".partial")
        saved = {name: part.state_dict() for name, part in self._parts().items()}
        torch.save({"step": step, "curve": self._curve, **saved}, partial)
        partial.replace(checkpoint)
        with checkpoint.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("step", "loss"), *self._curve])

    def resume(self, checkpoint: Path) -> int:
        """The steps that are done already."""
        if not checkpoint.exists():
            return 0
        saved = torch.load(checkpoint, weights_only=True, map_location=self._device)
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        self._curve = saved["curve"]
        self._steps_done = int(saved["step"])
        return self._steps_done

    def _parts(self) -> dict[str, nn.Module | torch.optim.AdamW | torch.optim.lr_scheduler.OneCycleLR]:
        return {
            "network": self.network,
            "averaged": self.averaged,
            "optimiser": self._optimiser,
            "rates": self._rates,
        }


class Loss(nn.Module):
    """What a network is to make small."""

    def __init__(self, labels: Sequence[str], schedule: Schedule) -> None:
        super().__init__()
        families = sorted({family_of(label) for label in labels})
        index = torch.tensor([families.index(family_of(label)) for label in labels])
        self.register_buffer("families", nn.functional.one_hot(index, len(families)).float())
        self._schedule = schedule

    def forward(self, outputs: Outputs, batch: Batch) -> Tensor:
        """The loss of what was said of a batch."""
        schedule = self._schedule
        single, target = outputs.single[batch.is_single].float(), batch.target[batch.is_single]
        # With partial labels there may be no clip at all of which is known that it is of one instrument.
        count = max(1, len(target))
        label_loss = nn.functional.cross_entropy(
            single, target, label_smoothing=schedule.label_smoothing, reduction="sum"
        )
        family_probability = single.softmax(1) @ self.families
        family_loss = -((family_probability + 1e-6).log() * (target @ self.families)).sum()
        single_loss = (label_loss + schedule.family_weight * family_loss) / count
        return single_loss + schedule.presence_weight * presence_loss(outputs.presence.float(), batch)


def presence_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Mean binary cross entropy of (batch, labels) logits, over what was judged."""
    return nn.functional.binary_cross_entropy_with_logits(logits, batch.presence, weight=batch.is_judged)
