"""Files that are not where they were written any more: found again, and taken for the same only byte for byte.

A copy of the same recording is not the file that moved, nor is a file that has an entry of its own in the journal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tagger.catalog import Catalog, Target, WriteRecord
from tagger.errors import TaggerError
from tagger.stamp import Stamp
from tagger.walk import walk


class Moved:
    """Knows where written files are.

    Args:
        catalog: which may have seen them elsewhere since.
        fingerprint: of a file as it is, or as it would be by now.
    """

    def __init__(self, catalog: Catalog, fingerprint: Callable[[Path], str]) -> None:
        self._catalog = catalog
        self._fingerprint = fingerprint
        self._found: dict[Path, Path] = {}
        """New places by the old ones, of files that were looked for by `old_places`."""
        self._listings: dict[Path, defaultdict[Stamp, list[Path]]] = {}

    def old_places(self, paths: Sequence[Path]) -> list[Path]:
        """Where files that are now at or below paths were when they were written, if that was elsewhere."""
        by_stamp: defaultdict[Stamp, list[Path]] = defaultdict(list)
        for listing in walk(paths).listings:
            for name, stamp in listing.files.items():
                by_stamp[stamp].append(listing.folder / name)
        by_hash: defaultdict[str, list[Path]] = defaultdict(list)
        for seen in self._catalog.seen(paths) if paths else ():
            by_hash[seen.payload_hash].append(seen.path)
        taken = set(self._found.values())
        for left in self._catalog.journal.left():
            places = [*by_stamp[left.stamp], *(by_hash[left.payload_hash] if left.payload_hash else ())]
            if not places or left.path in self._found or left.path.exists():
                continue
            if place := self._exactly((each for each in places if each not in taken), left.fingerprint):
                self._found[left.path] = place
                taken.add(place)
        return list(self._found)

    def place_of(self, write: WriteRecord) -> Path | None:
        """Where a file is: at its path, or where it was found; else where the catalog, or its own folder, has it."""
        path = write.intent.path
        if write.intent.target is Target.SIDECAR or path.exists():
            return path
        return self._found.get(path) or self._exactly(self._likely(write), write.intent.after_fingerprint)

    def _likely(self, write: WriteRecord) -> Iterator[Path]:
        if write.intent.payload_hash:
            yield from self._catalog.places_of(write.intent.payload_hash)
        if write.after:
            yield from self._listing(write.intent.path.parent).get(write.after, ())

    def _listing(self, folder: Path) -> Mapping[Stamp, Sequence[Path]]:
        """The files of a folder by their stamps, as they were when it was first asked for."""
        if folder not in self._listings:
            listing = self._listings[folder] = defaultdict(list)
            for path in folder.iterdir() if folder.is_dir() else ():
                if stamp := Stamp.of(path):
                    listing[stamp].append(path)
        return self._listings[folder]

    def _exactly(self, places: Iterable[Path], fingerprint: str) -> Path | None:
        """The first of some places that holds what we left, and is not a file that was written by itself."""
        for place in places:
            with suppress(OSError, TaggerError):
                is_own = self._catalog.journal.is_holding(place)
                if place.is_file() and not is_own and self._fingerprint(place) == fingerprint:
                    return place
        return None
