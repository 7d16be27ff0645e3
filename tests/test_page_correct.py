"""Correcting on the page: judging, the review, what sounds alike, tags written and copies made, in a browser."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab

from daemon.api import finding, models
from daemon.web.parts.label_chooser import matching
from tagger import tagfile
from tagger.catalog import HUMAN, Catalog, FileRecord
from tagger.results import Kind
from tests.command_line import heard_as
from tests.made_up import analysis, instrument
from tests.web_page import browser, needs_chromium, running

DRAG = """(handle) => {
    const dataTransfer = new DataTransfer();
    handle.dispatchEvent(new DragEvent("dragstart", {dataTransfer, bubbles: true}));
    return dataTransfer.getData("DownloadURL");
}"""
LOOPS = ("beat.wav", "song.wav")
HEARD = {
    "beat.wav": ("kick", "hihat"),
    "boom.wav": ("kick",),
    "crack.wav": ("snare",),
    "hit 1.wav": ("tom",),
    "hit 2.wav": ("tom",),
    "song.wav": ("voice",),
}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of short sounds, each of its own audio."""
    folder = tmp_path_factory.mktemp("sounds") / "Kit"
    folder.mkdir()
    time_s = np.arange(11_025) / 44_100
    for at, name in enumerate(HEARD):
        soundfile.write(folder / name, 0.5 * np.sin(2 * np.pi * (80 + 40 * at) * time_s) * np.exp(-9 * time_s), 44_100)
    return folder


@pytest.fixture
def kit(tmp_path: Path, sounds: Path, empty_catalog: Path) -> Path:
    """The same in a watched folder of a catalog; what sounds alike is what has neighbouring names."""
    folder = Path(shutil.copytree(sounds, tmp_path / "Kit"))
    shutil.copy(empty_catalog, tmp_path / "catalog.db")
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.roots.add(folder)
        entries = []
        for at, (name, labels) in enumerate(HEARD.items()):
            kind = Kind.LOOP if name in LOOPS else Kind.ONE_SHOT
            tags = [instrument(label, 0.6 + 0.05 * at) for label in labels]
            embedding = np.zeros(128, np.float32)
            embedding[:2] = np.cos(0.2 * at), np.sin(0.2 * at)
            heard = analysis(name, *tags, kind=kind, duration_s=0.25)
            likeliest = (*tags, instrument("cymbal", 0.2))
            entries.append(heard_as(folder / name, replace(heard, embedding=embedding, instruments=likeliest)))
        catalog.record(entries)
    return folder


def said(kit: Path, name: str) -> dict[str, str]:
    """What people said of the labels of a file."""
    with Catalog(kit.parent / "catalog.db") as catalog:
        held = catalog.show(kit / name)
    assert isinstance(held, FileRecord)
    return {each.label: each.state.value for each in held.labels if each.source == HUMAN}


def row(tab: Tab, name: str) -> Locator:
    return tab.locator(".results .ag-row").filter(has_text=name)


def detail(tab: Tab) -> Locator:
    return tab.locator(".detail")


def toast(tab: Tab) -> Locator:
    return tab.locator(".toast")


def dialog(tab: Tab) -> Locator:
    return tab.locator(".asking")


@needs_chromium
def test_files_are_judged_by_keys_and_buttons_alone_and_together(tmp_path: Path, kit: Path) -> None:
    with running(tmp_path) as server, browser() as chromium:
        tab = chromium.new_page()
        tab.goto(server.url)
        row(tab, "boom.wav").click()
        expect(detail(tab)).to_contain_text("boom.wav")

        tab.keyboard.press("c")
        expect(toast(tab)).to_contain_text("Confirmed Kick for boom.wav")
        expect(row(tab, "boom.wav").locator(".chip.confirmed")).to_have_text(["Kick"])
        assert said(kit, "boom.wav") == {"kick": "confirmed"}
        tab.keyboard.press("u")
        expect(toast(tab)).to_contain_text("Undone")
        expect(row(tab, "boom.wav").locator(".chip.confirmed")).to_have_count(0)
        tab.keyboard.press("Shift+U")
        expect(row(tab, "boom.wav").locator(".chip.confirmed")).to_have_count(1)
        assert said(kit, "boom.wav") == {"kick": "confirmed"}

        # One label of several.
        row(tab, "beat.wav").click()
        detail(tab).get_by_role("button", name="It has no Hihat").click()
        expect(row(tab, "beat.wav").locator(".chip")).to_have_text(["Kick"])
        assert said(kit, "beat.wav") == {"hihat": "rejected"}

        # A few letters and Enter. What means something to the page means nothing while typing, however fast.
        row(tab, "crack.wav").click()
        expect(detail(tab)).to_contain_text("crack.wav")
        tab.keyboard.type("ec")
        expect(dialog(tab)).to_contain_text("What is it?")
        expect(dialog(tab).get_by_label("Label", exact=True)).to_be_focused()
        assert said(kit, "crack.wav") == {}
        dialog(tab).get_by_label("Label", exact=True).fill("cla")
        expect(dialog(tab).get_by_role("option").first).to_contain_text("Clap")
        tab.keyboard.press("Enter")
        expect(row(tab, "crack.wav").locator(".chip.confirmed")).to_have_text(["Clap"])
        assert said(kit, "crack.wav") == {"snare": "rejected", "clap": "confirmed"}

        # A selection at once, with what was chosen last at the top; and back by the button.
        row(tab, "hit 1.wav").click()
        row(tab, "hit 2.wav").click(modifiers=["Shift"])
        expect(detail(tab)).to_contain_text("2 files chosen")
        tab.keyboard.press("e")
        expect(dialog(tab)).to_contain_text("What are these 2 files?")
        expect(dialog(tab).get_by_role("option").first).to_contain_text("Clap")
        tab.keyboard.press("Enter")
        expect(toast(tab)).to_contain_text("Changed 2 files to Clap")
        expect(row(tab, "hit 2.wav").locator(".chip.confirmed")).to_have_text(["Clap"])
        toast(tab).get_by_role("button", name="Undo").click()
        expect(row(tab, "hit 2.wav").locator(".chip")).to_have_text(["Tom"])
        assert said(kit, "hit 1.wav") == said(kit, "hit 2.wav") == {}

        # Arrow keys with Shift choose more, and nothing is claimed of what was turned down.
        row(tab, "boom.wav").click()
        expect(detail(tab).locator(".detail-name")).to_have_text("boom.wav")
        tab.keyboard.press("Shift+ArrowDown")
        expect(detail(tab)).to_contain_text("2 files chosen")
        tab.keyboard.press("x")
        expect(toast(tab)).to_contain_text("Rejected the tags of 2 files")
        expect(row(tab, "boom.wav")).to_contain_text("rejected")


@needs_chromium
def test_a_review_goes_from_doubt_to_doubt_and_back(tmp_path: Path, kit: Path) -> None:
    with running(tmp_path) as server, browser() as chromium:
        tab = chromium.new_page()
        tab.goto(f"{server.url}/?view=review")
        card, heading = tab.locator(".review-card"), tab.locator(".review-name")
        expect(card.get_by_role("list", name="Why it is asked")).to_contain_text("sure")
        names = []
        for at in range(len(HEARD)):
            expect(heading).to_contain_text(".wav")
            name = heading.inner_text()
            names.append(name)
            if name in LOOPS:
                expect(card).to_contain_text("What is in it?")
                tab.keyboard.press("c")
            elif at % 2:
                tab.keyboard.press("x")
            else:
                tab.keyboard.press("1")
            expect(heading).not_to_have_text(name)
        assert sorted(names) == sorted(HEARD)
        expect(card).to_contain_text("Nothing left to doubt")
        assert said(kit, "beat.wav") == {"kick": "confirmed", "hihat": "confirmed"}
        assert all(said(kit, name) for name in HEARD)

        tab.keyboard.press("u")
        expect(heading).to_have_text(names[-1])
        expect(toast(tab)).to_contain_text("Undone")
        assert said(kit, names[-1]) == {}
        tab.keyboard.press("s")
        expect(card).to_contain_text("Nothing left to doubt")
        expect(tab.locator(".review-head")).to_contain_text(f"{len(HEARD) - 1} settled")
        # What was skipped is asked again when somebody begins anew.
        card.get_by_role("button", name="Look again").click()
        expect(heading).to_have_text(names[-1])


@needs_chromium
def test_sounds_alike_tags_written_and_copies_collected(tmp_path: Path, kit: Path) -> None:
    before = {path.name: path.read_bytes() for path in kit.iterdir()}
    with running(tmp_path) as server, browser() as chromium:
        tab = chromium.new_page()
        tab.goto(server.url)
        row(tab, "boom.wav").click()
        expect(detail(tab)).to_contain_text("boom.wav")

        # What is dragged elsewhere is a copy under its own name, from the panel as from the table.
        for handle in (tab.locator(".drag-out"), row(tab, "boom.wav").locator(".ag-drag-handle")):
            _, name, address = handle.evaluate(DRAG).split(":", 2)
            assert name == "boom.wav"
            assert tab.request.get(address).body() == before["boom.wav"]

        tab.keyboard.press("s")
        near = tab.locator(".alike .near-entry")
        expect(near).to_have_count(len(HEARD) - 1)
        expect(near.last).to_contain_text("song.wav")
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("ArrowDown")
        expect(near.nth(2)).to_have_attribute("aria-selected", "true")
        name = near.nth(2).locator(".near-file").inner_text()
        expect(detail(tab).locator(".detail-name")).to_have_text(name)
        expect(tab.locator(".hearing-name")).to_have_text(name)
        tab.locator(".alike").get_by_role("button", name="Close").click()

        row(tab, "boom.wav").click()
        row(tab, "crack.wav").click(modifiers=["Shift"])
        expect(detail(tab)).to_contain_text("2 files chosen")
        detail(tab).get_by_role("button", name="Write tags into 2 files").click()
        expect(dialog(tab).locator(".change").first).to_contain_text("boom.wav")
        expect(dialog(tab).locator(".after").first).to_contain_text("Kick")
        expect(dialog(tab)).to_contain_text("Kit get no tags by themselves")
        assert {path.name: path.read_bytes() for path in kit.iterdir()} == before
        dialog(tab).get_by_role("button", name="Write", exact=True).click()
        expect(dialog(tab)).to_contain_text("2 written")
        assert tagfile.read(kit / "boom.wav").instrument == "Kick"
        dialog(tab).get_by_role("button", name="Undo what was written").click()
        expect(dialog(tab)).to_contain_text("2 as before")
        assert {path.name: path.read_bytes() for path in kit.iterdir()} == before
        dialog(tab).get_by_role("button", name="Close").click()
        expect(dialog(tab)).to_have_count(0)

        detail(tab).get_by_role("button", name="Collect 2 files in a folder").click()
        expect(dialog(tab).get_by_label("Folder", exact=True)).to_have_value(os.fspath(tmp_path))
        dialog(tab).get_by_label("New folder in it").fill("For Ann")
        dialog(tab).get_by_text("A folder for each instrument").click()
        dialog(tab).get_by_role("button", name="Copy", exact=True).click()
        expect(dialog(tab)).to_contain_text(re.compile("2 files .* copied to"))
        assert (tmp_path / "For Ann" / "Kick" / "boom.wav").read_bytes() == before["boom.wav"]
        assert (tmp_path / "For Ann" / "Snare" / "crack.wav").exists()
        dialog(tab).get_by_role("button", name="Close").click()


@pytest.fixture
def known(kit: Path) -> models.Labels:
    with Catalog(kit.parent / "catalog.db") as catalog:
        return finding.labels(catalog)


def test_labels_are_found_by_what_people_type(known: models.Labels) -> None:
    assert matching("", known, ["tom"])[0] == "tom"
    assert matching("Electric-G", known, [])[0] == "electric_guitar"
    assert matching("bass drum", known, [])[0] == "kick"
    assert set(matching("woodw", known, [])) >= {"flute", "oboe", "woodwind"}
    assert matching("xyzzy", known, []) == []
