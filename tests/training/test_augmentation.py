"""Variations of mel power: none breaks what it varies, and none does anything where it is switched off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
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
from tagger.frontend import MelParameters
from tests.training.material import NOTHING

CPU = torch.device("cpu")
PARAMETERS = MelParameters()
Variation = Callable[[Tensor, Dice, float], Tensor]

OF_POWER: dict[str, Variation] = {
    "warp": lambda power, dice, strength: Warp(PARAMETERS, 3.0, CPU)(power, dice, strength),
    "warp by nothing": lambda power, dice, strength: Warp(PARAMETERS, 3.0 * strength, CPU)(power, dice, 1.0),
    "equaliser": lambda power, dice, strength: equalised(
        power, dice, NOTHING if not strength else Augmentation(equaliser_db=12, tilt_db=20)
    ),
    "band limit": band_limited,
    "noise": with_noise,
}
OF_DECIBELS: dict[str, Variation] = {"style": restyled, "mask": masked}


def dice() -> Dice:
    return Dice(1, CPU)


def power(count: int = 64) -> Tensor:
    """Powers of 0 to -110 dB below the peak, some of them silent altogether."""
    random = torch.Generator().manual_seed(0)
    levels = -110 * torch.rand(count, 50, 64, generator=random)
    levels[:, 0, 0] = 0
    levels[-1] = -120
    return 10 ** (levels / 10)


def decibels(count: int = 64) -> Tensor:
    return 10 * torch.log10(power(count))


def assert_sound(varied: Tensor) -> None:
    assert varied.shape == (64, 50, 64)
    assert varied.dtype == torch.float32
    assert torch.isfinite(varied).all()


@pytest.mark.parametrize("name", OF_POWER)
def test_power_stays_power(name: str) -> None:
    varied = OF_POWER[name](power(), dice(), 1.0)
    assert_sound(varied)
    assert (varied >= 0).all()
    assert not torch.allclose(varied, power(), rtol=1e-3, atol=0)


@pytest.mark.parametrize("name", OF_DECIBELS)
def test_decibels_stay_decibels(name: str) -> None:
    varied = OF_DECIBELS[name](decibels(), dice(), 1.0)
    assert_sound(varied)
    assert not torch.allclose(varied, decibels(), atol=0.1)


@pytest.mark.parametrize("name", OF_POWER)
def test_no_strength_does_nothing_to_power(name: str) -> None:
    torch.testing.assert_close(OF_POWER[name](power(), dice(), 0.0), power(), rtol=1e-4, atol=1e-14)


@pytest.mark.parametrize("name", OF_DECIBELS)
def test_no_strength_does_nothing_to_decibels(name: str) -> None:
    torch.testing.assert_close(OF_DECIBELS[name](decibels(), dice(), 0.0), decibels(), rtol=0, atol=1e-3)


def test_the_dice_repeat_with_their_seed() -> None:
    rolls = [(each.uniform(5), each.integers(5, 0, 9), each.permutation(5)) for each in (dice(), dice())]
    assert all(torch.equal(one, same) for one, same in zip(*rolls, strict=True))
    gains = dice().gain(1000, -9, 3)
    assert 10**-0.9 <= gains.min() < 0.2
    assert 1.8 < gains.max() <= 10**0.3


def test_a_warp_transposes_by_some_semitones_at_most() -> None:
    tone = torch.zeros(200, 4, 64)
    tone[:, :, 40] = 1
    centres_hz = PARAMETERS.edges_hz()[1:-1]
    peaks_hz = centres_hz[Warp(PARAMETERS, 4.0, CPU)(tone, dice(), 1.0)[:, 0].argmax(1).numpy()]
    semitones = 12 * np.log2(peaks_hz / centres_hz[40])
    a_band = 12 * np.log2(centres_hz[41] / centres_hz[40])
    assert -4 - a_band < semitones.min() < -2.5
    assert 2.5 < semitones.max() < 4 + a_band


def test_shifting_moves_each_row_and_brings_silence() -> None:
    rows = torch.arange(1.0, 5.0)[None, :, None].repeat(3, 1, 2)
    moved = shifted(rows, torch.tensor([0, 1, -2]))
    assert moved[:, :, 0].tolist() == [[1, 2, 3, 4], [0, 1, 2, 3], [3, 4, 0, 0]]
    assert torch.equal(moved[..., 0], moved[..., 1])


def test_a_band_limit_takes_from_the_top_and_a_little_from_the_bottom() -> None:
    kept_db = 10 * torch.log10(band_limited(torch.ones(200, 2, 64), dice(), 1.0)[:, 0])
    assert (kept_db[:, 14:28] == 0).all()
    assert (kept_db[:, 63] < -40).float().mean() > 0.8
    assert (kept_db[:, 0] < -3).any()


def test_noise_fills_silence_and_leaves_what_is_loud() -> None:
    silent = with_noise(torch.zeros(100, 40, 64), dice(), 1.0)
    assert -90 < 10 * torch.log10(silent.mean(dim=(1, 2))).min() < -70
    assert -50 < 10 * torch.log10(silent.mean(dim=(1, 2))).max() < -25
    loud = with_noise(torch.ones(100, 40, 64), dice(), 1.0)
    assert (loud - 1).abs().max() < 0.1


def test_masks_are_at_the_floor_and_the_rest_stays() -> None:
    varied = masked(torch.zeros(100, 50, 64), dice(), 1.0)
    hidden = varied == -120
    assert (varied[~hidden] == 0).all()
    assert 0.05 < hidden.float().mean() < 0.2
    # A range of bands is hidden in all frames, one of frames in all bands.
    is_band, is_frame = hidden.all(dim=1), hidden.all(dim=2)
    assert torch.equal(hidden, is_band[:, None, :] | is_frame[:, :, None])
    assert is_band.any()
    assert is_frame.any()


def test_style_moves_towards_that_of_another_window() -> None:
    flat = torch.zeros(50, 40, 64)
    flat[:25] += -60
    means = restyled(flat, dice(), 1.0).mean(dim=(1, 2))
    # No more than half of the way.
    assert ((means >= -60.01) & (means <= 0.01)).all()
    assert (means[:25] <= -29.9).all()
    assert (means[25:] >= -30.1).all()
    assert ((means > -59) & (means < -1)).any()
