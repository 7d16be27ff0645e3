"""Notes, phrases and chords of one program of a General MIDI instrument set, as one rendered file.

Everything of a program is played in one MIDI file, one slot of `SLOT_S` seconds after the other, and cut
apart afterwards: a synthesizer starts once a program, not once a note. `fluidsynth` renders soundfonts, `timidity` GUS
patches and `sonivoxrender` its own wavetables, all dry; they are programs of the operating system.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import mido
import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models.workshop.rendering.general_midi import Program

SAMPLE_RATE: Final = 32_000
SLOT_S: Final = 4.0
_TICKS_PER_S: Final = 960
PERCUSSION_CHANNEL: Final = 9
_SONIVOX_RATE: Final = 44_100
_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9))
_CHORDS: Final = ((0, 4, 7), (0, 3, 7), (0, 7, 12), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7), (0, 4, 9))

Renderer = Callable[[Path, Path], None]
"""Renders a MIDI file (first path) to a WAV file (second path)."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note: onset and length in seconds, MIDI note number, velocity 1 to 127."""

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Slot:
    """What sounds in one slot of the file, and how the clip cut from it is called."""

    name: str
    notes: tuple[Note, ...]


def slots_of(program: Program, rng: np.random.Generator, *, notes: int = 24, figures: int = 6) -> list[Slot]:
    """Single notes over the program's range, then phrases or chords: half of each where it plays chords."""
    pitches = np.unique(np.linspace(program.lowest, program.highest, notes).round().astype(int))
    slots = [_single(int(pitch), rng) for pitch in pitches]
    chords = figures // 2 if program.plays_chords else 0
    slots += [_chord(program, rng) for _ in range(chords)]
    return slots + [_phrase(program, rng) for _ in range(figures - chords)]


def drum_slots(keys: Sequence[int]) -> list[Slot]:
    """Each key alone at three velocities."""
    return [
        Slot(f"k{key:03d}-v{velocity:03d}", (Note(0.0, 2.5, key, velocity),))
        for key in keys
        for velocity in (50, 88, 122)
    ]


def _single(pitch: int, rng: np.random.Generator) -> Slot:
    velocity = int(rng.choice((48, 84, 118)))
    duration_s = float(rng.choice((0.2, 0.6, 1.4, 2.6)))
    return Slot(f"n{pitch:03d}-v{velocity:03d}-{duration_s:.1f}s", (Note(0.0, duration_s, pitch, velocity),))


def _chord(program: Program, rng: np.random.Generator) -> Slot:
    intervals = _CHORDS[rng.integers(len(_CHORDS))]
    root = int(rng.integers(program.lowest, max(program.lowest + 1, program.highest - max(intervals))))
    duration_s, velocity = float(rng.choice((0.5, 1.2, 2.6))), int(rng.integers(60, 120))
    strum_s = float(rng.choice((0.0, 0.0, 0.02, 0.05)))
    notes = tuple(Note(i * strum_s, duration_s, root + interval, velocity) for i, interval in enumerate(intervals))
    return Slot(f"chord-n{root:03d}-{len(notes)}-{duration_s:.1f}s", notes)


def _phrase(program: Program, rng: np.random.Generator) -> Slot:
    """A random walk along a scale, in even or dotted steps."""
    scale = np.array(_SCALES[rng.integers(len(_SCALES))])
    ladder = np.concatenate([scale + octave for octave in range(0, 121, 12)]) + int(rng.integers(12))
    ladder = ladder[(ladder >= program.lowest) & (ladder <= program.highest)]
    step_s, legato = float(rng.choice((0.16, 0.25, 0.4, 0.6))), float(rng.uniform(0.5, 1.05))
    place, onset_s, notes = int(rng.integers(len(ladder))), 0.0, []
    while onset_s < 2.7:
        length_s = step_s * float(rng.choice((1.0, 1.0, 2.0, 1.5)))
        notes.append(Note(onset_s, length_s * legato, int(ladder[place]), int(rng.integers(60, 122))))
        place = int(np.clip(place + rng.integers(-3, 4), 0, len(ladder) - 1))
        onset_s += length_s
    return Slot(f"phrase-n{notes[0].pitch:03d}-{len(notes)}", tuple(notes))


def play(
    slots: Sequence[Slot], renderer: Renderer, *, bank: int, program: int, percussion: bool
) -> list[npt.NDArray[np.float32]]:
    """The sound of every slot.

    Args:
        slots: what to play, one slot after the other.
        renderer: the synthesizer.
        bank: variation bank, 0 to 127.
        program: program of the bank or drum kit, 0 to 127.
        percussion: whether to play the percussion channel.

    Returns:
        One float32 array a slot, mono, `SAMPLE_RATE` Hz, at most `SLOT_S` long.
    """
    channel = PERCUSSION_CHANNEL if percussion else 0
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder, "slots.mid"), Path(folder, "slots.wav")
        _midi_file(slots, channel=channel, bank=bank, program=program).save(midi)
        renderer(midi, wav)
        samples, sample_rate = soundfile.read(wav, dtype="float32", always_2d=True)
    if sample_rate != SAMPLE_RATE:
        raise ValueError(f"{wav.name}: rendered at {sample_rate} Hz, asked for {SAMPLE_RATE} Hz")
    mono, hop = samples.mean(axis=1, dtype=np.float32), int(SLOT_S * SAMPLE_RATE)
    return [mono[i * hop : (i + 1) * hop] for i in range(len(slots))]


def _midi_file(slots: Sequence[Slot], *, channel: int, bank: int, program: int) -> mido.MidiFile:
    events = [(0.0, mido.Message("control_change", channel=channel, control=0, value=bank))] if bank else []
    events.append((0.0, mido.Message("program_change", channel=channel, program=program)))
    for i, slot in enumerate(slots):
        for note in slot.notes:
            start_s = i * SLOT_S + 0.02 + note.onset_s
            on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
            off = mido.Message("note_off", channel=channel, note=note.pitch)
            events += [(start_s, on), (min(start_s + note.duration_s, (i + 0.95) * SLOT_S), off)]
        silence = mido.Message("control_change", channel=channel, control=120, value=0)
        events.append(((i + 0.98) * SLOT_S, silence))
    events.sort(key=lambda event: event[0])
    return timed(events)


def timed(events: Sequence[tuple[float, mido.Message]]) -> mido.MidiFile:
    """A MIDI file at 120 beats a minute, so that a beat of 480 ticks is half a second."""
    file = mido.MidiFile(type=0, ticks_per_beat=_TICKS_PER_S // 2)
    track, now = mido.MidiTrack(), 0
    for seconds, message in events:
        tick = round(seconds * _TICKS_PER_S)
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks.append(track)
    return file


def fluidsynth(*soundfonts: Path) -> Renderer:
    """A renderer of a soundfont, without reverb and chorus; later ones come before it where they have a program.

    Raises:
        FileNotFoundError: a soundfont is not installed.
    """
    for soundfont in soundfonts:
        soundfont.stat()

    def render(midi: Path, wav: Path) -> None:
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(SAMPLE_RATE)]
        command += ["-o", "synth.midi-bank-select=gs", "-O", "float", "-T", "wav", "-F", str(wav)]
        _run([*command, *map(str, soundfonts), str(midi)])

    return render


def timidity(configuration: Path) -> Renderer:
    """A renderer of GUS patches, without reverb and chorus."""

    def render(midi: Path, wav: Path) -> None:
        command = ["timidity", "-c", str(configuration), "-s", str(SAMPLE_RATE), "-A", "60"]
        command += ["-EFreverb=d", "-EFchorus=d", "--output-24bit", "-Ow", "-o", str(wav)]
        _run([*command, str(midi)])

    return render


def sonivox() -> Renderer:
    """A renderer of the wavetables in Sonivox EAS, which telephones have, without reverb and chorus.

    Raises:
        FileNotFoundError: its command is not installed.
    """
    program = shutil.which("sonivoxrender")
    if program is None:
        raise FileNotFoundError(errno.ENOENT, "not installed", "sonivoxrender")

    def render(midi: Path, wav: Path) -> None:
        command = [program, "-r", "0", "-c", "0", str(midi)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        samples = np.frombuffer(done.stdout, "<i2").reshape(-1, 2).astype(np.float32) / 32768
        soundfile.write(wav, soxr.resample(samples, _SONIVOX_RATE, SAMPLE_RATE), SAMPLE_RATE, subtype="FLOAT")

    return render


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
