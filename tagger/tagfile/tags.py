"""What this program writes into files, and how it knows its own writing again.

Two fields: `INSTRUMENT` holds the instruments in words; `INSTRUMENT_BY_TAGGER` repeats exactly the value
written last. Ownership is thus known from the file alone, on any machine and without a catalog: a value
that equals the mark is ours and may be changed, any other is a person's or a vendor's and stays. A value
taken away while the mark is still there was taken away by a person, and stays away.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from tagger.taxonomy import words_of

VALUE_FIELD: Final = "INSTRUMENT"
MARK_FIELD: Final = "INSTRUMENT_BY_TAGGER"
FIELDS: Final = frozenset({VALUE_FIELD, MARK_FIELD})
SEPARATOR: Final = "; "


class Action(StrEnum):
    """What happens to the instrument tag of one file."""

    WRITE = "write"
    KEEP = "keep"
    UNCHANGED = "unchanged"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """What tagging does to one file, or would do.

    Attributes:
        path: the file, as the caller named it.
        action: `write` or `remove` change the file; `unchanged` means that it is right already; `keep`
            that somebody else's value is in there.
        current: the instrument tag as it stands in the file before, or None.
        new: the instrument tag that we would have, or None for none.
    """

    path: Path
    action: Action
    current: str | None
    new: str | None

    @property
    def rewrites(self) -> bool:
        """Whether the file is written anew."""
        return self.action in (Action.WRITE, Action.REMOVE)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one file, as far as this program cares.

    Attributes:
        values: those of `FIELDS` that are present.
        foreign: everything else that must survive a write, comparable with `==`.
    """

    values: Mapping[str, str]
    foreign: Hashable


class TagFormat(Protocol):
    """A container that can hold the fields."""

    @property
    def name(self) -> str:
        """What people call it."""

    def read(self, path: Path) -> Tags:
        """Reads the tags; raises `ValueError` with the reason where a write would not be safe."""

    def write(self, source: Path, target: Path, values: Mapping[str, str]) -> None:
        """Fills `target` with `source`, holding `values` and no other of `FIELDS`."""


def decide(path: Path, tags: Tags, instruments: Sequence[str]) -> Change:
    """What to do with a file that holds `tags` and is claimed to sound like `instruments`."""
    new = SEPARATOR.join(words_of(label) for label in instruments) or None
    current, mark = tags.values.get(VALUE_FIELD) or None, tags.values.get(MARK_FIELD) or None
    if current != mark:
        action = Action.KEEP
    elif current == new:
        action = Action.UNCHANGED
    else:
        action = Action.WRITE if new else Action.REMOVE
    return Change(path, action, current, new)


def values_after(change: Change) -> Mapping[str, str]:
    """What the fields hold once `change` has been made."""
    return {} if change.new is None else {VALUE_FIELD: change.new, MARK_FIELD: change.new}
