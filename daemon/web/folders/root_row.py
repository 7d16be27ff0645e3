"""One watched folder: its row, its switches, and its menu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from daemon.api import folders, models, work
from daemon.output import count_words
from daemon.service import events
from daemon.service.looking import REPLACED
from daemon.web.parts import saying
from daemon.web.parts.asking import ask, tell
from daemon.web.parts.dialogs import confirm, copy
from daemon.web.visit import Visit

_WRITE = (
    "What it hears goes into the instrument field of each file, where that is empty or was filled by it before.",
    "Tags that you or a vendor wrote are never touched, and neither is the audio.",
    "Files keep their modification time.",
    "All of it can be taken back, by tagger undo too.",
)
_ABLETON = (
    "Live 12 keeps the tags of a folder in a file beside the samples. What is heard is added to that file.",
    "Tags of yours in it stay.",
    "Live shows them when it looks through the folder the next time.",
)
_REMOVE = (
    "The files stay as they are, and so do tags that were written into them.",
    "What is known of them stays in the library, what you said of them too.",
    "What is new or changed there is not listened to any more.",
)
_CANCEL = (
    "They are not listened to, or tagged, until they change or you have them tried again.",
    "All other folders go on.",
)


class RootRow:
    """The row, made in the place that is open.

    Args:
        visit: what the page works with.
        changed: called after something was changed.
        show_trouble: shows which files of a folder failed, by its path.
        at: where it stands among the others.
    """

    def __init__(self, visit: Visit, changed: Callable[[], None], show_trouble: Callable[[str], None], at: int) -> None:
        self._visit = visit
        self._changed = changed
        self._show_trouble = show_trouble
        self._root: models.RootDetail
        self._shown: tuple[object, ...] = ()
        self._row = ui.element("li").classes("root")
        self._row.move(target_index=at)
        with self._row:
            self._build()

    def _build(self) -> None:
        self._light = ui.element("span").classes("tone").props("aria-hidden=true")
        with ui.element("div").classes("root-words"):
            with ui.element("div").classes("root-title"):
                self._name = ui.label().classes("root-name").props("role=heading aria-level=2")
                self._place = ui.label().classes("muted root-place")
            with ui.element("div").classes("root-state"):
                self._state = ui.label().classes("state")
                self._detail = ui.label().classes("muted")
                self._failed = ui.button(on_click=lambda: self._show_trouble(self._root.path), color=None)
                self._failed.props("flat no-caps dense size=sm").classes("root-failed")
                self._unread = ui.button(on_click=self._show_unread).props("flat no-caps dense size=sm")
            self._notice = ui.label().classes("root-notice")
        self._files = ui.label().classes("root-files")
        with ui.element("div").classes("root-switches"):
            self._write = ui.switch("Write tags", on_change=self._turn_write).props("dense")
            self._ableton = ui.switch("Ableton", on_change=self._turn_ableton).props("dense")
            self._write.tooltip("Whether what it hears goes into the files")
            self._ableton.tooltip("Whether Ableton Live is told too, where tags are written")
        with ui.element("div").classes("root-buttons"):
            self._pause = ui.button(on_click=self._turn_pause, color=None).props("flat round dense")
            with ui.button(icon="more_vert", color=None).props("flat round dense") as self._more, ui.menu():
                self._build_menu()

    def _build_menu(self) -> None:
        self._accept = ui.menu_item("Watch the folder that is there now", self._take_as_it_is)
        self._scan = ui.menu_item("Look through it now", self._look_through)
        ui.menu_item("Show in library", self._show_in_library)
        ui.menu_item("Copy path", lambda: copy(self._root.path, "Path"))
        ui.separator()
        with ui.menu_item(on_click=lambda: self._change(poll=not self._root.poll)), ui.item_section():
            self._poll_words = ui.label()
        self._retry = ui.menu_item("Try again what failed or was left out", self._try_again)
        with ui.menu_item(on_click=self._leave_out) as self._cancel, ui.item_section():
            self._cancel_words = ui.label()
        ui.separator()
        ui.menu_item("Stop watching it", self._remove).classes("harsh")

    def show(self, root: models.RootDetail, now: models.Work, *, files: int | None, failed: int) -> None:
        """Shows how it is."""
        looks = "" if root.is_offline or root.is_paused else saying.looks_words(root, saying.now())
        condition, path = saying.of_root(root, now), PurePath(root.path)
        shown = (root, condition, looks, files, failed)
        if shown == self._shown:
            return
        self._root, self._shown = root, shown
        self._light.classes(replace=f"tone {condition.tone}")
        self._name.set_text(path.name or root.path)
        self._place.set_text(str(path.parent))
        self._state.set_text(condition.words)
        self._state.classes(replace=f"state {condition.tone}")
        self._detail.set_text(" · ".join(filter(None, (condition.detail, looks))))
        self._failed.set_text(count_words(failed, "file") + " failed")
        self._failed.set_visibility(bool(failed))
        self._unread.set_text(count_words(len(root.unreadable), "place") + " could not be read")
        self._unread.set_visibility(bool(root.unreadable))
        self._notice.set_text(root.notice or "")
        self._notice.set_visibility(bool(root.notice))
        self._files.set_text("" if files is None else count_words(files, "file"))
        self._show_controls(root, failed)

    def _show_controls(self, root: models.RootDetail, failed: int) -> None:
        name = saying.name_of(root.path)
        self._write.set_value(root.write)
        self._ableton.set_value(root.ableton)
        self._ableton.set_enabled(root.write or root.ableton)
        self._write.props(f'aria-label="Write tags in {_quoted(name)}"')
        self._ableton.props(f'aria-label="Tell Ableton Live of {_quoted(name)}"')
        words = f"{'Go on with' if root.is_paused else 'Pause'} {_quoted(name)}"
        self._pause.props(f'icon={"play_arrow" if root.is_paused else "pause"} aria-label="{words}"')
        self._more.props(f'aria-label="More about {_quoted(name)}"')
        self._scan.set_visibility(not (root.is_paused or root.is_offline) and self._visit.backend.engine is not None)
        self._accept.set_visibility(root.reason == REPLACED and self._visit.is_local)
        self._retry.set_visibility(bool(failed or root.quarantined or root.cancelled))
        self._cancel.set_visibility(bool(root.waiting))
        self._poll_words.set_text(
            "Rely on the system to tell of changes" if root.poll else "Look for changes from time to time only"
        )
        self._cancel_words.set_text(f"Leave out what waits ({root.waiting:,})")

    def narrow(self, words: list[str]) -> bool:
        """Shows it only if its path has all words; gives whether it does."""
        is_meant = all(word in self._root.path.casefold() for word in words)
        self._row.set_visibility(is_meant)
        return is_meant

    def delete(self) -> None:
        """Takes it away."""
        self._row.delete()

    # What its switches, buttons and menu do.

    async def _change(
        self,
        *,
        is_paused: bool | None = None,
        write: bool | None = None,
        ableton: bool | None = None,
        poll: bool | None = None,
    ) -> None:
        backend = self._visit.backend
        wanted = models.RootChange(is_paused=is_paused, write=write, ableton=ableton, poll=poll)
        await ask(folders.change, backend.catalog, backend.engine, self._root.id, wanted)
        self._changed()

    async def _turn_pause(self) -> None:
        await self._change(is_paused=not self._root.is_paused)

    async def _turn_write(self, event: ValueChangeEventArguments[bool | None]) -> None:
        if event.value in (None, self._root.write):
            return
        name = saying.name_of(self._root.path)
        if event.value and not await confirm(f"Write tags into the files in {name}?", _WRITE, "Write tags"):
            self._write.set_value(False)
            return
        await self._change(write=event.value)
        tell(f"Tags are written in {name} from now on" if event.value else f"No more tags are written in {name}")

    async def _turn_ableton(self, event: ValueChangeEventArguments[bool | None]) -> None:
        if event.value in (None, self._root.ableton):
            return
        name = saying.name_of(self._root.path)
        if event.value and not await confirm(f"Tell Ableton Live what is in {name}?", _ABLETON, "Tell Live"):
            self._ableton.set_value(False)
            return
        await self._change(ableton=event.value)

    async def _look_through(self) -> None:
        backend = self._visit.backend
        if await ask(folders.scan, backend.catalog, backend.engine, self._root.id):
            tell(f"{saying.name_of(self._root.path)} is looked through")
        self._changed()

    async def _take_as_it_is(self) -> None:
        backend, root = self._visit.backend, self._root
        new = models.NewRoot(path=root.path, write=root.write, ableton=root.ableton, poll=root.poll)
        await ask(folders.add, backend.catalog, backend.engine, new, is_local=self._visit.is_local)
        self._changed()

    async def _try_again(self) -> None:
        backend = self._visit.backend
        count = await ask(work.retry, backend.catalog, backend.engine, models.Place(under=self._root.path))
        if count:
            tell(f"{count_words(count.files, 'file')} will be tried again")
        self._changed()

    async def _leave_out(self) -> None:
        backend, root = self._visit.backend, self._root
        title = f"Leave out {count_words(root.waiting, 'file')} in {saying.name_of(root.path)}?"
        if await confirm(title, _CANCEL, "Leave out"):
            count = await ask(work.cancel, backend.catalog, backend.engine, models.Folder(under=root.path))
            tell(f"{count_words(count.files, 'file')} left out") if count else None
            self._changed()

    async def _remove(self) -> None:
        backend = self._visit.backend
        if await confirm(f"Stop watching {saying.name_of(self._root.path)}?", _REMOVE, "Stop watching", is_harsh=True):
            await ask(folders.remove, backend.catalog, backend.engine, self._root.id)
            if backend.engine is None:
                # Nobody else would tell.
                backend.feed.tell(events.RootChanged(Path(self._root.path), "removed"))
            self._changed()

    async def _show_unread(self) -> None:
        points = [f"{each.path}: {each.reason}" for each in self._root.unreadable]
        if await confirm("These could not be read", points, "Look again"):
            await self._look_through()

    def _show_in_library(self) -> None:
        self._visit.searched.emit(f'folder:"{self._root.path}"')
        self._visit.opened.emit("library")


def _quoted(text: str) -> str:
    """A name inside of an attribute."""
    return text.replace('"', "”")
