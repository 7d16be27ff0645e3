"""The bundled samples of `make demo`: short sounds of our own, named as unhelpfully as bought ones.

One-shots of drum machines and synthesizers come from the workshop's voices, acoustic instruments and loops
from MIDI written here and played by FluidSynth with the FluidR3 soundfont (MIT licence). Formats, rates and
bit depths are mixed on purpose. What each file holds is written into `truth.csv`. One seed, always the same
sounds.

Command: `python -m models.workshop.rendering.demo --out demo`
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import mido
import numpy as np
import numpy.typing as npt
import soundfile

from models.workshop.rendering.instrument_sets import FLUIDR3
from models.workshop.rendering.render import PEAK
from models.workshop.rendering.soundfonts import Note, timed
from models.workshop.synthesis import drums, electronic
from models.workshop.synthesis.voices import Voice, synthesise_voice

SEED: Final = 7
_PERCUSSION_CHANNEL: Final = 9

Samples = npt.NDArray[np.float32]


class Maker(Protocol):
    """Makes one sound."""

    def __call__(self, sample_rate: int) -> Samples:
        """(n, channels) float32 at any level."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A one-shot of the workshop's synthesis: the voice, and the number of the sound that it is to play."""

    voice: Voice
    number: int

    def __call__(self, sample_rate: int) -> Samples:
        """Plays it."""
        rng = np.random.default_rng([SEED, self.number])
        return synthesise_voice(self.voice, rng, sample_rate, _plain_wavetables())[:, None]


@dataclass(frozen=True, slots=True)
class Player:
    """Notes of a General MIDI program, or of the standard drum kit where there is none.

    Attributes:
        program: 0 to 127, or None for drums.
        notes: what is played.
        duration_s: length of the file: where the sound is cut off, to the sample for loops.
        channels: 1 or 2.
    """

    program: int | None
    notes: tuple[Note, ...]
    duration_s: float
    channels: int = 1

    def __call__(self, sample_rate: int) -> Samples:
        """Plays them."""
        stereo = _render(_midi(self.program, self.notes), sample_rate)
        length = round(self.duration_s * sample_rate)
        stereo = np.pad(stereo, ((0, max(0, length - len(stereo))), (0, 0)))[:length]
        return stereo if self.channels == 2 else stereo.mean(axis=1, keepdims=True, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the demo.

    Attributes:
        file: path below `samples/`; its suffix is the format.
        labels: the leaves that sound in it, the most prominent first.
        maker: makes the sound.
        sample_rate: in Hz.
        subtype: libsndfile's name of the encoding.
    """

    file: str
    labels: tuple[str, ...]
    maker: Maker
    sample_rate: int = 44_100
    subtype: str = "PCM_16"


def one_note(program: int, pitch: int, duration_s: float, velocity: int = 100) -> Player:
    """A single note, with half a second to die away."""
    return Player(program, (Note(0.0, duration_s, pitch, velocity),), duration_s + 0.5)


def one_chord(program: int, pitches: Sequence[int], duration_s: float, strum_s: float = 0.0) -> Player:
    """A chord, its notes `strum_s` apart, with half a second to die away."""
    notes = tuple(Note(i * strum_s, duration_s - i * strum_s, pitch, 96) for i, pitch in enumerate(pitches))
    return Player(program, notes, duration_s + 0.5)


def one_hit(key: int, duration_s: float) -> Player:
    """One hit of the standard kit."""
    return Player(None, (Note(0.0, duration_s, key, 112),), duration_s)


def beat(bars: int, tempo_bpm: float) -> Player:
    """A rock beat in eighths: kick, snare and closed hi-hat."""
    step_s = 30 / tempo_bpm
    patterns = {36: "x...xx..", 38: "..x...x.", 42: "xxxxxxxx"}
    notes = [
        Note((bar * 8 + step) * step_s, 0.1, key, 100 if step % 2 == 0 else 78)
        for bar in range(bars)
        for key, pattern in patterns.items()
        for step, mark in enumerate(pattern)
        if mark == "x"
    ]
    return Player(None, tuple(notes), bars * 8 * step_s, channels=2)


def phrase(program: int, pitches: Sequence[int | None], step_s: float) -> Player:
    """A line of notes in even steps; None is a rest."""
    notes = tuple(
        Note(i * step_s, 0.9 * step_s, pitch, 104 if i % 4 == 0 else 88)
        for i, pitch in enumerate(pitches)
        if pitch is not None
    )
    return Player(program, notes, len(pitches) * step_s)


# A minor, F, C, G: a bar each, in eighths.
_BASS_LINE: Final = (
    33, 33, None, 33, 40, 33, 45, 40, 29, 29, None, 29, 36, 29, 41, 36,
    36, 36, None, 36, 43, 36, 48, 43, 31, 31, None, 31, 38, 31, 43, 38,
)  # fmt: skip
_PIANO_LINE: Final = (
    69, 72, 76, 81, 76, 72, 69, 64, 65, 69, 72, 77, 72, 69, 65, 60,
    67, 72, 76, 79, 76, 72, 67, 64, 67, 71, 74, 79, 74, 71, 67, 62,
)  # fmt: skip

SAMPLES: Final = (
    Sample("Foundry Drums 2/ABLP_09_fx2.wav", ("kick",), Machine(drums.machine_kick, 4)),
    Sample("Foundry Drums 2/ABLP_11_b.wav", ("snare",), Machine(drums.machine_snare, 1), subtype="PCM_24"),
    Sample("Foundry Drums 2/ABLP_14.aiff", ("hihat",), Machine(drums.machine_hihat, 1)),
    Sample("Foundry Drums 2/ABLP_17_alt.flac", ("clap",), Machine(drums.machine_clap, 1), 48_000),
    Sample("Foundry Drums 2/ABLP_23.ogg", ("cymbal",), one_hit(49, 2.2), subtype="VORBIS"),
    Sample("Foundry Drums 2/ABLP_28_lo.wav", ("tom",), one_hit(45, 0.9)),
    Sample("Foundry Drums 2/ABLP_31.flac", ("tambourine",), one_hit(54, 0.6), 96_000, "PCM_24"),
    Sample("Night Bus/SKN_vol2_008.flac", ("piano",), one_note(0, 48, 2.0)),
    Sample("Night Bus/SKN_vol2_012.mp3", ("electric_piano",), one_note(4, 60, 1.8), subtype="MPEG_LAYER_III"),
    Sample("Night Bus/SKN_vol2_019.flac", ("acoustic_guitar",), one_chord(24, (40, 47, 52, 56, 59, 64), 2.0, 0.03)),
    Sample("Night Bus/SKN_vol2_026.ogg", ("violin",), one_note(40, 67, 1.5), 48_000, "VORBIS"),
    Sample("Night Bus/SKN_vol2_030.flac", ("cello",), one_note(42, 45, 1.5)),
    Sample("Night Bus/SKN_vol2_037.mp3", ("flute",), one_note(73, 84, 1.4), subtype="MPEG_LAYER_III"),
    Sample("Night Bus/SKN_vol2_044.flac", ("trumpet",), one_note(56, 70, 1.2), 48_000),
    Sample("Night Bus/SKN_vol2_051.ogg", ("harp",), one_chord(46, (60, 64, 67, 72, 76), 1.8, 0.08), subtype="VORBIS"),
    Sample("Night Bus/SKN_vol2_058.flac", ("synth_pad",), Machine(electronic.subtractive_pad, 5)),
    Sample("Night Bus/SKN_vol2_063.wav", ("synth_bass",), Machine(electronic.subtractive_bass, 3)),
    Sample("Loops/kv3-a_120.ogg", ("hihat", "snare", "kick"), beat(4, 120), subtype="VORBIS"),
    Sample("Loops/kv3-b_120.ogg", ("electric_bass",), phrase(33, _BASS_LINE, 0.25), subtype="VORBIS"),
    Sample("Loops/kv3-c_96.ogg", ("piano",), phrase(0, _PIANO_LINE, 30 / 96), subtype="VORBIS"),
)


def make(folder: Path) -> None:
    """Makes all samples and the table of what they hold.

    Args:
        folder: where `samples/` and `truth.csv` go.
    """
    for sample in SAMPLES:
        target = folder / "samples" / sample.file
        target.parent.mkdir(parents=True, exist_ok=True)
        sound = sample.maker(sample.sample_rate)
        sound = _faded(sound, sample.sample_rate) * np.float32(PEAK / np.abs(sound).max())
        soundfile.write(target, sound, sample.sample_rate, subtype=sample.subtype)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        writer.writerows([sample.file, label] for sample in SAMPLES for label in sample.labels)


def _faded(sound: Samples, sample_rate: int) -> Samples:
    """The sound with its last 10 ms faded out, since some are cut off while they ring."""
    length = sample_rate // 100
    fade = np.concatenate([np.ones(len(sound) - length), np.linspace(1.0, 0.0, length)])
    faded: Samples = sound * fade[:, None].astype(np.float32)
    return faded


def _plain_wavetables() -> npt.NDArray[np.float32]:
    cycle = np.linspace(0.0, 2.0 * np.pi, 256, endpoint=False)
    harmonics = [np.sin(n * cycle) / n for n in range(1, 9)]
    return np.stack([np.sum(harmonics[:count], axis=0) for count in (1, 3, 8)]).astype(np.float32)


def _midi(program: int | None, notes: Sequence[Note]) -> mido.MidiFile:
    channel = _PERCUSSION_CHANNEL if program is None else 0
    events = [(0.0, mido.Message("program_change", channel=channel, program=program or 0))]
    for note in notes:
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch)
        events += [(note.onset_s, on), (note.onset_s + note.duration_s, off)]
    events.sort(key=lambda event: event[0])
    return timed(events)


def _render(midi: mido.MidiFile, sample_rate: int) -> Samples:
    """(n, 2) float32, dry."""
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        midi.save(score)
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(sample_rate)]
        command += ["-O", "float", "-T", "wav", "-F", str(sound), str(FLUIDR3), str(score)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        stereo: Samples = soundfile.read(sound, dtype="float32", always_2d=True)[0]
    return stereo


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the samples of the demo.")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="the folder to fill")
    make(parser.parse_args().out)


if __name__ == "__main__":
    main()
