"""A recording for a panel of a page: its waveform in numbers, its mel spectrogram as a picture without margins.

Time goes linearly from the left edge to the right one, so that a click is a time. A long recording is not decoded
whole: of each column a piece is looked at, as much in all as a short recording has.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tagger.frontend import Samples, decibels, mel_power
from tagger.pictures.overview import Columns, Overview, OverviewBuilder, mel_parameters
from tagger.playing import Playable

LONGEST_WHOLE_S: Final = 600.0
"""Of what is longer, only a part of each column is looked at."""

_BLOCK_S: Final = 10.0
_PIECES: Final = 1200
_PIECES_IN_ALL_S: Final = 240.0
_HOP_S: Final = 0.02
# Quieter cells than this below the loudest look like silence.
_RANGE_DB: Final = 80.0
_FLOOR_DB: Final = -110.0
_COLOURS: Final = 128


def glance(path: Path, *, duration_s: float = 0.0) -> Overview:
    """Looks at a file; at one of any length in about the same time.

    Args:
        path: the audio file.
        duration_s: its length if it was counted before.

    Raises:
        DecodeError: the file cannot be read, or is no audio that can be decoded.
    """
    with Playable(path, duration_s=duration_s) as playable:
        if playable.frames > LONGEST_WHOLE_S * playable.sample_rate:
            return _sketch(playable)
        builder = OverviewBuilder(playable.sample_rate, duration_s=playable.frames / playable.sample_rate)
        length = round(_BLOCK_S * playable.sample_rate)
        for start in range(0, playable.frames, length):
            builder.push(_mono(playable, start, min(length, playable.frames - start)))
        return builder.finish()


def waveform(overview: Overview, points: int) -> tuple[float, Columns]:
    """A waveform, to be drawn.

    Args:
        overview: of the recording.
        points: columns, at most.

    Returns:
        The greatest amplitude, and (columns, 2) float32, least and greatest sample of each column as shares of it.
    """
    first, after = _cut(overview, min(points, len(overview.peaks)))
    low, high = overview.peaks.T
    bounds = np.stack([first, after], axis=1).ravel()
    shares = np.stack(
        [
            np.minimum.reduceat(np.append(low, low[-1:]), bounds)[::2],
            np.maximum.reduceat(np.append(high, high[-1:]), bounds)[::2],
        ],
        axis=1,
    )
    peak = float(np.abs(overview.peaks).max(initial=0.0))
    return peak, (shares / peak if peak else shares).astype(np.float32)


def spectrogram_png(overview: Overview, *, width: int, height: int, theme: Literal["light", "dark"]) -> bytes:
    """A mel spectrogram in the colours of the pictures, as PNG: low below, the loudest cell in the strongest colour.

    Args:
        overview: of the recording.
        width: in pixels, from the beginning to the end.
        height: in pixels, over all bands.
        theme: on which background it stands.
    """
    from tagger.pictures.themes import THEMES

    mel = overview.mel
    loudest_db = float(mel.max(initial=_FLOOR_DB + _RANGE_DB))
    shares = np.clip((mel - loudest_db) / _RANGE_DB + 1, 0, 1)
    wide = _stretched(shares, np.linspace(0, overview.duration_s / overview.column_s, width + 1))
    high = _stretched(wide.T, np.linspace(0, wide.shape[1], height + 1))
    levels = np.rint(high[::-1] * (_COLOURS - 1)).astype(np.uint8)
    colours = THEMES[theme].level(np.linspace(0, 1, _COLOURS))[:, :3]
    return _png(levels, np.rint(colours * 255).astype(np.uint8))


def _sketch(playable: Playable) -> Overview:
    rate = playable.sample_rate
    parameters = mel_parameters(rate, round(_HOP_S * rate))
    length = round(_PIECES_IN_ALL_S / _PIECES * rate)
    peaks = np.empty((_PIECES, 2), dtype=np.float32)
    mel = np.empty((_PIECES, parameters.n_mels), dtype=np.float32)
    for at, piece in enumerate(_pieces(playable, length)):
        peaks[at] = piece.min(), piece.max()
        mel[at] = mel_power(piece, rate, parameters).mean(axis=0)
    duration_s = playable.frames / rate
    return Overview(
        duration_s=duration_s,
        column_s=duration_s / _PIECES,
        peaks=peaks,
        mel=decibels(mel, parameters),
        edges_hz=parameters.edges_hz(),
        is_sketch=True,
    )


def _pieces(playable: Playable, length: int) -> Iterator[Samples]:
    for at in range(_PIECES):
        yield _mono(playable, at * playable.frames // _PIECES, length)


def _mono(playable: Playable, start: int, count: int) -> Samples:
    frames = playable.read(start, count)
    mono: Samples = frames.sum(axis=1, dtype=np.float32)
    mono *= np.float32(1 / (1 << 15) / playable.channels)
    return mono


def _cut(overview: Overview, count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """From which to before which column each of so many equal parts of the recording reaches; one at least."""
    edges = np.linspace(0, overview.duration_s / overview.column_s, count + 1)
    first = np.minimum(np.floor(edges[:-1] + 1e-6), len(overview.peaks) - 1).astype(np.intp)
    after = np.clip(np.ceil(edges[1:] - 1e-6).astype(np.intp), first + 1, len(overview.peaks))
    return first, after


def _stretched(rows: Columns, edges: npt.NDArray[np.float64]) -> Columns:
    """Rows of which each speaks for one unit, as means between edges: (edges - 1, width)."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    at = np.minimum(edges, len(rows))
    whole = np.minimum(at.astype(np.intp), len(rows) - 1)
    until = sums[whole] + (at - whole)[:, np.newaxis] * rows[whole]
    means = np.diff(until, axis=0) / np.maximum(np.diff(edges), 1e-12)[:, np.newaxis]
    return np.clip(means, 0, 1).astype(np.float32)


def _png(levels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of palette indices (PNG, third edition, W3C 2025)."""
    height, width = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    # Each row begins with its filter: none.
    rows = np.pad(levels, ((0, 0), (1, 0))).tobytes()
    chunks = ((b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
