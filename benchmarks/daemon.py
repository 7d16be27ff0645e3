"""What the daemon costs: start, looking through a large library, and doing nothing.

    python -m benchmarks.daemon --files 100000 --idle-s 300

Files are empty of audio and analysis is held, so this is the cost of watching alone. The look through where
nothing changed is compared with a bare walk that asks for each file's size and time, the least that could do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import numpy as np
import psutil

from daemon.service.engine import Engine
from tagger.catalog import Catalog, Entry
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.settings import Settings
from tagger.stamp import Stamp
from tagger.walk import Listing, scan

_FILES_IN_FOLDER = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--idle-s", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        library, path = Path(name, "library"), Path(name, "catalog.db")
        for at in range(options.files):
            folder = library / f"{at // _FILES_IN_FOLDER:05}"
            if not at % _FILES_IN_FOLDER:
                folder.mkdir(parents=True)
            (folder / f"{at}.wav").write_bytes(b"RIFF")
        bare_s = min(_walk(library) for _ in range(3))
        print(f"a bare walk with stat over {options.files:,} files: {bare_s:.2f} s")
        with Catalog(path) as catalog:
            _measure(catalog, library, bare_s)
        _measure_idling(path, options.idle_s)


def _measure(catalog: Catalog, library: Path, bare_s: float) -> None:
    with _engine(catalog) as engine:
        print(f"memory before: {_memory_mb():.0f} MB")
        engine.add_root(library)
        seconds = _next_scan(engine, 0.0)
        waiting = sum(each.waiting for each in catalog.jobs.counts().values())
        print(f"first look through, to {waiting:,} jobs: {seconds:.1f} s; memory {_memory_mb():.0f} MB")
    for listing in scan(library):
        assert isinstance(listing, Listing)
        catalog.record([_entry(listing.folder / name, stamp) for name, stamp in listing.files.items()])
        catalog.jobs.drop(listing.folder / name for name in listing.files)
    with _engine(catalog) as engine:
        before = (_next_scan(engine, 0.0) and engine.state().roots[0].scanned_at) or 0.0
        for _ in range(2):
            cpu_s, started = time.process_time(), time.monotonic()
            engine.scan()
            _next_scan(engine, before)
            seconds = time.monotonic() - started
            before = engine.state().roots[0].scanned_at or 0.0
            print(
                f"look through where nothing changed: {seconds:.2f} s, {seconds / bare_s:.1f} times the bare walk, "
                f"{time.process_time() - cpu_s:.2f} s of CPU; memory {_memory_mb():.0f} MB"
            )


def _measure_idling(path: Path, idle_s: float) -> None:
    command = [sys.executable, "-m", "daemon", "daemon", "--catalog", str(path), "--log", str(path.with_suffix(".log"))]
    started = time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process, Catalog(path) as catalog:
        child = psutil.Process(process.pid)
        while '"watching, with model' not in _log(path):
            time.sleep(0.02)
        print(f"start to being at work: {time.monotonic() - started:.2f} s, {sum(child.cpu_times()[:2]):.2f} s of CPU")
        while _log(path).count('"watching"') < 2:
            time.sleep(0.1)
        time.sleep(30)
        cpu_s, written = sum(child.cpu_times()[:2]), _written(child)
        time.sleep(idle_s)
        cpu_s, written = sum(child.cpu_times()[:2]) - cpu_s, _written(child) - written
        share = 100 * cpu_s / idle_s
        memory = child.memory_info().rss / 1e6
        print(f"idle for {idle_s:.0f} s: {cpu_s:.2f} s of CPU ({share:.3f} % of a core), {written:,} bytes written, "
              f"{memory:.0f} MB, {len(child.children())} worker processes")  # fmt: skip
        assert not catalog.jobs.counts()
        started = time.monotonic()
        process.terminate()
        process.wait()
        print(f"stopped in {time.monotonic() - started:.2f} s")


@contextmanager
def _engine(catalog: Catalog) -> Iterator[Engine]:
    engine = Engine(catalog, Settings(), make_analyser=_nothing, model="instruments@0")
    engine.hold("a benchmark")
    with engine:
        yield engine


def _nothing() -> NoReturn:
    raise AssertionError("nothing is analysed here")


def _next_scan(engine: Engine, after: float) -> float:
    started = time.monotonic()
    while not any(root.scanned_at and root.scanned_at > after for root in engine.state().roots):
        time.sleep(0.01)
    return time.monotonic() - started


def _walk(folder: Path) -> float:
    started = time.monotonic()
    ahead = [os.fspath(folder)]
    while ahead:
        with os.scandir(ahead.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    ahead.append(entry.path)
                else:
                    entry.stat()
    return time.monotonic() - started


def _entry(path: Path, stamp: Stamp) -> Entry:
    rng = np.random.default_rng(int(path.stem))
    facts = AudioFacts(1.0, 44_100, 1, f"{int(path.stem):032x}")
    kick = (Instrument("kick", "drums", 0.9),)
    scores, embedding = rng.random(59, np.float32), rng.random(128, np.float32)
    # The name of the model that the daemon comes with does not matter: what an older one said counts too.
    analysis = Analysis(facts, Kind.ONE_SHOT, kick, kick, "instruments@0", scores, embedding)
    return Entry(path, stamp.size, stamp.mtime_ns, analysis)


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


def _written(process: psutil.Process) -> int:
    return int(process.io_counters().write_bytes) if hasattr(process, "io_counters") else 0


def _log(path: Path) -> str:
    log = path.with_suffix(".log")
    return log.read_text(encoding="utf-8") if log.exists() else ""


if __name__ == "__main__":
    main()
