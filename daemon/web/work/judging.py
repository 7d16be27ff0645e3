"""What a person says of many files at once: confirmed, rejected, corrected, undone and redone.

A verdict is of a recording, by the hash of its audio, since the file that was shown may hold another by now. Each act
is one transaction, which notes what people had said before of just the labels that it touches; to undo it puts that
back and nothing else. A recording of which somebody, here or elsewhere, has since said something else about one of
those labels is left alone and named. The history is that of one session of the page, and is forgotten with it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from daemon.judging import Verdict, verdicts_on
from daemon.output import count_words
from tagger.catalog import Catalog, Opinion, Seen, Swap, Swaps
from tagger.taxonomy import words_of

MOST_ACTS: Final = 100

_DONE: Final = {"confirm": "Confirmed", "reject": "Rejected", "correct": "Changed"}
_OTHER_AUDIO: Final = "holds another recording than the one that was shown"
_GONE: Final = "is not in the catalog any more"
_SAID_SINCE: Final = "somebody has said something else of it since"


class Chosen(NamedTuple):
    """A file as it was shown to the person who judges it.

    Attributes:
        id: of its place, as in `Hit.id`.
        payload_hash: of the audio that it held then.
    """

    id: int
    payload_hash: str


class LeftAlone(NamedTuple):
    """A file to which nothing was done.

    Attributes:
        path: the file; None if it is not known any more.
        reason: why, in words that go after its name.
    """

    path: Path | None
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of an act, or of undoing or redoing it.

    Attributes:
        words: what was done, as in "Rejected Snare for 12 files".
        files: how many files it was done to; those that were so already are not among them.
        left: the files that were left alone.
        hashes: of the recordings of which something else is said now.
    """

    words: str
    files: int
    left: tuple[LeftAlone, ...] = ()
    hashes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Act:
    words: str
    swaps: Mapping[str, Swaps]
    paths: Mapping[str, Sequence[Path]]

    def of(self, hashes: Collection[str]) -> _Act:
        """The part of it that is of some recordings."""
        return _Act(self.words, {each: self.swaps[each] for each in self.swaps if each in hashes}, self.paths)

    def turned(self) -> Mapping[str, Swaps]:
        return {each: {label: one.turned() for label, one in swaps.items()} for each, swaps in self.swaps.items()}


class History:
    """Judges files, and keeps the way back. Any thread may use it.

    Args:
        catalog: open for as long as this is used.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._done: deque[_Act] = deque(maxlen=MOST_ACTS)
        self._undone: list[_Act] = []

    @property
    def undo_words(self) -> str | None:
        """What `undo` would take back, as in "Rejected Snare for 12 files"; None if there is nothing."""
        done = self._done
        return done[-1].words if done else None

    @property
    def redo_words(self) -> str | None:
        """What `redo` would do again; None if there is nothing."""
        undone = self._undone
        return undone[-1].words if undone else None

    def judge(self, chosen: Sequence[Chosen], labels: Sequence[str] | None, *, verdict: Verdict) -> Judged:
        """Keeps a verdict on files.

        Args:
            chosen: the files; of copies, each.
            labels: by id, of the taxonomy or as the catalog has them; None for what is claimed of each.
            verdict: `confirm`: they have these; `reject`: they have none of these; `correct`: these and no others.

        Raises:
            CatalogError: there is no such label; then nothing is kept.
        """
        with self._lock:
            paths, left = self._found(chosen)
            opinions = self._catalog.opinions(paths.keys())
            meant = {each: _meant(held, labels) for each, held in opinions.items()}
            swaps = {each: _swaps(held, meant[each], verdict=verdict) for each, held in opinions.items()}
            wanted = {each: one for each, one in swaps.items() if one}
            done = self._catalog.swap_verdicts(wanted)
            files = sum(len(paths[each]) for each in done)
            left += [LeftAlone(path, _SAID_SINCE) for each in wanted.keys() - done for path in paths[each]]
            if not done:
                return Judged("Nothing changed", 0, tuple(left))
            words = _words([meant[each] for each in done], [path for each in done for path in paths[each]], verdict)
            self._done.append(_Act(words, wanted, paths).of(done))
            self._undone.clear()
            return Judged(words, files, tuple(left), frozenset(done))

    def undo(self) -> Judged | None:
        """Takes back the last act where nobody said something else since; None if there is none."""
        with self._lock:
            if not self._done:
                return None
            act = self._done[-1]
            done, judged = self._swap(act, act.turned(), "Undone")
            self._done.pop()
            if done:
                self._undone.append(act.of(done))
            return judged

    def redo(self) -> Judged | None:
        """Does again what was undone last where nobody said something else since; None if there is none."""
        with self._lock:
            if not self._undone:
                return None
            act = self._undone[-1]
            done, judged = self._swap(act, act.swaps, "Done again")
            self._undone.pop()
            if done:
                self._done.append(act.of(done))
            return judged

    def _swap(self, act: _Act, swaps: Mapping[str, Swaps], what: str) -> tuple[Collection[str], Judged]:
        done = self._catalog.swap_verdicts(swaps)
        files = sum(len(act.paths[each]) for each in done)
        left = tuple(LeftAlone(path, _SAID_SINCE) for each in swaps if each not in done for path in act.paths[each])
        words = f"{what}: {act.words}" if done else f"Not {what.lower()}: {act.words}"
        return done, Judged(words, files, left, frozenset(done))

    def _found(self, chosen: Sequence[Chosen]) -> tuple[dict[str, list[Path]], list[LeftAlone]]:
        """The files by the recordings that they still hold, and those that hold others."""
        held = self._catalog.seen_at([each.id for each in chosen])
        paths: dict[str, list[Path]] = {}
        left: list[LeftAlone] = []
        for each in dict.fromkeys(chosen):
            seen: Seen | None = held.get(each.id)
            if seen is not None and seen.payload_hash == each.payload_hash:
                paths.setdefault(each.payload_hash, []).append(seen.path)
            else:
                left.append(LeftAlone(seen.path, _OTHER_AUDIO) if seen else LeftAlone(None, _GONE))
        return paths, left


def _swaps(held: Opinion, labels: Sequence[str], *, verdict: Verdict) -> dict[str, Swap]:
    """What a verdict changes of what people said; what is said already is left out."""
    wanted = verdicts_on(held.tags, labels, verdict=verdict)
    return {
        label: Swap(held.said.get(label), state) for label, state in wanted.items() if held.said.get(label) is not state
    }


def _meant(held: Opinion, labels: Sequence[str] | None) -> Sequence[str]:
    return [tag.label for tag in held.tags] if labels is None else labels


def _words(labels: Sequence[Sequence[str]], paths: Sequence[Path], verdict: Verdict) -> str:
    """What was done, given the labels of each recording."""
    files = paths[0].name if len(paths) == 1 else count_words(len(paths), "file")
    if any(each != labels[0] for each in labels):
        return f"{_DONE[verdict]} the tags of {files}"
    names = ", ".join(map(words_of, labels[0]))
    return f"{_DONE[verdict]} {files} to {names}" if verdict == "correct" else f"{_DONE[verdict]} {names} for {files}"
