"""Flutes, reeds and bagpipes: additive tones behind formants, and two cheaper models of each reed.

A flute has few harmonics and much breath; a clarinet lacks even harmonics in its low register; double reeds and
saxophones are conical, with all harmonics, and formants that stay where they are when the note changes (Fletcher
and Rossing, "The Physics of Musical Instruments").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.workshop.synthesis.blown import Habits, Line, additive, breath, line, opened, rolled
from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, high_pass, low_pass, midi_hz, mixed, pulse
from models.workshop.synthesis.resonance import formants, levelled, wandering


@dataclass(frozen=True, slots=True)
class _Pipe:
    """A flute: habits, cutoff in Hz when soft and loud, noise beside the tone, share of even harmonics."""

    habits: Habits
    soft_hz: float
    loud_hz: float
    noise: tuple[float, float]
    even: tuple[float, float] = (0.3, 1.2)
    chiff: float = 0.5


_FLUTE: Final = _Pipe(Habits(60, 96, (0.02, 0.15), 0.25, 0.2), 250.0, 1500.0, (0.01, 0.25))
_PICCOLO: Final = _Pipe(Habits(74, 106, (0.01, 0.08), 0.25, 0.2), 600.0, 3000.0, (0.01, 0.2))
_RECORDER: Final = _Pipe(Habits(60, 93, (0.01, 0.06), 0.15, 0.15), 300.0, 1100.0, (0.005, 0.1), (0.05, 0.5), 0.8)
_PAN: Final = _Pipe(Habits(60, 93, (0.02, 0.12), 0.2, 0.4), 200.0, 900.0, (0.2, 1.2), (0.02, 0.3), 1.5)
_SHAKUHACHI: Final = _Pipe(Habits(55, 84, (0.03, 0.25), 0.6, 1.2), 250.0, 1500.0, (0.1, 0.8), (0.2, 1.0), 1.0)
_OCARINA: Final = _Pipe(Habits(60, 86, (0.02, 0.1), 0.2, 0.3), 150.0, 400.0, (0.01, 0.15), (0.02, 0.3), 0.3)


def flute(studio: Studio) -> Signal:
    """The transverse flute."""
    return _piped(studio, _FLUTE)


def piccolo(studio: Studio) -> Signal:
    """The flute an octave up, brighter."""
    return _piped(studio, _PICCOLO)


def recorder(studio: Studio) -> Signal:
    """Weak even harmonics, a clear chiff, hardly any vibrato."""
    return _piped(studio, _RECORDER)


def pan_flute(studio: Studio) -> Signal:
    """Stopped pipes: odd harmonics and as much breath as tone."""
    return _piped(studio, _PAN)


def shakuhachi(studio: Studio) -> Signal:
    """Wide bends and vibrato, noisy."""
    return _piped(studio, _SHAKUHACHI)


def ocarina(studio: Studio) -> Signal:
    """A vessel: nearly a sine."""
    return _piped(studio, _OCARINA)


def _piped(studio: Studio, pipe: _Pipe) -> Signal:
    played = line(studio, pipe.habits)
    weights = rolled(studio, 12, studio.uniform(0.0, 0.8), 0.6)
    weights[1::2] *= studio.uniform(*pipe.even)
    tone = additive(played.hz, weights, studio.sample_rate, cutoff_hz=_cutoff(studio, played, pipe))
    tone *= played.level * (1.0 + studio.uniform(0.0, 0.35) * played.vibrato)
    tone = breath(studio, tone, played.level, around=studio.uniform(0.0, 0.3), beside=studio.log_uniform(*pipe.noise))
    return _chiffed(studio, tone, played, pipe.chiff * studio.uniform(0.0, 1.0))


def _cutoff(studio: Studio, played: Line, pipe: _Pipe) -> Signal:
    size = studio.log_uniform(0.7, 1.5)
    return opened(played.level, pipe.soft_hz * size, pipe.loud_hz * size) + 0.3 * played.middle_hz


def _chiffed(studio: Studio, tone: Signal, played: Line, amount: float) -> Signal:
    """A puff of noise about the first overtones before the tone speaks."""
    length_s = min(studio.uniform(0.03, 0.12), len(tone) / studio.sample_rate)
    puff = band_pass(studio.noise(length_s), played.middle_hz * studio.pick(1.0, 2.0, 3.0), studio.sample_rate, q=3.0)
    puff = levelled(puff)[: len(tone)] * np.hanning(min(studio.samples(length_s), len(tone)))
    tone[: len(puff)] += amount * float(np.sqrt(np.mean(tone**2))) * puff
    return tone


_CLARINET: Final = Habits(50, 91, (0.012, 0.1), 0.12, 0.25)
_BASS_CLARINET: Final = Habits(34, 70, (0.012, 0.1), 0.1, 0.2)


def clarinet(studio: Studio) -> Signal:
    """Odd harmonics; the even ones grow with the register and at random."""
    return _odd(studio, _CLARINET)


def bass_clarinet(studio: Studio) -> Signal:
    """The clarinet an octave down."""
    return _odd(studio, _BASS_CLARINET)


def _odd(studio: Studio, habits: Habits) -> Signal:
    played = line(studio, habits)
    weights = rolled(studio, 80, studio.uniform(0.1, 0.7), 0.5)
    register = float(np.clip((played.middle_hz - 200.0) / 500.0, 0.0, 1.0))
    leak = studio.log_uniform(0.02, 0.2) * (1.0 - register) + studio.uniform(0.2, 0.9) * register
    # the upper even harmonics of the low register are no weaker than the odd ones
    even = np.arange(2, 81, 2) * played.middle_hz
    weights[1::2] *= leak + (1.0 - leak) * np.clip((even - 1500.0) / studio.uniform(800.0, 4000.0), 0.0, 1.0)
    size = studio.log_uniform(0.6, 1.6)
    cutoff_hz = opened(played.level, 350.0 * size, 1900.0 * size) + 0.2 * played.middle_hz
    tone = additive(played.hz, weights, studio.sample_rate, cutoff_hz=cutoff_hz) * played.level
    return _windy(studio, tone, played, (0.002, 0.06))


def shaped_clarinet(studio: Studio) -> Signal:
    """A sine driven into a symmetrical limit, hence odd, with a little bias."""
    played = line(studio, _CLARINET)
    angle = 2.0 * np.pi * np.cumsum(played.hz / studio.sample_rate)
    drive = studio.uniform(1.0, 7.0) * played.level * min(1.0, 700.0 / played.middle_hz)
    tone = np.tanh((0.2 + drive) * np.sin(angle) + studio.uniform(0.0, 0.35)) * played.level
    return _windy(studio, low_pass(tone, studio.log_uniform(1500.0, 7000.0), studio.sample_rate), played, (0.002, 0.06))


def _windy(studio: Studio, tone: Signal, played: Line, noise: tuple[float, float]) -> Signal:
    tone = tone * (1.0 + studio.uniform(0.0, 0.15) * played.vibrato)
    return breath(studio, tone, played.level, around=studio.uniform(0.0, 0.12), beside=studio.log_uniform(*noise))


@dataclass(frozen=True, slots=True)
class _Reed:
    """A conical reed: habits, formants and their gains, cutoff when soft and loud, noise, body width (Q)."""

    habits: Habits
    formants_hz: tuple[float, ...]
    gains: tuple[float, ...]
    soft_hz: float
    loud_hz: float
    noise: tuple[float, float] = (0.002, 0.05)


_OBOE: Final = _Reed(Habits(58, 91, (0.01, 0.06), 0.3, 0.15), (1050.0, 3000.0), (3.0, 1.5), 900.0, 2800.0)
_ENGLISH_HORN: Final = _Reed(Habits(52, 81, (0.012, 0.08), 0.3, 0.15), (750.0, 2000.0), (3.0, 1.3), 700.0, 2200.0)
_BASSOON: Final = _Reed(Habits(34, 72, (0.012, 0.08), 0.2, 0.2), (450.0, 1200.0), (4.0, 1.3), 450.0, 1500.0)
_SOPRANO: Final = _Reed(
    Habits(56, 87, (0.01, 0.1), 0.4, 0.8), (1100.0, 2600.0), (2.0, 1.5), 1200.0, 4600.0, (0.01, 0.3)
)
_ALTO: Final = _Reed(Habits(49, 81, (0.01, 0.1), 0.4, 0.8), (800.0, 1900.0), (2.0, 1.5), 1000.0, 4300.0, (0.01, 0.3))
_TENOR: Final = _Reed(Habits(44, 76, (0.01, 0.1), 0.4, 0.9), (600.0, 1500.0), (2.0, 1.4), 800.0, 3900.0, (0.01, 0.35))
_BARITONE: Final = _Reed(Habits(36, 69, (0.01, 0.1), 0.3, 0.7), (400.0, 1100.0), (2.0, 1.4), 650.0, 3300.0, (0.01, 0.3))


def oboe(studio: Studio) -> Signal:
    """Rich harmonics, a weak fundamental, formants near 1000 and 3000 Hz."""
    return _conical(studio, _OBOE, weak=0.6)


def pulsed_oboe(studio: Studio) -> Signal:
    """The oboe as a narrow pulse, which is how its reed closes."""
    return _pulsed(studio, _OBOE)


def english_horn(studio: Studio) -> Signal:
    """Darker than the oboe, formants near 750 and 2000 Hz."""
    return _conical(studio, _ENGLISH_HORN, weak=0.7)


def pulsed_english_horn(studio: Studio) -> Signal:
    """The english horn as a narrow pulse."""
    return _pulsed(studio, _ENGLISH_HORN)


def bassoon(studio: Studio) -> Signal:
    """A weak fundamental below formants near 450 and 1200 Hz."""
    return _conical(studio, _BASSOON, weak=0.5)


def pulsed_bassoon(studio: Studio) -> Signal:
    """The bassoon as a narrow pulse."""
    return _pulsed(studio, _BASSOON)


def soprano_saxophone(studio: Studio) -> Signal:
    """The straight saxophone."""
    return _saxophone(studio, _SOPRANO)


def alto_saxophone(studio: Studio) -> Signal:
    """The saxophone in E flat."""
    return _saxophone(studio, _ALTO)


def tenor_saxophone(studio: Studio) -> Signal:
    """The saxophone in B flat, at times breathy (subtone)."""
    return _saxophone(studio, _TENOR)


def baritone_saxophone(studio: Studio) -> Signal:
    """The low saxophone."""
    return _saxophone(studio, _BARITONE)


def _conical(studio: Studio, reed: _Reed, *, weak: float) -> Signal:
    played = line(studio, reed.habits)
    weights = rolled(studio, 90, studio.uniform(0.0, 0.5), 0.4)
    weights[0] *= studio.uniform(1.0 - weak, 1.0)
    return _through(studio, reed, played, weights)


def _through(studio: Studio, reed: _Reed, played: Line, weights: Signal) -> Signal:
    size = studio.log_uniform(0.75, 1.35)
    cutoff_hz = opened(played.level, reed.soft_hz * size, reed.loud_hz * size) + 0.2 * played.middle_hz
    tone = additive(played.hz, weights, studio.sample_rate, cutoff_hz=cutoff_hz) * played.level
    return _windy(studio, _bored(studio, reed, tone), played, reed.noise)


def _bored(studio: Studio, reed: _Reed, tone: Signal) -> Signal:
    """Through the formants, each moved and weighted at random."""
    centres_hz = [hz * studio.log_uniform(0.85, 1.18) for hz in reed.formants_hz]
    gains = [gain * studio.uniform(0.5, 1.4) for gain in reed.gains]
    q = studio.uniform(1.2, 4.0)
    return formants(studio, tone, centres_hz=centres_hz, gains=gains, q=q, direct=studio.uniform(0.4, 1.0))


def _pulsed(studio: Studio, reed: _Reed) -> Signal:
    played = line(studio, reed.habits)
    width = np.clip(studio.uniform(0.06, 0.3) * (1.2 - 0.5 * played.level), 0.02, 0.5)
    tone = pulse(played.hz, studio.sample_rate, width=width) * played.level
    tone = low_pass(tone, studio.log_uniform(0.8, 2.0) * reed.loud_hz, studio.sample_rate)
    return _windy(studio, _bored(studio, reed, tone), played, reed.noise)


def _saxophone(studio: Studio, reed: _Reed) -> Signal:
    played = line(studio, reed.habits)
    if studio.chance(0.2):  # subtone: soft, dark and breathy
        played = Line(played.hz, 0.35 * played.level, played.vibrato)
    tone = _through(studio, reed, played, rolled(studio, 90, studio.uniform(0.1, 0.8), 0.4))
    if studio.chance(0.2):  # growl: the player hums into the horn
        t = np.arange(len(tone)) / studio.sample_rate
        hum_hz = studio.log_uniform(25.0, 180.0)
        tone = tone * (1.0 + studio.uniform(0.3, 0.9) * np.sin(2.0 * np.pi * hum_hz * t))
        tone = np.tanh(studio.uniform(0.5, 3.0) * tone / float(np.abs(tone).max() + 1e-9))
    return tone


def bagpipe(studio: Studio) -> Signal:
    """A bright chanter over two or three drones, without a pause or any change of level, grace notes between."""
    duration_s, tonic = studio.uniform(1.0, 3.0), studio.uniform(56.0, 60.0) + studio.pick(0.0, 0.0, 12.0)
    melody = _chanter(studio, duration_s, tonic)
    chanter = _bright(studio, 440.0 * 2.0 ** ((melody - 69.0) / 12.0), (1100.0, 2700.0))
    lower = [-12.0, -12.0, -24.0][: int(studio.rng.integers(1, 4))]
    drones = [_bright(studio, np.full(len(melody), midi_hz(tonic + i)), (500.0, 1300.0)) for i in lower]
    wave = levelled(chanter) + studio.uniform(0.2, 1.2) * levelled(mixed(drones))
    return breath(studio, wave, np.ones(len(wave)), around=0.02, beside=studio.log_uniform(0.002, 0.05))


def bagpipe_drones(studio: Studio) -> Signal:
    """The drones alone, or with one held note."""
    duration_s, tonic = studio.uniform(0.8, 3.0), studio.uniform(56.0, 60.0)
    held = [-24.0, -12.0, -12.0, studio.pick(0.0, 2.0, 4.0, 7.0, 12.0)][: int(studio.rng.integers(2, 5))]
    n = studio.samples(duration_s)
    return mixed(levelled(_bright(studio, np.full(n, midi_hz(tonic + i)), (700.0, 1800.0))) for i in held)


def _chanter(studio: Studio, duration_s: float, tonic: float) -> Signal:
    """A run in the mixolydian scale, most notes begun by a very short higher or lower one."""
    pitches: list[float] = []
    lengths: list[int] = []
    while sum(lengths) < studio.samples(duration_s):
        grace = studio.pick(-2.0, 7.0, 10.0, 12.0)
        pitches += [tonic + grace, tonic + studio.pick(-2.0, 0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 10.0, 12.0)]
        lengths += [studio.samples(studio.uniform(0.02, 0.06)), studio.samples(studio.log_uniform(0.12, 0.9))]
    return np.repeat(pitches, lengths)[: studio.samples(duration_s)]


def _bright(studio: Studio, hz: Signal, formants_hz: tuple[float, float]) -> Signal:
    n = len(hz)
    drift = wandering(studio, n / studio.sample_rate, 4.0)[:n] - 0.5
    hz = hz * 2.0 ** ((studio.uniform(-0.1, 0.1) + 0.1 * drift) / 12.0)
    width = np.full(n, studio.uniform(0.08, 0.4))
    tone = low_pass(pulse(hz, studio.sample_rate, width=width), studio.log_uniform(3000.0, 9000.0), studio.sample_rate)
    tone += studio.uniform(0.5, 3.0) * high_pass(tone, 1200.0, studio.sample_rate)
    reed = _Reed(Habits(0, 127), formants_hz, (2.0, 2.0), 1000.0, 1000.0)
    ease = 1.0 - np.exp(-np.arange(n) / studio.sample_rate / 0.01)
    return _bored(studio, reed, tone) * ease
