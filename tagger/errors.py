"""What can go wrong, as one tree; each error is a line a user can act on.

TaggerError            path, reason and advice; `str()` is the whole message
├── DecodeError        the file is not audio that can be read
├── TagFileError       tags of a file cannot be read or written safely
├── CatalogError       the catalog cannot be opened, upgraded or written
├── ModelError         a model file is missing, foreign or damaged
├── SettingsError      the settings cannot be read or do not make sense
└── OutputError        a report, picture or export cannot be written
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path


class TaggerError(Exception):
    """Base of all errors that a user is meant to read.

    Args:
        path: the file concerned.
        reason: what is wrong, in lower case, without a full stop.
        advice: what the user can do, or "" when nothing can be done.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str, advice: str = "") -> None:
        super().__init__(os.fspath(path), reason, advice)
        self.path = Path(path)
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{one_line(self.path)}: {self.words}"

    @property
    def words(self) -> str:
        """Reason and advice, for where the path is told already."""
        return f"{self.reason} ({self.advice})" if self.advice else self.reason


def reason_of(error: Exception) -> str:
    """Why something failed, as one line for where the path is told already.

    Of an error of ours its reason and advice, of one of the system what the system says; any other is a fault of some
    program, and named.
    """
    if isinstance(error, TaggerError):
        return error.words
    if isinstance(error, OSError):
        return error.strerror.lower() if error.strerror else str(error) or type(error).__name__
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def printable(text: str | os.PathLike[str]) -> str:
    """A path or text that can be written as UTF-8; what is no valid Unicode gets backslashes."""
    return os.fspath(text).encode("utf-8", "backslashreplace").decode()


def one_line(text: str | os.PathLike[str]) -> str:
    """A path or text for people, as one line that commands no terminal: control characters are escaped."""
    return "".join(each if _is_shown(each) else repr(each)[1:-1] for each in printable(text))


def _is_shown(character: str) -> bool:
    # Wide blanks and joiners are in names of many languages, though Python calls them not printable.
    return character.isprintable() or unicodedata.category(character) in ("Zs", "Cf")


class DecodeError(TaggerError):
    """Raised when a file cannot be decoded as audio."""


class TagFileError(TaggerError):
    """Raised when a file's tags cannot be read, or not be written without risk to its audio."""


class CatalogError(TaggerError):
    """Raised when the catalog cannot be opened, upgraded or written."""


class ModelError(TaggerError):
    """Raised when a model cannot be used: missing, damaged, or not one of this program."""


class SettingsError(TaggerError):
    """Raised when the settings cannot be read, or say something that cannot be."""


class OutputError(TaggerError):
    """Raised when a file that was asked for cannot be written."""
