"""A producer's way through the page: one daemon, one catalog, one browser, one test for each thing that it does.

The tests go in order, as a visit does; the sounds are those of the demo, heard by the network that is shipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab

from daemon.web.access.password import Password
from tests.ports import free_port
from tests.web_page import browser, needs_chromium, running

SAMPLES = Path(__file__).parents[1] / "demo" / "samples"
KIT = ("Foundry Drums 2/ABLP_09_fx2.wav", "Foundry Drums 2/ABLP_11_b.wav", "Foundry Drums 2/ABLP_28_lo.wav")
OTHERS = ("Foundry Drums 2/ABLP_14.aiff", "Loops/kv3-a_120.ogg", "Night Bus/SKN_vol2_008.flac")
KICK, SNARE, TOM = (Path(each).name for each in KIT)
EVIL = "<img src=x onerror=alert(1)> \N{DRUM WITH DRUMSTICKS}.wav"
VIEWS = ("Library", "Review", "Live", "Drop a file", "Folders")
PASSWORD = "correct horse battery staple"

pytestmark = needs_chromium


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser before a daemon.

    Attributes:
        tab: its only page.
        url: of the daemon.
        library: the folder that is watched in the end.
        elsewhere: requests that went to another machine, or another server of this one.
    """

    tab: Tab
    url: str
    library: Path
    elsewhere: list[str]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    folder = tmp_path_factory.mktemp("walk")
    library = folder / "Samples"
    for each in (*KIT, *OTHERS):
        (library / each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / each, library / each)
    shutil.copy(SAMPLES / KIT[0], library / EVIL)
    (library / "broken.wav").write_text("this is no sound")
    variables = {"TAGGER_OSC__IS_ON": "true", "TAGGER_OSC__PORT": str(free_port()), "TAGGER_DAEMON__SETTLE_S": "0.2"}
    # A sound that is tagged while it is sent ends early, and the browser says so.
    with running(folder, "daemon", **variables) as server, browser(expected="CONTENT_LENGTH_MISMATCH") as context:
        elsewhere: list[str] = []
        context.on("request", lambda request: _note(request.url, server.url, elsewhere))
        tab = context.new_page()
        tab.on("websocket", lambda socket: _note(socket.url, server.url, elsewhere))
        tab.set_viewport_size({"width": 1440, "height": 860})
        answer = tab.goto(server.url)
        assert answer is not None
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        yield Visit(tab, server.url, library, elsewhere)


def _note(url: str, server: str, elsewhere: list[str]) -> None:
    if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != urlsplit(server).netloc:
        elsewhere.append(url)


def go_to(tab: Tab, view: str) -> None:
    tab.get_by_role("navigation", name="Views").get_by_role("button", name=view).click()
    # The browser's own buttons go by the address.
    expect(tab).to_have_url(re.compile(f"view={view.split()[0].lower()}"))


def row(tab: Tab, name: str) -> Locator:
    return tab.locator(".results .ag-row:visible").filter(has_text=name)


def search(tab: Tab, text: str) -> None:
    """Types into the search box, by keys alone."""
    tab.keyboard.press("/")
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type(text)


def sounding(tab: Tab) -> list[str]:
    """The names of what sounds now, in all views."""
    playing = tab.locator(".hearing").filter(has=tab.locator("[aria-label=Pause]"))
    return playing.locator(".hearing-name").all_text_contents()


def test_watch_a_folder_that_is_added_by_keys_alone(visit: Visit) -> None:
    tab = visit.tab
    expect(tab.get_by_role("button", name="Add a folder")).to_be_visible()
    # Nothing that lies under the welcome takes the keyboard.
    expect(tab.locator("[data-key='/']")).not_to_be_visible()
    tab.get_by_role("button", name="Add a folder").press("Enter")
    box = tab.locator(".asking").get_by_label("Folder", exact=True)
    expect(box).to_be_focused()
    box.fill(os.fspath(visit.library))
    box.press("Enter")
    expect(tab.locator(".asking")).to_contain_text("Watch Samples")
    box.press("Enter")
    expect(row(tab, KICK)).to_be_visible()
    go_to(tab, "Folders")
    expect(tab.locator(".root")).to_contain_text("Up to date")
    expect(tab.locator(".root")).to_contain_text("1 file failed")
    expect(tab.locator(".root")).to_contain_text("8 files")


def test_browse_by_words_conditions_facets_and_the_browsers_own_buttons(visit: Visit) -> None:
    tab = visit.tab
    go_to(tab, "Library")
    search(tab, "instrument:kick kind:one-shot")
    expect(row(tab, KICK)).to_be_visible()
    expect(row(tab, SNARE)).to_have_count(0)
    expect(tab.locator(".count")).to_have_text("2 files")
    tab.reload()
    expect(tab.locator(".count")).to_have_text("2 files")
    go_to(tab, "Review")
    tab.go_back()
    expect(row(tab, KICK)).to_be_visible()
    search(tab, "nothing is called so")
    expect(tab.get_by_text("Nothing was found.")).to_be_visible()
    search(tab, " ")
    tab.locator(".facets").get_by_role("button", name="Loop", exact=False).first.click()
    expect(tab.locator("[data-key='/']")).to_have_value("kind:loop")
    expect(row(tab, "kv3-a_120.ogg")).to_be_visible()
    expect(row(tab, KICK)).to_have_count(0)
    search(tab, "is:problem")
    expect(row(tab, "broken.wav")).to_be_visible()


def test_what_is_typed_stays_as_it_was_typed(visit: Visit) -> None:
    tab, box = visit.tab, visit.tab.locator("[data-key='/']")
    loops = tab.locator(".facets").get_by_role("button", name="Loop", exact=False).first
    search(tab, " ")
    for _ in range(3):
        # Slower than the box waits for more, so that searches are under way as more is typed.
        tab.keyboard.type("instrument:kick", delay=200)
        expect(box).to_have_value(re.compile("instrument:kick$"))
        search(tab, " ")
        loops.click()
        expect(box).to_have_value("kind:loop")
        search(tab, " ")
    expect(row(tab, KICK)).to_be_visible()


def test_completions_are_for_who_types_only(visit: Visit) -> None:
    tab, box = visit.tab, visit.tab.locator("[data-key='/']")
    offered = tab.locator(".completion").filter(has_text="kick").first
    search(tab, "instrument:kic")
    expect(offered).to_be_visible()
    box.blur()
    expect(offered).not_to_be_visible()
    search(tab, "instrument:kic")
    offered.click()
    expect(box).to_have_value(re.compile("instrument:kick *$"))
    expect(box).to_be_focused()
    expect(offered).not_to_be_visible()


def test_hear_at_a_keystroke_and_only_one_at_a_time(visit: Visit) -> None:
    tab = visit.tab
    search(tab, "ABLP")
    expect(tab.locator(".count")).to_have_text("4 files")
    tab.keyboard.press("Enter")
    name = tab.locator(".library .hearing-name")
    expect(name).to_have_text(KICK)
    tab.keyboard.press("ArrowDown")
    expect(name).to_have_text(SNARE)
    loop = tab.locator(".library").get_by_role("button", name="Loop", exact=True)
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "true")
    # What is clicked takes no keys away: arrows still go through the files, and space stops what plays.
    tab.keyboard.press("ArrowDown")
    expect(name).to_have_text("ABLP_14.aiff")
    expect(tab.locator(".library").get_by_role("button", name="Pause", exact=True)).to_be_visible()
    assert sounding(tab) == ["ABLP_14.aiff"]
    tab.keyboard.press(" ")
    expect(tab.locator(".library").get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(tab.locator(".results .ag-row-selected").first).to_contain_text("ABLP_14.aiff")
    # A click on what is looked at already is heard again, and another view has it stop.
    row(tab, "ABLP_14.aiff").click()
    expect(tab.locator(".library").get_by_role("button", name="Pause", exact=True)).to_be_visible()
    go_to(tab, "Folders")
    expect(tab.locator(".hearing [aria-label=Pause]")).to_have_count(0)
    go_to(tab, "Library")
    loop.click()


def test_see_what_is_in_a_file_and_who_says_so(visit: Visit) -> None:
    tab = visit.tab
    search(tab, "onerror")
    row(tab, "onerror").click()
    detail = tab.locator(".detail")
    # A name is text, whatever it looks like.
    expect(detail.locator(".detail-name")).to_have_text(EVIL)
    expect(detail.locator(".guess").first).to_contain_text("Kick")
    expect(detail).to_contain_text("Who says so")
    expect(detail).to_contain_text("No instrument tags.")
    expect(detail).to_contain_text("The same audio, also at")
    picture = tab.locator(".library .hearing-picture")
    expect(picture).to_have_class("hearing-picture is-there")
    drawn = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v)"
    assert tab.locator(".library .hearing-wave canvas").first.evaluate(drawn)
    # A click in the middle of eight seconds, of which none had been heard.
    at_once = tab.locator(".library").get_by_role("button", name="Play what is chosen at once")
    at_once.click()
    search(tab, "kv3-a")
    row(tab, "kv3-a").click()
    expect(tab.locator(".library .hearing-name")).to_have_text("kv3-a_120.ogg")
    stage = tab.locator(".library").get_by_role("slider", name="Position")
    expect(stage).to_have_attribute("aria-valuenow", "0.0")
    stage.click(position={"x": 750, "y": 20})
    expect(stage).to_have_attribute("aria-valuenow", re.compile(r"^[4-7]\."))
    at_once.click()


def test_correct_by_keys_and_write_it_into_the_file(visit: Visit) -> None:
    tab = visit.tab
    search(tab, "ABLP_28")
    row(tab, TOM).click()
    expect(tab.locator(".detail-name")).to_have_text(TOM)
    tab.keyboard.type("eclap")
    expect(tab.locator(".asking").get_by_role("option").first).to_contain_text("Clap")
    tab.keyboard.press("Enter")
    expect(row(tab, TOM).locator(".chip.confirmed")).to_have_text(["Clap"])
    tab.get_by_role("button", name="Write tags into the file").click()
    tab.locator(".asking").get_by_role("button", name="Write", exact=True).click()
    tab.locator(".asking").get_by_role("button", name="Close").click()
    expect(tab.locator(".asking")).to_have_count(0)
    assert b"Clap" in (visit.library / KIT[2]).read_bytes()
    tab.keyboard.press("u")
    expect(row(tab, TOM).locator(".chip.confirmed")).to_have_count(0)
    go_to(tab, "Review")
    heading = tab.locator(".review-name")
    expect(heading).not_to_have_text("Looking for what to ask…")
    first = heading.inner_text()
    tab.keyboard.press("s")
    expect(heading).not_to_have_text(first)
    tab.keyboard.press("u")
    expect(heading).to_have_text(first)


def test_drop_a_file_and_get_a_report(visit: Visit) -> None:
    tab = visit.tab
    go_to(tab, "Drop a file")
    tab.locator("input[type=file]").set_input_files(SAMPLES / "Loops" / "kv3-b_120.ogg")
    expect(tab.locator(".likely.is-claimed").first).to_contain_text("bass")
    expect(tab.locator(".drop .lane").first).to_be_visible()
    tab.keyboard.press(" ")
    expect(tab.locator(".drop").get_by_role("button", name="Pause", exact=True)).to_be_visible()
    go_to(tab, "Library")
    expect(tab.locator(".hearing [aria-label=Pause]")).to_have_count(0)
    go_to(tab, "Drop a file")
    tab.get_by_role("button", name="Export").click()
    with tab.expect_download(timeout=120_000) as download:
        tab.get_by_role("menuitem").filter(has_text=".json").click()
    assert json.loads(download.value.path().read_text(encoding="utf-8"))


def test_live_audio_is_seen_as_it_plays(visit: Visit) -> None:
    tab = visit.tab
    go_to(tab, "Live")
    tab.get_by_role("button", name="Play a sample of the library").click()
    # It is the one that is looked at in the library.
    expect(tab.get_by_role("region", name=Path(TOM).stem)).to_be_visible()
    expect(tab.locator(".leading")).not_to_contain_text("No sound")
    expect(tab.locator(".live canvas").first).to_be_visible()
    tab.get_by_role("button", name="Stop the sample").click()
    expect(tab.get_by_role("button", name="Play a sample")).to_be_visible()


def test_similar_sounds_are_played_by_arrow_keys(visit: Visit) -> None:
    tab = visit.tab
    go_to(tab, "Library")
    search(tab, "ABLP_11")
    row(tab, SNARE).click()
    expect(tab.locator(".detail-name")).to_have_text(SNARE)
    tab.keyboard.press("s")
    entries = tab.locator(".alike [role=option]")
    expect(entries.first).to_be_visible()
    expect(tab.locator(".alike-list")).to_be_focused()
    tab.keyboard.press("ArrowDown")
    expect(entries.first).to_have_attribute("aria-selected", "true")
    expect(tab.locator(".library .hearing-name")).to_have_text(entries.first.locator(".near-file").inner_text())
    tab.keyboard.press("Escape")
    expect(tab.locator(".alike")).not_to_be_visible()


def test_collect_what_was_found(visit: Visit) -> None:
    tab = visit.tab
    search(tab, "ABLP")
    expect(tab.locator(".count")).to_have_text("4 files")
    tab.keyboard.press("Enter")
    expect(tab.locator(".detail-name")).to_have_text(KICK)
    tab.keyboard.press("ControlOrMeta+a")
    expect(tab.locator(".detail-name")).to_have_text("4 files chosen")
    tab.get_by_role("button", name="Collect 4 files").click()
    tab.locator(".asking").get_by_label("Folder", exact=True).fill(os.fspath(visit.library.parent))
    tab.locator(".asking").get_by_label("Folder", exact=True).press("Enter")
    tab.locator(".asking").get_by_label("New folder in it").fill("Collected")
    tab.locator(".asking").get_by_role("button", name="Copy", exact=True).click()
    tab.locator(".asking").get_by_role("button", name="Close").click()
    expect(tab.locator(".asking")).to_have_count(0)
    collected = sorted(path.name for path in (visit.library.parent / "Collected").rglob("ABLP*"))
    assert collected == ["ABLP_09_fx2.wav", "ABLP_11_b.wav", "ABLP_14.aiff", "ABLP_28_lo.wav"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_views_are_for_everybody(visit: Visit, theme: str) -> None:
    tab = visit.tab
    tab.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type] # one of two words
    faults = []
    for view in VIEWS:
        go_to(tab, view)
        found = Axe().run(tab).response["violations"]
        faults += [(view, each["id"], each["nodes"][0]["html"][:200]) for each in found if _is_serious(each)]
    assert not faults, json.dumps(faults, indent=1)


def _is_serious(violation: dict[str, str]) -> bool:
    return violation["impact"] in ("serious", "critical")


def test_nothing_was_asked_of_anybody_else(visit: Visit) -> None:
    assert visit.elsewhere == []


def test_access_from_elsewhere_needs_the_password(visit: Visit) -> None:
    Password(visit.library.parent / "catalog.db").set(PASSWORD)
    other = visit.tab.context.new_page()
    other.goto(visit.url)
    other.get_by_label("Password").fill(PASSWORD)
    other.keyboard.press("Enter")
    expect(row(other, KICK)).to_be_visible()
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_label("Password")).to_be_visible()
