"""Live 12's tags: a sidecar in each folder, since Live takes none from the audio files themselves.

Here our keywords are merged into it (`tagger.sidecar` knows its form). Nothing is read or written: bytes come in and go
out, the writing is somebody else's.

The sidecar has no place for a mark of ours. So whoever writes it remembers what we left there (`Merged.ours`) and
gives it back the next time; where that is lost, the mark in the audio file tells what was claimed, and `keywords`
what that made. The keywords of a sort, what sounds or which type it is, are changed only where they are exactly those
that we left; where anybody added, changed or removed one, they are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from tagger.results import Kind
from tagger.sidecar import Keywords, Sidecar, is_writable
from tagger.vocabulary import spelling_of

_FOLDER: Final = "Ableton Folder Info"
_NAME: Final = "dc66a3fa-0fe1-5352-91cf-3ec237e9ee90.xmp"
_TYPES: Final = {Kind.ONE_SHOT: "Type|One Shot", Kind.LOOP: "Type|Loop"}
_TYPE_GROUP: Final = "Type"
_INSTRUMENT_GROUPS: Final = frozenset({"Drums", "Sounds"})


@dataclass(frozen=True, slots=True)
class Merged:
    """A sidecar with our keywords in it.

    Attributes:
        data: the whole sidecar; None where there was none and none is needed. Nothing is to be written where it equals
            what was there.
        changes: the keywords before and after of each file whose keywords change.
        ours: what of each file's keywords is ours, to be given to the next merge; no file that has none.
        left_out: files whose names XML cannot hold.
    """

    data: bytes | None
    changes: Mapping[str, tuple[Keywords, Keywords]]
    ours: Mapping[str, Keywords]
    left_out: tuple[str, ...]


def sidecar_path(folder: Path) -> Path:
    """Where Live keeps the tags of the files in a folder; its own folder need not be there."""
    return folder / _FOLDER / _NAME


def keywords(labels: Sequence[str], kind: Kind, spellings: Mapping[str, str]) -> Keywords:
    """What Live calls a claim.

    Args:
        labels: that may be claimed, best first; none claims nothing, not even the type.
        kind: one-shots and loops have a keyword, others none.
        spellings: keywords by label that go before those of the vocabulary.
    """
    if not labels:
        return ()
    found = [spellings.get(label) or _spelt(label) for label in labels]
    return tuple(dict.fromkeys(filter(None, [*found, _TYPES.get(kind, "")])))


def merged(
    old: bytes | None,
    wanted: Mapping[str, Keywords],
    *,
    ours: Mapping[str, Keywords],
    now: datetime | None = None,
) -> Merged:
    """A sidecar in which files have our keywords, unless somebody else changed them.

    Args:
        old: the sidecar as it is; None if there is none.
        wanted: keywords by the names of files in the folder; no keywords take away what is ours. Files that are not
            named stay as they are.
        ours: what the last merge said is ours, by file name; may be of more files.
        now: when a new sidecar is made; by default now.

    Raises:
        ValueError: with the reason, if the sidecar cannot be changed safely.
    """
    sidecar = Sidecar(old)
    present = sidecar.keywords
    names = sidecar.names_of(filter(is_writable, wanted))
    changes: dict[str, tuple[Keywords, Keywords]] = {}
    still_ours: dict[str, Keywords] = {}
    for name, its_name in names.items():
        before = present.get(its_name, ())
        after, left = _decide(before, ours.get(name, ()), wanted[name])
        if after != before:
            changes[name] = (before, after)
        if left:
            still_ours[name] = left
    data = sidecar.written(
        {names[name]: after for name, (_, after) in changes.items()}, now or datetime.now().astimezone()
    )
    return Merged(data, changes, still_ours, tuple(name for name in wanted if name not in names))


def _spelt(label: str) -> str:
    spelling = spelling_of(label)
    return spelling.ableton if spelling else ""


def _decide(present: Keywords, left: Keywords, wanted: Keywords) -> tuple[Keywords, Keywords]:
    """The keywords a file is to have, and which of them count as ours.

    Args:
        present: all that it has.
        left: ours when we last wrote.
        wanted: ours now.
    """
    instruments = _INSTRUMENT_GROUPS.union(map(_group, left), map(_group, wanted)) - {_TYPE_GROUP}
    after, ours = list(present), []
    for groups in (instruments, {_TYPE_GROUP}):
        has, had, wants = ([each for each in them if _group(each) in groups] for them in (present, left, wanted))
        if set(has) != set(had):
            ours += had
            continue
        after = [each for each in after if each not in has or each in wants]
        after += [each for each in wants if each not in has]
        ours += wants
    return tuple(after), tuple(ours)


def _group(keyword: str) -> str:
    return keyword.partition("|")[0]
