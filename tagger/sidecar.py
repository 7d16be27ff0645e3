"""Live's list of the tags of a folder: an XMP file with an item for each file that has colours or keywords.

Items are found and changed where they stand (`tagger.markup`), so that colours, comments, other namespaces and the
items of other files stay byte for byte. Names of files are matched as macOS and Windows do, where Live runs: in any
Unicode form and in any case.

Source: sidecars that Live 12 wrote; the format is not documented.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tagger.markup import Document, Edit, Element, escaped, parse

Keywords = tuple[str, ...]

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LIVE: Final = "https://ns.ableton.com/xmp/fs-resources/1.0/"
_DESCRIPTION: Final = f"{{{_RDF}}}Description"
_PARSE_TYPE: Final = f"{{{_RDF}}}parseType"
_BAGS: Final = (f"{{{_RDF}}}Bag", f"{{{_RDF}}}Seq")
_LI: Final = f"{{{_RDF}}}li"
_ITEMS: Final = f"{{{_LIVE}}}items"
_FILE_PATH: Final = f"{{{_LIVE}}}filePath"
_KEYWORDS: Final = f"{{{_LIVE}}}keywords"
_PREFIXES: Final = {_RDF: "rdf", _LIVE: "ablFR"}
_FIRST_TAG: Final = re.compile(r"<[\w:]+")

_NEW: Final = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 5.6.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about=""
            xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:ablFR="https://ns.ableton.com/xmp/fs-resources/1.0/"
            xmlns:xmp="http://ns.adobe.com/xap/1.0/">
         <dc:format>application/vnd.ableton.folder</dc:format>
         <ablFR:resource>folder</ablFR:resource>
         <ablFR:items>
            <rdf:Bag>{items}
            </rdf:Bag>
         </ablFR:items>
         <xmp:CreatorTool>Instrument tagger</xmp:CreatorTool>
         <xmp:CreateDate>{created}</xmp:CreateDate>
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>
"""
_NEW_LINE: Final = "\n               "


class Sidecar:
    """A folder's tags, read; keywords are changed by `written`.

    Args:
        data: the file; None if there is none yet.

    Raises:
        ValueError: with the reason, if it cannot be understood.
    """

    def __init__(self, data: bytes | None) -> None:
        self._document = None if data is None else parse(data)
        self._items: dict[str, _Item] = {}
        self._alike: dict[str, _Item] = {}
        for item in _items(self._document) if self._document else ():
            self._items.setdefault(_nfc(item.name), item)
            self._alike.setdefault(_nfc(item.name).casefold(), item)

    @property
    def keywords(self) -> Mapping[str, Keywords]:
        """The keywords of each file that has an item, by its name in NFC."""
        return {name: item.keywords for name, item in self._items.items()}

    def names_of(self, names: Iterable[str]) -> Mapping[str, str]:
        """The names in NFC under which files of the folder have their items, or would get them.

        An item that is one file's by its very name is not another's whose name differs in case.
        """
        exact = {name: _nfc(name) for name in names}
        taken = set(exact.values())
        return {name: self._alike_or(each, taken) for name, each in exact.items()}

    def written(self, changes: Mapping[str, Keywords], now: datetime) -> bytes | None:
        """The file after files were given other keywords.

        Args:
            changes: all the keywords of files, by the names that `names_of` gives; none takes the item away, unless it
                holds something else.
            now: when a file that was not there is made.

        Returns:
            None if there is no file and none is needed.

        Raises:
            ValueError: with the reason, if the file is not one of Live's, or a name or keyword cannot be in XML.
        """
        added = [_item_markup(name, each) for name, each in changes.items() if name not in self._items and each]
        if self._document is None:
            lines = "".join(_NEW_LINE + item for item in added)
            created = now.isoformat(timespec="seconds")
            return _NEW.format(items=lines, created=created).encode() if added else None
        known = [(self._items[name], each) for name, each in changes.items() if name in self._items]
        edits = [edit for item, each in known for edit in _changed(self._document, item, each)]
        return self._document.spliced([*edits, *([_added(self._document, added)] if added else [])]).data

    def _alike_or(self, name: str, taken: Collection[str]) -> str:
        item = self._alike.get(name.casefold())
        return name if name in self._items or item is None or _nfc(item.name) in taken else _nfc(item.name)


def is_writable(name: str) -> bool:
    """Whether a file's name can be in XML."""
    try:
        escaped(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Item:
    """A file in a sidecar; its properties are in `body`, which is the `element` or just in it."""

    name: str
    keywords: Keywords
    element: Element
    body: Element


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _items(document: Document) -> Iterator[_Item]:
    """The items of a form that can be changed; there may be others."""
    bag = _bag(_first(document, _ITEMS))
    for element in bag.named(_LI) if bag else ():
        body = element if element.child(_FILE_PATH) else element.child(_DESCRIPTION)
        path = body.child(_FILE_PATH) if body else None
        if body and path:
            held = _bag(body.child(_KEYWORDS))
            yield _Item(path.text, tuple(each.text for each in held.named(_LI)) if held else (), element, body)


def _first(document: Document, name: str) -> Element | None:
    return next((each for each in document.root.below() if each.name == name), None)


def _bag(element: Element | None) -> Element | None:
    """What RDF puts between a property of many values and these."""
    return next((each for each in element.children if each.name in _BAGS), None) if element else None


def _changed(document: Document, item: _Item, after: Keywords) -> Iterator[Edit]:
    """The edits that give an item other keywords; an item that nothing is left of goes."""
    holder = item.body.child(_KEYWORDS)
    bag = _bag(holder)
    if after == item.keywords:
        return
    if holder is None:
        yield document.appended(item.body, _declared(_keywords_markup(after), item.body))
    elif bag is None:
        yield document.appended(holder, _declared(_bag_markup(map(_li, after)), holder))
    elif not after:
        is_bare = len(item.body.children) == 2 and item.body.attributes.keys() <= {_PARSE_TYPE}
        yield document.removed(item.element if is_bare else holder)
    else:
        yield from (document.removed(each) for each in bag.named(_LI) if each.text not in after)
        new = [_declared(_li(each), bag) for each in after if each not in item.keywords]
        if new:
            yield document.appended(bag, *new)


def _added(document: Document, items: Sequence[str]) -> Edit:
    """The edit that adds items, and what has to be around them where it is not there."""
    holder = _first(document, _ITEMS)
    bag = _bag(holder)
    if bag:
        return document.appended(bag, *(_declared(item, bag) for item in items))
    if holder:
        return document.appended(holder, _declared(_bag_markup(items), holder))
    description = _first(document, _DESCRIPTION)
    if description is None:
        raise ValueError("it is none of Live's lists of tags")
    return document.appended(description, _declared(f"<ablFR:items>{_bag_markup(items)}</ablFR:items>", description))


def _item_markup(name: str, keywords: Keywords) -> str:
    path = f"<ablFR:filePath>{escaped(name)}</ablFR:filePath>"
    return f'<rdf:li rdf:parseType="Resource">{path}{_keywords_markup(keywords)}</rdf:li>'


def _keywords_markup(keywords: Keywords) -> str:
    return f"<ablFR:keywords>{_bag_markup(map(_li, keywords))}</ablFR:keywords>"


def _bag_markup(inner: Iterable[str]) -> str:
    return f"<rdf:Bag>{''.join(inner)}</rdf:Bag>"


def _li(text: str) -> str:
    return f"<rdf:li>{escaped(text)}</rdf:li>"


def _declared(markup: str, parent: Element) -> str:
    """Markup with the usual prefixes, as it can stand in an element; they are declared where they mean nothing yet."""
    missing = [f' xmlns:{prefix}="{name}"' for name, prefix in _PREFIXES.items() if parent.prefixes.get(name) != prefix]
    return _FIRST_TAG.sub(lambda tag: tag[0] + "".join(missing), markup, count=1)
