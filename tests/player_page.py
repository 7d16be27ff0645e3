"""A page with a player and nothing else, over made sounds; run as a program, since NiceGUI is one for a process.

    python -m tests.player_page FOLDER

prints where it serves; the page is at `/player`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100
LONG_S = 150.0


def make_sounds(folder: Path) -> dict[str, Path]:
    """A loop, a hit and a song, all of 24 bits; a file without sound, and one that will be gone."""
    folder.mkdir()
    time_s = np.arange(4 * RATE) / RATE
    beat = np.exp(-(time_s % 0.5) * 12) * np.sin(2 * np.pi * 90 * time_s)
    hats = 0.3 * np.exp(-(time_s % 0.25) * 40) * np.random.default_rng(0).normal(0, 1, len(time_s))
    sounds = {"loop": (beat + hats) / 2, "hit": beat[: RATE // 2] * 0.8}
    whole = np.tile((beat + hats) / 2, int(LONG_S / 4) + 1)[: int(LONG_S * RATE)]
    sounds["song"] = whole * (0.3 + 0.7 * np.abs(np.sin(np.linspace(0, 9, len(whole)))))
    paths = {}
    for name, samples in sounds.items():
        paths[name] = folder / f"{name}.wav"
        soundfile.write(paths[name], samples, RATE, "PCM_24")
    paths["broken"] = folder / "broken.wav"
    paths["broken"].write_bytes(b"RIFF\x24\0\0\0WAVE" + b"nothing to hear" * 9)
    paths["gone"] = folder / "gone.wav"
    paths["gone"].write_bytes(paths["hit"].read_bytes())
    return paths


def main() -> None:
    # Worker processes import this module anew, and should not need all this.
    from nicegui import ui

    from daemon.api.access import Access
    from daemon.api.backend import Backend
    from daemon.web.app import create_app
    from daemon.web.parts.player import Player, Stretch
    from tagger.catalog import Catalog, Query
    from tests.catalog_entries import entry
    from tests.http_api import TOKEN, Sketcher
    from tests.made_up import analysis

    folder = Path(sys.argv[1])
    catalog = Catalog(folder / "catalog.db")
    paths = make_sounds(folder / "Samples")
    catalog.roots.add(folder / "Samples")
    for name, path in paths.items():
        status = path.stat()
        duration_s = LONG_S if name == "song" else 4.0 if name == "loop" else 0.5
        known = analysis(name, "kick", duration_s=duration_s)
        catalog.record([entry(path, known, size=status.st_size, mtime_ns=status.st_mtime_ns)])
    paths["gone"].unlink()
    files = {hit.path.stem: hit for hit in catalog.find(Query())}
    backend = Backend(catalog, None, Access(frozenset({"127.0.0.1"}), TOKEN, is_local=True), Sketcher)

    @ui.page("/player")
    def page(first: str = "", theme: str = "dark") -> None:
        ui.dark_mode(theme == "dark")
        for sheet in ("style.css", "player.css"):
            ui.add_head_html(f'<link rel="stylesheet" href="/style/{sheet}">')
        player = Player().classes("player")
        told = ui.label("").props("id=told")
        player.on_ended(lambda: told.set_text("ended"))
        player.on_seeked(lambda time_s: told.set_text(f"seeked {time_s:.2f}"))
        player.on_error(lambda words: told.set_text(f"error {words}"))

        def load(name: str) -> None:
            hit = files[name]
            address = f"/api/files/{hit.id}"
            stretches = [
                Stretch("Kick", "var(--drums)", 0.0, hit.duration_s * 0.45),
                Stretch("Kick", "var(--drums)", hit.duration_s * 0.6, hit.duration_s),
                Stretch("Synth bass", "var(--bass)", hit.duration_s * 0.3, hit.duration_s * 0.8),
            ]
            player.load(
                hit.id,
                url=f"{address}/audio",
                peaks_url=f"{address}/peaks",
                spectrogram_url=f"{address}/spectrogram.png",
                duration_s=hit.duration_s,
                name=hit.path.name,
                stretches=stretches if name in ("loop", "song") else (),
            )

        for name, hit in files.items():
            ui.button(name, on_click=lambda name=name: load(name)).props(f"id=load-{name}")
            ui.button(f"fetch {name}", on_click=lambda hit=hit: player.prefetch([f"/api/files/{hit.id}/audio"]))
        ui.button("Python plays", on_click=player.play)
        ui.button("Python stops", on_click=player.stop)
        ui.button("Python toggles", on_click=player.toggle)
        ui.button("Python seeks", on_click=lambda: player.seek(0.1))
        if first:
            load(first)

    _serve(create_app(backend))


def _serve(app: object) -> None:
    import socket

    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listening])  # type: ignore[arg-type]  # any ASGI application


if __name__ == "__main__":
    main()
