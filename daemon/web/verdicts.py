"""Confirm, reject, change: what people say in the library of the file looked at, or of all that are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.judging import Verdict
from daemon.output import count_words
from daemon.web.acts import Acts
from daemon.web.asking import ask
from daemon.web.judging import Chosen
from daemon.web.label_chooser import choose_label
from daemon.web.visit import Note, Sound, Visit


class Verdicts:
    """Judges what is chosen in the library.

    Args:
        visit: what the page works with.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._acts = Acts(visit)
        self._looked_at: Sound | None = None

    def build(self) -> None:
        """Follows what is looked at."""
        self._visit.shown.subscribe(self._look)

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
        files = await self._files()
        title = "What is it?" if len(files) == 1 else f"What are these {count_words(len(files), 'file')}?"
        await self._ask(files, title, "This, and nothing else.", verdict="correct")

    async def add(self) -> None:
        """Asks what is in it besides."""
        files = await self._files()
        title = (
            "What else is in it?" if len(files) == 1 else f"What else is in these {count_words(len(files), 'file')}?"
        )
        await self._ask(files, title, "What it has already stays.", verdict="confirm")

    async def of(self, file: Chosen, label: str, verdict: Verdict) -> None:
        """Says something of one label of a file that is shown."""
        await self._acts.judge([file], [label], verdict=verdict)

    async def _ask(self, files: Sequence[Chosen], title: str, remark: str, *, verdict: Verdict) -> None:
        if files and (label := await choose_label(self._visit, title, remark)) is not None:
            await self._acts.judge(files, [label], verdict=verdict)

    async def _judge(self, verdict: Verdict) -> None:
        if files := await self._files():
            await self._acts.judge(files, None, verdict=verdict)

    async def _files(self) -> list[Chosen]:
        """Those that are meant: several that are chosen, or else the one that is looked at."""
        if len(self._visit.selected) > 1:
            return [row.chosen for row in self._visit.selected if row.payload_hash]
        if self._looked_at is None:
            self._visit.told.emit(Note("Choose a file first"))
            return []
        file_id = self._looked_at.id
        seen = await ask(self._visit.backend.catalog.seen_at, [file_id])
        return [Chosen(file_id, each.payload_hash) for each in (seen or {}).values()]

    def _look(self, sound: Sound | None) -> None:
        self._looked_at = sound
