"""A library that is worked on as hard as people and programs do, beside a daemon that is killed again and again.

    python -m tests.long.soak --minutes 20

Files are created, copied slowly in pieces, renamed, moved between roots and folders, tagged by another program,
overwritten, duplicated and deleted; a root goes away and comes back; people confirm and reject labels; the
daemon is ended with SIGKILL at random moments. At the end what the catalog holds is compared with the
truth: the disk, hashed from scratch, and a list of all that was done. Any difference is told and fails.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import mutagen
import numpy as np
import soundfile
from mutagen.id3 import TIT2

from tagger.analysis import Analyser
from tagger.catalog import Catalog, FileRecord, LabelState
from tagger.errors import CatalogError
from tagger.payload import payload_hash
from tagger.walk import walk

_SUFFIXES: Final = (".wav", ".flac", ".mp3", ".ogg", ".aiff")
_LABELS: Final = ("kick", "snare", "piano", "violin", "flute", "synth_pad")
_RATE: Final = 22_050


class Pool:
    """Short sounds, each another one, as files ready to be copied; `Pool.hashes` tells what audio each holds."""

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        folder.mkdir()
        rng = np.random.default_rng(seed)
        self.files: list[Path] = []
        self.hashes: dict[Path, str] = {}
        for at in range(count):
            path = folder / f"{at:05}{_SUFFIXES[at % len(_SUFFIXES)]}"
            length = int(rng.uniform(0.3, 0.6) * _RATE)
            time_s = np.arange(length) / _RATE
            tone = np.sin(2 * np.pi * rng.uniform(60, 3000) * time_s) + rng.uniform(0, 1) * rng.normal(size=length)
            soundfile.write(path, 0.3 * tone * np.exp(-time_s * rng.uniform(2, 20)), _RATE)
            self.files.append(path)
            self.hashes[path] = payload_hash(path)


class World:
    """The library on the disk, and what has to be in each of its files."""

    def __init__(self, folder: Path, pool: Pool, rng: random.Random) -> None:
        self.roots = [folder / "A", folder / "B"]
        self.away = folder / "away"
        for root in self.roots:
            root.mkdir()
        self._pool = pool
        self._rng = rng
        self.audio: dict[Path, str] = {}
        self.changed: dict[Path, float] = {}
        self.counts: Counter[str] = Counter()
        self._copies: list[threading.Thread] = []
        self._lock = threading.Lock()

    def create(self) -> None:
        source = self._rng.choice(self._pool.files)
        path = self._new_path(source.suffix)
        shutil.copyfile(source, path)
        self._put(path, self._pool.hashes[source])

    def copy_slowly(self) -> None:
        source = self._rng.choice(self._pool.files)
        path = self._new_path(source.suffix)
        self._put(path, self._pool.hashes[source], is_ready=False)
        thread = threading.Thread(target=self._copy_slowly, args=(source, path, self._rng.uniform(0.3, 4.0)))
        thread.start()
        self._copies.append(thread)

    def _copy_slowly(self, source: Path, path: Path, seconds: float) -> None:
        content = source.read_bytes()
        pieces = 8
        with path.open("wb") as file:
            for at in range(pieces):
                file.write(content[at * len(content) // pieces : (at + 1) * len(content) // pieces])
                file.flush()
                time.sleep(seconds / pieces)
        self._put(path, self._pool.hashes[source])

    def rename(self) -> None:
        if path := self._any():
            self._move(path, path.with_name(f"renamed {self._rng.randrange(10**9)}{path.suffix}"))

    def move(self) -> None:
        if path := self._any():
            self._move(path, self._new_path(path.suffix))

    def rename_folder(self) -> None:
        with self._lock:
            folders = {path.parent for path in self.audio} - set(self.roots)
            busy = {path.parent for path, at in self.changed.items() if at == float("inf")}
            folders -= busy
            if not folders:
                return
            old = self._rng.choice(sorted(folders))
            new = self._rng.choice(self.roots) / f"folder {self._rng.randrange(10**9)}"
            old.rename(new)
            for path in [path for path in self.audio if path.parent == old]:
                self.audio[new / path.name] = self.audio.pop(path)
                self.changed.pop(path, None)
                self.changed[new / path.name] = time.monotonic()

    def duplicate(self) -> None:
        if path := self._any():
            new = self._new_path(path.suffix)
            shutil.copyfile(path, new)
            self._put(new, self.audio[path])

    def overwrite(self) -> None:
        if path := self._any():
            like = [source for source in self._rng.sample(self._pool.files, 20) if source.suffix == path.suffix]
            if like:
                shutil.copyfile(like[0], path)
                self._put(path, self._pool.hashes[like[0]])

    def retag(self) -> None:
        path = self._any((".flac", ".mp3"))
        if path is None:
            return
        before = path.stat()
        file = mutagen.File(path)
        if file.tags is None:
            file.add_tags()
        words = f"a title {self._rng.randrange(10**6)}"
        if path.suffix == ".mp3":
            file.tags.add(TIT2(encoding=3, text=[words]))
        else:
            file["TITLE"] = words
        file.save()
        # As some programs do, and as a clock may make it look.
        if self._rng.random() < 0.3:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        self._put(path, self.audio[path])

    def delete(self) -> None:
        if path := self._any():
            path.unlink()
            with self._lock:
                del self.audio[path]
                self.changed.pop(path, None)

    def litter(self) -> None:
        """What programs leave about, and the daemon has to pass over."""
        root = self._rng.choice(self.roots)
        for name in (".hidden.wav", "take.wav.part", "take.wav.asd", "take.reapeaks", "._take.wav", "take.tmp"):
            (root / name).write_bytes(b"RIFF")

    def lose_a_root(self) -> None:
        self.wait()
        with self._lock:
            root = self._rng.choice(self.roots)
            root.rename(self.away)
            time.sleep(self._rng.uniform(0.5, 15.0))
            self.away.rename(root)

    def stable(self, seconds: float) -> list[Path]:
        """Files that nothing happened to for a while."""
        now = time.monotonic()
        with self._lock:
            return [path for path in self.audio if now - self.changed[path] > seconds]

    def wait(self) -> None:
        for thread in self._copies:
            thread.join()
        self._copies.clear()

    def _any(self, suffixes: tuple[str, ...] = _SUFFIXES) -> Path | None:
        with self._lock:
            paths = [path for path, at in self.changed.items() if path.suffix in suffixes and at != float("inf")]
        return self._rng.choice(paths) if paths else None

    def _new_path(self, suffix: str) -> Path:
        folder = self._rng.choice(self.roots)
        if self._rng.random() < 0.8:
            folder = folder / f"folder {self._rng.randrange(40)}"
            folder.mkdir(exist_ok=True)
        return folder / f"sound {self._rng.randrange(10**9)}{suffix}"

    def _move(self, old: Path, new: Path) -> None:
        shutil.move(old, new)
        with self._lock:
            self.audio[new] = self.audio.pop(old)
            self.changed.pop(old, None)
            self.changed[new] = time.monotonic()

    def _put(self, path: Path, audio: str, *, is_ready: bool = True) -> None:
        with self._lock:
            self.audio[path] = audio
            self.changed[path] = time.monotonic() if is_ready else float("inf")


class Daemon:
    """The daemon in a process of its own, to be killed."""

    def __init__(self, catalog: Path, folder: Path) -> None:
        self._command = [sys.executable, "-m", "daemon", "daemon", "--catalog", str(catalog)]
        self._command += ["--log", str(folder / "daemon.log")]
        config = folder / "config.toml"
        config.write_text("[daemon]\nsettle_s = 1.0\npoll_every_min = 0.5\nscan_every_min = 1\n")
        self._environment = {**os.environ, "TAGGER_CONFIG": str(config)}
        self._output = (folder / "daemon.txt").open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self.cpu_s = 0.0
        self.most_mb = 0.0

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment, stdout=self._output, stderr=self._output)

    def watch(self) -> None:
        import psutil

        with suppress(psutil.Error):
            assert self._process is not None
            self.most_mb = max(self.most_mb, psutil.Process(self._process.pid).memory_info().rss / 1e6)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.kills += 1

    def stop(self) -> float:
        assert self._process is not None
        started = time.monotonic()
        self._process.terminate()
        self._process.wait()
        return time.monotonic() - started


class People:
    """Those who confirm and reject labels, and what they said."""

    def __init__(self, catalog: Catalog, rng: random.Random) -> None:
        self._catalog = catalog
        self._rng = rng
        self.said: dict[tuple[str, str], LabelState] = {}

    def judge(self, world: World) -> None:
        paths = world.stable(8.0)
        if not paths:
            return
        path = self._rng.choice(paths)
        audio = world.audio[path]
        record = self._catalog.show(path)
        if not isinstance(record, FileRecord) or record.facts.payload_hash != audio:
            return
        label = self._rng.choice([tag.label for tag in record.tags] or list(_LABELS))
        state = self._rng.choice((LabelState.CONFIRMED, LabelState.REJECTED))
        with suppress(CatalogError):
            self._catalog.judge(path, label, state)
            self.said[audio, label] = state


def differences(world: World, people: People, path: Path) -> list[str]:
    """What is not in the catalog as it is in truth."""
    wrong: list[str] = []
    on_disk = {listing.folder / name for listing in walk(world.roots).listings for name in listing.files}
    if on_disk != set(world.audio):
        wrong.append(f"the list of what was done and the disk differ: {len(on_disk ^ set(world.audio))} files")
    wrong += [f"{each}: its audio was changed" for each in on_disk if payload_hash(each) != world.audio[each]]
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT folder.path, location.name, file.payload_hash, problem FROM location "
            "JOIN folder ON folder.id = folder_id LEFT JOIN file ON file.id = file_id WHERE missing_since IS NULL"
        ).fetchall()
        held = {Path(folder, name): audio or problem for folder, name, audio, problem in rows}
        if len(held) != len(rows):
            wrong.append(f"{len(rows) - len(held)} double rows")
        wrong += [f"{each}: in the catalog, not on the disk" for each in held.keys() - on_disk]
        wrong += [f"{each}: on the disk, not in the catalog" for each in on_disk - held.keys()]
        wrong += [
            f"{each}: held to be {held[each]}" for each in on_disk & held.keys() if held[each] != world.audio[each]
        ]
        query = (
            "SELECT payload_hash, label, state FROM label JOIN file ON file.id = file_id "
            "JOIN source ON source.id = source_id WHERE source.name = 'human'"
        )
        kept = {(audio, label): LabelState(state) for audio, label, state in connection.execute(query)}
        wrong += [f"lost correction of {key}" for key in people.said if kept.get(key) != people.said[key]]
        without = connection.execute(
            "SELECT count(*) FROM file WHERE NOT EXISTS (SELECT 1 FROM analysis WHERE file_id = file.id)"
        ).fetchone()[0]
        if without:
            wrong.append(f"{without} recordings lost their analysis")
        tags = {
            tuple(row)
            for row in connection.execute("SELECT payload_hash, label FROM tag JOIN file ON file.id = file_id")
        }
        present = set(world.audio.values())
        for (audio, label), state in people.said.items():
            if audio in present and ((audio, label) in tags) != (state is LabelState.CONFIRMED):
                wrong.append(f"{audio}: {label} is {state}, which its tags do not say")
        left = connection.execute("SELECT count(*) FROM job").fetchone()[0]
        if left:
            wrong.append(f"{left} jobs are left")
    return wrong


def lost_labels(world: World, people: People, catalog: Catalog, rng: random.Random, count: int) -> list[str]:
    """What a fresh analysis says of some files, and the catalog does not."""
    analyser = Analyser()
    wrong = []
    for path in rng.sample(sorted(world.audio), min(count, len(world.audio))):
        record, fresh = catalog.show(path), analyser.analyse(path)
        if not isinstance(record, FileRecord):
            continue
        rejected = {
            label
            for (audio, label), state in people.said.items()
            if audio == fresh.facts.payload_hash and state is LabelState.REJECTED
        }
        missing = {tag.label for tag in fresh.tags} - {tag.label for tag in record.tags} - rejected
        wrong += [f"{path}: lost {label}" for label in missing]
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kill-every", type=float, default=20.0, help="seconds between SIGKILLs, on average")
    parser.add_argument("--keep", action="store_true", help="do not delete the folder at the end")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="tagger-soak-"))
    print(f"in {folder}; making {options.files} sounds")
    pool = Pool(folder / "pool", options.files, options.seed)
    world = World(folder, pool, rng)
    for _ in range(options.files):
        world.create()
    path = folder / "catalog.db"
    with Catalog(path) as catalog:
        catalog.roots.add(world.roots[0])
        catalog.roots.add(world.roots[1], write=True)
        daemon, people = Daemon(path, folder), People(catalog, rng)
        wrong = _work(world, daemon, people, catalog, options.minutes * 60, options.kill_every)
        wrong += lost_labels(world, people, catalog, rng, 200)
    print(f"done: {dict(sorted(world.counts.items()))}")
    print(
        f"{len(world.audio)} files, {len(people.said)} corrections, {daemon.kills} kills, "
        f"{daemon.most_mb:.0f} MB at most"
    )
    for line in wrong[:50]:
        print(line)
    print(f"{len(wrong)} differences")
    if not options.keep and not wrong:
        shutil.rmtree(folder)
    sys.exit(bool(wrong))


def _work(
    world: World, daemon: Daemon, people: People, catalog: Catalog, seconds: float, kill_every_s: float
) -> list[str]:
    rng = random.Random(1)
    deeds = {
        world.create: 20, world.copy_slowly: 10, world.rename: 15, world.move: 15, world.rename_folder: 1,
        world.duplicate: 8, world.overwrite: 6, world.retag: 15, world.delete: 18, world.litter: 1,
        world.lose_a_root: 0.15,
    }  # fmt: skip
    daemon.start()
    started = told = time.monotonic()
    next_kill = started + rng.expovariate(1 / kill_every_s)
    while (now := time.monotonic()) - started < seconds:
        (deed,) = rng.choices(list(deeds), list(deeds.values()))
        deed()
        world.counts[deed.__name__] += 1
        if rng.random() < 0.2:
            people.judge(world)
        if now > next_kill:
            daemon.kill()
            daemon.start()
            next_kill = time.monotonic() + rng.expovariate(1 / kill_every_s)
        if now - told > 30:
            told = now
            daemon.watch()
            counts = sum(each.waiting for each in catalog.jobs.counts().values())
            print(
                f"{now - started:.0f} s: {world.counts.total()} deeds, {counts} jobs, {daemon.kills} kills", flush=True
            )
        time.sleep(rng.expovariate(20))
    world.wait()
    print("settling", flush=True)
    return _settled(world, daemon, people, catalog)


def _settled(world: World, daemon: Daemon, people: People, catalog: Catalog) -> list[str]:
    """Waits until the catalog is right, or has been still and wrong for long."""
    deadline = time.monotonic() + 1800
    wrong = ["never looked"]
    while wrong and time.monotonic() < deadline:
        time.sleep(5)
        daemon.watch()
        if not any(each.waiting for each in catalog.jobs.counts().values()):
            wrong = differences(world, people, catalog.path)
            print(f"{len(wrong)} differences yet", flush=True)
    print(f"stopped in {daemon.stop():.2f} s")
    return wrong


if __name__ == "__main__":
    main()
