"""The plain values that tagging files speaks in: what may be said of a file, and what that changes in it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tagger.results import Kind
from tagger.stamp import Stamp

SEPARATOR: Final = "; "


class Layer(StrEnum):
    """A place for tags in a WAV file; other formats have one place and are not asked."""

    ID3 = "id3"
    INFO = "info"
    IXML = "ixml"
    XMP = "xmp"


ALL_LAYERS: Final = frozenset(Layer)


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be said of a file.

    Attributes:
        labels: of the taxonomy or of a model's own, best first; empty claims nothing, and takes away what was
            claimed before.
        kind: what sort of recording it is.
    """

    labels: tuple[str, ...]
    kind: Kind


class Action(StrEnum):
    """What happens to the instrument tag of one file."""

    WRITE = "write"
    KEEP = "keep"
    UNCHANGED = "unchanged"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changes.

    Attributes:
        name: as people know it, "iXML USER/INSTRUMENT".
        before: its value, or None where it is not there or empty.
        after: its value to be, or None where it is taken away.
    """

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What tagging does to one file, or would do.

    Attributes:
        path: the file, as the caller named it.
        action: `write` and `remove` change the file; `unchanged` means that it is right already; `keep` that
            somebody else's instrument is in there, or that somebody took ours away. Fields of ours that would
            contradict that go.
        current: the instrument that stands in the file before, or None.
        new: the instrument that we would have, or None for none.
        fields: every field that changes, in the order of the places in the file; empty when nothing is written.
        kept: what is left alone and why, each in words: fields of somebody else's, fields that somebody took
            away, places that cannot be read.
    """

    path: Path
    action: Action
    current: str | None
    new: str | None
    fields: tuple[FieldChange, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def rewrites(self) -> bool:
        """Whether the file changes."""
        return bool(self.fields)


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person did to the instrument that we had written.

    Attributes:
        ours: the labels that we had written.
        theirs: the words that stand there now, as they are; empty where they took ours away.
    """

    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says of its instruments.

    Attributes:
        values: by name, as in `FieldChange`, each field that this program knows and the file holds.
        instrument: the value of the instrument field, or None; somebody else's goes before ours.
        is_ours: whether we wrote that.
        edit: what a person made of ours, or None.
    """

    values: Mapping[str, str]
    instrument: str | None
    is_ours: bool = False
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """A file at one moment.

    Attributes:
        fingerprint: stands for all its bytes; see `fingerprint`.
        stamp: its size and time of change.
    """

    fingerprint: str
    stamp: Stamp


class Scheme(StrEnum):
    """A way to keep fields; the value is its name as people know it."""

    INFO = "INFO"
    IXML = "iXML"
    ID3 = "ID3"
    XMP = "XMP"
    VORBIS = "Vorbis"
    APE = "APE"
    MP4 = "MP4"
    ASF = "ASF"


Edits = Mapping[Scheme, Mapping[str, str]]
"""New values by scheme and key, "" for a field that is to go; fields that stay are left out."""


@dataclass(frozen=True, slots=True)
class Section:
    """The fields of one scheme in one file.

    Attributes:
        scheme: which.
        values: by key, those of our fields that are there and not empty.
        problem: why it must not be touched, or "".
    """

    scheme: Scheme
    values: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """The tags of one file, as far as this program cares.

    Attributes:
        sections: its schemes, in the file's order.
        foreign: everything else that must survive a write, comparable with `==`.
    """

    sections: tuple[Section, ...]
    foreign: Hashable = None
