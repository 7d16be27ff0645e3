"""What is really in a root: everything that touches its disk, on a thread of its own.

A share that no longer answers hangs whoever asks; here that is one thread of one root, while the rest goes
on. Nothing is concluded from a folder unless the root was the same before and after it was listed:
what vanishes with its disk is not deleted.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tagger.catalog.paths import folder_key
from tagger.catalog.roots import Root, identity_of
from tagger.errors import TaggerError, reason_of
from tagger.stamp import is_gone
from tagger.walk import Listing, Obstacle, scan

REPLACED: Final = "another folder is in its place; `tagger root add` accepts that one"
"""Why a root is held to be out of reach where something else stands in its place."""

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a root is there.

    Attributes:
        identity: what its folder is known by now; "" if it is not there.
        reason: why it is held to be out of reach, in words; None if it is not.
    """

    identity: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A folder to be looked at.

    Attributes:
        folder: the folder.
        is_deep: whether all below it is looked at too.
    """

    folder: Path
    is_deep: bool


@dataclass(slots=True)
class Looked:
    """The end of a look.

    Attributes:
        look: what was asked for.
        is_valid: whether the root was there all the time; if not, nothing follows from what was not seen.
        gone: folders that the catalog knows and that are there no more.
        files: audio files that were there.
        mounts: folders in the root on which another disk is mounted.
        seconds: how long it took.
    """

    look: Look
    is_valid: bool = False
    gone: list[Path] = field(default_factory=list)
    files: int = 0
    mounts: set[Path] = field(default_factory=set)
    seconds: float = 0.0


def probe(root: Root, witnesses: Callable[[], Sequence[tuple[Path, int]]]) -> Probe:
    """Finds out whether a root is there, and is still the folder it was.

    Another device or inode may be the same disk, plugged in elsewhere, or an empty mount point: the files
    that are known to be in it tell which.

    Args:
        root: the root.
        witnesses: gives files that are known to be in it.
    """
    try:
        identity = identity_of(root.path)
        with os.scandir(root.path):
            pass
    except FileNotFoundError:
        return Probe("", "is not there")
    except OSError as error:
        return Probe("", f"cannot be read: {reason_of(error)}")
    if root.identity in (None, identity):
        return Probe(identity)
    known = witnesses()
    if known and not any(path.exists() for path, _ in known):
        return Probe(identity, REPLACED)
    return Probe(identity)


def look_into(
    root: Root,
    look: Look,
    *,
    without: Collection[str],
    mounts: Collection[Path],
    known: Callable[[Path], Iterable[Path]],
    see: Callable[[Listing | Obstacle], bool],
) -> Looked:
    """Lists a folder of a root, and finds out which folders are gone.

    Args:
        root: the root.
        look: what to look at.
        without: keys of the folders that are roots of their own.
        mounts: folders in the root on which another disk was mounted; where it is not any more, nothing that is
            missing there is held to be gone.
        known: gives the folders at and below one that the catalog holds files of.
        see: takes what was seen, a folder at a time; says whether to go on.
    """
    started = time.monotonic()
    looked = Looked(look)
    listed = set()
    offline = tuple(folder_key(str(mount)) for mount in mounts if not _is_mount(mount))
    for each in scan(look.folder, without=without, is_deep=look.is_deep):
        if not _is_same(root):
            return looked
        if isinstance(each, Listing):
            key = folder_key(str(each.folder))
            listed.add(key)
            looked.files += len(each.files)
            if _is_mount(each.folder) and each.folder != root.path:
                looked.mounts.add(each.folder)
            if key.startswith(offline):
                each = replace(each, is_whole=False)
        if not see(each):
            return looked
    if look.is_deep or not listed:
        inner = (*without, *offline)
        left = [folder for folder in known(look.folder) if not folder_key(str(folder)).startswith(inner)]
        looked.gone = [folder for folder in left if folder_key(str(folder)) not in listed and is_gone(folder)]
    looked.is_valid = _is_same(root)
    looked.seconds = time.monotonic() - started
    return looked


def _is_mount(folder: Path) -> bool:
    """Whether a folder is on another device than the one that it is in."""
    try:
        return folder.stat().st_dev != folder.parent.stat().st_dev
    except OSError:
        return False


def _is_same(root: Root) -> bool:
    try:
        return identity_of(root.path) == root.identity
    except OSError:
        return False


class Hand:
    """Does one thing after another for a root, each on a thread that ends with it.

    Args:
        name: of its threads.
        wake: called from the thread when it is done.
    """

    def __init__(self, name: str, wake: Callable[[], None]) -> None:
        self._name = name
        self._wake = wake
        self._thread: threading.Thread | None = None
        self.is_busy = False
        """Whether it is at something."""
        self.since = 0.0
        """When it began what it is at, or was last seen to get on with it, in seconds of the monotonic clock."""

    def do(self, task: Callable[[], None]) -> None:
        """Begins something. It must not be busy."""
        self.is_busy, self.since = True, time.monotonic()
        # A thread that waits for a dead share must not keep the program from ending.
        self._thread = threading.Thread(target=self._do, args=(task,), name=self._name, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Waits for it to be done."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _do(self, task: Callable[[], None]) -> None:
        try:
            task()
        except TaggerError as error:
            # The catalog may be locked or full for a while; what is not answered is asked again.
            _LOG.error("%s", error)
        finally:
            self.is_busy = False
            self._wake()
