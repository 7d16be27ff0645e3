"""Copies of what was found, in one folder of the user's choice: for a new kit, a USB stick, somebody else.

Nothing is ever overwritten: a name that is taken gets a number, unless what is there is the same file already. Each
copy is made beside its place and put there when it is whole, under a name that was taken for it first, so that neither
a full disk nor another program can leave half a file or lose one. A file that cannot be copied costs only itself.
"""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from daemon.output import count_words, size_words
from daemon.web.work.errand import Errand
from daemon.web.work.reaching import in_order, refusal
from tagger.catalog import Catalog, FileRecord, name_key
from tagger.errors import OutputError, one_line, reason_of
from tagger.stamp import Stamp
from tagger.taxonomy import words_of

_PIECE: Final = 1024 * 1024
_SPARE_BYTES: Final = 16 * 1024 * 1024
"""What a disk needs for itself."""

_AT_ONCE: Final = 200
_UNSURE: Final = "Unsure"
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys('<>:"/\\|?*', "-"))
_CHANGED: Final = "changed while it was copied"


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that was not copied, and why, in words that go after its name."""

    path: Path
    reason: str


@dataclass(slots=True)
class Collected:
    """What came of it.

    Attributes:
        folder: where the copies are.
        copied: how many files were copied.
        size: in bytes, together.
        already: how many were there already, as they are.
        failed: what could not be copied.
        is_cancelled: whether it was ended early; what was copied stays.
    """

    folder: Path
    copied: int = 0
    size: int = 0
    already: int = 0
    failed: list[Failed] = field(default_factory=list)
    is_cancelled: bool = False

    @property
    def words(self) -> str:
        """All in all, in a line: "12 files (3.4 MB) copied to /home/me/Kit, 1 there already"."""
        size = f" ({size_words(self.size)})" if self.copied else ""
        parts = [f"{count_words(self.copied, 'file')}{size} copied to {one_line(self.folder)}"]
        parts += [f"{self.already:,} there already"] if self.already else []
        parts += [f"{self.failed_count:,} not copied"] if self.failed_count else []
        return ", ".join([*parts, *(["stopped early"] if self.is_cancelled else [])])

    @property
    def failed_count(self) -> int:
        """How many files could not be copied."""
        return len(self.failed)


def destination(text: str, *, is_local: bool) -> Path:
    """The folder that a person named: an absolute path, or one that begins with "~".

    From another machine only folders in the user's home can be named; links do not lead out of it.

    Args:
        text: as it was typed.
        is_local: whether it was asked for on this machine.

    Raises:
        OutputError: no copies may go there.
    """
    home = Path.home()
    text = text.strip()
    path = home / text[1:].lstrip("/\\") if text == "~" or text.startswith(("~/", "~\\")) else Path(text)
    if not text or "\0" in text or not path.is_absolute():
        raise OutputError(
            text or ".", "is no folder that can be found", "give its whole path, or one that begins with ~"
        )
    path = Path(os.path.normpath(path))
    if not is_local and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(home)):
        raise OutputError(path, "is not in the home folder", "other places can be named only on the machine itself")
    if os.path.lexists(path) and not path.is_dir():
        raise OutputError(path, "is not a folder", "choose another name")
    return path


def collect(
    catalog: Catalog, file_ids: Sequence[int], folder: Path, errand: Errand, *, by_instrument: bool
) -> Collected:
    """Copies files into a folder, which is made where there is none.

    Args:
        catalog: with the files.
        file_ids: of their places, as in `Hit.id`.
        folder: as `destination` gives it.
        errand: is told how many files are done; a copy that is not whole when it is cancelled goes.
        by_instrument: whether each instrument gets a folder of its own; of several the surest counts.

    Raises:
        OutputError: nothing can be copied there, or there is no room.
    """
    collected = Collected(folder)
    places = in_order(catalog, file_ids)
    sources: dict[int, Path] = {}
    for file_id, seen in places.items():
        if reason := refusal(catalog, seen):
            collected.failed.append(Failed(seen.path, reason))
        else:
            sources[file_id] = seen.path
    _make(folder)
    _check_room(folder, sources.values())
    folders = _by_instrument(catalog, list(sources), folder) if by_instrument else dict.fromkeys(sources, folder)
    names: dict[Path, _Names] = {}
    for file_id in errand.through(list(sources)):
        _copy_one(sources[file_id], folders[file_id], collected, errand, names=names)
    collected.is_cancelled = errand.is_cancelled
    return collected


def _copy_one(source: Path, folder: Path, collected: Collected, errand: Errand, *, names: dict[Path, _Names]) -> None:
    try:
        if not source.is_file():
            raise OutputError(source, "is not there any more")
        if folder not in names:
            folder.mkdir(exist_ok=True)
            names[folder] = _Names(folder)
        if names[folder].have(source):
            collected.already += 1
            return
        size = _copy(source, names[folder], errand)
    except OutputError as error:
        collected.failed.append(Failed(source, error.words))
    except OSError as error:
        collected.failed.append(Failed(source, f"cannot be copied: {reason_of(error)}"))
    else:
        if size is not None:
            collected.copied += 1
            collected.size += size


class _Names:
    """The names in a folder. Those that some system takes for one are one, wherever the folder goes later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken = {_key(each.name): each for each in folder.iterdir()}

    def have(self, source: Path) -> bool:
        """Whether a file is there already, under its own name or a numbered one."""
        for name in _numbered(source):
            there = self._taken.get(_key(name))
            if there is None or _is_same(source, there):
                return there is not None
        raise AssertionError("numbers do not end")

    def take(self, source: Path) -> Path:
        """The first free name for a file, held by an empty one."""
        for name in _numbered(source):
            path = self.folder / name
            if _key(name) not in self._taken:
                self._taken[_key(name)] = path
                with suppress(FileExistsError):
                    path.touch(exist_ok=False)
                    return path
        raise AssertionError("numbers do not end")


def _numbered(source: Path) -> Iterator[str]:
    """The names that a copy may get: its own first."""
    yield source.name
    for number in count(2):
        yield f"{source.stem} {number}{source.suffix}"


def _copy(source: Path, names: _Names, errand: Errand) -> int | None:
    """Copies a file, and gives its size; None where it was cancelled."""
    temporary = names.folder / f".tagger-{secrets.token_hex(6)}.tmp"
    try:
        with source.open("rb") as old, temporary.open("xb") as new:
            before = Stamp.from_status(os.fstat(old.fileno()))
            # No more than was there at first: a recording that goes on would never end.
            while piece := old.read(min(_PIECE, before.size - new.tell())):
                if errand.is_cancelled:
                    return None
                new.write(piece)
        if Stamp.of(source) != before or temporary.stat().st_size != before.size:
            raise OutputError(source, _CHANGED, "copy it again")
        os.utime(temporary, ns=(before.mtime_ns, before.mtime_ns))
        target = names.take(source)
        try:
            temporary.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise
        return before.size
    finally:
        temporary.unlink(missing_ok=True)


def _key(name: str) -> str:
    return name_key(name).casefold()


def _is_same(source: Path, there: Path) -> bool:
    try:
        return there.is_file() and filecmp.cmp(source, there, shallow=False)
    except OSError:
        return False


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(folder, f"cannot be made a folder: {reason_of(error)}", "choose another") from error


def _check_room(folder: Path, sources: Iterable[Path]) -> None:
    needed = 0
    for source in sources:
        with suppress(OSError):
            needed += source.stat().st_size
    free = shutil.disk_usage(folder).free
    if needed + _SPARE_BYTES > free:
        reason = f"there is no room: {size_words(needed)} are needed, {size_words(free)} are free"
        raise OutputError(folder, reason, "choose fewer files, or another disk")


def _by_instrument(catalog: Catalog, file_ids: Sequence[int], folder: Path) -> dict[int, Path]:
    records: dict[int, FileRecord] = {}
    for at in range(0, len(file_ids), _AT_ONCE):
        records |= catalog.records_at(file_ids[at : at + _AT_ONCE])
    return {each: folder / _folder_name(records.get(each)) for each in file_ids}


def _folder_name(record: FileRecord | None) -> str:
    """The surest instrument in words that every system takes for a name; a model may have labels of its own."""
    if record is None or not record.tags:
        return _UNSURE
    words = words_of(record.tags[0].label).translate(_NOT_IN_NAMES)
    return "".join(each for each in words if each.isprintable()).strip(" .") or _UNSURE
