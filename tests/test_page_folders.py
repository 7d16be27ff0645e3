"""The folders on the page: a first visit, and all that is done with a folder, in a browser before a real daemon."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab

from tagger.catalog import Catalog
from tests.samples import KICK
from tests.web_page import browser, needs_chromium, running

WRITE = re.compile("Write tags in Drums")

pytestmark = needs_chromium


@pytest.fixture
def drums(tmp_path: Path) -> Path:
    """A folder with a sound, and with a file that is none."""
    folder = tmp_path / "Drums"
    folder.mkdir()
    shutil.copy(KICK, folder / "boom.wav")
    (folder / "broken.wav").write_text("this is no sound")
    return folder


def go_to_folders(tab: Tab) -> None:
    tab.get_by_role("navigation", name="Views").get_by_text("Folders").click()


def choose(tab: Tab, item: str) -> None:
    """Chooses from the menu of the folder."""
    tab.get_by_role("button", name="More about Drums").click()
    tab.get_by_role("listitem").or_(tab.locator(".q-menu .q-item")).filter(has_text=item).last.click()


def dialog(tab: Tab) -> Locator:
    return tab.locator(".asking")


def test_first_folder_from_the_welcome_to_its_end(tmp_path: Path, drums: Path) -> None:
    before = (drums / "boom.wav").read_bytes()
    with running(tmp_path, "daemon", TAGGER_DAEMON__SETTLE_S="0.2") as server, browser() as chromium:
        tab = chromium.new_page()
        tab.goto(server.url)

        # Nobody who comes first is left before an empty table.
        tab.get_by_role("button", name="Add a folder").click()
        dialog(tab).get_by_role("button", name="Drums").click()
        expect(dialog(tab)).to_contain_text("2 sounds right in it")
        dialog(tab).get_by_role("button", name="Watch Drums").click()
        expect(tab.locator(".results").get_by_text("boom.wav")).to_be_visible()
        assert (drums / "boom.wav").read_bytes() == before

        go_to_folders(tab)
        row = tab.locator(".root")
        expect(row).to_contain_text("Up to date")
        expect(row).to_contain_text("2 files")
        expect(tab.locator(".lately")).to_contain_text("boom.wav")
        expect(tab.locator(".health")).to_contain_text("Up to date")

        # Tags are written only after a yes.
        row.get_by_label(WRITE).click()
        dialog(tab).get_by_role("button", name="Cancel").click()
        expect(row.get_by_label(WRITE)).to_have_attribute("aria-checked", "false")
        row.get_by_label(WRITE).click()
        dialog(tab).get_by_role("button", name="Write tags").click()
        expect(tab.locator(".lately")).to_contain_text("Tags written")
        assert (drums / "boom.wav").read_bytes() != before

        # What failed says why, and is tried again.
        row.get_by_role("button", name="1 file failed").click()
        failed = tab.locator(".failed-files [role=row]").filter(has_text="broken.wav")
        expect(failed).to_contain_text("Given up until it changes")
        (drums / "broken.wav").write_bytes(before)
        tab.get_by_role("button", name="Try all in Drums again").click()
        expect(tab.get_by_text("Nothing failed")).to_be_visible()

        tab.get_by_role("tab", name="Folders").click()
        tab.get_by_role("button", name="Pause Drums").click()
        expect(row.locator(".state")).to_have_text("Paused")
        tab.get_by_role("button", name="Go on with Drums").click()
        expect(row.locator(".state")).to_have_text("Up to date")
        tab.get_by_role("button", name="Pause all").click()
        expect(tab.locator(".health")).to_contain_text("Paused")
        tab.get_by_role("button", name="Go on", exact=True).click()
        expect(tab.locator(".health")).to_contain_text("Up to date")

        # A disk that is pulled out is not a library that was emptied.
        drums.rename(tmp_path / "away")
        expect(row.locator(".state")).to_have_text("Offline")
        (tmp_path / "away").rename(drums)
        expect(row.locator(".state")).to_have_text("Up to date")

        choose(tab, "Stop watching it")
        dialog(tab).get_by_role("button", name="Stop watching").click()
        expect(tab.get_by_role("button", name="Add a folder")).to_be_visible()
    with Catalog(server.catalog) as catalog:
        assert not catalog.roots.all()
        assert catalog.stats().files == 2


def test_without_a_daemon_the_page_says_how_to_start_one(tmp_path: Path, drums: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.roots.add(drums)
    with running(tmp_path) as server, browser() as chromium:
        tab = chromium.new_page()
        tab.goto(f"{server.url}/?view=folders")
        expect(tab.locator(".work")).to_contain_text("tagger daemon")
        expect(tab.locator(".root")).to_contain_text("Not watched")
        expect(tab.locator(".root")).to_contain_text(os.fspath(drums.parent))
        tab.get_by_role("button", name="Add folder").click()
        dialog(tab).get_by_label("Folder", exact=True).fill(os.fspath(tmp_path / "nowhere"))
        dialog(tab).get_by_label("Folder", exact=True).press("Enter")
        expect(dialog(tab)).to_contain_text("cannot be opened")
        dialog(tab).get_by_role("button", name="Cancel").click()
        expect(dialog(tab)).to_have_count(0)
