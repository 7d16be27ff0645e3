"""The password of the page: its argon2id hash, in a file beside the catalog that only its owner can read.

It is never in the settings, which people show around. A running daemon reads the file at each request, so a new
password holds at once, and all that was opened with the old one ends.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

import argon2

from daemon.api import secret_files
from tagger.errors import SettingsError, reason_of

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 1000
"""What is longer is no password of a person, and would only cost time."""

_HASHER: Final = argon2.PasswordHasher()


class Password:
    """The password of one catalog's page.

    Args:
        catalog: the catalog file.
    """

    def __init__(self, catalog: Path) -> None:
        self.path = catalog.with_name(f"{catalog.name}.password")

    def mark(self) -> str | None:
        """What stands for the password as it is now, and for no other; None if there is none.

        Raises:
            SettingsError: the file cannot be read, or others can read it too.
        """
        return secret_files.read(self.path)

    def set(self, text: str) -> None:
        """Sets it.

        Raises:
            SettingsError: it is too short or too long, or the file cannot be written.
        """
        text = _normal(text)
        if not LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS:
            reason = f"the password has {len(text)} characters, and needs {LEAST_CHARACTERS} to {MOST_CHARACTERS:,}"
            raise SettingsError(self.path, reason, "several words are easy to keep in mind")
        secret_files.replace(self.path, _HASHER.hash(text))

    def remove(self) -> bool:
        """Removes it; says whether there was one.

        Raises:
            SettingsError: it cannot be removed.
        """
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise SettingsError(self.path, f"cannot be removed: {reason_of(error)}") from error
        return True


def is_right(text: str, mark: str) -> bool:
    """Whether a text is the password that a mark stands for; takes 64 MB and some tenths of a second."""
    try:
        return len(text) <= MOST_CHARACTERS and _HASHER.verify(mark, _normal(text))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _normal(text: str) -> str:
    """Equal for what looks equal: keyboards and systems compose letters differently (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", text)
