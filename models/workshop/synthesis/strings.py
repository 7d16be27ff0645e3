"""Plucked acoustic strings: steel-string guitars, mandolin, sitar, and the double bass played pizzicato.

The string is that of `plucked`, the body that of `partials`. The sitar's wide bridge makes the string buzz: its
point of contact moves as it swings, which is a nonlinearity that keeps feeding high partials (Raman 1921;
Fletcher and Rossing, "The Physics of Musical Instruments").
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, decay, high_pass, low_pass, midi_hz
from models.workshop.synthesis.partials import body, level_of
from models.workshop.synthesis.pedals import normalised, vibrato, warped
from models.workshop.synthesis.playing import GUITAR_CHORDS, LONGEST_S, Note, Tone, performed, tune
from models.workshop.synthesis.plucked import StringTimbre, string, string_loop

_GUITAR_HZ: Final = (100.0, 200.0, 240.0, 390.0)
_MANDOLIN_HZ: Final = (190.0, 370.0, 480.0, 760.0)
_SITAR_HZ: Final = (120.0, 230.0, 380.0)
_BASS_HZ: Final = (60.0, 100.0, 115.0, 160.0, 230.0)


def steel_guitar(studio: Studio) -> Signal:
    """Steel strings with plectrum or fingers: notes, strums, arpeggios."""
    timbre = _strings(studio, t60_s=(2.0, 7.0), damping=(0.2, 1.2), cutoff_hz=(1500.0, 9000.0), place=(0.08, 0.35))
    notes = tune(studio, 40, 86, chords=GUITAR_CHORDS, chord_share=0.4, phrase_share=0.25)
    wave = performed(studio, notes, _single(studio, timbre), release_s=studio.log_uniform(0.03, 0.3))
    return _resonant(studio, _scraped(studio, wave, (0.0, 0.2)), _GUITAR_HZ, 5500.0)


def twelve_string_guitar(studio: Studio) -> Signal:
    """Pairs of strings, the lower ones an octave apart."""
    timbre = _strings(studio, t60_s=(1.5, 6.0), damping=(0.2, 1.0), cutoff_hz=(2500.0, 9000.0), place=(0.06, 0.3))
    tone = _course(studio, timbre, octave_below_hz=180.0)
    notes = tune(studio, 40, 80, chords=GUITAR_CHORDS, chord_share=0.5, phrase_share=0.25)
    wave = performed(studio, notes, tone, release_s=studio.log_uniform(0.03, 0.3))
    return _resonant(studio, _scraped(studio, wave, (0.0, 0.2)), _GUITAR_HZ, 6000.0)


def damped_guitar(studio: Studio) -> Signal:
    """Steel or nylon damped by the hand: short, percussive notes and chords."""
    timbre = _strings(studio, t60_s=(0.1, 0.7), damping=(0.4, 3.0), cutoff_hz=(1200.0, 8000.0), place=(0.06, 0.4))
    notes = tune(studio, 40, 80, chords=GUITAR_CHORDS, chord_share=0.45, phrase_share=0.35, shortest_s=0.12)
    wave = performed(studio, notes, _single(studio, timbre), release_s=studio.log_uniform(0.02, 0.1))
    return _resonant(studio, _scraped(studio, wave, (0.05, 0.6)), _GUITAR_HZ, 5500.0)


def picked_mandolin(studio: Studio) -> Signal:
    """Two strings a note, bright and short."""
    tone = _mandolin(studio)
    notes = tune(studio, 55, 91, chords=((0, 7, 16), (0, 4, 7, 12), (0, 7), (0, 3, 7)), chord_share=0.25)
    wave = performed(studio, notes, tone, release_s=studio.log_uniform(0.03, 0.2))
    return _resonant(studio, _scraped(studio, wave, (0.02, 0.3)), _MANDOLIN_HZ, 7000.0)


def tremolo_mandolin(studio: Studio) -> Signal:
    """The same note picked over and over."""
    tone, pitch = _mandolin(studio), float(studio.rng.integers(55, 89))
    step_s, duration_s = studio.uniform(0.05, 0.12), studio.uniform(0.6, 2.7)
    onsets_s = np.arange(0.0, duration_s, step_s)
    onsets_s = onsets_s + np.abs(studio.rng.normal(0.0, 0.003, len(onsets_s)))
    swell = 0.6 + 0.4 * np.sin(np.pi * np.linspace(0.0, 1.0, len(onsets_s)))
    notes = [
        Note(float(onset_s), 1.5 * step_s, pitch, float(level) * studio.uniform(0.6, 1.0))
        for onset_s, level in zip(onsets_s, swell, strict=True)
    ]
    wave = performed(studio, notes, tone, release_s=studio.uniform(0.03, 0.15))
    return _resonant(studio, _scraped(studio, wave, (0.02, 0.2)), _MANDOLIN_HZ, 7000.0)


def sitar_melody(studio: Studio) -> Signal:
    """Buzzing notes pulled sideways into pitch, with the sympathetic strings behind them."""
    notes = tune(studio, 48, 79, phrase_share=0.45, shortest_s=0.4)
    wave = performed(studio, notes, _buzzing(studio), release_s=studio.log_uniform(0.1, 0.6))
    t = np.arange(len(wave)) / studio.sample_rate
    pull = studio.pick(0.0, -1.0, -2.0, 2.0, 3.0) / (
        1.0 + np.exp((t - studio.uniform(0.1, 0.6)) / studio.uniform(0.02, 0.1))
    )
    wave = warped(wave, pull + studio.pick(0.0, 1.0) * vibrato(studio, t, deepest=0.5), studio.sample_rate)
    return _resonant(studio, _sympathetic(studio, wave, notes[0].pitch), _SITAR_HZ, 5000.0)


def sitar_strum(studio: Studio) -> Signal:
    """The melody string with drones in fifths and octaves, struck one after the other."""
    root, step_s = float(studio.rng.integers(48, 62)), studio.log_uniform(0.02, 0.25)
    intervals = [studio.pick(0, 7, 12, 19, 24, -5) for _ in range(int(studio.rng.integers(2, 6)))]
    end_s = min(LONGEST_S - 0.3, step_s * len(intervals) + studio.log_uniform(0.4, 2.0))
    notes = [
        Note(step_s * i, max(0.1, end_s - step_s * i), root + interval, studio.uniform(0.3, 1.0))
        for i, interval in enumerate(intervals)
    ]
    wave = performed(studio, notes, _buzzing(studio), release_s=studio.uniform(0.1, 0.3))
    return _resonant(studio, _sympathetic(studio, wave, root), _SITAR_HZ, 5000.0)


def plucked_double_bass(studio: Studio) -> Signal:
    """Pizzicato with the side of the finger: a soft attack, a long or a thumping note."""
    timbre = _strings(studio, t60_s=(0.5, 3.0), damping=(1.0, 6.0), cutoff_hz=(200.0, 1500.0), place=(0.15, 0.45))
    notes = tune(studio, 28, 60, phrase_share=0.4, shortest_s=0.2)
    wave = performed(studio, notes, _single(studio, timbre), release_s=studio.log_uniform(0.04, 0.25))
    if studio.chance(0.4):
        t = np.arange(len(wave)) / studio.sample_rate
        slide = studio.pick(0.0, -1.0, -2.0) * np.exp(-t / studio.log_uniform(0.03, 0.2))
        wave = warped(wave, slide + vibrato(studio, t, deepest=0.3), studio.sample_rate)
    return _resonant(studio, _scraped(studio, wave, (0.0, 0.25)), _BASS_HZ, 2500.0)


def slapped_double_bass(studio: Studio) -> Signal:
    """Pulled until it snaps back on the fingerboard, as in rockabilly and jazz."""
    timbre = _strings(studio, t60_s=(0.4, 1.8), damping=(0.8, 4.0), cutoff_hz=(500.0, 2500.0), place=(0.1, 0.45))
    notes = tune(studio, 28, 58, phrase_share=0.4, shortest_s=0.15)
    wave = performed(studio, notes, _single(studio, timbre), release_s=studio.log_uniform(0.03, 0.15))
    snapped = normalised(wave)
    for note in notes:
        clack = _clack(studio, studio.uniform(0.02, 0.08), studio.log_uniform(500.0, 3000.0))
        start = studio.samples(note.onset_s + studio.pick(0.0, 0.0, 0.06)) - 1
        clack = clack[: len(snapped) - start]
        snapped[start : start + len(clack)] += studio.uniform(0.1, 0.7) * clack
    return _resonant(studio, snapped, _BASS_HZ, 3000.0)


def _strings(
    studio: Studio,
    *,
    t60_s: tuple[float, float],
    damping: tuple[float, float],
    cutoff_hz: tuple[float, float],
    place: tuple[float, float],
) -> StringTimbre:
    return StringTimbre(
        t60_s=studio.log_uniform(*t60_s),
        damping=studio.log_uniform(*damping),
        cutoff_hz=studio.log_uniform(*cutoff_hz),
        place=studio.uniform(*place),
        pickups=(),
        stiffness=studio.log_uniform(1e-5, 2e-4),
        looped=studio.chance(0.5),
    )


def _single(studio: Studio, timbre: StringTimbre) -> Tone:
    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        return normalised(string(studio, timbre, hz, duration_s, strength))

    return tone


def _course(studio: Studio, timbre: StringTimbre, *, octave_below_hz: float = 0.0) -> Tone:
    """Two strings a note, a few cents apart, or an octave for notes below a frequency."""
    cents = studio.log_uniform(1.0, 10.0)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        other_hz = hz * (2.0 if hz < octave_below_hz else 1.0) * 2.0 ** (studio.rng.normal(0.0, cents) / 1200.0)
        first = normalised(string(studio, timbre, hz, duration_s, strength))
        second = normalised(string(studio, timbre, other_hz, duration_s, strength))
        late = min(studio.samples(studio.uniform(0.0, 0.006)), len(first) - 1)
        first[late:] += studio.uniform(0.5, 1.0) * second[: len(first) - late]
        return first

    return tone


def _mandolin(studio: Studio) -> Tone:
    timbre = _strings(studio, t60_s=(0.6, 2.5), damping=(0.1, 0.8), cutoff_hz=(3000.0, 10_000.0), place=(0.06, 0.25))
    return _course(studio, timbre)


def _buzzing(studio: Studio) -> Tone:
    """A string over a curved bridge: its waveform leans, the more so the wider it swings."""
    timbre = _strings(studio, t60_s=(1.5, 6.0), damping=(0.2, 1.2), cutoff_hz=(1500.0, 7000.0), place=(0.05, 0.25))
    lean, buzz = studio.log_uniform(0.05, 0.5), studio.uniform(0.3, 1.5)
    formant_hz, fall_s = studio.log_uniform(1200.0, 4000.0), studio.log_uniform(0.2, 1.5)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        wave = normalised(string(studio, timbre, hz, duration_s, strength))
        bent = high_pass(np.abs(wave + lean * np.tanh(6.0 * wave)), 2.0 * hz, studio.sample_rate)
        q, early = studio.uniform(0.8, 2.5), np.exp(-np.arange(len(wave)) / studio.sample_rate / fall_s)
        # The buzz falls in pitch as the string comes to rest.
        rattle = early * band_pass(bent, 1.4 * formant_hz, studio.sample_rate, q=q)
        rattle += (1.0 - early) * band_pass(bent, 0.6 * formant_hz, studio.sample_rate, q=q)
        return wave + buzz * level_of(wave) * rattle / level_of(rattle)

    return tone


def _sympathetic(studio: Studio, wave: Signal, root: float) -> Signal:
    """Strings that nobody plucks, tuned to the scale, ring along."""
    total, shared = wave.copy(), normalised(wave)
    for interval in studio.rng.choice([0, 2, 4, 5, 7, 9, 12, 14], size=int(studio.rng.integers(2, 5)), replace=False):
        hz = midi_hz(root + float(interval) + studio.uniform(-0.05, 0.05))
        ring = string_loop(shared, hz, studio.sample_rate, t60_s=studio.uniform(1.0, 4.0), brightness=0.9)
        total += studio.log_uniform(0.03, 0.3) * level_of(wave) * ring / level_of(ring)
    return total


def _clack(studio: Studio, length_s: float, centre_hz: float) -> Signal:
    noise = band_pass(studio.noise(length_s), centre_hz, studio.sample_rate)
    return normalised(noise * decay(studio, length_s, length_s))


def _scraped(studio: Studio, wave: Signal, share: tuple[float, float]) -> Signal:
    """With the noise of plectrum, nail or finger at the start."""
    scraped = normalised(wave)
    scrape = _clack(studio, studio.uniform(0.004, 0.04), studio.log_uniform(600.0, 6000.0))[: len(wave)]
    scraped[: len(scrape)] += studio.uniform(*share) * scrape
    return scraped


def _resonant(studio: Studio, wave: Signal, known_hz: tuple[float, ...], highest_hz: float) -> Signal:
    """On a body, heard by a microphone or, drier, by a pickup under the bridge."""
    amount = studio.uniform(0.0, 0.3) if studio.chance(0.2) else studio.uniform(0.3, 1.5)
    heard = body(studio, wave, known_hz, amount=amount, highest_hz=highest_hz, count=25)
    return low_pass(heard, studio.log_uniform(0.6 * highest_hz, 15_000.0), studio.sample_rate)
