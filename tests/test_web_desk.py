"""Dropped files on the server: what is taken, under which name, for how long, and what is listened to again."""

from __future__ import annotations

import asyncio
import http.client
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI

from daemon.api import app as api
from daemon.api.backend import Backend
from daemon.api.listening import Heard, Hearing
from daemon.api.timelines import Timelines, background_analyser
from daemon.web.drop import desk as desk_module
from daemon.web.drop.desk import Desk, Desks, Dropped, State
from daemon.web.drop.drop_routes import UPLOAD, add_routes, upload_url, url_of
from daemon.web.drop.temporary import shown_name
from tagger.reports import FORMATS
from tagger.results import Kind
from tagger.timeline import TimelineSettings
from tests.http_api import Served, served
from tests.test_analysis import RATE, drum_loop

ODD_NAMES = {
    "../../../etc/passwd.wav": "passwd.wav",
    "..\\..\\Windows\\evil.wav": "evil.wav",
    "/etc/cron.d/x.flac": "x.flac",
    "C:\\Users\\a.wav": "a.wav",
    "C:a.wav": "a.wav",
    "a\nb\x1b[31m.wav": "a\\nb\\x1b[31m.wav",
    "..": "file without a name",
    "": "file without a name",
    "Größe 音.WAV": "Größe 音.WAV",
    f"{'x' * 500}.wav": f"{'x' * 196}.wav",
}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def desk(tmp_path: Path, temporary: Path, empty_catalog: Path) -> Iterator[tuple[Served, Desk]]:
    """A server that takes dropped files, and a desk."""
    assert temporary.exists()
    shutil.copy(empty_catalog, tmp_path)
    made: list[Desks] = []

    def with_routes(backend: Backend) -> FastAPI:
        app = api.create_app(backend, body_bytes={UPLOAD: 1_000_000})
        made.append(Desks(backend.timelines))
        add_routes(app, backend, made[0])
        return app

    with served(tmp_path / empty_catalog.name, make_app=with_routes) as running:
        opened = made[0].open()
        yield running, opened
        opened.close()


def drop(
    running: Served,
    desk: Desk,
    content: bytes = b"RIFF",
    *,
    name: str = "a.wav",
    headers: Mapping[str, str] | None = None,
) -> int:
    """Sends a file as the page does; the status of the answer."""
    return running.client.post(upload_url(desk), params={"name": name}, content=content, headers=headers).status_code


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class TestTaking:
    def test_a_file_arrives_as_it_is(self, desk: tuple[Served, Desk], temporary: Path) -> None:
        content = np.random.default_rng(1).bytes(900_000)
        assert drop(*desk, content, name="My sound.wav") == 204
        (path,) = files_in(temporary)
        assert path.read_bytes() == content
        (dropped,) = desk[1].files.values()
        assert (dropped.name, dropped.size, dropped.state) == ("My sound.wav", len(content), State.WAITING)

    def test_a_name_is_for_reading_only(self, desk: tuple[Served, Desk], tmp_path: Path, temporary: Path) -> None:
        before = set(files_in(tmp_path))
        for number, (name, shown) in enumerate(ODD_NAMES.items(), start=1):
            assert shown_name(name) == shown
            assert drop(*desk, name=name) == 204
            (path,) = set(files_in(tmp_path)) - before
            assert path.parent.parent == temporary
            assert path.stem == str(number)
            assert [each.name for each in desk[1].files.values()] == [shown]
            desk[1].remove(number)

    def test_no_page_of_another_site_drops_anything(self, desk: tuple[Served, Desk], temporary: Path) -> None:
        for name, value in (
            ("Origin", "http://evil.example"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ):
            assert drop(*desk, headers={name: value}) == 403
        assert not files_in(temporary)

    def test_without_the_secret_nothing_is_taken_or_given(self, desk: tuple[Served, Desk], temporary: Path) -> None:
        running, own = desk
        for path in ("/none", "/..%2f..%2fetc", "/", ""):
            assert running.client.post(f"{UPLOAD}{path}?name=a.wav", content=b"x").status_code in (404, 405)
        drop(running, own)
        for address in ("/page/dropped/none/1/audio", "/page/dropped/none/1/peaks", "/page/dropped/none/exports/x"):
            assert running.client.get(address).status_code == 404
        for number in ("2", "0", "-1", "..%2f1", "1.wav"):
            answer = running.client.get(f"/page/dropped/{own.secret}/{number}/audio")
            assert answer.status_code in (404, 422)
        assert running.client.get(f"/page/dropped/{own.secret}/exports/..%2f1.wav").status_code == 404
        assert len(files_in(temporary)) == 1

    def test_what_is_too_large_leaves_nothing(
        self, desk: tuple[Served, Desk], temporary: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running, own = desk
        assert drop(running, own, b"x" * 1_000_001) == 413
        monkeypatch.setattr(desk_module, "MOST_BYTES", 100_000)
        assert drop(running, own, b"x" * 100_001) == 413
        blocks = (b"x" * 10_000 for _ in range(11))
        answer = running.client.post(upload_url(own), params={"name": "a.wav"}, content=blocks)
        assert answer.status_code == 413
        assert not own.files
        assert not files_in(temporary)
        assert drop(running, own, b"x" * 100_000) == 204

    def test_there_is_an_end_to_files_and_to_room(
        self, desk: tuple[Served, Desk], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running, own = desk
        monkeypatch.setattr(desk_module, "MOST_FILES", 2)
        assert [drop(running, own) for _ in range(3)] == [204, 204, 409]
        own.remove(1)
        monkeypatch.setattr(desk_module, "_MOST_BYTES_IN_ALL", 6)
        assert drop(running, own) == 507
        monkeypatch.undo()
        assert drop(running, own) == 204

    def test_what_breaks_off_leaves_nothing(self, desk: tuple[Served, Desk], temporary: Path) -> None:
        running, own = desk
        host = running.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.putrequest("POST", f"{upload_url(own)}?name=a.wav")
        connection.putheader("Content-Length", "500000")
        connection.endheaders(b"x" * 200_000)
        _until(lambda: bool(own.files))
        connection.close()
        _until(lambda: not own.files)
        _until(lambda: not files_in(temporary))

    def test_nothing_stays(self, desk: tuple[Served, Desk], temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        running, own = desk
        monkeypatch.setattr(desk_module, "KEPT_S", 0.2)
        assert drop(running, own) == 204
        _until(lambda: own.files[1].state is State.FAILED)
        assert "hour" in own.files[1].reason
        assert not files_in(temporary)
        assert running.client.get(url_of(own, own.files[1], "audio")).status_code == 404
        monkeypatch.undo()
        assert drop(running, own) == 204
        own.close()
        assert not list(temporary.iterdir())
        assert drop(running, own) == 404

    def test_what_a_killed_program_left_is_deleted(self, temporary: Path) -> None:
        old, new, foreign = (temporary / name for name in ("tagger-page-old", "tagger-page-new", "something"))
        for folder in (old, new, foreign):
            folder.mkdir()
            (folder / "1.wav").touch()
            if folder != new:
                os.utime(folder, (time.time() - 9000,) * 2)
        Desks(Timelines(background_analyser)).open().close()
        assert sorted(path.name for path in temporary.iterdir()) == ["something", "tagger-page-new"]


def test_settings_are_tried_out_without_listening_again(temporary: Path, tmp_path: Path) -> None:
    song = tmp_path / "song.flac"
    soundfile.write(song, np.tile(drum_loop(), 4), RATE)
    asyncio.run(_try_out(song, temporary))
    assert not list(temporary.iterdir())


async def _try_out(song: Path, temporary: Path) -> None:
    timelines = Timelines(background_analyser)
    counted: list[Hearing] = []
    hear = timelines.hear

    async def counting(path: Path, wanted: Hearing, progress: object) -> Heard:
        counted.append(wanted)
        return await hear(path, wanted, progress)  # type: ignore[arg-type] # as it came

    timelines.hear = counting  # type: ignore[method-assign] # counts, and does the same
    desks = Desks(timelines)
    own = desks.open()
    try:
        dropped = await own.receive("My song.flac", None, _blocks(song.read_bytes()))
        bad = await own.receive("notes.wav", 5, _blocks(b"hello"))
        usual, fine = Hearing(3.0, 1.5), Hearing(1.0, 0.5)
        heard = await _heard(own, dropped, usual)
        assert heard.trace.kind is Kind.TRACK
        assert heard.trace.verdict(TimelineSettings()).tags[0].label == "kick"
        assert (heard.tempo_bpm, heard.key) == (None, None)
        assert await _heard(own, dropped, usual) is heard
        await _heard(own, dropped, fine)
        assert await _heard(own, dropped, usual) is heard
        assert counted == [usual, fine]
        assert own.listen(bad, usual) is None
        while bad.state is not State.FAILED:
            await asyncio.sleep(0.01)
        assert bad.reason == "is not audio of a known format"
        assert own.listen(bad, usual) is None
        assert counted == [usual, fine, usual]
        await _stop(own, dropped)
        timeline = heard.trace.timeline(TimelineSettings(threshold=0.4))
        for form in ("json", "csv", "pdf", "png", "midi"):
            path, name = own.exported(await own.export(dropped, timeline, form=form, theme="dark"))
            assert path.parent.parent == temporary
            assert name == f"My song{FORMATS[form].suffixes[0]}"
            assert path.stat().st_size > 50
        assert '"path": "My song.flac"' in own.exported(next(iter(own._exports)))[0].read_text()
    finally:
        desks.close()
        timelines.close()


async def _stop(own: Desk, dropped: Dropped) -> None:
    """Listening can be stopped, and begun again."""
    long = Hearing(0.5, 0.05)
    assert own.listen(dropped, long) is None
    await asyncio.sleep(0)
    own.stop(dropped)
    assert (dropped.state, dropped.words) == (State.FAILED, "Stopped")
    assert own.listen(dropped, long) is None
    assert dropped.state is State.FAILED
    own.try_again(dropped)
    assert (await _heard(own, dropped, Hearing(3.0, 1.5))).trace.window_s == 3.0


async def _heard(own: Desk, dropped: Dropped, hearing: Hearing) -> Heard:
    async with asyncio.timeout(120):
        while (heard := own.listen(dropped, hearing)) is None:
            assert dropped.state is not State.FAILED, dropped.reason
            await asyncio.sleep(0.01)
    return heard


async def _blocks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def _until(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
