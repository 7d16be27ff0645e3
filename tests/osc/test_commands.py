"""`tagger osc` and the commands below it, as people and programs meet them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.monitor import Board, event_line, event_object, table
from osc_bridge.bridge import JOURNAL_NAME, Bridge, DawSettings
from osc_bridge.daws.desk import DAWS
from osc_bridge.daws.journal import Journal, Rename
from osc_bridge.messages import Message
from tests.command_line import Run
from tests.osc.fakes.daws import FakeLive
from tests.osc.helpers import RATE, kick, running, silence, wait_for
from tests.ports import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> Iterator[str]:
    """The port of a `tagger osc` in a process of its own, that is ended politely."""
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", "osc", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+) with \S+; Ctrl-C ends\n", line)
    assert found, line
    yield found[1]
    asked_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - asked_s < 5
    assert process.stdout.read() == ""
    process.stdout.close()


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "my loop é.wav"
    soundfile.write(path, np.concatenate([*[kick(0.5)] * 3, silence(1.6)]), RATE)
    return path


def test_a_file_is_played_watched_and_told_of(port: str, loop: Path, tagger: Run) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "daemon", "osc", "monitor", "--json", "--port", port],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as monitor:
        assert monitor.stdout is not None
        assert json.loads(monitor.stdout.readline())["message"] in ("heartbeat", "status")
        played = tagger("osc", "play", loop, "--port", port)
        assert (played.code, played.err) == (0, "")
        assert re.search(r"^ +\d\.\d\d s  my-loop  \+ Kick 0\.\d\d$", played.out, re.MULTILINE)
        assert re.search(r"^ +\d\.\d\d s  my-loop  - Kick after \d\.\d s, at most 0\.\d\d$", played.out, re.MULTILINE)
        monitor.send_signal(signal.SIGINT)
        objects = [json.loads(line) for line in monitor.stdout]
        assert monitor.wait(10) == 0
    kicks = [each for each in objects if each["message"] in ("on", "off") and each["label"] == "kick"]
    assert [each["message"] for each in kicks] == ["on", "off"]
    assert kicks[0].keys() == {"message", "event", "stream", "label", "confidence", "time_s"}


def test_no_bridge_is_told_in_a_line(loop: Path, tagger: Run) -> None:
    for command in (["play", loop], ["monitor"], ["names"]):
        done = tagger("osc", *command, "--port", "1")
        assert done.code == 1
        assert done.err == "tagger: 127.0.0.1:1: no bridge answers there (start one with `tagger osc`)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "would let anybody in the network speak to the bridge"),
        (["--host", "nonsense"], "is no address to listen on"),
        (["--daw", "logic"], "is no DAW that the bridge speaks to (it is one of ardour, ableton, reaper, bitwig)"),
        (["--daw", "reaper=x:y"], "has no number for a port (write it as reaper=8000:9000)"),
        (["--model", "nowhere.onnx"], "there is no such model"),
    ],
)
def test_a_bridge_that_cannot_start_says_why(arguments: list[str], message: str, tagger: Run) -> None:
    done = tagger("osc", "--port", "0", *arguments)
    assert done.code == 1
    assert message in done.err
    assert "\n" not in done.err


def test_a_port_that_another_program_hears_a_daw_on_is_told(tagger: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        done = tagger("osc", "--port", "0", "--daw", f"ableton=11000:{other.getsockname()[1]}")
    assert done.code == 1
    assert "does another program listen to the DAW?" in done.err


def test_names_are_none_without_a_daw(bridge: Bridge, tagger: Run) -> None:
    assert tagger("osc", "names", "--port", bridge.address[1]).err == "no track has a name suggested\n"
    assert tagger("osc", "names", "--apply", "--revert").code == 2


def test_names_are_given_back_that_an_earlier_run_gave(tmp_path: Path, tagger: Run) -> None:
    fake = FakeLive(["1-MIDI", "Kick"])
    Journal(tmp_path / JOURNAL_NAME).add(Rename("ableton", "1", "2-Audio", "Kick"))
    back = free_port()
    live = DawSettings(daw=DAWS["ableton"](), send_port=fake.port, receive_port=back)
    with running(tmp_path, daws=[live]) as bridge, fake.running(back):
        wait_for(lambda: len(live.daw.tracks) == 2)
        assert tagger("osc", "names", "--revert", "--port", bridge.address[1]).out == "1 track renamed\n"
        wait_for(lambda: fake.names == ["1-MIDI", "2-Audio"])


def test_renaming_without_a_daw_is_told(bridge: Bridge, tagger: Run) -> None:
    done = tagger("osc", "names", "--revert", "--port", bridge.address[1])
    assert done.code == 1
    assert "the bridge was not started with a DAW" in done.err


def test_help_costs_no_time(tagger: Run) -> None:
    code = "import sys, daemon.cli; sys.exit(any(name in sys.modules for name in ('numpy', 'pythonosc', 'rich.live')))"
    assert not subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode
    assert "Listen to live audio" in tagger("osc", "--help").out


def test_input_without_a_sound_card_or_jack_is_told(tagger: Run) -> None:
    listed = tagger("osc", "input", "--list")
    assert listed.code in (0, 1)
    assert listed.out or listed.err
    environment = {**os.environ, "JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "none of ours"}
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "osc", "jack", "--list"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(r"tagger: JACK: is not (installed|running) .*\n", done.stderr)


def test_the_board_shows_what_is_on(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    board = Board()
    for address, *arguments in (
        ("/tag/stream", "tap-1", "Drums", "", "127.0.0.1:1", 48_000),
        ("/tag/top", "tap-1", "kick", 0.9, "snare", 0.3, "tom", 0.01),
        ("/tag/on", "e1", "tap-1", "kick", 0.8, 1.0),
        ("/tag/on", "e2", "tap-1", "snare", 0.8, 1.0),
        ("/tag/off", "e2", "tap-1", "snare", 0.8, 2.0, 1.0),
        ("/tag/status", "tap-1", 100, 2, 1, 0.0, 55.0),
        ("/tag/pong", "x", "y", 1),
    ):
        board.take(Message(address, tuple(arguments)), 10.0)
    Console(width=160).print(table(board))
    shown = capsys.readouterr().out
    assert "tap-1 (Drums)" in shown
    assert re.search(r"Kick +Kick █{11}░ +Snare █{4}░{8} +2 +1 +55 ms", shown)
    assert "- Snare after 1.0 s" in shown
    board.drop_gone(20.0)
    Console(width=160).print(table(board))
    assert "nothing is sent to the bridge yet" in capsys.readouterr().out


def test_messages_that_say_nothing_to_people_are_left_out() -> None:
    assert event_line(Message("/tag/pong", ("x",))) is None
    assert event_object(Message("/tag/on", ("too", "few"))) is None
    assert event_line(Message("/tag/heartbeat", (1, 2.0))) is None
