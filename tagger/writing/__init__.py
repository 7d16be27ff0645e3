"""Writing tags into files, where that was asked for: what the catalog claims, journalled, and undone.

    writer ──── one file: a person's edits first, then claim, journal, commit        (claims, edits)
    sidecars ── one folder: what Ableton Live is told, journalled alike
    recovery ── what an earlier run was killed over
    undo ────── the way back, file by file, newest first
    selecting ─ which writes are meant
    moved ───── files that are not where they were written
    lock ────── one process at a time

Here the catalog, its journal and `tagger.tagfile` meet; none of them knows another.
"""

from tagger.writing.edits import TakenEdit, look_for_edit
from tagger.writing.lock import BusyError
from tagger.writing.recovery import Fate, Recovered
from tagger.writing.selecting import Selection, write_ids
from tagger.writing.undo import Outcome, Undoing, Undone
from tagger.writing.writer import Writer, Written, WrittenSidecar

__all__ = [
    "BusyError",
    "Fate",
    "Outcome",
    "Recovered",
    "Selection",
    "TakenEdit",
    "Undoing",
    "Undone",
    "Writer",
    "Written",
    "WrittenSidecar",
    "look_for_edit",
    "write_ids",
]
