"""Writes what is known of files into them: shows first what would change, then does it, and can take it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from nicegui import ui

from daemon.output import count_words
from daemon.web.parts.asking import ask
from daemon.web.parts.dialogs import asking, discard
from daemon.web.parts.working import Working
from daemon.web.visit import Visit
from daemon.web.work import tagwriting
from daemon.web.work.errand import Errand
from daemon.web.work.tagwriting import Changes, Field, FileChange
from tagger.catalog.roots import in_charge
from tagger.errors import one_line
from tagger.writing import Selection

_SHOWN: Final = 30
_AT_A_GLANCE: Final = 3
_SUMMED: Final = 12
_NONE: Final = "nothing"


class WriteDialog:
    """The dialog.

    Args:
        visit: what the page works with.
        file_ids: of the files.
    """

    def __init__(self, visit: Visit, file_ids: Sequence[int]) -> None:
        self._visit = visit
        self._file_ids = file_ids
        self._working = Working()
        self._selection = Selection()
        self._hashes: Collection[str] = ()

    async def ask(self) -> None:
        """Shows what would change, and writes it if its user wants that."""
        files = "this file" if len(self._file_ids) == 1 else count_words(len(self._file_ids), "file")
        with asking(f"Write tags into {files}", classes="writing") as self._dialog:
            self._working.build()
            self._body = ui.element("div").classes("changes").props('role=group tabindex=0 aria-label="What changes"')
            self._remark = ui.label().classes("muted remark").props("role=status")
            with ui.row().classes("asking-buttons"):
                self._back = ui.button("Undo what was written", on_click=self._undo).props("flat no-caps")
                ui.space()
                self._no = ui.button("Cancel", on_click=self._leave).props("flat no-caps")
                self._yes = ui.button("Write", on_click=self._write).props("unelevated no-caps")
        self._dialog.open()
        try:
            await self._look()
            await self._dialog
        finally:
            self._working.cancel()
            discard(self._dialog)

    async def _look(self) -> None:
        """Shows what would be written."""
        self._buttons(yes=False, back=False)
        changes = await self._run("Looking at the files", lambda errand: self._write_all(errand, dry_run=True))
        paths, has_written = await ask(self._look_up) or ((), False)
        self._selection = Selection(paths=paths)
        if changes is not None:
            self._show(changes)
            self._remark.set_text(await ask(self._remark_on_roots, paths) or "")
        is_due = changes is not None and any(each.is_changed for each in changes.files)
        self._buttons(yes=is_due, back=has_written)

    async def _write(self) -> None:
        self._buttons(yes=False, back=False)
        changes = await self._run("Writing", lambda errand: self._write_all(errand, dry_run=False))
        if changes is not None:
            self._selection = Selection(batch_id=changes.batch_id)
            self._done(changes, can_undo=changes.batch_id is not None)

    async def _undo(self) -> None:
        self._buttons(yes=False, back=False)
        selection, catalog = self._selection, self._visit.backend.catalog
        changes = await self._run(
            "Taking it back", lambda errand: tagwriting.undo(catalog, selection, errand, dry_run=False)
        )
        if changes is not None:
            self._done(changes, can_undo=False)

    async def _run(self, words: str, function: Callable[[Errand], Changes]) -> Changes | None:
        self._dialog.props("persistent")
        changes = await self._working.run(words, function)
        self._dialog.props(remove="persistent")
        if isinstance(changes, str):
            self._body.clear()
            with self._body:
                ui.label(changes).classes("harsh")
            return None
        return changes

    def _done(self, changes: Changes, *, can_undo: bool) -> None:
        self._show(changes)
        early = ", stopped early" if changes.is_cancelled else ""
        self._remark.set_text(f"{changes.words[:1].upper()}{changes.words[1:]}{early}.")
        self._no.set_text("Close")
        self._buttons(yes=False, back=can_undo)
        self._visit.judged.emit(self._hashes)

    def _buttons(self, *, yes: bool, back: bool) -> None:
        self._yes.set_visibility(yes)
        self._back.set_visibility(back)

    def _leave(self) -> None:
        self._working.cancel()
        self._dialog.submit(None)

    def _write_all(self, errand: Errand, *, dry_run: bool) -> Changes:
        return tagwriting.write(self._visit.backend.catalog, self._file_ids, errand, dry_run=dry_run)

    def _look_up(self) -> tuple[tuple[Path, ...], bool]:
        """Where the files are, and whether anything was written into them that could be taken back."""
        catalog = self._visit.backend.catalog
        seen = catalog.seen_at(self._file_ids)
        self._hashes = {each.payload_hash for each in seen.values()}
        paths = tuple(each.path for each in seen.values())
        return paths, bool(catalog.journal.last_write_ids(paths)) if paths else False

    def _remark_on_roots(self, paths: Sequence[Path]) -> str:
        """That the daemon writes into some folders nothing by itself, and that this does not change that."""
        roots = self._visit.backend.catalog.roots.all()
        own = {root for path in paths if (root := in_charge(roots, path.parent)) is not None and not root.write}
        if not own:
            return ""
        names = ", ".join(sorted(root.path.name or str(root.path) for root in own))
        return f"New files in {names} get no tags by themselves. This writes into just the files chosen here."

    def _show(self, changes: Changes) -> None:
        """Files that change first; of many that change alike, one line."""
        changed = [each for each in changes.files if each.is_changed]
        troubled = [each for each in changes.files if each.problem]
        self._body.clear()
        with self._body:
            for trouble in troubled[:_SHOWN]:
                _trouble(trouble)
            _rest(len(troubled) - _SHOWN, "with a problem")
            if len(changed) > _AT_A_GLANCE:
                _summary(changed)
            for each in changed[:_SHOWN]:
                _change(each)
            _rest(len(changed) - _SHOWN, "that change")
            _unchanged([each for each in changes.files if not each.is_changed and not each.problem])
            for words in changes.recovered:
                ui.label(words).classes("muted")


def _summary(changed: Sequence[FileChange]) -> None:
    """How many files change alike, most first."""
    counts = Counter(each.words for each in changed)
    with ui.element("dl").classes("facts change-summary"):
        for words, count in counts.most_common(_SUMMED):
            with ui.element("dt"):
                ui.label(words.replace("->", "\u2192"))
            with ui.element("dd"):
                ui.label(count_words(count, "file"))


def _change(change: FileChange) -> None:
    with ui.element("div").classes("change"):
        ui.label(one_line(change.path.name)).classes("change-name").tooltip(one_line(change.path))
        layers = {field.layer for field in change.fields}
        for layer in sorted(layers):
            if layer:
                ui.label(layer).classes("section")
            for field in change.fields:
                if field.layer == layer:
                    _field(field)
        for kept in change.kept:
            ui.label(f"Left as it is: {kept}").classes("muted")


def _field(field: Field) -> None:
    with ui.element("div").classes("change-field"):
        ui.label(field.name).classes("muted")
        with ui.element("div"):
            ui.label(_NONE if field.before is None else one_line(field.before)).classes(
                "muted" if field.before is None else "before"
            )
            ui.icon("arrow_forward").props("aria-label=becomes role=img")
            ui.label(_NONE if field.after is None else one_line(field.after)).classes("after")


def _unchanged(files: Sequence[FileChange]) -> None:
    if files:
        stay = "stays as it is" if len(files) == 1 else "stay as they are"
        ui.label(f"{count_words(len(files), 'file')} {stay}.").classes("muted")
    for each in files[:_SHOWN]:
        if each.words:
            ui.label(f"{one_line(each.path.name)}: {each.words}").classes("muted path")


def _trouble(change: FileChange) -> None:
    ui.label(f"{one_line(change.path.name)}: {change.problem}").classes("harsh path")


def _rest(count: int, words: str) -> None:
    if count > 0:
        ui.label(f"and {count:,} more {words}").classes("muted")
