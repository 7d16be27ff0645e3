"""What every test lives under: no leaked thread, no settings or catalog of the developer's own."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.command_line import Outcome, Run

if TYPE_CHECKING:
    from tests.samples import Samples
    from tests.service_bench import Bench


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
def own_catalog(tmp_path: Path, empty_catalog: Path) -> Path:
    """The test's own catalog, in its place, empty."""
    return Path(shutil.copy(empty_catalog, tmp_path))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def bench(own_catalog: Path) -> Iterator[Bench]:
    """The daemon's engine, driven by hand, on the test's own catalog."""
    from tests.service_bench import Bench

    with Bench(own_catalog.parent) as made:
        yield made


@pytest.fixture(scope="session")
def made_samples(tmp_path_factory: pytest.TempPathFactory, empty_catalog: Path) -> Path:
    """An empty catalog, and samples, to be copied."""
    from tests.samples import make_samples

    made = tmp_path_factory.mktemp("made")
    shutil.copy(empty_catalog, made)
    make_samples(made)
    return made


@pytest.fixture
def samples(made_samples: Path, tmp_path: Path) -> Samples:
    """Samples, of which the test's own catalog says something definite."""
    from tests.samples import copied

    return copied(made_samples, tmp_path)


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
