"""Live audio as people see it: real sound over UDP into a real daemon, looked at in a real browser."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tagger.catalog import Catalog
from tagger.model_name import default_model, model_name
from tests.catalog_entries import entry
from tests.made_up import analysis
from tests.osc.fakes.daws import FakeLive
from tests.osc.helpers import RATE, kick, wait_for
from tests.ports import free_port
from tests.web_page import browser, environment, needs_chromium, running

pytestmark = needs_chromium

PATIENCE_S = 60
PATIENCE_MS = 1000 * PATIENCE_S

COLOURED = """canvas => {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 200 && Math.max(...data.slice(at, at + 3)) - Math.min(...data.slice(at, at + 3)) > 60)
            found++;
    return found;
}"""
"""How many points have a colour; text, lines and levels are grey."""


def make_library(folder: Path) -> Path:
    """A drum in a watched folder, of which the catalog knows what the model hears."""
    root = folder / "Samples"
    root.mkdir()
    path = root / "2-Audio.wav"
    soundfile.write(path, np.tile(kick(), 6), RATE)
    embedding = np.zeros(128, np.float32)
    embedding[0] = 1
    known = replace(analysis("drum", "kick", model=model_name(default_model())), embedding=embedding)
    with Catalog(folder / "catalog.db") as catalog:
        catalog.roots.add(root)
        status = path.stat()
        catalog.record([entry(path, known, size=status.st_size, mtime_ns=status.st_mtime_ns)])
    return path


@contextmanager
def played(folder: Path, path: Path, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "daemon", "osc", "play", str(path), "--repeat", "--port", str(port)]
    with subprocess.Popen(command, env=environment(folder), stdout=subprocess.DEVNULL) as player:
        try:
            yield
        finally:
            player.terminate()


def open_live(tab: Tab, url: str) -> None:
    tab.goto(f"{url}/?view=live")
    expect(tab.get_by_role("button", name="Live", exact=True)).to_have_attribute("aria-current", "page")


def test_what_plays_is_seen_and_gives_its_track_a_name(tmp_path: Path) -> None:
    path = make_library(tmp_path)
    port, daw_port, fake = free_port(), free_port(), FakeLive(["1-MIDI", "2-Audio"])
    variables = {
        "TAGGER_OSC__IS_ON": "true",
        "TAGGER_OSC__PORT": str(port),
        "TAGGER_OSC__DAWS": f"ableton={fake.port}:{daw_port}",
    }
    with (
        fake.running(daw_port),
        running(tmp_path, "daemon", **variables) as page,
        played(tmp_path, path, port),
        browser() as context,
    ):
        tab = context.new_page()
        open_live(tab, page.url)
        stage = tab.get_by_role("region", name="2-Audio")
        expect(stage.locator(".leading")).to_contain_text("Kick", timeout=PATIENCE_MS)
        picture = stage.get_by_role("img")
        expect(picture).to_have_attribute("aria-label", "What played in the last minute: Kick")
        wait_for(lambda: picture.evaluate(COLOURED) > 100, PATIENCE_S)
        expect(stage).to_contain_text("768 kbit/s", timeout=PATIENCE_MS)
        expect(tab.get_by_text("Ableton Live is connected")).to_be_visible(timeout=PATIENCE_MS)

        tab.get_by_role("button", name="Accept Kick for 2-Audio").click(timeout=PATIENCE_MS)
        wait_for(lambda: fake.names == ["1-MIDI", "Kick"], PATIENCE_S)
        assert not Axe().run(tab, context=".live").response["violations"]
        tab.get_by_role("button", name="Give Kick its old name 2-Audio back").click()
        wait_for(lambda: fake.names == ["1-MIDI", "2-Audio"], PATIENCE_S)

        tab.get_by_role("button", name="2-Audio.wav").click(timeout=PATIENCE_MS)
        expect(tab.get_by_role("textbox", name="Search")).to_have_value("2 Audio")
        expect(tab.get_by_label("About the file")).to_contain_text("2-Audio.wav")


def test_live_audio_is_turned_on_from_the_page_and_tried_without_a_daw(tmp_path: Path) -> None:
    make_library(tmp_path)
    with (
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken,
        browser() as context,
    ):
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        with running(tmp_path, "daemon", TAGGER_OSC__PORT=port) as page:
            tab = context.new_page()
            open_live(tab, page.url)
            expect(tab.get_by_role("heading", name="Live audio is off")).to_be_visible(timeout=PATIENCE_MS)
            tab.get_by_role("button", name="Turn on").click()
            expect(tab.get_by_role("heading", name="Live audio cannot be heard")).to_be_visible(timeout=PATIENCE_MS)
            expect(tab.locator(".live-problem")).to_contain_text(port)
            taken.close()
            tab.get_by_role("button", name="Try again").click()
            expect(tab.get_by_role("heading", name="No sound yet")).to_be_visible(timeout=PATIENCE_MS)
            tab.get_by_role("button", name="Play a sample of the library").click()
            expect(tab.locator(".leading")).to_contain_text("Kick", timeout=PATIENCE_MS)
            tab.get_by_role("button", name="Stop the sample").click()
            expect(tab.get_by_role("button", name="Play a sample")).to_be_visible(timeout=PATIENCE_MS)
            expect(tab.locator(".leading")).to_contain_text("No sound", timeout=PATIENCE_MS)


def test_without_a_daemon_it_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as page, browser() as context:
        tab = context.new_page()
        open_live(tab, page.url)
        expect(tab.get_by_role("heading", name="The daemon is not running")).to_be_visible()
        expect(tab.get_by_text("tagger daemon", exact=True)).to_be_visible()
