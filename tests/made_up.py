"""Made-up analyses, and an analyser that makes them; light to import, since worker processes do."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import numpy as np

from tagger.errors import DecodeError, ModelError
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.taxonomy import FAMILY_OF

MODEL: Final = "net@1"


def instrument(label: str, confidence: float = 0.9) -> Instrument:
    return Instrument(label, FAMILY_OF.get(label, label), confidence)


def analysis(
    recording: str,
    *tags: str | Instrument,
    candidates: tuple[str, ...] = (),
    model: str = MODEL,
    kind: Kind = Kind.ONE_SHOT,
    duration_s: float = 1.5,
    tempo_bpm: float | None = None,
    key: str | None = None,
) -> Analysis:
    """An analysis of the recording of that name; tags given by label are 0.9 sure."""
    claimed = tuple(tag if isinstance(tag, Instrument) else instrument(tag) for tag in tags)
    return Analysis(
        facts=AudioFacts(duration_s, 44100, 2, payload_hash=recording),
        kind=kind,
        instruments=tuple(map(instrument, candidates)) or claimed[:3],
        tags=claimed,
        model=model,
        scores=np.linspace(0, 1, 59, dtype=np.float32),
        embedding=np.zeros(128, np.float32),
        tempo_bpm=tempo_bpm,
        key=key,
    )


class StandIn:
    """Analyses files of text: what they say is their audio, and may be something to do."""

    def analyse(self, path: Path) -> Analysis:
        content = path.read_text()
        if action := ACTIONS.get(content):
            action(path)
        return analysis(hashlib.md5(content.encode()).hexdigest(), "kick")


class Drummer:
    """Hears a kick in every real file, and hashes it as the program does."""

    def analyse(self, path: Path) -> Analysis:
        from tagger.payload import payload_hash

        return analysis(payload_hash(path), "kick")


def no_model() -> NoReturn:
    raise ModelError("model.onnx", "is damaged")


def refuse(path: Path) -> NoReturn:
    raise DecodeError(path, "is not audio", "delete it")


def refuse_for_now(path: Path) -> NoReturn:
    raise DecodeError(path, "cannot be read: permission denied") from PermissionError()


def fail(_: Path) -> NoReturn:
    raise ZeroDivisionError


def change(path: Path) -> None:
    with path.open("a") as file:
        file.write("!")


def crash_once(path: Path) -> None:
    witness = path.with_suffix(".witness")
    if not witness.exists():
        witness.touch()
        os.abort()


ACTIONS: Final[dict[str, Callable[[Path], object]]] = {
    "refuse": refuse,
    "refuse for now": refuse_for_now,
    "fail": fail,
    "change": change,
    "vanish": Path.unlink,
    "crash": lambda _: os.abort(),
    "exit": lambda _: os._exit(0),
    "crash once": crash_once,
    "sleep": lambda _: time.sleep(60),
    "short sleep": lambda _: time.sleep(0.05),
}


def fill(folder: Path, **files: str) -> None:
    """Makes files of text, of which `StandIn` makes analyses."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.wav").write_text(content)
