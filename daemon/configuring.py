"""The command `tagger config`: the settings in force, and a file to change them in."""

from __future__ import annotations

from daemon.output import nearby, print_json, print_line
from tagger import settings
from tagger.errors import SettingsError, printable, reason_of


def show(*, as_json: bool) -> None:
    """Prints the settings in force as the file that would say them.

    Raises:
        SettingsError: they make no sense.
    """
    path, held = settings.settings_path(), settings.load()
    if as_json:
        print_json({"file": printable(path), "is_there": path.exists(), "settings": held.model_dump(mode="json")})
        return
    hint = "" if path.exists() else ", which is not there; `tagger config --init` writes one"
    print_line(f"# Settings in force. They are changed in {printable(path)}{hint}.\n")
    print_line(settings.commented(held).rstrip())


def init(*, as_json: bool) -> None:
    """Writes a file of settings that explains each of them and changes nothing.

    Raises:
        SettingsError: there is one, or it cannot be written.
    """
    path = settings.settings_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(settings.commented())
    except FileExistsError:
        raise SettingsError(path, "is there already, and stays as it is", "edit it, or move it away") from None
    except OSError as error:
        raise SettingsError(path, f"cannot be written: {reason_of(error)}") from error
    if as_json:
        print_json({"file": printable(path), "is_there": True})
    else:
        print_line(f"{nearby(path)}  written; every line in it is explained, and none is in force yet")
