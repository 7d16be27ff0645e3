"""Electric pianos: struck tines and reeds before pickups, FM, and the clavinet's strings.

A tine is a clamped bar, whose second mode is at 6.27 times its first (Fletcher and Rossing, "The Physics of
Musical Instruments"); what makes its tone is the bent response of the pickup, so that a hard stroke is not only
louder but richer. FM after Chowning (1973).
"""

from __future__ import annotations

import numpy as np

from models.workshop.synthesis.oscillators import Signal, Studio, band_pass, decay, high_pass, low_pass, mixed, sine
from models.workshop.synthesis.partials import Partials
from models.workshop.synthesis.pedals import cabinet, chorus, compressed, driven, normalised, tremolo
from models.workshop.synthesis.playing import KEYBOARD_CHORDS, Tone, performed, tune
from models.workshop.synthesis.plucked import StringTimbre, string


def tine_piano(studio: Studio) -> Signal:
    """A tine and its tone bar before a magnetic pickup."""
    t60_s, bell, bell_s = studio.log_uniform(2.5, 12.0), studio.log_uniform(0.02, 0.5), studio.log_uniform(0.08, 0.8)
    offset, width = studio.uniform(-0.6, 0.6), studio.log_uniform(0.3, 1.2)
    clamped = np.array([1.0, 1.0, 6.27, 17.55]) * (1.0 + studio.rng.normal(0.0, [0.0, 0.001, 0.08, 0.05]))

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        fall_s = t60_s * min(2.0, (261.6 / hz) ** 0.6)
        gains = np.array([1.0, 0.3, bell * strength, 0.3 * bell * strength**2])
        t60s_s = np.array([fall_s, 0.5 * fall_s, bell_s, 0.4 * bell_s])
        swing = Partials(hz * clamped, gains, t60s_s, np.zeros(4)).sounded(duration_s, studio.sample_rate)
        place = (swing * (0.15 + strength) + offset) / width
        return _induced(1.0 / (1.0 + place**2), hz, studio.sample_rate)

    return _amplified(studio, tone)


def reed_piano(studio: Studio) -> Signal:
    """A reed that swings in a slot, heard by its capacitance: barking when hit hard."""
    t60_s, reach = studio.log_uniform(1.0, 5.0), studio.uniform(0.4, 0.93)
    upper = np.array([1.0, studio.uniform(5.8, 6.8), studio.uniform(15.0, 19.0)])

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        fall_s = t60_s * min(2.0, (261.6 / hz) ** 0.5)
        gains = np.array([1.0, 0.06 * strength, 0.02 * strength])
        swing = Partials(hz * upper, gains, np.array([fall_s, 0.15, 0.05]), np.zeros(3))
        place = reach * (0.3 + 0.7 * strength) * normalised(swing.sounded(duration_s, studio.sample_rate))
        return _induced(1.0 / (1.02 - place), hz, studio.sample_rate)

    return _amplified(studio, tone)


def fm_piano(studio: Studio) -> Signal:
    """FM: a mellow body, and a bell at a high ratio that dies at once."""
    body_ratio, bell_ratio = studio.pick(1.0, 1.0, 1.0, 2.0), studio.pick(7.0, 9.0, 11.0, 13.0, 14.0, 14.0, 15.0)
    body_index, bell_index = studio.log_uniform(0.5, 3.0), studio.log_uniform(0.2, 1.8)
    bell_s, t60_s, share = studio.log_uniform(0.1, 1.5), studio.log_uniform(1.5, 7.0), studio.uniform(0.1, 0.7)
    cents = studio.pick(0.0, 1.0) * studio.uniform(1.0, 9.0)

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        rate = studio.sample_rate
        fall_s = t60_s * min(2.0, (261.6 / hz) ** 0.4)
        still = np.full(studio.samples(duration_s), hz)
        fall = decay(studio, duration_s, fall_s)
        turn = 2.0 * np.pi * np.cumsum(still * 2.0 ** (cents / 1200.0)) / rate
        soft = np.sin(
            turn
            + body_index
            * (0.3 + 0.7 * strength)
            * decay(studio, duration_s, 0.5 * fall_s)
            * sine(still * body_ratio, rate)
        )
        high = min(bell_ratio, 0.42 * rate / hz - 1.0)
        ring = sine(still * high, rate) * decay(studio, duration_s, bell_s)
        return fall * (soft + share * np.sin(2.0 * np.pi * np.cumsum(still) / rate + bell_index * strength * ring))

    return _amplified(studio, tone)


def clavinet(studio: Studio) -> Signal:
    """Strings pinched by rubber, between two pickups, through a bright filter or a wah."""
    timbre = StringTimbre(
        t60_s=studio.log_uniform(0.6, 4.0),
        damping=studio.log_uniform(0.2, 1.2),
        cutoff_hz=studio.log_uniform(3000.0, 9000.0),
        place=studio.uniform(0.03, 0.15),
        pickups=((studio.uniform(0.08, 0.2), 1.0), (studio.uniform(0.2, 0.4), studio.pick(-1.0, 0.0, 1.0))),
        stiffness=studio.log_uniform(1e-5, 4e-4),
        looped=studio.chance(0.5),
    )

    def tone(hz: float, duration_s: float, strength: float) -> Signal:
        return normalised(string(studio, timbre, hz, duration_s, strength))

    notes = tune(studio, 29, 88, chords=KEYBOARD_CHORDS, chord_share=0.3, phrase_share=0.4, shortest_s=0.1)
    wave = performed(studio, notes, tone, release_s=studio.log_uniform(0.015, 0.06))
    wave = high_pass(wave, studio.log_uniform(40.0, 400.0), studio.sample_rate)
    if studio.chance(0.4):
        t = np.arange(len(wave)) / studio.sample_rate
        sweep = 0.5 + 0.5 * np.sin(2.0 * np.pi * (studio.log_uniform(0.5, 6.0) * t + studio.uniform(0.0, 1.0)))
        wah_hz = studio.uniform(300.0, 600.0) * 2.0 ** (studio.uniform(0.5, 2.5) * sweep)
        wave = wave + studio.uniform(1.0, 5.0) * band_pass(wave, wah_hz, studio.sample_rate, q=studio.uniform(2.0, 5.0))
    return _effects(studio, wave)


def _induced(flux: Signal, hz: float, sample_rate: int) -> Signal:
    """What a coil makes of a flux: its change, at about the level of the note's fundamental."""
    return np.diff(flux, prepend=flux[0]) * (sample_rate / (2.0 * np.pi * hz))


def _amplified(studio: Studio, tone: Tone) -> Signal:
    notes = tune(studio, 28, 96, chords=KEYBOARD_CHORDS, chord_share=0.45, phrase_share=0.2)
    wave = performed(studio, notes, tone, release_s=studio.log_uniform(0.03, 0.4))
    knock_s = studio.uniform(0.01, 0.05)
    knock = low_pass(studio.noise(knock_s), studio.log_uniform(200.0, 3000.0), studio.sample_rate)
    knock = normalised(knock * decay(studio, knock_s, knock_s))[: len(wave)]
    wave = normalised(wave)
    wave[: len(knock)] += studio.uniform(0.0, 0.2) * knock
    return _effects(studio, wave)


def _effects(studio: Studio, wave: Signal) -> Signal:
    """Drive, cabinet, tremolo, chorus, each at times."""
    if studio.chance(0.4):
        wave = driven(studio, wave, studio.log_uniform(0.4, 6.0))
    if studio.chance(0.4):
        wave = cabinet(studio, wave, lowest_hz=60.0, highest_hz=studio.uniform(4000.0, 9000.0))
    if studio.chance(0.35):
        wave = tremolo(studio, wave)
    if studio.chance(0.35):
        wave = chorus(studio, wave)
    if studio.chance(0.2):
        wave = compressed(studio, wave)
    tilt = mixed([wave, studio.uniform(-0.5, 1.0) * high_pass(wave, 1500.0, studio.sample_rate)])
    return low_pass(tilt, studio.log_uniform(2500.0, 14_000.0), studio.sample_rate)
