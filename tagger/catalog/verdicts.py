"""What people said of many recordings at once, and to put it back as it was.

A change names what it expects to find of each label and what it leaves. So a change turned round takes itself back,
and takes back no more: a recording of which somebody said something else meanwhile stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, select

from tagger.catalog import store
from tagger.catalog.records import HUMAN, LabelState
from tagger.catalog.schema import FILE, LABEL, SOURCE
from tagger.catalog.search import tags_of
from tagger.results import Instrument

_CHUNK: Final = 500


class Swap(NamedTuple):
    """A change of what a person says of one label; None is nothing."""

    before: LabelState | None
    after: LabelState | None

    def turned(self) -> Swap:
        """The way back."""
        return Swap(self.after, self.before)


Swaps: TypeAlias = Mapping[str, Swap]
"""Changes of what a person says of one recording, by label."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is held of a recording.

    Attributes:
        tags: what may be claimed, surest first.
        said: what people said of labels.
    """

    tags: tuple[Instrument, ...]
    said: Mapping[str, LabelState]


def opinions(connection: Connection, hashes: Collection[str]) -> dict[str, Opinion]:
    """What is held of recordings, by the hashes of their audio; those that there are not are left out."""
    found: dict[str, Opinion] = {}
    for chunk in _chunks(hashes):
        file_ids = _file_ids(connection, chunk)
        tags = tags_of(connection, file_ids.values())
        said = _said(connection, file_ids.values())
        found |= {each: Opinion(tags.get(file_id, ()), said[file_id]) for each, file_id in file_ids.items()}
    return found


def swap(connection: Connection, catalog_path: Path, swaps: Mapping[str, Swaps]) -> set[str]:
    """Changes what people say of recordings, given by the hashes of their audio.

    Args:
        connection: holds the write lock.
        catalog_path: what an error names.
        swaps: by hash.

    Returns:
        the hashes of those that are as wanted now; the others are not there, or something else had been said of them.

    Raises:
        CatalogError: there is no such label.
    """
    store.check_labels(connection, catalog_path, {label for each in swaps.values() for label in each})
    done: dict[str, int] = {}
    for chunk in _chunks(swaps):
        file_ids = _file_ids(connection, chunk)
        said = _said(connection, file_ids.values())
        done |= {
            payload_hash: file_id
            for payload_hash, file_id in file_ids.items()
            if all(said[file_id].get(label) is each.before for label, each in swaps[payload_hash].items())
        }
    wanted = {
        file_id: {label: each.after for label, each in swaps[payload_hash].items()}
        for payload_hash, file_id in done.items()
    }
    store.put_verdicts(connection, wanted)
    return set(done)


def _file_ids(connection: Connection, hashes: Collection[str]) -> dict[str, int]:
    rows = connection.execute(select(FILE.c.payload_hash, FILE.c.id).where(FILE.c.payload_hash.in_(hashes)))
    return {str(payload_hash): int(file_id) for payload_hash, file_id in rows}


def _said(connection: Connection, file_ids: Collection[int]) -> dict[int, dict[str, LabelState]]:
    human = select(SOURCE.c.id).where(SOURCE.c.name == HUMAN).scalar_subquery()
    rows = connection.execute(
        select(LABEL.c.file_id, LABEL.c.label, LABEL.c.state).where(
            LABEL.c.file_id.in_(file_ids), LABEL.c.source_id == human
        )
    )
    said: dict[int, dict[str, LabelState]] = defaultdict(dict)
    for file_id, label, state in rows:
        said[file_id][label] = LabelState(state)
    return said


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
