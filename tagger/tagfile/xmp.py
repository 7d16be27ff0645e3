"""XMP packets, edited in their text, so that every other property stays byte for byte.

Properties stand as attributes or as elements of `rdf:Description`; both are read and changed where they are,
new ones are elements. A packet that says it is read-only is left alone. White space at a packet's end is room for
edits: it is used up, and given back, so that the packet keeps its size where it can.

Source: Adobe XMP specification, parts 1 (ISO 16684-1) and 2.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from tagger.markup import Document, Edit, Element, escaped, parse

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES: Final = {
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "tagger": "urn:instrument-tagger:xmp:1.0:",
}
_BAGS: Final = frozenset({"dc:subject"})
_KEYWORD_SEPARATOR: Final = ", "
_NEW: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about=""></rdf:Description></rdf:RDF>'
    '</x:xmpmeta>\n<?xpacket end="w"?>'
).encode()
_READ_ONLY: Final = re.compile(r"<\?xpacket\s+end\s*=\s*[\"']r")
_QUOTES: Final = str.maketrans({'"': "&quot;", "'": "&apos;"})
_PADDING: Final = re.compile(rb"\s*(?=<\?xpacket\s+end=)")
_ATTRIBUTE: Final = re.compile(r"\s+([^\s=]+)\s*=\s*(\"[^\"]*\"|'[^']*')")


def read(body: bytes, keys: Collection[str]) -> Mapping[str, str]:
    """The values of properties, those that are not empty; one that is there twice holds both.

    Raises:
        ValueError: with the reason, when the packet is not XMP that can be edited.
    """
    descriptions = _descriptions(_document(body))
    values = {key: "; ".join(filter(None, _values(descriptions, key))) for key in keys}
    return {key: value for key, value in values.items() if value}


def write(body: bytes | None, values: Mapping[str, str], *, room: int) -> bytes | None:
    """The packet with other values of some properties; None when nothing but our own frame is left.

    Args:
        body: what the chunk holds; None where there is none.
        values: by key, "" for none.
        room: size in bytes to keep where the packet's padding can give or take the difference.
    """
    text = _written(_document(_NEW if body is None else body), values).data
    if text == _NEW:
        return None
    return _padded(text, room) if room else text


def _document(text: bytes) -> Document:
    document = parse(text)
    if _rdf(document) is None:
        raise ValueError("it holds no RDF")
    if _READ_ONLY.search(text.decode(document.encoding)):
        raise ValueError("it says that it is read-only")
    return document


def _rdf(document: Document) -> Element | None:
    name = f"{{{_RDF}}}RDF"
    return document.root if document.root.name == name else document.root.child(name)


def _descriptions(document: Document) -> list[Element]:
    rdf = _rdf(document)
    return list(rdf.named(f"{{{_RDF}}}Description")) if rdf else []


def _name(key: str) -> str:
    prefix, _, name = key.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{name}"


def _values(descriptions: list[Element], key: str) -> Iterator[str]:
    for description in descriptions:
        yield description.attributes.get(_name(key), "").strip()
        for element in description.named(_name(key)):
            yield _bag_text(element) if key in _BAGS else _plain_text(element)


def _plain_text(element: Element) -> str:
    # Structures and qualified values are nothing of ours, and never equal to it.
    inner = [*(child.name for child in element.children), *element.attributes]
    return element.text.strip() + "".join(f"<{name}>" for name in inner)


def _bag_text(element: Element) -> str:
    items = [item for bag in element.children for item in bag.named(f"{{{_RDF}}}li")]
    return _KEYWORD_SEPARATOR.join(filter(None, map(_plain_text, items))) or element.text.strip()


def _written(document: Document, values: Mapping[str, str]) -> Document:
    """The document with other values: those in their places first, then the new ones, by as few readings as can be."""
    present = {key for key in values if any(_holds(each, key) for each in _descriptions(document))}
    changed = document.spliced(edit for key in present for edit in _changes(document, key, values[key]))
    added = {key: value for key, value in values.items() if value and key not in present}
    document = changed.spliced([_added(changed, added)] if added else [])
    return document if all(values[key] for key in present) else _without_empty(document)


def _holds(description: Element, key: str) -> bool:
    return _name(key) in description.attributes or description.child(_name(key)) is not None


def _changes(document: Document, key: str, value: str) -> Iterator[Edit]:
    """The edits of one property that is there: taken out wherever it is, put in where it first was."""
    descriptions = _descriptions(document)
    elements = [(each, element) for each in descriptions for element in each.named(_name(key))]
    attributes = [each for each in descriptions if _name(key) in each.attributes]
    for each in attributes:
        yield _attribute_edit(document, each, key, value if each is attributes[0] else "")
    for index, (parent, element) in enumerate(elements):
        if value and not index and not attributes:
            yield Edit(element.start, element.end, _markup(parent.prefixes, key, value))
        else:
            yield document.removed(element)


def _added(document: Document, values: Mapping[str, str]) -> Edit:
    descriptions = _descriptions(document)
    if descriptions:
        prefixes = descriptions[0].prefixes
        return document.appended(descriptions[0], *(_markup(prefixes, *each) for each in values.items()))
    rdf = _rdf(document)
    assert rdf is not None
    outer = f"{rdf.prefixes[_RDF]}:" if rdf.prefixes[_RDF] else ""
    about = f'{outer}about=""' if outer else f'xmlns:rdf="{_RDF}" rdf:about=""'
    inner = "".join(_markup(rdf.prefixes, *each) for each in values.items())
    return document.appended(rdf, f"<{outer}Description {about}>{inner}</{outer}Description>")


def _markup(prefixes: Mapping[str, str], key: str, value: str) -> str:
    """A property as an element that is right wherever these prefixes are in force."""
    prefix = key.partition(":")[0]
    declared = "" if prefixes.get(_NAMESPACES[prefix]) == prefix else f' xmlns:{prefix}="{_NAMESPACES[prefix]}"'
    if key not in _BAGS:
        return f"<{key}{declared}>{escaped(value)}</{key}>"
    if prefixes.get(_RDF) != "rdf":
        declared += f' xmlns:rdf="{_RDF}"'
    items = "".join(f"<rdf:li>{escaped(item)}</rdf:li>" for item in value.split(_KEYWORD_SEPARATOR))
    return f"<{key}{declared}><rdf:Bag>{items}</rdf:Bag></{key}>"


def _attribute_edit(document: Document, element: Element, key: str, value: str) -> Edit:
    """The edit that changes, or for "" takes away, a property in the form of an attribute."""
    tag = document.data[element.start : element.inside].decode(document.encoding)
    _, _, name = key.partition(":")
    prefix = element.prefixes[_NAMESPACES[key.partition(":")[0]]]
    match = next((each for each in _ATTRIBUTE.finditer(tag) if each[1] == f"{prefix}:{name}"), None)
    if match is None:
        raise ValueError("its prefixes are ambiguous")

    def place(index: int) -> int:
        return element.start + len(tag[:index].encode(document.encoding))

    if not value:
        return Edit(place(match.start()), place(match.end()), "")
    return Edit(place(match.start(2) + 1), place(match.end(2) - 1), escaped(value).translate(_QUOTES))


def _without_empty(document: Document) -> Document:
    """The document without descriptions that hold nothing any more."""
    if document.data == _NEW:
        return document
    empty = [each for each in _descriptions(document) if _is_ours_and_empty(document, each)]
    return document.spliced(map(document.removed, empty))


def _is_ours_and_empty(document: Document, description: Element) -> bool:
    source = document.data[description.start : description.end].decode(document.encoding)
    return bool(re.fullmatch(r'<(\w+:)?Description (\w+:)?about=""></\1Description>', source))


def _padded(text: bytes, room: int) -> bytes:
    """The packet with as much padding as makes it `room` bytes, if there is padding to begin with."""
    matches = [match for match in _PADDING.finditer(text) if match[0]]
    if not matches:
        return text
    start, end = matches[-1].span()
    size = end - start + room - len(text)
    if size < 1:
        return text
    padding = text[start:end]
    return text[:start] + (padding[:size] if size <= len(padding) else padding.ljust(size)) + text[end:]
