"""Sounds of things, weather, people and animals, which are no instrument.

Bubbles are short sines that rise in pitch; breaking and jingling things are many grains of a few high modes;
fire and vinyl are sparse impulses through resonances.
"""

from __future__ import annotations

import numpy as np

from models.workshop.synthesis.oscillators import (
    Signal,
    Studio,
    band_pass,
    decay,
    high_pass,
    low_pass,
    mixed,
    pulse,
    saw,
    sine,
)
from models.workshop.synthesis.resonance import (
    formants,
    levelled,
    ringing,
    roomed,
    scattered,
    sparks,
    squashed,
    wandering,
)


def footsteps(studio: Studio) -> Signal:
    """Heel and sole on stone, wood, gravel or snow."""
    steps, grit = [], studio.log_uniform(20.0, 2500.0)
    hz, bright_hz = studio.log_uniform(70.0, 350.0), studio.log_uniform(600.0, 7000.0)
    for _ in range(3):
        heel = band_pass(studio.noise(0.2), hz, studio.sample_rate, q=2.0) * decay(studio, 0.2, 0.09)
        rub = band_pass(sparks(studio, 0.2, grit), bright_hz, studio.sample_rate) * np.hanning(len(heel))
        steps.append(levelled(heel) + studio.uniform(0.1, 1.5) * levelled(rub))
    period_s = studio.uniform(0.25, 0.8)
    onsets_s = period_s * np.arange(int(studio.rng.integers(1, 6))) + 0.02
    wave = scattered(studio, min(2.95, period_s * len(onsets_s) + 0.1), onsets_s, steps)
    return roomed(studio, wave, studio.uniform(0.0, 0.5))


def creak(studio: Studio) -> Signal:
    """A hinge or a floorboard: stick and slip, a pulse train of wandering rate through wooden resonances."""
    duration_s = studio.uniform(0.4, 2.5)
    hz = studio.log_uniform(15.0, 180.0) * 2.0 ** (3.0 * wandering(studio, duration_s, studio.uniform(2.0, 12.0)) - 1.0)
    clicks = np.diff(np.floor(np.cumsum(hz / studio.sample_rate)), prepend=0.0)
    clicks *= 0.4 + 0.6 * wandering(studio, duration_s, 8.0)
    centres_hz = [studio.log_uniform(250.0, 4500.0) for _ in range(5)]
    wave = formants(studio, clicks, centres_hz=centres_hz, gains=[1.0] * 5, q=studio.uniform(5.0, 25.0), direct=0.02)
    return roomed(studio, wave, studio.uniform(0.0, 0.4))


def slam(studio: Studio) -> Signal:
    """A door, a box, a dropped thing: a thud, a latch that clicks, a room."""
    duration_s = studio.uniform(0.4, 1.5)
    thud = band_pass(studio.noise(duration_s), studio.log_uniform(50.0, 300.0), studio.sample_rate, q=1.5)
    thud *= decay(studio, duration_s, studio.log_uniform(0.08, 0.5))
    hz = studio.rng.uniform(200.0, 3500.0, 14)
    gains, falls_s = studio.rng.random(14), studio.rng.uniform(0.03, 0.3, 14)
    panel = ringing(studio, duration_s, frequencies_hz=hz, gains=gains, t60s_s=falls_s)
    wave = levelled(thud) + studio.uniform(0.0, 1.0) * levelled(panel)
    return roomed(studio, wave, studio.uniform(0.1, 0.9))


def rain(studio: Studio) -> Signal:
    """Drops on leaves, tin or a window over a bed of hiss."""
    duration_s = studio.uniform(1.0, 3.0)
    drops = sparks(studio, duration_s, studio.log_uniform(30.0, 4000.0))
    drops = band_pass(drops, studio.log_uniform(800.0, 7000.0), studio.sample_rate, q=studio.log_uniform(0.6, 8.0))
    bed = high_pass(studio.noise(duration_s), studio.log_uniform(300.0, 4000.0), studio.sample_rate)
    return squashed(drops) + studio.uniform(0.0, 1.5) * bed


def wind(studio: Studio) -> Signal:
    """Gusts that howl about one or two wandering resonances."""
    duration_s = studio.uniform(1.2, 3.0)
    gust = wandering(studio, duration_s, studio.uniform(0.8, 4.0))
    hz = studio.log_uniform(150.0, 900.0) * 2.0 ** (1.5 * gust)
    howl = band_pass(studio.noise(duration_s), hz, studio.sample_rate, q=studio.log_uniform(2.0, 30.0))
    rush = low_pass(studio.noise(duration_s), studio.log_uniform(200.0, 1500.0), studio.sample_rate)
    return levelled(howl * (0.1 + gust)) + studio.uniform(0.0, 1.0) * levelled(rush * gust)


def water(studio: Studio) -> Signal:
    """Drips, bubbles, pouring: sines that rise as they die, few or many, at times over a splash."""
    duration_s, bubbles = studio.uniform(0.4, 2.8), []
    for _ in range(8):
        length_s = studio.log_uniform(0.015, 0.15)
        way = np.linspace(0.0, 1.0, studio.samples(length_s))
        hz = studio.log_uniform(300.0, 3500.0) * 2.0 ** (studio.uniform(0.1, 1.2) * way)
        bubbles.append(sine(hz, studio.sample_rate) * np.exp(-5.0 * way) * np.minimum(way / 0.03, 1.0))
    count = max(1, int(studio.log_uniform(1.0, 150.0) * duration_s))
    wave = scattered(studio, duration_s, studio.rng.uniform(0.0, 0.9 * duration_s, count), bubbles)
    splash = band_pass(studio.noise(duration_s), studio.log_uniform(500.0, 4000.0), studio.sample_rate, q=0.6)
    splash *= wandering(studio, duration_s, 8.0)
    return roomed(studio, levelled(wave) + studio.pick(0.0, 1.0) * studio.uniform(0.05, 1.0) * splash, 0.3)


def fire(studio: Studio) -> Signal:
    """Crackles of all sizes over a soft roar; with a narrow band it is an old record."""
    duration_s = studio.uniform(0.8, 3.0)
    crackle = sparks(studio, duration_s, studio.log_uniform(8.0, 300.0)) ** 3
    crackle = band_pass(crackle, studio.log_uniform(800.0, 6000.0), studio.sample_rate, q=studio.uniform(0.5, 2.0))
    roar = low_pass(studio.noise(duration_s), studio.log_uniform(150.0, 1200.0), studio.sample_rate)
    roar *= 0.3 + 0.7 * wandering(studio, duration_s, 8.0)
    return squashed(crackle) + studio.pick(0.0, 1.0) * studio.uniform(0.05, 1.0) * levelled(roar)


def crowd(studio: Studio) -> Signal:
    """A murmur, a cheer: noise through vowels that come and go."""
    duration_s = studio.uniform(1.2, 3.0)
    voices = []
    for _ in range(int(studio.rng.integers(4, 9))):
        talk = wandering(studio, duration_s, studio.uniform(3.0, 9.0)) ** 2
        hz = studio.log_uniform(90.0, 320.0) * 2.0 ** (0.6 * wandering(studio, duration_s, 3.0))
        buzz = saw(hz, studio.sample_rate, studio.uniform(0.0, 1.0)) + studio.noise(duration_s)
        voices.append(talk * band_pass(buzz, studio.log_uniform(300.0, 2800.0), studio.sample_rate, q=3.0))
    return roomed(studio, mixed(voices), studio.uniform(0.5, 3.0))


def applause(studio: Studio) -> Signal:
    """Many hands, each at its own pace, or a few."""
    duration_s, claps = studio.uniform(1.0, 3.0), []
    for _ in range(6):
        clap = band_pass(studio.noise(0.05), studio.log_uniform(700.0, 3000.0), studio.sample_rate, q=1.2)
        claps.append(clap * decay(studio, 0.05, studio.uniform(0.01, 0.05)))
    count = int(studio.log_uniform(15.0, 600.0) * duration_s)
    wave = scattered(studio, duration_s, studio.rng.uniform(0.0, duration_s, count), claps)
    return roomed(studio, wave * (0.3 + 0.7 * wandering(studio, duration_s, 2.0)), studio.uniform(0.2, 1.5))


def breaking(studio: Studio) -> Signal:
    """Glass, dishes: a crash, then shards that tinkle."""
    duration_s, low_hz = studio.uniform(0.6, 2.2), studio.log_uniform(1000.0, 3500.0)
    onsets_s = np.concatenate([[0.0, 0.0], studio.rng.exponential(studio.log_uniform(0.05, 0.4), 60)])
    wave = scattered(studio, duration_s, onsets_s, _shards(studio, low_hz, (0.03, 0.4)))
    crack = high_pass(studio.noise(duration_s), 1500.0, studio.sample_rate) * decay(studio, duration_s, 0.15)
    return levelled(wave) + studio.uniform(0.2, 2.0) * crack


def keys_or_coins(studio: Studio) -> Signal:
    """Small metal things that jingle, drop or bounce ever faster."""
    shards = _shards(studio, studio.log_uniform(1800.0, 5000.0), (0.05, 0.5))
    duration_s = studio.uniform(0.4, 2.0)
    if studio.chance(0.4):
        onsets_s = np.cumsum(studio.uniform(0.1, 0.3) * studio.uniform(0.6, 0.9) ** np.arange(16))
    else:
        onsets_s = studio.rng.uniform(0.0, 0.8 * duration_s, int(studio.rng.integers(2, 30)))
    return scattered(studio, duration_s, np.append(0.0, onsets_s), shards)


def _shards(studio: Studio, low_hz: float, t60_s: tuple[float, float]) -> list[Signal]:
    shards = []
    for _ in range(6):
        hz = low_hz * studio.log_uniform(0.8, 2.0) * np.append(1.0, studio.rng.uniform(1.2, 4.0, 6))
        fall_s = studio.log_uniform(*t60_s)
        falls_s, gains = fall_s * studio.rng.uniform(0.3, 1.0, 7), studio.rng.uniform(0.1, 1.0, 7)
        shards.append(ringing(studio, fall_s, frequencies_hz=hz, gains=gains, t60s_s=falls_s))
    return shards


def scrape(studio: Studio) -> Signal:
    """Metal, stone or nails drawn over a surface: rough noise through many modes."""
    duration_s = studio.uniform(0.4, 2.2)
    rough = studio.noise(duration_s) * wandering(studio, duration_s, studio.log_uniform(10.0, 150.0)) ** 2
    hz = [studio.log_uniform(400.0, 9000.0) for _ in range(7)]
    q = studio.log_uniform(4.0, 80.0)
    wave = formants(studio, rough, centres_hz=hz, gains=[studio.uniform(0.2, 1.0) for _ in hz], q=q, direct=0.05)
    return wave * np.hanning(len(wave)) ** studio.uniform(0.1, 1.0)


def rustle(studio: Studio) -> Signal:
    """Paper, cloth, leaves, a bag, handling noise: crackling bursts of high noise."""
    duration_s = studio.uniform(0.4, 2.5)
    motion = wandering(studio, duration_s, studio.uniform(4.0, 20.0)) ** studio.uniform(1.0, 4.0)
    dry = studio.noise(duration_s) + studio.uniform(0.0, 20.0) * sparks(studio, duration_s, 2000.0)
    wave = high_pass(dry * motion, studio.log_uniform(200.0, 4000.0), studio.sample_rate)
    return low_pass(wave, studio.log_uniform(2500.0, 14_000.0), studio.sample_rate)


def birds(studio: Studio) -> Signal:
    """Chirps, trills and whistles, also crickets."""
    duration_s, base_hz = studio.uniform(0.4, 2.5), studio.log_uniform(1500.0, 6000.0)
    calls = []
    for _ in range(3):
        length_s = studio.log_uniform(0.03, 0.35)
        way = np.linspace(0.0, 1.0, studio.samples(length_s))
        trill = studio.uniform(0.0, 0.2) * np.sin(2.0 * np.pi * studio.uniform(15.0, 80.0) * way * length_s)
        hz = base_hz * 2.0 ** (studio.uniform(-0.8, 0.8) * way + studio.uniform(-0.5, 0.5) * way**2 + trill)
        calls.append(sine(np.clip(hz, 200.0, 12_000.0), studio.sample_rate) * np.sin(np.pi * way))
    gaps_s = studio.log_uniform(0.04, 0.5) * studio.rng.uniform(0.6, 1.4, int(studio.rng.integers(1, 20)))
    return scattered(studio, duration_s, np.append(0.0, np.cumsum(gaps_s)), calls)


def beast(studio: Studio) -> Signal:
    """Barks, growls, meows, moos: a rough source whose pitch and formants bend."""
    length_s, count = studio.log_uniform(0.1, 1.2), int(studio.pick(1, 1, 2, 3))
    parts = []
    for _ in range(count):
        way = np.linspace(0.0, 1.0, studio.samples(length_s))
        arch = np.sin(np.pi * way ** studio.uniform(0.4, 1.5))
        hz = studio.log_uniform(40.0, 700.0) * 2.0 ** (studio.uniform(-0.5, 1.2) * arch)
        rough = 1.0 + studio.uniform(0.0, 3.0) * low_pass(studio.noise(length_s), 80.0, studio.sample_rate)
        source = saw(hz, studio.sample_rate) * rough + studio.uniform(0.0, 1.5) * studio.noise(length_s)
        mouth_hz = studio.log_uniform(300.0, 1300.0) * 2.0 ** (studio.uniform(-0.5, 1.0) * arch)
        cry = band_pass(source, mouth_hz, studio.sample_rate, q=studio.uniform(1.0, 5.0))
        cry += 0.4 * band_pass(source, studio.log_uniform(1500.0, 4000.0), studio.sample_rate, q=3.0)
        parts += [cry * arch**0.5, np.zeros(studio.samples(studio.uniform(0.03, 0.3)))]
    return np.concatenate(parts)[: studio.samples(2.9)]


def gunshot(studio: Studio) -> Signal:
    """A crack, a low bang, and an echo; or a row of them."""
    duration_s = studio.uniform(0.4, 2.0)
    crack = studio.noise(duration_s) * decay(studio, duration_s, studio.log_uniform(0.02, 0.2))
    bang = low_pass(studio.noise(duration_s), studio.log_uniform(150.0, 900.0), studio.sample_rate)
    bang *= decay(studio, duration_s, studio.log_uniform(0.1, 0.9))
    shot = np.tanh(studio.uniform(1.0, 8.0) * (crack + studio.uniform(0.5, 4.0) * levelled(bang)))
    shots = scattered(studio, duration_s, studio.uniform(0.06, 0.2) * np.arange(studio.pick(1, 1, 1, 3, 6)), [shot])
    return roomed(studio, shots, studio.uniform(0.1, 1.5))


def whoosh(studio: Studio) -> Signal:
    """Something passes by: a band that rises and falls, short or long."""
    duration_s = studio.log_uniform(0.3, 2.5)
    way = np.linspace(0.0, 1.0, studio.samples(duration_s)) ** studio.uniform(0.5, 2.0)
    arch = np.sin(np.pi * way)
    hz = studio.log_uniform(150.0, 1500.0) * 2.0 ** (studio.uniform(0.5, 3.5) * arch)
    return band_pass(studio.noise(duration_s), hz, studio.sample_rate, q=studio.log_uniform(0.5, 5.0)) * arch**2


def zipper(studio: Studio) -> Signal:
    """Fast rows of small clicks whose rate bends: zips, cogs, tape, squeaks."""
    duration_s = studio.uniform(0.3, 1.2)
    way = np.linspace(0.0, 1.0, studio.samples(duration_s))
    hz = studio.log_uniform(25.0, 400.0) * 2.0 ** (studio.uniform(-2.0, 2.0) * way)
    train = pulse(hz, studio.sample_rate, width=np.full(len(way), 0.04)) * (0.5 + studio.noise(duration_s))
    return band_pass(train, studio.log_uniform(1500.0, 7000.0), studio.sample_rate, q=studio.uniform(0.7, 4.0))
