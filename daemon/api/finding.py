"""Searching: pages of files, their numbers, and all that is known of one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException

from daemon.api import models, places
from daemon.api.counting import Counting
from daemon.api.problems import problem
from daemon.arguments import key as spelt_key
from daemon.arguments import tempo_range
from tagger import tagfile
from tagger.catalog import Catalog, FileRecord, Hit, LabelRecord, Problem, Query
from tagger.catalog.facets import BANDS
from tagger.catalog.records import Position
from tagger.errors import TagFileError, printable
from tagger.results import Instrument
from tagger.taxonomy import FAMILIES, FAMILY_OF, LEAVES, words_of

_PARTS_OF_PATH: Final = 2


def query_of(catalog: Catalog, filters: models.Filters) -> Query:
    """What the catalog is asked.

    Raises:
        HTTPException: 403, a place was named that is in no watched folder.
    """
    return Query(
        labels=tuple(filters.label),
        families=tuple(filters.family),
        min_confidence=filters.min_confidence,
        max_confidence=filters.max_confidence,
        kinds=tuple(filters.kind),
        tempo_ranges_bpm=tuple(map(tempo_range, filters.tempo)),
        keys=tuple(map(spelt_key, filters.key)),
        words=filters.words,
        path=None if filters.under is None else places.inside(catalog, filters.under),
        folders=tuple(filters.folder),
        reviews=tuple(filters.state),
        is_unsure=filters.is_unsure,
        is_missing=filters.is_missing,
    )


def find(catalog: Catalog, search: models.Search) -> models.FilePage:
    """A page of a search. What is added or dropped meanwhile moves no page: each file that stays is on one.

    Raises:
        HTTPException: 403, a place was named that is in no watched folder; 404, the cursor is of no such search.
    """
    query = replace(query_of(catalog, search), sort=search.sort, descending=search.descending)
    after = None if search.cursor is None else _position(search.cursor, query)
    # One more tells whether there is another page.
    try:
        hits = list(catalog.find(replace(query, after=after, limit=search.limit + 1)))
    except ValueError:
        raise _no_page() from None
    page, rest = hits[: search.limit], hits[search.limit :]
    return models.FilePage(files=list(map(_found, page)), next=_cursor(page[-1].position, query) if rest else None)


def problems(catalog: Catalog, search: models.ProblemSearch) -> models.ProblemPage:
    """A page of the files that could not be analysed, by path.

    Raises:
        HTTPException: 403, a place was named that is in no watched folder; 404, the cursor is of no such search.
    """
    query = query_of(catalog, models.Filters(words=search.words, under=search.under, folder=search.folder))
    after = None if search.cursor is None else _position(search.cursor, query)
    if after is not None and len(after) != _PARTS_OF_PATH:
        raise _no_page()
    found = list(catalog.problems(replace(query, after=after, limit=search.limit + 1)))
    page, rest = found[: search.limit], found[search.limit :]
    files = [models.FailedFile(id=each.id, path=printable(each.path), reason=printable(each.reason)) for each in page]
    return models.ProblemPage(files=files, next=_cursor(page[-1].position, query) if rest else None)


def count(catalog: Catalog, counting: Counting, filters: models.Filters, *, apart: bool = False) -> models.FacetCounts:
    """The numbers of a search.

    Args:
        catalog: what is searched.
        counting: that of the catalog.
        filters: the search.
        apart: whether each facet is counted as if nothing were chosen in it, as in `Columns.count`.

    Raises:
        HTTPException: 403, a place was named that is in no watched folder.
    """
    facets, as_of = counting.facets(query_of(catalog, filters), apart=apart)
    roots = [
        models.RootCount(id=root.id, path=printable(root.path), files=facets.by_root.get(root.id, 0))
        for root in catalog.roots.all()
    ]
    bands = [
        models.BandCount(min=at / BANDS, max=(at + 1) / BANDS, files=files) for at, files in enumerate(facets.by_band)
    ]
    return models.FacetCounts(
        files=facets.files,
        labels=facets.by_label,
        families=facets.by_family,
        kinds=facets.by_kind,
        roots=roots,
        confidence=bands,
        states=facets.by_review,
        without_tag=facets.without_tag,
        unsure=facets.unsure,
        missing=facets.missing,
        problems=facets.problems,
        as_of=datetime.fromtimestamp(as_of, UTC),
    )


def show(catalog: Catalog, file_id: int) -> models.FileDetail:
    """All that is known of a file.

    Raises:
        HTTPException: 404, there is no such file.
    """
    held = held_at(catalog, file_id)
    recording = _recording(held) if isinstance(held, FileRecord) else None
    return models.FileDetail(
        id=file_id,
        path=printable(held.path),
        size=held.size,
        modified_s=held.mtime_ns / 1e9,
        is_missing=isinstance(held, FileRecord) and held.is_missing,
        problem=printable(held.reason) if isinstance(held, Problem) else None,
        recording=recording,
        in_file=_in_file(catalog, held.path),
    )


def held_at(catalog: Catalog, file_id: int) -> FileRecord | Problem:
    """What the catalog holds of a file by its number.

    Raises:
        HTTPException: 404, there is no such file.
    """
    path = catalog.place(file_id)
    held = None if path is None else catalog.show(path)
    if held is None:
        raise problem(404, f"there is no file {file_id} in the catalog")
    return held


def path_of(catalog: Catalog, file_id: int) -> Path:
    """Where a file is that may be opened.

    Raises:
        HTTPException: 404, there is no such file, or it is out of reach; 403, it is in no watched folder.
    """
    path = places.inside(catalog, held_at(catalog, file_id).path)
    if not path.is_file():
        raise problem(404, f"{path}: cannot be reached")
    return path


def labels(catalog: Catalog) -> models.Labels:
    """The taxonomy, and what is beside it."""
    return models.Labels(
        families={family: words_of(family) for family in FAMILIES},
        labels=[models.Label(label=leaf, words=words_of(leaf), family=FAMILY_OF[leaf]) for leaf in LEAVES],
        others=[printable(label) for label in catalog.tags() if label not in LEAVES and label not in FAMILIES],
    )


def _found(hit: Hit) -> models.FoundFile:
    return models.FoundFile(
        id=hit.id,
        path=printable(hit.path),
        kind=hit.kind,
        duration_s=round(hit.duration_s, 6),
        tempo_bpm=hit.tempo_bpm,
        key=hit.key,
        tags=list(map(_tag, hit.tags)),
    )


def _recording(record: FileRecord) -> models.Recording:
    return models.Recording(
        payload_hash=record.facts.payload_hash,
        duration_s=round(record.facts.duration_s, 6),
        sample_rate=record.facts.sample_rate,
        channels=record.facts.channels,
        kind=record.kind,
        tempo_bpm=record.tempo_bpm,
        key=record.key,
        tags=list(map(_tag, record.tags)),
        candidates=list(map(_tag, record.analysis.instruments)),
        labels=list(map(_said, record.labels)),
        model=record.analysis.model,
        analysed_at=record.analysed_at,
        added_at=record.added_at,
        same_audio=[printable(path) for path in record.same_audio],
    )


def _tag(tag: Instrument) -> models.Tag:
    return models.Tag(label=printable(tag.label), family=printable(tag.family), confidence=_share(tag.confidence))


def _said(label: LabelRecord) -> models.SaidLabel:
    return models.SaidLabel(
        label=printable(label.label),
        family=printable(label.family),
        confidence=_share(label.confidence),
        source=label.source,
        state=label.state,
        is_tag=label.is_tag,
    )


def _share(confidence: float) -> float:
    return min(max(round(float(confidence), 4), 0.0), 1.0)


def _in_file(catalog: Catalog, path: Path) -> dict[str, str] | None:
    try:
        values = tagfile.read(places.inside(catalog, path)).values
    except (TagFileError, HTTPException):
        return None
    return {printable(name): printable(value) for name, value in values.items()}


def _cursor(position: Position, query: Query) -> str:
    text = json.dumps([_digest(query), *position])
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _position(cursor: str, query: Query) -> Position:
    try:
        digest, *position = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise _no_page() from None
    if digest != _digest(query) or not all(map(_is_plain, position)):
        raise _no_page()
    return tuple(position)


def _is_plain(value: Any) -> bool:
    """Whether SQLite can compare a value: a cursor may be forged."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
    return is_number or (isinstance(value, str) and value.isprintable())


def _digest(query: Query) -> str:
    return hashlib.sha256(repr(query).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _no_page() -> HTTPException:
    return problem(404, "there is no such page of this search (leave out the cursor to begin anew)")
