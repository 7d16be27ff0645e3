"""What the daemon sees of its roots: hints are no more than that, and offline is not deleted."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from daemon.service import asking, watching
from daemon.service.engine import Engine
from daemon.service.events import FileAnalysed, FilesGone, RootChanged
from daemon.service.looking import Look
from tagger.catalog import Catalog, LabelState
from tagger.errors import CatalogError
from tagger.settings import Settings
from tests.made_up import MODEL, StandIn, fill
from tests.service_bench import ROUND_S, Bench

pytestmark = pytest.mark.usefixtures("own_catalog")


class TestHints:
    def test_the_system_tells_of_changes(self, library: Path, tmp_path: Path) -> None:
        fill(library, one="1")
        settings = Settings(daemon={"settle_s": 0.2})  # type: ignore[arg-type] # pydantic makes the section
        with (
            Catalog(tmp_path / "catalog.db") as catalog,
            Engine(catalog, settings, make_analyser=StandIn, model=MODEL) as engine,
            engine.events() as events,
        ):
            engine.add_root(library)
            wait_for(events, "one.wav")
            fill(library / "new folder", two="2")
            wait_for(events, "two.wav")
            (library / "new folder").rename(library / "renamed")
            wait_for(events, "two.wav")
            (library / "renamed" / "two.wav").unlink()
            assert next(event for event in events if isinstance(event, FilesGone)).count == 1
            started = time.monotonic()
        assert time.monotonic() - started < 2

    def test_too_many_hints_become_a_look_through(
        self, bench: Bench, library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(asking, "_MOST_HINTS", 3)
        bench.engine.add_root(library, poll=True)
        bench.pass_time(10)
        fill(library / "deep" / "er", one="1")
        heard, (root,) = bench.engine._overseer._asking, bench.catalog.roots.all()
        for at in range(5):
            heard.hint(root.id, Look(library / f"not there {at}", is_deep=False))
        bench.pass_time(60)
        assert bench.names() == ["one.wav"]

    def test_lost_hints_become_a_look_through(self, library: Path) -> None:
        lost = []
        watch = watching.Watch(library, hint=lambda _: None, lost=lambda: lost.append(True))
        try:
            # What watchdog says when the system's queue overflows.
            import logging

            logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
        finally:
            watch.close()
        assert lost

    def test_names_that_are_no_audio_are_no_hints(self, library: Path) -> None:
        hints: list[Look] = []
        watch = watching.Watch(library, hint=hints.append, lost=lambda: None)
        try:
            for name in ("a.part", "._a.wav.tmp", "a.asd", "a.reapeaks", "a.txt"):
                (library / name).touch()
            (library / ".hidden").mkdir()
            (library / ".hidden" / "a.wav").touch()
            (library / "b.wav").touch()
            deadline = time.monotonic() + 5
            while not hints and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            watch.close()
        assert set(hints) == {Look(library, is_deep=False)}

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit")
    def test_a_limit_of_the_system_is_told_with_the_remedy(
        self, bench: Bench, library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(watching, "check_limit", refuse)
        fill(library, one="1")
        bench.engine.add_root(library)
        bench.pass_time(30)
        (state,) = bench.engine.state().roots
        assert not state.is_native
        assert "sudo sysctl fs.inotify.max_user_watches=" in (state.notice or "")
        fill(library, two="2")
        bench.pass_time(ROUND_S)
        assert bench.names() == ["one.wav", "two.wav"]

    def test_file_systems_that_do_not_tell(self, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert watching.tells_of_changes(library)
        from types import SimpleNamespace

        def mounts(fstype: str) -> list[SimpleNamespace]:
            return [
                SimpleNamespace(mountpoint="/", fstype="ext4", opts="rw"),
                SimpleNamespace(mountpoint=str(library.parent), fstype=fstype, opts="rw"),
            ]

        for fstype, tells in {"nfs4": False, "cifs": False, "fuse.sshfs": False, "smbfs": False, "apfs": True}.items():
            monkeypatch.setattr(psutil, "disk_partitions", lambda all, fstype=fstype: mounts(fstype))  # noqa: A006, ARG005 - psutil's name
            assert watching.tells_of_changes(library) is tells


def wait_for(events: Iterable[object], name: str) -> None:
    """Waits until a file was analysed."""
    deadline = time.monotonic() + 15
    for event in events:
        if isinstance(event, FileAnalysed) and event.path.name == name:
            return
        assert time.monotonic() < deadline


class TestOffline:
    def test_a_root_that_goes_away_and_comes_back(self, bench: Bench, library: Path) -> None:
        fill(library, one="1", two="2")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        bench.events(FileAnalysed)
        library.rename(library.parent / "away")
        bench.pass_time(ROUND_S)
        assert bench.root_state(library) == "offline"
        assert bench.names() == ["one.wav", "two.wav"]
        assert bench.catalog.roots.get(library).offline_reason == "is not there"

        (library.parent / "away").rename(library)
        (library / "two.wav").unlink()
        bench.pass_time(60)
        assert bench.root_state(library) == "watching"
        assert bench.names() == ["one.wav"]
        assert bench.events(FileAnalysed) == []

    def test_an_empty_folder_in_its_place_is_not_it(self, bench: Bench, library: Path) -> None:
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        library.rename(library.parent / "away")
        library.mkdir()
        bench.pass_time(ROUND_S)
        assert bench.root_state(library) == "offline"
        assert bench.names() == ["one.wav"]
        # Until a person says that it is.
        bench.engine.add_root(library, poll=True)
        bench.pass_time(ROUND_S)
        assert (bench.root_state(library), bench.names()) == ("watching", [])

    def test_the_same_files_on_another_device_are_it(self, bench: Bench, library: Path) -> None:
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        shutil.copytree(library, library.parent / "copy")
        shutil.rmtree(library)
        (library.parent / "copy").rename(library)
        bench.pass_time(ROUND_S)
        assert (bench.root_state(library), bench.names()) == ("watching", ["one.wav"])

    def test_one_that_vanishes_while_it_is_looked_through_loses_nothing(
        self, bench: Bench, library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(library / "a", one="1")
        fill(library / "b", two="2")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        scandir, away = os.scandir, library.parent / "away"

        def vanish(path: str) -> object:
            if str(path).endswith("a") and library.exists():
                library.rename(away)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", vanish)
        bench.engine.scan()
        bench.pass_time(30)
        assert bench.names() == ["one.wav", "two.wav"]

    @pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, and this is Linux's")
    @pytest.mark.parametrize("kind", ["bind", "loop"])
    def test_a_mount_that_comes_and_goes(self, bench: Bench, tmp_path: Path, kind: str) -> None:
        point, source = tmp_path / "point", tmp_path / "source"
        point.mkdir()
        if kind == "bind":
            source.mkdir()
            mount = ["mount", "--bind", str(source), str(point)]
        else:
            with source.open("wb") as file:
                file.truncate(4 << 20)
            subprocess.run(["mkfs.ext4", "-q", source], check=True)
            mount = ["mount", "-o", "loop", str(source), str(point)]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("this system lets nobody mount")
        try:
            fill(point, one="1")
            bench.engine.add_root(point)
            bench.pass_time(60, until=lambda: bool(bench.names()))
            bench.catalog.judge_all(point / "one.wav", {"tom": LabelState.CONFIRMED})
            bench.pass_time(10)
            subprocess.run(["umount", point], check=True)
            bench.pass_time(ROUND_S)
            assert (bench.root_state(point), bench.names()) == ("offline", ["one.wav"])
            subprocess.run(mount, check=True)
            bench.pass_time(60)
            assert (bench.root_state(point), bench.names()) == ("watching", ["one.wav"])
            fill(point, two="2")
            bench.pass_time(2 * 3600, until=lambda: len(bench.names()) == 2)
            assert bench.names() == ["one.wav", "two.wav"]
        finally:
            with suppress(subprocess.CalledProcessError):
                subprocess.run(["umount", "-l", point], check=True, capture_output=True)

    @pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, and this is Linux's")
    def test_a_disk_that_is_mounted_within_a_root(self, bench: Bench, library: Path, tmp_path: Path) -> None:
        disk, point = tmp_path / "disk", library / "disks" / "one"
        point.mkdir(parents=True)
        disk.mkdir()
        # Another device than the one it is mounted on, which a folder bound from there is not.
        mount = ["mount", "-t", "tmpfs", "tmpfs", str(point)]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("this system lets nobody mount")
        try:
            fill(library, here="1")
            fill(point / "below", there="2")
            bench.engine.add_root(library, poll=True)
            bench.pass_time(60)
        finally:
            subprocess.run(["umount", point], check=True)
        bench.pass_time(ROUND_S)
        bench.restart()
        bench.pass_time(ROUND_S)
        assert bench.names() == ["here.wav", "there.wav"]
        # As desktops do.
        point.rmdir()
        bench.pass_time(ROUND_S)
        assert bench.names() == ["here.wav", "there.wav"]
        (library / "here.wav").unlink()
        bench.pass_time(ROUND_S)
        assert bench.names() == ["there.wav"]

    def test_an_unreadable_root_is_told(self, bench: Bench, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)

        def refuse(path: object) -> object:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr(os, "scandir", refuse)
        bench.pass_time(60)
        assert bench.catalog.roots.get(library).offline_reason == "cannot be read: permission denied"
        assert bench.names() == ["one.wav"]


class TestRoots:
    def test_of_roots_within_each_other_the_inner_one_is_in_charge(self, bench: Bench, library: Path) -> None:
        fill(library, one="1")
        fill(library / "inner", two="2")
        bench.engine.add_root(library, poll=True)
        bench.engine.add_root(library / "inner", poll=True)
        bench.engine.pause_root(library / "inner", is_paused=True)
        bench.pass_time(ROUND_S)
        assert bench.names() == ["one.wav"]
        bench.engine.pause_root(library / "inner", is_paused=False)
        bench.pass_time(ROUND_S)
        assert bench.names() == ["one.wav", "two.wav"]
        assert len(bench.events(FileAnalysed)) == 2
        # Left alone, its files are the outer one's.
        bench.engine.remove_root(library / "inner")
        (library / "inner" / "two.wav").unlink()
        bench.pass_time(ROUND_S)
        assert bench.names() == ["one.wav"]

    def test_a_root_that_is_removed_leaves_what_is_known(self, bench: Bench, library: Path) -> None:
        fill(library, one="1")
        bench.engine.add_root(library, poll=True)
        bench.pass_time(60)
        fill(library, two="2")
        bench.engine.remove_root(library)
        bench.pass_time(ROUND_S)
        assert bench.names() == ["one.wav"]
        assert bench.engine.state().roots == ()
        assert bench.events(RootChanged)[-1].state == "removed"

    def test_only_folders_can_be_watched(self, bench: Bench, library: Path) -> None:
        with pytest.raises(CatalogError, match="is not a folder"):
            bench.engine.add_root(library / "nothing")
        with pytest.raises(CatalogError, match="is not a watched folder"):
            bench.engine.remove_root(library)
