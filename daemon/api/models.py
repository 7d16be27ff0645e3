"""What goes over the wire, as it is documented. Times are ISO 8601 in UTC, durations in seconds, confidences 0 to 1."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tagger.catalog import LabelState, Review, Sort
from tagger.results import Kind

MOST_FILES: int = 500

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
PathText = Annotated[str, Field(min_length=1, max_length=4096)]
Names = Annotated[list[Text], Field(max_length=100)]
TEMPO: str = r"(\d{1,4}(\.\d{1,6})?(-(\d{1,4}(\.\d{1,6})?)?)?|-\d{1,4}(\.\d{1,6})?)"
"""How a tempo or a range of tempos is written."""

TempoText = Annotated[str, Field(pattern=f"^{TEMPO}$")]
KeyText = Annotated[str, Field(pattern="^[A-G][#b]?m?$")]
Hash = Annotated[str, Field(min_length=1, max_length=128)]


class Wire(BaseModel):
    """Base of all: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(Wire):
    """Base of what is sent as JSON, which has types of its own: no text is a number, and no number a truth value."""

    model_config = ConfigDict(strict=True)


class Filters(Wire):
    """What to find; a condition left out holds for every file. Several of one kind mean any of them."""

    label: Names = Field(
        default=[], description="The file has a tag that is one of these, by id, as /api/labels has them."
    )
    family: Names = Field(default=[], description="The file has a tag in one of these families.")
    min_confidence: Share = Field(default=0.0, description="The tag asked for, or the best one, is at least this sure.")
    max_confidence: Share = Field(default=1.0, description="It is at most this sure.")
    kind: Annotated[list[Kind], Field(max_length=10)] = Field(default=[], description="The file is one of these kinds.")
    tempo: Annotated[list[TempoText], Field(max_length=100)] = Field(
        default=[], description="Tempo in BPM: 120, or 90-100 with both ends, 90- or -100."
    )
    key: Annotated[list[KeyText], Field(max_length=100)] = Field(default=[], description="Musical key: Am, F#, Bbm.")
    words: str = Field(default="", max_length=200, description="Words of the path, each at least by its beginning.")
    under: PathText | None = Field(
        default=None, description="A folder in a watched folder, with all below it, or a file."
    )
    folder: Names = Field(default=[], description="The file is below a folder whose name begins so, whatever the case.")
    state: Annotated[list[Review], Field(max_length=10)] = Field(
        default=[], description="What people said of the file; `predicted` is nothing."
    )
    is_unsure: bool = Field(default=False, description="Only files of which nothing may be claimed, silence left out.")
    is_missing: bool = Field(default=False, description="Files that are gone, in place of those that are there.")


class Search(Filters):
    """A search, a page at a time."""

    sort: Sort | None = Field(
        default=None, description="What the order is; by default confidence where a tag is asked for, else path."
    )
    descending: bool | None = Field(default=None, description="The other way round, or not; by default best first.")
    limit: int = Field(default=50, ge=1, le=MOST_FILES, description="Files on a page.")
    cursor: str | None = Field(
        default=None, min_length=1, max_length=16384, description="`next` of the page before, of the same search."
    )


class Tag(Wire):
    """A label that may be claimed of a file."""

    label: str
    family: str
    confidence: Share


class FoundFile(Wire):
    """A file found."""

    id: int = Field(description="Of the place where the file is.")
    path: str
    kind: Kind
    duration_s: float
    tempo_bpm: float | None
    key: str | None
    tags: list[Tag] = Field(description="Surest first.")


class FilePage(Wire):
    """Files found, in order."""

    files: list[FoundFile]
    next: str | None = Field(description="To be sent as `cursor` for the next page; null on the last.")


class ProblemSearch(Wire):
    """Where to look for files that could not be analysed, a page at a time."""

    words: str = Field(default="", max_length=200, description="Words of the path, each at least by its beginning.")
    under: PathText | None = Field(
        default=None, description="A folder in a watched folder, with all below it, or a file."
    )
    folder: Names = Field(default=[], description="The file is below a folder whose name begins so, whatever the case.")
    limit: int = Field(default=50, ge=1, le=MOST_FILES, description="Files on a page.")
    cursor: str | None = Field(
        default=None, min_length=1, max_length=16384, description="`next` of the page before, of the same search."
    )


class FailedFile(Wire):
    """A file that could not be analysed, and will not be until it changes."""

    id: int = Field(description="Of the place where the file is.")
    path: str
    reason: str


class ProblemPage(Wire):
    """Files that could not be analysed, by path."""

    files: list[FailedFile]
    next: str | None = Field(description="To be sent as `cursor` for the next page; null on the last.")


class BandCount(Wire):
    """Files whose surest tag is so sure: from `from` on, below `to`; 1 is in the last."""

    min: Share
    max: Share
    files: int


class RootCount(Wire):
    """Files in a watched folder."""

    id: int
    path: str
    files: int


class FacetCounts(Wire):
    """The files of a search in numbers, most first. Copies count as often as they are there."""

    files: int
    labels: dict[str, int]
    families: dict[str, int]
    kinds: dict[Kind, int]
    roots: list[RootCount]
    confidence: list[BandCount]
    states: dict[Review, int] = Field(description="What people said of the files; `predicted` is nothing.")
    without_tag: int = Field(description="Files of which nothing may be claimed, silence too.")
    unsure: int = Field(description="The same, silence left out.")
    missing: int = Field(description="Files that are gone, in the whole catalog.")
    problems: int = Field(description="Files that could not be analysed, in the whole catalog.")
    as_of: datetime = Field(description="When this last was so; a little in the past while the catalog is written to.")


class SaidLabel(Tag):
    """What one source said of one label."""

    source: str = Field(description="`human`, `vendor`, `filename`, or a model as name@version.")
    state: LabelState
    is_tag: bool = Field(description="Whether the source claims it, or only holds it for one of the likeliest.")


class Recording(Wire):
    """What is known of the audio of a file."""

    payload_hash: str = Field(description="Identity of the audio, whatever the tags of the file.")
    duration_s: float
    sample_rate: int = Field(description="In Hz.")
    channels: int
    kind: Kind
    tempo_bpm: float | None
    key: str | None
    tags: list[Tag] = Field(description="What may be claimed after weighing every source, surest first.")
    candidates: list[Tag] = Field(description="The likeliest by the model, best first.")
    labels: list[SaidLabel]
    model: str = Field(description="As name@version.")
    analysed_at: datetime
    added_at: datetime
    same_audio: list[str] = Field(description="Other paths with the same audio.")


class FileDetail(Wire):
    """All that is known of a file. It has a recording or a problem."""

    id: int
    path: str
    size: int = Field(description="In bytes, when it was last read.")
    modified_s: float = Field(description="Time of last change when it was last read, in seconds since 1970.")
    is_missing: bool
    problem: str | None = Field(description="Why it could not be analysed.")
    recording: Recording | None
    in_file: dict[str, str] | None = Field(description="The instrument tags in the file; null if they cannot be read.")


class Verdict(Body):
    """What a person says of a file. It wins over every model, today's and later ones."""

    verdict: Literal["confirm", "reject", "correct"] = Field(
        description="`confirm`: it has these; `reject`: it has none of these; `correct`: it has these and no others."
    )
    labels: Annotated[list[Text], Field(min_length=1, max_length=100)] = Field(
        description="By id, as /api/labels has them."
    )
    payload_hash: Hash = Field(description="Of the recording that was judged, so that none is judged by mistake.")


class Label(Wire):
    """A label of the taxonomy."""

    label: str
    words: str
    family: str


class Labels(Wire):
    """The taxonomy."""

    families: dict[str, str] = Field(description="How each family reads.")
    labels: list[Label]
    others: list[str] = Field(description="Labels in the catalog that are not in the taxonomy, of models of one's own.")


class NewRoot(Body):
    """A folder to be watched."""

    path: PathText = Field(description="An existing folder, absolute.")
    write: bool = Field(default=False, description="Whether tags are written into the files in it.")
    ableton: bool = Field(default=False, description="Whether Ableton Live's file of tags is kept beside them.")
    poll: bool = Field(default=False, description="Whether not to rely on the system to tell of changes.")


class RootChange(Body):
    """What is to be otherwise with a watched folder; what is left out stays as it is."""

    is_paused: bool | None = Field(default=None, description="Whether nothing is done about it for now.")
    write: bool | None = Field(default=None, description="Whether tags are written into the files in it.")
    ableton: bool | None = Field(default=None, description="Whether Ableton Live's file of tags is kept beside them.")
    poll: bool | None = Field(default=None, description="Whether not to rely on the system to tell of changes.")


class Unreadable(Wire):
    """Something in a watched folder that could not be looked at."""

    path: str
    reason: str


class RootDetail(Wire):
    """A watched folder."""

    id: int
    path: str
    write: bool
    ableton: bool
    poll: bool
    is_paused: bool
    is_offline: bool
    reason: str | None = Field(description="Why it is offline.")
    state: str | None = Field(description="starting, offline, paused, scanning or watching; null without a daemon.")
    notice: str | None = Field(description="What its user should know.")
    is_told: bool | None = Field(description="Whether the system tells of changes in it; null without a daemon.")
    files: int | None = Field(description="Audio files in it when it was last looked through.")
    scanned_at: datetime | None = Field(description="When that was; null if it was not since the daemon began.")
    next_scan_at: datetime | None = Field(description="When it is looked through next.")
    unreadable: list[Unreadable] = Field(description="What stood in the way then, at most 100.")
    waiting: int = Field(description="Files that something is still to be done about.")
    retrying: int = Field(description="Those of them that wait for another try.")
    quarantined: int = Field(description="Files that are tried once a day only: they failed too often, or always will.")
    cancelled: int = Field(description="Files that a person took off.")


class FailedJob(Wire):
    """A file that failed, or was taken off."""

    path: str
    task: Literal["analyse", "tags"]
    tries: int = Field(description="How often it failed for a reason that may pass.")
    is_quarantined: bool = Field(description="Whether it failed so often that it is tried once a day only.")
    is_cancelled: bool = Field(description="Whether a person took it off.")
    reason: str | None
    next_try_at: datetime | None = Field(description="Null where it is not tried before it changes.")


class Work(Wire):
    """How far the work is."""

    is_running: bool = Field(description="Whether a daemon works on this.")
    is_paused: bool
    holds: list[str] = Field(description="Why it rests, in words; empty if it does not.")
    fault: str | None = Field(description="Why nothing can be done though nothing holds it.")
    done: int
    waiting: int = Field(description="Files to be done.")
    later: int = Field(description="Files that wait for a folder that is paused or offline, or for another try.")
    quarantined: int
    cancelled: int
    per_s: float
    eta_s: float | None
    failed: list[FailedJob] = Field(description="Most often tried first, at most 500.")
    failed_files: int = Field(description="How many that would be without a limit.")


class Place(Body):
    """Where something is to be done."""

    under: PathText | None = Field(default=None, description="A folder in a watched folder, or a file; null for all.")


class Folder(Body):
    """Where something is to be done."""

    under: PathText = Field(description="A folder in a watched folder, or a file.")


class Count(Wire):
    """How many files something was done about."""

    files: int


class Health(Wire):
    """Whether all is well."""

    status: Literal["working", "resting", "fault", "stopped"]
    version: str
    detail: str | None = Field(description="What is wrong, or why it rests.")


class Model(Wire):
    """Which model listens, and whose word counts."""

    model: str = Field(description="What listens, as name@version.")
    accepted: str = Field(description="Whose analyses count; an older one until a person accepts the new one.")
    recordings: dict[str, int] = Field(description="How many recordings each model heard, most first.")


class TimelineWish(Wire):
    """How a timeline is to be made, as by `tagger timeline`."""

    window_s: float = Field(default=3.0, ge=0.1, le=60, description="Length of a window.")
    hop_s: float = Field(default=1.5, ge=0.05, le=3600, description="Between the starts of two windows.")
    label_set: Literal["own", "families", "irmas", "openmic", "nsynth"] = "own"
    aggregation: Literal["strongest", "mean", "max"] = "strongest"
    smoothing: Literal["none", "mean", "median"] = "none"
    smoothing_s: float = Field(default=4.5, ge=0, le=3600, description="Width of the smoothing.")
    threshold: Share | None = Field(default=None, description="From which on an instrument counts as heard.")
    off_ratio: Share = Field(default=0.5, description="Below this share of its threshold an instrument goes off.")
    min_duration_s: float = Field(default=0.0, ge=0, le=3600, description="What lasts less is left out.")


class PeaksWish(Wire):
    """How a waveform is to be drawn."""

    points: int = Field(default=1000, ge=16, le=2000, description="Columns, at most.")


class Peaks(Wire):
    """A waveform, in columns of equal length from the beginning to the end."""

    duration_s: float
    peak: float = Field(ge=0, description="The greatest amplitude, of which the columns are shares; full scale is 1.")
    low: list[int] = Field(description="The least sample of each column, -127 to 127 for minus and plus `peak`.")
    high: list[int] = Field(description="The greatest.")
    is_sketch: bool = Field(description="Whether only a part of each column was looked at, as the file is long.")


class SpectrogramWish(Wire):
    """How a mel spectrogram is to be drawn."""

    width: int = Field(default=1200, ge=16, le=4000, description="In pixels.")
    height: int = Field(default=160, ge=16, le=1000, description="In pixels.")
    theme: Literal["light", "dark"] = "dark"
