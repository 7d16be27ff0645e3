"""What is rendered: which presets and samples mean which leaf, and that slots hold what they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.workshop.rendering.general_midi import EFFECTS, KEYS, KITS, PROGRAMS, VARIATIONS
from models.workshop.rendering.patches import ZYN_WORDS, leaf_of
from models.workshop.rendering.sample_packs import LMMS, SONIC_PI, Pack
from models.workshop.rendering.soundfonts import slots_of
from tagger.taxonomy import LEAVES


@pytest.mark.parametrize(
    ("name", "leaf"),
    [
        ("Rhodes: 0034-FM Rhodes 2.xiz", "electric_piano"),
        ("Rhodes: 0067-RhodesPad1.xiz", "synth_pad"),
        ("olivers-100: 0057-Synth Bass.xiz", "synth_bass"),
        ("olivers-100: 0123-Double Bass.xiz", None),
        ("Collection: 0087-Bassoon.xiz", None),
        ("Organ: 0037-Church Organ 1.xiz", "organ"),
        ("Dual: 0005-Organ and Saw.xiz", None),
        ("Choir and Voice: 0005-Choir Pad1.xiz", None),
        ("net-wisdom: 0103-square-lead.xiz", "synth_lead"),
        ("Cormi_Noise: 0003-Laser_01.xiz", "sound_effect"),
    ],
)
def test_a_presets_name_means_one_leaf_or_none(name: str, leaf: str | None) -> None:
    assert leaf_of(name, ZYN_WORDS) == leaf


def test_a_packs_files_are_told_by_their_names(tmp_path: Path) -> None:
    for name in ("drums/kick01.ogg", "drums/notes.txt", "instruments/bassslap01.ogg", "beats/break01.ogg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    pack = Pack("pack", "own", tmp_path, LMMS.words)
    told = {(path.name, leaf) for path, leaf in pack.samples()}
    assert told == {("kick01.ogg", "kick"), ("bassslap01.ogg", "electric_bass")}


def test_all_tables_name_leaves() -> None:
    programs = (*PROGRAMS.values(), *VARIATIONS.values(), *EFFECTS.values())
    named = {program.leaf for program in programs} | {label for label, _ in KEYS.values()}
    for words in (ZYN_WORDS, LMMS.words, SONIC_PI.words):
        named |= set(words.values()) - {""}
    assert named <= set(LEAVES)
    assert set(KITS) <= set(range(128))


def test_slots_hold_as_many_notes_and_figures_as_asked_for() -> None:
    program = PROGRAMS[0]
    slots = slots_of(program, np.random.default_rng(1), notes=9, figures=3)
    assert [len(slot.notes) for slot in slots[:9]] == [1] * 9
    assert len(slots) == 12
    assert all(program.lowest <= note.pitch <= program.highest for slot in slots for note in slot.notes)
