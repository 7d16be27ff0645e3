"""A real Ardour, without a screen or a sound card: it is spoken to by OSC, and its saved session looked into."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from osc_bridge.bridge import DawSettings
from osc_bridge.client import Client
from osc_bridge.daws.ardour import Ardour
from tagger.taxonomy import LEAVES, words_of
from tests.osc.helpers import kick, playing, running, wait_for
from tests.ports import free_port
from tests.taps import build


@pytest.fixture(scope="module")
def program() -> str:
    found = [path for folder in os.get_exec_path() for path in sorted(Path(folder).glob("ardour*-lua"))]
    if not found:
        pytest.skip("there is no Ardour with Lua; Debian has it in ardour")
    return str(found[-1])


def run(program: str, folder: Path, **variables: str) -> None:
    environment = {**os.environ, "HOME": str(folder), "SESSION": str(folder / "session"), **variables}
    command = [program, str(Path(__file__).with_name("ardour.lua"))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=True)
    (folder / "told").write_text(done.stdout, encoding="utf-8")


@contextmanager
def ardour(program: str, folder: Path, **variables: str) -> Iterator[int]:
    """Runs the session with its OSC surface on; yields the port of that."""
    run(program, folder, **variables)
    session = folder / "session" / "live.ardour"
    text = session.read_text(encoding="utf-8")
    changed = re.sub(r'(name="Open Sound Control \(OSC\)" active=)"0"', r'\1"1"', text)
    assert changed != text
    session.write_text(changed, encoding="utf-8")
    port = free_port()
    (settings,) = folder.glob(".config/ardour*")
    option = f'<Option name="osc-port" value="{port}"/>'
    (settings / "config").write_text(f"<Ardour><Config>{option}</Config></Ardour>", encoding="utf-8")
    enough = folder / "enough"
    thread = threading.Thread(target=run, args=(program, folder), kwargs={"UNTIL": str(enough), **variables})
    thread.start()
    try:
        yield port
    finally:
        enough.touch()
        thread.join()


def saved(folder: Path) -> ElementTree.Element:
    return ElementTree.parse(folder / "session" / "live.ardour").getroot()


def names_in(session: ElementTree.Element) -> list[str | None]:
    return [route.get("name") for route in session.iter("Route") if route.get("default-type") == "audio"]


def test_tracks_are_named_in_the_session_and_given_back(program: str, tmp_path: Path) -> None:
    daw = Ardour()
    with ardour(program, tmp_path) as port:
        chosen = DawSettings(daw=daw, send_port=port, receive_port=0, rename=True, also=("comment", "group", "markers"))
        with running(tmp_path, daws=[chosen]) as bridge, Client(bridge.address) as client:
            wait_for(lambda: len(daw.tracks) == 3, 12)
            assert [track.name for track in daw.tracks.values()] == ["Audio 1", "Audio 2", "Guitar solo"]
            with playing(bridge, kick(0.5), daw_ref="ardour:1"):
                wait_for(lambda: daw.tracks["1"].name == "Kick", 6)
            assert client.ask("/tag/names/revert", "ardour", answer="/tag/names/done") is not None
            wait_for(lambda: daw.tracks["1"].name == "Audio 1")
            assert client.ask("/tag/names/apply", "ardour", "1", answer="/tag/names/done") is not None
            wait_for(lambda: daw.tracks["1"].name == "Kick")
            time.sleep(0.5)
            assert not daw.is_playing
    session = saved(tmp_path)
    assert [name for name in names_in(session) if name != "Master"] == ["Kick", "Audio 2", "Guitar solo"]
    (track,) = [route for route in session.iter("Route") if route.get("name") == "Kick"]
    assert track.get("route-group") == "Drums"
    assert "Tagger: Kick" in ElementTree.tostring(track, "unicode")
    assert "Kick" in [location.get("name") for location in session.iter("Location")]


def test_the_tap_is_heard_its_track_found_named_and_shown_what_leads(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Test tones are no instrument, and change; whatever they resemble at first will do.
    monkeypatch.setattr("osc_bridge.daws.namer._CLEAR_AFTER_S", 0.01)
    monkeypatch.setattr("osc_bridge.daws.namer._CLEAR_SHARE", 0.01)
    lv2 = build(tmp_path / "lv2", "lv2")
    port = free_port()
    daw = Ardour()
    variables = {"TAP_PORT": str(port), "LV2_PATH": os.pathsep.join((str(lv2 / "lv2"), "/usr/lib/lv2"))}
    with ardour(program, tmp_path, **variables) as control_port:
        chosen = DawSettings(daw=daw, send_port=control_port, receive_port=0, rename=True)
        with running(tmp_path, port=port, daws=[chosen]) as bridge, Client(bridge.address) as client:
            client.send("/tag/param/set", "*", "threshold", 0.02)
            wait_for(lambda: [info.daw_ref for info in bridge.engine.streams()] == ["track:2"], 15)
            wait_for(lambda: daw.tracks["2"].name != "Audio 2", 10)
            (info,) = bridge.engine.streams()
            assert info.name.startswith("tap-")
            assert info.lost == 0
            name = daw.tracks["2"].name
            time.sleep(1)
            (tmp_path / "enough").touch()
            wait_for(lambda: "TAP" in (tmp_path / "told").read_text(encoding="utf-8"), 20)
    assert name in [route.get("name") for route in saved(tmp_path).iter("Route")]
    shown = float((tmp_path / "told").read_text(encoding="utf-8").partition("TAP")[2].split()[0])
    assert 1 <= shown <= len(LEAVES)
    assert name in [words_of(label) for label in LEAVES]
