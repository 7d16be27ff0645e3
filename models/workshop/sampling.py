"""Batches for training: drawn evenly, then varied and mixed on mel power.

Drawing goes label, then library, then group, then row, so that neither a large label nor a large library
nor a soundfont's sixty notes outweigh the rest. Mixing adds mel *powers*, which is what mixing audio
does on average, at a fraction of its cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.workshop.clips import Clip, Fold
from models.workshop.evaluation import FAMILY_OF_LEAF
from models.workshop.features import Store
from tagger.taxonomy import LEAVES

# A second sound counts as present down to this level below the first.
_AUDIBLE_DB = -18.0
_RENDERED_WEIGHT = 0.6
_FLOOR = 1e-12
# Frames of a batch's windows.
_LENGTHS = (75, 100)


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch.

    Attributes:
        log_mel: (batch, frames, n_mels) float32 in dB.
        leaf: (batch,) int64, the first sound's leaf.
        presence: (batch, 59) float32, 1 for each leaf that sounds.
        is_single: (batch,) bool, whether only one leaf sounds.
    """

    log_mel: Tensor
    leaf: Tensor
    presence: Tensor
    is_single: Tensor


class Sampler:
    """Draws rows of a store: label by the square root of its breadth, then library, group and row."""

    def __init__(self, clips: Sequence[Clip], store: Store, fold: Fold, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        tree: dict[str, dict[str, dict[str, list[int]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for row, index in enumerate(store.clip):
            clip = clips[index]
            if fold.trains_on(clip):
                tree[clip.label][clip.library][clip.group].append(row)
        self.labels = sorted(tree)
        breadth = [min(12, sum(len(groups) for groups in tree[label].values())) for label in self.labels]
        self._label_weights = _normalised(np.sqrt(np.array(breadth) + 1.0))
        self._libraries = {label: sorted(tree[label]) for label in self.labels}
        self._library_weights = {
            label: _normalised(np.array([_library_weight(clips, store, tree[label][name]) for name in names]))
            for label, names in self._libraries.items()
        }
        self._groups = {
            (label, library): [np.array(rows) for _, rows in sorted(tree[label][library].items())]
            for label in self.labels
            for library in self._libraries[label]
        }

    def rows(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Draws `count` rows and, for each, a second row of the same group."""
        first = np.empty(count, dtype=np.int64)
        second = np.empty(count, dtype=np.int64)
        labels = self._rng.choice(len(self.labels), size=count, p=self._label_weights)
        for position, chosen in enumerate(labels):
            label = self.labels[chosen]
            library = self._rng.choice(self._libraries[label], p=self._library_weights[label])
            groups = self._groups[label, str(library)]
            rows = groups[int(self._rng.integers(len(groups)))]
            first[position], second[position] = self._rng.choice(rows, size=2)
        return first, second


class Mixer:
    """Turns rows of a store into varied batches."""

    def __init__(self, clips: Sequence[Clip], store: Store, sampler: Sampler, seed: int) -> None:
        self._log_mel = torch.from_numpy(store.log_mel)
        leaves = np.array([LEAVES.index(clip.label) for clip in clips])
        self._leaf = torch.from_numpy(leaves[store.clip])
        self._sampler = sampler
        self._random = torch.Generator().manual_seed(seed)

    def batch(self, size: int) -> Batch:
        """A batch of `size` windows, all of one length: as long as those asked about later, or three quarters."""
        first, second = self._sampler.rows(size)
        other, _ = self._sampler.rows(size)
        frames = _LENGTHS[self._integer(len(_LENGTHS))]
        power = self._take(first, frames)
        power = self._add_note(power, second, frames)
        power, leaf, presence = self._add_sound(power, self._leaf[first], other, frames)
        power = self._equalise(power)
        power = self._limit_band(power)
        power = self._add_noise(power)
        power = power * self._gain(size, -40, 6)[:, None, None]
        log_mel = power.clamp_(min=_FLOOR).log10_().mul_(10)
        log_mel = self._mask(log_mel)
        return Batch(log_mel, leaf, presence, presence.sum(1) < 1.5)

    def _take(self, rows: np.ndarray, frames: int) -> Tensor:
        """Power of rows, relative to each one's peak; some lose their attack or start late."""
        log_mel = self._log_mel[torch.from_numpy(rows)].float()
        log_mel -= log_mel.amax(dim=(1, 2), keepdim=True)
        power = log_mel.div_(10).mul_(np.log(10)).exp_()
        shifts = torch.where(
            torch.rand(len(rows), generator=self._random) < 0.25,
            torch.randint(-30, 12, (len(rows),), generator=self._random),
            torch.randint(-1, 2, (len(rows),), generator=self._random),
        )
        return _shifted(power, shifts)[:, :frames]

    def _add_note(self, power: Tensor, rows: np.ndarray, frames: int) -> Tensor:
        """Another note of the same source, later: phrases and chords."""
        chosen = (torch.rand(len(power), generator=self._random) < 0.3).float()
        return power + self._later(rows, frames) * (chosen * self._gain(len(power), -9, 3))[:, None, None]

    def _add_sound(self, power: Tensor, leaf: Tensor, rows: np.ndarray, frames: int) -> tuple[Tensor, Tensor, Tensor]:
        """Another instrument, for the presence head."""
        count = len(power)
        level_db = self._uniform(count, -20, 0)
        chosen = torch.rand(count, generator=self._random) < 0.35
        other = self._leaf[torch.from_numpy(rows)]
        power = power + self._later(rows, frames) * (chosen.float() * 10 ** (level_db / 10))[:, None, None]
        presence = torch.nn.functional.one_hot(leaf, len(LEAVES)).float()
        audible = chosen & (level_db > _AUDIBLE_DB)
        presence[audible, other[audible]] = 1.0
        return power, leaf, presence

    def _later(self, rows: np.ndarray, frames: int) -> Tensor:
        offsets = torch.randint(0, max(1, frames // 2), (len(rows),), generator=self._random)
        at_once = torch.rand(len(rows), generator=self._random) < 0.3
        return _shifted(self._take(rows, frames), torch.where(at_once, 0, offsets))

    def _equalise(self, power: Tensor) -> Tensor:
        """A smooth random curve over the bands: microphones, rooms and equalisers."""
        count, _, bands = power.shape
        position = torch.linspace(0, 1, bands)
        tilt_db = self._uniform(count, -9, 9)[:, None] * (position - 0.5)
        for cycles in (1, 2, 3):
            phase = self._uniform(count, 0, 2 * np.pi)[:, None]
            tilt_db = tilt_db + self._uniform(count, 0, 4)[:, None] * torch.cos(np.pi * cycles * position + phase)
        return power * 10 ** (tilt_db / 10)[:, None, :]

    def _limit_band(self, power: Tensor) -> Tensor:
        """Low sample rates, codecs and filters: nothing above or little below some band."""
        count, _, bands = power.shape
        position = torch.arange(bands)[None, :].float()
        top = torch.where(self._chance(count, 0.25), self._uniform(count, 0.45 * bands, bands), bands)[:, None]
        bottom = torch.where(self._chance(count, 0.15), self._uniform(count, 0, 0.2 * bands), 0.0)[:, None]
        loss_db = (position - top).clamp(min=0) * 15 + (bottom - position).clamp(min=0) * 3
        return power * 10 ** (-loss_db / 10)[:, None, :]

    def _add_noise(self, power: Tensor) -> Tensor:
        """Hiss and hum of a recording chain; the power of a noise band is exponentially distributed."""
        count, frames, bands = power.shape
        level_db = torch.where(self._chance(count, 0.5), self._uniform(count, -80, -35), -200.0)
        slope_db = self._uniform(count, -12, 12)[:, None] * torch.linspace(-0.5, 0.5, bands)
        mean = 10 ** ((level_db[:, None] + slope_db) / 10)
        grain = -torch.rand(count, frames, bands, generator=self._random).clamp_(min=1e-6).log_()
        return power + mean[:, None, :] * grain

    def _mask(self, log_mel: Tensor) -> Tensor:
        """SpecAugment (Park et al. 2019): one masked range of bands or frames, at the floor."""
        count, frames, bands = log_mel.shape
        for size, axis in ((bands, 2), (frames, 1)):
            start = self._uniform(count, 0, size)
            width = self._uniform(count, 0, 0.15 * size) * self._chance(count, 0.3)
            position = torch.arange(size)[None, :]
            masked = (position >= start[:, None]) & (position < (start + width)[:, None])
            log_mel = log_mel.masked_fill(masked.unsqueeze(1 if axis == 2 else 2), -120.0)
        return log_mel

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, generator=self._random) * (high - low) + low

    def _gain(self, count: int, low_db: float, high_db: float) -> Tensor:
        return 10 ** (self._uniform(count, low_db, high_db) / 10)

    def _chance(self, count: int, probability: float) -> Tensor:
        return torch.rand(count, generator=self._random) < probability

    def _integer(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self._random))


def family_matrix() -> Tensor:
    """(59, 12) float32: which leaf belongs to which family."""
    return torch.nn.functional.one_hot(torch.from_numpy(FAMILY_OF_LEAF)).float()


def _shifted(power: Tensor, shifts: Tensor) -> Tensor:
    """Each row moved along time by its shift; what comes in is silence."""
    frames = power.shape[1]
    source = torch.arange(frames)[None, :] - shifts[:, None]
    inside = (source >= 0) & (source < frames)
    index = source.clamp(0, frames - 1)[:, :, None].expand(-1, -1, power.shape[2])
    return power.gather(1, index) * inside[:, :, None]


def _library_weight(clips: Sequence[Clip], store: Store, groups: dict[str, list[int]]) -> float:
    """Libraries with more sources count somewhat more; rendered ones less than real ones."""
    first_row = next(iter(groups.values()))[0]
    clip = clips[store.clip[first_row]]
    return float(np.sqrt(min(len(groups), 9)) * (1.0 if clip.is_real else _RENDERED_WEIGHT))


def _normalised(weights: np.ndarray) -> np.ndarray:
    normalised: np.ndarray = weights / weights.sum()
    return normalised
