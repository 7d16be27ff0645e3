"""Streams: samples in order whatever the network does, and the same picture as a file's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osc_bridge.engine import Engine
from osc_bridge.packets import AudioPacket, wrapped
from osc_bridge.parameters import Parameters
from osc_bridge.picture import Picture
from osc_bridge.reassembly import Reassembly
from osc_bridge.stream import Stream
from tagger.frontend import decibels, mel_power
from tests.osc.helpers import RATE, Samples, kick, noise, packets, recogniser, silence

MEL = recogniser().card.frontend
FRAMES = recogniser().window_frames


def pushed(order: list[AudioPacket]) -> tuple[Samples, Reassembly]:
    reassembly = Reassembly(order[0])
    pieces = [piece.samples for packet in order for piece in reassembly.push(packet)]
    return np.concatenate([np.zeros(0, np.float32), *pieces]), reassembly


@given(st.lists(st.integers(0, 3), min_size=20, max_size=20), st.integers(-(2**31), 2**31 - 1))
def test_packets_a_little_late_or_twice_make_no_difference(delays: list[int], start: int) -> None:
    samples = noise(0.2)
    sent = [packet._replace(frame=wrapped(packet.frame + start)) for packet in packets(samples)]
    order = [
        sent[0],
        *(packet for _, packet in sorted(enumerate(sent[1:]), key=lambda each: each[0] + delays[each[0]])),
    ]
    twice = [each for packet in order for each in (packet, packet)]
    for received in (order, twice):
        heard, reassembly = pushed(received)
        np.testing.assert_array_equal(heard, samples)
        assert reassembly.lost == 0
    assert reassembly.late == len(sent)


def test_what_is_lost_becomes_silence_after_50_ms() -> None:
    samples = noise(0.2)
    sent = packets(samples)
    heard, reassembly = pushed([*sent[:5], *sent[8:]])
    samples[5 * 480 : 8 * 480] = 0
    np.testing.assert_array_equal(heard, samples)
    assert reassembly.lost == 3
    assert reassembly.waiting_s == 0


def test_nothing_waits_that_comes_in_order() -> None:
    sent = packets(noise(0.1))
    reassembly = Reassembly(sent[0])
    assert [sum(len(piece.samples) for piece in reassembly.push(packet)) for packet in sent] == [480] * len(sent)


def test_a_hole_at_the_end_is_given_up_when_nothing_comes_any_more() -> None:
    samples = noise(0.05)
    sent = packets(samples)
    reassembly = Reassembly(sent[0])
    for packet in (sent[0], sent[2]):
        reassembly.push(packet)
    assert reassembly.waiting_s == pytest.approx(0.01)
    assert [(len(piece.samples), piece.is_hole) for piece in reassembly.give_up()] == [(480, True), (480, False)]
    assert not reassembly.give_up()


@pytest.mark.parametrize(
    ("change", "follows"),
    [
        ({}, True),
        ({"frame": RATE}, True),
        ({"frame": RATE + 961}, False),
        ({"frame": 480 - RATE}, True),
        ({"sample_rate": 44_100}, False),
        ({"channels": 2}, False),
    ],
)
def test_a_long_gap_or_another_layout_is_another_stream(change: dict[str, Any], follows: bool) -> None:
    (packet,) = packets(noise(0.01))
    reassembly = Reassembly(packet)
    reassembly.push(packet)
    assert reassembly.follows(packet._replace(**change)) == follows


def test_a_sender_that_begins_to_count_anew_is_followed_after_a_while() -> None:
    sent = packets(noise(0.5))
    reassembly = Reassembly(sent[0])
    for packet in sent:
        reassembly.push(packet)
    count = 0
    while reassembly.follows(sent[count]):
        reassembly.push(sent[count])
        count += 1
    assert 10 < count < 30


def stream_of(first: AudioPacket, parameters: Parameters | None = None) -> Stream:
    return Stream(
        "a",
        source=("127.0.0.1", 1),
        first=first,
        mel=MEL,
        window_frames=FRAMES,
        thresholds=np.array(recogniser().card.presence_thresholds, dtype=np.float32),
        parameters=parameters or Parameters(),
    )


@pytest.mark.parametrize("rate", [44_100, 48_000, 11_025, 96_000])
@pytest.mark.parametrize("size", [64, 441, 4096])
def test_frames_are_those_of_a_file(rate: int, size: int) -> None:
    samples = noise(1.5, rate)
    sent = packets(samples, rate=rate, size=size)
    stream = stream_of(sent[0])
    for number, packet in enumerate(sent):
        stream.push(packet, number * size / rate)
        if number % 7 == 3:
            stream.advance()
    stream.advance()
    of_file = decibels(mel_power(samples, rate, MEL), MEL)
    count = round(stream.time_s / MEL.hop_s)
    assert len(of_file) - count <= 4
    np.testing.assert_allclose(stream.picture.window()[1 : count + 1], of_file[:count], atol=1e-4)


def test_a_short_hole_does_not_look_like_another_sound() -> None:
    time_s = np.arange(2 * RATE) / RATE
    samples = (0.3 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    pictures = []
    for missing in ((), range(100, 102), range(100, 160)):
        sent = packets(samples)
        stream = stream_of(sent[0])
        for number, packet in enumerate(sent):
            if number not in missing:
                stream.push(packet, 0.0)
            if number % 10 == 9:
                stream.advance()
        pictures.append(stream.picture.window()[:90])
    whole, short, long = pictures
    assert np.abs(short - whole)[5:].max() < 6
    assert np.abs(long - whole)[5:].max() > 30


def test_the_window_begins_at_the_onset_and_is_filled_with_the_floor() -> None:
    sent = packets(np.concatenate([silence(1.0), kick(0.6)]))
    stream = stream_of(sent[0])
    for packet in sent:
        stream.push(packet, 0.0)
    stream.advance()
    window = stream.picture.window()
    levels = window.max(axis=1)
    assert window.shape == (FRAMES, MEL.n_mels)
    assert levels[:4].max() > -40
    assert (window[35:] == MEL.floor_db).all()


def test_silence_and_what_is_far_below_is_not_asked_about() -> None:
    picture = Picture(MEL, FRAMES)
    loud = np.full((50, MEL.n_mels), -40, dtype=np.float32)
    picture.add(loud)
    assert picture.is_audible(-95)
    picture.add(loud[:20] - 50)
    assert not picture.is_audible(-95)
    picture.add(np.full((600, MEL.n_mels), -90, dtype=np.float32))
    assert picture.is_audible(-95)
    assert not picture.is_audible(-60)


def test_a_backlog_is_cut_to_the_newest() -> None:
    sent = packets(noise(8.0), size=4800)
    stream = stream_of(sent[0])
    for packet in sent:
        stream.push(packet, 0.0)
    assert stream.buffered_s <= 2.1
    assert stream.advance()
    assert np.isfinite(stream.picture.window()).all()


def test_time_goes_on_while_nothing_comes() -> None:
    sent = packets(noise(0.5))
    stream = stream_of(sent[0])
    for packet in sent:
        stream.push(packet, 10.0)
    stream.advance()
    heard_s = stream.time_s
    stream.idle(11.0)
    stream.idle(12.0)
    assert stream.time_s - heard_s == pytest.approx(2.0)
    assert not stream.picture.is_audible(-95)


def test_streams_that_take_turns_are_each_heard_once_a_round() -> None:
    engine = Engine(recogniser())
    for name in "abcd":
        for packet in packets(noise(0.3), stream=name):
            engine.put(packet, ("127.0.0.1", 1), 0.0)
    heard = [{each.stream for each in engine.tick(0.1, turn, 3)} for turn in range(3)]
    assert heard == [{"a", "d"}, {"b"}, {"c"}]
