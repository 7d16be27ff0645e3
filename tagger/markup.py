"""XML that is edited where it stands, so that all else in it stays byte for byte.

A serialiser loses what others put there: comments, white space, the order and quotes of attributes, prefixes,
encoding. So a document is read for one thing only, where in its bytes each element starts and ends, and changed by
splicing bytes. Documents with a document type are refused: entities are how XML eats memory and reads files.

Source: Extensible Markup Language 1.0 (W3C, fifth edition); Namespaces in XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG_NAME: Final = re.compile(r"<([^\s/>]+)")
_BYTE_ORDER_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Edit(NamedTuple):
    """Bytes from `start` to before `end` are to become a text, already escaped."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Element:
    """An element, and where in the bytes of the document it is.

    Attributes:
        name: with its namespace as `{namespace}name`, or the bare name.
        attributes: values by names, spelt in the same way.
        text: the characters directly in it, without those of its children.
        children: elements directly in it, in order.
        prefixes: the prefix, "" for none, of each namespace in force in it.
        start: where its start tag begins.
        inside: where that ends, and what it holds begins.
        closing: where its end tag begins; of an empty-element tag, where that ends.
        end: where it ends.
    """

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Element, ...]
    prefixes: Mapping[str, str]
    start: int
    inside: int
    closing: int
    end: int

    def named(self, name: str) -> Iterator[Element]:
        """Its children of that name."""
        return (child for child in self.children if child.name == name)

    def child(self, name: str) -> Element | None:
        """Its first child of that name."""
        return next(self.named(name), None)

    def below(self) -> Iterator[Element]:
        """Itself and all elements in it, in order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


@dataclass(frozen=True, slots=True)
class Document:
    """A document as bytes and as elements.

    Attributes:
        data: the bytes.
        root: the outermost element.
        encoding: of the bytes, as Python calls it.
    """

    data: bytes
    root: Element
    encoding: str

    def replaced(self, element: Element, text: str) -> Edit:
        """The edit that makes a text, not yet escaped, all that an element holds."""
        if element.inside < element.end:
            return Edit(element.inside, element.closing, escaped(text))
        return Edit(element.start, element.end, self._opened(element, escaped(text)))

    def appended(self, parent: Element, *markups: str) -> Edit:
        """The edit that puts markup behind an element's last child, each piece set off by the same white space."""
        if parent.inside == parent.end:
            return Edit(parent.start, parent.end, self._opened(parent, "".join(markups)))
        if not parent.children:
            return Edit(parent.inside, parent.inside, "".join(markups))
        last = parent.children[-1]
        space = self._source(self._end_before(last), last.start)
        return Edit(last.end, last.end, "".join(space + markup for markup in markups))

    def removed(self, element: Element) -> Edit:
        """The edit that takes an element away, with the white space that sets it off."""
        return Edit(self._end_before(element), element.end, "")

    def spliced(self, edits: Iterable[Edit]) -> Document:
        """The document after edits that do not overlap; all between them stays.

        Raises:
            ValueError: if the result would not be XML.
        """
        parts: list[bytes] = []
        at = 0
        for edit in sorted(edits):
            parts += [self.data[at : edit.start], edit.text.encode(self.encoding, "xmlcharrefreplace")]
            at = edit.end
        return parse(b"".join([*parts, self.data[at:]])) if parts else self

    def _opened(self, element: Element, inner: str) -> str:
        """An empty-element tag as a pair of tags with something between them."""
        tag = self._source(element.start, element.end)
        match = _TAG_NAME.match(tag)
        assert match is not None
        return f"{tag.removesuffix('/>').rstrip()}>{inner}</{match[1]}>"

    def _end_before(self, element: Element) -> int:
        """Where what is before an element ends, white space left out."""
        spaces = [space.encode(self.encoding) for space in " \t\r\n"]
        width = len(spaces[0])
        start = element.start
        while self.data[start - width : start] in spaces:
            start -= width
        return start

    def _source(self, start: int, end: int) -> str:
        return self.data[start:end].decode(self.encoding)


def parse(data: bytes) -> Document:
    """Reads a document in UTF-8, UTF-16, or an encoding of one byte a character that it declares.

    Raises:
        ValueError: with the reason, if it is not well-formed or has a document type.
    """
    reader = _Reader()
    try:
        root = reader.read(data)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"it is not well-formed XML: {error}") from error
    return Document(data, root, _encoding(data, reader.declared_encoding))


def escaped(text: str) -> str:
    """A text as it stands between tags.

    Raises:
        ValueError: if it holds a character that XML cannot.
    """
    if _NOT_IN_XML.search(text):
        raise ValueError("it holds a character that XML cannot")
    return escape(text)


@dataclass(slots=True)
class _Open:
    """An element that is not complete yet; -1 stands for a place not passed yet."""

    name: str
    attributes: Mapping[str, str]
    prefixes: Mapping[str, str]
    start: int
    inside: int = -1
    closing: int = -1
    text: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    def closed(self, end: int) -> Element:
        return Element(
            self.name,
            self.attributes,
            "".join(self.text),
            tuple(self.children),
            self.prefixes,
            self.start,
            self.inside,
            self.closing,
            end,
        )


class _Reader:
    """Collects elements from expat's events.

    Expat tells where an event begins, never where it ends; that is where the next begins, whatever it is. So every
    kind of event is listened to, and each settles the place that the one before left open.
    """

    def __init__(self) -> None:
        self.declared_encoding: str | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = False
        self._open = [_Open("", {}, {}, 0, 0)]
        self._bound: dict[str, str] = {}
        handlers: dict[str, Callable[..., object]] = {
            "XmlDeclHandler": self._declaration,
            "StartDoctypeDeclHandler": self._refuse,
            "StartNamespaceDeclHandler": self._namespace,
            "StartElementHandler": self._start,
            "EndElementHandler": self._end,
            "CharacterDataHandler": self._characters,
            "DefaultHandler": self._other,
        }
        for name, handler in handlers.items():
            setattr(self._parser, name, handler)

    def read(self, data: bytes) -> Element:
        self._parser.Parse(data, True)
        self._settle(len(data))
        (root,) = self._open[0].children
        return root

    def _settle(self, here: int) -> None:
        top = self._open[-1]
        if top.inside < 0:
            top.inside = here
        if top.closing >= 0:
            self._open.pop()
            self._open[-1].children.append(top.closed(here))

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.declared_encoding = encoding

    def _refuse(self, *_: object) -> None:
        raise ValueError("it has a document type, which may hide things")

    def _namespace(self, prefix: str | None, namespace: str | None) -> None:
        self._bound[prefix or ""] = namespace or ""

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        here = self._parser.CurrentByteIndex
        self._settle(here)
        prefixes = self._open[-1].prefixes
        if self._bound:
            kept = {namespace: prefix for namespace, prefix in prefixes.items() if prefix not in self._bound}
            prefixes = kept | {namespace: prefix for prefix, namespace in self._bound.items()}
            self._bound = {}
        spelt = {_name(each): value for each, value in attributes.items()}
        self._open.append(_Open(_name(name), spelt, prefixes, here))

    def _end(self, _name: str) -> None:
        here = self._parser.CurrentByteIndex
        self._settle(here)
        self._open[-1].closing = here

    def _characters(self, text: str) -> None:
        self._settle(self._parser.CurrentByteIndex)
        self._open[-1].text.append(text)

    def _other(self, _: str) -> None:
        self._settle(self._parser.CurrentByteIndex)


def _name(expat_name: str) -> str:
    namespace, separator, name = expat_name.rpartition(" ")
    return f"{{{namespace}}}{name}" if separator else name


def _encoding(data: bytes, declared: str | None) -> str:
    """The encoding, as expat finds it out: byte order marks and zeros go before what is declared."""
    if data[:2] in _BYTE_ORDER_MARKS:
        return _BYTE_ORDER_MARKS[data[:2]]
    if data[:1] == b"\0":
        return "utf-16-be"
    if data[1:2] == b"\0":
        return "utf-16-le"
    return declared or "utf-8"
