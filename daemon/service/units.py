"""Having the system start the daemon: systemd on Linux, launchd on macOS, the Task Scheduler on Windows.

All of them for the user who asks, none for the machine, so that nobody needs to be root. What each is given
is the text that `unit_text` and its neighbours make, and can be asked for what it starts; the rest is calling the
system's own command.
"""

from __future__ import annotations

import os
import plistlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from daemon.output import nearby, print_line, print_problem
from daemon.service.lock import is_running
from daemon.service.logs import default_log_path
from tagger.catalog import default_catalog_path
from tagger.errors import TaggerError
from tagger.settings import CONFIG_VARIABLE, settings_path

UNIT: Final = "tagger.service"
AGENT: Final = "io.github.instrument-tagger.daemon"
TASK: Final = "Instrument tagger"


class ServiceError(TaggerError):
    """Raised when the system does not take the service."""


def install(catalog: Path | None) -> None:
    """Has the system start the daemon now and at each login.

    Raises:
        ServiceError: the system does not take it.
    """
    path = unit_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    command = daemon_command(catalog)
    if sys.platform == "win32":
        path.write_text(task_text(command), encoding="utf-16")
        _call(["schtasks", "/Create", "/F", "/TN", TASK, "/XML", str(path)], path)
        _call(["schtasks", "/Run", "/TN", TASK], path)
    elif sys.platform == "darwin":
        path.write_bytes(agent_text(command))
        # One that was installed before, perhaps by another Python, would stand in the way.
        _call(["launchctl", "bootout", f"gui/{os.getuid()}/{AGENT}"], path, is_needed=False)
        _call(["launchctl", "bootstrap", f"gui/{os.getuid()}", str(path)], path)
    else:
        path.write_text(unit_text(command), encoding="utf-8")
        _call(["systemctl", "--user", "daemon-reload"], path)
        _call(["systemctl", "--user", "enable", "--now", UNIT], path)
    print_line(f"installed as {nearby(path)}; it logs to {nearby(default_log_path())}")


def remove() -> None:
    """Stops the daemon, and has the system start it no more.

    Raises:
        ServiceError: it was not installed, or the system does not let go of it.
    """
    path = unit_path()
    if not path.exists():
        raise ServiceError(path, "the service is not installed", "`tagger service install` does that")
    if sys.platform == "win32":
        _call(["schtasks", "/End", "/TN", TASK], path, is_needed=False)
        _call(["schtasks", "/Delete", "/F", "/TN", TASK], path)
    elif sys.platform == "darwin":
        _call(["launchctl", "bootout", f"gui/{os.getuid()}/{AGENT}"], path, is_needed=False)
    else:
        _call(["systemctl", "--user", "disable", "--now", UNIT], path)
    path.unlink()
    if sys.platform == "linux":
        _call(["systemctl", "--user", "daemon-reload"], path, is_needed=False)
    print_line("removed")


def status() -> None:
    """Says whether the service is installed, and whether a daemon runs."""
    path = unit_path()
    print_line(f"installed as {nearby(path)}" if path.exists() else "not installed; `tagger service install` does that")
    catalog = _installed_catalog(path) or default_catalog_path()
    print_line(f"{'a' if is_running(catalog) else 'no'} daemon is running with {nearby(catalog)}")
    if path.exists() and sys.platform == "linux":
        print_problem(f"`systemctl --user status {UNIT}` tells more")


def unit_path() -> Path:
    """Where the system looks for what is to be started."""
    if sys.platform == "win32":
        from platformdirs import user_data_path

        return user_data_path("tagger", appauthor=False) / "daemon-task.xml"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{AGENT}.plist"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user" / UNIT


def daemon_command(catalog: Path | None) -> list[str]:
    """What starts the daemon: this Python, program, catalog and file of settings, whatever the environment at login."""
    if catalog is None and "TAGGER_CATALOG" in os.environ:
        catalog = default_catalog_path()
    chosen = ["--catalog", str(catalog.absolute())] if catalog else []
    if os.environ.get(CONFIG_VARIABLE):
        chosen += ["--config", str(settings_path().absolute())]
    return [sys.executable, "-m", "daemon", "daemon", *chosen]


def _installed_catalog(path: Path) -> Path | None:
    """The catalog that an installed service was told; None if none, or if somebody has put the file in other words."""
    try:
        if sys.platform == "win32":
            command = task_command(path.read_text(encoding="utf-16"))
        elif sys.platform == "darwin":
            command = agent_command(path.read_bytes())
        else:
            command = unit_command(path.read_text(encoding="utf-8"))
        return Path(command[command.index("--catalog") + 1])
    except (OSError, ValueError, LookupError, ElementTree.ParseError, plistlib.InvalidFileException):
        return None


def unit_text(command: Sequence[str]) -> str:
    """The unit for systemd."""
    program, *arguments = (each.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%") for each in command)
    # In what follows the program, a dollar begins the name of a variable.
    start = " ".join(f'"{part}"' for part in [program, *(each.replace("$", "$$") for each in arguments)])
    return f"""\
[Unit]
Description=Instrument tagger: analyses new audio in watched folders
Documentation=man:systemd.service(5)

[Service]
Type=notify
ExecStart={start}
Restart=on-failure
RestartSec=10
WatchdogSec=5min
TimeoutStopSec=10
KillMode=mixed
OOMPolicy=continue
Nice=19
CPUWeight=idle
CPUSchedulingPolicy=batch
IOSchedulingClass=idle
MemoryHigh=1G

[Install]
WantedBy=default.target
"""


def unit_command(text: str) -> list[str]:
    """What a unit that `unit_text` made starts."""
    (start,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', start)
    program, *arguments = (re.sub(r"\\(.)", r"\1", each).replace("%%", "%") for each in quoted)
    return [program, *(each.replace("$$", "$") for each in arguments)]


def agent_text(command: Sequence[str]) -> bytes:
    """The property list for launchd."""
    return plistlib.dumps(
        {
            "Label": AGENT,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Nice": 19,
        }
    )


def agent_command(data: bytes) -> list[str]:
    """What an agent that `agent_text` made starts."""
    return list(plistlib.loads(data)["ProgramArguments"])


def task_text(command: Sequence[str]) -> str:
    """The task for Windows. It has no window: `pythonw` stands beside `python`."""
    program = Path(command[0])
    windowless = program.with_name("pythonw.exe")
    arguments = subprocess.list2cmdline(command[1:])
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Principals>
    <Principal id="Author"><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>8</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(str(windowless if windowless.exists() else program))}</Command>
      <Arguments>{escape(arguments)}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def task_command(text: str) -> list[str]:
    """What a task that `task_text` made starts; no argument of ours has a quotation mark in it."""
    # The declaration names the encoding of the file, which text has none of.
    task = ElementTree.fromstring(text.partition("?>")[2])
    program, arguments = (task.findtext(f".//{{*}}{name}") or "" for name in ("Command", "Arguments"))
    return [program, *(quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', arguments))]


def _call(command: Sequence[str], path: Path, *, is_needed: bool = True) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        advice = f"start `{' '.join(daemon_command(None))}` by what your system has instead"
        raise ServiceError(path, f"there is no {command[0]} on this system", advice) from None
    if done.returncode and is_needed:
        words = (done.stderr or done.stdout).strip().partition("\n")[0]
        raise ServiceError(path, f"{command[0]} refused: {words}", "the file is in place; correct that and run again")
