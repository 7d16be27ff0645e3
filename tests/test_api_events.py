"""Events over HTTP: told to all, at the speed of each, and no reason not to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from daemon.api.feed import Feed
from daemon.service.events import Event, FileAnalysed, FileFailed, HoldsChanged
from tests.http_api import Served, served


@pytest.fixture
def catalog(tmp_path: Path, empty_catalog: Path) -> Path:
    return Path(shutil.copy(empty_catalog, tmp_path))


def listen(api: Served, count: int, *, after: str | None = None) -> list[dict[str, str]]:
    """The next events, as a browser would take them in."""
    told: list[dict[str, str]] = []
    headers = {"Last-Event-ID": after} if after else {}
    with httpx.stream("GET", f"{api.url}/api/events", headers=headers, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if not line and "data" in event:
                told.append(event)
            if not line:
                event = {}
            elif name:
                event[name] = value
            if len(told) == count:
                break
    return told


def wait_for(listeners: int, api: Served) -> None:
    deadline = time.monotonic() + 10
    while api.backend.feed.listeners < listeners:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_has_joined_is_told_all_from_then_on() -> None:
    async def heard() -> list[Event]:
        with feed.joined() as listener:
            feed.tell(HoldsChanged(("now",)))
            # Its generator begins only here.
            return [(await anext(feed.listen(listener))).event]

    feed = Feed()
    feed.tell(HoldsChanged(("before",)))
    assert asyncio.run(heard()) == [HoldsChanged(("now",))]


def test_two_clients_are_told_the_same(catalog: Path) -> None:
    with served(catalog) as api:
        told: dict[int, list[dict[str, str]]] = {}
        threads = [threading.Thread(target=lambda at=at: told.update({at: listen(api, 3)})) for at in range(2)]
        for thread in threads:
            thread.start()
        wait_for(2, api)
        for event in (
            FileAnalysed(Path("/a.wav"), ("kick",)),
            FileFailed(Path("/b"), "bad", None),
            HoldsChanged(("x",)),
        ):
            api.backend.feed.tell(event)
        for thread in threads:
            thread.join(10)
        assert told[0] == told[1]
        assert [event["event"] for event in told[0]] == ["analysed", "failed", "holds"]
        assert json.loads(told[0][0]["data"]) == {"path": "/a.wav", "labels": ["kick"]}


def test_one_that_comes_back_misses_nothing(catalog: Path) -> None:
    with served(catalog) as api:
        for at in range(5):
            api.backend.feed.tell(HoldsChanged((str(at),)))
        first = listen(api, 2, after=f"{api.backend.feed._run}-0")
        then = listen(api, 3, after=first[-1]["id"])
        assert [json.loads(event["data"])["reasons"] for event in first + then] == [[str(at)] for at in range(5)]


def test_one_that_was_away_too_long_is_told_how_many_it_missed(catalog: Path) -> None:
    with served(catalog) as api:
        for _ in range(1500):
            api.backend.feed.tell(HoldsChanged(()))
        (missed, _) = listen(api, 2, after=f"{api.backend.feed._run}-100")
        assert (missed["event"], json.loads(missed["data"])) == ("missed", {"count": 400})
        (missed,) = listen(api, 1, after="another-7")
        assert missed["event"] == "missed"


class Stalled:
    """A client that asks for events and then never reads."""

    def __init__(self, api: Served) -> None:
        url = httpx.URL(api.url)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect((url.host, url.port))
        self.socket.sendall(f"GET /api/events HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n\r\n".encode())


def flood(api: Served) -> None:
    # 40 MB, which no system keeps for a socket.
    for _ in range(400):
        api.backend.feed.tell(FileFailed(Path("/a"), "y" * 100_000, None))
        time.sleep(0.001)


def test_a_stalled_client_holds_nobody_up(catalog: Path) -> None:
    with served(catalog) as api:
        stalled = Stalled(api)
        wait_for(1, api)
        flood(api)
        assert api.client.get("/api/health").status_code == 200
        api.backend.feed.tell(HoldsChanged(("last",)))
        last = listen(api, 1, after=f"{api.backend.feed._run}-{api.backend.feed._count - 1}")
        assert json.loads(last[0]["data"]) == {"reasons": ["last"]}
        stalled.socket.close()


def test_stopping_waits_for_no_listener(catalog: Path) -> None:
    with served(catalog) as api:
        stalled = [Stalled(api) for _ in range(3)]
        wait_for(3, api)
        flood(api)
        threading.Thread(target=quietly, args=(api,), daemon=True).start()
        wait_for(4, api)
        started = time.monotonic()
    took_s = time.monotonic() - started
    print(f"stopped in {took_s:.2f} s")
    assert took_s < 2
    for client in stalled:
        client.socket.close()


def quietly(api: Served) -> None:
    with contextlib.suppress(httpx.HTTPError):
        listen(api, 10)


@contextlib.contextmanager
def no_garbage_collected() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_nothing_is_left_of_those_that_went(catalog: Path) -> None:
    with served(catalog) as api, no_garbage_collected():
        gone = Stalled(api)
        wait_for(1, api)
        gone.socket.close()
        deadline = time.monotonic() + 10
        while api.backend.feed.listeners:
            api.backend.feed.tell(HoldsChanged(()))
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_limit_to_listeners(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.api.feed.MOST_LISTENERS", 1)
    with served(catalog) as api:
        first = Stalled(api)
        wait_for(1, api)
        assert api.client.get("/api/events").status_code == 503
        first.socket.close()
