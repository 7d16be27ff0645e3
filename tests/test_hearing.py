"""Live audio in the daemon: what is heard is told by the engine, which rests while a DAW plays."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from daemon.service import doctor, hearing, lock
from daemon.service.engine import Engine
from daemon.service.events import Subscription
from osc_bridge import bridge as bridges
from osc_bridge.daws.namer import ALSO
from osc_bridge.errors import BridgeError
from osc_bridge.heard import Heard
from osc_bridge.sources.sender import Sender
from tagger.catalog import Catalog
from tagger.settings import OscSettings, Settings
from tests.made_up import MODEL, StandIn
from tests.osc.helpers import RATE, kick, silence, wait_for


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "_LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(bridges, "_PLAYING_FOR_S", 0.5)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with (
        Catalog(tmp_path / "catalog.db") as catalog,
        Engine(catalog, Settings(), make_analyser=StandIn, model=MODEL) as made,
    ):
        yield made


@pytest.fixture
def port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def play(port: int, samples: np.ndarray) -> None:
    with Sender(("127.0.0.1", port), stream="drums", sample_rate=RATE) as sender:
        for start in range(0, len(samples), 480):
            sender.push(samples[start : start + 480])
            time.sleep(0.008)


def kick_heard(port: int, events: Subscription) -> list[Heard]:
    """What is told of the first kick that was heard from its beginning to its end; a busy machine may miss some."""
    told: list[Heard] = []
    for _ in range(20):
        play(port, np.concatenate([kick(), kick(), kick(), silence(0.5)]))
        while event := events.next(1.0):
            if isinstance(event, Heard) and event.label == "kick":
                told.append(event)
                whole = [each for each in told if each.event == event.event]
                if len(whole) == 2:
                    return whole
    raise AssertionError(f"no kick was heard: {told}")


def is_resting(engine: Engine) -> bool:
    return hearing.PLAYING in engine._holds.reasons(time.time())


def test_what_is_heard_is_told_and_the_engine_rests_meanwhile(engine: Engine, port: int, tmp_path: Path) -> None:
    settings = OscSettings(is_on=True, port=port)
    with engine.events() as events, hearing.hearing(engine, settings, tmp_path / "catalog.db"):
        play(port, silence(0.5))
        assert not is_resting(engine)
        with ThreadPoolExecutor(1) as beside:
            told = beside.submit(kick_heard, port, events)
            wait_for(lambda: is_resting(engine), timeout_s=60)
            on, off = told.result()
        wait_for(lambda: not is_resting(engine))
    assert (on.stream, on.is_on, off.is_on) == ("drums", True, False)
    assert on.event == off.event
    assert off.duration_s > 0


def test_a_bridge_that_is_stopped_holds_nothing_up(engine: Engine, port: int, tmp_path: Path) -> None:
    with hearing.hearing(engine, OscSettings(is_on=True, port=port), tmp_path / "catalog.db"):
        play(port, kick())
        wait_for(lambda: is_resting(engine))
        started = time.monotonic()
    assert time.monotonic() - started < 1.5
    assert not is_resting(engine)


def test_a_daemon_hears_only_if_it_is_to(engine: Engine, tmp_path: Path) -> None:
    with hearing.hearing(engine, OscSettings(), tmp_path / "catalog.db") as live:
        assert live.bridge is None


def test_what_is_off_is_turned_on_later_and_what_failed_is_tried_again(
    engine: Engine, port: int, tmp_path: Path
) -> None:
    with hearing.hearing(engine, OscSettings(), tmp_path / "catalog.db") as live:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
            taken.bind(("127.0.0.1", port))
            with pytest.raises(BridgeError):
                live.turn_on(OscSettings(port=port))
            assert str(port) in str(live.problem)
        live.turn_on(OscSettings(port=port))
        assert not live.problem
        held = live.bridge
        live.turn_on(OscSettings(port=port))
        assert live.bridge is held
        play(port, kick())
        wait_for(lambda: live.bridge and live.bridge.history.since(0.0).get("drums"))
        live.turn_off()
        live.turn_on(OscSettings(port=port))
        assert live.bridge not in (None, held)


@pytest.mark.parametrize("daws", [(), ("cubase",)])
def test_a_daemon_works_on_where_it_cannot_hear(
    engine: Engine, port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, daws: tuple[str, ...]
) -> None:
    settings = OscSettings(is_on=True, port=port, daws=daws)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", 0 if daws else port))
        with (
            caplog.at_level(logging.ERROR),
            hearing.hearing(engine, settings, tmp_path / "catalog.db") as live,
        ):
            assert live.bridge is None
            assert engine.is_alive
    (line,) = caplog.messages
    assert ("cubase" if daws else str(port)) in line
    assert "Traceback" not in caplog.text


def test_the_doctor_says_how_it_is(engine: Engine, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> tuple[str, str]:
        (finding,) = (each for each in doctor.findings(tmp_path / "catalog.db") if each.topic == "osc")
        return finding.level, finding.text

    monkeypatch.setenv("TAGGER_OSC__PORT", str(port))
    assert said()[0] == "note"
    monkeypatch.setenv("TAGGER_OSC__IS_ON", "true")
    assert "when the daemon runs" in said()[1]
    with lock.only_one(tmp_path / "catalog.db"):
        assert said()[0] == "problem"
        with hearing.hearing(engine, OscSettings(is_on=True, port=port), tmp_path / "catalog.db"):
            assert said() == ("ok", f"live audio is heard at 127.0.0.1, port {port}")
    monkeypatch.setenv("TAGGER_OSC__DAWS", "ardour,cubase")
    level, text = said()
    assert level == "problem"
    assert re.search("cubase.*one of ardour", text)


def test_settings_say_what_the_bridge_says() -> None:
    assert OscSettings().port == bridges.DEFAULT_PORT
    assert OscSettings(also=ALSO).also == ALSO
