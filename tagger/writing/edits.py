"""A person's edit of our tag in a file, taken into the catalog as what that person says.

Somebody who changes "Kick" to "Snare" in a DAW has told us twice: it is a snare, and no kick. So words that are
labels are confirmed, and labels of ours that are gone are rejected. Words that are no label stay in the file and say
nothing; a label of ours that is a part of such words ("Kick 808") is not gone. An edit is taken in once, so that a
verdict given later holds though the old edit still stands in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagger import tagfile
from tagger.catalog import Catalog, FileRecord, LabelState
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
    held = catalog.show(path)
    taken = meaning_of(edit, (each.label for each in held.labels) if isinstance(held, FileRecord) else ())
    return taken if catalog.take_edit(path, _SEPARATOR.join(edit.theirs), taken.verdicts) else None


def meaning_of(edit: Edit, others: Iterable[str] = ()) -> TakenEdit:
    """What an edit says of labels.

    Args:
        edit: as it was found in the file.
        others: labels beyond the taxonomy's that the file was given, by a model with its own.
    """
    own = {words_of(label).casefold(): label for label in others}
    label_by_word = {word: label_of(word) or own.get(words_of(word).casefold()) for word in (*edit.ours, *edit.theirs)}
    ours = tuple(filter(None, map(label_by_word.get, edit.ours)))
    confirmed = tuple(dict.fromkeys(filter(None, map(label_by_word.get, edit.theirs))))
    unknown = tuple(word for word in edit.theirs if not label_by_word[word])
    within = {label for label in ours if any(words_of(label).casefold() in word.casefold() for word in unknown)}
    rejected = tuple(label for label in ours if label not in within and label not in confirmed)
    return TakenEdit(confirmed, rejected, unknown)
