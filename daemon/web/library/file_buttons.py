"""What can be done with files besides judging them: a row of buttons in the panel."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any

from nicegui import ui

from daemon.api import models
from daemon.api.access import PREFIX
from daemon.output import count_words
from daemon.web.library.collect_dialog import CollectDialog
from daemon.web.library.write_dialog import WriteDialog
from daemon.web.parts.asking import ask
from daemon.web.parts.dialogs import copy
from daemon.web.visit import Sound, Visit
from daemon.web.work.revealing import paths_text, reveal


def buttons_for_one(visit: Visit, detail: models.FileDetail) -> None:
    """The buttons for a file."""
    assert detail.recording is not None
    with _row():
        if detail.recording.kind != "silence":
            alike = ui.button("Sounds like this", icon="hub", on_click=lambda: visit.alike.emit(_sound(detail)))
            alike.props("flat no-caps dense").classes("file-act")
        _buttons(visit, [detail.id])
        if visit.is_local:
            _button("folder_open", "Show in its folder", partial(_reveal, visit, detail.id))
        _handle(detail)


def buttons_for_many(visit: Visit, file_ids: Sequence[int]) -> None:
    """The buttons for files that are chosen."""
    with _row():
        _buttons(visit, file_ids)


def _row() -> ui.element:
    return ui.element("div").classes("file-acts").props('role=group aria-label="What to do with it"')


def _buttons(visit: Visit, file_ids: Sequence[int]) -> None:
    files = "the file" if len(file_ids) == 1 else count_words(len(file_ids), "file")
    _button("sell", f"Write tags into {files}…", WriteDialog(visit, file_ids).ask)
    _button("drive_file_move", f"Collect {files} in a folder…", CollectDialog(visit, file_ids).ask)
    _button("content_copy", f"Copy the {'path' if len(file_ids) == 1 else 'paths'}", partial(_copy, visit, file_ids))


def _button(icon: str, words: str, do: Callable[[], Any]) -> None:
    button = ui.button(icon=icon, on_click=do, color=None).props(f'flat round dense aria-label="{words}"')
    button.classes("file-act").tooltip(words)


def _handle(detail: models.FileDetail) -> None:
    """What can be dragged into another program; it gets a copy, where the browser gives one."""
    name = PurePath(detail.path).name.replace(":", "-")
    with ui.element("span").classes("drag-out").props('draggable=true role=img aria-label="Drag out a copy"') as handle:
        ui.icon("drag_indicator").props("aria-hidden=true")
        ui.tooltip("Drag out a copy")
    handle.on(
        "dragstart",
        js_handler=f"""(event) => {{
            const address = new URL("{PREFIX}/files/{detail.id}/download", location.origin).href;
            event.dataTransfer.setData("DownloadURL", "application/octet-stream:" + {json.dumps(name)} + ":" + address);
            event.dataTransfer.effectAllowed = "copy";
        }}""",
    )


def _sound(detail: models.FileDetail) -> Sound:
    assert detail.recording is not None
    return models.FoundFile(
        id=detail.id,
        path=detail.path,
        kind=detail.recording.kind,
        duration_s=detail.recording.duration_s,
        tempo_bpm=detail.recording.tempo_bpm,
        key=detail.recording.key,
        tags=detail.recording.tags,
    )


async def _reveal(visit: Visit, file_id: int) -> None:
    await ask(reveal, visit.backend.catalog, file_id, is_local=visit.is_local)


async def _copy(visit: Visit, file_ids: Sequence[int]) -> None:
    text = await ask(paths_text, visit.backend.catalog, file_ids)
    if text:
        copy(text, "Path" if len(file_ids) == 1 else f"{count_words(len(file_ids), 'path')}")
