"""The command `tagger doctor`: what is the matter, and what to do about it. It changes nothing.

Each check gives findings; one that cannot be made is a finding too.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

from daemon.api.access import token_path
from daemon.output import count_words, nearby, print_json, print_line
from daemon.service.commands import job_words
from daemon.service.lock import holder, is_running
from daemon.service.looking import probe
from daemon.service.watching import check_limit, limit_words, tells_of_changes
from tagger import settings
from tagger.catalog import Catalog, default_catalog_path
from tagger.catalog.roots import Root
from tagger.errors import TaggerError, printable

_MOST_LINES: Final = 20
_PACKAGES: Final = ("instrument-tagger", "onnxruntime", "soundfile", "mutagen", "SQLAlchemy", "watchdog")

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: what it is about, in a word.
        level: "ok", "note" where a person may want to know, "problem" where one has to do something.
        text: what was found, as one line.
    """

    topic: str
    level: Level
    text: str


def run(catalog: Path | None, *, as_json: bool) -> int:
    """Looks at everything and tells it.

    Returns:
        the exit code: 1 if there is a problem, else 0.
    """
    is_well = True
    for finding in findings(catalog or default_catalog_path()):
        is_well = is_well and finding.level != "problem"
        if as_json:
            print_json({"topic": finding.topic, "level": finding.level, "text": printable(finding.text)})
        else:
            print_line(f"{finding.level:<8} {finding.topic:<11} {finding.text}")
    return 0 if is_well else 1


def findings(path: Path) -> Iterator[Finding]:
    """All that there is to be told.

    Args:
        path: the catalog file.
    """
    yield from _checked("versions", _versions)
    yield from _checked("settings", _settings)
    yield from _checked("model", _model)
    yield from _checked("daemon", lambda: _daemon(path))
    yield from _checked("http", lambda: _api(path))
    yield from _checked("osc", lambda: _live(path))
    if not path.exists():
        yield Finding("catalog", "note", f"{nearby(path)}: there is none yet; `tagger tag FOLDER` makes one")
        return
    yield from _checked("catalog", lambda: _file(path))
    yield from _checked("catalog", lambda: _contents(path))


def _checked(topic: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except (TaggerError, OSError, sqlite3.Error) as error:
        yield Finding(topic, "problem", str(error))


def _versions() -> Iterator[Finding]:
    known = []
    for package in _PACKAGES:
        try:
            known.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            yield Finding("versions", "problem", f"{package} is not installed (install the program again)")
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    yield Finding("versions", "ok", f"{', '.join(known)}, SQLite {sqlite3.sqlite_version}, {system}")


def _settings() -> Iterator[Finding]:
    settings.load()
    path = settings.settings_path()
    yield Finding("settings", "ok", nearby(path) if path.exists() else f"the usual ones; {nearby(path)} is not there")


def _model() -> Iterator[Finding]:
    from tagger.recogniser import Recogniser

    yield Finding("model", "ok", Recogniser().name)


def _daemon(path: Path) -> Iterator[Finding]:
    if is_running(path):
        yield Finding("daemon", "ok", f"is running (process {holder(path) or 'unknown'})")
    else:
        yield Finding("daemon", "note", "is not running; `tagger daemon` starts it, `tagger service install` for good")


def _api(path: Path) -> Iterator[Finding]:
    chosen = settings.load().api
    if not chosen.is_on:
        yield Finding("http", "note", "is off, by api.is_on in the settings")
        return
    token = token_path(path)
    words = f"its token is in {nearby(token)}" if token.exists() else "the daemon makes its token when it starts"
    yield Finding("http", "ok", f"the daemon answers at {chosen.host}, port {chosen.port}; {words}")


def _live(path: Path) -> Iterator[Finding]:
    chosen = settings.load().osc
    if not chosen.is_on:
        yield Finding("osc", "note", "live audio is heard by `tagger osc` only; osc.is_on in the settings changes that")
        return
    from daemon.live import daw_settings
    from osc_bridge.client import Client

    for text in chosen.daws:
        daw_settings(text, rename=False, also=())
    if not is_running(path):
        yield Finding("osc", "note", f"live audio will be heard at port {chosen.port} when the daemon runs")
        return
    with Client(("127.0.0.1", chosen.port)) as client:
        answer = client.ask("/tag/version", answer="/tag/version")
    if answer is None:
        words = (
            f"nothing answers at port {chosen.port}; the log of the daemon says why (choose another, start it again)"
        )
        yield Finding("osc", "problem", words)
    else:
        yield Finding("osc", "ok", f"live audio is heard at 127.0.0.1, port {chosen.port}")


def _file(path: Path) -> Iterator[Finding]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        for (words,) in connection.execute("PRAGMA integrity_check(5)"):
            if words != "ok":
                yield Finding("catalog", "problem", f"{nearby(path)} is damaged: {words} (put a backup in its place)")
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            yield Finding("catalog", "problem", f"{nearby(path)} holds rows that refer to nothing (use a backup)")
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        yield Finding("catalog", "problem", f"{nearby(path)} or its folder cannot be written (allow writing)")
    yield Finding("catalog", "ok", f"{nearby(path)}, {path.stat().st_size / 1e6:,.1f} MB, looked through")


def _contents(path: Path) -> Iterator[Finding]:
    with Catalog(path) as catalog:
        roots = catalog.roots.all()
        if not roots:
            yield Finding("roots", "note", "no folder is watched; `tagger root add FOLDER` adds one")
        for root in roots:
            yield _root(catalog, root)
        yield from _failing(catalog)
        for write in catalog.journal.open_writes() if not is_running(path) else ():
            name = nearby(write.intent.path)
            yield Finding("writes", "problem", f"{name}: a run was ended while it wrote (`tagger write` puts it right)")


def _root(catalog: Catalog, root: Root) -> Finding:
    name = printable(root.path)
    found = probe(root, lambda: catalog.roots.witnesses(root))
    if found.reason is not None:
        return Finding("roots", "problem", f"{name}: {found.reason} (what is known of its files is kept)")
    if root.write and not os.access(root.path, os.W_OK):
        return Finding("roots", "problem", f"{name}: tags cannot be written there (allow writing to the folder)")
    if root.poll or not tells_of_changes(root.path):
        return Finding("roots", "ok", f"{name}: there, looked through from time to time")
    try:
        check_limit(root.path)
    except OSError as error:
        return Finding("roots", "problem", f"{name}: {limit_words(error)}")
    return Finding("roots", "ok", f"{name}: there, watched")


def _failing(catalog: Catalog) -> Iterator[Finding]:
    problems = list(catalog.problems())
    for problem in problems[:_MOST_LINES]:
        yield Finding("quarantine", "note", f"{nearby(problem.path)}: {problem.reason}")
    jobs = catalog.jobs.failing()
    for job in jobs[:_MOST_LINES]:
        level: Level = "problem" if job.is_quarantined else "note"
        yield Finding("quarantine" if job.is_quarantined else "waiting", level, f"{nearby(job.path)}: {job_words(job)}")
    left = max(len(problems) - _MOST_LINES, 0) + max(len(jobs) - _MOST_LINES, 0)
    if left:
        yield Finding("quarantine", "note", f"… and {count_words(left, 'more file')}; see `tagger jobs list`")
    if problems or jobs:
        yield Finding("quarantine", "note", "`tagger jobs retry` has all of these tried again")
