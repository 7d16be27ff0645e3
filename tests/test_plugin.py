"""The plugin tap: what it sends, what it understands, and that its audio thread never waits.

Needs a C compiler and LV2's headers; hosts that people use are tried in tests/plugin.
"""

from __future__ import annotations

import random
import re
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from osc_bridge.plugin import generate
from tagger.taxonomy import LEAVES
from tests.taps import PLUGIN, Ear, Lv2, answer, blocks, build, noise, wait_until

ID = "urn:instrument-tagger:tap:id"
STRING = "http://lv2plug.in/ns/ext/atom#String"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("plugin"), "lv2", "checks")


@pytest.fixture(scope="module")
def library(built: Path) -> Path:
    (path,) = built.glob("lv2/tagger-tap.lv2/tagger_tap.*")
    return path


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as listening:
        yield listening
    assert not listening.strange


# -- building ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("target", "missing", "package"),
    [
        ("lv2", "CC=no-compiler", "gcc"),
        ("dpf", "CXX=no-compiler", "g++"),
        ("dpf", "DPF_PATH=/nowhere", "dpf-source"),
        ("windows", "MINGW_CC=no-compiler", "gcc-mingw-w64-x86-64-posix"),
    ],
)
def test_missing_tool_is_named_with_its_package(tmp_path: Path, target: str, missing: str, package: str) -> None:
    (tmp_path / "Makefile.plugins.mk").touch()
    paths = (f"BUILD={tmp_path}", f"DPF_PATH={tmp_path}")
    command = ["make", "-s", "-C", str(PLUGIN), *paths, "CXX=sh", missing, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode
    assert f"Debian has it in: {package}" in done.stderr


def test_installing_puts_it_where_hosts_look(built: Path, tmp_path: Path) -> None:
    command = ["make", "-s", "-C", str(PLUGIN), f"BUILD={built}", f"HOME={tmp_path}", "install"]
    for _ in range(2):
        subprocess.run(command, capture_output=True, check=True)
    (library,) = tmp_path.rglob("tagger_tap.*")
    (original,) = (built / "lv2").rglob("tagger_tap.*")
    assert library.read_bytes() == original.read_bytes()
    assert len(list(library.parent.iterdir())) == 3


# -- the taxonomy in C and Turtle ------------------------------------------------------------------


@pytest.mark.parametrize("path", generate.files(), ids=lambda path: path.name)
def test_generated_files_are_fresh(path: Path) -> None:
    stale = path.read_text(encoding="utf-8") != generate.files()[path]
    assert not stale, "the taxonomy changed: python -m osc_bridge.plugin.generate"


def test_values_are_none_then_the_leaves_then_any_other() -> None:
    names = [name for name, _ in generate.VALUES]
    assert names == ["none", *LEAVES, ""]
    assert len({words for _, words in generate.VALUES}) == len(names)


# -- sound out -------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("rate", [44_100, 48_000, 192_000])
def test_sound_passes_unchanged_and_is_streamed(
    library: Path, ear: Ear, channels: int, in_place: bool, rate: int
) -> None:
    sound = noise(rate // 5 + 7, channels=channels)
    plugin = Lv2(library, port=ear.port, channels=channels, rate=rate)
    passed = [plugin.run(block, in_place=in_place) for block in blocks(sound, (64, 1, 511, 1024))]
    plugin.close()
    wait_until(lambda: plugin.stream in ear.ended)

    assert np.array_equal(np.concatenate(passed, axis=1), sound)
    packets = ear.packets[plugin.stream]
    assert ear.gaps(plugin.stream) == 0
    assert {packet.rate for packet in packets} == {rate}
    assert {len(packet.samples) for packet in packets[:-1]} == {min(rate // 100, 960)}
    assert {packet.form for packet in packets} == {"s16"}
    assert np.abs(ear.sound(plugin.stream) - sound.mean(axis=0)).max() <= 0.51 / 32768


def test_sound_beyond_full_scale_is_not_clipped(library: Path, ear: Ear) -> None:
    sound = np.zeros((1, 960), np.float32)
    sound[0, :8] = [1.0, -1.0, 0.5, 0.0, 1.0, -1.0, 2**-15, -(2**-15)]
    sound[0, 480:485] = [4.0, np.nan, np.inf, -2.5, 0.1]
    plugin = Lv2(library, port=ear.port, channels=1)
    plugin.run(sound)
    plugin.close()
    wait_until(lambda: ear.ended)
    quiet, loud = ear.packets[plugin.stream]
    assert (quiet.form, loud.form) == ("s16", "f32")
    assert quiet.samples[:8].tolist() == [32767 / 32768, -1.0, 0.5, 0.0, 32767 / 32768, -1.0, 2**-15, -(2**-15)]
    assert loud.samples[:5].tolist() == [4.0, 0.0, 0.0, -2.5, np.float32(0.1)]


def test_what_comes_too_fast_is_dropped_and_counted(library: Path, ear: Ear) -> None:
    plugin = Lv2(library, port=ear.port)
    for _ in range(3):
        plugin.run(noise(240_000))
    dropped_s = plugin["dropped"]
    plugin.close()
    wait_until(lambda: ear.ended)
    assert dropped_s > 5
    assert ear.frames(plugin.stream) + round(dropped_s * 48_000) == 720_000
    last = ear.packets[plugin.stream][-1]
    assert last.frame + len(last.samples) <= 720_000
    assert [packet.seq for packet in ear.packets[plugin.stream]] == list(range(len(ear.packets[plugin.stream])))


def test_disabling_ends_the_stream_and_time_goes_on(library: Path, ear: Ear) -> None:
    plugin = Lv2(library, port=ear.port)
    plugin.run(noise(1200))
    plugin["enabled"] = 0
    assert np.array_equal(plugin.run(noise(4800)), noise(4800))
    wait_until(lambda: ear.ended == [plugin.stream])
    plugin["enabled"] = 1
    plugin.run(noise(480))
    plugin.close()
    wait_until(lambda: len(ear.ended) == 2)
    assert [(packet.frame, len(packet.samples)) for packet in ear.packets[plugin.stream]] == [
        (0, 480),
        (480, 480),
        (960, 240),
        (6000, 480),
    ]


def test_another_port_takes_the_stream_there(library: Path, ear: Ear) -> None:
    with Ear() as other:
        plugin = Lv2(library, port=ear.port)
        plugin.run(noise(480))
        wait_until(lambda: ear.packets)
        plugin["port"] = other.port
        plugin.run(noise(480))
        wait_until(lambda: other.packets and ear.ended)
        plugin.close()
        wait_until(lambda: other.ended)
    assert ear.frames(plugin.stream) == other.frames(plugin.stream) == 480


def test_track_is_told_when_it_is_set(library: Path, ear: Ear) -> None:
    plugin = Lv2(library, port=ear.port)
    for track in (0, 7, 7, 12, 0, -3, 1e9, float("nan")):
        plugin["track"] = track
        plugin.run(noise(960))
        wait_until(lambda: ear.frames(plugin.stream) % 960 == 0)
        time.sleep(0.01)
    plugin.close()
    wait_until(lambda: ear.ended)
    assert ear.opened == [(plugin.stream, ref) for ref in ("track:7", "track:12", "")]


def test_nobody_has_to_listen(library: Path) -> None:
    with Ear() as gone:
        port = gone.port
    plugin = Lv2(library, port=port)
    for _ in range(20):
        assert np.array_equal(plugin.run(noise(480)), noise(480))
        time.sleep(0.002)
    assert plugin["connected"] == 0
    plugin.close()


# -- what the bridge says --------------------------------------------------------------------------


def test_answer_is_shown_and_goes_stale(library: Path, ear: Ear) -> None:
    first, second = Lv2(library, port=ear.port), Lv2(library, port=ear.port, channels=1)
    stereo, mono = noise(480), noise(480, channels=1)

    def shown(plugin: Lv2) -> tuple[float, float, float]:
        plugin.run(stereo if plugin is first else mono)
        return plugin["instrument"], plugin["confidence"], plugin["connected"]

    assert shown(first) == shown(second) == (0, 0, 0)
    wait_until(lambda: first.stream in ear.sources and second.stream in ear.sources)
    ear.say(first.stream, "violin", 0.75, index=99)
    wait_until(lambda: shown(first) == (1 + LEAVES.index("violin"), 0.75, 1))
    assert shown(second) == (0, 0, 0)
    ear.say(second.stream, "my_kazoo", 1.0)
    wait_until(lambda: shown(second) == (1 + len(LEAVES), 1.0, 1))
    ear.say(first.stream, "none", 0.0)
    wait_until(lambda: shown(first) == (0, 0, 1))
    heard = time.monotonic()
    wait_until(lambda: shown(first) == (0, 0, 0))
    assert 2.8 < time.monotonic() - heard < 3.5
    first.close()
    second.close()


def test_only_the_bridge_is_believed(library: Path, ear: Ear) -> None:
    plugin = Lv2(library, port=ear.port)
    plugin.run(noise(480))
    wait_until(lambda: ear.sources)
    tap = ear.sources[plugin.stream]
    with Ear() as stranger:
        stranger.throw(answer(plugin.stream, 1, "kick", 1.0), tap)
        ear.throw(answer(plugin.stream[:-1], 1, "kick", 1.0), tap)
        ear.throw(b"/tag/stream/opened\0\0,sis\0\0\0\0" + bytes(64), tap)
        time.sleep(0.05)
    plugin.run(noise(480))
    assert (plugin["instrument"], plugin["connected"]) == (0, 0)
    plugin.close()


_STRING = rb"((?:[^\0]{4})*(?:[^\0]{3}\0|[^\0]{2}\0{2}|[^\0]\0{3}|\0{4}))"
_ANSWER = re.compile(rb"/tag/plugin\0,sisf\0\0\0" + _STRING + rb"(?:.{4})" + _STRING + rb"(.{4})", re.DOTALL)


def _reference(datagram: bytes) -> tuple[bytes, int, float] | None:
    """What a datagram says, read by other means."""
    match = _ANSWER.fullmatch(datagram)
    if match is None or len(datagram) > 128:
        return None
    stream, label = (text.rstrip(b"\0") for text in match.group(1, 2))
    (confidence,) = struct.unpack(">f", match[3])
    if len(stream) > 15 or not label or not 0 <= confidence <= 1:
        return None
    names = [name.encode() for name in ("none", *LEAVES)]
    return stream, names.index(label) if label in names else len(names), confidence


def test_answers_are_read_strictly(built: Path) -> None:
    chance = random.Random(5)
    good = [
        answer("tap-0a1b2", 1, "kick", 0.5),
        answer("tap-fffff", 37, "string_ensemble", 1.0),
        answer("t", -1, "x", 0),
    ]
    tried = [*good, b"", b"\0" * 8, b"/tag/plugin\0,sisf\0\0\0", answer("tap-0a1b2", 1, "kick", float("nan"))]
    tried += [answer("tap-0a1b2", 1, "kick", value) for value in (-0.1, 1.1, float("inf"), -float("inf"))]
    tried += [answer("x" * size, 1, "y" * size, 0.5) for size in range(80)]
    tried += [message[:size] for message in good for size in range(len(message))]
    tried += [message + bytes(size) for message in good for size in range(1, 9)]
    for _ in range(20_000):
        message = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 3)):
            message[chance.randrange(len(message))] = chance.choice([0, 0, 44, 97, 255, chance.randrange(256)])
        tried.append(bytes(message))
    lines = "".join(datagram.hex() + "\n" for datagram in tried).encode()
    done = subprocess.run([built / "check" / "core-address", "answers"], input=lines, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    read = [_told(line) for line in done.stdout.decode().splitlines()]
    expected = [_reference(datagram) for datagram in tried]
    assert sum(said is not None for said in expected) > 1000
    assert read == expected


def _told(line: str) -> tuple[bytes, int, float] | None:
    if line == "-":
        return None
    stream, label, confidence = line.rsplit(" ", 2)
    return bytes.fromhex(stream), int(label), float(np.float32(confidence))


# -- the session -----------------------------------------------------------------------------------


def test_stream_keeps_its_id_in_the_session(library: Path, ear: Ear) -> None:
    plugin = Lv2(library, port=ear.port)
    plugin.run(noise(480))
    session = plugin.save()
    assert session == {ID: (plugin.stream.encode() + b"\0", STRING)}
    plugin.close()

    again = Lv2(library, port=ear.port)
    assert again.restore(session) == 0
    again.run(noise(480))
    assert again.stream == plugin.stream
    assert again.save() == session

    copy = Lv2(library, port=ear.port)
    assert copy.restore(session) == 0
    copy.run(noise(480))
    assert copy.stream != again.stream
    again.close()
    copy.close()
    wait_until(lambda: len(ear.ended) == 3)
    assert sorted(ear.packets) == sorted({plugin.stream, copy.stream})


def test_plugin_that_is_put_away_lets_go_of_its_stream(library: Path, ear: Ear) -> None:
    first, second = Lv2(library, port=ear.port), Lv2(library, port=ear.port)
    first.activate()
    first.run(noise(100))
    session, stream = first.save(), first.stream
    first.deactivate()
    wait_until(lambda: ear.ended == [stream])
    assert ear.frames(stream) == 100

    second.restore(session)
    second.activate()
    second.run(noise(480))
    assert second.stream == stream
    first.activate()
    first.run(noise(480))
    wait_until(lambda: len(ear.packets) == 2)
    first.run(noise(480))
    assert first.stream != stream
    first.close()
    second.close()
    wait_until(lambda: len(ear.ended) == 3)


@pytest.mark.parametrize(
    "text", [b"", b"tap-", b"tap-12345", b"tap-1234g\0", b"tap-123456\0", b"TAP-12345\0", b"tap-ABCDE\0"]
)
def test_state_that_is_not_ours_changes_nothing(library: Path, text: bytes) -> None:
    plugin = Lv2(library, port=9)
    before = plugin.save()
    plugin.restore({ID: (text, STRING)})
    plugin.restore({})
    plugin.restore({ID: (b"tap-12345\0", "urn:other")})
    assert plugin.save() == before
    plugin.close()


def test_host_without_urids_can_run_it(library: Path, ear: Ear) -> None:
    plugin = Lv2(library, port=ear.port, urids=False)
    plugin.run(noise(480))
    plugin.close()
    wait_until(lambda: ear.ended)


# -- threads and memory ----------------------------------------------------------------------------


def test_audio_thread_never_waits(built: Path, library: Path, ear: Ear) -> None:
    command = [str(built / "check" / "realtime"), str(library), str(ear.port), "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 4:
        pytest.skip("this kernel has no seccomp")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout in {"186 blocks\n", "187 blocks\n"}
    (stream,) = ear.packets
    assert ear.gaps(stream) == 0


@pytest.mark.parametrize("offence", ["malloc", "lock", "sleep"])
def test_waiting_in_the_audio_thread_would_be_noticed(built: Path, library: Path, ear: Ear, offence: str) -> None:
    command = [str(built / "check" / "realtime"), str(library), str(ear.port), "0.2", offence]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3 if offence == "sleep" else offence in done.stderr and done.returncode < 0


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_sanitizers_find_nothing_in_a_busy_session(built: Path, ear: Ear, sanitizer: str) -> None:
    chance = random.Random(7)
    command = [str(built / "check" / f"core-{sanitizer}"), "play", str(ear.port), "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as playing:
        while playing.poll() is None:
            for stream, tap in list(ear.sources.items()):
                ear.say(stream, chance.choice(["none", *LEAVES, "another"]), chance.random())
                ear.throw(chance.randbytes(chance.choice([1, 30, 128, 129, 1400, 9000])), tap)
            time.sleep(0.001)
        told, errors = playing.communicate()
    assert (playing.returncode, errors) == (0, "")
    wait_until(lambda: len(ear.ended) >= 4)
    for line in told.splitlines():
        stream, frames, dropped = line.split()
        assert ear.frames(stream) + int(dropped) == int(frames)
        assert dropped != "0" or ear.gaps(stream) == 0
