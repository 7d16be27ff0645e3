"""The commands `tagger web` and `tagger web password`."""

from __future__ import annotations

import gc
import getpass
import sys
import webbrowser
from pathlib import Path
from typing import Final

from daemon.api.access import Access, load_token
from daemon.api.backend import Backend
from daemon.api.serving import serving
from daemon.api.timelines import background_analyser
from daemon.api.whereabouts import served_at
from daemon.opening import open_catalog
from daemon.output import print_line, print_problem
from daemon.service.lock import is_running
from daemon.service.logs import default_log_path, logged
from daemon.stopping import stoppable
from daemon.web.access.password import Password
from daemon.web.app import create_app
from tagger import settings
from tagger.catalog import default_catalog_path
from tagger.errors import SettingsError

_LOOK_S: Final = 1.0
"""Windows tells a program of Ctrl-C only when it is not asleep; and a daemon that starts wants our address."""


def show(catalog: Path | None, *, no_browser: bool) -> int:
    """Opens the page of the server that there is, or serves it until Ctrl-C.

    Args:
        catalog: the catalog file; None for the user's own.
        no_browser: whether to print the address only.

    Raises:
        TaggerError: the catalog, the settings, or the address cannot be used.
    """
    path = catalog or default_catalog_path()
    if url := served_at(path):
        _tell(url, no_browser=no_browser)
        return 0
    chosen = settings.load().api
    log = default_log_path().with_name("web.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_catalog(path, is_new_ok=True) as opened, logged(log), stoppable() as stop:
        access = Access.of(chosen, load_token(path))
        backend = Backend(opened, None, access, background_analyser)
        with serving(backend, chosen, create_app):
            _tell(served_at(path) or "", no_browser=no_browser)
            has_daemon = is_running(path)
            if not has_daemon:
                print_problem("no daemon is running, so nothing new is heard; this serves the page until Ctrl-C")
            while not stop.wait(_LOOK_S):
                if chosen.is_on and not has_daemon and is_running(path):
                    print_problem("a daemon is running now, and serves the page at the same address")
                    break
    print_problem("stopped")
    # As in `daemon.service.running`: it would take longer than all else to look through everything once more.
    gc.freeze()
    return 0


def set_password(catalog: Path | None) -> None:
    """Asks for a password and sets it.

    Raises:
        SettingsError: it is none, or cannot be kept.
    """
    password = _password(catalog)
    if sys.stdin.isatty():
        text = getpass.getpass("Password of the page: ")
        if getpass.getpass("The same again: ") != text:
            raise SettingsError(password.path, "the two are not the same; nothing was changed", "try again")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    password.set(text)
    print_line("set; whoever was logged in has to log in again")


def remove_password(catalog: Path | None) -> None:
    """Removes the password.

    Raises:
        SettingsError: it cannot be removed.
    """
    was_set = _password(catalog).remove()
    print_line("removed; the page is for this machine only" if was_set else "none was set")


def _password(catalog: Path | None) -> Password:
    path = catalog or default_catalog_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    return Password(path)


def _tell(url: str, *, no_browser: bool) -> None:
    print_line(url)
    if not no_browser and not webbrowser.open(url):
        print_problem("no browser could be started; open that address in one")
