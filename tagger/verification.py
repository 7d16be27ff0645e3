"""Proof that no audio changed since the catalog saw it: the hash of each file's audio against the one kept.

Tags, names and times may be others; samples may not. Files are hashed side by side, since a disk is faster when it is
asked for several at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tagger.catalog import Seen
from tagger.errors import DecodeError
from tagger.payload import payload_hash

_AT_A_TIME: Final = 4


class Finding(StrEnum):
    """How a file compares with what the catalog holds of it."""

    SAME = "same"
    DIFFERENT = "different"
    GONE = "gone"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Verified:
    """One file, compared.

    Attributes:
        path: the file.
        finding: how it compares.
        kept: the hash of its audio when it was analysed.
        found: the hash of its audio now; None where there is none.
        reason: why it could not be read; "" where it could.
    """

    path: Path
    finding: Finding
    kept: str
    found: str | None
    reason: str = ""


def verify(places: Iterable[Seen]) -> Iterator[Verified]:
    """Compares files with what the catalog holds of them, in the order given.

    Close the iterator to stop.
    """
    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        ahead: deque[Future[Verified]] = deque()
        try:
            for place in places:
                ahead.append(threads.submit(_compare, place))
                if len(ahead) > 2 * _AT_A_TIME:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for each in ahead:
                each.cancel()


def _compare(place: Seen) -> Verified:
    path, kept = place.path, place.payload_hash
    if not path.exists():
        return Verified(path, Finding.GONE, kept, None, "is not there any more")
    try:
        found = payload_hash(path)
    except DecodeError as error:
        return Verified(path, Finding.UNREADABLE, kept, None, error.reason)
    return Verified(path, Finding.SAME if found == kept else Finding.DIFFERENT, kept, found)
