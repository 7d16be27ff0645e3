"""Variations of mel power, drawn anew at every step: what happens to sound between an instrument and us.

All work on (batch, frames, n_mels) power on any device and take every choice from the generator they are
given. What cannot be done on mel power (reverb, saturation, quantising) is done once per variant by
`models.workshop.distortion`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tagger.frontend import MelParameters

_FLOOR_DB = -120.0
_WARP_STEPS = 16


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much batches are varied; zeros switch a part off.

    Attributes:
        late: chance that a sound has lost its attack, or starts late.
        warp_semitones: largest shift of the spectrum up or down, formants and all.
        warp: chance of such a shift.
        notes: chance of further notes of the same source, up to `max_notes`.
        max_notes: at most so many further notes.
        mixing: chance of further instruments, up to `max_sounds` in all.
        max_sounds: at most so many instruments in one window.
        equaliser_db: largest swing of each of three random curves over the bands.
        tilt_db: largest difference between lowest and highest band.
        band_limit: chance of an upper limit; lower limits are a bit rarer.
        noise: chance of background noise.
        style: chance that bands take on some of the mean and spread of another window (Zhou et al. 2021).
        mask: chance of each mask (SpecAugment, Park et al. 2019).
        mixup: share of windows of one sound that are blended with another in input and target (Zhang et al. 2018).
    """

    late: float = 0.25
    warp_semitones: float = 3.0
    warp: float = 0.0
    notes: float = 0.3
    max_notes: int = 1
    mixing: float = 0.35
    max_sounds: int = 2
    equaliser_db: float = 4.0
    tilt_db: float = 9.0
    band_limit: float = 0.25
    noise: float = 0.5
    style: float = 0.0
    mask: float = 0.3
    mixup: float = 0.0


class Dice:
    """Random numbers on one device, from one generator."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self._generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Numbers between `low` and `high`."""
        return torch.rand(*shape, generator=self._generator, device=self.device) * (high - low) + low

    def chance(self, count: int, probability: float) -> Tensor:
        """(count,) bool."""
        return self.uniform(count) < probability

    def integers(self, count: int, low: int, high: int) -> Tensor:
        """(count,) int64 from `low` up to but without `high`."""
        return torch.randint(low, high, (count,), generator=self._generator, device=self.device)

    def permutation(self, count: int) -> Tensor:
        """The numbers below `count` in random order."""
        return torch.randperm(count, generator=self._generator, device=self.device)

    def gain(self, count: int, low_db: float, high_db: float) -> Tensor:
        """(count,) factors of power."""
        return 10 ** (self.uniform(count, low=low_db, high=high_db) / 10)


class Warp:
    """Shifts spectra along the mel axis as transposing does: pitch and formants move together."""

    def __init__(self, parameters: MelParameters, semitones: float, device: torch.device) -> None:
        shifts = torch.linspace(-semitones, semitones, 2 * _WARP_STEPS + 1, dtype=torch.float64)
        centres = torch.from_numpy(parameters.edges_hz()[1:-1])
        sources = centres[None, :] / 2 ** (shifts[:, None] / 12)
        upper = torch.searchsorted(centres, sources.contiguous()).clamp(1, len(centres) - 1)
        share = (sources - centres[upper - 1]) / (centres[upper] - centres[upper - 1])
        self._lower = (upper - 1).to(device)
        self._share = share.clamp(0, 1).float().to(device)

    def __call__(self, power: Tensor, dice: Dice, chance: float) -> Tensor:
        """Shifts each row by a random amount, or not at all."""
        count, frames, bands = power.shape
        steps = dice.integers(count, 0, 2 * _WARP_STEPS + 1)
        steps = torch.where(dice.chance(count, chance), steps, _WARP_STEPS)
        lower = self._lower[steps][:, None, :].expand(count, frames, bands)
        below = power.gather(2, lower)
        return below.lerp_(power.gather(2, lower + 1), self._share[steps][:, None, :])


def shifted(power: Tensor, shifts: Tensor) -> Tensor:
    """Each row moved along time by its shift, in frames; what comes in is silence."""
    frames = power.shape[1]
    source = torch.arange(frames, device=power.device)[None, :] - shifts[:, None]
    inside = (source >= 0) & (source < frames)
    index = source.clamp(0, frames - 1)[:, :, None].expand(-1, -1, power.shape[2])
    return power.gather(1, index) * inside[:, :, None]


def equalised(power: Tensor, dice: Dice, augmentation: Augmentation) -> Tensor:
    """A smooth random curve over the bands: microphones, rooms and equalisers."""
    count, _, bands = power.shape
    position = torch.linspace(0, 1, bands, device=power.device)
    tilt_db = dice.uniform(count, 1, low=-1, high=1) * augmentation.tilt_db
    curve_db = tilt_db * (position - 0.5)
    for cycles in (1, 2, 3):
        phase = dice.uniform(count, 1, high=2 * math.pi)
        swing_db = dice.uniform(count, 1, high=augmentation.equaliser_db)
        curve_db = curve_db + swing_db * torch.cos(math.pi * cycles * position + phase)
    return power * (10 ** (curve_db / 10))[:, None, :]


def band_limited(power: Tensor, dice: Dice, chance: float) -> Tensor:
    """Low sample rates, codecs and filters: nothing above or little below some band."""
    count, _, bands = power.shape
    position = torch.arange(bands, device=power.device)[None, :]
    top = torch.where(dice.chance(count, chance), dice.uniform(count, low=0.45 * bands, high=bands), float(bands))
    bottom = torch.where(dice.chance(count, 0.6 * chance), dice.uniform(count, high=0.2 * bands), 0.0)
    loss_db = (position - top[:, None]).clamp(min=0) * 15 + (bottom[:, None] - position).clamp(min=0) * 3
    return power * (10 ** (-loss_db / 10))[:, None, :]


def with_noise(power: Tensor, dice: Dice, chance: float) -> Tensor:
    """Hiss and hum of a recording chain; the power of a noise band is exponentially distributed."""
    count, frames, bands = power.shape
    level_db = torch.where(dice.chance(count, chance), dice.uniform(count, low=-80, high=-35), -200.0)
    slope_db = dice.uniform(count, 1, low=-12, high=12) * torch.linspace(-0.5, 0.5, bands, device=power.device)
    mean = 10 ** ((level_db[:, None] + slope_db) / 10)
    grain = dice.uniform(count, frames, bands).clamp_(min=1e-6).log_().neg_()
    return power.addcmul_(mean[:, None, :], grain)


def restyled(log_mel: Tensor, dice: Dice, chance: float) -> Tensor:
    """MixStyle along frequency: mean and spread of each band blended with those of another window."""
    count = len(log_mel)
    mean, spread = log_mel.mean(1, keepdim=True), log_mel.std(1, keepdim=True) + 1.0
    other = dice.permutation(count)
    share = (dice.uniform(count, high=0.5) * dice.chance(count, chance))[:, None, None]
    return (log_mel - mean) / spread * spread.lerp(spread[other], share) + mean.lerp(mean[other], share)


def masked(log_mel: Tensor, dice: Dice, chance: float) -> Tensor:
    """One range of bands and one of frames at the floor."""
    count, frames, bands = log_mel.shape
    for size, axis in ((bands, 2), (frames, 1)):
        start = dice.uniform(count, 1, high=size)
        width = dice.uniform(count, 1, high=0.15 * size) * dice.chance(count, chance)[:, None]
        position = torch.arange(size, device=log_mel.device)[None, :]
        hidden = (position >= start) & (position < start + width)
        log_mel = log_mel.masked_fill_(hidden.unsqueeze(1 if axis == 2 else 2), _FLOOR_DB)
    return log_mel
