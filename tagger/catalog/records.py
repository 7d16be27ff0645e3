"""The plain values that go into the catalog and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from tagger.results import Analysis, AudioFacts, Instrument, Kind

HUMAN: Final = "human"
"""The source of what a person said. Other sources are `vendor`, `filename`, and models as `name@version`."""


VENDOR: Final = "vendor"
"""The source of an instrument field that neither this program nor its user wrote into a file."""

FILENAME: Final = "filename"
"""The source of what the name of a file says."""


Position = tuple[str | int | float, ...]
"""Where a hit stands in the order of a search: what it is ordered by, and what tells equals apart."""


class LabelState(StrEnum):
    """What is held of a label."""

    PREDICTED = "predicted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of one path.

    Attributes:
        path: the file.
        size: in bytes, as it was when the file was read.
        mtime_ns: time of last change in ns, as it was when the file was read.
        result: the analysis, or the reason why there is none and never will be until the file changes.
    """

    path: Path
    size: int
    mtime_ns: int
    result: Analysis | str


class Known(NamedTuple):
    """What the catalog holds of one name in a folder; a tuple, since a run looks at each file's.

    Attributes:
        size: in bytes, when it was last read.
        mtime_ns: time of last change in ns, when it was last read.
        is_current: whether the model in question analysed it, or it is a problem.
        is_missing: whether it was gone when the folder was last looked at.
        problem: why it could not be analysed, or None.
    """

    size: int
    mtime_ns: int
    is_current: bool
    is_missing: bool
    problem: str | None


class Seen(NamedTuple):
    """One place of a recording; a tuple, since a check of the whole catalog looks at each.

    Attributes:
        path: where it is.
        payload_hash: of its audio, when it was last read.
        is_missing: whether it was gone when its folder was last looked at.
    """

    path: Path
    payload_hash: str
    is_missing: bool


class Sort(StrEnum):
    """What search results are ordered by."""

    CONFIDENCE = "confidence"
    NAME = "name"
    PATH = "path"
    DURATION = "duration"
    TEMPO = "tempo"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to find; a condition left empty holds for every file.

    Attributes:
        labels: the file has a tag that is one of these.
        families: the file has a tag in one of these families.
        min_confidence: the tag asked for, or the best one, is at least this sure, 0 to 1.
        max_confidence: it is at most this sure.
        kinds: the file is one of these kinds.
        tempo_min_bpm: lowest tempo; files without a tempo are out.
        tempo_max_bpm: highest tempo; files without a tempo are out.
        key: musical key, as "Am" or "F#".
        words: words of the path, in any order, each at least by its beginning.
        path: a folder, with all below it, or one file.
        is_reviewed: whether a person has judged any of its labels; None for either.
        sort: what the order is; None is by confidence where a tag is asked for, else by path. Where
            the order is by confidence or tempo, files without any are left out.
        descending: the other way round; None is best first for confidence, newest first for added,
            and ascending for the rest.
        limit: at most so many hits.
        after: where to go on: the `position` of the last hit so far, of the same query. What is added or
            dropped meanwhile moves nothing, so each file that stays is found once.
    """

    labels: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    min_confidence: float = 0.0
    max_confidence: float = 1.0
    kinds: tuple[Kind, ...] = ()
    tempo_min_bpm: float | None = None
    tempo_max_bpm: float | None = None
    key: str | None = None
    words: str = ""
    path: Path | None = None
    is_reviewed: bool | None = None
    sort: Sort | None = None
    descending: bool | None = None
    limit: int | None = None
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One file found.

    Attributes:
        id: of the place at which it is; it stays while the file is there.
        position: where it stands in the order of the search.
        path: where it is.
        best: the surest tag among those asked for, or of all; None where the model was unsure.
        tags: all that may be claimed, surest first.
        kind: one-shot, loop, track or silence.
        duration_s: length in seconds.
        tempo_bpm: of a loop, else None.
        key: of a loop, else None.
    """

    id: int
    position: Position
    path: Path
    best: Instrument | None
    tags: tuple[Instrument, ...]
    kind: Kind
    duration_s: float
    tempo_bpm: float | None
    key: str | None


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """One label that one source gave.

    Attributes:
        label: a leaf or family of the taxonomy.
        family: its family.
        confidence: 0 to 1; of a person, 1.
        source: `human`, `vendor`, `filename`, or a model as `name@version`.
        state: predicted, confirmed or rejected.
        is_tag: whether the source claims it, or only holds it for one of the most likely.
    """

    label: str
    family: str
    confidence: float
    source: str
    state: LabelState
    is_tag: bool


@dataclass(frozen=True, slots=True)
class FileRecord:
    """All that the catalog holds of the recording at one path.

    Attributes:
        path: where it is.
        size: in bytes, when it was last read.
        mtime_ns: time of last change in ns, when it was last read.
        facts: length, rate, channels, and the hash of the audio.
        kind: one-shot, loop, track or silence.
        tempo_bpm: of a loop, else None.
        key: of a loop, else None.
        tags: all that may be claimed after weighing every source, surest first.
        labels: what each source said, surest first.
        analysis: the newest one, as the model gave it.
        analysed_at: when that was, UTC.
        added_at: when the recording was first seen, UTC.
        is_missing: whether the file was gone when its folder was last looked at.
        same_audio: other paths with the same audio.
    """

    path: Path
    size: int
    mtime_ns: int
    facts: AudioFacts
    kind: Kind
    tempo_bpm: float | None
    key: str | None
    tags: tuple[Instrument, ...]
    labels: tuple[LabelRecord, ...]
    analysis: Analysis
    analysed_at: datetime
    added_at: datetime
    is_missing: bool
    same_audio: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be analysed.

    Attributes:
        path: where it is.
        size: in bytes, when it was last tried.
        mtime_ns: time of last change in ns, when it was last tried.
        reason: why, as one line.
    """

    path: Path
    size: int
    mtime_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stats:
    """The catalog in numbers. Each path counts, so that copies count as often as they are there.

    Attributes:
        files: paths with a recording.
        hours: their length in hours.
        duplicates: paths whose audio is also at another path, less one for each such recording.
        unsure: files without a tag, silence left out.
        problems: files that could not be analysed.
        by_label: files that have each tag, most first.
        by_family: files that have a tag in each family, most first.
        by_kind: files of each kind, most first.
    """

    files: int
    hours: float
    duplicates: int
    unsure: int
    problems: int
    by_label: dict[str, int]
    by_family: dict[str, int]
    by_kind: dict[Kind, int]
