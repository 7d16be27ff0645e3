"""Listens to a recording over time: windows at even steps, asked about one after the other.

The kind of a recording says which of the network's heads answers, here as in `tagger.analysis`, and is known only
at the end: both answers are kept as long as a one-shot is still possible. A one-shot as a whole is judged at its
onset, so that a timeline claims of a sample what its tags say. Memory is bounded by the number of windows. What
is made of all that is in `tagger.trace`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tagger.decision import Scores
from tagger.frontend import Frames, Samples, log_mel
from tagger.kind import LONGEST_LOOP_S, kind_of
from tagger.recogniser import Recogniser
from tagger.results import AudioFacts, Kind
from tagger.trace import Trace
from tagger.windows import SILENCE_DB, EnvelopeMeter, SteadyCutter, WindowCutter


class Tracer:
    """One pass over a recording.

    Args:
        recogniser: the loaded model.
        sample_rate: of the recording, in Hz.
        window_s: length of a window, in seconds, at least `tagger.timeline.SHORTEST_WINDOW_S`.
        hop_s: between the starts of two windows, in seconds, at least `tagger.timeline.SHORTEST_HOP_S`.
    """

    def __init__(self, recogniser: Recogniser, sample_rate: int, *, window_s: float, hop_s: float) -> None:
        self._recogniser = recogniser
        self._sample_rate = sample_rate
        self._window_s = window_s
        self._hop_s = hop_s
        self._meter = EnvelopeMeter(recogniser.card.frontend)
        self._is_silent: list[bool] = []
        self._presence: list[Scores] = []
        self._of_one_shot: _OneShot | None = _OneShot()

    def listen(self, blocks: Iterable[Samples]) -> None:
        """Takes a whole recording.

        Args:
            blocks: (n,) float32, mono, full scale at 1, any n.
        """
        frontend = self._recogniser.card.frontend
        frames = self._keeping(self._meter.measured(log_mel(blocks, self._sample_rate, frontend)))
        cutter = SteadyCutter(frontend, window_s=self._window_s, hop_s=self._hop_s)
        for prediction in self._recogniser.predict_each(self._audible(cutter.cut(frames))):
            self._presence.append(prediction.presence)
            if self._of_one_shot:
                self._of_one_shot.single.append(prediction.single)

    def trace(self, facts: AudioFacts, path: Path | None = None) -> Trace:
        """What came of it.

        Args:
            facts: of the recording, as they are after it was read to its end.
            path: of the file.
        """
        envelope = self._meter.envelope
        kind = kind_of(envelope, facts.duration_s)
        one_shot = self._of_one_shot if kind is Kind.ONE_SHOT else None
        nothing = np.zeros((0, len(self._recogniser.card.labels)), dtype=np.float32)
        return Trace(
            facts=facts,
            kind=kind,
            card=self._recogniser.card,
            model=self._recogniser.name,
            window_s=self._window_s,
            hop_s=self._hop_s,
            is_silent=np.array(self._is_silent, dtype=np.bool_),
            scores=np.concatenate([nothing, *(one_shot.single if one_shot else self._presence)]),
            onset=self._at_onset(one_shot.frames) if one_shot else None,
            frame_s=envelope.hop_s,
            is_heard=envelope.level_db > SILENCE_DB,
            path=path,
        )

    def _keeping(self, pieces: Iterable[Frames]) -> Iterator[Frames]:
        """Lets frames pass, and keeps them while this may be a one-shot."""
        longest = LONGEST_LOOP_S / self._recogniser.card.frontend.hop_s + 1
        for piece in pieces:
            if self._of_one_shot:
                self._of_one_shot.frames.append(piece)
                if sum(map(len, self._of_one_shot.frames)) > longest:
                    self._of_one_shot = None
            yield piece

    def _audible(self, windows: Iterable[Frames | None]) -> Iterator[Frames]:
        for window in windows:
            self._is_silent.append(window is None)
            if window is not None:
                yield window

    def _at_onset(self, frames: list[Frames]) -> Scores | None:
        windows = WindowCutter(self._recogniser.card.frontend, self._recogniser.window_frames).cut(frames)
        first = next(windows, None)
        return None if first is None else self._recogniser.predict(first[None]).single[0]


class _OneShot:
    """What is kept of a recording that may be a one-shot."""

    def __init__(self) -> None:
        self.frames: list[Frames] = []
        self.single: list[Scores] = []
