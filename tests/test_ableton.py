from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.ableton import Merged, keywords, merged, sidecar_path
from tagger.results import Kind
from tagger.sidecar import Sidecar
from tagger.taxonomy import FAMILIES, LEAVES

KICK = ("Drums|Kick", "Type|One Shot")
SNARE = ("Drums|Snare|Snare Hit", "Type|One Shot")
NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NAMESPACES = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
LIVES = 'xmlns:ablFR="https://ns.ableton.com/xmp/fs-resources/1.0/"'


def item(name: str, *its_keywords: str, more: str = "") -> str:
    """An item as Live lays it out."""
    listed = "".join(f"\n                        <rdf:li>{escape(each)}</rdf:li>" for each in its_keywords)
    bag = f"\n                     <rdf:Bag>{listed}\n                     </rdf:Bag>\n                  "
    held = f"<ablFR:keywords>{bag}</ablFR:keywords>\n                  " if its_keywords else ""
    path = f"<ablFR:filePath>{escape(name)}</ablFR:filePath>"
    return (
        f'<rdf:li rdf:parseType="Resource">\n                  {path}\n                  {more}{held}'
        f"<!-- {len(name)} --></rdf:li>"
    )


def sidecar(*items: str, start: str = "", between: str = "\n               ") -> bytes:
    listed = "".join(between + each for each in items)
    return f"""{start}<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 5.6.0">
   <rdf:RDF {NAMESPACES}>
      <rdf:Description rdf:about=""
            xmlns:dc='http://purl.org/dc/elements/1.1/'
            {LIVES} xmlns:mine="urn:mine">
         <dc:format>application/vnd.ableton.folder</dc:format>
         <ablFR:items>
            <rdf:Bag>{listed}
            </rdf:Bag>
         </ablFR:items>
         <mine:own mine:x="1">kept &amp; kept</mine:own>
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>
""".encode()


COLOURS = "<ablFR:colors><rdf:Bag><rdf:li>3</rdf:li></rdf:Bag></ablFR:colors>"


def read(data: bytes | None) -> Mapping[str, tuple[str, ...]]:
    assert data is not None
    ET.fromstring(data)
    return Sidecar(data).keywords


def data_of(merge: Merged) -> bytes:
    assert merge.data is not None
    return merge.data


def test_a_new_sidecar_is_what_live_writes() -> None:
    merge = merged(None, {"a & b.wav": KICK, "Gitarre U\u0308.wav": ("Type|Loop",)}, ours={}, now=NOW)
    assert read(merge.data) == {"a & b.wav": KICK, "Gitarre \xdc.wav": ("Type|Loop",)}
    assert merge.changes == {"a & b.wav": ((), KICK), "Gitarre U\u0308.wav": ((), ("Type|Loop",))}
    assert merge.ours == {"a & b.wav": KICK, "Gitarre U\u0308.wav": ("Type|Loop",)}
    assert data_of(merge).decode() == NEW


NEW = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 5.6.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about=""
            xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:ablFR="https://ns.ableton.com/xmp/fs-resources/1.0/"
            xmlns:xmp="http://ns.adobe.com/xap/1.0/">
         <dc:format>application/vnd.ableton.folder</dc:format>
         <ablFR:resource>folder</ablFR:resource>
         <ablFR:items>
            <rdf:Bag>
               <rdf:li rdf:parseType="Resource">\
<ablFR:filePath>a &amp; b.wav</ablFR:filePath>\
<ablFR:keywords><rdf:Bag><rdf:li>Drums|Kick</rdf:li><rdf:li>Type|One Shot</rdf:li></rdf:Bag></ablFR:keywords></rdf:li>
               <rdf:li rdf:parseType="Resource">\
<ablFR:filePath>Gitarre \xdc.wav</ablFR:filePath>\
<ablFR:keywords><rdf:Bag><rdf:li>Type|Loop</rdf:li></rdf:Bag></ablFR:keywords></rdf:li>
            </rdf:Bag>
         </ablFR:items>
         <xmp:CreatorTool>Instrument tagger</xmp:CreatorTool>
         <xmp:CreateDate>2026-11-21T12:00:00+00:00</xmp:CreateDate>
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>
"""


def test_nothing_to_say_makes_no_sidecar() -> None:
    assert merged(None, {"a.wav": ()}, ours={}).data is None
    assert merged(None, {}, ours={"a.wav": KICK}).data is None


def test_where_live_looks() -> None:
    where = sidecar_path(Path("Samples"))
    assert where == Path("Samples", "Ableton Folder Info", "dc66a3fa-0fe1-5352-91cf-3ec237e9ee90.xmp")


def test_colours_comments_and_foreign_keywords_stay_where_they_are() -> None:
    before = sidecar(
        item("a.wav", "Creator|Somebody", more=COLOURS), item("b.wav", "Genres|Dub"), item("sub/a.wav", "X")
    )
    merge = merged(before, {"a.wav": KICK}, ours={})
    added = [f"\n                        <rdf:li>{each}</rdf:li>" for each in KICK]
    at = before.index(b"Somebody</rdf:li>") + len(b"Somebody</rdf:li>")
    assert merge.data == before[:at] + "".join(added).encode() + before[at:]
    assert merged(merge.data, {"a.wav": ()}, ours=merge.ours).data == before


def test_tagging_again_replaces_what_was_ours() -> None:
    first = merged(sidecar(item("b.wav", "Genres|Dub")), {"a.wav": KICK, "b.wav": KICK}, ours={})
    again = merged(first.data, {"a.wav": SNARE, "b.wav": SNARE}, ours=first.ours)
    assert read(again.data) == {"b.wav": ("Genres|Dub", *sorted(SNARE, reverse=True)), "a.wav": (SNARE[1], SNARE[0])}
    assert again.changes["a.wav"] == (KICK, (SNARE[1], SNARE[0]))
    same = merged(again.data, {"a.wav": SNARE, "b.wav": SNARE}, ours=again.ours)
    assert (same.data, same.changes, same.ours) == (again.data, {}, again.ours)


@pytest.mark.parametrize(
    "theirs",
    [
        (),
        ("Type|One Shot",),
        ("Drums|Tom", "Type|One Shot"),
        ("Drums|Kick", "Drums|Percussion|Wood", "Type|One Shot"),
    ],
)
def test_what_a_user_removed_added_or_changed_stays(theirs: tuple[str, ...]) -> None:
    data = sidecar(item("a.wav", *theirs)) if theirs else sidecar()
    for wanted in (KICK, SNARE, ()):
        merge = merged(data, {"a.wav": wanted}, ours={"a.wav": KICK})
        kept = tuple(each for each in theirs if not each.startswith("Type") or wanted)
        assert read(merge.data).get("a.wav", ()) == kept
        assert set(KICK[:1]) <= set(merge.ours["a.wav"])


def test_tags_that_others_gave_are_not_contradicted() -> None:
    data = sidecar(item("a.wav", "Drums|Tom"), item("b.wav", "Type|Loop"), item("c.wav", "Sounds|Bass", "Type|Loop"))
    merge = merged(data, dict.fromkeys(("a.wav", "b.wav", "c.wav"), KICK), ours={})
    assert read(merge.data) == {
        "a.wav": ("Drums|Tom", "Type|One Shot"),
        "b.wav": ("Type|Loop", "Drums|Kick"),
        "c.wav": ("Sounds|Bass", "Type|Loop"),
    }
    assert merge.ours == {"a.wav": ("Type|One Shot",), "b.wav": ("Drums|Kick",)}


def test_what_was_there_before_us_is_never_ours() -> None:
    data = sidecar(item("a.wav", *KICK))
    merge = merged(data, {"a.wav": KICK}, ours={})
    assert (merge.data, merge.ours) == (data, {})


def test_keywords_of_a_users_own_group_are_ours_too() -> None:
    first = merged(None, {"a.wav": ("Instruments|Cello",)}, ours={})
    second = merged(first.data, {"a.wav": ("Sounds|Strings",)}, ours=first.ours)
    assert read(second.data) == {"a.wav": ("Sounds|Strings",)}


def test_names_are_matched_in_any_unicode_form_and_case() -> None:
    name = "\xdcbung.wav"
    data = sidecar(item(unicodedata.normalize("NFD", name), "Genres|Dub"))
    for spelt in (name, unicodedata.normalize("NFD", name), name.upper(), name.lower()):
        merge = merged(data, {spelt: KICK}, ours={})
        assert list(read(merge.data).values()) == [("Genres|Dub", *KICK)]


def test_two_files_that_differ_in_case_keep_to_themselves() -> None:
    data = sidecar(item("Kick.wav", "Genres|Dub"))
    merge = merged(data, {"Kick.wav": KICK, "kick.wav": SNARE}, ours={})
    assert read(merge.data) == {"Kick.wav": ("Genres|Dub", *KICK), "kick.wav": SNARE}


def test_names_that_xml_cannot_hold_are_told() -> None:
    merge = merged(None, {"a\x01.wav": KICK, "b\udcff.wav": KICK, "c.wav": KICK}, ours={})
    assert merge.left_out == ("a\x01.wav", "b\udcff.wav")
    assert read(merge.data) == {"c.wav": KICK}


OTHER_FORMS = {
    "items in a description": sidecar(
        f"<rdf:li><rdf:Description><ablFR:filePath>a.wav</ablFR:filePath>{COLOURS}</rdf:Description></rdf:li>"
    ),
    "no keywords yet": sidecar(item("a.wav", more=COLOURS)),
    "an empty bag of keywords": sidecar(item("a.wav", more="<ablFR:keywords><rdf:Bag/></ablFR:keywords>")),
    "no bag of keywords": sidecar(item("a.wav", more="<ablFR:keywords/>")),
    "an empty bag of items": sidecar().replace(b"<rdf:Bag>\n            </rdf:Bag>", b"<rdf:Bag />"),
    "no bag of items": sidecar().replace(b"<rdf:Bag>\n            </rdf:Bag>", b""),
    "no items": sidecar()
    .replace(b"<ablFR:items>", b"<!--")
    .replace(b"</ablFR:items>", b"-->")
    .replace(LIVES.encode(), b""),
    "other prefixes": sidecar(item("a.wav", "Genres|Dub"))
    .replace(b"ablFR", b"a")
    .replace(b"rdf:", b"r:")
    .replace(b"xmlns:rdf", b"xmlns:r"),
    "an item that is not understood": sidecar('<rdf:li rdf:resource="urn:x"/>', item("a.wav", "X|Y")),
    "a byte order mark": b"\xef\xbb\xbf" + sidecar(item("a.wav", "X|Y")),
    "UTF-16": sidecar(item("a.wav", "X|Y"), start="\ufeff").decode().encode("utf-16-le"),
    "a packet": sidecar(item("a.wav"), start='<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<?x y?>\n'),
    "Windows lines": sidecar(item("a.wav", "X|Y")).replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_whatever_form_a_sidecar_has(form: str) -> None:
    old = OTHER_FORMS[form]
    merge = merged(old, {"a.wav": KICK}, ours={})
    assert [each for each in read(merge.data)["a.wav"] if each not in ("X|Y", "Genres|Dub")] == list(KICK)
    again = merged(merge.data, {"a.wav": KICK}, ours=merge.ours)
    assert again.data == merge.data
    if not form.startswith(("an empty", "no bag", "no items", "a packet")):
        assert merged(merge.data, {"a.wav": ()}, ours=merge.ours).data == old


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not well-formed"),
        (b"\0" * 100, "not well-formed"),
        (sidecar()[:-20], "not well-formed"),
        (b"<!DOCTYPE x>" + sidecar(), "document type"),
        (b"<html><body/></html>", "none of Live's"),
    ],
)
def test_a_sidecar_that_cannot_be_understood_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        merged(data, {"a.wav": KICK}, ours={})


def test_what_live_calls_a_claim() -> None:
    assert keywords(["kick", "snare"], Kind.LOOP, {}) == ("Drums|Kick", "Drums|Snare|Snare Hit", "Type|Loop")
    assert keywords(["glockenspiel", "marimba"], Kind.ONE_SHOT, {}) == ("Sounds|Mallets", "Type|One Shot")
    assert keywords(["cello"], Kind.TRACK, {}) == ()
    assert keywords(["cello", "my_own"], Kind.TRACK, {"cello": "Sounds|Strings", "my_own": "X|Y"}) == (
        "Sounds|Strings",
        "X|Y",
    )
    assert keywords([], Kind.ONE_SHOT, {}) == ()


names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=6
)
claims = st.lists(st.sampled_from([*LEAVES, *FAMILIES]), max_size=3)
kinds = st.sampled_from(Kind)
foreign = st.sampled_from(["Genres|Dub", "Creator|A & B", "Character|<Dark>", "Key|C♯"])


@given(
    st.dictionaries(names, st.lists(foreign, unique=True)),
    st.dictionaries(names, st.tuples(claims, kinds)),
    st.dictionaries(names, st.tuples(claims, kinds)),
)
def test_any_merge_leaves_foreign_items_and_is_undone_by_an_empty_claim(
    held: dict[str, list[str]],
    one: dict[str, tuple[list[str], Kind]],
    two: dict[str, tuple[list[str], Kind]],
) -> None:
    items = {unicodedata.normalize("NFC", name): item(name, *each, more=COLOURS) for name, each in held.items()}
    before = sidecar(*items.values())
    first_wanted, second_wanted = (
        {name: keywords(labels, kind, {}) for name, (labels, kind) in claim.items()} for claim in (one, two)
    )
    first = merged(before, first_wanted, ours={})
    second = merged(first.data, second_wanted, ours=first.ours)
    now_ours = {**first.ours, **second.ours}
    assert merged(second.data, second_wanted, ours=now_ours).changes == {}
    for name, each in items.items():
        if not {name.casefold()} & {unicodedata.normalize("NFC", each).casefold() for each in (*one, *two)}:
            assert each.encode() in data_of(second)
    cleared = merged(second.data, dict.fromkeys([*one, *two], ()), ours=now_ours)
    assert cleared.data == before
