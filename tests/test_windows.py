from __future__ import annotations

import numpy as np
import pytest

from tagger.frontend import Frames, MelParameters, decibels, mel_power
from tagger.kind import kind_of
from tagger.results import Kind
from tagger.windows import Envelope, EnvelopeMeter, SteadyCutter, WindowCutter

PARAMETERS = MelParameters()
RATE = 22050


def hit(seconds: float, decay_s: float = 0.15) -> np.ndarray:
    time_s = np.arange(int(seconds * RATE)) / RATE
    return (np.random.default_rng(3).standard_normal(len(time_s)) * np.exp(-time_s / decay_s) * 0.5).astype(np.float32)


def log_mel(signal: np.ndarray) -> Frames:
    return decibels(mel_power(signal.astype(np.float32), RATE, PARAMETERS), PARAMETERS)


def pieces_of(frames: Frames, piece: int) -> list[Frames]:
    return [frames[start : start + piece] for start in range(0, len(frames), piece)]


def cut(frames: Frames, piece: int = 10**6) -> tuple[list[Frames], Envelope]:
    meter = EnvelopeMeter(PARAMETERS)
    windows = list(WindowCutter(PARAMETERS, 100).cut(meter.measured(pieces_of(frames, piece))))
    return windows, meter.envelope


@pytest.mark.parametrize("lead_s", [0.1, 0.3, 2.0, 12.0])
def test_leading_silence_changes_nothing(lead_s: float) -> None:
    plain, _ = cut(log_mel(hit(1.0)))
    late, _ = cut(log_mel(np.concatenate([np.zeros(int(lead_s * RATE)), hit(1.0)])))
    assert len(plain) == len(late) == 1
    strongest = [int(window.sum(axis=1).argmax()) for window in (plain[0], late[0])]
    assert abs(strongest[0] - strongest[1]) <= 1
    assert np.abs(plain[0].max() - late[0].max()) < 2


def test_a_noisy_room_before_the_sound_is_not_the_sound() -> None:
    room = np.random.default_rng(1).standard_normal(RATE) * 1e-4
    windows, _ = cut(log_mel(np.concatenate([room, hit(1.0)])))
    assert int(windows[0].sum(axis=1).argmax()) <= 4


def test_silence_gives_no_window() -> None:
    windows, envelope = cut(log_mel(np.zeros(3 * RATE)))
    assert windows == []
    assert kind_of(envelope, 3.0) is Kind.SILENCE


def test_windows_do_not_depend_on_pieces() -> None:
    frames = log_mel(np.concatenate([hit(1.3), np.zeros(4000), hit(14.0, decay_s=5)]))
    whole, _ = cut(frames)
    for piece in (1, 7, 100, 333):
        pieces, envelope = cut(frames, piece)
        assert len(pieces) == len(whole)
        assert all(np.array_equal(one, other) for one, other in zip(pieces, whole, strict=True))
        assert len(envelope.level_db) == len(frames)


def test_long_silence_inside_is_left_out() -> None:
    frames = log_mel(np.concatenate([hit(1.0), np.zeros(20 * RATE), hit(1.0)]))
    windows, _ = cut(frames, piece=500)
    assert 2 <= len(windows) <= 3


@pytest.mark.parametrize(
    ("signal", "kind"),
    [
        (hit(0.05), Kind.ONE_SHOT),
        (hit(1.5), Kind.ONE_SHOT),
        (np.concatenate([hit(0.25)] * 8), Kind.LOOP),
        (np.concatenate([hit(0.5)] * 16), Kind.LOOP),
        (np.concatenate([hit(0.5)] * 80), Kind.TRACK),
        (np.sin(2 * np.pi * 220 * np.arange(6 * RATE) / RATE) * 0.3, Kind.ONE_SHOT),
        (np.concatenate([hit(0.2), hit(0.2), np.zeros(3 * RATE)]), Kind.ONE_SHOT),
    ],
)
def test_kind(signal: np.ndarray, kind: Kind) -> None:
    frames = log_mel(signal)
    _, envelope = cut(frames)
    assert kind_of(envelope, len(signal) / RATE) is kind


def steady(frames: Frames, *, window_s: float, hop_s: float, piece: int = 10**6) -> list[Frames | None]:
    return list(SteadyCutter(PARAMETERS, window_s=window_s, hop_s=hop_s).cut(pieces_of(frames, piece)))


@pytest.mark.parametrize(
    ("duration_s", "window_s", "hop_s", "count"),
    [
        (0.01, 3.0, 1.5, 1),
        (2.0, 3.0, 1.5, 1),
        (3.0, 3.0, 1.5, 1),
        (3.1, 3.0, 1.5, 2),
        (8.0, 3.0, 1.5, 5),
        (8.0, 2.0, 2.0, 4),
        (8.0, 1.0, 3.0, 3),
        (8.0, 0.1, 0.05, 159),
        (8.0, 60.0, 10.0, 1),
    ],
)
def test_steady_windows_cover_the_sound_and_no_more(
    duration_s: float, window_s: float, hop_s: float, count: int
) -> None:
    windows = steady(log_mel(hit(duration_s, decay_s=50)), window_s=window_s, hop_s=hop_s)
    assert len(windows) == count
    assert {window.shape for window in windows if window is not None} == {(round(window_s / 0.02), 64)}


@pytest.mark.parametrize(("window_s", "hop_s"), [(3.0, 1.5), (0.5, 0.07), (0.3, 1.1)])
def test_steady_windows_are_where_they_say_however_the_stream_was_cut(window_s: float, hop_s: float) -> None:
    frames = log_mel(np.concatenate([hit(4.0, decay_s=9), np.zeros(5 * RATE), hit(4.3, decay_s=9)]))
    whole = steady(frames, window_s=window_s, hop_s=hop_s)
    for number, window in enumerate(whole):
        start = round(number * (hop_s / PARAMETERS.hop_s))
        inside = frames[start : start + round(window_s / PARAMETERS.hop_s)]
        if window is None:
            assert inside.max() < -95
        else:
            onset = max(0, int(np.flatnonzero(inside.max(axis=1) > -100)[0]) - 1)
            np.testing.assert_array_equal(window[: len(inside) - onset], inside[onset:])
            assert (window[len(inside) - onset :] == PARAMETERS.floor_db).all()
    assert any(window is None for window in whole)
    for piece in (1, 7, 100, 333):
        others = steady(frames, window_s=window_s, hop_s=hop_s, piece=piece)
        assert len(others) == len(whole)
        for one, other in zip(whole, others, strict=True):
            np.testing.assert_array_equal(one, other)
