"""The HTTP interface of a daemon that works: what is asked for over it happens, and is told."""

from __future__ import annotations

import logging
import shutil
import socket
import time
from pathlib import Path

import pytest

from daemon.api.serving import answering
from daemon.service.engine import Engine
from daemon.service.events import handed_on
from tagger.catalog import Catalog
from tagger.settings import ApiSettings, Settings
from tests.http_api import served
from tests.made_up import MODEL, StandIn


def test_a_folder_that_is_added_is_worked_on_and_told_of(tmp_path: Path, empty_catalog: Path) -> None:
    shutil.copy(empty_catalog, tmp_path)
    (tmp_path / "Samples").mkdir()
    (tmp_path / "Samples" / "one.wav").write_text("1")
    settings = Settings(daemon={"settle_s": 0.1})  # type: ignore[arg-type] # pydantic makes the section
    with (
        Catalog(tmp_path / empty_catalog.name) as catalog,
        Engine(catalog, settings, make_analyser=StandIn, model=MODEL) as engine,
        served(tmp_path / empty_catalog.name, engine=engine) as api,
        handed_on(engine.events(), api.backend.feed.tell),
    ):
        told: list[str] = []
        with api.client.stream("GET", "/api/events") as events:
            lines = events.iter_lines()
            next(lines)
            assert api.client.post("/api/roots", json={"path": str(tmp_path / "Samples")}).status_code == 200
            for line in lines:
                told.append(line)
                if line == "event: analysed":
                    break
        assert "event: root" in told
        (file,) = api.client.get("/api/files").json()["files"]
        assert file["tags"][0]["label"] == "kick"
        assert api.client.get("/api/health").json()["status"] == "working"
        assert api.client.get("/api/jobs").json()["is_running"]
        assert api.client.post("/api/roots/1/scan").json()["path"] == str(tmp_path / "Samples")
        api.client.post("/api/jobs/pause")
        deadline = time.monotonic() + 10
        while (health := api.client.get("/api/health").json())["status"] != "resting":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert health["detail"] == "paused"
        started = time.monotonic()
    assert time.monotonic() - started < 2


def test_a_daemon_works_on_where_it_cannot_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog, socket.create_server(("127.0.0.1", 0)) as taken:
        engine = Engine(catalog, Settings(), make_analyser=StandIn, model=MODEL)
        port = taken.getsockname()[1]
        with caplog.at_level(logging.ERROR), engine, answering(catalog, engine, ApiSettings(port=port)):
            assert engine.is_alive
        assert f"port {port}" in caplog.text
        assert "[api]" in caplog.text


def test_a_daemon_answers_only_if_it_is_to(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        engine = Engine(catalog, Settings(), make_analyser=StandIn, model=MODEL)
        with caplog.at_level(logging.INFO, "daemon"), engine, answering(catalog, engine, ApiSettings(is_on=False)):
            assert "answering" not in caplog.text
        engine = Engine(catalog, Settings(), make_analyser=StandIn, model=MODEL)
        with caplog.at_level(logging.INFO, "daemon"), engine, answering(catalog, engine, ApiSettings(port=0)):
            assert "answering at http://127.0.0.1:" in caplog.text
