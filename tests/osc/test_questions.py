"""Asking from the DAW: files that hold an instrument, files that sound alike, and what is in a file."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osc_bridge.bridge import Bridge
from osc_bridge.client import Client
from osc_bridge.messages import Message
from osc_bridge.sources.sender import Sender
from tagger.analysis import Analyser
from tagger.catalog import Catalog, Entry
from tagger.similarity import Neighbours
from tagger.stamp import Stamp
from tests.made_up import analysis, instrument
from tests.osc.helpers import RATE, Samples, kick, noise, recogniser, running, silence


def answers(client: Client, address: str, *arguments: float | str, last: str, timeout_s: float = 5) -> list[Message]:
    client.send(address, *arguments)
    came: list[Message] = []
    for message in client.receive(timeout_s):
        came.append(message)
        if message.address in (last, "/tag/error"):
            return came
    raise AssertionError(f"{last} never came")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A catalog of five kicks and a snare, and one snare that is gone."""
    with Catalog(tmp_path / "catalog.db") as made:
        entries = [
            Entry(tmp_path / f"kick {number}.wav", 1, 1, analysis(f"k{number}", instrument("kick", 0.5 + number / 10)))
            for number in range(5)
        ]
        entries += [Entry(tmp_path / "snare é.wav", 1, 1, analysis("s", "snare"))]
        entries += [Entry(tmp_path / "gone" / "snare.wav", 1, 1, analysis("t", "snare"))]
        made.record(entries)
        made.mark(tmp_path / "gone", ["snare.wav"], missing=True)
    return tmp_path


@pytest.mark.usefixtures("samples")
def test_instruments_are_found_surest_first_a_page_at_a_time(client: Client) -> None:
    *found, end = answers(client, "/tag/find", "r", "kick", 0.55, 2, 0, last="/tag/found/end")
    assert [Path(message.arguments[3]).name for message in found] == ["kick 4.wav", "kick 3.wav"]
    assert [message.arguments[:3] for message in found] == [("r", 0, 2), ("r", 1, 2)]
    assert found[0].arguments[4] == pytest.approx(0.9)
    assert end.arguments == ("r", 2, 1)
    *found, end = answers(client, "/tag/find", "r", "kick", 0.55, 2, 1, last="/tag/found/end")
    assert len(found) == 2
    assert end.arguments == ("r", 2, 0)
    *found, end = answers(client, "/tag/find", "q", "drums", last="/tag/found/end")
    assert "snare é.wav" in [Path(message.arguments[3]).name for message in found]
    assert len(found) == 6


def test_what_a_stream_plays_is_found_by_its_sound(tmp_path: Path) -> None:
    analyser = Analyser()
    with Catalog(tmp_path / "catalog.db") as catalog:
        for name, sound in (("kick", kick(0.5)), ("noise", noise(2.0)), ("silence", silence(1.0))):
            path = tmp_path / f"{name}.wav"
            soundfile.write(path, sound, RATE)
            stamp = Stamp.of(path)
            assert stamp is not None
            catalog.record([Entry(path, stamp.size, stamp.mtime_ns, analyser.analyse(path))])
    with running(tmp_path) as bridge, Client(bridge.address) as client:
        play(bridge, np.concatenate([silence(0.2), kick(0.5)]))
        *found, end = answers(client, "/tag/similar", "r", "drums", 10, last="/tag/found/end")
    assert [Path(message.arguments[3]).name for message in found] == ["kick.wav", "noise.wav"]
    assert found[0].arguments[4] > max(0.6, found[1].arguments[4])
    assert end.arguments == ("r", 2, 0)


def play(bridge: Bridge, sound: Samples) -> None:
    sender = Sender(bridge.address, stream="drums", sample_rate=RATE)
    for start in range(0, len(sound), 480):
        sender.push(sound[start : start + 480])
        time.sleep(0.01)
    time.sleep(0.3)
    sender._socket.close()


def test_files_are_told_of_below_the_folders_given_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        soundfile.write(folder / "kick.wav", kick(0.5), RATE)
    (inside / "text.wav").write_text("no audio")
    with running(tmp_path, files=(inside,)) as bridge, Client(bridge.address) as client:

        def ask(path: Path) -> Message:
            return answers(client, "/tag/file", "r", str(path), last="/tag/file/result", timeout_s=30)[-1]

        told = ask(inside / "kick.wav")
        assert told.address == "/tag/file/result"
        assert told.arguments[:3] == ("r", str(inside / "kick.wav"), "one-shot")
        for path in (outside / "kick.wav", inside / ".." / "outside" / "kick.wav"):
            assert ask(path).arguments[0] == "denied"
        (inside / "link.wav").symlink_to(outside / "kick.wav")
        assert ask(inside / "link.wav").arguments[0] == "denied"
        assert ask(inside / "text.wav").arguments[:2] == ("failed", "r")
        assert ask(inside / "gone.wav").arguments[:2] == ("failed", "r")


def test_files_in_watched_folders_are_told_of_as_well(tmp_path: Path) -> None:
    watched, outside = tmp_path / "watched", tmp_path / "outside"
    for folder in (watched, outside):
        folder.mkdir()
        soundfile.write(folder / "kick.wav", kick(0.5), RATE)
    (watched / "link.wav").symlink_to(outside / "kick.wav")
    with running(tmp_path) as bridge, Client(bridge.address) as client:

        def ask(path: Path) -> Message:
            return answers(client, "/tag/file", "r", str(path), last="/tag/file/result", timeout_s=30)[-1]

        assert ask(watched / "kick.wav").arguments[:2] == ("denied", "r")
        with Catalog(tmp_path / "catalog.db") as catalog:
            catalog.roots.add(watched)
        assert ask(watched / "kick.wav").arguments[:3] == ("r", str(watched / "kick.wav"), "one-shot")
        for path in (outside / "kick.wav", watched / ".." / "outside" / "kick.wav", watched / "link.wav"):
            assert ask(path).arguments[:2] == ("denied", "r")


def test_a_file_that_the_catalog_knows_is_told_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "any.wav"
    path.write_bytes(b"not looked into")
    stamp = Stamp.of(path)
    assert stamp is not None
    with Catalog(tmp_path / "catalog.db") as catalog:
        catalog.record([Entry(path, stamp.size, stamp.mtime_ns, analysis("x", instrument("snare", 0.75)))])
    with running(tmp_path) as bridge, Client(bridge.address) as client:
        (told,) = answers(client, "/tag/file", "r", str(path), last="/tag/file/result")
    assert told.arguments == ("r", str(path), "one-shot", "snare", 0.75)


def test_neighbours_are_read_again_when_the_catalog_holds_others(tmp_path: Path) -> None:
    def entry(name: str, *embedding: float) -> Entry:
        made = analysis(name, "kick", model=recogniser().name)
        made.embedding[: len(embedding)] = embedding
        return Entry(tmp_path / f"{name}.wav", 1, 1, made)

    wanted = np.zeros(128, dtype=np.float32)
    wanted[0] = 1
    with (
        Catalog(tmp_path / "catalog.db") as catalog,
        closing(Neighbours(catalog, recogniser().name)) as neighbours,
        closing(Neighbours(catalog, "another@1")) as another,
    ):
        assert neighbours.nearest(wanted, 3) == []
        catalog.record([entry("far", 0.0, 1.0), entry("near", 0.8, 0.6)])
        found = neighbours.nearest(wanted, 3)
        assert [(each.path.stem, round(each.similarity, 3)) for each in found] == [("near", 0.8), ("far", 0.0)]
        catalog.record([entry("same", 1.0)])
        assert [each.path.stem for each in neighbours.nearest(wanted, 1)] == ["same"]
        catalog.mark(tmp_path, ["same.wav"], missing=True)
        assert [each.path.stem for each in neighbours.nearest(wanted, 1)] == ["near"]
        assert another.nearest(wanted, 3) == []
