"""Batches for training: rows of a store turned into phrases and mixtures with exact labels, then varied.

Mixing adds mel *powers*, which is what mixing audio does on average, at a fraction of its cost. Only the
rows that take part in something are touched for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.workshop.augmentation import (
    Augmentation,
    Dice,
    Warp,
    band_limited,
    equalised,
    masked,
    restyled,
    shifted,
    with_noise,
)
from models.workshop.clips import Clip, label_matrices
from models.workshop.features import Store
from models.workshop.sampling import Sampler
from tagger.frontend import MelParameters

# A further sound counts as present down to this level below the first, and is left unjudged below that.
_AUDIBLE_DB = -18.0
_FLOOR = 1e-12
# A late start loses at most so many frames of the attack; an early one has at most so many of silence before it.
_EARLIEST = 30
_LATEST = 12


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch.

    Attributes:
        log_mel: (batch, frames, n_mels) float32 in dB.
        target: (batch, labels) float32, what the single head is to say; a row sums to 1.
        is_single: (batch,) bool, whether only one instrument sounds, so that `target` holds.
        presence: (batch, labels) float32, 1 for each label that sounds.
        is_judged: (batch, labels) float32, 0 where nobody knows.
    """

    log_mel: Tensor
    target: Tensor
    is_single: Tensor
    presence: Tensor
    is_judged: Tensor


class Mixer:
    """Turns rows of a store into batches."""

    def __init__(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        store: Store,
        sampler: Sampler,
        augmentation: Augmentation,
        *,
        parameters: MelParameters,
        frames: Sequence[int],
        seed: int,
        device: torch.device,
    ) -> None:
        present, unknown = label_matrices(clips, labels)
        self._log_mel = torch.from_numpy(store.log_mel).to(device)
        self._owner = torch.from_numpy(store.clip.astype(np.int64)).to(device)
        self._present = torch.from_numpy(present).to(device)
        self._unknown = torch.from_numpy(unknown).to(device)
        self._sampler = sampler
        self._augmentation = augmentation
        self._frames = tuple(frames)
        self._dice = Dice(seed, device)
        self._warp = Warp(parameters, augmentation.warp_semitones, device)

    def batch(self, size: int) -> Batch:
        """A batch of `size` windows, all of one of the lengths that the network is trained on."""
        augmentation, dice = self._augmentation, self._dice
        frames = self._frames[int(dice.integers(1, 0, len(self._frames)))]
        rows = self._rows(size, 1 + augmentation.max_notes)
        power = self._take(rows[:, 0], frames)
        owner = self._owner[rows[:, 0]]
        present, unknown = self._present[owner].clone(), self._unknown[owner].clone()
        self._add_notes(power, present, unknown, rows[:, 1:])
        self._add_sounds(power, present, unknown)
        is_single = (present.sum(1) < 1.5) & ~self._unknown[owner].any(1)
        target = present / present.sum(1, keepdim=True).clamp(min=1)
        self._blend(power, target, present, unknown, is_single)
        power = equalised(power, dice, augmentation)
        power = band_limited(power, dice, augmentation.band_limit)
        power = with_noise(power, dice, augmentation.noise)
        power *= dice.gain(size, -40, 6)[:, None, None]
        log_mel = power.clamp_(min=_FLOOR).log10_().mul_(10)
        if augmentation.style:
            log_mel = restyled(log_mel, dice, augmentation.style)
        log_mel = masked(log_mel, dice, augmentation.mask)
        return Batch(log_mel, target, is_single, present, (~unknown).float())

    def _rows(self, count: int, of_each: int = 1) -> Tensor:
        return torch.from_numpy(self._sampler.rows(count, of_each)).to(self._dice.device)

    def _take(self, rows: Tensor, frames: int) -> Tensor:
        """Power of rows relative to each one's peak, transposed; some lose their attack or start late."""
        dice, augmentation = self._dice, self._augmentation
        # As much as may be shifted into the window.
        log_mel = self._log_mel[rows, : frames + _EARLIEST].float()
        log_mel -= log_mel.amax(dim=(1, 2), keepdim=True)
        power = log_mel.mul_(float(np.log(10) / 10)).exp_()
        if augmentation.warp:
            power = self._warp(power, dice, augmentation.warp)
        is_late = dice.chance(len(rows), augmentation.late)
        shifts = torch.where(is_late, dice.integers(len(rows), -_EARLIEST, _LATEST), dice.integers(len(rows), -1, 2))
        return shifted(power, shifts)[:, :frames]

    def _add_notes(self, power: Tensor, present: Tensor, unknown: Tensor, rows: Tensor) -> None:
        """Further notes of the same source, at once or later: phrases and chords."""
        for column in range(rows.shape[1]):
            # Windows of a song share their group, but not what sounds in them, or what is known of it.
            owner = self._owner[rows[:, column]]
            is_same = ((self._present[owner] == present) & (self._unknown[owner] == unknown)).all(1)
            chosen = torch.nonzero(is_same & self._dice.chance(len(power), self._augmentation.notes))[:, 0]
            later = self._later(rows[chosen, column], power.shape[1])
            power[chosen] += later * self._dice.gain(len(chosen), -9, 3)[:, None, None]

    def _add_sounds(self, power: Tensor, present: Tensor, unknown: Tensor) -> None:
        """Further instruments; each later one joins only where the one before did."""
        chosen = torch.arange(len(power), device=power.device)
        for number in range(1, self._augmentation.max_sounds):
            # Half of the mixtures grow by one more, down to few that have them all.
            chance = self._augmentation.mixing if number == 1 else 0.5
            chosen = chosen[self._dice.chance(len(chosen), chance)]
            if not len(chosen):
                return
            rows = self._rows(len(chosen))[:, 0]
            level_db = self._dice.uniform(len(chosen), low=-20, high=0)
            power[chosen] += self._later(rows, power.shape[1]) * (10 ** (level_db / 10))[:, None, None]
            owner = self._owner[rows]
            is_audible = level_db > _AUDIBLE_DB
            sounds = self._present[owner] > 0
            unknown[chosen] |= self._unknown[owner] | (sounds & ~is_audible[:, None])
            present[chosen] = torch.maximum(present[chosen], (sounds & is_audible[:, None]).float())
        unknown &= present < 0.5

    def _blend(self, power: Tensor, target: Tensor, present: Tensor, unknown: Tensor, is_single: Tensor) -> None:
        """Mixup: two single sounds at once, the target shared between them by their levels."""
        if not self._augmentation.mixup:
            return
        chosen = torch.nonzero(is_single & self._dice.chance(len(power), self._augmentation.mixup))[:, 0]
        other = chosen[self._dice.permutation(len(chosen))]
        share = self._dice.uniform(len(chosen), low=0.5, high=1.0)
        power[chosen] = power[chosen].lerp(power[other], 1 - share[:, None, None])
        target[chosen] = target[chosen].lerp(target[other], 1 - share[:, None])
        is_audible = (10 * torch.log10((1 - share) / share) > _AUDIBLE_DB)[:, None]
        sounds = present[other] > 0
        unknown[chosen] |= unknown[other] | (sounds & ~is_audible)
        present[chosen] = torch.maximum(present[chosen], (sounds & is_audible).float())
        unknown &= present < 0.5

    def _later(self, rows: Tensor, frames: int) -> Tensor:
        offsets = self._dice.integers(len(rows), 0, max(1, frames // 2))
        at_once = self._dice.chance(len(rows), 0.3)
        return shifted(self._take(rows, frames), torch.where(at_once, 0, offsets))
