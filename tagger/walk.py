"""The walk through folders: which audio files there are, and what stood in the way.

Folders are listed in order of their names, each once, known by device and inode; links to folders are
followed after all else, so that a folder is found at its own place if it is within reach, and a link
back up ends there. What cannot be listed or named becomes an obstacle and costs nothing else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tagger.audio import AUDIO_SUFFIXES
from tagger.catalog.paths import folder_key, is_text
from tagger.errors import reason_of
from tagger.stamp import Stamp

_IGNORED_FOLDERS: Final = frozenset(
    {
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "@eadir",
        "@tmp",
        "__macosx",
        "_gsdata_",
        "ableton folder info",
        "lost+found",
        "system volume information",
    }
)
"""Folders of programs and systems, in lower case; those with a dot in front are ignored too."""

_SUFFIXES: Final = tuple(AUDIO_SUFFIXES)
_BAD_NAME: Final = "its name is not valid Unicode (rename it)"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What could not be looked at.

    Attributes:
        path: the file or folder.
        reason: why, as one line.
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The audio files directly in one folder.

    Attributes:
        folder: its absolute path.
        files: their stamps by name, sorted.
        is_whole: whether the folder was listed, or only files in it were named.
    """

    folder: Path
    files: dict[str, Stamp]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        roots: the folders it began at.
        listings: the folders it saw, in order; of those with no audio files too.
        obstacles: what stood in the way.
    """

    roots: list[Path] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


def is_passed_over(name: str) -> bool:
    """Whether a folder of this name, and all in it, belongs to a program or to the system."""
    return name.startswith(".") or name.lower() in _IGNORED_FOLDERS


def walk(paths: Iterable[Path]) -> Walk:
    """Finds the audio files at and below paths.

    Args:
        paths: folders, of which files with an audio suffix are taken, and files, taken whatever they
            are called.
    """
    walker = _Walker()
    for path in paths:
        walker.start_at(os.path.abspath(path))
    found = Walk(roots=walker.roots)
    for each in walker.go():
        if isinstance(each, Listing):
            found.listings.append(each)
        else:
            found.obstacles.append(each)
    return found


def scan(folder: Path, *, without: Collection[str] = (), is_deep: bool = True) -> Iterator[Listing | Obstacle]:
    """Finds the audio files at and below one folder, a folder at a time and in memory for one folder.

    Args:
        folder: where to begin.
        without: keys of folders, as `tagger.catalog.paths.folder_key` gives them, that are left out with all in them.
        is_deep: whether folders below are looked into too.
    """
    walker = _Walker(without, is_deep=is_deep)
    walker.start_at(os.path.abspath(folder))
    return walker.go()


class _Walker:
    def __init__(self, without: Collection[str] = (), *, is_deep: bool = True) -> None:
        self.roots: list[Path] = []
        self._without = without
        self._is_deep = is_deep
        self._met: list[Obstacle] = []
        self._ahead: list[str] = []
        self._links: list[str] = []
        self._seen: set[tuple[int, int | str]] = set()
        self._named: dict[str, dict[str, Stamp]] = {}

    def start_at(self, path: str) -> None:
        if not is_text(path):
            self._meet(path, _BAD_NAME)
            return
        try:
            status = Path(path).stat()
        except OSError as error:
            self._meet(path, "does not exist" if isinstance(error, FileNotFoundError) else _unreadable(error))
            return
        if stat.S_ISDIR(status.st_mode):
            self.roots.append(Path(path))
            self._ahead.append(path)
        else:
            folder, name = os.path.split(path)
            self._named.setdefault(folder, {})[name] = Stamp.from_status(status)

    def go(self) -> Iterator[Listing | Obstacle]:
        self._ahead.reverse()
        while self._ahead or self._links:
            folder = self._ahead.pop() if self._ahead else self._links.pop(0)
            listing = self._list(folder) if self._is_new(folder) else None
            yield from self._told()
            if listing:
                yield listing
        yield from self._told()
        for folder, files in self._named.items():
            yield Listing(Path(folder), files, is_whole=False)

    def _told(self) -> Iterator[Obstacle]:
        met, self._met = self._met, []
        yield from met

    def _is_new(self, folder: str) -> bool:
        try:
            status = Path(folder).stat()
        except OSError as error:
            self._meet(folder, _unreadable(error))
            return False
        # Some network file systems have no inodes.
        identity = (status.st_dev, status.st_ino or folder)
        is_new = identity not in self._seen
        self._seen.add(identity)
        return is_new

    def _list(self, folder: str) -> Listing | None:
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self._meet(folder, _unreadable(error))
            return None
        files: dict[str, Stamp] = {}
        below: list[str] = []
        for entry in entries:
            try:
                self._sort_in(entry, files, below)
            except OSError as error:
                self._meet(entry.path, _unreadable(error))
        files |= self._named.pop(folder, {})
        if self._is_deep:
            self._ahead += [each for each in reversed(below) if folder_key(each) not in self._without]
        return Listing(Path(folder), files, is_whole=True)

    def _sort_in(self, entry: os.DirEntry[str], files: dict[str, Stamp], below: list[str]) -> None:
        """Puts an entry where it belongs: among the files, the folders or the links, or nowhere."""
        if entry.name.startswith("."):
            return
        is_audio = entry.name.lower().endswith(_SUFFIXES)
        is_folder = entry.is_dir()
        if not (is_audio or is_folder):
            return
        if not is_text(entry.name):
            self._meet(entry.path, _BAD_NAME)
        elif is_folder:
            if not is_passed_over(entry.name):
                (self._links if entry.is_symlink() and self._is_deep else below).append(entry.path)
        elif entry.is_file():
            files[entry.name] = Stamp.from_status(entry.stat())
        elif entry.is_symlink():
            self._meet(entry.path, "is a link to a file that is not there")

    def _meet(self, path: str, reason: str) -> None:
        self._met.append(Obstacle(Path(path), reason))


def _unreadable(error: OSError) -> str:
    return f"cannot be read: {reason_of(error)}"
