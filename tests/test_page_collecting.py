"""Copying what was found into a folder, and showing it there: real files, names of all sorts, disks that fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote_to_bytes

import numpy as np
import pytest
import soundfile

from daemon.web.work import collecting, revealing
from daemon.web.work.collecting import Collected, collect, destination
from daemon.web.work.errand import Errand
from tagger.catalog import Catalog
from tagger.errors import OutputError, TaggerError
from tests.catalog_entries import entry
from tests.made_up import analysis

LONG_AGO_NS = 1_500_000_000_123_456_789


@dataclass(frozen=True)
class Library:
    folder: Path
    catalog: Catalog
    goal: Path

    def add(self, name: str, *tags: str, level: float = 0.1) -> int:
        """A file of its own sound, and the number of its place."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(100, level, np.float32), 8000)
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
        self.catalog.record([entry(path, analysis(f"{name}", *tags))])
        return self.catalog.count()

    def collect(self, *ids: int, by_instrument: bool = False, errand: Errand | None = None) -> Collected:
        return collect(self.catalog, ids, self.goal, errand or Errand(), by_instrument=by_instrument)

    def copies(self) -> dict[str, bytes]:
        files = (path for path in self.goal.rglob("*") if path.is_file())
        return {path.relative_to(self.goal).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def library(tmp_path: Path, empty_catalog: Path) -> Iterator[Library]:
    shutil.copy(empty_catalog, tmp_path)
    folder = tmp_path / "Samples"
    folder.mkdir()
    with Catalog(tmp_path / empty_catalog.name) as catalog:
        catalog.roots.add(folder)
        yield Library(folder, catalog, tmp_path / "New kits" / "One")


class TestCollect:
    def test_files_are_copied_with_their_names_bytes_and_times(self, library: Library) -> None:
        names = ("Kick 01.wav", "Größe & “8”, 100%.wav", "サンプル.wav")
        ids = [library.add(name, "kick", level=at / 10) for at, name in enumerate(names)]
        done = library.collect(*ids)
        assert library.copies() == {name: (library.folder / name).read_bytes() for name in names}
        assert {path.stat().st_mtime_ns for path in library.goal.iterdir()} == {LONG_AGO_NS}
        assert (done.copied, done.already, done.failed) == (3, 0, [])
        assert done.words == f"3 files (1 kB) copied to {library.goal}"

    def test_nothing_is_overwritten_and_equal_files_come_once(self, library: Library) -> None:
        first, second = library.add("a/Kick.wav", level=0.1), library.add("b/KICK.wav", level=0.2)
        twin = library.add("c/Kick.wav", level=0.2)
        library.goal.mkdir(parents=True)
        (library.goal / "Kick.wav").write_text("mine")
        done = library.collect(first, second, twin)
        assert library.copies()["Kick.wav"] == b"mine"
        assert sorted(library.copies()) == ["KICK 3.wav", "Kick 2.wav", "Kick.wav"]
        assert (done.copied, done.already) == (2, 1)
        again = library.collect(first, second, twin)
        assert (again.copied, again.already) == (0, 3)
        assert again.words == f"0 files copied to {library.goal}, 3 there already"

    def test_a_name_that_another_program_takes_meanwhile_is_left_to_it(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kick = library.add("Kick.wav")
        real = os.utime

        def write_first(path: Path, ns: tuple[int, int]) -> None:
            (library.goal / "Kick.wav").write_text("theirs")
            real(path, ns=ns)

        monkeypatch.setattr(os, "utime", write_first)
        assert library.collect(kick).copied == 1
        assert library.copies().keys() == {"Kick.wav", "Kick 2.wav"}
        assert library.copies()["Kick.wav"] == b"theirs"

    def test_instruments_get_folders_of_their_own(self, library: Library) -> None:
        ids = [library.add("a.wav", "hihat"), library.add("b.wav"), library.add("c.wav", "acoustic_guitar", "kick")]
        odd = library.add("d.wav", "../a: b\\c.")
        assert library.collect(*ids, odd, by_instrument=True).copied == 4
        assert sorted(library.copies()) == ["-a- b-c/d.wav", "Acoustic guitar/c.wav", "Hihat/a.wav", "Unsure/b.wav"]

    def test_a_bad_file_costs_only_itself(self, library: Library, tmp_path: Path) -> None:
        good, gone, missing = (library.add(f"{at}.wav", level=at / 10) for at in range(3))
        (library.folder / "1.wav").unlink()
        library.catalog.mark(library.folder, ["2.wav"], missing=True)
        outside = tmp_path / "outside.wav"
        shutil.copy(library.folder / "0.wav", outside)
        link = library.folder / "link.wav"
        link.symlink_to(outside)
        library.catalog.record([entry(outside, analysis("outside")), entry(link, analysis("link"))])
        done = library.collect(good, gone, missing, 4, 5)
        assert library.copies().keys() == {"0.wav"}
        reasons = {each.path.name: each.reason for each in done.failed}
        assert reasons.keys() == {"1.wav", "2.wav", "outside.wav", "link.wav"}
        assert "in no watched folder" in reasons["link.wav"]
        assert done.words.endswith("4 not copied")

    def test_one_that_grows_meanwhile_is_not_copied(self, library: Library) -> None:
        kick = library.add("Kick.wav")

        class Growing(Errand):
            @property
            def is_cancelled(self) -> bool:
                with (library.folder / "Kick.wav").open("ab") as file:
                    file.write(b"more")
                return False

        done = library.collect(kick, errand=Growing())
        assert "changed while" in done.failed[0].reason
        assert library.copies() == {}

    def test_cancelling_leaves_no_half_copy(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(collecting, "_PIECE", 16)
        ids = [library.add(f"{at}.wav", level=at / 10) for at in range(3)]
        looks: list[None] = []

        class Impatient(Errand):
            @property
            def is_cancelled(self) -> bool:
                looks.append(None)
                return len(looks) > 25

        done = library.collect(*ids, errand=Impatient())
        assert done.is_cancelled
        assert library.copies() == {"0.wav": (library.folder / "0.wav").read_bytes()}
        assert done.words.endswith("stopped early")

    def test_a_full_disk_is_said_before_anything_is_copied(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kick = library.add("Kick.wav")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
        with pytest.raises(OutputError, match="no room"):
            library.collect(kick)
        assert library.copies() == {}

    def test_a_folder_that_cannot_be_made_is_said_so(self, library: Library, tmp_path: Path) -> None:
        (tmp_path / "New kits").write_text("a file")
        with pytest.raises(OutputError, match="cannot be made a folder"):
            library.collect(library.add("Kick.wav"))


class TestDestination:
    def test_places_are_taken_as_they_were_meant(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Path, "home", lambda: tmp_path)
        assert destination("~/Kits/New", is_local=False) == tmp_path / "Kits" / "New"
        assert destination("~", is_local=False) == tmp_path
        assert destination(f" {tmp_path}/a/../b ", is_local=False) == tmp_path / "b"
        assert destination(os.path.abspath("/mnt/stick"), is_local=True) == Path(os.path.abspath("/mnt/stick"))

    def test_what_leads_nowhere_or_out_of_the_home_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = tmp_path / "me"
        home.mkdir()
        monkeypatch.setattr(Path, "home", lambda: home)
        (home / "out").symlink_to(tmp_path)
        (home / "file").write_text("")
        for text in ("", "Kits", "../Kits", "~other/Kits", "a\0b", f"{home}/file"):
            with pytest.raises(OutputError):
                destination(text, is_local=True)
        for text in ("/etc", "~/../x", "~/out/x", f"{tmp_path}/me2"):
            with pytest.raises(OutputError, match="not in the home folder"):
                destination(text, is_local=False)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="other programs show files there")
class TestReveal:
    @pytest.fixture
    def asked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Programs of these names that note what they were given, the first of which fails."""
        programs = tmp_path / "bin"
        programs.mkdir()
        for name, code in (("dbus-send", 1), ("gdbus", 1), ("xdg-open", 0)):
            program = programs / name
            program.write_text(f'#!/bin/sh\nprintf "%s\\0" {name} "$@" >> "{tmp_path}/asked"\nexit {code}\n')
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
        return tmp_path / "asked"

    def test_odd_names_arrive_whole_and_no_shell_sees_them(self, library: Library, asked: Path) -> None:
        name = "-a, 'b' \"c\" $(touch x) `y`; #é\n.wav"
        revealing.reveal(library.catalog, library.add(name), is_local=True)
        given = asked.read_bytes().split(b"\0")
        path = library.folder / name
        uris = [each for each in given if b"file://" in each]
        assert len(uris) == 2
        plain = uris[0].removeprefix(b"array:string:file://")
        assert unquote_to_bytes(plain) == os.fsencode(path)
        assert not set(plain) & set(b", '\"$`;#\n")
        assert uris[1] == b"['file://" + plain + b"']"
        assert given[-3:] == [b"xdg-open", os.fsencode(library.folder), b""]
        assert not Path("x").exists()

    def test_what_cannot_be_shown_is_said_so(
        self, library: Library, tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kick = library.add("Kick.wav")
        with pytest.raises(TaggerError, match="only on the machine"):
            revealing.reveal(library.catalog, kick, is_local=False)
        with pytest.raises(TaggerError, match="no file 99"):
            revealing.reveal(library.catalog, 99, is_local=True)
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        with pytest.raises(TaggerError, match="no file manager answers"):
            revealing.reveal(library.catalog, kick, is_local=True)
        (library.folder / "Kick.wav").unlink()
        with pytest.raises(TaggerError, match="not there any more"):
            revealing.reveal(library.catalog, kick, is_local=True)
        assert not asked.exists()

    @pytest.mark.skipif(not shutil.which("dbus-test-tool"), reason="dbus-test-tool is not installed (dbus-tests)")
    @pytest.mark.parametrize("tool", ["dbus-send", "gdbus"])
    def test_a_real_bus_carries_it_to_a_file_manager(self, library: Library, tool: str) -> None:
        """On a session bus of its own, on which somebody answers by the file managers' name."""
        library.add("Kick, 1 'a'.wav")
        path = library.folder / "Kick, 1 'a'.wav"
        script = f"""
import subprocess, sys, threading, time
from pathlib import Path
from daemon.web.work import revealing
echo = subprocess.Popen(["dbus-test-tool", "echo", "--name={revealing._SERVICE}"])
monitor = subprocess.Popen(["dbus-monitor", "--session", "member=ShowItems"], stdout=subprocess.PIPE, text=True)
try:
    (command,) = [each for each in revealing._commands(Path(sys.argv[1])) if each[0] == {tool!r}]
    is_heard = threading.Event()

    def call():
        # Neither the one who answers nor the one who listens says when it is ready.
        while not is_heard.wait(0.2):
            revealing._runs(command)

    calling = threading.Thread(target=call)
    calling.start()
    for line in monitor.stdout:
        if "file://" in line:
            print(line.strip())
            break
    is_heard.set()
    calling.join()
    assert revealing._runs(command)
finally:
    for process in (echo, monitor):
        process.kill()
        process.wait()
"""
        command = ["dbus-run-session", "--", sys.executable, "-c", script, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == f'string "file://{quote(os.fsencode(path))}"'


def test_other_systems_are_asked_in_their_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert list(revealing._commands(Path("/a b.wav"))) == [["/usr/bin/open", "-R", "/a b.wav"]]
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("SYSTEMROOT", "/Windows")
    (command,) = revealing._commands(Path("/a, b.wav"))
    assert command == '"/Windows/explorer.exe" /select,"/a, b.wav"'


def test_paths_are_copied_one_a_line_in_the_order_asked_for(library: Library) -> None:
    first, second = library.add("a b.wav"), library.add("ü.wav")
    text = revealing.paths_text(library.catalog, [second, 99, first])
    assert text.splitlines() == [str(library.folder / "ü.wav"), str(library.folder / "a b.wav")]
