"""Folders that say what is in them: `Acoustic Guitar/martin_d28/pluck 01.wav`.

The first level is the label. The one below it, where there is one, is taken for the recording source, so that
its files stay together; files directly in a label's folder are each taken for a source of their own, since
else a flat tree could not be divided at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from models.workshop.clips import Clip
from models.workshop.datasets.errors import DatasetError
from models.workshop.datasets.listing import Listing, is_hidden, listed
from tagger.audio import AUDIO_SUFFIXES


def read(root: Path) -> Listing:
    """All audio files below a folder's folders; hidden files and folders are passed over.

    Raises:
        DatasetError: there is no such folder, or no audio in its folders.
    """
    if not root.is_dir():
        raise DatasetError(root, "is no folder", "expected is a folder that has a folder for each label")
    layout = "audio files in a folder for each label"
    return listed(_clips(root), root=root, layout=layout)


def label_id(name: str) -> str:
    """The label that somebody's words stand for: "Acoustic Guitar" is `acoustic_guitar`."""
    # Names of files made on macOS come decomposed.
    return re.sub(r"[\s-]+", "_", unicodedata.normalize("NFC", name.strip().lower()))


def _clips(root: Path) -> Iterator[Clip]:
    # The root may be given as "." or with ".." in it.
    library = root.resolve().name
    for path in sorted(_audio_files(root)):
        label, *levels = path.relative_to(root).parts[:-1]
        yield Clip(path, (label_id(label),), library, group=f"{label}/{levels[0] if levels else path.name}")


def _audio_files(root: Path) -> Iterator[Path]:
    for folder in root.iterdir():
        if folder.is_dir():
            for path in folder.rglob("*"):
                is_shown = not any(map(is_hidden, path.relative_to(root).parts))
                if path.suffix.lower() in AUDIO_SUFFIXES and is_shown:
                    yield path
