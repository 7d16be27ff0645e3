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
    text = _written(_document(old or _NEW), values).data
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


def _written(document: Document, values: Mapping[str, str]) -> Document:
    """The document with other values: those in their places first, then the new ones, by as few readings as can be."""
    holders = {key: tuple(_holders(document.root, key)) for key in values}
    document = document.spliced(_changes(document, values, holders))
    added = {key: value for key, value in values.items() if value and not holders[key]}
    document = document.spliced(_additions(document, added))
    emptied = dict.fromkeys(_parent(key) for key, value in values.items() if holders[key] and not value)
    for parent in emptied:
        document = _without_empty(document, parent)
    return document


def _changes(
    document: Document, values: Mapping[str, str], holders: Mapping[str, tuple[Element, ...]]
) -> Iterator[Edit]:
    """The edits of fields that are there. One that is there twice is never ours, and becomes one."""
    for key, value in values.items():
        if value and holders[key]:
            yield _set(document, holders[key][0], value)
        yield from map(document.removed, holders[key][1 if value else 0 :])


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


def _additions(document: Document, values: Mapping[str, str]) -> Iterator[Edit]:
    """The edits that put new fields in, with as much around them as is not there."""
    by_place: dict[int, tuple[Element, list[str]]] = {}
    for parent in dict.fromkeys(map(_parent, values)):
        markups = [_markup(key, value) for key, value in values.items() if _parent(key) == parent]
        place, missing = document.root, [*_path(parent)]
        while missing and (found := place.child(missing[0])):
            place = found
            missing.pop(0)
        for outer in reversed(missing):
            markups = [f"<{outer}>{''.join(markups)}</{outer}>"]
        by_place.setdefault(place.start, (place, []))[1].extend(markups)
    return (document.appended(place, *markups) for place, markups in by_place.values())


def _markup(key: str, value: str) -> str:
    parent, _, name = key.partition("/")
    if parent == _STEINBERG:
        return f"<ATTR><TYPE>string</TYPE><NAME>{name}</NAME><VALUE>{escaped(value)}</VALUE></ATTR>"
    return f"<{name}>{escaped(value)}</{name}>"


def _without_empty(document: Document, parent: str) -> Document:
    """The document without the elements around fields of a parent that are empty."""
    path = _path(parent)
    while path:
        place: Element | None = document.root
        for name in path:
            place = place.child(name) if place else None
        if place and not (place.children or place.attributes or document.data[place.inside : place.closing]):
            document = document.spliced([document.removed(place)])
        path = path[:-1]
    return document


def _parent(key: str) -> str:
    return key.partition("/")[0]


def _path(parent: str) -> tuple[str, ...]:
    """The elements around a field, the root left out."""
    return (parent, _LIST) if parent == _STEINBERG else (parent,)
