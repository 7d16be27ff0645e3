"""iXML chunks, edited in their text, so that every other node stays byte for byte.

Keys: `USER/NAME` and `ASWG/name` are elements below the root; `STEINBERG/Name` is the attribute of that name in
Steinberg's list. REAPER knows the root only without attributes, so a new one has none.

Source: iXML 2.10 (Gallery); the STEINBERG extension as Soundminer, Cubase and wavinfo have it; Sony ASWG iXML
extension 1.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from tagger.markup import Document, Edit, Element, escaped, parse

_NEW: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<BWFXML><IXML_VERSION>1.61</IXML_VERSION></BWFXML>'
_ROOT: Final = "BWFXML"
_STEINBERG: Final = "STEINBERG"
_LIST: Final = "ATTR_LIST"


def read(body: bytes, keys: Collection[str]) -> Mapping[str, str]:
    """The values of fields, those that are not empty; one that is there twice holds both.

    Raises:
        ValueError: with the reason, when the chunk is not iXML that can be edited.
    """
    root = _document(_without_filler(body)).root
    values = {key: "; ".join(filter(None, map(_text, _holders(root, key)))) for key in keys}
    return {key: value for key, value in values.items() if value}


def write(body: bytes | None, values: Mapping[str, str], *, room: int) -> bytes | None:
    """The chunk with other values of some fields; None when nothing but our own frame is left.

    Args:
        body: what the chunk holds; None where there is none.
        values: by key, "" for none.
        room: size in bytes to fill up behind the last element, where the text leaves room.
    """
    old = _without_filler(body or b"")
    filler = (body or b"")[len(old) :]
    text = old or _NEW
    for key, value in values.items():
        text = _with(_document(text), key, value)
    if text == _NEW:
        return None
    if len(text) <= room and not _is_wide(text):
        return text.ljust(room, filler[:1] or b" ")
    return text + filler


def _without_filler(body: bytes) -> bytes:
    """The text without the NULs behind it, which some recorders leave."""
    size = len(body.rstrip(b"\0"))
    return body[: size + size % 2] if _is_wide(body) else body[:size]


def _is_wide(body: bytes) -> bool:
    """Whether each character takes two bytes, which a NUL or byte order mark in front tells."""
    return b"\0" in body[:2] or body[:2] in (b"\xff\xfe", b"\xfe\xff")


def _document(text: bytes) -> Document:
    document = parse(text)
    if document.root.name != _ROOT:
        raise ValueError("its root is not BWFXML")
    return document


def _with(document: Document, key: str, value: str) -> bytes:
    holders = list(_holders(document.root, key))
    if value and holders:
        # One that is there twice is never ours.
        return document.spliced([_set(document, holders[0], value), *map(document.removed, holders[1:])])
    if value:
        return document.spliced([_added(document, key, value)])
    if holders:
        return _without(document, key)
    return document.data


def _holders(root: Element, key: str) -> Iterator[Element]:
    """The elements that hold a field; of Steinberg's, the whole attribute."""
    parent, _, name = key.partition("/")
    for section in root.named(parent):
        if parent != _STEINBERG:
            yield from section.named(name)
            continue
        for attributes in section.named(_LIST):
            yield from (each for each in attributes.named("ATTR") if _part(each, "NAME") == name)


def _text(holder: Element) -> str:
    if holder.name == "ATTR":
        return _part(holder, "VALUE")
    # Elements within are nothing of ours, and never equal to it.
    return holder.text.strip() + "".join(f"<{child.name}>" for child in holder.children)


def _part(attribute: Element, name: str) -> str:
    part = attribute.child(name)
    return part.text.strip() if part else ""


def _set(document: Document, holder: Element, value: str) -> Edit:
    if holder.name != "ATTR":
        return document.replaced(holder, value)
    part = holder.child("VALUE")
    return document.replaced(part, value) if part else document.appended(holder, f"<VALUE>{escaped(value)}</VALUE>")


def _added(document: Document, key: str, value: str) -> Edit:
    """The edit that puts a new field in, with as much around it as is not there."""
    parent, _, name = key.partition("/")
    if parent == _STEINBERG:
        markup = f"<ATTR><TYPE>string</TYPE><NAME>{name}</NAME><VALUE>{escaped(value)}</VALUE></ATTR>"
        path = [parent, _LIST]
    else:
        markup = f"<{name}>{escaped(value)}</{name}>"
        path = [parent]
    place = document.root
    while path and (found := place.child(path[0])):
        place = found
        path.pop(0)
    for outer in reversed(path):
        markup = f"<{outer}>{markup}</{outer}>"
    return document.appended(place, markup)


def _without(document: Document, key: str) -> bytes:
    """The text without a field, and without the elements around it that are empty then."""
    parent, _, _ = key.partition("/")
    text = document.spliced(map(document.removed, _holders(document.root, key)))
    for names in ([parent, _LIST], [parent]) if parent == _STEINBERG else ([parent],):
        document = _document(text)
        place: Element | None = document.root
        for name in names:
            place = place.child(name) if place else None
        if place and not (place.children or place.attributes or document.data[place.inside : place.closing]):
            text = document.spliced([document.removed(place)])
    return text
