"""What the page costs at a million files: from an act to rows and to numbers in a real browser; memory; bytes sent.

Builds the made-up catalog of `benchmarks.catalog` in a temporary folder, serves it by `tagger web`, and asks it as
people do, with Chromium without a window. Each figure is the median of some rounds. What an act costs the
server's processor stands beside it, which other work on the machine changes less.

    python -m benchmarks.page [--files 20000] [--pages 1000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.catalog import build, seconds
from tagger.catalog import Catalog
from tests.web_page import CHROMIUM, running

_ROUNDS: Final = 3
_QUIET_S: Final = 1.5
"""What has not changed for so long is done."""

_LIMIT_S: Final = 120.0
_IDLE_S: Final = 20.0
_WORDS: Final = ("dusty kick", "kick 1234", "instrument:kick", "instrument:kick confidence>0.5 kind:loop", "bagpipe")
_SLOWLY: Final = "instrument:kick dusty"
_PARTS: Final = {
    "rows": ".ag-center-cols-container",
    "numbers": ".facet-list",
    "about": ".detail",
    "alike": ".alike-list",
    "review": ".review-card",
}
_WATCH: Final = """parts => {
    window.changed = {};
    const look = records => {
        const now = performance.now();
        for (const {target} of records) {
            const element = target.closest ? target : target.parentElement;
            for (const [name, part] of Object.entries(parts))
                if (element && element.closest(part)) window.changed[name] = now;
        }
    };
    new MutationObserver(look).observe(document, {subtree: true, childList: true, characterData: true});
}"""
"""Notes when each part of the page changed last."""

_GRID: Final = "getElement(document.querySelector('.results').id.slice(1)).api"


@dataclass(frozen=True, slots=True)
class Measured:
    """What an act took.

    Attributes:
        seconds: until each part of the page had changed for the last time.
        cpu_s: of the server's processor, until all was quiet.
        received: bytes that the browser got.
    """

    seconds: dict[str, float]
    cpu_s: float
    received: int


class Tab:
    """An open page that is watched."""

    def __init__(self, context: BrowserContext, server: psutil.Process) -> None:
        self.page: Page = context.new_page()
        self.page.add_init_script(f"({_WATCH})({_PARTS})")
        self.page.set_default_timeout(_LIMIT_S * 1000)
        self._server = server
        self._received = 0
        self._devtools = context.new_cdp_session(self.page)
        self._devtools.send("Network.enable")
        self._devtools.on("Network.dataReceived", self._count_data)
        self._devtools.on("Network.webSocketFrameReceived", self._count_frame)

    def _count_data(self, event: dict[str, Any]) -> None:
        self._received += event["encodedDataLength"]

    def _count_frame(self, event: dict[str, Any]) -> None:
        self._received += len(event["response"]["payloadData"])

    def measure(self, act: Callable[[], object], *parts: str) -> Measured:
        """Does something, and waits until these parts have changed and nothing does any more."""
        cpu_s, received = self.cpu_s(), self._received
        started = float(self.page.evaluate("performance.now()"))
        act()
        seconds = self._settled(parts, started)
        return Measured(seconds, self.cpu_s() - cpu_s, self._received - received)

    def open(self, url: str) -> Measured:
        """Opens the page."""
        cpu_s, received = self.cpu_s(), self._received
        self.page.goto(url, wait_until="commit")
        seconds = self._settled(("rows", "numbers"), 0.0)
        paint = self.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        first = self.page.evaluate(f"{_GRID}.getDisplayedRowCount()")
        assert first, "nothing was found"
        return Measured({"paint": paint / 1000, **seconds}, self.cpu_s() - cpu_s, self._received - received)

    def _settled(self, parts: tuple[str, ...], since: float) -> dict[str, float]:
        deadline = time.monotonic() + _LIMIT_S
        while True:
            now, changed = self.page.evaluate("[performance.now(), window.changed]")
            at = {part: changed[part] for part in parts if changed.get(part, 0) > since}
            if len(at) == len(parts) and now - max(since, *changed.values()) > _QUIET_S * 1000:
                return {part: (moment - since) / 1000 for part, moment in at.items()}
            assert time.monotonic() < deadline, (parts, changed)
            time.sleep(0.05)

    def cpu_s(self) -> float:
        """What the server's processor has done so far, in seconds."""
        times = self._server.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> str:
        """Of the server, and of the tab: what it has to itself, and of that what its scripts hold."""
        self._devtools.send("HeapProfiler.collectGarbage")
        heap = self.page.evaluate("performance.memory.usedJSHeapSize")
        tabs = [each for each in psutil.Process().children(recursive=True) if "--type=renderer" in each.cmdline()]
        tab = max(each.memory_full_info().uss for each in tabs)
        server = self._server.memory_info().rss
        return f"server {server / 1e6:.0f} MB, tab {tab / 1e6:.0f} MB, of that scripts {heap / 1e6:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=20, help="how many pages of the table are scrolled through")
    parser.add_argument("--in-folder", type=Path, help="keep the catalog here, and use the one that is there")
    options = parser.parse_args()
    if CHROMIUM is None:
        print("chromium (Debian: chromium) is not on this machine")
        return
    with _folder(options.in_folder) as folder:
        path = folder / "catalog.db"
        if not path.exists():
            with Catalog(path) as catalog:
                print(f"{options.files:,} files, built in {seconds(lambda: build(catalog.path, options.files)):.0f} s")
        with running(folder) as served, _browser() as chromium:
            server = psutil.Process(served.process.pid)
            print(f"server, before anybody asked: {server.memory_info().rss / 1e6:.0f} MB")
            _opening(chromium, server, served.url)
            tab = Tab(chromium.new_context(), server)
            tab.open(served.url)
            _searching(tab)
            _choosing(tab)
            _scrolling(tab, options.pages)
            _reviewing(tab)
            print(f"memory at the end: {tab.memory()}")


def _opening(chromium: Browser, server: psutil.Process, url: str) -> None:
    _print("first opening since the start", [Tab(chromium.new_context(), server).open(url)])
    context = chromium.new_context()
    tab = Tab(context, server)
    tab.open(url)
    _print("opened again", [tab.open(url) for _ in range(_ROUNDS)])
    print(f"memory: {tab.memory()}")
    context.close()


def _searching(tab: Tab) -> None:
    box = tab.page.get_by_label("Search", exact=True)
    for words in _WORDS:
        measured = []
        for _ in range(_ROUNDS):
            # All of it but its last key, so that this is what an answer takes.
            box.fill(words[:-1])
            tab.measure(lambda: None)
            measured.append(tab.measure(partial(box.press_sequentially, words[-1]), "rows", "numbers"))
        _print(f"search “{words}”", measured)
    measured = []
    for _ in range(_ROUNDS):
        box.fill("")
        tab.measure(lambda: None)
        measured.append(tab.measure(lambda: box.press_sequentially(_SLOWLY, delay=180), "rows", "numbers"))
    _print(f"“{_SLOWLY}”, a search at each key", measured)


def _choosing(tab: Tab) -> None:
    page = tab.page
    box = page.get_by_label("Search", exact=True)

    def click(words: str) -> Callable[[], None]:
        return lambda: page.locator(".facet-row", has_text=words).first.click()

    for start, words in {"": "Drums", "dusty": "Loop", "family:drums kind:loop is:unreviewed": "70 to 90 %"}.items():
        measured = []
        for _ in range(_ROUNDS):
            box.fill(start)
            box.press("Escape")
            tab.measure(lambda: None)
            measured.append(tab.measure(click(words), "rows", "numbers"))
        _print(f"filter “{words}” beside “{start}”", measured)
    box.fill("")
    box.press("Escape")
    tab.measure(lambda: None)
    for name in ("Name", "Length", "Kind", "BPM", "Sure"):
        header = page.locator(".ag-header-cell", has_text=name).first
        _print(f"sorted by {name}, both ways", [tab.measure(header.click, "rows") for _ in range(2)])
        tab.measure(header.click, "rows")
    page.locator(".ag-row[row-index='0'] .ag-cell").first.click()
    tab.measure(lambda: None)
    _print("arrow key to what is known", [tab.measure(lambda: page.keyboard.press("ArrowDown"), "about")
                                          for _ in range(_ROUNDS)])  # fmt: skip
    for name in ("first", "again"):
        _print(f"similar sounds, {name}", [tab.measure(lambda: page.keyboard.press("s"), "alike")])
    page.get_by_label("Close", exact=True).first.click()


def _scrolling(tab: Tab, pages: int) -> None:
    page = tab.page
    rows = f"{_GRID}.getDisplayedRowCount()"
    cpu_s, taken = tab.cpu_s(), []
    for _ in range(pages):
        before, started = page.evaluate(rows), time.monotonic()
        # Again and again, since new rows make room only after they are counted.
        to_end = "document.querySelector('.ag-body-viewport').scrollTop = 1e9"
        page.wait_for_function(f"() => {{ {to_end}; return {rows} > {before}; }}", polling=10)
        taken.append(time.monotonic() - started)
    print(f"scrolled through {pages} pages: {_ms(statistics.median(taken))} a page, at most {_ms(max(taken))}; "
          f"processor of the server {_ms((tab.cpu_s() - cpu_s) / pages)} a page")  # fmt: skip
    print(f"memory with {page.evaluate(rows):,} rows: {tab.memory()}")


def _reviewing(tab: Tab) -> None:
    def review() -> None:
        tab.page.get_by_role("button", name="Review").click()
        tab.page.locator(".answers").wait_for()

    _print("first page of the review", [tab.measure(review, "review")])
    before, started = tab.cpu_s(), time.monotonic()
    time.sleep(_IDLE_S)
    share = (tab.cpu_s() - before) / (time.monotonic() - started)
    print(f"left open: {share:.1%} of a core of the server")


def _print(name: str, measured: list[Measured]) -> None:
    parts = {part: statistics.median(each.seconds[part] for each in measured) for part in measured[0].seconds}
    cpu_s = statistics.median(each.cpu_s for each in measured)
    received = statistics.median(each.received for each in measured)
    told = "".join(f"{part} {_ms(taken):>9}  " for part, taken in parts.items())
    print(f"{name:44} {told} processor of the server {_ms(cpu_s):>9}  {received / 1000:7.0f} kB", flush=True)


def _ms(taken_s: float) -> str:
    return f"{taken_s * 1000:,.0f} ms"


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--enable-precise-memory-info"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


if __name__ == "__main__":
    main()
