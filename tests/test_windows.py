from __future__ import annotations

import numpy as np
import pytest

from tagger.frontend import Frames, MelParameters, decibels, mel_power
from tagger.kind import kind_of
from tagger.results import Kind
from tagger.windows import WindowCutter

PARAMETERS = MelParameters()
RATE = 22050


def hit(seconds: float, decay_s: float = 0.15) -> np.ndarray:
    time_s = np.arange(int(seconds * RATE)) / RATE
    return (np.random.default_rng(3).standard_normal(len(time_s)) * np.exp(-time_s / decay_s) * 0.5).astype(np.float32)


def log_mel(signal: np.ndarray) -> Frames:
    return decibels(mel_power(signal.astype(np.float32), RATE, PARAMETERS), PARAMETERS)


def cut(frames: Frames, piece: int = 10**6) -> tuple[list[Frames], WindowCutter]:
    cutter = WindowCutter(PARAMETERS, 100)
    pieces = [frames[start : start + piece] for start in range(0, len(frames), piece)]
    return list(cutter.cut(pieces)), cutter


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
    windows, cutter = cut(log_mel(np.zeros(3 * RATE)))
    assert windows == []
    assert kind_of(cutter.envelope, 3.0) is Kind.SILENCE


def test_windows_do_not_depend_on_pieces() -> None:
    frames = log_mel(np.concatenate([hit(1.3), np.zeros(4000), hit(14.0, decay_s=5)]))
    whole, _ = cut(frames)
    for piece in (1, 7, 100, 333):
        pieces, cutter = cut(frames, piece)
        assert len(pieces) == len(whole)
        assert all(np.array_equal(one, other) for one, other in zip(pieces, whole, strict=True))
        assert len(cutter.envelope.level_db) == len(frames)


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
    _, cutter = cut(frames)
    assert kind_of(cutter.envelope, len(signal) / RATE) is kind
