"""Other people's programs as clients: liblo's tools, Pure Data, SuperCollider, Node; skipped where they are not."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from osc_bridge import messages
from osc_bridge.bridge import Bridge
from osc_bridge.packets import AudioPacket, write_audio
from osc_bridge.subscriptions import PROFILES
from tests.osc.helpers import kick, playing, silence, wait_for
from tests.ports import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"


def needed(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"there is no {program}; Debian has it in {package}")
    return path


class Output:
    """A program that runs, and what it has printed."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **environment},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def has(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for line in list(self.lines))

    def end(self) -> None:
        with_children = os.getpgid(self.process.pid)
        os.killpg(with_children, signal.SIGKILL)
        self.process.wait()
        self.thread.join()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def started(*command: str, **environment: str) -> Iterator[Output]:
    output = Output(*command, **environment)
    try:
        yield output
    finally:
        output.end()


def drumming(bridge: Bridge) -> AbstractContextManager[None]:
    """A kick every half second, for two seconds, then none for two, on and on."""
    return playing(bridge, np.concatenate([*[kick(0.5)] * 4, silence(2.0)]))


def oscsend(bridge: Bridge, *arguments: str) -> None:
    subprocess.run([needed("oscsend", "liblo-tools"), "127.0.0.1", str(bridge.address[1]), *arguments], check=True)


def test_liblo_tools_subscribe_and_print(bridge: Bridge) -> None:
    port = free_port()
    with started(needed("oscdump", "liblo-tools"), "-L", str(port)) as dump:
        time.sleep(0.3)
        oscsend(bridge, "/tag/subscribe", "issf", str(port), "*", "event", "0.3")
        wait_for(lambda: dump.has('/tag/subscribed sis "s1" 10 "event"'))
        with drumming(bridge):
            wait_for(lambda: dump.has('/tag/on sssff "e1" "drums" "kick"'), 8)
            wait_for(lambda: dump.has("/tag/status siiiff"), 3)
            wait_for(lambda: dump.has('/tag/off sssfff "e1" "drums" "kick"'), 8)


@pytest.mark.parametrize(
    ("types", "arguments", "answer"),
    [
        ("s", ["nonce"], '/tag/pong ssi "nonce"'),
        ("S", ["symbol"], '/tag/error sss "bad-type"'),
        ("h", ["7"], '/tag/error sss "bad-type"'),
        ("T", [], '/tag/error sss "bad-type"'),
        ("N", [], '/tag/error sss "bad-type"'),
        ("I", [], '/tag/error sss "bad-type"'),
        ("ss", ["a", "b"], '/tag/error sss "bad-type"'),
    ],
)
def test_every_type_is_answered_in_words(bridge: Bridge, types: str, arguments: list[str], answer: str) -> None:
    tool = needed("oscsend", "liblo-tools")
    with forwarded(bridge) as (port, came):
        subprocess.run([tool, "127.0.0.1", str(port), "/tag/ping", types, *arguments], check=True)
        wait_for(lambda: came)
        (message,) = messages.read(came[0])
    tags = "".join({str: "s", int: "i", float: "f"}[type(value)] for value in message.arguments)
    assert f'{message.address} {tags} "{message.arguments[0]}"'.startswith(answer)


@contextmanager
def forwarded(bridge: Bridge) -> Iterator[tuple[int, list[bytes]]]:
    """A port whose datagrams go on to the bridge, and what it answers to them."""
    came: list[bytes] = []
    stopping = threading.Event()
    proxy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    proxy.bind(("127.0.0.1", 0))
    proxy.settimeout(0.1)

    def forward() -> None:
        while not stopping.is_set():
            try:
                datagram, source = proxy.recvfrom(65536)
            except TimeoutError:
                continue
            if source == bridge.address:
                came.append(datagram)
            else:
                proxy.sendto(datagram, bridge.address)

    thread = threading.Thread(target=forward)
    thread.start()
    try:
        yield proxy.getsockname()[1], came
    finally:
        stopping.set()
        thread.join()
        proxy.close()


def test_pure_data_runs_the_example(bridge: Bridge, tmp_path: Path) -> None:
    program = needed("pd", "puredata-core")
    patch = tmp_path / "tagger.pd"
    text = (EXAMPLES / "tagger.pd").read_text(encoding="utf-8")
    text = text.replace("9720", str(bridge.address[1])).replace("9101", str(free_port()))
    patch.write_text(text, encoding="utf-8")
    with started(program, "-nogui", "-noaudio", "-nomidi", "-stderr", str(patch)) as pd, drumming(bridge):
        wait_for(lambda: pd.has(r"^on: e\d+ drums kick 0\.\d+"), 12)
        wait_for(lambda: pd.has(r"^off: e\d+ drums kick"), 8)
    assert not pd.has("(?i)unknown|error|couldn't")


def test_supercollider_runs_the_example(bridge: Bridge, tmp_path: Path) -> None:
    program = needed("sclang", "supercollider-language")
    script = tmp_path / "tagger.scd"
    text = (EXAMPLES / "tagger.scd").read_text(encoding="utf-8").replace("9720", str(bridge.address[1]))
    # What a piece would send: bundles for later, which must hold nobody up.
    later = '~tagger.sendBundle(0.2, ["/tag/ping", "later"]); OSCdef(\\pong, { |m| m.postln }, "/tag/pong");'
    text = text.rstrip().removesuffix(")") + later + "\n)\n"
    script.write_text(text, encoding="utf-8")
    quiet = {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    with started(program, "-D", str(script), **quiet) as sclang, drumming(bridge):
        wait_for(lambda: sclang.has(r"^on drums kick 0\.\d+"), 40)
        wait_for(lambda: sclang.has("/tag/pong, later"), 8)
        wait_for(lambda: sclang.has("^off drums kick"), 8)
    assert not sclang.has("ERROR")


READ_AND_WRITE_AGAIN = """
const osc = require("osc");
for (const line of require("fs").readFileSync(0, "ascii").trim().split("\\n")) {
    const packet = osc.readPacket(Uint8Array.from(Buffer.from(line, "hex")), { metadata: true });
    const types = packet.args.map((each) => each.type).join("");
    const plain = ({ type, value }) => (type === "b" ? Buffer.from(value).toString("hex") : value);
    const values = packet.args.map(plain);
    const again = Buffer.from(osc.writePacket(packet, { metadata: true })).toString("hex");
    console.log(JSON.stringify([packet.address, types, values, again]));
}
"""


def node_osc(datagrams: list[bytes]) -> list[tuple[str, str, list[int | float | str], str]]:
    """What npm's osc reads in datagrams: address, types, values, and in hex what it writes of them."""
    node, npm = needed("node", "nodejs"), needed("npm", "npm")
    folder = subprocess.run([npm, "root", "--global"], capture_output=True, text=True, check=True).stdout.strip()
    environment = {**os.environ, "NODE_PATH": os.pathsep.join([os.environ.get("NODE_PATH", ""), folder])}
    look = [node, "-e", "require.resolve('osc')"]
    if subprocess.run(look, env=environment, capture_output=True, check=False).returncode:
        pytest.skip("there is no osc for Node; `npm install --global --omit=optional osc` has it")
    lines = "\n".join(datagram.hex() for datagram in datagrams)
    command = [node, "-e", READ_AND_WRITE_AGAIN]
    told = subprocess.run(command, input=lines, env=environment, capture_output=True, text=True, check=True).stdout
    return [tuple(json.loads(line)) for line in told.splitlines()]


def test_node_reads_all_that_is_said(bridge: Bridge) -> None:
    came: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.1)
        questions = [messages.write(f"/tag/{name}") for name in ("version", "labels", "streams")]
        questions += [messages.write("/tag/ping", "é"), messages.write("/tag/ping", 7)]
        questions += [messages.write("/tag/subscribe", 0, "*", profile) for profile in PROFILES]
        for question in questions:
            listener.sendto(question, bridge.address)
        wanted = {"/tag/pong", "/tag/labels", "/tag/error", "/tag/subscribed", "/tag/on", "/tag/off", "/tag/scores"}
        deadline = time.monotonic() + 12
        with drumming(bridge):
            while time.monotonic() < deadline and wanted - {address_of(each) for each in came}:
                with suppress(TimeoutError):
                    came.append(listener.recv(65_536))
    assert not wanted - {address_of(each) for each in came}
    for datagram, (address, types, values, again) in zip(came, node_osc(came), strict=True):
        (message,) = messages.read(datagram, any_address=True)
        assert (address, again) == (message.address, datagram.hex())
        assert set(types) <= set("ifs")
        assert values == [*message.arguments]


def address_of(datagram: bytes) -> str:
    return datagram.partition(b"\0")[0].decode("ascii")


def test_node_reads_audio_as_it_was_written() -> None:
    packet = AudioPacket("drums-1", -5, 2**31 - 1, 44_100, 2, 2, bytes(range(240)))
    ((address, types, values, again),) = node_osc([write_audio(packet)])
    assert (address, types) == ("/tag/audio", "siiiisb")
    assert values == ["drums-1", -5, 2**31 - 1, 44_100, 2, "s16", packet.blob.hex()]
    assert again == write_audio(packet).hex()
