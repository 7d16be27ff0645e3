"""A server over a small catalog, as the daemon starts it, and a client that may change things."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import soundfile

from daemon.api.access import Access
from daemon.api.app import create_app
from daemon.api.backend import Backend
from daemon.api.serving import MakeApp, serving
from daemon.service.engine import Engine
from tagger.catalog import Catalog
from tagger.errors import DecodeError
from tagger.frontend import Samples
from tagger.results import AudioFacts, Kind
from tagger.settings import ApiSettings
from tagger.timeline import Segment, Timeline, TimelineSettings
from tagger.trace import Trace
from tests.catalog_entries import entry
from tests.made_up import analysis

TOKEN = "a token that is long enough"


class Sketcher:
    """Makes timelines up; a file's name may say that it takes long, or ends the process."""

    def analyse_over_time(self, path: Path, settings: TimelineSettings) -> Timeline:
        path.with_suffix(".asked").open("a").write("x")
        if "slow" in path.name:
            time.sleep(60)
        if "crash" in path.name:
            import os

            os._exit(1)
        return Timeline(
            facts=AudioFacts(3.0, 44100, 2, payload_hash="made"),
            kind=Kind.TRACK,
            model="net@1",
            settings=settings,
            labels=("kick",),
            words={"kick": "Kick"},
            thresholds=np.array([0.5], np.float32),
            time_s=np.array([0.0]),
            is_silent=np.array([False]),
            intensity=np.array([[0.75]], np.float32),
            active=np.array([[True]]),
            segments=(Segment("kick", 0.0, 3.0, 0.75),),
            instruments=(),
            path=path,
        )

    def trace(
        self, path: Path, *, window_s: float, hop_s: float, watch: Callable[[Samples, AudioFacts], None]
    ) -> Trace:
        raise DecodeError(path, f"is made up, also in windows of {window_s} s every {hop_s} s, {watch}")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    url: str
    backend: Backend
    client: httpx.Client

    @property
    def catalog(self) -> Catalog:
        return self.backend.catalog


@contextmanager
def served(
    path: Path, *, engine: Engine | None = None, is_local: bool = True, make_app: MakeApp = create_app
) -> Iterator[Served]:
    """Serves a catalog; the client sends the token."""
    access = Access(frozenset({"127.0.0.1", "localhost", "[::1]"}), TOKEN, is_local)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with Catalog(path) as catalog:
        backend = Backend(catalog, engine, access, Sketcher)
        with (
            serving(backend, ApiSettings(port=0), make_app) as url,
            httpx.Client(base_url=url, headers=headers, timeout=60) as client,
        ):
            yield Served(url, backend, client)


def fill(catalog: Catalog, folder: Path, count: int = 6) -> None:
    """Real files in a watched folder, with made-up analyses."""
    root = folder / "Samples"
    root.mkdir(exist_ok=True)
    catalog.roots.add(root)
    for at in range(count):
        path = root / f"Dusty{at}.wav"
        soundfile.write(path, np.full(8, at / 10, np.float32), 8000)
        status = path.stat()
        label = "kick" if at % 2 else "snare"
        catalog.record(
            [entry(path, analysis(f"audio{at}", label, "piano"), size=status.st_size, mtime_ns=status.st_mtime_ns)]
        )
