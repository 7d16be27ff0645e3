"""What the process that listens for people does: timelines as JSON, what was heard as it is, and reports.

Reports are drawn here too: what draws them takes more memory than the whole daemon, and is gone with the process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

import numpy as np

from daemon.api.workers import tell
from tagger.errors import DecodeError
from tagger.frontend import Samples
from tagger.kind import LONGEST_LOOP_S
from tagger.results import AudioFacts, Kind
from tagger.timeline import Timeline, TimelineSettings

if TYPE_CHECKING:
    from tagger.trace import Trace

MOST_WINDOWS: Final = 20_000
"""Of one file; four hours of them every 0.75 s."""

_TOLD_EVERY_S: Final = 0.2


class SupportsTimeline(Protocol):
    """What listens, as `tagger.analysis.Analyser`."""

    def analyse_over_time(self, path: Path, settings: TimelineSettings) -> Timeline:
        """What plays when in a file, or raises a `TaggerError`."""

    def trace(
        self, path: Path, *, window_s: float, hop_s: float, watch: Callable[[Samples, AudioFacts], None]
    ) -> Trace:
        """What is heard in a file over time, or raises a `TaggerError`."""


class Hearing(NamedTuple):
    """How a file is to be listened to.

    Attributes:
        window_s: length of a window, in seconds.
        hop_s: between the starts of two windows, in seconds.
    """

    window_s: float
    hop_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a file.

    Attributes:
        trace: over time.
        tempo_bpm: of a loop, else None.
        key: of a loop, as "Am" or "F#", else None.
    """

    trace: Trace
    tempo_bpm: float | None
    key: str | None


class Export(NamedTuple):
    """A report that is wanted.

    Attributes:
        timeline: what it is of.
        form: name of a format, as in `tagger.reports.FORMATS`.
        to: where it is written.
        tempo_bpm: of formats that count in beats; None for the usual.
        theme: of pictures.
    """

    timeline: Timeline
    form: str
    to: Path
    tempo_bpm: float | None = None
    theme: Literal["light", "dark"] = "light"


class Listener:
    """Listens, in a process of its own.

    Args:
        make_analyser: makes what listens.
    """

    def __init__(self, make_analyser: Callable[[], SupportsTimeline]) -> None:
        self._analyser = make_analyser()

    def answer(self, path: Path, question: TimelineSettings | Hearing | Export) -> Any:
        """A timeline as JSON; what was heard; or None when a report is written."""
        if isinstance(question, Hearing):
            return self._hear(path, question)
        if isinstance(question, Export):
            return _write(path, question)
        from tagger.reports.document import document

        return json.dumps(document(self._analyser.analyse_over_time(path, question))).encode()

    def rest(self) -> None:
        """Holds nothing open."""

    def _hear(self, path: Path, wanted: Hearing) -> Heard:
        watcher = _Watcher(path, wanted)
        trace = self._analyser.trace(path, window_s=wanted.window_s, hop_s=wanted.hop_s, watch=watcher.watch)
        if trace.kind is not Kind.LOOP:
            return Heard(trace, None, None)
        from tagger.musical import tempo_and_key

        return Heard(trace, *tempo_and_key(np.concatenate(watcher.kept), trace.facts.sample_rate))


class _Watcher:
    """Sees what is listened to: tells how far it is, keeps what may be a loop, and ends what would never end."""

    def __init__(self, path: Path, wanted: Hearing) -> None:
        self.kept: list[Samples] = []
        self._path = path
        self._hop_s = wanted.hop_s
        self._done_s = 0.0
        self._told_at_s = 0.0

    def watch(self, block: Samples, facts: AudioFacts) -> None:
        self._done_s += len(block) / facts.sample_rate
        if self._done_s <= LONGEST_LOOP_S:
            self.kept.append(block)
        else:
            self.kept.clear()
        duration_s = max(self._done_s, facts.duration_s)
        if duration_s / self._hop_s > MOST_WINDOWS:
            least_s = duration_s / MOST_WINDOWS
            raise DecodeError(self._path, "is too long for steps so short", f"choose steps of {least_s:.2f} s or more")
        if time.monotonic() - self._told_at_s > _TOLD_EVERY_S:
            self._told_at_s = time.monotonic()
            tell(self._done_s / duration_s)


def _write(path: Path, wanted: Export) -> None:
    from tagger.pictures.overview import overview
    from tagger.reports import DEFAULT_TEMPO_BPM, FORMATS, Material

    form = FORMATS[wanted.form]
    material = Material(
        heard=wanted.timeline,
        overview=overview(path) if form.needs_overview else None,
        tempo_bpm=wanted.tempo_bpm or DEFAULT_TEMPO_BPM,
        theme=wanted.theme,
    )
    form.write(wanted.to, material)
