"""Clips that need no audio: each label is a band of its own, so that what sounds in a spectrogram can be read off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.workshop.augmentation import Augmentation
from models.workshop.clips import Clip
from models.workshop.features import FRAMES, Store
from models.workshop.network import Architecture
from models.workshop.training import Plan, Schedule
from tagger.frontend import MelParameters

LABELS: Final = ("kick", "snare", "cello", "flute", "piano", "my_kazoo")
BANDS: Final = 10
"""Bands of each label."""
TINY: Final = Architecture(widths=(4, 4, 8), blocks=(1, 1), dropout=0.1)
NOTHING: Final = Augmentation(
    late=0, warp=0, notes=0, max_notes=0, mixing=0, max_sounds=1, equaliser_db=0, tilt_db=0, band_limit=0, noise=0,
    style=0, mask=0, mixup=0,
)  # fmt: skip
PLAN: Final = Plan(
    labels=LABELS,
    parameters=MelParameters(),
    augmentation=Augmentation(),
    architecture=TINY,
    schedule=Schedule(
        steps=30, batch_size=16, learning_rate=5e-3, windows_s=(0.8, 1.0), presence_steps=20, half_precision=False
    ),
)


def with_steps(plan: Plan, steps: int) -> Plan:
    return replace(plan, schedule=replace(plan.schedule, steps=steps))


def spectrogram(labels: Sequence[str], *, bands: slice = slice(0, BANDS - 2)) -> npt.NDArray[np.float16]:
    """Each label at -30 dB in some of its bands from beginning to end, and silence around it."""
    log_mel = np.full((FRAMES, 64), -120, dtype=np.float16)
    for label in labels:
        first = BANDS * LABELS.index(label)
        log_mel[:, np.arange(first, first + BANDS)[bands]] = -30
    return log_mel


def store_of(clips: Sequence[Clip]) -> Store:
    """A store with one row a clip."""
    return Store(np.stack([spectrogram(clip.labels) for clip in clips]), np.arange(len(clips), dtype=np.int32))


def material() -> tuple[list[Clip], Store]:
    """Notes of all labels that die away at different speeds in noise, from the libraries "a" and "b"."""
    rng = np.random.default_rng(0)
    clips, rows = [], []
    for number in range(60):
        label, library = LABELS[number % len(LABELS)], "ab"[number // len(LABELS) % 2]
        clips.append(Clip(Path(f"{number}.wav"), (label,), library, f"g{number}"))
        decay_db = np.linspace(0, -rng.uniform(20, 70), FRAMES)[:, None]
        noise = rng.uniform(-112, -108, (FRAMES, 64))
        rows.append(np.maximum(spectrogram((label,)) + decay_db, noise).astype(np.float16))
    return clips, Store(np.stack(rows), np.arange(60, dtype=np.int32))
