"""One recording's way: blocks, log-mel, windows, probabilities, verdict or timeline.

`Analyser` holds the loaded model and is what the command line, the library run and later the service
call; `analyse` and `analyse_array` are the same for a script. Memory is bounded: a recording of hours is
read, transformed and asked about piece by piece.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.audio import open_audio
from tagger.decision import aggregate, decide
from tagger.frontend import Samples, log_mel
from tagger.kind import LONGEST_LOOP_S, kind_of
from tagger.musical import tempo_and_key
from tagger.over_time import Tracer
from tagger.recogniser import Prediction, Recogniser
from tagger.results import Analysis, AudioFacts, Kind
from tagger.timeline import Timeline, TimelineSettings
from tagger.trace import Trace
from tagger.windows import Envelope, EnvelopeMeter, WindowCutter

_BLOCK_S: Final = 10.0


class Analyser:
    """Recognises the instruments of recordings with one loaded model."""

    def __init__(
        self, model_path: Path | None = None, recall: Callable[[str, str], Analysis | None] | None = None
    ) -> None:
        """Loads a model.

        Args:
            model_path: an ONNX file made by the workshop; by default the one that comes with the program.
            recall: gives what the model, by its name, said before of a recording, by its payload hash; such a
                recording is not listened to again.

        Raises:
            ModelError: the model cannot be used.
        """
        self.recogniser = Recogniser(model_path)
        self._recall = recall

    def analyse(self, path: str | os.PathLike[str]) -> Analysis:
        """Analyses a file.

        Args:
            path: an audio file in any format that `tagger.audio` reads.

        Raises:
            DecodeError: the file cannot be decoded.
        """
        with open_audio(Path(path)) as audio:
            if self._recall and (known := self._recall(audio.facts.payload_hash, self.recogniser.name)):
                return known
            listener = _Listener(self.recogniser, audio.facts.sample_rate)
            prediction = listener.listen(audio.blocks())
            # Only after the last block is the duration counted instead of declared.
            return self._judge(listener, prediction, audio.facts)

    def analyse_array(self, samples: npt.ArrayLike, sample_rate: int) -> Analysis:
        """Analyses a signal in memory.

        Args:
            samples: (n,) or (n, channels), any float dtype, full scale at 1.
            sample_rate: in Hz, at least 1000.

        Raises:
            ValueError: the array has another shape, no samples, or the rate is out of range.
        """
        facts, blocks = _signal(samples, sample_rate)
        listener = _Listener(self.recogniser, sample_rate)
        prediction = listener.listen(blocks)
        return self._judge(listener, prediction, facts)

    def analyse_over_time(
        self,
        path: str | os.PathLike[str],
        settings: TimelineSettings | None = None,
        *,
        watch: Callable[[Samples, AudioFacts], None] | None = None,
    ) -> Timeline:
        """Tells what plays when in a file.

        Args:
            path: an audio file in any format that `tagger.audio` reads.
            settings: what decides; by default the usual.
            watch: is given each block that was listened to, and what the container says of the recording; for
                progress, or whatever else has to see all samples.

        Raises:
            DecodeError: the file cannot be decoded.
            ModelError: the label set asked for does not fit a model with labels of its own.
        """
        settings = settings or TimelineSettings()
        self.recogniser.require(settings.label_set)
        trace = self.trace(path, window_s=settings.window_s, hop_s=settings.hop_s, watch=watch)
        return trace.timeline(settings)

    def trace(
        self,
        path: str | os.PathLike[str],
        *,
        window_s: float,
        hop_s: float,
        watch: Callable[[Samples, AudioFacts], None] | None = None,
    ) -> Trace:
        """Listens to a file over time; timelines of these windows can then be made in any way, at once.

        Args:
            path: an audio file in any format that `tagger.audio` reads.
            window_s: length of a window, in seconds, at least `tagger.timeline.SHORTEST_WINDOW_S`.
            hop_s: between the starts of two windows, in seconds, at least `tagger.timeline.SHORTEST_HOP_S`.
            watch: as in `analyse_over_time`.

        Raises:
            DecodeError: the file cannot be decoded.
        """
        with open_audio(Path(path)) as audio:
            tracer = Tracer(self.recogniser, audio.facts.sample_rate, window_s=window_s, hop_s=hop_s)
            tracer.listen(_watched(audio.blocks(), audio.facts, watch) if watch else audio.blocks())
            return tracer.trace(audio.facts, Path(path))

    def analyse_array_over_time(
        self, samples: npt.ArrayLike, sample_rate: int, settings: TimelineSettings | None = None
    ) -> Timeline:
        """Tells what plays when in a signal in memory; see `analyse_array` and `analyse_over_time`."""
        settings = settings or TimelineSettings()
        self.recogniser.require(settings.label_set)
        facts, blocks = _signal(samples, sample_rate)
        tracer = Tracer(self.recogniser, sample_rate, window_s=settings.window_s, hop_s=settings.hop_s)
        tracer.listen(blocks)
        return tracer.trace(facts).timeline(settings)

    def _judge(self, listener: _Listener, prediction: Prediction | None, facts: AudioFacts) -> Analysis:
        kind = kind_of(listener.envelope, facts.duration_s)
        if prediction is None or kind is Kind.SILENCE:
            return self._silence(facts)
        scores = aggregate(prediction, kind, hop_s=self.recogniser.card.window_s)
        verdict = decide(scores, kind, self.recogniser.card)
        tempo_bpm, key = listener.tempo_and_key() if kind is Kind.LOOP else (None, None)
        return Analysis(
            facts=facts,
            kind=kind,
            instruments=verdict.instruments,
            tags=verdict.tags,
            model=self.recogniser.name,
            scores=scores,
            embedding=_mean_direction(prediction, kind),
            tempo_bpm=tempo_bpm,
            key=key,
        )

    def _silence(self, facts: AudioFacts) -> Analysis:
        size = self.recogniser.embedding_size
        return Analysis(
            facts=facts,
            kind=Kind.SILENCE,
            instruments=(),
            tags=(),
            model=self.recogniser.name,
            scores=np.zeros(len(self.recogniser.card.labels), dtype=np.float32),
            embedding=np.zeros(size, dtype=np.float32),
        )


def analyse(path: str | os.PathLike[str]) -> Analysis:
    """Analyses a file with the model that comes with the program; see `Analyser.analyse`."""
    return _default_analyser().analyse(path)


def analyse_array(samples: npt.ArrayLike, sample_rate: int) -> Analysis:
    """Analyses a signal with the model that comes with the program; see `Analyser.analyse_array`."""
    return _default_analyser().analyse_array(samples, sample_rate)


def analyse_over_time(path: str | os.PathLike[str], settings: TimelineSettings | None = None) -> Timeline:
    """What plays when in a file, by the model that comes with the program; see `Analyser.analyse_over_time`."""
    return _default_analyser().analyse_over_time(path, settings)


@lru_cache(maxsize=1)
def _default_analyser() -> Analyser:
    return Analyser()


class _Listener:
    """One pass over a recording; keeps the samples only of what may be a loop."""

    def __init__(self, recogniser: Recogniser, sample_rate: int) -> None:
        self._recogniser = recogniser
        self._sample_rate = sample_rate
        self._meter = EnvelopeMeter(recogniser.card.frontend)
        self._kept: list[Samples] = []
        self._length = 0

    @property
    def envelope(self) -> Envelope:
        return self._meter.envelope

    def listen(self, blocks: Iterable[Samples]) -> Prediction | None:
        frontend = self._recogniser.card.frontend
        frames = self._meter.measured(log_mel(self._keeping(blocks), self._sample_rate, frontend))
        windows = WindowCutter(frontend, self._recogniser.window_frames).cut(frames)
        predictions = list(self._recogniser.predict_each(windows))
        return Prediction.concatenate(predictions) if predictions else None

    def tempo_and_key(self) -> tuple[float | None, str | None]:
        return tempo_and_key(np.concatenate(self._kept), self._sample_rate)

    def _keeping(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        for block in blocks:
            self._length += len(block)
            if self._length <= LONGEST_LOOP_S * self._sample_rate:
                self._kept.append(block)
            else:
                self._kept.clear()
            yield block


def _mean_direction(prediction: Prediction, kind: Kind) -> npt.NDArray[np.float32]:
    """The embedding of a recording: of its onset for a one-shot, else the mean over windows."""
    if kind is Kind.ONE_SHOT:
        onset: npt.NDArray[np.float32] = prediction.embedding[0]
        return onset
    mean = prediction.embedding.mean(axis=0)
    direction: npt.NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return direction


def _signal(samples: npt.ArrayLike, sample_rate: int) -> tuple[AudioFacts, Iterator[Samples]]:
    """What a signal in memory is, and its mono blocks."""
    signal = np.asarray(samples, dtype=np.float32)
    if signal.ndim not in (1, 2) or not signal.size:
        raise ValueError(f"samples must be (n,) or (n, channels) and not empty, not {signal.shape}")
    if sample_rate < 1000:
        raise ValueError(f"sample_rate must be at least 1000 Hz, not {sample_rate}")
    channels = 1 if signal.ndim == 1 else signal.shape[1]
    mono = np.nan_to_num(signal if signal.ndim == 1 else signal.mean(axis=1), posinf=0, neginf=0)
    size = round(_BLOCK_S * sample_rate)
    blocks = (mono[start : start + size] for start in range(0, len(mono), size))
    return AudioFacts(len(mono) / sample_rate, sample_rate, channels, payload_hash=""), blocks


def _watched(
    blocks: Iterable[Samples], facts: AudioFacts, watch: Callable[[Samples, AudioFacts], None]
) -> Iterator[Samples]:
    for block in blocks:
        yield block
        watch(block, facts)
