"""The plain values that go into the catalog and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from tagger.catalog import paths
from tagger.results import Analysis, AudioFacts, Instrument, Kind

HUMAN: Final = "human"
"""The source of what a person said. Other sources are `vendor`, `filename`, and models as `name@version`."""


VENDOR: Final = "vendor"
"""The source of an instrument field that neither this program nor its user wrote into a file."""

FILENAME: Final = "filename"
"""The source of what the name of a file says."""


Position = tuple[str | int | float, ...]
"""Where a hit stands in the order of a search: what it is ordered by, and what tells equals apart."""


TempoRange = tuple[float | None, float | None]
"""Lowest and highest tempo in BPM; None where an end is open."""


class LabelState(StrEnum):
    """What is held of a label."""

    PREDICTED = "predicted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Review(StrEnum):
    """What people said of the labels of a recording."""

    PREDICTED = "predicted"
    """Nothing: all that is known was heard or read by a program."""
    CONFIRMED = "confirmed"
    """That it has some labels, and nothing against any."""
    CORRECTED = "corrected"
    """That it has some labels, and others not."""
    REJECTED = "rejected"
    """That it has some labels not, and nothing for any."""


REVIEWED: Final = (Review.CONFIRMED, Review.CORRECTED, Review.REJECTED)
"""Somebody said something."""


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
    KIND = "kind"
    KEY = "key"
    LABEL = "label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to find; a condition left empty holds for every file.

    Attributes:
        labels: the file has a tag that is one of these.
        families: the file has a tag in one of these families.
        min_confidence: the tag asked for, or the best one, is at least this sure, 0 to 1.
        max_confidence: it is at most this sure.
        kinds: the file is one of these kinds.
        tempo_ranges_bpm: its tempo is in one of these, ends included, None for an open end; files without a tempo
            are out.
        keys: its musical key is one of these, as "Am" or "F#".
        words: words of the path, in any order, each at least by its beginning.
        path: a folder, with all below it, or one file.
        folders: it is somewhere below a folder of one of these names, or at least of one that begins so, whatever
            the case. "Drums/Kicks" is Kicks in Drums, a separator at the end makes the name a whole one, and an
            absolute path is itself.
        reviews: people said one of these things of it.
        is_unsure: whether only such files are wanted of which nothing may be claimed; silence is none of them.
        is_missing: whether files are wanted that were gone when their folders were last looked at, in place of those
            that are there.
        sort: what the order is; None is by confidence where a tag is asked for, else by path. Where
            the order is by confidence, label, tempo or key, files without any are left out. The order by label goes on
            by confidence, that by kind by duration.
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
    tempo_ranges_bpm: tuple[TempoRange, ...] = ()
    keys: tuple[str, ...] = ()
    words: str = ""
    path: Path | None = None
    folders: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()
    is_unsure: bool = False
    is_missing: bool = False
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
        id: of the place at which it is; it stays while the file is there.
        path: where it is.
        size: in bytes, when it was last tried.
        mtime_ns: time of last change in ns, when it was last tried.
        reason: why, as one line.
    """

    id: int
    path: Path
    size: int
    mtime_ns: int
    reason: str

    @property
    def position(self) -> Position:
        """Where it stands in the order by path, in which problems are found."""
        folder, name = paths.split(self.path)
        return paths.folder_key(folder), paths.name_key(name)


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
