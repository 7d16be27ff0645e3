"""Being a good neighbour: the least of the processor and of the disk, beside a DAW that needs both at once.

What children inherit differs between systems, so each worker process says it for itself.
"""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import Final

import psutil

_NICENESS: Final = 19
_DARWIN_PROCESS: Final = 4  # PRIO_DARWIN_PROCESS and PRIO_DARWIN_BG; sys/resource.h of macOS
_DARWIN_BACKGROUND: Final = 0x1000


def go_to_background() -> None:
    """Gives this process the lowest claim on processor and disk that the system has. Where it cannot, goes on."""
    process = psutil.Process()
    steps = []
    if sys.platform == "win32":
        steps.append(partial(process.nice, psutil.BELOW_NORMAL_PRIORITY_CLASS))
        steps.append(partial(process.ionice, psutil.IOPRIO_LOW))
    else:
        steps.append(partial(process.nice, _NICENESS))
    if sys.platform == "linux":
        steps.append(partial(process.ionice, psutil.IOPRIO_CLASS_IDLE))
    if sys.platform == "darwin":
        steps.append(_throttle_darwin)
    for step in steps:
        # A container may forbid it, and work matters more than its rank.
        with contextlib.suppress(psutil.Error, OSError):
            step()


def _throttle_darwin() -> None:
    import ctypes

    ctypes.CDLL(None).setpriority(_DARWIN_PROCESS, 0, _DARWIN_BACKGROUND)


class BackgroundAnalyser:
    """An analyser in a process of low priority that knows again what it heard before, wherever it is now.

    Args:
        model: the model file; None for the one that comes with the program.
        catalog: the catalog in which to look for known recordings.
    """

    def __init__(self, model: Path | None, catalog: Path) -> None:
        go_to_background()
        from tagger.analysis import Analyser
        from tagger.catalog import Catalog

        self._catalog = Catalog(catalog)
        self.analyse = Analyser(model, self._catalog.analysis_of).analyse
