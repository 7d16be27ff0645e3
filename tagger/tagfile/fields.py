"""The table of all fields that this program writes, and how a claim reads in each of them.

A row says where a field is, which concept it belongs to, and how a statement is spelt there. A concept is what
somebody means with all its fields at once: whoever sets a genre of their own in one place has set the genre.

The mark, `INSTRUMENT_BY_TAGGER`, stands in every scheme that has room for a field of one's own. It repeats the
statement and names the concepts that were filled with it, and those that somebody else has changed since, in words
that a person can read: `Kick; Snare (one-shot: genre, instrument; left alone: reaper)`. From it every value that we
wrote can be spelt again, and so be told from values of others, on any machine and without a catalog. Version 0.1 wrote
the bare words, and only the instrument.

A new field in an old concept would look as if somebody had taken it away: give it a concept of its own.
Sources of the names: REAPER's `metadata.h`; Steinberg `vstpresetkeys.h`; Sony ASWG iXML extension 1.1; UCS 8.2.1;
Adobe XMP specification part 2; Microsoft's RIFF INFO list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from tagger.results import Kind
from tagger.tagfile.tags import SEPARATOR, Claim, Scheme
from tagger.taxonomy import words_of
from tagger.vocabulary import Spelling, label_of, spelling_of

_KEYWORD_OF: Final = {Kind.ONE_SHOT: "One-shot", Kind.LOOP: "Loop"}
_NO_FAMILY: Final = "other"
_MARK: Final = re.compile(
    r"(?P<words>.*?) ?\((?P<kind>one-shot|loop|track|silence)"
    r"(?:: (?P<filled>[a-z, ]+))?(?:; left alone: (?P<left>[a-z, ]+))?\)",
    re.DOTALL,
)


class Concept(StrEnum):
    """What the fields are about."""

    INSTRUMENT = "instrument"
    REAPER = "reaper"
    GENRE = "genre"
    KEYWORDS = "keywords"
    STEINBERG = "steinberg"
    UCS = "ucs"
    ASWG = "aswg"


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim in words.

    Attributes:
        words: one for each instrument, best first; empty says nothing.
        kind: what sort of recording it is; None where that was not told.
    """

    words: tuple[str, ...] = ()
    kind: Kind | None = None

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """A claim put into words."""
        return cls(tuple(filter(None, map(_plain_words, claim.labels))), claim.kind)

    @property
    def text(self) -> str:
        """All words, as in the instrument field; "" where nothing is said."""
        return SEPARATOR.join(self.words)

    @property
    def first(self) -> Spelling | None:
        """The first instrument in the hosts' vocabularies; None where they cannot know it."""
        label = label_of(self.words[0]) if self.words else None
        return spelling_of(label) if label else None

    @property
    def keywords(self) -> tuple[str, ...]:
        """Instruments, families and the kind, without repetition."""
        if not self.words:
            return ()
        labels = filter(None, map(label_of, self.words))
        spellings = filter(None, map(spelling_of, labels))
        families = [words_of(each.family) for each in spellings if each.family != _NO_FAMILY]
        kind = _KEYWORD_OF.get(self.kind) if self.kind else None
        return tuple(dict.fromkeys([*self.words, *families, *([kind] if kind else [])]))


@dataclass(frozen=True, slots=True)
class Mark:
    """What we remember in a file of our own writing.

    Attributes:
        statement: what was said.
        filled: the concepts that say it.
        left: the concepts that said it once and were changed or taken away by somebody else since.
    """

    statement: Statement
    filled: frozenset[Concept] = frozenset()
    left: frozenset[Concept] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a mark; one without brackets is of version 0.1."""
        match = _MARK.fullmatch(text)
        if not match:
            return cls(Statement(_split(text)), frozenset({Concept.INSTRUMENT}))
        filled, left = (
            frozenset(each for each in Concept if each in (match[name] or "").split(", "))
            for name in ("filled", "left")
        )
        return cls(Statement(_split(match["words"]), Kind(match["kind"])), filled, left)

    def text_in(self, scheme: Scheme) -> str:
        """The mark as it stands in a scheme; "" where there is nothing to remember.

        Each scheme tells of its own concepts, and of those of INFO, which has no room for a mark: so that a mark is
        short.
        """
        told = {field.concept for field in FIELDS if field.scheme in (scheme, Scheme.INFO)}
        return str(Mark(self.statement, self.filled & told, self.left)) if self.filled or self.left else ""

    def __str__(self) -> str:
        if self.statement.kind is None:
            return self.statement.text
        filled = f": {', '.join(sorted(self.filled))}" if self.filled else ""
        left = f"; left alone: {', '.join(sorted(self.left))}" if self.left else ""
        return f"{self.statement.text} ({self.statement.kind}{filled}{left})".lstrip()


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the table.

    Attributes:
        scheme: where it is.
        key: what it is called there.
        concept: what it is about.
        spell: its value for a statement, "" for none.
    """

    scheme: Scheme
    key: str
    concept: Concept
    spell: Callable[[Statement], str]

    @property
    def name(self) -> str:
        """As people know it: "iXML USER/INSTRUMENT"."""
        return name_of(self.scheme, self.key)


def name_of(scheme: Scheme, key: str) -> str:
    """A field as people know it."""
    return f"{scheme} {key}"


def _split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(SEPARATOR)))


def _plain_words(label: str) -> str:
    """The words of a label in one line, without what separates words."""
    printable = "".join(each if each.isprintable() else " " for each in words_of(label))
    return " ".join(printable.replace(";", ",").split())


def _all(statement: Statement) -> str:
    return statement.text


def _first(statement: Statement) -> str:
    return statement.words[0] if statement.words else ""


def _keywords(statement: Statement) -> str:
    return ", ".join(statement.keywords)


def _ascii_first(statement: Statement) -> str:
    return _ascii(_first(statement))


def _ascii_keywords(statement: Statement) -> str:
    return SEPARATOR.join(filter(None, map(_ascii, statement.keywords)))


def _ascii(text: str) -> str:
    """INFO has no encoding of its own; what is no ASCII is shown differently by each reader."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip()


def _in_vocabulary(spell: Callable[[Spelling], str]) -> Callable[[Statement], str]:
    return lambda statement: spell(statement.first) if statement.first else ""


def _musical_instrument(spelling: Spelling) -> str:
    parts = (spelling.steinberg_category, spelling.steinberg_sub_category)
    return "|".join(filter(None, parts)) if parts[0] else ""


def _full_category(spelling: Spelling) -> str:
    return "-".join(filter(None, (spelling.ucs_category, spelling.ucs_sub_category)))


def _is_loop(statement: Statement) -> str:
    return str(statement.kind is Kind.LOOP).lower() if statement.words else ""


_ucs_id = _in_vocabulary(lambda spelling: spelling.ucs_id)
_ucs_category = _in_vocabulary(lambda spelling: spelling.ucs_category)
_ucs_sub_category = _in_vocabulary(lambda spelling: spelling.ucs_sub_category)

FIELDS: Final[tuple[Field, ...]] = (
    Field(Scheme.INFO, "IGNR", Concept.GENRE, _ascii_first),
    Field(Scheme.INFO, "IKEY", Concept.KEYWORDS, _ascii_keywords),
    Field(Scheme.IXML, "USER/INSTRUMENT", Concept.INSTRUMENT, _all),
    Field(Scheme.IXML, "USER/REAPER", Concept.REAPER, _all),
    Field(Scheme.IXML, "USER/KEYWORDS", Concept.KEYWORDS, _keywords),
    Field(Scheme.IXML, "USER/CATEGORY", Concept.UCS, _ucs_category),
    Field(Scheme.IXML, "USER/SUBCATEGORY", Concept.UCS, _ucs_sub_category),
    Field(Scheme.IXML, "USER/CATID", Concept.UCS, _ucs_id),
    Field(Scheme.IXML, "USER/CATEGORYFULL", Concept.UCS, _in_vocabulary(_full_category)),
    Field(Scheme.IXML, "STEINBERG/MusicalCategory", Concept.STEINBERG, _in_vocabulary(lambda s: s.steinberg_category)),
    Field(Scheme.IXML, "STEINBERG/MusicalInstrument", Concept.STEINBERG, _in_vocabulary(_musical_instrument)),
    Field(Scheme.IXML, "ASWG/instrument", Concept.ASWG, _all),
    Field(Scheme.IXML, "ASWG/isLoop", Concept.ASWG, _is_loop),
    Field(Scheme.IXML, "ASWG/catId", Concept.ASWG, _ucs_id),
    Field(Scheme.IXML, "ASWG/category", Concept.ASWG, _ucs_category),
    Field(Scheme.IXML, "ASWG/subCategory", Concept.ASWG, _ucs_sub_category),
    Field(Scheme.ID3, "TXXX:INSTRUMENT", Concept.INSTRUMENT, _all),
    Field(Scheme.ID3, "TXXX:REAPER", Concept.REAPER, _all),
    Field(Scheme.ID3, "TCON", Concept.GENRE, _first),
    Field(Scheme.XMP, "xmpDM:instrument", Concept.INSTRUMENT, _all),
    Field(Scheme.XMP, "xmpDM:genre", Concept.GENRE, _first),
    Field(Scheme.XMP, "dc:subject", Concept.KEYWORDS, _keywords),
    Field(Scheme.VORBIS, "INSTRUMENT", Concept.INSTRUMENT, _all),
    Field(Scheme.VORBIS, "REAPER", Concept.REAPER, _all),
    Field(Scheme.VORBIS, "GENRE", Concept.GENRE, _first),
    Field(Scheme.APE, "Instrument", Concept.INSTRUMENT, _all),
    Field(Scheme.APE, "REAPER", Concept.REAPER, _all),
    Field(Scheme.APE, "Genre", Concept.GENRE, _first),
    Field(Scheme.MP4, "----:com.apple.iTunes:INSTRUMENT", Concept.INSTRUMENT, _all),
    Field(Scheme.MP4, "\xa9gen", Concept.GENRE, _first),
    Field(Scheme.ASF, "INSTRUMENT", Concept.INSTRUMENT, _all),
    Field(Scheme.ASF, "WM/Genre", Concept.GENRE, _first),
)
MARK_KEYS: Final[Mapping[Scheme, str]] = {
    Scheme.IXML: "USER/INSTRUMENT_BY_TAGGER",
    Scheme.ID3: "TXXX:INSTRUMENT_BY_TAGGER",
    Scheme.XMP: "tagger:instrumentByTagger",
    Scheme.VORBIS: "INSTRUMENT_BY_TAGGER",
    Scheme.APE: "INSTRUMENT_BY_TAGGER",
    Scheme.MP4: "----:com.apple.iTunes:INSTRUMENT_BY_TAGGER",
    Scheme.ASF: "INSTRUMENT_BY_TAGGER",
}


def fields_of(scheme: Scheme) -> tuple[Field, ...]:
    """The rows of a scheme."""
    return _FIELDS_OF[scheme]


def keys_of(scheme: Scheme) -> tuple[str, ...]:
    """The keys of a scheme's fields, and of its mark."""
    mark = MARK_KEYS.get(scheme)
    return (*(field.key for field in fields_of(scheme)), *([mark] if mark else []))


_FIELDS_OF: Final[Mapping[Scheme, tuple[Field, ...]]] = {
    scheme: tuple(field for field in FIELDS if field.scheme is scheme) for scheme in Scheme
}
