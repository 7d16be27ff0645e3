"""The catalog as the rest of the program sees it: one object, opened once, values in and out.

Reading and writing may go on at the same time, from threads and from other programs: each read sees
one state, and writers wait for each other. Results of a search are read from the disk as they are
taken; close the iterator, or take all of it, to let go of the catalog.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tagger.catalog import detail, places, report, search, store, verdicts
from tagger.catalog import vectors as embeddings
from tagger.catalog.changes import Changes
from tagger.catalog.database import open_engine, plain_errors, reading, writing
from tagger.catalog.jobs import Jobs
from tagger.catalog.journal import Journal
from tagger.catalog.migrate import upgrade
from tagger.catalog.records import Entry, FileRecord, Hit, Known, LabelState, Problem, Query, Seen, Stats
from tagger.catalog.roots import Roots
from tagger.catalog.searches import Searches
from tagger.catalog.vectors import Vectors
from tagger.catalog.verdicts import Opinion, Swaps
from tagger.results import Analysis

if TYPE_CHECKING:
    from numpy import float32, int64
    from numpy.typing import NDArray

    from tagger.catalog.facets import Columns, Facets, Places


def default_catalog_path() -> Path:
    """Where the catalog is: as TAGGER_CATALOG says, else in the user's data folder."""
    if chosen := os.environ.get("TAGGER_CATALOG"):
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("tagger", appauthor=False) / "catalog.db"


_ALL: Final = Query()


class Catalog:
    """A catalog file, made where there is none and upgraded where it is of an older version.

    Args:
        path: the SQLite file; its folder is made when needed.

    Raises:
        CatalogError: the file is no catalog, of a newer version, damaged, or cannot be written. All
            methods raise it too, when the disk is full or another program keeps the catalog locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backup = upgrade(path)
        """The backup that was made before an upgrade, or None."""
        self._engine = open_engine(path)
        self.roots = Roots(self._engine, path)
        """The watched folders."""
        self.searches = Searches(self._engine, path)
        """The searches that people keep."""
        self.jobs = Jobs(self._engine, path)
        """What the daemon still has to do."""
        self.journal = Journal(path, self._engine)
        """What was written into files, and the way back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file. Closing twice does no harm."""
        self._engine.dispose()

    def record(self, entries: Sequence[Entry]) -> None:
        """Writes what came of a batch of paths, all or nothing.

        A recording that is known already keeps its row and what people said of it, wherever it is
        found; what its model said before is replaced, in this or an older version. Paths that were
        marked missing are dropped when their audio turns up elsewhere: it was moved. In watched folders
        in which tags are written, the daemon is asked to.
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            store.record(connection, entries)
            store.queue_tags(connection, entries)

    def judge(self, path: Path, label: str, state: LabelState) -> None:
        """Writes a person's verdict: a confirmed label is a tag from now on, a rejected one never again.

        Args:
            path: a file in the catalog.
            label: a leaf or family of the taxonomy, or a label that a model gave this catalog.
            state: confirmed or rejected.

        Raises:
            CatalogError: the file is not in the catalog, or there is no such label.
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            store.judge(connection, path, {label: state})

    def judge_all(self, path: Path, verdicts: Mapping[str, LabelState]) -> None:
        """Writes a person's verdicts on several labels, all or nothing; as `judge` otherwise."""
        with plain_errors(self.path), writing(self._engine) as connection:
            store.judge(connection, path, verdicts)

    def opinions(self, payload_hashes: Collection[str]) -> Mapping[str, Opinion]:
        """What may be claimed of recordings and what people said of them, by the hashes of their audio."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return verdicts.opinions(connection, payload_hashes)

    def swap_verdicts(self, swaps: Mapping[str, Swaps]) -> Collection[str]:
        """Changes what people say of many recordings, given by the hashes of their audio, all in one transaction.

        Returns:
            the hashes of those that were as expected and are as wanted now; the others are left alone.

        Raises:
            CatalogError: there is no such label; then nothing is changed.
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            return verdicts.swap(connection, self.path, swaps)

    def take_edit(self, path: Path, theirs: str, verdicts: Mapping[str, LabelState]) -> bool:
        """Takes a person's edit of a tag in a file for verdicts, once for each recording and value.

        Args:
            path: the file.
            theirs: the value that stands in the file now.
            verdicts: what it says of labels.

        Returns:
            whether it is new, and of a file in the catalog. An edit that was taken in before says nothing
            again, so that a verdict given since stands, until the tag is written (`Journal.settle`).
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            return store.take_edit(connection, path, theirs, verdicts)

    def live_tags(self, path: Path) -> tuple[str, ...]:
        """Which tags in the sidecar of Ableton Live are ours, of the file at a path."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.live_tags(connection, path)

    def remember_live_tags(self, tags: Mapping[Path, Sequence[str]]) -> None:
        """Notes which tags in sidecars of Ableton Live are ours, by the path of the audio file; none forgets it."""
        with plain_errors(self.path), writing(self._engine) as connection:
            store.remember_live_tags(connection, tags)

    def mark(self, folder: Path, names: Collection[str], *, missing: bool) -> None:
        """Notes that files are gone from a folder, or back. Nothing is dropped by it.

        Args:
            folder: the folder they are directly in.
            names: the keys of their names, as in `known`.
            missing: gone or back. Missing files are found no more, but shown.
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            store.mark(connection, folder, names, missing=missing)

    def note_evidence(self, path: Path, vendor: Collection[str]) -> None:
        """Notes what a file and its name say of the recording: evidence beside what the model says, never tags.

        Args:
            path: a file in the catalog; its name is read by `tagger.filenames`.
            vendor: the labels of an instrument field that somebody else wrote into it.
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            store.note_evidence(connection, path, vendor)

    def mark_below(self, folder: Path) -> int:
        """Notes that a folder is gone with all below it, and gives how many files that are. Nothing is dropped."""
        with plain_errors(self.path), writing(self._engine) as connection:
            return store.mark_below(connection, folder)

    def forget(self, under: Path, before: float) -> int:
        """Drops the places below a folder whose files are missing for good.

        That is since before a time, or at all where the same audio is at another place. A recording goes
        with its last place, unless a person judged its labels: those are kept for the day it turns up again.

        Args:
            under: the folder, with all below it.
            before: a time in seconds since 1970.

        Returns:
            how many places were dropped.
        """
        with plain_errors(self.path), writing(self._engine) as connection:
            return store.forget(connection, under, before)

    def analysis_of(self, payload_hash: str, model: str) -> Analysis | None:
        """What a model, as `name@version`, said of a recording; None if it was not asked."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return detail.analysis_of(connection, payload_hash, model)

    def changes(self) -> Changes:
        """Tells whether anybody wrote to the catalog, at next to no cost. To be closed."""
        with plain_errors(self.path):
            return Changes(self.path)

    def restat(self, path: Path, *, size: int, mtime_ns: int) -> None:
        """Notes the new size and time of a file after a change that left its audio as it was."""
        with plain_errors(self.path), writing(self._engine) as connection:
            store.restat(connection, path, size=size, mtime_ns=mtime_ns)

    def known(self, folder: Path, model: str | None) -> Mapping[str, Known]:
        """What is held of the files directly in a folder.

        Args:
            folder: the folder.
            model: the model whose analyses count, as `name@version`; None for those of any.

        Returns:
            by the key of each name, as `tagger.catalog.name_key` gives it.
        """
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.known(connection, folder, model)

    def folders(self, under: Path) -> Sequence[Path]:
        """The folders at and below a path that hold files not known to be missing, sorted."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.folders(connection, under)

    def show(self, path: Path) -> FileRecord | Problem | None:
        """All that is held of the file at a path; None if it is not in the catalog."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return detail.show(connection, path)

    def records_at(self, location_ids: Sequence[int]) -> Mapping[int, FileRecord]:
        """What is held of the files whose places have these numbers, as in `Hit.id`; as `records_in` otherwise."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return detail.records_at(connection, location_ids)

    def seen_at(self, location_ids: Sequence[int]) -> Mapping[int, Seen]:
        """The places of recordings that have these numbers, as in `Hit.id`, missing ones too."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.seen_at(connection, location_ids)

    def copies(self, file_ids: Collection[int]) -> Mapping[int, Sequence[Hit]]:
        """The places of each recording, by path; `Hit.position` is empty. What is missing is left out."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return search.copies(connection, file_ids)

    def records_in(self, folder: Path) -> Mapping[str, FileRecord]:
        """What is held of the files directly in a folder, by name keys as in `known`; problems are left out.

        So are other places with the same audio (`same_audio`).
        """
        with plain_errors(self.path), reading(self._engine) as connection:
            return detail.records_in(connection, folder)

    def count(self, under: Iterable[Path] = ()) -> int:
        """How many places `seen` gives."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return sum(places.count(connection, span) for span in places.spans_of(under))

    def seen(self, under: Iterable[Path] = ()) -> Iterator[Seen]:
        """The places of recordings at and below paths, or all of them, missing ones too, by path.

        They are read a page at a time, so that long work on them keeps nobody from writing.
        """
        for span in places.spans_of(under):
            after: Path | None = None
            while True:
                with plain_errors(self.path), reading(self._engine) as connection:
                    page = places.page(connection, span, after=after)
                if not page:
                    break
                yield from page
                after = page[-1].path

    def places_of(self, payload_hash: str) -> Sequence[Path]:
        """Where a recording is, by the hash of its audio; places known to be missing are left out."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.places_of(connection, payload_hash)

    def models(self) -> Mapping[str, int]:
        """How many recordings each model heard, as `name@version`, most first."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.models(connection)

    def stats(self) -> Stats:
        """The catalog in numbers."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.stats(connection)

    def tags(self) -> Sequence[str]:
        """All labels and families that any file is tagged with, sorted; a model may have labels of its own."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.tags(connection)

    def find(self, query: Query) -> Iterator[Hit]:
        """The files that meet a query, missing ones left out, in the query's order."""
        with plain_errors(self.path), reading(self._engine) as connection:
            yield from search.find(connection, query)

    def doubtful(self) -> NDArray[int64]:
        """The recordings that a person's look helps most, most helpful first: `tagger.catalog.doubts` says how.

        Takes some tenths of a second at 100,000 files, seconds at a million.
        """
        from tagger.catalog import doubts

        with plain_errors(self.path), reading(self._engine) as connection:
            return doubts.doubtful(connection)

    def embeddings(self, file_ids: Collection[int]) -> Mapping[int, NDArray[float32]]:
        """(128,) of unit length for each recording, by the model that heard it last; zeros for silence."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return embeddings.embeddings(connection, file_ids)

    def vectors(self, model: str, held: Vectors | None = None) -> Vectors:
        """All embeddings that a model gave, silence left out.

        Args:
            model: as `name@version`.
            held: what was read before; given back where nothing changed since.
        """
        with plain_errors(self.path), reading(self._engine) as connection:
            return embeddings.vectors(connection, model, held)

    def places(self, file_ids: Collection[int]) -> Mapping[int, Path]:
        """Where recordings are, one path each; those that are missing are left out."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return embeddings.places(connection, file_ids)

    def columns(self) -> Columns:
        """The catalog as it is now, to be counted; reads all of it, which takes seconds at a million files."""
        from tagger.catalog.facets import Columns

        with plain_errors(self.path), reading(self._engine) as connection:
            columns = Columns(connection)
            # What went by fills the connection's cache with what no search looks up.
            connection.exec_driver_sql("PRAGMA shrink_memory")
            return columns

    def facets(self, columns: Columns, query: Query, *, apart: bool = False) -> Facets:
        """How many of the files that meet a query have what, as it was when columns were read.

        Args:
            columns: what is counted.
            query: which files; its order and limit do not matter.
            apart: as in `Columns.count`: each facet is counted as if nothing were chosen in it.
        """
        with plain_errors(self.path), reading(self._engine) as connection:
            return columns.count(connection, query, apart=apart)

    def places_found(self, columns: Columns, query: Query) -> Places:
        """Where the files are that meet a query, as it was when columns were read; in no order."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return columns.places(connection, query)

    def place(self, location_id: int) -> Path | None:
        """Where the file is whose place has a number, as in `Hit.id`; None if there is no such place."""
        with plain_errors(self.path), reading(self._engine) as connection:
            return report.place(connection, location_id)

    def problems(self, query: Query = _ALL) -> Iterator[Problem]:
        """The files that could not be analysed, by path.

        Args:
            query: its words, path and folders say where, `after` and `limit` which page. None meets any other
                condition, as nothing is known of what is in them.
        """
        with plain_errors(self.path), reading(self._engine) as connection:
            yield from report.problems(connection, query)

    def export(self) -> Iterator[FileRecord]:
        """Every path that has a recording, missing ones too, by path."""
        with plain_errors(self.path), reading(self._engine) as connection:
            yield from detail.export(connection)
