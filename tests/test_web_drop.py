"""Dropping files, in a real browser: what is heard in them, settings that are followed at once, and reports."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.samples import KICK
from tests.test_analysis import RATE, drum_loop
from tests.web_page import Page, browser, needs_chromium, running

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sounds, and something that is none."""
    folder = tmp_path_factory.mktemp("files")
    soundfile.write(folder / "A beat.flac", drum_loop(), RATE)
    shutil.copy(KICK, folder / "One kick.wav")
    (folder / "notes.wav").write_text("milk, bread")
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "temporary").mkdir()
    with running(folder, TMPDIR=os.fspath(folder / "temporary")) as page:
        yield page
        page.stop()
        assert not list((folder / "temporary").glob("tagger-page-*"))


@pytest.fixture
def tab(served: Page) -> Iterator[Tab]:
    with browser() as context:
        tab = context.new_page()
        tab.goto(f"{served.url}/?view=drop")
        expect(tab.get_by_text("Drop audio files here")).to_be_visible()
        yield tab


def choose(tab: Tab, *files: Path) -> None:
    tab.set_input_files(".dropzone input", [*files])


def test_what_is_chosen_is_heard_one_after_the_other(tab: Tab, files: Path) -> None:
    choose(tab, files / "A beat.flac", files / "notes.wav", files / "One kick.wav")
    expect(tab.locator(".drop-file")).to_have_count(3)
    expect(tab.locator(".drop-file.heard")).to_have_count(2, timeout=120_000)
    bad = tab.locator(".drop-file.failed")
    expect(bad).to_contain_text("notes.wav")
    expect(bad).to_contain_text("Is not audio of a known format")
    expect(tab.locator(".report-name")).to_have_text("A beat.flac")
    expect(tab.locator(".report-facts")).to_contain_text("120 BPM")
    expect(tab.locator(".likely")).to_have_count(3)
    expect(tab.locator(".lane-name").filter(has_text="Kick")).to_be_visible()
    tab.get_by_role("button", name="One kick.wav").first.click()
    expect(tab.locator(".report-facts")).to_contain_text("One-shot")
    expect(tab.locator(".likely.is-claimed")).to_contain_text("Kick")
    bad.get_by_role("button", name="Remove").click()
    expect(tab.locator(".drop-file")).to_have_count(2)
    axe = Axe().run(tab, context=".drop")
    serious = [each for each in axe.response["violations"] if each["impact"] in ("serious", "critical")]
    assert not serious, json.dumps(serious, indent=1)[:3000]
    tab.get_by_role("button", name="Remove all").click()
    expect(tab.locator(".drop.is-empty")).to_be_visible()


def test_settings_are_followed_at_once(tab: Tab, files: Path) -> None:
    choose(tab, files / "A beat.flac")
    expect(tab.locator(".likely.is-claimed").first).to_be_visible(timeout=120_000)
    states = "() => { window.states = []; new MutationObserver(() => window.states.push("
    states += "document.querySelector('.drop-file')?.className)).observe(document.querySelector('.drop-list'), "
    tab.evaluate(f"{states}{{ attributes: true, subtree: true, childList: true }}) }}")
    tab.get_by_role("switch", name="Thresholds of the model").click()
    threshold = tab.get_by_role("slider", name="Counts as heard from")
    expect(threshold).to_be_enabled()
    threshold.press("End")
    expect(tab.get_by_text("Unsure: nothing reaches its threshold")).to_be_visible()
    expect(tab.locator(".lane-span")).to_have_count(0)
    threshold.press("Home")
    expect(tab.locator(".lane-span").nth(5)).to_be_attached()
    tab.get_by_role("combobox", name="Tell apart").click()
    tab.get_by_role("option", name="families").click()
    expect(tab.locator(".likely").first).to_contain_text("Drums")
    assert not [each for each in tab.evaluate("window.states") if "waiting" in each or "listening" in each]
    tab.get_by_role("button", name="Reset").click()
    expect(tab.locator(".likely").first).not_to_contain_text("Drums")
    tab.get_by_role("combobox", name="A window every").click()
    tab.get_by_role("option", name="0.5 s", exact=True).click()
    expect(tab.locator(".lane").first).to_be_visible(timeout=120_000)
    tab.wait_for_function("() => window.states.some((each) => each.includes('waiting'))")


def test_reports_are_those_of_the_command(tab: Tab, files: Path) -> None:
    choose(tab, files / "A beat.flac")
    expect(tab.get_by_role("button", name="Export")).to_be_visible(timeout=120_000)
    contents = {}
    for suffix in (".json", ".csv", ".pdf", ".png"):
        tab.get_by_role("button", name="Export").click()
        with tab.expect_download() as download:
            tab.get_by_role("menuitem").filter(has=tab.get_by_text(suffix, exact=True)).click()
        assert download.value.suggested_filename == f"A beat{suffix}"
        contents[suffix] = Path(download.value.path()).read_bytes()
    document = json.loads(contents[".json"])
    assert (document["path"], document["kind"]) == ("A beat.flac", "loop")
    assert contents[".csv"].splitlines()[0].startswith(b"path,start_s,end_s,label")
    assert contents[".pdf"].startswith(b"%PDF")
    assert contents[".png"].startswith(b"\x89PNG")


def test_a_drop_anywhere_is_taken_and_sounds(tab: Tab, files: Path) -> None:
    content = base64.b64encode((files / "One kick.wav").read_bytes()).decode()
    transfer = tab.evaluate_handle(
        """(content) => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
            transfer.items.add(new File([bytes], "<b>Größe 音.wav"));
            return transfer;
        }""",
        content,
    )
    tab.dispatch_event(".view .drop", "dragenter", {"dataTransfer": transfer})
    expect(tab.locator(".view.is-over")).to_be_visible()
    tab.dispatch_event(".view .drop", "drop", {"dataTransfer": transfer})
    expect(tab.locator(".drop-file.heard")).to_contain_text("<b>Größe 音.wav", timeout=120_000)
    expect(tab.locator(".view.is-over")).to_have_count(0)
    tab.wait_for_function("() => document.querySelector('.hearing-picture.is-there')")
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.wait_for_function("() => parseFloat(document.querySelector('.hearing-time b').textContent.split(':')[1]) > 0")
