"""The commands of the service as people and programs meet them."""

from __future__ import annotations

import os
import plistlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from daemon.service import modelling, units
from daemon.service.lock import is_running, only_one
from daemon.service.supervision import notify, watchdog_s
from tagger.catalog import Catalog
from tagger.errors import CatalogError
from tagger.stamp import Stamp
from tests.catalog_entries import entry
from tests.command_line import Run, native
from tests.made_up import analysis, fill
from tests.service_bench import SETTLE_S, Bench
from tests.tagged_audio import make


class TestRoot:
    def test_adding_listing_changing_removing(self, tagger: Run, library: Path) -> None:
        added = tagger("root", "add", library)
        assert (added.code, added.out) == (0, f"{library}  files are never changed\n")
        assert "no daemon is running" in added.err
        assert tagger("root", "add", library, "--write", "--poll").out == (
            f"{library}  tags are written into files, looked through from time to time only\n"
        )
        (root,) = tagger("root", "list", "--json").objects()
        assert (root["path"], root["write"], root["is_offline"], root["waiting"]) == (str(library), True, False, 0)
        assert tagger("root", "pause", library).code == 0
        assert tagger("root", "list").out.startswith(f"{library}  paused; ")
        assert tagger("root", "resume", library).code == 0
        assert tagger("root", "remove", library).code == 0
        assert tagger("root", "list").out == ""

    def test_nobody_has_to_write_what_the_daemon_will(self, tagger: Run, library: Path, tmp_path: Path) -> None:
        with Catalog(tmp_path / "catalog.db") as catalog:
            catalog.record([entry(library / "one.wav", analysis("a", "kick"))])
        assert "`tagger write" in tagger("correct", library / "one.wav", "tom").err
        tagger("root", "add", library, "--write")
        assert tagger("correct", library / "one.wav", "snare").err == ""

    def test_slips_are_told_in_a_line(self, tagger: Run, library: Path) -> None:
        assert "is not a folder that can be watched" in tagger("root", "add", library / "nothing").err
        tagger("root", "add", library)
        wrong = tagger("root", "remove", library.parent)
        assert (wrong.code, wrong.err) == (
            1,
            f"tagger: {library.parent}: is not a watched folder (see `tagger root list`)",
        )


class TestJobs:
    def test_what_waits_and_what_failed(self, tagger: Run, library: Path, tmp_path: Path) -> None:
        tagger("root", "add", library)
        with Catalog(tmp_path / "catalog.db") as catalog:
            (root,) = catalog.roots.all()
            stamps = {"one.wav": Stamp(1, 1), "two.wav": Stamp(2, 2)}
            catalog.jobs.add(root.id, library, stamps, not_before=0)
        assert tagger("jobs", "list").out == "no daemon is running; 2 files waiting\n"
        assert tagger("jobs", "cancel", library / "one.wav").out == (
            "1 file left out until they change or are retried\n"
        )
        assert tagger("jobs", "pause").code == 0
        overview, job = tagger("jobs", "list", "--json").objects()
        assert (overview["is_paused"], overview["waiting"], overview["cancelled"]) == (True, 1, 1)
        assert (job["path"], job["is_cancelled"]) == (str(library / "one.wav"), True)
        assert "all is paused" in tagger("jobs", "list").out
        assert tagger("jobs", "retry").out == "1 file will be tried again\n"
        assert tagger("jobs", "resume").code == 0
        assert tagger("jobs", "list").out == "no daemon is running; 2 files waiting\n"


class TestDoctor:
    def test_all_is_well(self, tagger: Run, library: Path) -> None:
        tagger("root", "add", library)
        told = tagger("doctor", "--json")
        assert told.code == 0
        assert {each["topic"] for each in told.objects()} == {
            "versions", "settings", "model", "daemon", "http", "osc", "catalog", "roots",
        }  # fmt: skip

    def test_what_is_wrong_is_told_with_what_to_do(self, tagger: Run, library: Path, tmp_path: Path) -> None:
        tagger("root", "add", library)
        with Catalog(tmp_path / "catalog.db") as catalog:
            catalog.record([entry(library / "bad.wav", "is cut off")])
            (root,) = catalog.roots.all()
            catalog.jobs.add(root.id, library, {"busy.wav": Stamp(1, 1)}, not_before=0)
        library.rename(tmp_path / "away")
        told = tagger("doctor")
        assert told.code == 1
        assert "is not there (what is known of its files is kept)" in told.out
        assert "bad.wav: is cut off" in told.out
        assert "`tagger jobs retry`" in told.out

    def test_a_damaged_catalog(self, tagger: Run, library: Path, tmp_path: Path) -> None:
        tagger("root", "add", library)
        path = tmp_path / "catalog.db"
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        path.write_bytes(content)
        told = tagger("doctor")
        assert told.code == 1
        assert "Traceback" not in told.err

    def test_without_a_catalog(self, tagger: Run) -> None:
        assert tagger("doctor").code == 0


class TestModel:
    def test_a_new_model_waits_until_it_is_accepted(self, library: Path, tmp_path: Path) -> None:
        fill(library, one="1")
        with Bench(tmp_path, model="net@1") as bench:
            bench.engine.add_root(library, poll=True)
            bench.pass_time(60)
        fill(library, two="2")
        with Bench(tmp_path, model="net@2") as bench:
            bench.pass_time(100)
            # The stand-in says that it is net@1 whatever it is asked; what matters is what it was asked for.
            assert bench.names() == ["one.wav", "two.wav"]
            assert bench.engine.state().new_model == "net@2"
            assert bench.catalog.jobs.counts() == {}
            bench.catalog.jobs.write_note(modelling.MODEL_NOTE, "net@2")
            bench.pass_time(3, until=lambda: bool(bench.catalog.jobs.counts()))
            bench.pass_time(SETTLE_S / 4)
            assert bench.engine.state().new_model is None
            assert sum(each.waiting for each in bench.catalog.jobs.counts().values()) == 2

    def test_the_difference_is_shown_and_nothing_changed(self, tagger: Run, library: Path, tmp_path: Path) -> None:
        path = make(library, "16.wav")
        with Catalog(tmp_path / "catalog.db") as catalog:
            old = replace(analysis("a", "tuba"), model="instruments@0.0.1")
            status = path.stat()
            catalog.record([entry(path, old, size=status.st_size, mtime_ns=status.st_mtime_ns)])
        told = tagger("model", "diff")
        assert "- Tuba" in told.out
        assert "1 of 1 file would change" in told.err
        (difference,) = tagger("model", "diff", "--json").objects()
        assert difference["lost"] == ["tuba"]
        assert "is new" in tagger("model", "status").err
        assert tagger("find", "--label", "tuba", "--paths").out == f"{path}\n"
        assert tagger("model", "accept").code == 0
        assert "is in use" in tagger("model", "status").err


class TestDaemon:
    """The real thing, in a process of its own."""

    def test_it_works_tells_of_itself_and_stops_at_once(self, tagger: Run, library: Path, tmp_path: Path) -> None:
        make(library, "16.wav")
        tagger("root", "add", library)
        with Running(tmp_path) as daemon:
            deadline = time.monotonic() + 60
            while tagger("find", "--paths").out.strip() != str(library / "16.wav"):
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert tagger("jobs", "list", "--json").objects()[0]["is_running"] is True
            second = subprocess.run(daemon.command, env=daemon.environment, capture_output=True, text=True, check=False)
            assert second.returncode == 1
            assert f"a daemon is at work on it already (process {daemon.process.pid})" in second.stderr
            started = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - started < 5
        log = (tmp_path / "daemon.log").read_text()
        assert '"event": "RootChanged"' in log
        assert '"message": "stopped"' in log
        assert not is_running(tmp_path / "catalog.db")

    def test_the_lock_dies_with_its_process(self, tmp_path: Path) -> None:
        with Running(tmp_path) as daemon:
            deadline = time.monotonic() + 60
            while not is_running(tmp_path / "catalog.db"):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            daemon.process.kill()
            daemon.process.wait()
        with only_one(tmp_path / "catalog.db"):
            assert is_running(tmp_path / "catalog.db")

    def test_one_for_a_catalog(self, tmp_path: Path) -> None:
        path = tmp_path / "catalog.db"
        with only_one(path), pytest.raises(CatalogError, match="at work on it already"), only_one(path):
            pass

    def test_a_lock_that_cannot_be_made(self, tmp_path: Path) -> None:
        path = tmp_path / "catalog.db"
        path.with_name("catalog.db.daemon.pid").mkdir()
        with pytest.raises(CatalogError, match="its lock cannot be made"), only_one(path):
            pass
        assert not is_running(path)


class Running:
    """A daemon in a process."""

    def __init__(self, folder: Path) -> None:
        (folder / "config.toml").write_text("[daemon]\nsettle_s = 0.2\n")
        self.environment = {**os.environ, "TAGGER_CONFIG": str(folder / "config.toml")}
        self.command = [sys.executable, "-m", "daemon", "daemon", "--log", str(folder / "daemon.log")]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self.command, env=self.environment, stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


class TestUnits:
    COMMAND = ("/opt/a b/python", "-m", "daemon", "daemon", "--catalog", r"/home/x/100%/$a\b/c.db")

    def test_what_is_installed_says_what_it_starts(self) -> None:
        assert units.unit_command(units.unit_text(self.COMMAND)) == list(self.COMMAND)
        assert units.agent_command(units.agent_text(self.COMMAND)) == list(self.COMMAND)
        for name in (r"C:\Users\x y\c.db", r"C:\c.db", "/home/x&<y>/c.db"):
            command = [*self.COMMAND[:-1], name]
            assert units.task_command(units.task_text(command)) == command

    def test_systemd(self, tmp_path: Path) -> None:
        text = units.unit_text(self.COMMAND)
        assert 'ExecStart="/opt/a b/python" "-m" "daemon" "daemon" "--catalog" "/home/x/100%%/$$a\\\\b/c.db"\n' in text
        assert "Type=notify\n" in text
        assert "WatchdogSec=" in text
        if analyse := shutil.which("systemd-analyze"):
            path = tmp_path / "tagger.service"
            path.write_text(units.unit_text([sys.executable, *self.COMMAND[1:]]))
            environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
            command = [analyse, "verify", "--user", str(path)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")

    def test_launchd(self) -> None:
        agent = plistlib.loads(units.agent_text(self.COMMAND))
        assert agent["ProgramArguments"] == list(self.COMMAND)
        assert agent["ProcessType"] == "Background"

    def test_task_scheduler(self) -> None:
        task = ElementTree.fromstring(units.task_text(self.COMMAND).replace('encoding="UTF-16"', ""))
        namespace = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
        assert task.findtext(f".//{namespace}Command") == "/opt/a b/python"
        assert "--catalog" in (task.findtext(f".//{namespace}Arguments") or "")

    @pytest.mark.skipif(sys.platform != "linux", reason="each system has its own")
    def test_installing_and_removing(self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[list[str]] = []

        def call(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            calls.append(command)
            return subprocess.CompletedProcess(command, 0, "", "")

        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setattr(subprocess, "run", call)
        assert "is not installed" in tagger("service", "remove").err
        assert tagger("service", "install").code == 0
        unit = tmp_path / "config" / "systemd" / "user" / "tagger.service"
        assert sys.executable in unit.read_text()
        # The catalog that is meant here, though what starts it at login does not know of the variable.
        assert f'"--catalog" "{tmp_path / "catalog.db"}"' in unit.read_text()
        assert calls[-1] == ["systemctl", "--user", "enable", "--now", "tagger.service"]
        assert '"--config"' not in unit.read_text()
        assert tagger("service", "status").out.startswith("installed as ")
        assert tagger("service", "remove").code == 0
        assert not unit.exists()

    @pytest.mark.skipif(sys.platform != "linux", reason="each system has its own")
    def test_the_service_keeps_to_what_it_was_installed_with(
        self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, "", ""))
        monkeypatch.setenv("TAGGER_CONFIG", "mine.toml")
        other = tmp_path / "50% other" / "catalog.db"
        other.parent.mkdir()
        assert tagger("service", "install", "--catalog", other).code == 0
        unit = tmp_path / "config" / "systemd" / "user" / "tagger.service"
        assert f'"--config" "{tmp_path / "mine.toml"}"' in unit.read_text()
        with only_one(other):
            assert native("a daemon is running with 50% other/catalog.db") in tagger("service", "status").out
        assert native("no daemon is running with 50% other/catalog.db") in tagger("service", "status").out
        # As somebody may who knows systemd.
        unit.write_text("[Service]\nExecStart=tagger daemon\n")
        with only_one(tmp_path / "catalog.db"):
            assert "a daemon is running with catalog.db" in tagger("service", "status").out

    def test_settings_can_be_named_when_the_daemon_is_started(
        self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TAGGER_CONFIG", "other.toml")
        settings = tmp_path / "mine.toml"
        settings.write_text("[daemon]\nworkers = 0\n")
        told = tagger("daemon", "--config", settings)
        assert told.code == 1
        assert "daemon.workers" in told.err

    @pytest.mark.skipif(sys.platform != "linux", reason="each system has its own")
    def test_a_system_that_does_not_take_it(self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setenv("PATH", "")
        wrong = tagger("service", "install")
        assert wrong.code == 1
        assert "there is no systemctl on this system" in wrong.err


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this is systemd's")
def test_the_supervisor_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notify("READY=1")
    address = str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as supervisor:
        supervisor.bind(address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        notify("READY=1")
        assert supervisor.recv(100) == b"READY=1"
    notify("STOPPING=1")
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert watchdog_s() == 30
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_s() is None
