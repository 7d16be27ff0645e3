"""The layers of a WAV, each in its own bytes: what others put there stays byte for byte."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger import tagfile
from tagger.markup import parse
from tagger.tagfile import info, ixml, xmp
from tagger.tagfile.fields import keys_of
from tagger.tagfile.tags import Scheme
from tests.tagged_audio import chunk, claim, plain_wav, write

KEYS = {info: keys_of(Scheme.INFO), ixml: keys_of(Scheme.IXML), xmp: keys_of(Scheme.XMP)}

words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12).map(str.strip)
values_of = {
    layer: st.dictionaries(st.sampled_from(keys), words.filter(bool) if layer is not xmp else words, max_size=5)
    for layer, keys in KEYS.items()
}


def edited(layer: ModuleType, body: bytes | None, values: Mapping[str, str], room: int = 0) -> bytes | None:
    """The body after an edit, which is looked at: it holds the new values and the old."""
    before = {} if body is None else dict(layer.read(body, KEYS[layer]))
    new: bytes | None = layer.write(body, values, room=room)
    wanted = {key: value for key, value in {**before, **values}.items() if value}
    assert ({} if new is None else dict(layer.read(new, KEYS[layer]))) == wanted
    return new


# INFO.

names = st.sampled_from(["ISFT", "ICMT", "INAM", "abcd"])
entries = st.lists(st.tuples(names, st.binary(max_size=9)).filter(lambda each: each[1].strip(b"\0") != b""), max_size=4)


@given(entries, st.sampled_from([0, 1, 3]), st.booleans(), values_of[info])
def test_entries_of_others_stay_and_keep_their_order(
    others: list[tuple[str, bytes]], filler: int, without_last_pad: bool, values: dict[str, str]
) -> None:
    raw = [chunk(name.encode(), data) for name, data in others]
    body = b"".join(raw) + bytes(filler)
    if without_last_pad and others and len(others[-1][1]) % 2 and not filler:
        body = body[:-1]
    new = edited(info, body, values) or b""
    place = 0
    for entry in raw:
        place = new.index(entry, place) + len(entry)
    assert new.endswith(bytes(filler))
    back = edited(info, new, dict.fromkeys(values, "")) or b""
    assert back == b"".join(raw) + bytes(filler)


def test_an_entry_is_changed_in_its_place() -> None:
    body = chunk(b"IGNR", b"Kick\0") + chunk(b"ISFT", b"x") + chunk(b"IKEY", b"a")
    assert info.write(body, {"IGNR": "Tom", "IKEY": ""}, room=0) == chunk(b"IGNR", b"Tom\0") + chunk(b"ISFT", b"x")


@pytest.mark.parametrize(
    "body", [chunk(b"ISFT", b"x")[:6], chunk(b"ISFT", b"xyz")[:-2], chunk(b"\0SFT", b"xy"), b"ISFT\xff\xff\xff\xffxx"]
)
def test_lists_out_of_step_are_left_alone(body: bytes) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        info.read(body, KEYS[info])


@pytest.mark.parametrize(("data", "value"), [(b"Caf\xe9\0", "Café"), ("Café".encode(), "Café"), (b"a\0b\0", "a")])
def test_texts_of_all_sorts_are_read(data: bytes, value: str) -> None:
    assert info.read(chunk(b"IGNR", data), KEYS[info]) == {"IGNR": value}


# iXML.

NODES = st.sampled_from(
    [
        "<PROJECT>a &amp; b</PROJECT>",
        "<!-- <USER> --> ",
        "\r\n\t",
        "<?pi x?>",
        "<SPEED><NOTE/><MASTER_SPEED>25/1</MASTER_SPEED></SPEED>",
        "<USER>\n  <NOTE a='1>2'>é</NOTE>\n  <RATING></RATING></USER>",
        "<STEINBERG><ATTR_LIST>\n<ATTR><NAME>MediaGenre</NAME><VALUE>x</VALUE></ATTR></ATTR_LIST></STEINBERG>",
        "<ASWG><library>L</library></ASWG>",
    ]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "iso-8859-1"])


@st.composite
def ixml_bodies(draw: st.DrawFn) -> bytes:
    encoding = draw(ENCODINGS)
    declared = "" if encoding.startswith("utf-8") else f'<?xml version="1.0" encoding="{encoding[:10]}"?>'
    declared = declared.replace("utf-16-be", "utf-16")
    text = declared + f"<BWFXML>{''.join(draw(st.lists(NODES, max_size=4)))}<IXML_VERSION>2.0</IXML_VERSION></BWFXML>\n"
    return text.encode(encoding, "xmlcharrefreplace") + bytes(2 * draw(st.integers(0, 3)))


@given(ixml_bodies(), values_of[ixml])
@settings(deadline=None)
def test_nodes_of_others_stay_byte_for_byte(body: bytes, values: dict[str, str]) -> None:
    new = edited(ixml, body, values)
    assert new is not None
    assert edited(ixml, new, dict.fromkeys(values, "")) == body
    assert [each for each in nodes(new) if each in nodes(body)] == nodes(body)


def nodes(body: bytes) -> list[tuple[str, str]]:
    """Every element that holds no other, in order."""
    document = parse(body.rstrip(b"\0") + (b"\0" if body[:2] in (b"\xff\xfe", b"<\0") else b""))
    return [(each.name, each.text) for each in document.root.below() if not each.children]


@given(values_of[ixml])
@settings(deadline=None)
def test_a_new_chunk_is_gone_with_its_last_field(values: dict[str, str]) -> None:
    new = edited(ixml, None, values)
    assert (new is None) == (not any(values.values()))
    if new is not None:
        assert b"<BWFXML><IXML_VERSION>1.61</IXML_VERSION>" in new
        assert edited(ixml, new, dict.fromkeys(values, "")) is None


def test_steinbergs_attributes_are_found_in_any_order_and_changed_in_place() -> None:
    body = (
        b"<BWFXML><STEINBERG><ATTR_LIST>"
        b"<ATTR><VALUE>Drum&amp;Perc</VALUE><NAME>MusicalCategory</NAME></ATTR>"
        b"<ATTR><NAME>MusicalInstrument</NAME></ATTR>"
        b"</ATTR_LIST></STEINBERG></BWFXML>"
    )
    assert ixml.read(body, KEYS[ixml]) == {"STEINBERG/MusicalCategory": "Drum&Perc"}
    new = edited(ixml, body, {"STEINBERG/MusicalCategory": "Bass", "STEINBERG/MusicalInstrument": "Bass|E. Bass"})
    assert new == body.replace(b"Drum&amp;Perc", b"Bass").replace(
        b"<NAME>MusicalInstrument</NAME>", b"<NAME>MusicalInstrument</NAME><VALUE>Bass|E. Bass</VALUE>"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not well-formed"),
        (b"<BWFXML><USER></BWFXML>", "not well-formed"),
        (b"<BWFXML>a & b</BWFXML>", "not well-formed"),
        (b"<!DOCTYPE BWFXML [<!ENTITY a 'b'>]><BWFXML>&a;</BWFXML>", "document type"),
        (b"<OTHER/>", "root is not BWFXML"),
        (b"<BWFXML xmlns='urn:x'/>", "root is not BWFXML"),
    ],
)
def test_ixml_that_cannot_be_edited_is_left_alone_and_named(tmp_path: Path, body: bytes, reason: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(plain_wav(chunk(b"iXML", body)))
    change = write(path, claim("kick"))
    assert [each for each in change.kept if re.search(f"iXML: .*{reason}", each)]
    assert chunk(b"iXML", body) in path.read_bytes()
    assert tagfile.read(path).values["ID3 TXXX:INSTRUMENT"] == "Kick"
    write(path, claim())
    assert path.read_bytes() == plain_wav(chunk(b"iXML", body))


def test_two_chunks_of_a_layer_are_left_alone_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    two = [chunk(b"LIST", b"INFO" + chunk(b"ISFT", name)) for name in (b"one", b"two")]
    path.write_bytes(plain_wav(*two))
    assert "INFO: it has more than one INFO chunk" in write(path, claim("kick")).kept
    assert b"".join(two) in path.read_bytes()


# XMP.

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
DM = "http://ns.adobe.com/xmp/1.0/DynamicMedia/"


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    dm = draw(st.sampled_from(["", f' xmlns:xmpDM="{DM}"', f" xmlns:d='{DM}'", ' xmlns:xmpDM="urn:other"']))
    prefix = "d:" if "xmlns:d=" in dm else "xmpDM:"
    attributes = draw(st.sampled_from(["", f' {prefix}genre="a &amp; b"', f" {prefix}instrument='x'"]))
    elements = draw(
        st.sampled_from(
            [
                "",
                f'<dc:title xmlns:dc="{DC}"><rdf:Alt><rdf:li>T</rdf:li></rdf:Alt></dc:title>',
                f"\n  <{prefix}tempo>120</{prefix}tempo>\n <!-- genre -->",
                f'<dc:subject xmlns:dc="{DC}"><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject>',
            ]
        )
    )
    bare = not dm and (prefix in attributes or prefix in elements)
    padding = draw(st.sampled_from(["", " " * 30, (" " * 50 + "\n") * 40]))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="k">'
        f'<rdf:RDF xmlns:rdf="{RDF}"{f" xmlns:xmpDM={quoteattr(DM)}" if bare else ""}>'
        f"<rdf:Description rdf:about='' {dm}{attributes}>{elements}</rdf:Description>"
        f"</rdf:RDF></x:xmpmeta>{padding}<?xpacket end='w'?>"
    ).encode()


@given(packets(), values_of[xmp], st.booleans())
@settings(deadline=None)
def test_properties_of_others_stay_and_the_packet_keeps_its_size(
    body: bytes, values: dict[str, str], fix: bool
) -> None:
    own = dict(xmp.read(body, KEYS[xmp]))
    values = {key: spelt(key, value) for key, value in values.items() if key not in own}
    new = edited(xmp, body, values, room=len(body) if fix else 0)
    assert new is not None
    if fix and len(body) > 2000 and len(values) < 3:
        assert len(new) == len(body)
    back = edited(xmp, new, dict.fromkeys(values, ""), room=len(body) if fix else 0)
    assert back is not None
    assert unpadded(back) == unpadded(body)
    if not fix:
        assert back == body


def spelt(key: str, value: str) -> str:
    """Keywords are told apart by commas."""
    return ", ".join(filter(None, map(str.strip, value.split(",")))) if key == "dc:subject" else value


def unpadded(packet: bytes) -> bytes:
    return re.sub(rb"\s*<\?xpacket end", b"<?xpacket end", packet)


@given(values_of[xmp])
@settings(deadline=None)
def test_a_new_packet_is_gone_with_its_last_property(values: dict[str, str]) -> None:
    values = {key: spelt(key, value) for key, value in values.items()}
    new = edited(xmp, None, values)
    assert (new is None) == (not any(values.values()))
    if new is not None:
        assert edited(xmp, new, dict.fromkeys(values, "")) is None


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("value", ["Kick", 'it\'s <"odd"> & é'])
def test_properties_in_the_form_of_attributes_are_changed_where_they_are(quote: str, value: str) -> None:
    tag = f"<rdf:Description rdf:about=''\n  xmlns:d='{DM}'\n  d:genre={quote}Techno{quote} d:tempo='120'/>"
    body = f'<rdf:RDF xmlns:rdf="{RDF}">{tag}</rdf:RDF>'.encode()
    assert xmp.read(body, KEYS[xmp]) == {"xmpDM:genre": "Techno"}
    new = edited(xmp, body, {"xmpDM:genre": value})
    assert new is not None
    head, _, tail = body.partition(b"Techno")
    assert new.startswith(head)
    assert new.endswith(tail)
    assert edited(xmp, body, {"xmpDM:genre": ""}) == body.replace(f"\n  d:genre={quote}Techno{quote}".encode(), b"")
    with_element = edited(xmp, body, {"xmpDM:instrument": value})
    assert with_element is not None
    assert f">{escape(value)}</xmpDM:instrument>".encode() in with_element


def test_an_empty_property_is_filled_where_it_is() -> None:
    body = f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:xmpDM="{DM}" xmpDM:instrument=""/></rdf:RDF>'.encode()
    assert not xmp.read(body, KEYS[xmp])
    assert edited(xmp, body, {"xmpDM:instrument": "Kick"}) == body.replace(b'""', b'"Kick"')


def test_a_property_without_any_description_gets_one() -> None:
    for rdf in (f'<rdf:RDF xmlns:rdf="{RDF}"/>', f'<RDF xmlns="{RDF}"></RDF>'):
        new = edited(xmp, rdf.encode(), {"dc:subject": "Kick, Drums"})
        assert new is not None
        assert b"<rdf:li>Kick</rdf:li><rdf:li>Drums</rdf:li>" in new


def test_structured_values_are_nothing_of_ours() -> None:
    genre = '<xmpDM:genre rdf:parseType="Resource"><rdf:value>Kick</rdf:value></xmpDM:genre>'
    body = f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:xmpDM="{DM}">{genre}</rdf:Description></rdf:RDF>'
    assert xmp.read(body.encode(), KEYS[xmp])["xmpDM:genre"].startswith("<")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<a/>", "no RDF"),
        (b"<x", "not well-formed"),
        (f'<rdf:RDF xmlns:rdf="{RDF}"/><?xpacket end="r"?>'.encode(), "read-only"),
        (f'<rdf:RDF xmlns:rdf="{RDF}"/><?xpacket end="r"?>'.encode("utf-16"), "read-only"),
    ],
)
def test_packets_that_must_not_be_edited_are_left_alone_and_named(tmp_path: Path, body: bytes, reason: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(plain_wav(chunk(b"_PMX", body)))
    assert [each for each in write(path, claim("kick")).kept if re.search(f"XMP: .*{reason}", each)]
    assert chunk(b"_PMX", body) in path.read_bytes()


def test_a_packet_with_padding_in_front_of_the_samples_is_changed_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    body = f'<rdf:RDF xmlns:rdf="{RDF}"/>{" " * 2000}<?xpacket end="w"?>'.encode()
    before = plain_wav(front=chunk(b"_PMX", body))
    path.write_bytes(before)
    write(path, claim("kick"))
    after = path.read_bytes()
    assert after[: len(before)].index(b"data") == before.index(b"data")
    assert struct.unpack_from("<I", after, after.index(b"_PMX") + 4) == (len(body),)
    assert tagfile.read(path).values["XMP xmpDM:instrument"] == "Kick"
    assert after.count(b"_PMX") == 1
    assert b"JUNK" not in after
