"""Songs of our own, generated as MIDI: drums, bass, chords, tunes and pads that come and go.

Music enough to overlap as instruments do in tracks, with the truth known to the millisecond. A song is
rendered with a soundfont and listed as windows, each with the labels that sound in it. One seed gives one
song.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import mido
import numpy as np

from models.workshop.rendering.general_midi import KEYS, Program
from models.workshop.rendering.soundfonts import PERCUSSION_CHANNEL, Note, timed

_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS: Final = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (5, 3, 0, 4),
    (0, 3, 4, 3),
    (1, 4, 0, 0),
    (0, 0, 3, 4),
    (0, 6, 5, 4),
)
_BASSES: Final = ("electric_bass", "synth_bass", "double_bass", "tuba")
_PADS: Final = ("string_ensemble", "synth_pad", "organ", "voice", "brass_section", "accordion")
# A note that only just begins or ends in a window is not heard in it.
_LEAST_OVERLAP_S: Final = 0.1
# What is struck dies away, held or not.
_STRUCK_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Part:
    """What one player plays.

    Attributes:
        channel: MIDI channel, 0 to 15.
        bank: variation bank.
        program: program, or drum kit on the percussion channel.
        volume: MIDI volume, 0 to 127.
        notes: in any order.
        leaves: the label of each note.
    """

    channel: int
    bank: int
    program: int
    volume: int
    notes: tuple[Note, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Song:
    """Parts that are played together, and how long it takes."""

    parts: tuple[Part, ...]
    duration_s: float

    def midi(self) -> mido.MidiFile:
        """The song as a MIDI file."""
        events: list[tuple[float, mido.Message]] = []
        for part in self.parts:
            events += _events(part)
        # Of two at once the end comes first: it is of another note.
        events.sort(key=lambda event: (event[0], event[1].type == "note_on"))
        return timed(events)

    def labels_between(self, start_s: float, end_s: float) -> tuple[str, ...]:
        """The labels that are heard between two moments, in the order of their share."""
        heard: dict[str, float] = {}
        for part in self.parts:
            for note, leaf in zip(part.notes, part.leaves, strict=True):
                lasts_s = _STRUCK_S if part.channel == PERCUSSION_CHANNEL else note.duration_s
                overlap_s = min(end_s, note.onset_s + lasts_s) - max(start_s, note.onset_s)
                if overlap_s >= min(_LEAST_OVERLAP_S, 0.9 * lasts_s):
                    heard[leaf] = heard.get(leaf, 0.0) + overlap_s
        return tuple(sorted(heard, key=lambda leaf: -heard[leaf]))


def compose(
    programs: Mapping[tuple[int, int], Program], kits: Iterable[int], keys: Iterable[int], rng: np.random.Generator
) -> Song:
    """A song of 16 bars for the programs, kits and drum keys that an instrument set has."""
    score = _Score.draw(rng)
    parts: list[Part] = []
    kits = tuple(kits)
    if rng.random() < 0.7:
        parts.append(score.drums(int(rng.choice(kits)), frozenset(keys)))
    of_role = {
        "bass": [key for key, each in programs.items() if each.leaf in _BASSES],
        "pad": [key for key, each in programs.items() if each.leaf in _PADS],
        "chords": [key for key, each in programs.items() if each.plays_chords and each.leaf not in _PADS],
        "tune": [key for key, each in programs.items() if each.leaf not in (*_BASSES, "sound_effect", "tom")],
    }
    for role, chance in (("bass", 0.75), ("chords", 0.7), ("tune", 0.85), ("pad", 0.45), ("tune", 0.3)):
        choices = of_role[role]
        if choices and rng.random() < chance and len(parts) < 5:
            key = _by_leaf(choices, programs, rng)
            parts.append(score.part(role, len(parts), key, programs[key]))
    if not parts:
        key = _by_leaf(of_role["tune"], programs, rng)
        parts.append(score.part("tune", 0, key, programs[key]))
    return Song(tuple(parts), score.duration_s)


def _by_leaf(
    keys: Sequence[tuple[int, int]], programs: Mapping[tuple[int, int], Program], rng: np.random.Generator
) -> tuple[int, int]:
    """A program, each leaf as likely as any other."""
    leaf = str(rng.choice(sorted({programs[key].leaf for key in keys})))
    choices = [key for key in keys if programs[key].leaf == leaf]
    return choices[int(rng.integers(len(choices)))]


@dataclass(frozen=True, slots=True)
class _Score:
    """Tempo, key and chords of a song, and who plays in which section."""

    beat_s: float
    tonic: int
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    rng: np.random.Generator
    bars: int = 16

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _Score:
        progression = _PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))]
        scale = _MAJOR if rng.random() < 0.5 else _MINOR
        return cls(60.0 / float(rng.uniform(70, 150)), int(rng.integers(12)), scale, progression, rng)

    @property
    def duration_s(self) -> float:
        return self.bars * 4 * self.beat_s

    def drums(self, kit: int, keys: frozenset[int]) -> Part:
        """A groove of kick, snare and hi-hat or ride, with fills, and at times further percussion."""
        notes = []
        for bar in self._bars_played(0.8):
            notes += self._groove(bar)
            if bar % 4 == 3 and self.rng.random() < 0.5:
                toms = self.rng.choice((41, 43, 45, 47, 48, 50), size=4)
                notes += [(bar * 4 + 3 + step / 4, int(tom)) for step, tom in enumerate(toms)]
            if bar % 4 == 0 and self.rng.random() < 0.6:
                notes.append((bar * 4.0, int(self.rng.choice((49, 57, 55, 52)))))
        more = [int(key) for key in self.rng.choice((54, 56, 60, 63, 69, 70, 75, 76, 82), size=2, replace=False)]
        for key in more[: int(self.rng.integers(3))]:
            step = float(self.rng.choice((0.5, 1.0, 2.0)))
            played = self._bars_played(0.5)
            notes += [(bar * 4 + beat, key) for bar in played for beat in np.arange(0.0, 4.0, step)]
        notes = [(beat, key) for beat, key in notes if key in keys]
        struck = tuple(self._note(beat, 0.4, key) for beat, key in notes)
        leaves = tuple(KEYS[key][0] for _, key in notes)
        return Part(PERCUSSION_CHANNEL, 0, kit, self._volume(), struck, leaves)

    def _groove(self, bar: int) -> list[tuple[float, int]]:
        rng, start = self.rng, bar * 4.0
        hits = [(start, 36), (start + 2, 36)]
        hits += [(start + beat, 38) for beat in (1, 3)]
        hits += [(start + beat, 36) for beat in (1.5, 2.5, 3.5) if rng.random() < 0.25]
        time_key = 51 if (bar // 8) % 2 and rng.random() < 0.5 else 42
        hits += [(start + beat, time_key) for beat in np.arange(0.0, 4.0, 0.5) if rng.random() < 0.9]
        return hits

    def part(self, role: str, number: int, key: tuple[int, int], program: Program) -> Part:
        """A bass line, chords, a tune or a pad."""
        channel = number if number < PERCUSSION_CHANNEL else number + 1
        play = {"bass": self._bass, "chords": self._chords, "tune": self._tune, "pad": self._pad}[role]
        notes = tuple(note for bar in self._bars_played(0.75) for note in play(bar, program))
        return Part(channel, *key, self._volume(), notes, (program.leaf,) * len(notes))

    def _bass(self, bar: int, program: Program) -> list[Note]:
        root = self._within(self._degree(self._chord(bar)), program.lowest, program.lowest + 19)
        steps = (0.5, 1.0, 1.0, 2.0)[int(self.rng.integers(4))]
        beats = [beat for beat in np.arange(0.0, 4.0, steps) if beat == 0 or self.rng.random() < 0.85]
        return [
            self._note(bar * 4 + beat, 0.9 * steps, root + int(self.rng.choice((0, 0, 0, 7, 12, -5)))) for beat in beats
        ]

    def _chords(self, bar: int, program: Program) -> list[Note]:
        pitches = self._triad(bar, program)
        rhythm = ((0.0,), (0.0, 2.0), (0.0, 1.5, 3.0), (0.0, 1.0, 2.0, 3.0), (0.5, 1.5, 2.5, 3.5))
        beats = rhythm[int(self.rng.integers(len(rhythm)))]
        if self.rng.random() < 0.3:
            arpeggio = [pitches[step % len(pitches)] for step in range(8)]
            return [self._note(bar * 4 + step / 2, 0.5, pitch) for step, pitch in enumerate(arpeggio)]
        length = 0.9 * 4 / len(beats)
        return [self._note(bar * 4 + beat, length, pitch) for beat in beats for pitch in pitches]

    def _pad(self, bar: int, program: Program) -> list[Note]:
        return [self._note(bar * 4, 3.95, pitch) for pitch in self._triad(bar, program)]

    def _tune(self, bar: int, program: Program) -> list[Note]:
        notes, beat = [], 0.0
        degree = self._chord(bar) + int(self.rng.integers(-2, 5))
        lowest = (program.lowest + program.highest) // 2 - 8
        while beat < 4.0:
            length = float(self.rng.choice((0.5, 0.5, 1.0, 1.0, 1.5, 2.0)))
            if self.rng.random() < 0.85:
                pitch = self._within(self._degree(degree), lowest, lowest + 18)
                notes.append(self._note(bar * 4 + beat, min(length, 4.0 - beat) * 0.95, pitch))
            degree += int(self.rng.integers(-2, 3))
            beat += length
        return notes

    def _triad(self, bar: int, program: Program) -> list[int]:
        middle = (program.lowest + program.highest) // 2
        chord = self._chord(bar)
        return [self._within(self._degree(chord + step), middle - 8, middle + 8) for step in (0, 2, 4)]

    def _bars_played(self, chance: float) -> list[int]:
        """Bars in which somebody plays: sections of two, so that instruments come and go."""
        sections = [section for section in range(self.bars // 2) if self.rng.random() < chance]
        return [bar for section in sections or [0] for bar in (2 * section, 2 * section + 1)]

    def _chord(self, bar: int) -> int:
        return self.chords[bar % len(self.chords)]

    def _degree(self, degree: int) -> int:
        octave, step = divmod(degree, len(self.scale))
        return self.tonic + 12 * octave + self.scale[step]

    @staticmethod
    def _within(pitch: int, lowest: int, highest: int) -> int:
        """The pitch an octave or more away that lies in a range of at least an octave."""
        while pitch < lowest:
            pitch += 12
        while pitch > highest:
            pitch -= 12
        return pitch

    def _volume(self) -> int:
        return int(self.rng.integers(60, 128))

    def _note(self, beat: float, beats: float, pitch: int) -> Note:
        late_s = float(self.rng.normal(0.0, 0.008))
        onset_s = max(0.0, beat * self.beat_s + late_s)
        return Note(onset_s, beats * self.beat_s, pitch, int(self.rng.integers(55, 120)))


def _events(part: Part) -> list[tuple[float, mido.Message]]:
    channel = part.channel
    events = [
        (0.0, mido.Message("control_change", channel=channel, control=0, value=part.bank)),
        (0.0, mido.Message("control_change", channel=channel, control=7, value=part.volume)),
        (0.0, mido.Message("program_change", channel=channel, program=part.program)),
    ]
    next_onset_s: dict[int, float] = {}
    for note in sorted(part.notes, key=lambda note: -note.onset_s):
        # The end of a note would silence the next one of the same pitch, were that begun already.
        end_s = min(note.onset_s + note.duration_s, next_onset_s.get(note.pitch, math.inf))
        next_onset_s[note.pitch] = note.onset_s
        off = mido.Message("note_off", channel=channel, note=note.pitch)
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        events += [(end_s, off), (note.onset_s, on)]
    return events
