from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.markup import Document, Element, escaped, parse

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=8)
names = st.sampled_from(["a", "b", "c-d", "é", "n:a", "n:b"])
fillers = st.one_of(
    texts.map(escaped),
    st.sampled_from(["", "\n  ", "<!-- <a/> > -->", "<?pi <a> ?>", "<![CDATA[<a>&]]>", "&#65;&amp;", "\r\n\t"]),
)


def tag(name: str, attribute: str, inner: str | None) -> str:
    space = f" n:x=\"1 > 2\"\n y='{attribute}'" if attribute else ""
    return f"<{name}{space}/>" if inner is None else f"<{name}{space}>{inner}</{name} >"


trees = st.recursive(
    st.builds(tag, names, st.sampled_from(["", "v", "/"]), st.one_of(st.none(), fillers)),
    lambda inner: st.builds(
        lambda name, parts: tag(name, "", "".join(map("".join, parts))),
        names,
        st.lists(st.tuples(fillers, inner, fillers), min_size=1, max_size=3),
    ),
    max_leaves=6,
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "iso-8859-1", "windows-1252"])


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    encoding = draw(encodings)
    declared = (
        "" if encoding.startswith("utf-8") else f'<?xml version="1.0" encoding="{encoding.removesuffix("-be")}"?>'
    )
    text = f'{declared}<!-- é --><root xmlns:n="urn:n">{draw(trees)}{draw(fillers)}</root>\n<!-- end -->'
    return text.encode(encoding, "xmlcharrefreplace") if draw(st.booleans()) else text.encode(encoding, "ignore")


@given(documents())
def test_elements_are_those_that_another_parser_sees(data: bytes) -> None:
    ours = [(each.name, dict(each.attributes), each.text) for each in parse(data).root.below()]
    theirs = [(each.tag, each.attrib, own_text(each)) for each in ET.fromstring(data).iter()]
    assert ours == theirs


def own_text(element: ET.Element) -> str:
    return (element.text or "") + "".join(child.tail or "" for child in element)


@given(documents())
def test_every_element_is_where_it_is_said_to_be(data: bytes) -> None:
    document = parse(data)
    for element in document.root.below():
        source = [
            data[start:end].decode(document.encoding)
            for start, end in (
                (element.start, element.inside),
                (element.inside, element.closing),
                (element.closing, element.end),
            )
        ]
        assert source[0].startswith("<")
        assert source[0].endswith(">")
        assert source[2].startswith("</") or (source[1:] == ["", ""] and source[0].endswith("/>"))


@given(documents(), texts, st.data())
def test_an_edit_changes_what_it_says_and_not_a_byte_more(data: bytes, text: str, choose: st.DataObject) -> None:
    document = parse(data)
    element = choose.draw(st.sampled_from(list(document.root.below())))
    for edit in (document.replaced(element, text), document.appended(element, "<new/>")):
        new = document.spliced([edit]).data
        assert new.startswith(data[: edit.start])
        assert new.endswith(data[edit.end :])
    assert same_place(document.spliced([document.replaced(element, text)]), document, element).text == text
    grown = same_place(document.spliced([document.appended(element, "<new/>")]), document, element)
    assert [child.name for child in grown.children] == [*(child.name for child in element.children), "new"]


def same_place(new: Document, old: Document, element: Element) -> Element:
    """The element of the new document that was at the place of one of the old."""
    return list(new.root.below())[list(old.root.below()).index(element)]


@given(documents(), st.data())
def test_what_was_appended_can_be_taken_away_again(data: bytes, choose: st.DataObject) -> None:
    document = parse(data)
    element = choose.draw(st.sampled_from([each for each in document.root.below() if each.inside < each.end]))
    grown = document.spliced([document.appended(element, "<new/>")])
    new = same_place(grown, document, element).children[-1]
    assert grown.spliced([grown.removed(new)]).data == data


def test_several_edits_at_once_and_the_white_space_of_the_neighbours() -> None:
    document = parse(b"<a>\n  <b>1</b>\n  <c/>\n</a>")
    b, c = document.root.children
    edits = [document.appended(document.root, "<d/>"), document.replaced(c, "<3"), document.removed(b)]
    assert document.spliced(edits).data == b"<a>\n  <c>&lt;3</c>\n  <d/>\n</a>"


@pytest.mark.parametrize(
    ("source", "prefixes"),
    [
        (b'<a xmlns="one"><b xmlns="two"/></a>', {"two": ""}),
        (b'<a xmlns:p="one"><b xmlns:q="two"/></a>', {"one": "p", "two": "q"}),
        (b'<a xmlns:p="one"><b xmlns:p="two"/></a>', {"two": "p"}),
    ],
)
def test_prefixes_in_force(source: bytes, prefixes: dict[str, str]) -> None:
    assert parse(source).root.children[0].prefixes == prefixes


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "not well-formed"),
        (b"<a>", "not well-formed"),
        (b"<a/><b/>", "not well-formed"),
        (b"<a/>\0", "not well-formed"),
        (b"<p:a/>", "not well-formed"),
        (b"<a>\xff</a>", "not well-formed"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "not well-formed"),
        (b"<!DOCTYPE a><a/>", "document type"),
        (b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>', "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
    ],
)
def test_what_is_not_plain_xml_is_refused(source: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(source)


def test_characters_that_xml_cannot_hold_are_refused() -> None:
    for text in unwritable():
        with pytest.raises(ValueError, match="cannot"):
            escaped(f"a{text}b")
    document = parse(b"<a/>")
    with pytest.raises(ValueError, match="not well-formed"):
        document.spliced([document.appended(document.root, "<b>")])


def unwritable() -> Iterable[str]:
    return ("\0", "\x1b", "\ud800", "\uffff")
