"""Confirm, reject, change: what people say in the library of the file looked at, or of all that are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.judging import Verdict
from daemon.output import count_words
from daemon.web.library.acts import Acts
from daemon.web.parts.asking import ask
from daemon.web.parts.label_chooser import choose_label
from daemon.web.parts.rows import Row
from daemon.web.visit import Note, Sound, Visit
from daemon.web.work.judging import Chosen


class Verdicts:
    """Judges what is chosen in the library.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._acts = Acts(visit)

    async def key(self, key: str) -> None:
        """Does what a key means here."""
        judges = {"c": self.confirm, "x": self.reject, "e": self.change}
        turns = {"u": self._acts.undo, "U": self._acts.redo}
        if key in judges:
            await judges[key]()
        elif key in turns:
            await turns[key]()

    async def confirm(self) -> None:
        """Says that what is claimed is right."""
        await self._judge("confirm")

    async def reject(self) -> None:
        """Says that nothing of what is claimed is right."""
        await self._judge("reject")

    async def change(self) -> None:
        """Asks what it is, and says that it is this and nothing else."""
        await self._ask("What is it?", "What are these {}?", "This, and nothing else.", verdict="correct")

    async def add(self) -> None:
        """Asks what is in it besides."""
        titles = ("What else is in it?", "What else is in these {}?")
        await self._ask(*titles, "What it has already stays.", verdict="confirm")

    async def of(self, file: Chosen, label: str, verdict: Verdict) -> None:
        """Says something of one label of a file that is shown."""
        await self._acts.judge([file], [label], verdict=verdict)

    async def _ask(self, of_one: str, of_many: str, remark: str, *, verdict: Verdict) -> None:
        meant = self._meant()
        if not meant:
            return
        title = of_one if len(meant) == 1 else of_many.format(count_words(len(meant), "file"))
        if (label := await choose_label(self._visit, title, remark)) is not None:
            await self._acts.judge(await self._files(meant), [label], verdict=verdict)

    async def _judge(self, verdict: Verdict) -> None:
        if meant := self._meant():
            await self._acts.judge(await self._files(meant), None, verdict=verdict)

    def _meant(self) -> Sequence[Sound]:
        """Several files that are chosen, or else the one that is looked at."""
        if len(self._visit.selected) > 1:
            return [row for row in self._visit.selected if row.payload_hash]
        if self._visit.looked_at is None:
            self._visit.told.emit(Note("Choose a file first"))
            return []
        return [self._visit.looked_at]

    async def _files(self, meant: Sequence[Sound]) -> list[Chosen]:
        """The same with the audio that was shown; where another part than the table did that, what it is now."""
        shown = [sound.chosen for sound in meant if isinstance(sound, Row) and sound.payload_hash]
        others = [sound.id for sound in meant if not isinstance(sound, Row)]
        seen = await ask(self._visit.backend.catalog.seen_at, others) if others else None
        return [*shown, *(Chosen(each, held.payload_hash) for each, held in (seen or {}).items())]
