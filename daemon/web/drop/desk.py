"""What visitors drop onto the page: theirs as long as the page is open, an hour at most, and never in the catalog.

A file is known by the secret of its desk and a number. Its own name is for people to read; nothing on the disk is
called by it. What was heard in it is kept as well, so that settings can be tried out without listening again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import shutil
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from daemon.api.listening import Export, Heard, Hearing
from daemon.api.problems import problem
from daemon.api.timelines import Timelines
from daemon.web.drop.temporary import delete, new_folder, shown_name, sweep
from tagger.audio import AUDIO_SUFFIXES
from tagger.errors import TaggerError, reason_of
from tagger.reports import FORMATS
from tagger.timeline import Timeline

MOST_BYTES: Final = 512 * 1024 * 1024
"""Of one file."""
MOST_FILES: Final = 20
"""On one desk."""
KEPT_S: Final = 3600.0

_MOST_DESKS: Final = 64
_MOST_BYTES_IN_ALL: Final = 4 * 1024 * 1024 * 1024
_FREE_BYTES: Final = 1024 * 1024 * 1024
"""That other programs may need while we have our files on the same disk."""
_KEPT_HEARD_BYTES: Final = 64 * 1024 * 1024
_MOST_EXPORTS: Final = 8
_WRITTEN_BYTES: Final = 1024 * 1024
_STALLED_S: Final = 60.0


class State(StrEnum):
    """How far a file is."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    LISTENING = "listening"
    HEARD = "heard"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Dropped:
    """A file on a desk.

    Attributes:
        number: of this file on its desk.
        name: what its owner calls it.
        path: where it is.
        size: in bytes, as far as it is here.
        state: how far it is.
        share: how much was received or listened to, 0 to 1.
        reason: why it failed.
        task: that listens to it.
        hearing: how it was asked for the last time.
        expiry: when it is deleted.
    """

    number: int
    name: str
    path: Path
    size: int = 0
    state: State = State.RECEIVING
    share: float = 0.0
    reason: str = ""
    task: asyncio.Task[None] | None = None
    hearing: Hearing | None = None
    expiry: asyncio.TimerHandle | None = None

    @property
    def words(self) -> str:
        """How far it is, for people; nothing to be said once it was heard."""
        percent = f"{100 * self.share:.0f} %"
        return {
            State.RECEIVING: f"Arriving, {percent}",
            State.WAITING: "Waiting",
            State.LISTENING: f"Listening, {percent}",
            State.HEARD: "",
            State.FAILED: self.reason[:1].upper() + self.reason[1:],
        }[self.state]


class Desks:
    """The desks of all open pages. Used from one event loop.

    Args:
        timelines: listens.
    """

    def __init__(self, timelines: Timelines) -> None:
        self.timelines = timelines
        self._desks: dict[str, Desk] = {}
        self._leftovers_are_gone = False

    def open(self) -> Desk:
        """A new desk.

        Raises:
            HTTPException: 503, there are too many.
            OutputError: there is no place for its files.
        """
        if len(self._desks) >= _MOST_DESKS:
            raise problem(503, "too many pages hold dropped files (close one)")
        if not self._leftovers_are_gone:
            sweep(2 * KEPT_S)
            self._leftovers_are_gone = True
        desk = Desk(self, new_folder())
        self._desks[desk.secret] = desk
        return desk

    def find(self, secret: str) -> Desk:
        """A desk by its secret.

        Raises:
            HTTPException: 404, there is none.
        """
        if (desk := self._desks.get(secret)) is None:
            raise problem(404, "that page is not open any more (reload it)")
        return desk

    def forget(self, desk: Desk) -> None:
        """Takes note that a desk is no more."""
        self._desks.pop(desk.secret, None)

    def close(self) -> None:
        """Clears all desks."""
        for desk in list(self._desks.values()):
            desk.close()

    @property
    def size(self) -> int:
        """Bytes on all desks."""
        return sum(each.size for desk in self._desks.values() for each in desk.files.values())


class Desk:
    """What is dropped onto one open page.

    Args:
        desks: all of them.
        folder: where its files are; deleted at the end.

    Attributes:
        secret: whoever knows it may put files here and read them.
        files: by number, in the order in which they came.
        changed: is called when something is otherwise with a file.
    """

    def __init__(self, desks: Desks, folder: Path) -> None:
        self.secret = secrets.token_urlsafe(24)
        self.files: dict[int, Dropped] = {}
        self.changed: Callable[[], None] = lambda: None
        self._desks = desks
        self._folder = folder
        self._next = 1
        self._heard: OrderedDict[tuple[int, Hearing], Heard] = OrderedDict()
        self._exports: OrderedDict[str, tuple[Path, str]] = OrderedDict()

    async def receive(self, name: str, size: int | None, blocks: AsyncIterator[bytes]) -> Dropped:
        """Takes a file.

        Args:
            name: what its owner calls it.
            size: in bytes, as far as is known beforehand.
            blocks: what it holds.

        Raises:
            HTTPException: 404, it was taken away meanwhile; 408, nothing comes any more; 409, the desk is full; 413, it
                is too large; 507, there is no room.
        """
        if len(self.files) >= MOST_FILES:
            raise problem(409, f"{MOST_FILES} files are here already (remove one)")
        self._require_room(size or 0)
        shown = shown_name(name)
        suffix = PurePosixPath(shown).suffix.lower()
        path = self._folder / f"{self._next}{suffix if suffix in AUDIO_SUFFIXES else ''}"
        dropped = self.files[self._next] = Dropped(self._next, shown, path)
        self._next += 1
        self.changed()
        try:
            await self._fill(dropped, size, blocks)
        except BaseException as error:
            self.remove(dropped.number)
            if isinstance(error, OSError):
                raise problem(507, f"cannot be kept: {reason_of(error)}") from error
            raise
        dropped.state, dropped.share = State.WAITING, 0.0
        dropped.expiry = asyncio.get_running_loop().call_later(KEPT_S, self._expire, dropped)
        self.changed()
        return dropped

    def listen(self, dropped: Dropped, hearing: Hearing) -> Heard | None:
        """What was heard in a file; None for not yet: then it is listened to, after those asked for before."""
        if (heard := self._heard.get((dropped.number, hearing))) is not None:
            self._heard.move_to_end((dropped.number, hearing))
            dropped.state = State.HEARD
            return heard
        is_refused = dropped.state is State.FAILED and dropped.hearing == hearing
        is_at_it = dropped.hearing == hearing and dropped.task is not None and not dropped.task.done()
        if dropped.path.exists() and dropped.state is not State.RECEIVING and not is_refused and not is_at_it:
            if dropped.task is not None:
                dropped.task.cancel()
            dropped.state, dropped.share, dropped.hearing = State.WAITING, 0.0, hearing
            dropped.task = asyncio.create_task(self._listen(dropped, hearing))
        return None

    def stop(self, dropped: Dropped) -> None:
        """Listens to a file no more."""
        if dropped.task is not None and not dropped.task.done():
            dropped.task.cancel()
            dropped.state, dropped.reason = State.FAILED, "stopped"
            self.changed()

    def try_again(self, dropped: Dropped) -> None:
        """Has a file that failed listened to when it is asked for the next time."""
        dropped.hearing = None
        dropped.state = State.WAITING
        self.changed()

    async def export(self, dropped: Dropped, timeline: Timeline, *, form: str, theme: Literal["light", "dark"]) -> str:
        """Writes a timeline in one of the formats of `tagger.reports`.

        Returns:
            what it can be fetched by.

        Raises:
            TaggerError: it cannot be written.
        """
        suffix = FORMATS[form].suffixes[0]
        key = secrets.token_urlsafe(8)
        path = self._folder / f"{key}{suffix}"
        heard = next((heard for (number, _), heard in self._heard.items() if number == dropped.number), None)
        tempo_bpm = heard.tempo_bpm if heard else None
        await self._desks.timelines.export(dropped.path, Export(timeline, form, path, tempo_bpm, theme))
        self._exports[key] = path, f"{PurePosixPath(dropped.name).stem}{suffix}"
        while len(self._exports) > _MOST_EXPORTS:
            delete(self._exports.popitem(last=False)[1][0])
        return key

    def exported(self, key: str) -> tuple[Path, str]:
        """A report that was written, and how it is called.

        Raises:
            HTTPException: 404, there is none.
        """
        if key not in self._exports:
            raise problem(404, "that report is not here any more (export it again)")
        return self._exports[key]

    def file(self, number: int) -> Dropped:
        """A file that is here.

        Raises:
            HTTPException: 404, it is not.
        """
        dropped = self.files.get(number)
        if dropped is None or dropped.state is State.RECEIVING or not dropped.path.exists():
            raise problem(404, "that file is not here any more (drop it again)")
        return dropped

    def remove(self, number: int) -> None:
        """Takes a file away, whatever is being done with it."""
        if (dropped := self.files.pop(number, None)) is not None:
            self._let_go(dropped)
            self.changed()

    def close(self) -> None:
        """Takes all away."""
        self.changed = lambda: None
        for number in list(self.files):
            self.remove(number)
        self._desks.forget(self)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _fill(self, dropped: Dropped, size: int | None, blocks: AsyncIterator[bytes]) -> None:
        with dropped.path.open("xb") as file:
            pending = bytearray()
            while block := await _next_of(blocks):
                pending += block
                dropped.size += len(block)
                self._require_room(0 if size else len(block), beside=dropped)
                if len(pending) >= _WRITTEN_BYTES:
                    await asyncio.to_thread(file.write, pending)
                    pending = bytearray()
                    dropped.share = dropped.size / max(size or 0, dropped.size)
                    self.changed()
                if dropped.number not in self.files:
                    raise problem(404, "was removed before it was here")
            await asyncio.to_thread(file.write, pending)

    def _require_room(self, size: int, *, beside: Dropped | None = None) -> None:
        here = beside.size if beside else 0
        if max(size, here) > MOST_BYTES:
            raise problem(413, f"is larger than {MOST_BYTES // 1024**2} MB")
        if self._desks.size + size > _MOST_BYTES_IN_ALL or shutil.disk_usage(self._folder).free - size < _FREE_BYTES:
            raise problem(507, "there is no room for it (remove other files)")

    async def _listen(self, dropped: Dropped, hearing: Hearing) -> None:
        loop = asyncio.get_running_loop()

        def progress(share: float) -> None:
            loop.call_soon_threadsafe(self._progress, dropped, hearing, share)

        try:
            heard = await self._desks.timelines.hear(dropped.path, hearing, progress)
        except TaggerError as error:
            if dropped.hearing == hearing:
                dropped.state, dropped.reason = State.FAILED, error.words
        else:
            # In reports it is called as its owner does.
            trace = dataclasses.replace(heard.trace, path=Path(dropped.name))
            self._keep((dropped.number, hearing), dataclasses.replace(heard, trace=trace))
            if dropped.hearing == hearing:
                dropped.state, dropped.share = State.HEARD, 1.0
        self.changed()

    def _progress(self, dropped: Dropped, hearing: Hearing, share: float) -> None:
        if dropped.hearing == hearing and dropped.state in (State.WAITING, State.LISTENING):
            dropped.state, dropped.share = State.LISTENING, share
            self.changed()

    def _keep(self, key: tuple[int, Hearing], heard: Heard) -> None:
        self._heard[key] = heard
        while len(self._heard) > 1 and sum(map(_bytes_of, self._heard.values())) > _KEPT_HEARD_BYTES:
            self._heard.popitem(last=False)

    def _expire(self, dropped: Dropped) -> None:
        self._let_go(dropped)
        dropped.state, dropped.reason = State.FAILED, "deleted, as an hour has passed (drop it again)"
        self.changed()

    def _let_go(self, dropped: Dropped) -> None:
        if dropped.expiry is not None:
            dropped.expiry.cancel()
        if dropped.task is not None:
            dropped.task.cancel()
        dropped.size = 0
        for key in [key for key in self._heard if key[0] == dropped.number]:
            del self._heard[key]
        delete(dropped.path)


async def _next_of(blocks: AsyncIterator[bytes]) -> bytes:
    """The next block that is not empty; b"" at the end."""
    try:
        async with asyncio.timeout(_STALLED_S):
            async for block in blocks:
                if block:
                    return block
    except TimeoutError:
        raise problem(408, "did not arrive: nothing came for a minute (drop it again)") from None
    return b""


def _bytes_of(heard: Heard) -> int:
    trace = heard.trace
    return int(trace.scores.nbytes + trace.is_heard.nbytes + trace.is_silent.nbytes)
