"""Whose a field is: what is filled, what is kept, and what a person said about it; first as a rule, then in files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3 as id3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger import tagfile
from tagger.results import Kind
from tagger.tagfile import ALL_LAYERS, Action, Claim, Edit, Layer
from tagger.tagfile.deciding import Decision, decide
from tagger.tagfile.fields import MARK_KEYS, Concept, Field, Mark, Statement, fields_of, keys_of
from tagger.tagfile.tags import Scheme, Section
from tests.tagged_audio import chunk, claim, make, rich_wav, riff, write

WAV_SCHEMES = (Scheme.INFO, Scheme.IXML, Scheme.ID3, Scheme.XMP)
FORMATS = (WAV_SCHEMES, (Scheme.ID3,), (Scheme.VORBIS,), (Scheme.APE,), (Scheme.MP4,), (Scheme.ASF,))

claims = st.builds(
    Claim,
    st.lists(st.sampled_from(["kick", "snare", "violin", "drums", "mine"]), unique=True, max_size=3).map(tuple),
    st.sampled_from(Kind),
)
foreign_words = st.sampled_from(["Techno", "Zither; Gong", "(17)"])
formats = st.sampled_from(FORMATS)


@dataclass(frozen=True)
class Model:
    """A file as the rule sees it."""

    sections: tuple[Section, ...]

    @classmethod
    def empty(cls, schemes: tuple[Scheme, ...]) -> Model:
        return cls(tuple(Section(scheme, {}) for scheme in schemes))

    def decide(self, said: Claim, wanted: frozenset[Scheme] = frozenset(Scheme)) -> Decision:
        return decide(Path("a.wav"), self.sections, said, wanted=wanted)

    def tagged(self, said: Claim, wanted: frozenset[Scheme] = frozenset(Scheme)) -> Model:
        model = self
        for scheme, values in self.decide(said, wanted).edits.items():
            for key, value in values.items():
                model = model.having(scheme, key, value)
        return model

    def having(self, scheme: Scheme, key: str, value: str) -> Model:
        def changed(section: Section) -> Section:
            values = {**section.values, key: value}
            return replace(section, values={each: text for each, text in values.items() if text})

        return Model(tuple(changed(each) if each.scheme is scheme else each for each in self.sections))

    @property
    def values(self) -> dict[tuple[Scheme, str], str]:
        return {(each.scheme, key): value for each in self.sections for key, value in each.values.items()}


@st.composite
def foreign_fields(draw: st.DrawFn, schemes: tuple[Scheme, ...]) -> Model:
    fields = [(each.scheme, each.key) for scheme in schemes for each in fields_of(scheme)]
    model = Model.empty(schemes)
    for scheme, key in draw(st.lists(st.sampled_from(fields), max_size=3)):
        model = model.having(scheme, key, draw(foreign_words))
    return model


@given(st.data(), formats, claims, claims)
@settings(max_examples=150)
def test_values_of_others_stay_and_ours_come_and_go(
    data: st.DataObject, schemes: tuple[Scheme, ...], first: Claim, second: Claim
) -> None:
    before = data.draw(foreign_fields(schemes))
    tagged = before.tagged(first)
    assert before.values.items() <= tagged.values.items()
    assert not tagged.decide(first).edits
    again = tagged.tagged(second)
    assert before.values.items() <= again.values.items()
    assert again.values == before.tagged(second).values
    assert again.tagged(replace(first, labels=())) == before


@given(st.data(), formats, claims, claims)
@settings(max_examples=150)
def test_one_value_of_somebody_else_is_all_that_is_said_of_its_concept(
    data: st.DataObject, schemes: tuple[Scheme, ...], first: Claim, second: Claim
) -> None:
    tagged = Model.empty(schemes).tagged(first)
    field = data.draw(st.sampled_from([each for scheme in schemes for each in fields_of(scheme)]))
    edited = tagged.having(field.scheme, field.key, "Techno").tagged(second)
    same = fields_about(field.concept, schemes)
    assert {at: value for at, value in edited.values.items() if at in same} == {(field.scheme, field.key): "Techno"}
    if field.concept is Concept.INSTRUMENT:
        marks = {(scheme, key) for scheme, key in MARK_KEYS.items()}
        assert edited.values.keys() - marks == {(field.scheme, field.key)}


@given(st.data(), formats, st.lists(claims, min_size=1, max_size=3))
@settings(max_examples=150)
def test_what_somebody_took_away_stays_away(
    data: st.DataObject, schemes: tuple[Scheme, ...], later: list[Claim]
) -> None:
    tagged = Model.empty(schemes).tagged(claim("kick", "snare"))
    ours = [each for scheme in schemes for each in fields_of(scheme) if (scheme, each.key) in tagged.values]
    field = data.draw(st.sampled_from([each for each in ours if each.scheme is not Scheme.INFO]))
    model = tagged.having(field.scheme, field.key, "")
    for said in later:
        model = model.tagged(said)
        assert not fields_about(field.concept, schemes) & model.values.keys()
        assert not model.decide(said).edits


@dataclass(frozen=True)
class Touch:
    """What a person does to a field, or to the mark: sets it, or takes it away."""

    scheme: Scheme
    key: str
    value: str


FIELD_KEYS = [(scheme, field.key) for scheme in WAV_SCHEMES for field in fields_of(scheme)]
touches = st.builds(
    lambda at, value: Touch(at[0], at[1], value), st.sampled_from(FIELD_KEYS), st.sampled_from(["", "Techno"])
)
losses = st.sampled_from([Touch(scheme, MARK_KEYS[scheme], "") for scheme in WAV_SCHEMES if scheme in MARK_KEYS])
wishes = st.tuples(claims, st.frozensets(st.sampled_from(WAV_SCHEMES)).map(lambda some: some | {Scheme.ID3}))


@given(st.lists(st.one_of(wishes, touches, losses), max_size=8))
@settings(max_examples=150)
def test_in_any_history_what_people_wrote_stays_and_a_second_look_finds_nothing_to_do(
    history: list[tuple[Claim, frozenset[Scheme]] | Touch],
) -> None:
    model = Model.empty(WAV_SCHEMES)
    theirs: dict[tuple[Scheme, str], str] = {}
    for event in history:
        if isinstance(event, Touch):
            model = model.having(event.scheme, event.key, event.value)
            theirs[event.scheme, event.key] = event.value
            continue
        model = model.tagged(*event)
        assert not model.decide(*event).edits
        assert {at: value for at, value in theirs.items() if value}.items() <= model.values.items()


def fields_about(concept: Concept, schemes: tuple[Scheme, ...]) -> set[tuple[Scheme, str]]:
    return {(each.scheme, each.key) for scheme in schemes for each in fields_of(scheme) if each.concept is concept}


@given(claims, claims, st.sets(st.sampled_from(WAV_SCHEMES)), st.sets(st.sampled_from(WAV_SCHEMES)))
@settings(max_examples=150)
def test_layers_that_are_not_asked_for_hold_nothing_of_ours(
    first: Claim, second: Claim, some: set[Scheme], others: set[Scheme]
) -> None:
    model = Model.empty(WAV_SCHEMES)
    for said, wanted in ((first, frozenset(some | {Scheme.ID3})), (second, frozenset(others | {Scheme.XMP}))):
        model = model.tagged(said, wanted)
        assert {each.scheme for each in model.sections if each.values} <= wanted
        assert model.values == Model.empty(WAV_SCHEMES).tagged(said, wanted).values


def test_a_layer_without_room_for_a_mark_is_not_enough() -> None:
    with pytest.raises(ValueError, match="none of the places"):
        Model.empty(WAV_SCHEMES).decide(claim("kick"), frozenset({Scheme.INFO}))


@given(claims, st.frozensets(st.sampled_from(Concept)), st.frozensets(st.sampled_from(Concept)))
def test_marks_say_again_what_was_said(said: Claim, filled: frozenset[Concept], left: frozenset[Concept]) -> None:
    mark = Mark(Statement.of(said), filled, left)
    assert Mark.parse(str(mark)) == mark


def test_marks_of_version_0_1_are_bare_words() -> None:
    assert Mark.parse("Kick; Hi-hat (open)") == Mark(
        Statement(("Kick", "Hi-hat (open)")), frozenset({Concept.INSTRUMENT})
    )
    assert str(Mark.parse("Kick; Snare")) == "Kick; Snare"


@given(claims, st.sampled_from([field for scheme in Scheme for field in fields_of(scheme)]))
def test_fields_are_one_line_and_info_is_ascii(said: Claim, field: Field) -> None:
    value = field.spell(Statement.of(said))
    assert value.isprintable()
    assert value == value.strip()
    assert value.isascii() or field.scheme is not Scheme.INFO


def test_odd_labels_of_somebodys_own_model_are_tamed() -> None:
    statement = Statement.of(claim("bodhr\u00e1n; \x07deep\n", "\u592a\u9f13"))
    assert statement.text == "Bodhr\u00e1n, deep; \u592a\u9f13"
    assert spelt(Scheme.INFO, statement) == {"IGNR": "Bodhran, deep", "IKEY": "Bodhran, deep; One-shot"}


def spelt(scheme: Scheme, statement: Statement) -> dict[str, str]:
    return {field.key: field.spell(statement) for field in fields_of(scheme)}


def test_a_claim_in_the_words_of_every_host() -> None:
    statement = Statement.of(claim("kick", "acoustic_guitar", kind=Kind.LOOP))
    keywords = ("Kick", "Acoustic guitar", "Drums", "Guitar", "Loop")
    assert spelt(Scheme.INFO, statement) == {"IGNR": "Kick", "IKEY": "; ".join(keywords)}
    assert spelt(Scheme.XMP, statement) == {
        "xmpDM:instrument": "Kick; Acoustic guitar",
        "xmpDM:genre": "Kick",
        "dc:subject": ", ".join(keywords),
    }
    assert spelt(Scheme.IXML, statement) == {
        "USER/INSTRUMENT": "Kick; Acoustic guitar",
        "USER/REAPER": "Kick; Acoustic guitar",
        "USER/KEYWORDS": ", ".join(keywords),
        "USER/CATEGORY": "MUSICAL",
        "USER/SUBCATEGORY": "PERCUSSION",
        "USER/CATID": "MUSCPerc",
        "USER/CATEGORYFULL": "MUSICAL-PERCUSSION",
        "STEINBERG/MusicalCategory": "Drum&Perc",
        "STEINBERG/MusicalInstrument": "Drum&Perc|Kick Drum",
        "ASWG/instrument": "Kick; Acoustic guitar",
        "ASWG/isLoop": "true",
        "ASWG/catId": "MUSCPerc",
        "ASWG/category": "MUSICAL",
        "ASWG/subCategory": "PERCUSSION",
    }


# In files.


def edit_id3(path: Path, **values: str | None) -> None:
    """Does what a person does in a tag editor: sets `TXXX` frames or the genre, or takes them away."""
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    for name, value in values.items():
        file.tags.delall(name if name == "TCON" else f"TXXX:{name}")
        if value is not None:
            frame = id3.TCON(3, [value]) if name == "TCON" else id3.TXXX(3, name, [value])
            file.tags.add(frame)
    file.save()


def test_a_correction_in_one_layer_is_told_and_kept_and_ours_in_others_go(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    write(path, claim("kick", "snare"))
    edit_id3(path, INSTRUMENT="Banjo; Grandma's zither")
    assert tagfile.read(path).edit == Edit(("kick", "snare"), ("Banjo", "Grandma's zither"))
    assert not tagfile.read(path).is_ours

    change = write(path, claim("kick", "snare"))

    assert (change.action, change.current) == (Action.KEEP, "Banjo; Grandma's zither")
    assert "ID3 TXXX:INSTRUMENT: Banjo; Grandma's zither (not ours)" in change.kept
    left = {name for name in tagfile.read(path).values if "agger" not in name.lower()}
    assert left == {"ID3 TXXX:INSTRUMENT"}
    assert tagfile.read(path).edit == Edit(("kick", "snare"), ("Banjo", "Grandma's zither"))
    assert not tagfile.plan(path, claim("kick", "snare")).rewrites


def test_a_correction_that_the_catalog_took_in_spreads_to_all_layers(tmp_path: Path) -> None:
    for after_another_write in (False, True):
        path = make(tmp_path, "16.wav")
        write(path, claim("kick"))
        edit_id3(path, INSTRUMENT="Banjo")
        if after_another_write:
            write(path, claim("kick"))
        change = write(path, claim("banjo"))
        assert (change.action, change.current, change.new) == (Action.WRITE, "Banjo", "Banjo")
        fresh = make(tmp_path, "24.wav")
        write(fresh, claim("banjo"))
        assert tagfile.read(path) == tagfile.read(fresh)
        assert tagfile.read(path).edit is None


def test_an_instrument_that_was_taken_away_is_told_and_stays_away(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    write(path, claim("kick"))
    edit_id3(path, INSTRUMENT=None)
    assert tagfile.read(path).edit == Edit(("kick",), ())
    for said in (claim("kick"), claim(), claim("snare")):
        change = write(path, said)
        assert change.action is Action.KEEP
        assert tagfile.read(path).instrument is None
        assert "instrument: taken away by somebody, stays away" in change.kept


def test_a_genre_in_id3_only_keeps_ours_out_of_every_layer(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    edit_id3(path, TCON="Techno")
    write(path, claim("kick"))
    values = tagfile.read(path).values
    assert values["ID3 TCON"] == "Techno"
    assert values["iXML USER/INSTRUMENT"] == "Kick"
    assert not {"INFO IGNR", "XMP xmpDM:genre"} & values.keys()

    edit_id3(path, TCON=None)
    write(path, claim("snare"))
    assert tagfile.read(path).values["INFO IGNR"] == "Snare"


def test_a_genre_changed_after_tagging_is_kept_and_the_instrument_still_follows(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    write(path, claim("kick"))
    edit_id3(path, TCON="Techno", REAPER="my favourite")
    change = write(path, claim("snare"))
    values = tagfile.read(path).values
    assert (change.action, values["ID3 TXXX:INSTRUMENT"], values["ID3 TCON"]) == (Action.WRITE, "Snare", "Techno")
    assert values["ID3 TXXX:REAPER"] == "my favourite"
    assert not {"INFO IGNR", "XMP xmpDM:genre", "iXML USER/REAPER"} & values.keys()
    assert set(change.kept) == {"ID3 TCON: Techno (not ours)", "ID3 TXXX:REAPER: my favourite (not ours)"}


def test_a_foreign_genre_in_info_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    head = rich_wav().partition(b"data")[0]
    fmt = head[head.index(b"fmt ") :]
    path.write_bytes(riff(fmt, chunk(b"LIST", b"INFO" + chunk(b"IGNR", b"House")), chunk(b"data", bytes(300))))
    write(path, claim("kick"))
    values = tagfile.read(path).values
    assert (values["INFO IGNR"], values["INFO IKEY"]) == ("House", "Kick; Drums; One-shot")
    assert "ID3 TCON" not in values


def test_a_vendors_instrument_that_agrees_with_us_stays_the_vendors(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    edit_id3(path, INSTRUMENT="Kick")
    assert write(path, claim("kick")).action is Action.WRITE
    assert tagfile.read(path).values["iXML STEINBERG/MusicalInstrument"] == "Drum&Perc|Kick Drum"
    assert write(path, claim("snare")).action is Action.KEEP
    values = tagfile.read(path).values
    assert values == {"ID3 TXXX:INSTRUMENT": "Kick"}


def test_files_tagged_by_version_0_1_are_brought_up_to_date(tmp_path: Path) -> None:
    for name in ("16.wav", "16.aiff"):
        path = make(tmp_path, name)
        edit_id3(path, INSTRUMENT="Kick; Tom", INSTRUMENT_BY_TAGGER="Kick; Tom")
        assert tagfile.read(path).is_ours
        change = write(path, claim("kick", "tom"))
        assert (change.action, change.current, change.new) == (Action.WRITE, "Kick; Tom", "Kick; Tom")
        assert tagfile.read(path).values["ID3 TCON"] == "Kick"
        write(path, claim())
        assert not tagfile.read(path).values


def test_only_the_layers_asked_for_are_written(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    write(path, claim("kick"))
    write(path, claim("kick"), layers={Layer.IXML})
    assert {name.partition(" ")[0] for name in tagfile.read(path).values} == {"iXML"}
    assert b"_PMX" not in path.read_bytes()
    write(path, claim("kick"), layers=ALL_LAYERS)
    assert {name.partition(" ")[0] for name in tagfile.read(path).values} == {"INFO", "iXML", "ID3", "XMP"}


def test_every_key_is_known_once() -> None:
    for scheme in Scheme:
        assert len(set(keys_of(scheme))) == len(keys_of(scheme))


def test_frames_are_small_enough_for_readers_that_take_every_size_for_syncsafe(tmp_path: Path) -> None:
    path = make(tmp_path, "16.wav")
    write(path, claim("acoustic_guitar", "electric_guitar", "english_horn"))
    tags = mutagen.File(path).tags
    assert tags.version[:2] == (2, 3)
    assert max(len(frame.desc) + len(frame.text[0]) + 2 for frame in tags.getall("TXXX")) < 128
