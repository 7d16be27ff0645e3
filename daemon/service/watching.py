"""Hints from the system that something happened in a root.

Each root is watched natively where its file system tells of changes and is on this machine, else only looked
through from time to time. A hint names a folder to be looked at, and nothing more: whether it comes
late, twice or never, a look finds what is there. Where hints were lost, the whole root is looked at.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from daemon.service.looking import Look
from tagger.audio import AUDIO_SUFFIXES
from tagger.errors import reason_of
from tagger.walk import is_passed_over

_EVENTS: Final = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
_REMOTE: Final = ("9p", "afpfs", "afs", "ceph", "cifs", "davfs", "fuse", "glusterfs", "lustre", "macfuse", "ncpfs",
                  "nfs", "osxfuse", "prl_fs", "smb", "sshfs", "vboxsf", "webdav")  # fmt: skip
_IN_DELETE_SELF: Final = 0x400
_SUFFIXES: Final = tuple(AUDIO_SUFFIXES)
_LIMITS: Final = {
    errno.ENOSPC: ("fs.inotify.max_user_watches", "524288"),
    errno.EMFILE: ("fs.inotify.max_user_instances", "1024"),
}


def tells_of_changes(folder: Path) -> bool:
    """Whether the file system of a folder tells of all changes; those of servers and FUSE do not."""
    path = os.path.realpath(folder)
    if path.startswith(("\\\\", "//")):
        return False
    mounts = [
        part
        for part in psutil.disk_partitions(all=True)
        if path == part.mountpoint or path.startswith(part.mountpoint.rstrip(os.sep) + os.sep)
    ]
    if not mounts:
        return True
    # What was mounted last on a place hides what was there before, and is listed last.
    at = max(reversed(mounts), key=lambda part: len(part.mountpoint))
    return not (at.fstype.lower().startswith(_REMOTE) or "remote" in at.opts.split(","))


def limit_words(error: OSError) -> str:
    """Why a folder cannot be watched, with what to do about it."""
    if sys.platform == "linux" and error.errno in _LIMITS:
        name, value = _LIMITS[error.errno]
        return (
            f"the system lets no more folders be watched, so it is looked through from time to time instead; "
            f"`sudo sysctl {name}={value}` raises the limit, a line `{name}={value}` in /etc/sysctl.d for good"
        )
    return f"cannot be watched, so it is looked through from time to time: {reason_of(error)}"


def check_limit(folder: Path) -> None:
    """Finds out whether the system lets another folder be watched.

    Raises:
        OSError: it does not, so that some may not be watched that should be.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    instance = libc.inotify_init()
    if instance < 0:
        raise OSError(ctypes.get_errno(), "no more instances")
    try:
        if libc.inotify_add_watch(instance, os.fsencode(folder), _IN_DELETE_SELF) < 0:
            raise OSError(ctypes.get_errno(), "no more watches")
    finally:
        os.close(instance)


class Watch:
    """A root that is watched natively, until it is closed.

    Args:
        root: its folder.
        hint: called from another thread with each folder that has to be looked at.
        lost: called from another thread when hints were lost.

    Raises:
        OSError: the system does not let it be watched.
    """

    def __init__(self, root: Path, *, hint: Callable[[Look], None], lost: Callable[[], None]) -> None:
        self._real = os.path.realpath(root)
        self._complaints = _Complaints(lost)
        self._observer = Observer()
        self._observer.daemon = True
        handler = _Handler(Path(self._real), root, hint)
        self._observer.schedule(handler, self._real, recursive=True, event_filter=_EVENTS)
        logging.getLogger("watchdog").addHandler(self._complaints)
        try:
            self._observer.start()
            # watchdog says nothing of a folder further down that it was not allowed to watch.
            check_limit(root)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Watches no longer."""
        logging.getLogger("watchdog").removeHandler(self._complaints)
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join(1.0)


class _Complaints(logging.Handler):
    """Takes what watchdog warns of (an overflow of the system's queue, a folder it could not follow) for lost hints."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - whatever it is, hints were lost
        self._lost()


class _Handler(FileSystemEventHandler):
    """Makes hints of events. Called for every one of them, so it has to be quick and must never fail."""

    def __init__(self, real: Path, root: Path, hint: Callable[[Look], None]) -> None:
        self._real = real
        self._root = root
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            if path:
                self._tell(os.fsdecode(path), is_folder=event.is_directory)

    def _tell(self, path: str, *, is_folder: bool) -> None:
        if not is_folder and not path.lower().endswith(_SUFFIXES):
            return
        try:
            below = Path(path).relative_to(self._real)
        except ValueError:
            return
        if any(is_passed_over(part) for part in below.parts):
            return
        self._hint(Look(self._root / below if is_folder else self._root / below.parent, is_deep=is_folder))
