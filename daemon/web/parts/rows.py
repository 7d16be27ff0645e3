"""Files as the table has them: what a search found, and with it what people have said, so that it can be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from daemon.api import models
from daemon.web.work.judging import Chosen
from tagger.catalog import Catalog, LabelState, Opinion, Seen
from tagger.results import Instrument, Kind


@dataclass(frozen=True, slots=True)
class Row:
    """A file; a `Sound`. Who scrolls on has a hundred thousand of them, so each holds what is shown and no more.

    Attributes:
        id: number of its place.
        path: where it is, in words.
        duration_s: its length; 0 where that is not known.
        kind: what it is; None where it could not be analysed.
        tempo_bpm: its tempo, if it has one.
        key: its musical key, if it has one.
        reason: why it could not be analysed, else "".
        payload_hash: of the audio that it held then; "" where it could not be analysed.
        tags: what may be claimed of it, surest first.
        said: what people said of labels.
    """

    id: int
    path: str
    duration_s: float = 0.0
    kind: Kind | None = None
    tempo_bpm: float | None = None
    key: str | None = None
    reason: str = ""
    payload_hash: str = ""
    tags: Sequence[Instrument] = ()
    said: Mapping[str, LabelState] = field(default_factory=dict)

    @property
    def chosen(self) -> Chosen:
        """The file, to be judged."""
        return Chosen(self.id, self.payload_hash)


def rows_of(catalog: Catalog, files: Sequence[models.FoundFile | models.FailedFile]) -> list[Row]:
    """The rows of files, in their order.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    return renewed(catalog, list(map(_row, files)))


def renewed(catalog: Catalog, rows: Sequence[Row]) -> list[Row]:
    """Rows with what is known of their files by now.

    Raises:
        CatalogError: the catalog cannot be read.
    """
    seen = catalog.seen_at([row.id for row in rows])
    held = catalog.opinions({each.payload_hash for each in seen.values()})
    return [_renewed(row, seen.get(row.id), held) for row in rows]


def _row(file: models.FoundFile | models.FailedFile) -> Row:
    if isinstance(file, models.FailedFile):
        return Row(file.id, file.path, reason=file.reason)
    return Row(file.id, file.path, file.duration_s, file.kind, file.tempo_bpm, file.key)


def _renewed(row: Row, seen: Seen | None, held: Mapping[str, Opinion]) -> Row:
    if row.reason or seen is None or seen.payload_hash not in held:
        return replace(row, payload_hash="", tags=(), said={})
    opinion = held[seen.payload_hash]
    return replace(row, payload_hash=seen.payload_hash, tags=opinion.tags, said=opinion.said)
