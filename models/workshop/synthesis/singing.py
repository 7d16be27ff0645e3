"""Voices: a glottal source through the formants of vowels; solo, choir, speech-like, whispered.

Vowels are those of Peterson and Barney (1952), rounded, scaled with the length of the vocal tract; a sawtooth
with a tilt stands for the glottis, jitter and shimmer keep it from sounding like a machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.workshop.synthesis.blown import Habits, Line, line
from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass, midi_hz, mixed, saw
from models.workshop.synthesis.resonance import levelled, one_pole, wandering

_VOWELS: Final[Mapping[str, tuple[float, float, float]]] = {
    "i": (280.0, 2250.0, 3000.0),
    "e": (500.0, 1850.0, 2500.0),
    "ae": (670.0, 1700.0, 2400.0),
    "a": (740.0, 1150.0, 2500.0),
    "o": (560.0, 850.0, 2400.0),
    "u": (310.0, 850.0, 2250.0),
    "er": (490.0, 1350.0, 1700.0),
}


@dataclass(frozen=True, slots=True)
class _Singer:
    """A kind of voice: range in MIDI notes, and its formants relative to those of a man."""

    lowest: int
    highest: int
    size: float


_BASS: Final = _Singer(40, 62, 0.95)
_TENOR: Final = _Singer(47, 70, 1.02)
_ALTO: Final = _Singer(53, 76, 1.13)
_SOPRANO: Final = _Singer(59, 83, 1.18)
_CHILD: Final = _Singer(60, 81, 1.35)
_ALL: Final = (_BASS, _TENOR, _ALTO, _SOPRANO, _CHILD)


def low_singer(studio: Studio) -> Signal:
    """A bass or a tenor sings a note or a phrase on one vowel, or glides between two."""
    return _solo(studio, (_BASS, _TENOR))


def high_singer(studio: Studio) -> Signal:
    """An alto, a soprano or a child."""
    return _solo(studio, (_ALTO, _SOPRANO, _CHILD))


def choir(studio: Studio) -> Signal:
    """Six to fourteen singers of one or two kinds on one vowel, in unison or a chord."""
    return _choir(studio, tuple(_VOWELS)[int(studio.rng.integers(len(_VOWELS)))])


def choir_oohs_and_aahs(studio: Studio) -> Signal:
    """A choir on one of the two vowels that choirs hold most."""
    return _choir(studio, "u" if studio.chance(0.5) else "a")


def speech(studio: Studio) -> Signal:
    """Syllables at the pace of speech under a falling or wandering melody: noise for consonants, then a vowel."""
    return _syllables(studio, (0.09, 0.3), spoken=True)


def sung_syllables(studio: Studio) -> Signal:
    """A few syllables on notes of a scale: la, da, na."""
    return _syllables(studio, (0.18, 0.6), spoken=False)


def whisper(studio: Studio) -> Signal:
    """Syllables with noise in place of the glottis."""
    singer, parts = _one_of(studio, _ALL), []
    for _ in range(int(studio.rng.integers(2, 7))):
        length_s = studio.uniform(0.1, 0.4)
        shaped = _vowel(studio, studio.noise(length_s), _pair(studio), singer, 0.0)
        parts += [_consonant(studio, 0.5), levelled(shaped) * np.hanning(len(shaped)) ** 0.5]
    return np.concatenate(parts)[: studio.samples(2.9)]


def shout(studio: Studio) -> Signal:
    """A hoarse, pressed call with a rise and a fall: hey, ho, oi."""
    singer, duration_s = _one_of(studio, _ALL), studio.uniform(0.3, 1.0)
    way = np.linspace(0.0, 1.0, studio.samples(duration_s))
    arch = studio.uniform(2.0, 12.0) * np.sin(np.pi * way ** studio.uniform(0.5, 1.2))
    hz = midi_hz(studio.uniform(0.5 * (singer.lowest + singer.highest), singer.highest)) * 2.0 ** (arch / 12.0)
    source = _glottis(studio, hz, rough=studio.uniform(0.5, 3.0), breath=studio.uniform(0.1, 0.8))
    wave = _vowel(studio, source, _pair(studio), singer, float(hz.mean()))
    wave = np.tanh(studio.uniform(0.5, 4.0) * wave / float(np.abs(wave).max() + 1e-9))
    return wave * np.minimum(way / 0.08, 1.0) * (1.0 - way**4)


def _one_of(studio: Studio, singers: tuple[_Singer, ...]) -> _Singer:
    return singers[int(studio.rng.integers(len(singers)))]


def _pair(studio: Studio) -> tuple[str, str]:
    """A vowel and the one it turns into, often the same."""
    first, second = studio.rng.choice(list(_VOWELS), size=2)
    return str(first), str(second if studio.chance(0.4) else first)


def _solo(studio: Studio, singers: tuple[_Singer, ...]) -> Signal:
    singer = _one_of(studio, singers)
    played = line(studio, Habits(singer.lowest, singer.highest, (0.02, 0.25), 1.0, 2.0))
    source = _glottis(studio, played.hz, rough=studio.log_uniform(0.05, 0.6), breath=studio.log_uniform(0.01, 0.5))
    wave = _vowel(studio, source, _pair(studio), singer, played.middle_hz)
    wave = levelled(wave) * played.level * (1.0 + studio.uniform(0.0, 0.2) * played.vibrato)
    if studio.chance(0.4):
        onset = _consonant(studio, 0.5)
        wave[: len(onset)] += onset[: len(wave)] * 0.3
    return wave


def _glottis(studio: Studio, hz: Signal, *, rough: float, breath: float) -> Signal:
    """A tilted sawtooth with jitter and shimmer (`rough`, in semitones), and breath that follows its cycle."""
    n, rate = len(hz), studio.sample_rate
    jitter = levelled(low_pass(studio.rng.standard_normal(n), studio.log_uniform(10.0, 60.0), rate))
    rough_hz = np.clip(hz * 2.0 ** (0.4 * rough * jitter / 12.0), 30.0, 0.2 * rate)
    tilted = one_pole(saw(rough_hz, rate), 1.0 / (6.28 * studio.log_uniform(800.0, 9000.0)), rate)
    pulses = levelled(tilted) * (1.0 + 0.2 * rough * jitter)
    noise = high_pass(studio.rng.standard_normal(n), studio.log_uniform(200.0, 1500.0), rate)
    return pulses + breath * noise * (1.0 + 0.4 * np.clip(pulses, -2.0, 2.0))


def _vowel(studio: Studio, source: Signal, pair: tuple[str, str], singer: _Singer, pitch_hz: float) -> Signal:
    """The source through the formants of one vowel that turns into another."""
    size = singer.size * studio.log_uniform(0.92, 1.09)
    width_hz, ring = studio.uniform(50.0, 160.0), studio.log_uniform(0.15, 1.6)
    first = _formed(studio, source, _VOWELS[pair[0]], size, pitch_hz, width_hz, ring)
    if pair[0] == pair[1]:
        return first
    second = _formed(studio, source, _VOWELS[pair[1]], size, pitch_hz, width_hz, ring)
    middle, speed = studio.uniform(0.2, 0.8), studio.uniform(2.0, 12.0)
    way = np.clip((np.linspace(0.0, 1.0, len(source)) - middle) * speed + 0.5, 0.0, 1.0)
    return (1.0 - way) * levelled(first) + way * levelled(second)


def _formed(
    studio: Studio,
    source: Signal,
    vowel: tuple[float, float, float],
    size: float,
    pitch_hz: float,
    width_hz: float,
    ring: float,
) -> Signal:
    """Five formants; the first is not below the note sung, the upper two are the singer's own."""
    lowest_hz = max(vowel[0] * size, pitch_hz)
    centres_hz = (lowest_hz, max(vowel[1] * size, 1.1 * lowest_hz), vowel[2] * size, 3400.0 * size, 4300.0 * size)
    gains = (1.0, studio.uniform(0.4, 1.4), ring, ring * studio.uniform(0.3, 1.0), 0.5 * ring)
    rate = studio.sample_rate
    bands = [
        gain * band_pass(source, hz, rate, q=hz / (width_hz * (1.0 + hz / 2500.0)))
        for hz, gain in zip(centres_hz, gains, strict=True)
    ]
    return mixed(bands) + studio.uniform(0.0, 0.03) * source


def _choir(studio: Studio, vowel: str) -> Signal:
    singers = [_one_of(studio, _ALL[:4])] * 2 if studio.chance(0.6) else [_TENOR, _SOPRANO]
    played = line(studio, Habits(singers[0].lowest, singers[0].highest - 5, (0.05, 0.4), 0.2, 0.5))
    chord = ((0,), (0,), (0, 12), (0, 7), (0, 4, 7), (0, 3, 7))[int(studio.rng.integers(6))]
    groups = []
    for i, singer in enumerate(singers):
        count = int(studio.rng.integers(3, 8))
        source = mixed(_member(studio, played, float(chord[(i + j) % len(chord)])) for j in range(count))
        source = one_pole(source, 1.0 / (6.28 * studio.log_uniform(700.0, 6000.0)), studio.sample_rate)
        source = levelled(source) + studio.log_uniform(0.01, 0.4) * studio.rng.standard_normal(len(source))
        groups.append(levelled(_vowel(studio, source, (vowel, vowel), singer, played.middle_hz)))
    return mixed(groups) * played.level


def _member(studio: Studio, played: Line, interval: float) -> Signal:
    """One singer of many: out of tune, with a vibrato of their own."""
    n, rate = len(played.hz), studio.sample_rate
    t = np.arange(n) / rate
    wobble = studio.uniform(0.0, 0.5) * np.sin(2.0 * np.pi * (studio.uniform(4.5, 6.5) * t + studio.uniform(0.0, 1.0)))
    wobble += interval + studio.rng.normal(0.0, 0.15) + 0.3 * (wandering(studio, n / rate, 2.0)[:n] - 0.5)
    shade = 0.5 + 0.5 * wandering(studio, n / rate, 3.0)[:n]
    return saw(played.hz * np.exp2(wobble / 12.0), rate, studio.uniform(0.0, 1.0)) * shade


def _consonant(studio: Studio, loudness: float) -> Signal:
    """A hiss, a puff or a click: s, sh, f, t, k, p."""
    length_s = studio.log_uniform(0.008, 0.15)
    hiss = band_pass(studio.noise(length_s), studio.log_uniform(900.0, 8500.0), studio.sample_rate, q=1.2)
    shape = np.hanning(len(hiss)) if studio.chance(0.5) else np.linspace(1.0, 0.0, len(hiss)) ** 2
    return loudness * studio.uniform(0.1, 1.0) * levelled(hiss) * shape


def _syllables(studio: Studio, pace_s: tuple[float, float], *, spoken: bool) -> Signal:
    singer, count = _one_of(studio, _ALL), int(studio.rng.integers(2, 9 if spoken else 6))
    middle = studio.uniform(singer.lowest, singer.highest - (8 if spoken else 0))
    rough, breath = studio.log_uniform(0.1, 1.0), studio.log_uniform(0.02, 0.5)
    fall, parts = studio.uniform(-6.0, 3.0), []
    for i in range(count):
        n = studio.samples(studio.uniform(*pace_s))
        way = np.linspace(0.0, 1.0, n)
        if spoken:
            pitch = middle + fall * i / count + studio.uniform(-4.0, 4.0) * way + studio.rng.normal(0.0, 2.0)
        else:
            scoop = studio.uniform(0.0, 1.5) * np.exp(-way / 0.08)
            pitch = middle + studio.pick(-5.0, -3.0, -1.0, 0.0, 2.0, 4.0, 7.0) - scoop
        hz = 440.0 * 2.0 ** ((pitch - 69.0) / 12.0)
        source = _glottis(studio, hz * np.ones(n), rough=rough, breath=breath)
        vowel = levelled(_vowel(studio, source, _pair(studio), singer, float(np.mean(hz))))
        edge = np.minimum(way / studio.uniform(0.03, 0.2), (1.0 - way) / studio.uniform(0.05, 0.3))
        parts += [_consonant(studio, 0.7), vowel * np.clip(edge, 0.0, 1.0) * studio.uniform(0.5, 1.0)]
        if studio.chance(0.15):
            parts.append(np.zeros(studio.samples(studio.uniform(0.03, 0.15))))
    return np.concatenate(parts)[: studio.samples(2.95)]
