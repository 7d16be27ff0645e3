"""The folders of this machine, for choosing one of them: where to begin, and what is in each."""

from __future__ import annotations

import os
import string
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tagger.audio import AUDIO_SUFFIXES
from tagger.catalog.paths import folder_key, is_text
from tagger.catalog.roots import Root
from tagger.walk import is_passed_over

MOST: Final = 500

_SUFFIXES: Final = tuple(AUDIO_SUFFIXES)
_OF_HOME: Final = ("Music", "Desktop", "Documents", "Downloads")
_MOUNTS: Final = {"darwin": ("/Volumes",), "linux": ("/media/{user}", "/run/media/{user}", "/mnt")}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is in a folder.

    Attributes:
        path: the folder.
        folders: the names of the first `MOST` folders in it, as file browsers sort them.
        is_more: whether there are more.
        sounds: audio files directly in it.
    """

    path: Path
    folders: Sequence[str]
    is_more: bool
    sounds: int


def look_in(path: Path) -> Surroundings:
    """Lists a folder.

    Raises:
        OSError: it cannot be listed.
    """
    folders: list[str] = []
    sounds = 0
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not is_text(entry.name):
                continue
            if entry.name.lower().endswith(_SUFFIXES):
                sounds += 1
            elif not is_passed_over(entry.name) and _is_folder(entry):
                folders.append(entry.name)
    folders.sort(key=str.casefold)
    return Surroundings(path, folders[:MOST], len(folders) > MOST, sounds)


def beginnings() -> list[tuple[str, Path]]:
    """Places where people keep sounds, with what they are called: home first, disks last."""
    home = Path.home()
    return [("Home", home), *((name, home / name) for name in _OF_HOME if (home / name).is_dir()), *_disks()]


def typed(text: str) -> Path:
    """The folder that somebody typed or pasted: `~` is home, and quotes as Windows copies them are not meant."""
    return Path(text.strip().strip("\"'")).expanduser()


def remark(path: Path, roots: Sequence[Root]) -> str:
    """What is to be said before a folder is watched; "" if nothing is."""
    key = folder_key(str(path))
    if path == Path.home() or path == Path(path.anchor):
        return "This is more than a library: the folder with the samples in it is a better choice."
    if outer := [root.path.name or str(root.path) for root in roots if key.startswith(root.key) and key != root.key]:
        return f"It is in {outer[-1]}, which is watched already. By itself it can be treated otherwise."
    if inner := [root.path.name for root in roots if root.key.startswith(key) and key != root.key]:
        names = inner[0] if len(inner) == 1 else f"{len(inner)} folders"
        return f"It holds {names}, watched already, which will be treated as before."
    return ""


def is_watched(path: Path, roots: Sequence[Root]) -> bool:
    """Whether just this folder is watched."""
    key = folder_key(str(path))
    return any(root.key == key for root in roots)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _disks() -> Iterator[tuple[str, Path]]:
    if sys.platform == "win32":
        for letter in string.ascii_uppercase:
            disk = Path(f"{letter}:\\")
            if disk.exists():
                yield f"{letter}:", disk
        return
    for place in _MOUNTS.get(sys.platform, ()):
        folder = Path(place.format(user=os.environ.get("USER", "")))
        try:
            yield from ((name, folder / name) for name in look_in(folder).folders)
        except OSError:
            continue
