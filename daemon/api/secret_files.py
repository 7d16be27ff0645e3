"""Files that only their owner can read, each with one line: the token, and the hash of the password."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tagger.disk import flush
from tagger.errors import SettingsError, reason_of


def make(path: Path, text: str) -> None:
    """Writes a line, unless there is a file already.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        _write(path, text)
    except FileExistsError:
        pass
    except OSError as error:
        raise _unwritable(path, error) from error


def replace(path: Path, text: str) -> None:
    """Writes a line in place of what was there, whole or not at all.

    Raises:
        SettingsError: it cannot be written.
    """
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        _write(new, text)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def read(path: Path) -> str | None:
    """The line, or None where there is no such file.

    Raises:
        SettingsError: it cannot be read, or others can read it too.
    """
    try:
        # Windows keeps what is in a user's folder from others by itself, and shows it as readable for all.
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise SettingsError(path, "others can read it", f'`chmod 600 "{path}"`, or delete it for a new one')
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SettingsError(path, f"cannot be read: {error}", "delete it for a new one") from error


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{text}\n")
        file.flush()
        flush(file.fileno())


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(path, f"cannot be written: {reason_of(error)}")
