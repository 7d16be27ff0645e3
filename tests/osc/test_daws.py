"""Naming tracks: in stand-ins for the DAWs that cannot run here, and the rules that hold for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from osc_bridge.daws.daw import Daw, Track
from osc_bridge.daws.desk import DAWS
from osc_bridge.daws.journal import Journal, Rename
from osc_bridge.daws.link import Link
from osc_bridge.daws.namer import Given, Namer, Proposal
from osc_bridge.engine import Scored, StreamInfo
from osc_bridge.errors import LinkError
from osc_bridge.heard import Heard
from tagger.results import Instrument
from tests.osc.fakes.daws import FakeDaw, FakeLive, FakeMoss, FakeReaper
from tests.osc.helpers import wait_for

LABELS = ("kick", "snare", "electric_bass")
ZEROS = np.zeros(len(LABELS), dtype=np.float32)


def scored(stream: str, label: str | None, confidence: float = 0.9) -> Scored:
    leading = (LABELS.index(label), confidence) if label else None
    return Scored(stream, ("127.0.0.1", 1), ZEROS, leading, 10.0, -30.0, label is None)


def info(name: str, *, title: str = "", daw_ref: str = "") -> StreamInfo:
    return StreamInfo(name, title, daw_ref, ("127.0.0.1", 1), 48_000, 1, 0, 0, 0.0, 0.0, -30.0, 960, False)


class Bench:
    """A namer with a clock and a DAW that only remembers."""

    def __init__(
        self, folder: Path, *, names: dict[str, str], rename: bool = False, also: tuple[str, ...] = ()
    ) -> None:
        self.daw = DAWS["ableton"]()
        self.daw.tracks = {ref: Track(ref, name, 0x111111) for ref, name in names.items()}
        self.journal = Journal(folder / "renames.jsonl")
        self.namer = Namer(self.daw, self.journal, labels=LABELS, rename=rename, also=also)
        self.now_s = 100.0
        self.told: list[Proposal] = []
        self.sent: list[bytes] = []

    def hear(self, label: str | None, seconds: float, *, stream: StreamInfo) -> None:
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            self.namer.hear([scored(stream.name, label)], self.now_s)
            sent, told = self.namer.step([stream], self.now_s)
            self.sent += sent
            self.told += told

    def name(self, ref: str) -> str:
        return self.daw.tracks[ref].name


FIRST = info("tap-1", daw_ref="ableton:0")


def test_a_clear_track_is_suggested_a_name_within_two_seconds_and_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio"})
    bench.hear("kick", 2.0, stream=FIRST)
    assert bench.told == [Proposal("ableton", "0", "1-Audio", "Kick", False)]
    assert not bench.sent
    assert bench.name("0") == "1-Audio"


def test_rename_mode_names_tracks_that_nobody_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio", "1": "Kick"}, rename=True)
    bench.hear("kick", 2.0, stream=FIRST)
    assert bench.name("0") == "Kick 2"
    assert bench.told[-1].is_given
    count = len(bench.sent)
    bench.hear("kick", 20.0, stream=FIRST)
    assert len(bench.sent) == count


def test_a_name_that_a_person_chose_is_never_touched(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "My drum", "1": "2-Audio"}, rename=True)
    bench.hear("kick", 3.0, stream=FIRST)
    assert bench.name("0") == "My drum"
    second = info("tap-2", daw_ref="ableton:1")
    bench.hear("snare", 3.0, stream=second)
    assert bench.name("1") == "Snare"
    bench.daw.tracks["1"] = Track("1", "Best snare ever")
    bench.hear("electric_bass", 30.0, stream=second)
    assert bench.name("1") == "Best snare ever"


def test_our_own_name_follows_what_is_played(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio"}, rename=True)
    bench.hear("kick", 2.0, stream=FIRST)
    bench.hear("electric_bass", 60.0, stream=FIRST)
    assert bench.name("0") == "Electric bass"


def test_what_is_unclear_is_not_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio"}, rename=True)
    for _ in range(20):
        for label in LABELS:
            bench.hear(label, 0.1, stream=FIRST)
        bench.hear(None, 0.3, stream=FIRST)
    assert bench.name("0") == "1-Audio"


def test_streams_find_their_track_by_name_where_they_do_not_say(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "Drums", "1": "1-Audio", "2": "1-Audio"})
    bench.hear("kick", 2.0, stream=info("x", title="drums"))
    assert [each.track for each in bench.told] == ["0"]
    bench.hear("kick", 2.0, stream=info("y", title="1-Audio"))
    bench.hear("kick", 2.0, stream=info("z", daw_ref="reaper:0"))
    assert len(bench.told) == 1


def test_names_are_taken_back_and_not_given_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio", "1": "2-Audio"}, rename=True, also=("colour",))
    bench.hear("kick", 2.0, stream=FIRST)
    bench.hear("snare", 2.0, stream=info("tap-2", daw_ref="ableton:1"))
    assert (bench.name("0"), bench.name("1")) == ("Kick", "Snare")
    bench.daw.tracks["1"] = Track("1", "Mine now")
    again = Namer(bench.daw, Journal(tmp_path / "renames.jsonl"), labels=LABELS, rename=True)
    _, count = again.revert()
    assert count == 1
    assert bench.daw.tracks["0"] == Track("0", "1-Audio", 0x111111)
    assert bench.name("1") == "Mine now"
    assert again.revert()[1] == 0


def test_what_would_be_taken_back_is_known_beforehand(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio", "1": "2-Audio"}, rename=True)
    bench.hear("kick", 2.0, stream=FIRST)
    bench.hear("electric_bass", 60.0, stream=FIRST)
    again = Namer(bench.daw, Journal(tmp_path / "renames.jsonl"), labels=LABELS, rename=False)
    assert again.given() == [Given("ableton", "0", "Electric bass", "1-Audio")]
    assert again.revert("1")[1] == 0
    again.revert("0")
    assert bench.name("0") == "1-Audio"
    assert not again.given()


def test_a_track_that_moved_is_found_by_the_name_we_gave(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio"}, rename=True)
    bench.hear("kick", 2.0, stream=FIRST)
    bench.daw.tracks = {"0": Track("0", "New"), "1": Track("1", "Kick")}
    assert bench.namer.revert()[1] == 1
    assert bench.name("1") == "1-Audio"


def test_a_suggestion_is_not_for_the_track_that_took_the_number(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio", "1": "2-Audio"})
    bench.hear("kick", 2.0, stream=FIRST)
    bench.daw.tracks = {"0": Track("0", "2-Audio"), "1": Track("1", "1-Audio")}
    bench.namer.step([], bench.now_s)
    assert not bench.namer.proposals()


def test_files_name_tracks_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, names={"0": "1-Audio"}, rename=True)
    bench.namer.hear_file("0", [Instrument("electric_bass", "bass", 0.9)])
    bench.namer.step([], 1.0)
    assert bench.name("0") == "Electric bass"


def test_a_journal_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "renames.jsonl"
    journal = Journal(path)
    journal.add(Rename("reaper", "1", "", "Kick"))
    with path.open("a") as file:
        file.write('{"daw": "reaper", "re')
    (rename,) = Journal(path).standing("reaper")
    assert (rename.before, rename.after) == ("", "Kick")
    assert not Journal(path).standing("ardour")


def test_no_track_is_renamed_that_cannot_be_noted(tmp_path: Path) -> None:
    (tmp_path / "renames.jsonl").mkdir()
    with joined(tmp_path, FakeReaper(["Track 1"]), "reaper", rename=True) as (fake, link):
        wait_for(lambda: "1" in link.daw.tracks)
        link.hear([scored("tap-1", "kick")] * 1)
        for _ in range(30):
            link.hear([scored("tap-1", "kick")])
        with pytest.raises(TimeoutError):
            wait_until(lambda: fake.names != ["Track 1"], 1.0)


def wait_until(condition: Callable[[], object], timeout_s: float) -> None:
    try:
        wait_for(condition, timeout_s)
    except AssertionError as error:
        raise TimeoutError from error


def clear_after_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream is clear at once: the rules of time are tested above, without a clock on the wall."""
    monkeypatch.setattr("osc_bridge.daws.namer._CLEAR_AFTER_S", 0.01)


@contextmanager
def joined(
    folder: Path,
    fake: FakeDaw,
    name: str,
    *,
    streams: list[StreamInfo] | None = None,
    ask_file: Callable[..., bool] = lambda *_: True,
    **namer: Any,
) -> Iterator[tuple[FakeDaw, Link]]:
    """A DAW of a kind, linked to its stand-in."""
    daw: Daw = DAWS[name]()
    link = Link(
        daw,
        Namer(daw, Journal(folder / "renames.jsonl"), labels=LABELS, **({"rename": False} | namer)),
        streams=lambda: streams or [info("tap-1", daw_ref=f"{name}:1")],
        tell=lambda _: None,
        ask_file=ask_file,
        send_port=fake.port,
        receive_port=0,
    )
    with ExitStack() as stack:
        stack.enter_context(fake.running(link.port))
        link.start()
        stack.callback(link.stop)
        yield fake, link


def play_until_named(link: Link, fake: FakeDaw, name: str) -> None:
    def is_named() -> bool:
        link.hear([scored("tap-1", "kick")])
        return name in fake.names

    wait_for(is_named)


def test_live_is_renamed_coloured_and_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_after_a_look(monkeypatch)
    fake = FakeLive(["1-MIDI", "2-Audio", "Vocals"])
    with joined(tmp_path, fake, "ableton", rename=True, also=("colour",)) as (_, link):
        play_until_named(link, fake, "Kick")
        assert fake.names == ["1-MIDI", "Kick", "Vocals"]
        wait_for(lambda: fake.colours[1] != 0x112233)
        assert link.daw.is_playing
        assert link.revert(None) == 1
        wait_for(lambda: fake.names == ["1-MIDI", "2-Audio", "Vocals"] and fake.colours[1] == 0x112233)


def test_clips_of_live_are_told_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "clip é.wav"
    soundfile.write(path, np.zeros(100), 8000)
    asked: list[Path] = []

    def ask_file(path: Path, take: Callable[[list[Instrument]], None]) -> bool:
        asked.append(path)
        take([Instrument("snare", "drums", 0.8)])
        return True

    fake = FakeLive(["1-MIDI", "2-Audio"], {0: ["midi clip"], 1: [None, path]})
    with joined(tmp_path, fake, "ableton", ask_file=ask_file) as (_, link):
        wait_for(lambda: link.names())
        assert link.names() == [Proposal("ableton", "1", "2-Audio", "Snare", False)]
        assert asked == [path]
        assert {tuple(arguments) for _, arguments in fake.calls("/live/clip/get/file_path")} == {(1, 1)}
        assert link.apply("1") == 1
        wait_for(lambda: fake.names == ["1-MIDI", "Snare"])


def test_reaper_is_renamed_beyond_the_first_bank_and_given_regions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear_after_a_look(monkeypatch)
    fake = FakeReaper([f"Track {number}" for number in range(1, 13)])
    streams = [info("tap-1", daw_ref="reaper:11")]
    with joined(tmp_path, fake, "reaper", streams=streams, rename=True, also=("markers",)) as (_, link):
        play_until_named(link, fake, "Kick")
        assert fake.names.index("Kick") == 10
        wait_for(lambda: link.daw.position_s == 12.5)
        ended = Heard(event="e1", stream="tap-1", label="kick", is_on=False, confidence=0.9, time_s=5.0, duration_s=2.0)
        link.hear([ended])
        wait_for(lambda: any("name" in region for region in fake.regions.values()))
        (region,) = fake.regions.values()
        assert region == {"time": 10.5, "length": 2.0, "name": "Kick"}
        assert "0" not in link.daw.tracks


def test_bitwig_is_renamed_and_coloured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_after_a_look(monkeypatch)
    fake = FakeMoss(["Audio 1", "Lead"])
    with joined(tmp_path, fake, "bitwig", rename=True, also=("colour",)) as (_, link):
        play_until_named(link, fake, "Kick")
        wait_for(lambda: fake.colours[0] != 0x112233)
        assert set(link.daw.tracks) == {"1", "2"}
        assert not link.daw.is_playing
        assert link.revert("1") == 1
        wait_for(lambda: fake.names == ["Audio 1", "Lead"] and fake.colours[0] == 0x112233)


def test_asking_for_names_keeps_nobody_waiting(tmp_path: Path) -> None:
    with joined(tmp_path, FakeLive(["1-MIDI"]), "ableton") as (_, link):
        took_s = []
        for _ in range(9):
            asked_s = time.monotonic()
            assert link.names() == []
            took_s.append(time.monotonic() - asked_s)
            time.sleep(0.02)
    assert sorted(took_s)[4] < 0.05


def test_a_daw_that_was_ended_while_it_played_plays_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osc_bridge.daws.link._SILENT_FOR_S", 0.5)
    fake = FakeLive(["1-MIDI"])
    with joined(tmp_path, fake, "ableton") as (_, link):
        wait_for(lambda: link.is_playing)
        wait_for(lambda: not link.is_playing)
        assert link.daw.is_playing


def test_a_daw_may_start_later_than_the_bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osc_bridge.daws.link.GREET_EVERY_S", 0.1)
    daw = DAWS["bitwig"]()
    fake = FakeMoss(["Audio 1"])
    link = Link(
        daw,
        Namer(daw, Journal(tmp_path / "renames.jsonl"), labels=LABELS, rename=False),
        streams=list,
        tell=lambda _: None,
        ask_file=lambda *_: True,
        send_port=fake.port,
        receive_port=0,
    )
    link.start()
    try:
        with fake.running(link.port):
            wait_for(lambda: daw.tracks)
    finally:
        link.stop()


def test_a_port_that_another_program_answers_to_is_told(tmp_path: Path) -> None:
    with joined(tmp_path, FakeMoss([]), "bitwig") as (_, link), pytest.raises(LinkError, match="cannot be listened on"):
        Link(
            DAWS["ableton"](),
            Namer(link.daw, Journal(tmp_path / "renames.jsonl"), labels=LABELS, rename=False),
            streams=list,
            tell=lambda _: None,
            ask_file=lambda *_: True,
            send_port=1,
            receive_port=link.port,
        )


@pytest.mark.parametrize(
    ("daw", "default", "chosen"),
    [
        ("ardour", ["Audio 1", "Audio", "MIDI 12"], ["Audio books", "Kick"]),
        ("ableton", ["1-Audio", "12-MIDI", "# Audio", "3 Audio"], ["Audio drums", "1-Kick"]),
        ("reaper", ["", "Track 3"], ["Track", "Tracks 3", "Kick"]),
        ("bitwig", ["Audio 1", "Inst 2", "Audio Track 3"], ["Audio hall", "Lead"]),
    ],
)
def test_default_names_are_told_from_chosen_ones(daw: str, default: list[str], chosen: list[str]) -> None:
    made = DAWS[daw]()
    assert [made.has_default_name(Track("1", name)) for name in default] == [True] * len(default)
    assert [made.has_default_name(Track("1", name)) for name in chosen] == [False] * len(chosen)
