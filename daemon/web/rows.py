"""Files as the table has them: what a search found, and with it what people have said, so that it can be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from daemon.api import models
from daemon.web.judging import Chosen
from tagger.catalog import Catalog, LabelState, Opinion, Seen
from tagger.results import Instrument

Found: TypeAlias = models.FoundFile | models.FailedFile


@dataclass(frozen=True, slots=True)
class Row:
    """A file; a `Sound`.

    Attributes:
        found: as the search gave it.
        payload_hash: of the audio that it held then; "" where it could not be analysed.
        tags: what may be claimed of it, surest first.
        said: what people said of labels.
    """

    found: Found
    payload_hash: str = ""
    tags: Sequence[Instrument] = ()
    said: Mapping[str, LabelState] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """Number of its place."""
        return self.found.id

    @property
    def path(self) -> str:
        """Where it is, in words."""
        return self.found.path

    @property
    def duration_s(self) -> float:
        """Its length; 0 where that is not known."""
        return self.found.duration_s

    @property
    def chosen(self) -> Chosen:
        """The file, to be judged."""
        return Chosen(self.id, self.payload_hash)


def rows_of(catalog: Catalog, files: Sequence[Found]) -> list[Row]:
    """The rows of files, in their order.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    seen = catalog.seen_at([each.id for each in files])
    held = catalog.opinions({each.payload_hash for each in seen.values()})
    return [_row(each, seen.get(each.id), held) for each in files]


def _row(found: Found, seen: Seen | None, held: Mapping[str, Opinion]) -> Row:
    if isinstance(found, models.FailedFile) or seen is None or seen.payload_hash not in held:
        return Row(found)
    opinion = held[seen.payload_hash]
    return Row(found, seen.payload_hash, opinion.tags, opinion.said)
