"""What the network said of a recording over time: it listens once, and any number of timelines are made of that.

Only the windows decide what has to be listened to again. Label set, thresholds, aggregation and smoothing are a
matter of milliseconds, so whoever tries them out keeps the trace. It can be sent from one process to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tagger.activity import Activity, smoothed, stretches
from tagger.decision import Question, Scores, Verdict, labels_of, pooled
from tagger.model_card import ModelCard
from tagger.results import AudioFacts, Kind
from tagger.taxonomy import FAMILIES, LABEL_SETS, LEAVES, words_of
from tagger.timeline import Segment, Timeline, TimelineSettings, bounds_s

_NOTHING = Verdict((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What was heard in the windows of one recording.

    Attributes:
        facts: what the container says, after the recording was read to its end.
        kind: one-shot, loop, track or silence.
        card: of the model.
        model: name and version of the model, as `name@version`.
        window_s: length of a window, in seconds.
        hop_s: between the starts of two windows, in seconds.
        is_silent: (n,) bool.
        scores: (audible windows, leaves) float32, probabilities by the head that answers for this kind.
        onset: (leaves,) float32, those of a one-shot as a whole; None for anything else.
        frame_s: between two frames of `is_heard`, in seconds.
        is_heard: (frames,) bool, where there is anything to be heard.
        path: the file; None for an array.
    """

    facts: AudioFacts
    kind: Kind
    card: ModelCard
    model: str
    window_s: float
    hop_s: float
    is_silent: npt.NDArray[np.bool_]
    scores: Scores
    onset: Scores | None
    frame_s: float
    is_heard: npt.NDArray[np.bool_]
    path: Path | None = None

    @property
    def label_sets(self) -> tuple[str, ...]:
        """The label sets that it can answer in, by name: a model with labels of its own has no words for others."""
        return tuple(LABEL_SETS) if self.card.labels == LEAVES else ("own",)

    def words(self, settings: TimelineSettings) -> Mapping[str, str]:
        """How the labels of a timeline read, and the families that may be claimed where no label can be."""
        return {**{each: words_of(each) for each in FAMILIES}, **labels_of(self.card, settings.label_set).words}

    def verdict(self, settings: TimelineSettings) -> Verdict:
        """The likeliest labels, and what may be claimed, of the recording as a whole; nothing of silence."""
        return self._verdict(self._question(settings), settings.aggregation)

    def timeline(self, settings: TimelineSettings) -> Timeline:
        """What plays when.

        Args:
            settings: what decides; its windows are those of the trace.

        Raises:
            ValueError: its windows are others.
        """
        if (settings.window_s, settings.hop_s) != (self.window_s, self.hop_s):
            raise ValueError(f"was listened to in windows of {self.window_s} s every {self.hop_s} s")
        question = self._question(settings)
        time_s = np.arange(len(self.is_silent), dtype=np.float64) * self.hop_s
        intensity = self._intensity(question, settings, time_s)
        activity = Activity(question.thresholds, off_ratio=settings.off_ratio, min_duration_s=settings.min_duration_s)
        spans_s = self._heard_spans(bounds_s(time_s, self.window_s, self.facts.duration_s))
        found = stretches(intensity, self.is_silent, spans_s, activity)
        active = np.zeros(intensity.shape, dtype=np.bool_)
        for each in found:
            active[each.first : each.last + 1, each.label] = True
        return Timeline(
            facts=self.facts,
            kind=self.kind,
            model=self.model,
            settings=settings,
            labels=question.labels,
            words=question.label_set.words,
            thresholds=question.thresholds,
            time_s=time_s,
            is_silent=self.is_silent,
            intensity=intensity,
            active=active,
            segments=tuple(
                Segment(question.labels[each.label], each.start_s, each.end_s, each.confidence) for each in found
            ),
            instruments=self._verdict(question, settings.aggregation).tags,
            path=self.path,
        )

    def _question(self, settings: TimelineSettings) -> Question:
        return Question.of(
            self.card, settings.label_set, self.kind, threshold=settings.threshold, thresholds=settings.thresholds
        )

    def _intensity(self, question: Question, settings: TimelineSettings, time_s: npt.NDArray[np.float64]) -> Scores:
        scores = np.zeros((len(self.is_silent), len(question.labels)), dtype=np.float32)
        if self.kind is not Kind.SILENCE:
            scores[~self.is_silent] = question.scores(self.scores)
        return smoothed(scores, self.is_silent, time_s, smoothing=settings.smoothing, width_s=settings.smoothing_s)

    def _verdict(self, question: Question, aggregation: str) -> Verdict:
        if self.onset is not None:
            return question.verdict(self.onset)
        if self.kind in (Kind.SILENCE, Kind.ONE_SHOT) or not len(self.scores):
            return _NOTHING
        return question.verdict(pooled(self.scores, hop_s=self.hop_s, aggregation=aggregation))

    def _heard_spans(self, bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, 2) from when to when there is something to be heard in the time between bounds, in seconds.

        Where there is nothing, the span is turned around: what begins with it begins at its end.
        """
        heard_s = np.flatnonzero(self.is_heard) * self.frame_s
        starts, ends = bounds[:-1], bounds[1:]
        first, last = np.searchsorted(heard_s, starts), np.searchsorted(heard_s, ends, side="right") - 1
        if not len(heard_s):
            return np.stack([ends, starts], axis=1)
        is_heard = first <= last
        from_s = heard_s[np.minimum(first, len(heard_s) - 1)] - self.frame_s / 2
        to_s = heard_s[last] + self.frame_s / 2
        return np.stack(
            [
                np.where(is_heard, np.maximum(starts, from_s), ends),
                np.where(is_heard, np.minimum(ends, to_s), starts),
            ],
            axis=1,
        )
