"""Rendered training clips: General MIDI instrument sets, drum kits and own synthesis.

Writes `clips/*.flac` (mono, 32 kHz, 16 bit, at most 3 s, leading silence cut, peak at -1 dBFS) and two
manifests with the columns of the corpus: `manifest.csv` to train on, and `validation.csv` with the one
soundfont that is never trained on. A library's clips of one label are one group, since its programs and
kits share recordings. Every random choice comes from one fixed seed.

Command: `python -m models.workshop.render --out FOLDER --wavetables FILE`
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models.workshop import drumkits, soundfonts
from models.workshop.general_midi import KEYS, KITS, PROGRAMS, VARIATIONS, Program
from models.workshop.synthesis.voices import VOICES, load_wavetables, synthesise_voice

SAMPLE_RATE: Final = 32_000
MAX_CLIP_S: Final = 3.0
SEED: Final = 20_240_601
PEAK: Final = 10.0 ** (-1.0 / 20.0)
COLUMNS: Final = (
    "file", "label", "detail", "library", "group", "original", "seconds", "native_rate", "licence",
)  # fmt: skip
FLUIDR3: Final = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TIMGM6MB: Final = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
FREEPATS: Final = Path("/etc/timidity/freepats.cfg")
HYDROGEN: Final = Path("/usr/share/hydrogen/data/drumkits")
SHARED_WITH_FREEPATS: Final = (26, 53, 75, 79, 122)
"""Programs of TimGM6mb whose waveforms match Freepats' (correlation above 0.95)."""
SHARED_WITH_CORPUS: Final = ("Gimme A Hand 1.0", "The Black Pearl 1.0")
"""Kits whose recordings are already in the corpus, in kits of the same maker (correlation above 0.95)."""
HYDROGEN_LICENCES: Final[Mapping[str, str]] = {
    "Audiophob": "CC0-1.0",
    "BJA_Pacific": "CC-BY-SA-3.0-US",
    "ColomboAcousticDrumkit": "GPL-2.0-or-later with composition exception",
    "circAfrique v4": "CC-BY-SA-3.0",
    "rumpf_kit_z01_h2": "CC-BY-3.0",
}

CLIPS_PER_LABEL: Final = 40
MORE_CLIPS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("synth_lead", "synth_pad", "synth_bass", "sound_effect"), 120),
    **dict.fromkeys(("harp", "marimba", "xylophone", "tubular_bells", "timpani", "harpsichord"), 60),
    **dict.fromkeys(("accordion", "harmonica", "ukulele"), 60),
}

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


def _general_midi(
    library: str,
    renderer: soundfonts.Renderer,
    *,
    licence: str,
    programs: Mapping[tuple[int, int], Program],
    kits: Mapping[int, str],
    keys: Iterable[int],
) -> Iterator[Clip]:
    """All programs and kits of one instrument set."""
    rng = np.random.default_rng(SEED)
    for (bank, number), program in programs.items():
        slots = soundfonts.slots_of(program, rng)
        sounds = soundfonts.play(slots, renderer, bank=bank, program=number, percussion=False)
        for slot, samples in zip(slots, sounds, strict=True):
            original = f"b{bank:03d}-p{number:03d}-{slot.name}"
            group = f"{library}-{program.leaf}"
            yield Clip(samples, program.leaf, program.detail, library, group, original, SAMPLE_RATE, licence)
    for number, kit in kits.items():
        slots = soundfonts.drum_slots(tuple(keys))
        sounds = soundfonts.play(slots, renderer, bank=0, program=number, percussion=True)
        for slot, samples in zip(slots, sounds, strict=True):
            label, name = KEYS[slot.notes[0].pitch]
            original, group = f"kit{number:03d}-{slot.name}", f"{library}-{label}"
            yield Clip(samples, label, f"{name}, {kit}", library, group, original, SAMPLE_RATE, licence)


def fluidr3() -> Iterator[Clip]:
    """The FluidR3 soundfont, with its variation banks."""
    return _general_midi(
        "fluidr3",
        soundfonts.fluidsynth(FLUIDR3),
        licence="MIT",
        programs={**_bank_0(PROGRAMS), **VARIATIONS},
        kits=KITS,
        keys=KEYS,
    )


def timgm6mb() -> Iterator[Clip]:
    """The TimGM6mb soundfont, which is for validation only, less what it shares with Freepats."""
    return _general_midi(
        "timgm6mb",
        soundfonts.fluidsynth(TIMGM6MB),
        licence="GPL-2.0",
        programs=_bank_0({n: p for n, p in PROGRAMS.items() if n not in SHARED_WITH_FREEPATS}),
        kits=KITS,
        keys=KEYS,
    )


def freepats() -> Iterator[Clip]:
    """The Freepats patches: only what the set has of its own."""
    drums, tones = _patches(FREEPATS)
    return _general_midi(
        "freepats_gm",
        soundfonts.timidity(FREEPATS),
        licence="GPL-2.0-or-later with composition exception",
        programs=_bank_0({number: PROGRAMS[number] for number in tones if number in PROGRAMS}),
        kits={0: KITS[0]},
        keys=[key for key in drums if key in KEYS],
    )


def _bank_0(programs: Mapping[int, Program]) -> dict[tuple[int, int], Program]:
    return {(0, number): program for number, program in programs.items()}


def _patches(configuration: Path) -> tuple[list[int], list[int]]:
    """Drum keys and programs that a timidity configuration has patches for."""
    text = configuration.read_text(encoding="utf-8")
    drums = re.findall(r"^\s*(\d+)\s+Drum_", text, flags=re.MULTILINE)
    tones = re.findall(r"^\s*(\d+)\s+Tone_", text, flags=re.MULTILINE)
    return [int(key) for key in drums], [int(number) for number in tones]


def hydrogen() -> Iterator[Clip]:
    """Hydrogen's drum kits; one kit is one group."""
    for kit in sorted(path.parent for path in HYDROGEN.glob("*/drumkit.xml")):
        if kit.name in SHARED_WITH_CORPUS:
            continue
        licence = HYDROGEN_LICENCES.get(kit.name, "GPL-2.0")
        for hit in drumkits.hits(kit):
            samples, native_rate = soundfile.read(hit.path, dtype="float32", always_2d=True)
            mono = soxr.resample(samples.mean(axis=1), native_rate, SAMPLE_RATE)
            group = "hydrogen-" + kit.name.replace(" ", "_")
            yield Clip(mono, hit.label, hit.detail, "hydrogen", group, hit.path.name, native_rate, licence)


def synthesis(wavetables: Path) -> Iterator[Clip]:
    """Own synthesis: the voices of each label in turn."""
    tables, rng = load_wavetables(wavetables), np.random.default_rng(SEED)
    for label, voices in VOICES.items():
        for i in range(MORE_CLIPS.get(label, CLIPS_PER_LABEL)):
            voice = voices[i % len(voices)]
            name = voice.__name__
            samples = synthesise_voice(voice, rng, SAMPLE_RATE, tables)
            yield Clip(samples, label, name, "synthesis", f"synthesis-{name}", f"{name}-{i:03d}", SAMPLE_RATE, "own")


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
        f"{duration_s:.2f}", str(clip.native_rate), clip.licence,
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
    for clips in (synthesis(wavetables), hydrogen(), freepats(), fluidr3()):
        rows += write(clips, folder)
        _write_manifest(folder / "manifest.csv", rows)
        print(f"{rows[-1]['library']}: {len(rows)} clips so far", flush=True)
    _write_manifest(folder / "validation.csv", write(timgm6mb(), folder))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Render training clips.")
    parser.add_argument("--out", type=Path, required=True, help="folder for clips and manifests")
    parser.add_argument("--wavetables", type=Path, required=True, help="the corpus' wavetables.npz")
    arguments = parser.parse_args()
    render(arguments.out, arguments.wavetables)


if __name__ == "__main__":
    main()
