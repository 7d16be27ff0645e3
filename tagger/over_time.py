"""A recording's way to a timeline: windows at even steps, asked about, smoothed, and told apart into segments.

The kind of a recording says which of the network's heads answers, here as in `tagger.analysis`, and is known only
at the end: both answers are kept as long as a one-shot is still possible. A one-shot as a whole is judged at its
onset, so that a timeline claims of a sample what its tags say. Memory is bounded by the number of windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.activity import Activity, smoothed, stretches
from tagger.decision import Question, Scores, pooled
from tagger.frontend import Frames, Samples, log_mel
from tagger.kind import LONGEST_LOOP_S, kind_of
from tagger.recogniser import Prediction, Recogniser
from tagger.results import AudioFacts, Instrument, Kind
from tagger.timeline import Segment, Timeline, TimelineSettings, bounds_s
from tagger.windows import SILENCE_DB, Envelope, EnvelopeMeter, SteadyCutter, WindowCutter


class Tracer:
    """One pass over a recording; listens once, then tells the timeline.

    Args:
        recogniser: the loaded model.
        sample_rate: of the recording, in Hz.
        settings: what decides.

    Raises:
        ModelError: the model has labels of its own, and the label set asked for has no words for them.
    """

    def __init__(self, recogniser: Recogniser, sample_rate: int, settings: TimelineSettings) -> None:
        recogniser.require(settings.label_set)
        self._recogniser = recogniser
        self._sample_rate = sample_rate
        self._settings = settings
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
        cutter = SteadyCutter(frontend, window_s=self._settings.window_s, hop_s=self._settings.hop_s)
        for prediction in self._recogniser.predict_each(self._audible(cutter.cut(frames))):
            self._presence.append(prediction.presence)
            if self._of_one_shot:
                self._of_one_shot.single.append(prediction.single)

    def timeline(self, facts: AudioFacts, path: Path | None = None) -> Timeline:
        """What came of it.

        Args:
            facts: of the recording, as they are after it was read to its end.
            path: of the file.
        """
        settings = self._settings
        kind = kind_of(self._meter.envelope, facts.duration_s)
        question = Question.of(
            self._recogniser.card,
            settings.label_set,
            kind,
            threshold=settings.threshold,
            thresholds=settings.thresholds,
        )
        time_s = np.arange(len(self._is_silent), dtype=np.float64) * settings.hop_s
        is_silent = np.array(self._is_silent, dtype=np.bool_)
        intensity = self._intensity(question, is_silent, time_s)
        activity = Activity(question.thresholds, off_ratio=settings.off_ratio, min_duration_s=settings.min_duration_s)
        spans_s = _heard_spans(bounds_s(time_s, settings.window_s, facts.duration_s), self._meter.envelope)
        found = stretches(intensity, is_silent, spans_s, activity)
        active = np.zeros(intensity.shape, dtype=np.bool_)
        for each in found:
            active[each.first : each.last + 1, each.label] = True
        return Timeline(
            facts=facts,
            kind=kind,
            model=self._recogniser.name,
            settings=settings,
            labels=question.labels,
            words=question.label_set.words,
            thresholds=question.thresholds,
            time_s=time_s,
            is_silent=is_silent,
            intensity=intensity,
            active=active,
            segments=tuple(
                Segment(question.labels[each.label], each.start_s, each.end_s, each.confidence) for each in found
            ),
            instruments=self._claims(question),
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

    def _heard(self, kind: Kind) -> Scores:
        """(audible windows, leaves) probabilities from the head that answers."""
        one_shot = self._of_one_shot if kind is Kind.ONE_SHOT else None
        nothing = np.zeros((0, len(self._recogniser.card.labels)), dtype=np.float32)
        return np.concatenate([nothing, *(one_shot.single if one_shot else self._presence)])

    def _intensity(
        self, question: Question, is_silent: npt.NDArray[np.bool_], time_s: npt.NDArray[np.float64]
    ) -> Scores:
        scores = np.zeros((len(is_silent), len(question.labels)), dtype=np.float32)
        if question.kind is not Kind.SILENCE:
            scores[~is_silent] = question.scores(self._heard(question.kind))
        settings = self._settings
        return smoothed(scores, is_silent, time_s, smoothing=settings.smoothing, width_s=settings.smoothing_s)

    def _claims(self, question: Question) -> tuple[Instrument, ...]:
        """What may be claimed of the whole recording."""
        if question.kind is Kind.ONE_SHOT and self._of_one_shot:
            onset = self._at_onset(self._of_one_shot.frames)
            return question.verdict(onset.single[0]).tags if onset else ()
        if question.kind is Kind.SILENCE or not self._presence:
            return ()
        heard = pooled(self._heard(question.kind), hop_s=self._settings.hop_s, aggregation=self._settings.aggregation)
        return question.verdict(heard).tags

    def _at_onset(self, frames: list[Frames]) -> Prediction | None:
        windows = WindowCutter(self._recogniser.card.frontend, self._recogniser.window_frames).cut(frames)
        first = next(windows, None)
        return None if first is None else self._recogniser.predict(first[None])


def _heard_spans(bounds: npt.NDArray[np.float64], envelope: Envelope) -> npt.NDArray[np.float64]:
    """(n, 2) from when to when there is something to be heard in the time between bounds, in seconds.

    Where there is nothing, the span is turned around: what begins with it begins at its end.
    """
    heard_s = np.flatnonzero(envelope.level_db > SILENCE_DB) * envelope.hop_s
    starts, ends = bounds[:-1], bounds[1:]
    first, last = np.searchsorted(heard_s, starts), np.searchsorted(heard_s, ends, side="right") - 1
    if not len(heard_s):
        return np.stack([ends, starts], axis=1)
    is_heard = first <= last
    from_s = heard_s[np.minimum(first, len(heard_s) - 1)] - envelope.hop_s / 2
    to_s = heard_s[last] + envelope.hop_s / 2
    return np.stack(
        [np.where(is_heard, np.maximum(starts, from_s), ends), np.where(is_heard, np.minimum(ends, to_s), starts)],
        axis=1,
    )


class _OneShot:
    """What is kept of a recording that may be a one-shot."""

    def __init__(self) -> None:
        self.frames: list[Frames] = []
        self.single: list[Scores] = []
