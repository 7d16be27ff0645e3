from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.taxonomy import FAMILIES, FAMILY_OF, LEAVES, words_of
from tagger.vocabulary import Spelling, label_of, spelling_of

# All that hosts were seen to know, typed from the sources that the module names.
STEINBERG = {
    "Accordion": "Accordion, Harmonica, Other",
    "Bass": "A. Bass, E. Bass, Synth Bass, Other",
    "Brass": "French Horn, Trumpet, Trombone, Tuba, Section, Synth, Other",
    "Chromatic Perc": "Bell, Mallett, Wood, Percussion, Timpani, Other",
    "Drum&Perc": (
        "Drumset GM, Drumset, Drum Menues, Beats, Percussion, Kick Drum, Snare Drum, Toms, HiHats, Cymbals, Other"
    ),
    "Ethnic": "Asian, African, European, Latin, American, Alien, Other",
    "Guitar/Plucked": "A. Guitar, E. Guitar, Harp, Ethnic, Other",
    "Keyboard": "Clavi, E. Piano, Harpsichord, Other",
    "Musical FX": "Hits&Stabs, Motion, Sweeps, Beeps&Blips, Scratches, Other",
    "Organ": "Electric, Pipe, Other",
    "Piano": "A. Piano, E. Grand, Other",
    "Sound FX": "Nature, Mechanical, Synthetic, Other",
    "Strings": "Violin, Viola, Cello, Bass, Section, Synth, Other",
    "Synth Lead": "Analog, Digital, Arpeggio, Other",
    "Synth Pad": "Synth Choir, Analog, Digital, Motion, Other",
    "Synth Comp": "Analog, Digital, Other",
    "Vocal": "Lead Vocal, Adlibs, Choir, Solo, FX, Spoken, Other",
    "Woodwinds": "Ethnic, Flute, Oboe, Engl. Horn, Clarinet, Saxophone, Bassoon, Other",
}
UCS = {
    "MUSCBell": "MUSICAL-BELLS",
    "MUSCBrass": "MUSICAL-BRASS",
    "MUSCChim": "MUSICAL-CHIME",
    "MUSCChor": "MUSICAL-CHORAL",
    "MUSCInst": "MUSICAL-INSTRUMENT",
    "MUSCKeyd": "MUSICAL-KEYED",
    "MUSCPerc": "MUSICAL-PERCUSSION",
    "MUSCPluck": "MUSICAL-PLUCKED",
    "MUSCShake": "MUSICAL-SHAKEN",
    "MUSCStr": "MUSICAL-STRINGED",
    "MUSCSynth": "MUSICAL-SYNTHESIZED",
    "MUSCTnprc": "MUSICAL-PERCUSSION TUNED",
    "MUSCWind": "MUSICAL-WOODWIND",
    "VOXMisc": "VOICES-MISC",
    "": "-",
}
ABLETON_DRUMS = """
    Kick, Snare|Snare Hit, Snare|Rim, Clap, Hihat|Closed Hihat, Tom|Low Tom, Cymbal|Ride, Percussion|Shaker,
    Percussion|Wood, Percussion|Cowbell, Percussion|Tambourine, Percussion|Chime, Percussion|Triangle, Percussion|Gong,
    Percussion|Timpani, Percussion|Misc Percussion
"""
ABLETON_SOUNDS = "Bass|Synth Bass, Piano & Keys, Pad, Lead, Mallets, Ambience & FX, Voice"
ALL = (*LEAVES, *FAMILIES)


def known(label: str) -> Spelling:
    spelling = spelling_of(label)
    assert spelling is not None
    return spelling


@pytest.mark.parametrize("label", ALL)
def test_every_leaf_and_family_is_spelt_as_the_hosts_spell_it(label: str) -> None:
    spelling = known(label)
    assert (spelling.label, spelling.words) == (label, words_of(label))
    assert spelling.family == (label if label in FAMILIES else FAMILY_OF[label])
    if spelling.steinberg_sub_category:
        assert spelling.steinberg_sub_category in STEINBERG[spelling.steinberg_category].split(", ")
    else:
        assert spelling.steinberg_category in {*STEINBERG, ""}
    assert UCS[spelling.ucs_id] == f"{spelling.ucs_category}-{spelling.ucs_sub_category}"
    assert not spelling.ableton or spelling.ableton in ableton_keywords()


def ableton_keywords() -> set[str]:
    """Live's keywords, and the groups that they are in."""
    found = [f"Drums|{name.strip()}" for name in ABLETON_DRUMS.split(",")]
    found += [f"Sounds|{name.strip()}" for name in ABLETON_SOUNDS.split(",")]
    groups = {keyword.rpartition("|")[0] for keyword in found} - {"Drums", "Sounds"}
    return {*found, *groups}


@pytest.mark.parametrize(
    ("label", "steinberg", "ableton", "ucs"),
    [
        ("kick", ("Drum&Perc", "Kick Drum"), "Drums|Kick", "MUSCPerc"),
        ("vibraphone", ("Chromatic Perc", "Mallett"), "Sounds|Mallets", "MUSCTnprc"),
        ("english_horn", ("Woodwinds", "Engl. Horn"), "", "MUSCWind"),
        ("shaker", ("Drum&Perc", "Percussion"), "Drums|Percussion|Shaker", "MUSCShake"),
        ("voice", ("Vocal", ""), "Sounds|Voice", "VOXMisc"),
        ("strings", ("Strings", ""), "", "MUSCStr"),
        ("other", ("", ""), "", ""),
    ],
)
def test_some_rows(label: str, steinberg: tuple[str, str], ableton: str, ucs: str) -> None:
    row = known(label)
    assert (row.steinberg_category, row.steinberg_sub_category) == steinberg
    assert (row.ableton, row.ucs_id) == (ableton, ucs)


def test_labels_of_somebody_elses_model_have_no_row() -> None:
    assert spelling_of("hurdy_gurdy") is None
    assert label_of("Hurdy gurdy") is None
    assert label_of("") is None
    assert label_of(" - ") is None


@given(st.sampled_from(ALL), st.sampled_from([str.upper, str.lower, str.title]), st.sampled_from(" -_"))
def test_words_and_ids_lead_back_to_the_label(label: str, case: object, joint: str) -> None:
    assert callable(case)
    for text in (known(label).words, label, case(known(label).words), known(label).words.replace(" ", joint)):
        assert label_of(text) == label


def test_spellings_of_people_and_of_version_0_1_are_known() -> None:
    assert [label_of(words) for words in ("Hi-Hat", "Percussion other", "Other percussion", " French  Horn ")] == [
        "hihat",
        "percussion_other",
        "percussion_other",
        "french_horn",
    ]


def test_no_two_labels_share_their_words() -> None:
    words = [known(label).words for label in dict.fromkeys(ALL)]
    assert len(set(words)) == len(words) == 70
