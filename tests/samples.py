"""Samples in several formats, of which a catalog says something definite; and what other programs do to them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mutagen.flac import FLAC

from tagger import tagfile
from tagger.catalog import Catalog, FileRecord, LabelRecord
from tagger.results import Kind
from tests.command_line import analysis, heard_as
from tests.tagged_audio import make, rich_wav

KICK: Final = Path(__file__).parents[1] / "demo" / "samples" / "Foundry Drums 2" / "ABLP_09_fx2.wav"
"""One of the samples that come with the program: a kick drum, and recognised as one."""

LONG_AGO_NS: Final = 1_500_000_000_123_456_789

RESULTS: Final = {
    "16.wav": analysis("kick", "tom"),
    "16.aiff": analysis("snare", kind=Kind.LOOP, tempo_bpm=120.0),
    "lossless.flac": analysis("electric_guitar"),
    "plain.mp3": analysis("piano"),
    "rich.wav": analysis("clap"),
    "vorbis.ogg": analysis("cello"),
}


@dataclass(frozen=True)
class Samples:
    folder: Path
    catalog: Path

    def record(self, name: str) -> FileRecord:
        with Catalog(self.catalog) as catalog:
            record = catalog.show(self.folder / name)
        assert isinstance(record, FileRecord)
        return record

    def tags(self, name: str) -> list[str]:
        return [tag.label for tag in self.record(name).tags]

    def said_by_people(self, name: str) -> dict[str, str]:
        def is_human(label: LabelRecord) -> bool:
            return label.source == "human"

        return {label.label: label.state.value for label in filter(is_human, self.record(name).labels)}

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Bytes and times of all audio files."""
        return {
            path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.folder.iterdir() if path.is_file()
        }


def make_samples(made: Path) -> None:
    """Makes the files, written long ago, in a folder that has an empty catalog."""
    folder = made / "samples"
    folder.mkdir()
    (folder / "rich.wav").write_bytes(rich_wav())
    for name in RESULTS:
        path = folder / name if name == "rich.wav" else make(folder, name)
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


def copied(made: Path, folder: Path) -> Samples:
    """The files and the catalog in another folder, with what the catalog says of them."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    samples = Samples(folder / "samples", folder / "catalog.db")
    with Catalog(samples.catalog) as catalog:
        catalog.record([heard_as(samples.folder / name, result) for name, result in RESULTS.items()])
    return samples


def instrument(path: Path) -> str | None:
    return tagfile.read(path).instrument


def edit_flac(path: Path, value: str | None) -> None:
    """What another program does to the tag of a FLAC file."""
    file = FLAC(path)
    if value is None:
        del file["INSTRUMENT"]
    else:
        file["INSTRUMENT"] = value
    file.save()
