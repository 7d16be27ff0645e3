"""Takes the pictures of the page that stand in the documents, of a library of our own sounds, with Debian's Chromium.

    python -m tests.long.pictures [FOLDER]

The sounds are those of the demo and the voices of the workshop; the daemon, its catalog and what it hears are real.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
from PIL import Image
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from models.workshop.synthesis.voices import VOICES, synthesise
from tagger.taxonomy import FAMILY_OF
from tests.ports import free_port
from tests.web_page import browser, running

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "docs" / "pictures"
RATE: Final = 44_100
WIDTH, HEIGHT = 1440, 860
MOST_BYTES: Final = 250_000
PATIENCE_MS: Final = 240_000
SEED: Final = 11

PACKS: Final = {
    "drums": ("Basement Drums", "bsm"),
    "percussion": ("Market Percussion", "mkt"),
    "mallets": ("Glass & Wood", "gw"),
    "keys": ("Upright & Rhodes", "upr"),
    "guitar": ("Porch Guitars", "prc"),
    "bass": ("Low End Theory Notes", "low"),
    "strings": ("Rosin", "rsn"),
    "woodwind": ("Reed Room", "reed"),
    "brass": ("Brass After Dark", "bad"),
    "voice": ("Choir Loft", "chl"),
    "synth": ("Polychrome Synths", "poly"),
    "other": ("Odds & Ends", "odd"),
}
MOODS: Final = ("dusty", "room", "close", "wide", "short", "soft", "tape", "dry", "late", "warm", "hard", "far")
TIMES: Final = {"drums": 3}
SONG: Final = "Night Bus (rough mix).wav"

Sound = npt.NDArray[np.float32]


def make_library(folder: Path) -> None:
    """Fills a folder with sounds that are named as people name theirs."""
    shutil.copytree(ROOT / "demo" / "samples" / "Loops", folder / "Loops")
    rng = np.random.default_rng(SEED)
    cycle = np.linspace(0.0, 2.0 * np.pi, 256, endpoint=False)
    wavetables = np.stack([np.sin(cycle), np.sign(np.sin(cycle)), cycle / np.pi - 1.0]).astype(np.float32)
    for number, label in enumerate(sorted(VOICES)):
        family = FAMILY_OF[label]
        pack, short = PACKS[family]
        (folder / pack).mkdir(parents=True, exist_ok=True)
        for take in range(TIMES.get(family, 1)):
            at = number * 3 + take
            sound = synthesise(label, rng, RATE, wavetables)
            name = f"{short}_{at:03}_{MOODS[at % len(MOODS)]}.wav"
            soundfile.write(folder / pack / name, 0.8 * sound / max(1e-9, float(np.max(np.abs(sound)))), RATE)
    (folder / "Songs").mkdir()
    soundfile.write(folder / "Songs" / SONG, song(folder / "Loops"), RATE)


def song(loops: Path) -> Sound:
    """The demo's loops as an arrangement of 56 s: drums alone, with bass, a break of chords, all of it."""
    parts = {name: _stereo(loops / file) for name, file in _PARTS.items()}
    mixed = np.zeros((56 * RATE, 2), np.float32)
    for name, start_s, end_s in _ARRANGEMENT:
        part, first, last = parts[name], start_s * RATE, end_s * RATE
        mixed[first:last] += np.resize(part, (last - first, 2))
    mixed *= 0.7 / float(np.max(np.abs(mixed)))
    return mixed


_PARTS: Final = {"drums": "kv3-a_120.ogg", "bass": "kv3-b_120.ogg", "keys": "kv3-c_96.ogg"}
_ARRANGEMENT: Final = (
    ("drums", 0, 24), ("bass", 8, 24), ("keys", 24, 40), ("bass", 32, 48), ("drums", 40, 56), ("keys", 48, 56),
)  # fmt: skip


def _stereo(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE, rate
    return np.repeat(sound, 2, axis=1)[:, :2] if sound.shape[1] == 1 else sound


def open_view(tab: Tab, url: str, query: str = "") -> None:
    """Opens the page afresh."""
    tab.goto(f"{url}/?{query}")
    tab.evaluate("document.fonts.ready")


def library(tab: Tab, url: str) -> None:
    """A loop is looked at, some of the drums are confirmed."""
    open_view(tab, url, "q=family:drums,bass,keys")
    rows = tab.locator(".results .ag-row")
    for at in (1, 2, 4):
        rows.nth(at).click()
        expect(tab.locator(".library .hearing-time")).to_be_visible()
        tab.keyboard.press("c")
        expect(tab.locator(".results .chip.confirmed").first).to_be_visible()
    rows.filter(has_text="kv3-b").click()
    expect(tab.locator(".detail-name")).to_have_text("kv3-b_120.ogg")
    _drawn(tab, ".library")


def review(tab: Tab, url: str) -> None:
    """A doubt."""
    open_view(tab, url, "view=review")
    expect(tab.locator(".answer").first).to_be_visible()
    tab.keyboard.press("s")
    _drawn(tab, ".review")


def drop(tab: Tab, url: str, files: list[Path]) -> None:
    """What plays when in a song."""
    open_view(tab, url, "view=drop")
    for path in files:
        tab.locator("input[type=file]").set_input_files(path)
    expect(tab.locator(".drop-file.ready, .drop-file.heard, .likely").first).to_be_visible()
    expect(tab.locator(".drop .lane").nth(2)).to_be_visible()
    _drawn(tab, ".drop")


def live(tab: Tab, url: str) -> None:
    """What played in the last 40 seconds."""
    open_view(tab, url, "view=library&q=rough mix")
    tab.locator(".results .ag-row").filter(has_text="rough mix").click()
    expect(tab.locator(".detail-name")).to_have_text(SONG)
    tab.get_by_role("button", name="Live", exact=True).click()
    tab.get_by_role("button", name="Play a sample of the library").click()
    expect(tab.locator(".leading")).not_to_contain_text("No sound")
    tab.wait_for_timeout(40_000)


def folders(tab: Tab, url: str) -> None:
    """All is done."""
    open_view(tab, url, "view=folders")
    expect(tab.locator(".root .state").first).to_have_text("Up to date")


def _drawn(tab: Tab, view: str) -> None:
    expect(tab.locator(f"{view} .hearing-picture.is-there")).to_be_visible()
    tab.mouse.move(0, 0)
    expect(tab.locator(".toast")).not_to_be_visible()


def take(tab: Tab, path: Path) -> None:
    """Takes the picture, in as many colours as anybody sees a difference."""
    tab.wait_for_timeout(500)
    shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    few = shot.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    assert path.stat().st_size <= MOST_BYTES
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


def main() -> None:
    """Takes all of them."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make_library(folder / "Samples")
        port = str(free_port())
        with (
            running(folder, "daemon", TAGGER_OSC__IS_ON="true", TAGGER_OSC__PORT=port) as server,
            browser(expected="ERR_ABORTED") as context,
        ):
            tab = context.new_page()
            tab.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            tab.emulate_media(color_scheme="dark")
            tab.goto(server.url)
            tab.get_by_role("button", name="Add a folder").click()
            box = tab.locator(".asking").get_by_label("Folder", exact=True)
            box.fill(os.fspath(folder / "Samples"))
            box.press("Enter")
            expect(tab.locator(".asking")).to_contain_text("Watch Samples")
            box.press("Enter")
            views: dict[str, Callable[[], None]] = {
                "folders": lambda: folders(tab, server.url),
                "library": lambda: library(tab, server.url),
                "review": lambda: review(tab, server.url),
                "drop": lambda: drop(tab, server.url, [folder / "Samples" / "Songs" / SONG]),
                "live": lambda: live(tab, server.url),
            }
            for name, show in views.items():
                show()
                take(tab, out / f"{name}.png")


if __name__ == "__main__":
    main()
