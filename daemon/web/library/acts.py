"""What people say of files on the page, told to whoever shows these files, with the way back beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import PurePath

from daemon.judging import Verdict
from daemon.output import count_words
from daemon.web.parts.asking import ask, tell_problem
from daemon.web.visit import Note, Visit
from daemon.web.work.judging import Chosen, History, Judged
from tagger.errors import one_line


class Acts:
    """Judges for one view, which has a history of its own.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._history = History(visit.backend.catalog)

    async def judge(self, files: Sequence[Chosen], labels: Sequence[str] | None, *, verdict: Verdict) -> bool:
        """Keeps a verdict, as `History.judge` does; gives whether anything is otherwise now."""
        judged = await ask(self._history.judge, files, labels, verdict=verdict)
        return self._told(judged, self.undo)

    async def undo(self) -> bool:
        """Takes back the last act; gives whether anything is otherwise now."""
        return await self._turn(self._history.undo, "Nothing to undo", self.redo, "Redo")

    async def redo(self) -> bool:
        """Does again what was undone last; gives whether anything is otherwise now."""
        return await self._turn(self._history.redo, "Nothing to redo", self.undo, "Undo")

    async def _turn(
        self, turn: Callable[[], Judged | None], otherwise: str, back: Callable[[], Awaitable[object]], name: str
    ) -> bool:
        if self._history.undo_words is None and self._history.redo_words is None:
            self._visit.told.emit(Note(otherwise))
            return False
        judged = await ask(turn)
        if judged is None:
            self._visit.told.emit(Note(otherwise))
            return False
        return self._told(judged, back, name)

    def _told(self, judged: Judged | None, back: Callable[[], Awaitable[object]], name: str = "Undo") -> bool:
        if judged is None:
            return False
        if judged.left:
            tell_problem(_left_words(judged))
        if judged.hashes:
            self._visit.told.emit(Note(judged.words, name, back))
            self._visit.judged.emit(judged.hashes)
        elif not judged.left:
            self._visit.told.emit(Note(judged.words))
        return bool(judged.hashes)


def _left_words(judged: Judged) -> str:
    """Which files were left alone, and why."""
    if len(judged.left) == 1:
        path, reason = judged.left[0]
        return f"{one_line(PurePath(path).name) if path else 'A file'} was left alone: it {reason}."
    reasons = Counter(each.reason for each in judged.left)
    told = "; ".join(f"{count:,}: {reason}" for reason, count in reasons.most_common(3))
    return f"{count_words(len(judged.left), 'file')} were left alone. {told}."
