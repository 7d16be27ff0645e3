"""Voices, trimming and the General MIDI tables of the workshop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from models.workshop.drumkits import hits, leaf_of
from models.workshop.general_midi import KEYS, KITS, PROGRAMS, VARIATIONS
from models.workshop.synthesis.oscillators import Studio, finished
from models.workshop.synthesis.voices import VOICES, Voice, load_wavetables, synthesise
from tagger.taxonomy import LEAVES

SAMPLE_RATE = 32_000
ALL_VOICES = [voice for voices in VOICES.values() for voice in voices]


@pytest.fixture(scope="module")
def wavetables() -> npt.NDArray[np.float32]:
    cycle = np.linspace(0.0, 2.0 * np.pi, 256, endpoint=False)
    return np.stack([np.sin(cycle), np.sign(np.sin(cycle)), np.sin(3.0 * cycle)]).astype(np.float32)


@pytest.mark.parametrize("voice", ALL_VOICES, ids=lambda voice: voice.__name__)
def test_voice_is_finite_audible_and_of_sensible_length(voice: Voice, wavetables: npt.NDArray[np.float32]) -> None:
    for seed in range(2):
        studio = Studio(np.random.default_rng(seed), SAMPLE_RATE, wavetables)
        raw = voice(studio)
        assert np.isfinite(raw).all()
        sound = finished(raw)
        assert 0.05 <= len(sound) / SAMPLE_RATE <= 3.01
        assert np.sqrt(np.mean(sound**2)) > 0.003


@pytest.mark.parametrize("label", VOICES)
def test_sound_of_a_label_repeats_with_its_seed(label: str, wavetables: npt.NDArray[np.float32]) -> None:
    first, again, other = (
        synthesise(label, np.random.default_rng(seed), SAMPLE_RATE, wavetables) for seed in (7, 7, 8)
    )
    assert first.dtype == np.float32
    assert 0.3 <= len(first) / SAMPLE_RATE <= 3.01
    assert 0.8 < np.abs(first).max() <= 1.0
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)


@pytest.mark.parametrize("label", ["marimba", "ukulele", "harp", "glockenspiel", "accordion"])
def test_struck_and_plucked_notes_stay_in_range_of_hearing(label: str, wavetables: npt.NDArray[np.float32]) -> None:
    sound = synthesise(label, np.random.default_rng(3), SAMPLE_RATE, wavetables)
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1.0 / SAMPLE_RATE)
    assert spectrum[(hz > 25.0) & (hz < 12_000.0)].sum() > 0.95 * spectrum.sum()


def test_tables_name_only_leaves() -> None:
    programs = [*PROGRAMS.values(), *VARIATIONS.values()]
    named = {program.leaf for program in programs} | {leaf for leaf, _ in KEYS.values()} | set(VOICES)
    assert named <= set(LEAVES)
    assert all(0 <= program.lowest < program.highest <= 127 for program in programs)
    assert all(0 <= number <= 127 for number in [*PROGRAMS, *KEYS, *KITS])


@pytest.mark.parametrize(
    ("name", "leaf"),
    [
        ("Snare Rimshot (Pearl 14x3.5)", "snare"),
        ("Pearl Side Stick", "rimshot"),
        ("c#3 - stick", "rimshot"),
        ("Hi Hat Closed", "hihat"),
        ("Hat Low", "hihat"),
        ("Side OHH", "hihat"),
        ("Crash/Ride Bell (Paiste)", "cymbal"),
        ("BassDrum", "kick"),
        ("Cowbell", "cowbell"),
        ("Dununba1 Bell Mute", "cowbell"),
        ("Dununba1 Head Mute", "hand_drum"),
        ("Tambourine Pedal", "tambourine"),
        ("WaterglassHi", None),
        ("Foot Stomp", None),
        ("17", None),
    ],
)
def test_kit_instrument_names_are_read(name: str, leaf: str | None) -> None:
    assert leaf_of(name) == leaf


def test_kit_gives_each_existing_file_once(tmp_path: Path) -> None:
    files = [tmp_path / f"snare{i}.wav" for i in range(20)]
    for file in files:
        file.touch()
    layers = "".join(f"<layer><filename>{file.name}</filename></layer>" for file in [*files, files[0]])
    missing = "<instrument><name>Kick</name><filename>gone.wav</filename></instrument>"
    xml = (
        f'<drumkit_info xmlns="http://example.invalid/kit"><instrument><name>Snare</name>{layers}</instrument>{missing}'
    )
    (tmp_path / "drumkit.xml").write_text(xml + "</drumkit_info>", encoding="utf-8")
    found = list(hits(tmp_path))
    assert len({hit.path for hit in found}) == len(found) == 12
    assert {hit.label for hit in found} == {"snare"}


def test_wavetables_are_scaled(tmp_path: Path) -> None:
    np.savez(tmp_path / "tables.npz", single_cycle=np.array([[0, 32_767, 0, -32_768]], dtype=np.int16))
    tables = load_wavetables(tmp_path / "tables.npz")
    assert tables.dtype == np.float32
    assert np.abs(tables).max() == 1.0
