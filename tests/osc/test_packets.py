"""Datagrams: what is written is read again, here and by others; what is wrong is refused in words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage

from osc_bridge import messages
from osc_bridge.messages import BadMessage, Message
from osc_bridge.packets import AudioPacket, read_audio, wrapped, write_audio
from tests.osc.hostile import bundle, hostile

INT32 = st.integers(-(2**31), 2**31 - 1)
NAMES = st.text("abcXYZ019._-", min_size=1, max_size=32)


@st.composite
def audio_packets(draw: st.DrawFn) -> AudioPacket:
    channels, size = draw(st.integers(1, 8)), draw(st.sampled_from([2, 4]))
    frames = draw(st.integers(1, 50))
    return AudioPacket(
        stream=draw(NAMES),
        seq=draw(INT32),
        frame=draw(INT32),
        sample_rate=draw(st.integers(8000, 192_000)),
        channels=channels,
        sample_size=size,
        blob=draw(st.binary(min_size=frames * channels * size, max_size=frames * channels * size)),
    )


@given(audio_packets())
def test_audio_is_read_as_it_was_written(packet: AudioPacket) -> None:
    datagram = write_audio(packet)
    assert read_audio(datagram) == packet
    stream, seq, frame, rate, channels, form, blob = OscMessage(datagram).params
    assert (stream, seq, frame, rate, channels) == packet[:5]
    assert (form, blob) == ("s16" if packet.sample_size == 2 else "f32", packet.blob)


@given(audio_packets())
def test_samples_are_finite_whatever_bytes_there_are(packet: AudioPacket) -> None:
    mono = packet.mono()
    assert mono.dtype == np.float32
    assert mono.shape == (packet.frames,)
    assert np.isfinite(mono).all()
    assert np.abs(mono).max() <= 8.0


def test_channels_are_mixed() -> None:
    stereo = np.array([[0.5, 0.25], [-1.0, 0.0]], dtype="<f4")
    packet = AudioPacket("a", 0, 0, 48_000, 2, 4, stereo.tobytes())
    np.testing.assert_allclose(packet.mono(), [0.375, -0.5])


@given(st.binary(max_size=200), st.integers(0, 30))
def test_cut_and_garbled_audio_is_refused(garbage: bytes, keep: int) -> None:
    datagram = write_audio(AudioPacket("abc", 1, 2, 48_000, 1, 2, bytes(96)))
    for wrong in (datagram[:24] + garbage, datagram[: 24 + keep]):
        with pytest.raises(BadMessage):
            read_audio(wrong)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stream": "a b"}, "bad-value"),
        ({"stream": ""}, "bad-value"),
        ({"sample_rate": 7999}, "bad-value"),
        ({"sample_rate": -1}, "bad-value"),
        ({"channels": 0}, "bad-value"),
        ({"channels": 9}, "bad-value"),
        ({"blob": b""}, "bad-value"),
        ({"blob": bytes(3)}, "bad-value"),
        ({"blob": bytes(60_004)}, "too-big"),
    ],
)
def test_what_is_out_of_range_is_refused(change: dict[str, Any], code: str) -> None:
    packet = AudioPacket("a", 0, 0, 48_000, 1, 2, bytes(96))._replace(**change)
    with pytest.raises(BadMessage) as refused:
        read_audio(write_audio(packet))
    assert refused.value.code == code


@given(st.integers())
def test_counts_wrap(number: int) -> None:
    assert -(2**31) <= wrapped(number) < 2**31
    assert (wrapped(number) - number) % 2**32 == 0


@given(st.lists(st.one_of(INT32, st.floats(width=32, allow_nan=False), st.text(max_size=40)), max_size=8))
def test_messages_are_read_as_they_were_written(values: list[int | float | str]) -> None:
    datagram = messages.write("/tag/x", *values)
    (message,) = messages.read(datagram)
    wanted = [each.replace("\0", "") if isinstance(each, str) else each for each in values]
    assert list(message.arguments) == wanted
    assert OscMessage(datagram).params == wanted


def test_many_floats_are_written_as_one_by_one() -> None:
    values = [0.0, 0.25, 1.0]
    assert messages.write_floats("/tag/scores", values, first="a") == messages.write("/tag/scores", "a", *values)
    assert messages.write_floats("/wek/outputs", values) == messages.write("/wek/outputs", *values)


@given(st.binary(max_size=300))
def test_no_datagram_does_anything_but_be_read_or_refused(datagram: bytes) -> None:
    for each in (datagram, b"#bundle\0" + datagram, b"/tag/ping\0\0\0" + datagram, b"/a\0\0,s\0\0" + datagram):
        with suppress(BadMessage):
            assert all(isinstance(message, Message) for message in messages.read(each))


def test_bundles_are_read_in_order_and_at_once() -> None:
    year_2036 = b"\xff" * 8
    parts = [messages.write("/tag/a", 1), bundle(messages.write("/tag/b", 2), when=year_2036), messages.write("/tag/c")]
    assert [message.address for message in messages.read(bundle(*parts, when=year_2036))] == [
        "/tag/a",
        "/tag/b",
        "/tag/c",
    ]


@pytest.mark.parametrize("name", sorted(hostile().keys() - {"NaN", "negative blob"}))
def test_hostile_datagrams_are_refused_at_once(name: str) -> None:
    with pytest.raises(BadMessage):
        list(messages.read(hostile()[name]))


@pytest.mark.parametrize(
    ("given_arguments", "signature", "wanted"),
    [
        ((1.0, 2, "a"), "ifs", (1, 2.0, "a")),
        ((1,), "i|fs", (1, None, None)),
        ((True, 2**40), "if", (1, 2.0**40)),
    ],
)
def test_numbers_are_taken_as_clients_send_them(
    given_arguments: tuple[Any, ...], signature: str, wanted: tuple[Any, ...]
) -> None:
    assert Message("/tag/x", given_arguments).read(signature) == wanted


@pytest.mark.parametrize(
    ("given_arguments", "signature"),
    [
        ((), "i"),
        ((1, 2), "i"),
        (("1",), "i"),
        ((1.5,), "i"),
        ((2**31,), "i"),
        ((float("nan"),), "f"),
        ((float("inf"),), "i"),
        ((1,), "s"),
        ((None,), "f"),
        (("x" * 2000,), "s"),
        ((b"x",), "s"),
    ],
)
def test_other_arguments_are_refused(given_arguments: tuple[Any, ...], signature: str) -> None:
    with pytest.raises(BadMessage) as refused:
        Message("/tag/x", given_arguments).read(signature)
    assert refused.value.code == "bad-type"
