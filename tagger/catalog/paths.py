"""How a path is written in the catalog, and by which key two spellings of it are one.

macOS and Windows find a file under any upper or lower case, and macOS under any Unicode normal form;
a disk may carry names of one system to another. Keys are NFC everywhere and lower-case where the
system is blind to case; the path itself is kept as it was spelled, since Linux opens only that.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from tagger.errors import CatalogError

CASE_BLIND = sys.platform in {"win32", "darwin"}


def name_key(name: str) -> str:
    """The key of a name or of a whole path: equal for all spellings that mean the same file."""
    key = name if name.isascii() else unicodedata.normalize("NFC", name)
    return key.lower() if CASE_BLIND else key


def folder_text(folder: Path) -> str:
    """The absolute path of a folder as text, links left as they are.

    Raises:
        CatalogError: the path holds bytes that are no text, which no database can keep.
    """
    return _storable(folder, os.path.abspath(folder))


def split(path: Path) -> tuple[str, str]:
    """The absolute folder and the name of a file, as text.

    Raises:
        CatalogError: the path holds bytes that are no text, which no database can keep.
    """
    folder, name = os.path.split(_storable(path, os.path.abspath(path)))
    return folder, name


def is_text(name: str) -> bool:
    """Whether a name as the system gave it is text, and not bytes in disguise (PEP 383)."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def folder_key(folder: str) -> str:
    """The key of a folder, from its absolute path: with a separator at the end, so that all below begins with it."""
    key = name_key(folder)
    return key if key.endswith(os.sep) else key + os.sep


def is_below(path: str | os.PathLike[str], folders: Iterable[str | os.PathLike[str]]) -> bool:
    """Whether an absolute path is that of one of some folders, or leads into it, as it is spelt."""
    key = folder_key(os.fspath(path))
    return any(key.startswith(folder_key(os.fspath(folder))) for folder in folders)


def subtree(folder: Path) -> tuple[str, str]:
    """The range of folder keys, `low <= key < high`, of a folder and all below it."""
    low = folder_key(folder_text(folder))
    return low, low[:-1] + chr(ord(os.sep) + 1)


def _storable(path: Path, text: str) -> str:
    if not is_text(text):
        raise CatalogError(path, "its name is not valid Unicode", "rename it")
    return text
