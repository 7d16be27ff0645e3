"""Preparing: clips to log-mel spectrograms on disk, several variants each, by the product's own frontend.

Layout of a store, written shard by shard so that an interrupted run goes on where it stopped:
    <store>/shard-0000.npz   `log_mel` (n, FRAMES, n_mels) float16 in dB, `clip` (n,) int32
Variant 0 of a clip is the clip itself; shards hold the clips of a manifest list in order. A clip that cannot be
read has no rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models.workshop.clips import Clip
from models.workshop.distortion import distort, read_impulse_responses
from tagger.frontend import MelParameters, decibels, mel_power
from tagger.windows import WindowCutter

FRAMES = 150
RATES = (16000, 22050, 32000, 44100, 48000)
SAMPLE_RATE = 32000
_LONGEST_S = 3.6
_CLIPS_PER_SHARD = 500


@dataclass(frozen=True, slots=True)
class Store:
    """Prepared features in memory.

    Attributes:
        log_mel: (n, FRAMES, n_mels) float16, dB relative to full scale.
        clip: (n,) int32, index into the list of clips; rows of one clip are its variants, first the clip itself.
    """

    log_mel: npt.NDArray[np.float16]
    clip: npt.NDArray[np.int32]

    def first_rows(self) -> npt.NDArray[np.int64]:
        """The rows that hold clips as they are, one a clip."""
        return np.flatnonzero(np.diff(self.clip, prepend=-1))

    @classmethod
    def join(cls, stores: Sequence[Store], clips: Sequence[int]) -> Store:
        """One store of several; `clips` are the lengths of the lists of clips that they belong to."""
        before = np.cumsum([0, *clips[:-1]])
        owners = [store.clip + np.int32(offset) for store, offset in zip(stores, before, strict=True)]
        return cls(np.concatenate([store.log_mel for store in stores]), np.concatenate(owners))


@dataclass(frozen=True, slots=True)
class _Shard:
    target: Path
    first: int
    clips: tuple[Clip, ...]
    variants: int
    rooms: Path | None
    parameters: MelParameters


def prepare(
    clips: Sequence[Clip], store: Path, *, variants: int, rooms: Path | None, parameters: MelParameters, workers: int
) -> None:
    """Writes the shards that are missing.

    Args:
        clips: what to prepare; keep the list the same between runs.
        store: folder of the shards.
        variants: rows for each clip, the clip itself included.
        rooms: folder of impulse responses; without one all reverb is generated.
        parameters: of the frontend.
        workers: processes.
    """
    store.mkdir(parents=True, exist_ok=True)
    shards = []
    for first in range(0, len(clips), _CLIPS_PER_SHARD):
        target = store / f"shard-{first // _CLIPS_PER_SHARD:04d}.npz"
        if not target.exists():
            part = tuple(clips[first : first + _CLIPS_PER_SHARD])
            shards.append(_Shard(target, first, part, variants, rooms, parameters))
    with ProcessPoolExecutor(workers) as pool:
        started = time.monotonic()
        for done, shard in enumerate(pool.map(_write_shard, shards), start=1):
            left_min = (time.monotonic() - started) / done * (len(shards) - done) / 60
            print(f"prepared {done}/{len(shards)}: {shard}  {left_min:.1f} min left", flush=True)


def load(store: Path) -> Store:
    """All shards of a store."""
    shards = [np.load(path) for path in sorted(store.glob("shard-*.npz"))]
    return Store(
        log_mel=np.concatenate([shard["log_mel"] for shard in shards]),
        clip=np.concatenate([shard["clip"] for shard in shards]),
    )


def log_mel_window(samples: npt.NDArray[np.float32], rate: int, parameters: MelParameters) -> npt.NDArray[np.float16]:
    """(FRAMES, n_mels) float16 log-mel of a clip's first three seconds, padded with the floor."""
    log_mel = decibels(mel_power(samples, rate, parameters), parameters)[:FRAMES]
    window = np.full((FRAMES, parameters.n_mels), parameters.floor_db, dtype=np.float16)
    window[: len(log_mel)] = log_mel
    return window


def onset_window(
    samples: npt.NDArray[np.float32], rate: int, parameters: MelParameters, frames: int
) -> npt.NDArray[np.float32]:
    """(frames, n_mels) float32 log-mel from the onset on, as the program cuts it; the floor for silence."""
    log_mel = decibels(mel_power(samples, rate, parameters), parameters)
    silence = np.full((frames, parameters.n_mels), parameters.floor_db, dtype=np.float32)
    return next(WindowCutter(parameters, frames).cut([log_mel]), silence)


def _write_shard(shard: _Shard) -> str:
    rows, owners = [], []
    for offset, clip in enumerate(shard.clips):
        try:
            samples, rate = read_clip(clip)
        except (OSError, soundfile.SoundFileError) as error:
            print(f"{clip.path}: cannot be read and is left out ({error})", flush=True)
            continue
        if not len(samples):
            print(f"{clip.path}: has no sound at {clip.start_s:g} s and is left out", flush=True)
            continue
        rng = np.random.default_rng([shard.first + offset, 20])
        for variant in range(shard.variants):
            rows.append(_variant(samples, rate, variant, rng, shard))
            owners.append(shard.first + offset)
    log_mel = np.stack(rows) if rows else np.zeros((0, FRAMES, shard.parameters.n_mels), dtype=np.float16)
    partial = shard.target.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, log_mel=log_mel, clip=np.array(owners, dtype=np.int32))
    partial.replace(shard.target)
    return shard.target.name


def read_clip(clip: Clip) -> tuple[npt.NDArray[np.float32], int]:
    """The stretch of a clip, mono, and its rate; a little more than is used, since variants may be played faster."""
    with soundfile.SoundFile(clip.path) as file:
        rate = file.samplerate
        file.seek(round(clip.start_s * rate))
        samples = file.read(round(_LONGEST_S * rate), dtype="float32", always_2d=True)
    mono: npt.NDArray[np.float32] = samples.mean(axis=1)
    return mono, rate


def _variant(
    samples: npt.NDArray[np.float32], rate: int, variant: int, rng: np.random.Generator, shard: _Shard
) -> npt.NDArray[np.float16]:
    if variant == 0:
        return log_mel_window(samples, rate, shard.parameters)
    if rate != SAMPLE_RATE:
        samples, rate = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ"), SAMPLE_RATE
    varied = distort(samples, rng, _rooms(shard.rooms), rate)
    lead = np.zeros(int(rng.integers(0, rate // 25)), dtype=np.float32)
    varied = np.concatenate([lead, varied])
    if rng.random() < 0.4:
        native = int(rng.choice(RATES))
        varied, rate = soxr.resample(varied, rate, native, quality="HQ"), native
    return log_mel_window(varied, rate, shard.parameters)


@lru_cache(maxsize=1)
def _rooms(folder: Path | None) -> list[npt.NDArray[np.float32]]:
    return read_impulse_responses(folder, SAMPLE_RATE) if folder else []
