"""Rendered training clips: General MIDI instrument sets, synthesizers, kits, packs, own synthesis, and songs.

Writes `clips/*.flac` (mono, 32 kHz, 16 bit, at most 3 s, leading silence cut, peak at -1 dBFS) and two
manifests with the columns of the corpus: `manifest.csv` to train on, and `validation.csv` with the one
soundfont that is never trained on; beside them `songs.csv` and `validation-songs.csv`, windows of songs.
An instrument set's clips of one label are one group, since its programs and kits share recordings. Every
random choice comes from one fixed seed.
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models.workshop.rendering import drumkits, patches, soundfonts
from models.workshop.rendering.general_midi import KEYS
from models.workshop.rendering.instrument_sets import (
    InstrumentSet,
    fluidr3,
    freepats,
    generaluser,
    musescore,
    sonivox_eas,
    timgm6mb,
)
from models.workshop.rendering.sample_packs import PACKS
from models.workshop.rendering.song_windows import render_songs, write_windows
from models.workshop.rendering.soundfonts import SAMPLE_RATE
from models.workshop.synthesis.voices import VOICES, load_wavetables, synthesise_voice

MAX_CLIP_S: Final = 3.0
SEED: Final = 20_240_601
PEAK: Final = 10.0 ** (-1.0 / 20.0)
COLUMNS: Final = (
    "file", "label", "detail", "library", "group", "original", "seconds", "native_rate", "licence", "rendered",
)  # fmt: skip
HYDROGEN: Final = Path("/usr/share/hydrogen/data/drumkits")
SHARED_WITH_CORPUS: Final = ("Gimme A Hand 1.0", "The Black Pearl 1.0")
"""Kits whose recordings are already in the corpus, in kits of the same maker (correlation above 0.95)."""
HYDROGEN_LICENCES: Final[Mapping[str, str]] = {
    "Audiophob": "CC0-1.0",
    "BJA_Pacific": "CC-BY-SA-3.0-US",
    "ColomboAcousticDrumkit": "GPL-2.0-or-later with composition exception",
    "circAfrique v4": "CC-BY-SA-3.0",
    "rumpf_kit_z01_h2": "CC-BY-3.0",
}

RECORDED: Final = frozenset({"hydrogen", *(pack.library for pack in PACKS)})
"""Libraries that are recordings all the same, and no renders."""
CLIPS_PER_VOICE: Final = 24
CLIPS_PER_LABEL: Final = 60
SONGS: Final = 40
VALIDATION_SONGS: Final = 20

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """One sound before it is trimmed and written: mono float32 at 32 kHz, and what it is."""

    samples: Samples
    label: str
    detail: str
    library: str
    group: str
    original: str
    native_rate: int
    licence: str


def trimmed(samples: Samples) -> Samples | None:
    """The sound from its onset (-50 dB below the peak) to its end, at most 3 s, peak at -1 dBFS.

    Args:
        samples: mono float32 at 32 kHz.

    Returns:
        The trimmed clip, or None where there is less than 20 ms of sound or hardly any level.
    """
    level = np.abs(samples)
    peak = float(level.max(initial=0.0))
    if peak < 1e-4 or not np.isfinite(peak):
        return None
    loud = np.flatnonzero(level > peak * 10.0 ** (-50.0 / 20.0))
    start = max(0, int(loud[0]) - SAMPLE_RATE // 400)
    clip = samples[start : min(int(loud[-1]) + SAMPLE_RATE // 100, start + int(MAX_CLIP_S * SAMPLE_RATE))]
    if len(clip) < SAMPLE_RATE // 50:
        return None
    return _faded(clip) * np.float32(PEAK / np.abs(clip).max())


def _faded(clip: Samples) -> Samples:
    """The clip with its last 10 ms faded out, as it may be cut inside a sound."""
    length = min(len(clip), SAMPLE_RATE // 100)
    faded = clip.copy()
    faded[-length:] *= np.linspace(1.0, 0.0, length, dtype=np.float32)
    return faded


def installed(*sets: Callable[[], InstrumentSet]) -> Iterator[InstrumentSet]:
    """Those of the sets whose files are on this machine."""
    for each in sets:
        try:
            yield each()
        except FileNotFoundError as error:
            print(f"{error.filename} is not installed and is left out", flush=True)


def general_midi(instruments: InstrumentSet) -> Iterator[Clip]:
    """Notes, chords and phrases of all programs of an instrument set, and hits of its kits."""
    rng, library, licence = np.random.default_rng(SEED), instruments.library, instruments.licence
    for (bank, number), program in instruments.programs.items():
        slots = soundfonts.slots_of(program, rng)
        sounds = soundfonts.play(slots, instruments.renderer, bank=bank, program=number, percussion=False)
        for slot, samples in zip(slots, sounds, strict=True):
            original, group = f"b{bank:03d}-p{number:03d}-{slot.name}", f"{library}-{program.leaf}"
            yield Clip(samples, program.leaf, program.detail, library, group, original, SAMPLE_RATE, licence)
    for number, kit in instruments.kits.items():
        slots = soundfonts.drum_slots(instruments.keys)
        sounds = soundfonts.play(slots, instruments.renderer, bank=0, program=number, percussion=True)
        for slot, samples in zip(slots, sounds, strict=True):
            label, name = KEYS[slot.notes[0].pitch]
            original, group = f"kit{number:03d}-{slot.name}", f"{library}-{label}"
            yield Clip(samples, label, f"{name}, {kit}", library, group, original, SAMPLE_RATE, licence)


def synthesizers() -> Iterator[Clip]:
    """Notes, chords and phrases of the presets of free synthesizers; one preset is one group."""
    rng = np.random.default_rng(SEED)
    for patch in patches.patches():
        program, library = patch.program, patch.library
        slots = soundfonts.slots_of(program, rng, notes=9, figures=3)
        try:
            sounds = soundfonts.play(slots, patch.renderer(), bank=0, program=patch.number, percussion=False)
        except subprocess.SubprocessError as error:
            print(f"{program.detail}: the synthesizer gave up and it is left out ({error})", flush=True)
            continue
        for slot, samples in zip(slots, sounds, strict=True):
            original, group = f"{program.detail}-{slot.name}", f"{library}-{program.detail}"
            yield Clip(samples, program.leaf, program.detail, library, group, original, SAMPLE_RATE, patches.LICENCE)


def hydrogen() -> Iterator[Clip]:
    """Hydrogen's drum kits; one kit is one group."""
    for kit in sorted(path.parent for path in HYDROGEN.glob("*/drumkit.xml")):
        if kit.name in SHARED_WITH_CORPUS:
            continue
        licence = HYDROGEN_LICENCES.get(kit.name, "GPL-2.0")
        for hit in drumkits.hits(kit):
            mono, native_rate = _read(hit.path)
            group = "hydrogen-" + kit.name.replace(" ", "_")
            yield Clip(mono, hit.label, hit.detail, "hydrogen", group, hit.path.name, native_rate, licence)


def sample_packs() -> Iterator[Clip]:
    """Samples of free music programs and games; a leaf of one folder is one group, as a speaker is."""
    for pack in PACKS:
        for path, label in pack.samples():
            try:
                mono, native_rate = _read(path)
            except soundfile.LibsndfileError as error:
                print(f"{path}: cannot be read and is left out ({error})", flush=True)
                continue
            group = f"{pack.library}-{label}-{path.parent.name}"
            yield Clip(mono, label, path.stem, pack.library, group, path.name, native_rate, pack.licence)


def _read(path: Path) -> tuple[Samples, int]:
    """A recording as mono at `SAMPLE_RATE`, and the rate that it has."""
    samples, native_rate = soundfile.read(path, dtype="float32", always_2d=True)
    return soxr.resample(samples.mean(axis=1), native_rate, SAMPLE_RATE), native_rate


def synthesis(wavetables: Path) -> Iterator[Clip]:
    """Own synthesis: so many sounds of each voice, more where a label has few voices."""
    tables, rng = load_wavetables(wavetables), np.random.default_rng(SEED)
    for label, voices in VOICES.items():
        for voice in voices:
            name = voice.__name__
            for i in range(max(CLIPS_PER_VOICE, CLIPS_PER_LABEL // len(voices))):
                samples = synthesise_voice(voice, rng, SAMPLE_RATE, tables)
                group, original = f"synthesis-{name}", f"{name}-{i:03d}"
                yield Clip(samples, label, name, "synthesis", group, original, SAMPLE_RATE, "own")


def write(clips: Iterable[Clip], folder: Path) -> list[dict[str, str]]:
    """Trims and writes the clips under `folder`/clips; silent ones and exact doubles are left out.

    Returns:
        The rows of the manifest.
    """
    rows: list[dict[str, str]] = []
    seen: set[bytes] = set()
    for clip in clips:
        samples = trimmed(clip.samples)
        if samples is None:
            continue
        digest = hashlib.sha256((samples * 4096.0).round().astype(np.int16).tobytes()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        name = f"{clip.library}-{len(rows):05d}.flac"
        soundfile.write(folder / "clips" / name, samples, SAMPLE_RATE, subtype="PCM_16")
        rows.append(_row(clip, name, len(samples) / SAMPLE_RATE))
    return rows


def _row(clip: Clip, name: str, duration_s: float) -> dict[str, str]:
    values = (
        name, clip.label, clip.detail, clip.library, clip.group, clip.original,
        f"{duration_s:.2f}", str(clip.native_rate), clip.licence, str(int(clip.library not in RECORDED)),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _write_manifest(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def render(folder: Path, wavetables: Path) -> None:
    """Renders everything into `folder`, which is made where it is missing."""
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    sets = tuple(installed(freepats, fluidr3, generaluser, sonivox_eas))
    sources = (synthesis(wavetables), hydrogen(), *map(general_midi, (*sets, *installed(musescore))))
    for clips in (*sources, synthesizers(), sample_packs()):
        rows += write(clips, folder)
        _write_manifest(folder / "manifest.csv", rows)
        print(f"{rows[-1]['library']}: {len(rows)} clips so far", flush=True)
    songs = [row for each in sets for row in render_songs(each, folder, count=SONGS, seed=SEED)]
    write_windows(folder / "songs.csv", songs)
    print(f"songs: {len(songs)} windows", flush=True)
    for unheard in installed(timgm6mb):
        _write_manifest(folder / "validation.csv", write(general_midi(unheard), folder))
        windows = render_songs(unheard, folder, count=VALIDATION_SONGS, seed=SEED)
        write_windows(folder / "validation-songs.csv", windows)
