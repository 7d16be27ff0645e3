"""Songs rendered with a soundfont, and listed as windows with what sounds in each.

Layout: `songs/<library>-<number>.flac` (mono, 32 kHz, 16 bit) and a CSV of windows with the columns `file`,
`label` (several, separated by ";"), `library`, `group`, `rendered` and `start_s`.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from models.workshop.rendering.instrument_sets import InstrumentSet
from models.workshop.rendering.songs import Song, compose
from models.workshop.rendering.soundfonts import SAMPLE_RATE, Renderer

COLUMNS: Final = ("file", "label", "library", "group", "rendered", "start_s")
WINDOW_S: Final = 2.0
_PEAK: Final = 0.89
# Quieter windows than this, against the song's peak, hold no more than the end of a decay.
_QUIET: Final = 0.01


def render_songs(band: InstrumentSet, folder: Path, *, count: int, seed: int) -> list[dict[str, str]]:
    """Renders songs under `folder`/songs.

    Returns:
        The rows of all windows, WINDOW_S long, one after the other.
    """
    (folder / "songs").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    for number in range(count):
        song = compose(band.programs, band.kits, band.keys, np.random.default_rng([seed, number]))
        samples = _played(song, band.renderer)
        name = f"songs/{band.library}-{number:03d}.flac"
        soundfile.write(folder / name, samples, SAMPLE_RATE, subtype="PCM_16")
        rows += _windows(song, samples, name, band.library)
    return rows


def write_windows(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Writes the CSV that lists windows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _played(song: Song, renderer: Renderer) -> np.ndarray:
    with tempfile.TemporaryDirectory() as work:
        midi, wav = Path(work, "song.mid"), Path(work, "song.wav")
        song.midi().save(midi)
        renderer(midi, wav)
        samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)[: round(song.duration_s * SAMPLE_RATE)]
    scaled: np.ndarray = mono * np.float32(_PEAK / max(float(np.abs(mono).max()), 1e-6))
    return scaled


def _windows(song: Song, samples: np.ndarray, name: str, library: str) -> list[dict[str, str]]:
    rows, size = [], round(WINDOW_S * SAMPLE_RATE)
    for start in range(0, len(samples) - size + 1, size):
        start_s = start / SAMPLE_RATE
        labels = song.labels_between(start_s, start_s + WINDOW_S)
        if labels and np.abs(samples[start : start + size]).max() > _QUIET:
            values = (name, ";".join(labels), library, f"{library}-songs", "1", f"{start_s:.3f}")
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows
