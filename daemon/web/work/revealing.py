"""A file in the window of the system's own file manager: Finder, Explorer, or what the desktop has.

Only for whoever sits at this machine: from another, a window would open where nobody sees it. No shell is ever asked,
and a name is never an option: all paths are absolute. On Linux the file managers answer to a common name on the
session's D-Bus; where none does, at least the folder is opened.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from daemon.web.work.reaching import reachable
from tagger.catalog import Catalog
from tagger.errors import TaggerError
from tagger.stamp import is_gone

_PATIENCE_S: Final = 5.0
_SERVICE: Final = "org.freedesktop.FileManager1"
_OBJECT: Final = "/org/freedesktop/FileManager1"
_METHOD: Final = f"{_SERVICE}.ShowItems"


def reveal(catalog: Catalog, file_id: int, *, is_local: bool) -> None:
    """Shows a file in its folder.

    Args:
        catalog: with the file.
        file_id: of its place, as in `Hit.id`.
        is_local: whether it was asked for on this machine.

    Raises:
        TaggerError: the file may not be touched, is gone, or nothing can show it.
    """
    path = reachable(catalog, file_id).path
    if not is_local:
        raise TaggerError(path, "can be shown in its folder only on the machine where it is", "copy its path instead")
    if is_gone(path):
        raise TaggerError(path, "is not there any more", "look its folder through")
    if not any(map(_runs, _commands(path))):
        raise TaggerError(path, "cannot be shown", "no file manager answers; copy its path instead")


def paths_text(catalog: Catalog, file_ids: Sequence[int]) -> str:
    """The paths of files as the system writes them, one a line, in the order asked for: what is to be copied.

    Args:
        catalog: with the files.
        file_ids: of their places, as in `Hit.id`; those that there are not are left out.
    """
    held = catalog.seen_at(file_ids)
    return "\n".join(os.fspath(held[each].path) for each in file_ids if each in held)


def _commands(path: Path) -> Iterator[list[str] | str]:
    """What may show a file, best first."""
    if sys.platform == "darwin":
        yield ["/usr/bin/open", "-R", os.fspath(path)]
    elif sys.platform == "win32":
        # Explorer reads its command line itself, and wants quotes around the path only. No name has a quote in it.
        explorer = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "explorer.exe")
        yield f'"{explorer}" /select,"{path}"'
    else:
        uri = _uri(path)
        arguments = [f"array:string:{uri}", "string:"]
        to = ["--session", "--print-reply", "--reply-timeout=4000", f"--dest={_SERVICE}"]
        yield ["dbus-send", *to, "--type=method_call", _OBJECT, _METHOD, *arguments]
        call = ["--session", "--timeout=4", f"--dest={_SERVICE}", f"--object-path={_OBJECT}", f"--method={_METHOD}"]
        yield ["gdbus", "call", *call, f"['{uri}']", ""]
        yield ["xdg-open", os.fspath(path.parent)]


def _uri(path: Path) -> str:
    """A file's address, of plain letters only: `dbus-send` parts what it is given at commas, `gdbus` at quotes."""
    return f"file://{quote(os.fsencode(path))}"


def _runs(command: list[str] | str) -> bool:
    """Whether a program is there and takes its order."""
    if isinstance(command, list) and shutil.which(command[0]) is None:
        return False
    try:
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return False
    try:
        code = started.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        # A file manager that stays open is one that shows the file. Whoever started it has to see its end.
        threading.Thread(target=started.wait, name="file manager", daemon=True).start()
        return True
    # Explorer says 1 when all is well.
    return code == 0 or sys.platform == "win32"
