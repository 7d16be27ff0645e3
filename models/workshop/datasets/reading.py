"""Anybody's labelled recordings, whichever way they are given: a CSV, a folder with a manifest, or a tree."""

from __future__ import annotations

from pathlib import Path

from models.workshop.clips import Clip
from models.workshop.datasets import folders, table
from models.workshop.datasets.listing import found

_MANIFEST = "manifest.csv"


def read_source(path: Path) -> list[Clip]:
    """All clips of a CSV, of a folder that holds `manifest.csv`, or of a tree `label/…`.

    Prints a line where files are missing.

    Raises:
        DatasetError: it cannot be read, or no audio is there.
    """
    manifest = path / _MANIFEST if path.is_dir() else path
    return found(table.read(manifest) if manifest.is_file() else folders.read(path), path)
