"""The player of the page, in a real browser: that it sounds, where it is, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.web_page import browser, needs_chromium

pytestmark = needs_chromium

# What the loudspeakers get, and where the playhead is.
HOOKS = """
    window.hearing = () => getElement(document.querySelector('.hearing').id.slice(1));
    window.loudest = async () => {
        const { gain } = hearing().player.engine;
        const analyser = new AnalyserNode(gain.context);
        gain.connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        let loudest = 0;
        for (let at = 0; at < 40; at++) {
            await new Promise(requestAnimationFrame);
            analyser.getFloatTimeDomainData(samples);
            loudest = Math.max(loudest, ...samples.map(Math.abs));
        }
        return loudest;
    };
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("player")
    root = os.fspath(Path(__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.player_page", os.fspath(folder)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root, "HOME": os.fspath(folder)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip() + "/player"
        finally:
            process.kill()


@contextmanager
def opened(url: str, *, first: str = "") -> Iterator[Page]:
    with browser() as chromium:
        yield open_page(chromium, url, first=first)


def open_page(chromium: BrowserContext, url: str, *, first: str = "") -> Page:
    page = chromium.new_page()
    page.add_init_script(HOOKS)
    page.goto(f"{url}?first={first}")
    page.wait_for_selector(".hearing")
    page.wait_for_function("window.did_handshake")
    return page


def wait(page: Page, condition: str) -> None:
    page.wait_for_function(condition)


def time_s(page: Page) -> float:
    value: float = page.evaluate("hearing().player.time")
    return value


def test_a_short_sound_is_heard_loops_and_stops(url: str) -> None:
    with opened(url) as page:
        page.get_by_label("Loop", exact=True).click()
        page.click("#load-hit")
        wait(page, "hearing().player.engine?.isPlaying")
        assert page.evaluate("loudest()") > 0.05
        # Half a second of sound goes on for longer.
        page.wait_for_function("(since) => performance.now() - since > 1500", arg=page.evaluate("performance.now()"))
        assert page.evaluate("hearing().player.isPlaying")
        assert 0 <= time_s(page) < 0.5
        page.get_by_label("Loop", exact=True).click()
        wait(page, "document.querySelector('#told').textContent === 'ended'")
        assert page.get_by_label("Play", exact=True).is_visible()
        page.get_by_text("Python toggles").click()
        wait(page, "hearing().player.isPlaying")


def test_a_long_sound_is_heard_from_where_one_clicks(url: str) -> None:
    with opened(url) as page:
        page.click("#load-song")
        wait(page, "hearing().player.time > 0.2")
        box = page.locator(".hearing-stage").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 20)
        wait(page, "hearing().player.time > 75.2 && !hearing().player.engine.media.seeking")
        assert time_s(page) < 120
        page.get_by_label("Pause").click()
        wait(page, "!hearing().player.isPlaying")
        # A click on a stretch of an instrument is where that begins.
        page.locator(".hearing-lane span").last.click()
        wait(page, "document.querySelector('#told').textContent === 'seeked 45.00'")
        page.get_by_label("Stop").click()
        wait(page, "hearing().player.time === 0 && !hearing().player.isPlaying")


def test_what_was_fetched_before_sounds_at_once(url: str) -> None:
    with opened(url) as page:
        page.get_by_text("fetch loop").click()
        wait(page, "performance.getEntriesByType('resource').filter(each => each.name.endsWith('/audio')).length === 1")
        page.click("#load-hit")
        wait(page, "hearing().player.engine?.isPlaying")
        # From the message of the server to the first sample, without the way there.
        took_ms = page.evaluate(
            """async () => {
                const { sound } = hearing(), loop = performance.getEntriesByType('resource')
                    .find(each => each.name.endsWith('/audio')).name;
                const started = performance.now();
                hearing().player.load({ url: new URL(loop).pathname, duration: 4 });
                hearing().player.play(0);
                while (!hearing().player.engine?.isPlaying) await Promise.resolve();
                return performance.now() - started;
            }"""
        )
        assert took_ms < 100
        # Nothing was fetched a second time.
        assert (
            page.evaluate("performance.getEntriesByType('resource').filter(e => e.name.endsWith('/audio')).length") == 2
        )


def test_keys_seek_and_pause(url: str) -> None:
    with opened(url) as page:
        page.get_by_label("Play what is chosen at once").click()
        page.click("#load-loop")
        wait(page, "hearing().player.engine")
        stage = page.get_by_role("slider", name="Position")
        stage.focus()
        assert not page.evaluate("hearing().player.isPlaying")
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        assert time_s(page) == pytest.approx(3.8, abs=0.01)
        assert stage.get_attribute("aria-valuenow") == "3.8"
        page.keyboard.press("Home")
        page.keyboard.press("Space")
        wait(page, "hearing().player.time > 0.1")
        page.keyboard.press("Space")
        assert not page.evaluate("hearing().player.isPlaying")


def test_volume_and_switches_are_kept(url: str) -> None:
    with browser() as chromium:
        page = open_page(chromium, url)
        page.get_by_label("Volume").fill("0.25")
        page.get_by_label("Loop", exact=True).click()
        page = open_page(chromium, url)
        assert page.get_by_label("Volume").input_value() == "0.25"
        assert page.get_by_label("Loop", exact=True).get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize(("name", "words"), [("broken", "holds no audio"), ("gone", "cannot be reached")])
def test_what_cannot_be_heard_says_why(url: str, name: str, words: str) -> None:
    def look() -> None:
        with opened(url) as page:
            page.click(f"#load-{name}")
            page.get_by_role("alert").filter(has_text=words).wait_for()
            wait(page, "document.querySelector('#told').textContent.startsWith('error')")
            # The next one is none the worse for it.
            page.click("#load-hit")
            wait(page, "document.querySelector('#told').textContent === 'ended'")
            assert not page.get_by_role("alert").count()

    # Chromium itself complains of each answer that is an error.
    with pytest.raises(AssertionError, match="Failed to load resource"):
        look()


def test_a_sound_that_is_there_at_first_does_not_play_by_itself(url: str) -> None:
    with opened(url, first="loop") as page:
        wait(page, "hearing().peaks?.high.length > 100")
        page.wait_for_selector(".hearing-picture.is-there")
        assert not page.evaluate("hearing().player.isPlaying")
        serious = [each for each in results(page) if each["impact"] in ("serious", "critical")]
        assert not serious, json.dumps(serious, indent=1)


def results(page: Page) -> list[dict[str, Any]]:
    found = Axe().run(page, context=".hearing")
    violations: list[dict[str, Any]] = found.response["violations"]
    return violations
