"""A person's edit of our tag in a file, taken into the catalog as what that person says.

Somebody who changes "Kick" to "Snare" in a DAW has told us twice: it is a snare, and no kick. So words that are
labels are confirmed, and labels of ours that are gone are rejected. Words that are no label stay in the file and say
nothing; a label of ours that is a part of such words ("Kick 808") is not gone. An edit is taken in once, so that a
verdict given later holds though the old edit still stands in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagger import tagfile
from tagger.catalog import Catalog, LabelState
from tagger.errors import TagFileError
from tagger.tagfile import Edit
from tagger.taxonomy import words_of
from tagger.vocabulary import label_of

_SEPARATOR: Final = "; "


@dataclass(frozen=True, slots=True)
class TakenEdit:
    """What an edit says.

    Attributes:
        confirmed: labels that stand there now, in their order.
        rejected: labels of ours that are gone.
        unknown: words that are no label.
    """

    confirmed: tuple[str, ...]
    rejected: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def verdicts(self) -> Mapping[str, LabelState]:
        """What to keep of it."""
        confirmed = dict.fromkeys(self.confirmed, LabelState.CONFIRMED)
        return dict.fromkeys(self.rejected, LabelState.REJECTED) | confirmed


def look_for_edit(catalog: Catalog, path: Path) -> TakenEdit | None:
    """Takes in what a person did to the tag of a file that is in the catalog.

    Returns:
        what it says; None where there is no edit, or none that was not taken in before. A file whose tags cannot be
        read has none.
    """
    with suppress(TagFileError):
        return take_edit(catalog, path, tagfile.read(path).edit)
    return None


def take_edit(catalog: Catalog, path: Path, edit: Edit | None) -> TakenEdit | None:
    """Takes in an edit that was found, unless it was taken in before."""
    if edit is None:
        return None
    taken = meaning_of(edit)
    return taken if catalog.take_edit(path, _SEPARATOR.join(edit.theirs), taken.verdicts) else None


def meaning_of(edit: Edit) -> TakenEdit:
    """What an edit says of labels."""
    labels = {word: _label(word, edit.ours) for word in edit.theirs}
    confirmed = tuple(dict.fromkeys(label for label in labels.values() if label))
    unknown = tuple(word for word, label in labels.items() if not label)
    still_there = {
        label for label in edit.ours if any(words_of(label).casefold() in word.casefold() for word in unknown)
    }
    rejected = tuple(label for label in edit.ours if label not in still_there and label not in confirmed)
    return TakenEdit(confirmed, rejected, unknown)


def _label(word: str, ours: tuple[str, ...]) -> str | None:
    """The label that a word stands for; those of somebody's own model are known from what we wrote."""
    own = {words_of(label).casefold(): label for label in ours}
    return label_of(word) or own.get(word.casefold())
