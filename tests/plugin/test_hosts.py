"""The plugin in lv2apply, jalv, Ardour, pedalboard and Wine. What a machine lacks is skipped, and named."""

from __future__ import annotations

import gc
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tagger.taxonomy import LEAVES
from tests.ports import free_port
from tests.taps import Ear, Packet, Samples, build, noise, wait_until

VIOLIN = 1 + LEAVES.index("violin")


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as listening:
        yield listening
    assert not listening.strange


@pytest.fixture(scope="module")
def lv2(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which hosts find the LV2 plugin."""
    folder = build(tmp_path_factory.mktemp("lv2"), "lv2")
    return {**os.environ, "LV2_PATH": os.pathsep.join((str(folder / "lv2"), "/usr/lib/lv2"))}


@pytest.fixture(scope="module")
def dpf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dpf"), "dpf", "checks-clap")


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("windows"), "windows", "checks-windows")


def needed(program: str, package: str) -> str:
    """The path of a program; skips the test where there is none."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"there is no {program}; Debian has it in {package}")
    return path


@contextmanager
def meanwhile(work: Callable[[], None], *, every_s: float = 0.1) -> Iterator[None]:
    """Does something again and again in a thread until the block ends."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every_s):
            work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def answered(ear: Ear) -> AbstractContextManager[None]:
    """All taps are told, as the bridge would, that they play a violin."""

    def tell() -> None:
        for stream in list(ear.sources):
            ear.say(stream, "violin", 0.75)

    return meanwhile(tell)


# -- LV2 -------------------------------------------------------------------------------------------


def test_description_is_valid(lv2: dict[str, str]) -> None:
    validate = needed("sord_validate", "sordi")
    ours = Path(lv2["LV2_PATH"].partition(os.pathsep)[0]).glob("*/*.ttl")
    vocabularies = Path("/usr/lib/lv2").glob("*.lv2/*.ttl")
    done = subprocess.run([validate, *map(str, (*vocabularies, *ours))], capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert re.search(r"Found \d+ errors among \d+ files", told)
    assert "instrument-tagger" not in told


@pytest.mark.parametrize(("variant", "channels"), [("mono", 1), ("stereo", 2)])
def test_lv2apply(lv2: dict[str, str], ear: Ear, tmp_path: Path, variant: str, channels: int) -> None:
    apply = needed("lv2apply", "lilv-utils")
    sound = noise(480_000, channels=channels)
    soundfile.write(tmp_path / "in.wav", sound.T, 48_000, subtype="FLOAT")
    uri = f"urn:instrument-tagger:tap:{variant}"
    command = [apply, "-i", str(tmp_path / "in.wav"), "-o", str(tmp_path / "out.wav"), "-c", "port", str(ear.port), uri]
    done = subprocess.run(command, env=lv2, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    wait_until(lambda: ear.ended)
    (stream,) = ear.packets
    # It is not paced, so a slow machine may drop sound; then that is to be seen in the numbers.
    assert ear.gaps(stream) == 0
    assert ear.frames(stream) == 480_000
    assert np.abs(ear.sound(stream) - sound.mean(axis=0)).max() <= 0.51 / 32768


@contextmanager
def jack() -> Iterator[dict[str, str]]:
    """A JACK server of its own, without a sound card."""
    server = f"tagger-test-{os.getpid()}"
    own = {"JACK_DEFAULT_SERVER": server, "JACK_NO_AUDIO_RESERVATION": "1", "JACK_NO_START_SERVER": "1"}
    command = [needed("jackd", "jackd2"), "-n", server, "-r", "-d", "dummy", "-r", "48000", "-p", "1024"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(1)
        try:
            yield own
        finally:
            running.terminate()


def test_jalv(lv2: dict[str, str], ear: Ear) -> None:
    needed("jalv", "jalv")
    with jack() as own, answered(ear):
        hosts = [
            subprocess.Popen(
                ["jalv", "-c", f"port={ear.port}", f"urn:instrument-tagger:tap:{variant}"],
                env={**lv2, **own},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for variant in ("mono", "stereo")
        ]
        try:
            wait_until(lambda: len(ear.packets) == 2 and min(map(len, ear.packets.values())) >= 200, timeout_s=15)
            said = [host.communicate("monitors\nquit\n", timeout=5)[0] for host in hosts]
        finally:
            for host in hosts:
                host.kill()
                host.wait()
    for text in said:
        shown = dict(re.findall(r"(\w+) = ([\d.]+)", text))
        assert (float(shown["instrument"]), float(shown["confidence"]), float(shown["connected"])) == (VIOLIN, 0.75, 1)
        assert (
            ear.gaps(f"tap-{float(shown['stream']):05.0f}" if False else f"tap-{int(float(shown['stream'])):05x}") == 0
        )


# -- Ardour, without a sound card or a screen ------------------------------------------------------


def test_ardour(lv2: dict[str, str], ear: Ear, tmp_path: Path) -> None:
    session = tmp_path / "session"
    environment = {**lv2, "HOME": str(tmp_path), "TAP_SESSION": str(session), "TAP_PORT": str(ear.port)}

    with answered(ear):
        first = _ardour({**environment, "TAP_NEW": "yes", "TAP_SECONDS": "4"})
    assert sorted(first) == ["Both", "One"]
    for instrument, confidence, connected, dropped, number in first.values():
        stream = f"tap-{int(number):05x}"
        assert (instrument, confidence, connected, dropped) == (VIOLIN, 0.75, 1, 0)
        assert len(ear.packets[stream]) > 300
        assert ear.gaps(stream) == 0
        assert 0.1 < np.abs(ear.sound(stream)).max() <= 1
    assert sorted(ear.ended) == sorted(ear.packets)

    control_port = _listen_to_osc(session / "taps.ardour", tmp_path)
    before = len(ear.packets)
    with meanwhile(lambda: _set_tracks(control_port)):
        again = _ardour({**environment, "TAP_SECONDS": "4"})
    assert {name: values[-1] for name, values in again.items()} == {name: values[-1] for name, values in first.items()}
    assert len(ear.packets) == before
    tracks = {
        f"tap-{int(values[-1]):05x}": ref for values, ref in zip((again["Both"], again["One"]), (41, 42), strict=True)
    }
    assert {(stream, f"track:{ref}") for stream, ref in tracks.items()} == set(ear.opened)


def _ardour(environment: dict[str, str]) -> dict[str, list[float]]:
    """Runs the script; the outputs of the tap on each track."""
    programs = [path for folder in os.get_exec_path() for path in sorted(Path(folder).glob("ardour*-lua"))]
    if not programs:
        pytest.skip("there is no Ardour with Lua; Debian has it in ardour")
    command = [str(programs[-1]), str(Path(__file__).with_name("ardour.lua"))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("TAP ")]
    assert told, done.stdout + done.stderr
    return {name: [float(value) for value in values] for _, name, *values in told}


def _listen_to_osc(session: Path, home: Path) -> int:
    """Turns Ardour's OSC surface on, at a free port, and returns that."""
    text = session.read_text(encoding="utf-8")
    changed = re.sub(r'(name="Open Sound Control \(OSC\)" active=)"0"', r'\1"1"', text)
    assert changed != text
    session.write_text(changed, encoding="utf-8")
    port = free_port()
    (folder,) = home.glob(".config/ardour*")
    option = f'<Option name="osc-port" value="{port}"/>'
    (folder / "config").write_text(f"<Ardour><Config>{option}</Config></Ardour>", encoding="utf-8")
    return port


def _set_tracks(port: int) -> None:
    """Sets the third parameter of the first plugin of strips 1 and 2, as whoever steers Ardour by OSC would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for strip in (1, 2):
            message = b"/strip/plugin/parameter\0,iiif\0\0\0" + struct.pack(">iiif", strip, 1, 3, 40 + strip)
            sender.sendto(message, ("127.0.0.1", port))


# -- VST3 and CLAP ---------------------------------------------------------------------------------


def test_vst3_in_pedalboard(dpf: Path, ear: Ear) -> None:
    pedalboard: Any = pytest.importorskip("pedalboard")
    plugin = pedalboard.load_plugin(str(dpf / "tagger-tap.vst3"))
    words = plugin.parameters["instrument"].valid_values
    assert (words[0], words[VIOLIN], len(words)) == ("None", "Violin", len(LEAVES) + 2)
    # By its words it would be set in a thousand steps.
    plugin.parameters["port"].raw_value = (ear.port - 1024) / (65535 - 1024)
    sound = noise(48_000)
    played = [_slowly(plugin, block) for block in np.split(sound, 100, axis=1)]
    assert np.array_equal(np.concatenate(played, axis=1), sound)
    (stream,) = ear.packets
    ear.say(stream, "violin", 0.75)
    time.sleep(0.1)
    assert np.array_equal(plugin(sound[:, :480], 48_000, reset=False), sound[:, :480])
    state = _refreshed(plugin)
    assert (plugin.instrument, plugin.connected, plugin.dropped_s) == ("Violin", True, 0)
    assert plugin.confidence == pytest.approx(0.75, abs=0.001)
    assert ear.gaps(stream) == 0
    assert _difference(ear.sound(stream), sound.mean(axis=0)[:47_000]) <= 0.51 / 32768

    sent = ear.frames(stream)
    plugin(noise(480_000), 48_000, buffer_size=8192, reset=False)
    _refreshed(plugin)
    dropped_s = plugin.dropped_s
    plugin(noise(4_410), 44_100, buffer_size=441, reset=False)
    del plugin
    gc.collect()
    wait_until(lambda: _frames_at(44_100, ear.packets[stream]) == 4_410)
    streamed = _frames_at(48_000, ear.packets[stream])
    assert streamed - sent == pytest.approx(480_000 - dropped_s * 48_000, abs=2000)

    before = list(ear.packets[stream])
    again = pedalboard.load_plugin(str(dpf / "tagger-tap.vst3"))
    again.raw_state = state
    again(noise(4_800), 48_000, reset=False)
    wait_until(lambda: len(ear.packets[stream]) > len(before))
    assert list(ear.packets) == [stream]


def _slowly(plugin: Any, block: Samples) -> Samples:
    time.sleep(block.shape[1] / 48_000)
    played: Samples = plugin(block, 48_000, buffer_size=480, reset=False)
    return played


def _frames_at(rate: int, packets: list[Packet]) -> int:
    return sum(len(packet.samples) for packet in packets if packet.rate == rate)


def _difference(streamed: Samples, sound: Samples) -> float:
    """How far the stream is from a sound where that fits best; silence of unknown length comes before."""
    starts = np.lib.stride_tricks.sliding_window_view(streamed, 100)[: len(streamed) - len(sound) + 1]
    start = int(np.abs(starts - sound[:100]).max(axis=1).argmin())
    return float(np.abs(streamed[start : start + len(sound)] - sound).max())


def _refreshed(plugin: Any) -> bytes:
    """Its state. pedalboard does not follow output parameters, but reads them all when a state is loaded."""
    state: bytes = plugin.raw_state
    plugin.raw_state = state
    return state


def _clap(command: list[str], ear: Ear, environment: dict[str, str] | None = None) -> list[str]:
    """What the CLAP host says of the parameters of two instances, the second with the state of the first."""
    with answered(ear):
        done = subprocess.run(
            [*command, str(ear.port), "100"], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout.splitlines()


def _check_clap(said: list[str], ear: Ear, name: str) -> None:
    (stream,) = ear.packets
    shown = [
        f"Port: {ear.port}", "Bypass: 0", "Track: 0", "Instrument: Violin (output)", "Confidence: 0.750000 (output)",
        "Connected: Yes (output)", "Dropped: 0.000000 (output)", f"Stream: {int(stream[4:], 16)} (output)",
    ]  # fmt: skip
    assert said == [name, *shown, *shown]
    packets = ear.packets[stream]
    assert len(packets) == 120
    assert [packet.seq for packet in packets] == [*range(100), *range(20)]
    assert ear.ended == [stream, stream]


@pytest.mark.parametrize("variant", ["", "-mono"])
def test_clap(dpf: Path, ear: Ear, variant: str) -> None:
    said = _clap([str(dpf / "check" / "clap"), str(dpf / f"tagger-tap{variant}.clap")], ear)
    name = "mono: Tagger Tap (mono)" if variant else "stereo: Tagger Tap"
    _check_clap(said, ear, f"instrument-tagger.tap.{name}")


# -- Windows ---------------------------------------------------------------------------------------


def test_windows_binaries_need_nothing_but_windows(windows: Path) -> None:
    objdump = needed("x86_64-w64-mingw32-objdump", "binutils-mingw-w64-x86-64")
    exports = {"lv2_descriptor": 1, "clap_entry": 2, "GetPluginFactory": 2}
    found = dict.fromkeys(exports, 0)
    for path in (*windows.rglob("*.dll"), *windows.rglob("*.clap"), *windows.glob("**/x86_64-win/*.vst3")):
        told = subprocess.run([objdump, "-p", path], capture_output=True, text=True, check=True).stdout
        assert "file format pei-x86-64" in told
        assert set(re.findall(r"DLL Name: (\S+)", told)) == {"KERNEL32.dll", "msvcrt.dll", "WS2_32.dll"}
        for name in exports:
            found[name] += len(re.findall(rf"\[ *\d+\] {name}$", told, flags=re.MULTILINE))
    assert found == exports


def test_windows_clap_in_wine(windows: Path, ear: Ear, tmp_path: Path) -> None:
    wine = needed("wine", "wine")
    environment = {**os.environ, "WINEPREFIX": str(tmp_path / "wine"), "WINEDEBUG": "-all", "DISPLAY": ""}
    subprocess.run([wine, "wineboot"], env=environment, capture_output=True, timeout=120, check=False)
    command = [wine, str(windows / "check" / "clap.exe"), str(windows / "windows" / "tagger-tap.clap")]
    _check_clap(_clap(command, ear, environment), ear, "instrument-tagger.tap.stereo: Tagger Tap")
