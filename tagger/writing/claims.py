"""What may be written of a file: the tags that hold after weighing what people said."""

from __future__ import annotations

from tagger.catalog import FileRecord
from tagger.tagfile import Claim
from tagger.vocabulary import label_of


def claim_of(record: FileRecord, present: str | None = None) -> Claim:
    """The claim that the catalog makes of a file, surest first.

    Args:
        record: of the file.
        present: the instruments as they stand in the file. Labels that are equally sure, as those that a person gave
            are, keep the order they have there.
    """
    there = [label_of(word) for word in values_in(present)]
    place = {label: at for at, label in enumerate(there)}
    tags = sorted(record.tags, key=lambda tag: (-tag.confidence, place.get(tag.label, len(place))))
    return Claim(tuple(tag.label for tag in tags), record.kind)


def values_in(field: str | None) -> tuple[str, ...]:
    """The values of a field of several, as in "Kick; Snare"."""
    return tuple(filter(None, (value.strip() for value in (field or "").split(";"))))
