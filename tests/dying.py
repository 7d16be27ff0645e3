"""Processes that die at a step of their own choice, as in a crash or a power cut: without any chance to tidy up."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any, Final

CHANGES: Final = frozenset(
    {
        *("write", "writelines", "flush", "truncate", "ftruncate", "fsync", "close", "__exit__", "pwrite"),
        *("open", "replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "copy_file_range", "sendfile"),
        *("posix_fallocate", "utime", "chmod", "chown", "setxattr"),
    }
)
"""Names of the system's and the standard library's calls by which files change."""

_PROCESSES: Final[Any] = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
_PROCESSES.set_forkserver_preload(["tests.test_kills", "tests.test_writing_kills"])
_KILLED: Final = {-signal.SIGKILL, -signal.SIGXFSZ} if sys.platform != "win32" else {signal.SIGTERM}


def die() -> None:
    """Ends this process at once."""
    os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


def die_before(calls: int, names: Collection[str], *, when: Callable[[], bool] = lambda: True) -> None:
    """From now on, counts calls of functions written in C that have one of the names, and dies before the last.

    Args:
        calls: how many.
        names: of functions.
        when: whether a call counts.
    """
    made = 0

    def count(_frame: FrameType, event: str, called: object) -> None:
        nonlocal made
        if event == "c_call" and getattr(called, "__name__", "") in names and when():
            made += 1
            if made == calls:
                die()

    sys.setprofile(count)


def lives(work: Callable[..., None], *args: object) -> bool:
    """Whether a process that does some work comes to its end; it may also be killed, but not fail."""
    process = _PROCESSES.Process(target=work, args=args)
    process.start()
    process.join(60)
    assert process.exitcode == 0 or process.exitcode in _KILLED
    return bool(process.exitcode == 0)
