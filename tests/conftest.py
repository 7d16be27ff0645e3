"""What every test lives under: no leaked thread, no settings or catalog of the developer's own."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Outcome, Run


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    leaked = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in leaked:
        thread.join(timeout=2)
    assert not [thread.name for thread in leaked if thread.is_alive()]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("TAGGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TAGGER_CATALOG", str(tmp_path / "catalog.db"))
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "no settings")


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog that holds nothing, to be copied: making one takes longer than most tests."""
    from tagger.catalog import Catalog

    path = tmp_path_factory.mktemp("empty") / "catalog.db"
    Catalog(path).close()
    return path


@pytest.fixture
def tagger(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command in this process; its catalog is the test's own."""
    from daemon import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv(cli.DEBUG_VARIABLE, "")

    def run(*args: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["tagger", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        if isinstance(ended.value.code, str):
            return Outcome(1, out, err + ended.value.code)
        return Outcome(ended.value.code or 0, out, err)

    return run
