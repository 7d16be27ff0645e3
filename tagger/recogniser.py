"""The trained network: log-mel windows in, calibrated probabilities and an embedding out.

A model is one ONNX file, which has its card (`tagger.model_card`) in its metadata.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

# Before it is loaded: by itself the runtime keeps a file of events in the user's home and sends it to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from tagger.errors import ModelError
from tagger.frontend import Frames
from tagger.model_card import ModelCard
from tagger.model_name import METADATA_KEY, default_model
from tagger.taxonomy import LEAVES

# Larger batches gain nothing on a single thread and cost memory.
_FRAMES_PER_BATCH: Final = 800


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of a batch of windows.

    Attributes:
        single: (n, labels) float32, probability of each label if the window holds one instrument; sums to 1.
        presence: (n, labels) float32, probability of each label sounding in the window.
        embedding: (n, 128) float32 of unit length.
    """

    single: npt.NDArray[np.float32]
    presence: npt.NDArray[np.float32]
    embedding: npt.NDArray[np.float32]

    @classmethod
    def concatenate(cls, parts: Sequence[Prediction]) -> Prediction:
        """The windows of all parts, in order."""
        return cls(
            single=np.concatenate([part.single for part in parts]),
            presence=np.concatenate([part.presence for part in parts]),
            embedding=np.concatenate([part.embedding for part in parts]),
        )


class Recogniser:
    """A loaded model; one thread, no spinning, so that it is no burden beside a DAW."""

    def __init__(self, path: Path | None = None) -> None:
        """Loads a model.

        Args:
            path: an ONNX file made by the workshop; by default the one that comes with the program.

        Raises:
            ModelError: the file is missing, damaged, or no model of this program.
        """
        self.path = path or default_model()
        self._session = _open_session(self.path)
        self.card = self._read_card()

    @cached_property
    def name(self) -> str:
        """Name and version, as `name@version`: the source of the labels that it gives."""
        return f"{self.card.name}@{self.card.version}"

    @cached_property
    def window_frames(self) -> int:
        """Frames of a window."""
        return round(self.card.window_s / self.card.frontend.hop_s)

    @cached_property
    def embedding_size(self) -> int:
        """Length of an embedding."""
        return int(self._session.get_outputs()[2].shape[1])

    def require(self, label_set: str) -> None:
        """Makes sure that it can answer in a label set.

        Args:
            label_set: name of the set; all but `own` are made of the leaves of the taxonomy.

        Raises:
            ModelError: it has labels of its own, for which the set has no words.
        """
        if label_set != "own" and self.card.labels != LEAVES:
            raise ModelError(self.path, f"has labels of its own, which {label_set} has no words for")

    def predict(self, log_mel: Frames) -> Prediction:
        """Probabilities and embeddings of windows.

        Args:
            log_mel: (n, frames, n_mels) float32 in dB, as `tagger.frontend.decibels` gives it.

        Returns:
            A prediction of n rows.
        """
        single, presence, embedding = self._session.run(["single", "presence", "embedding"], {"log_mel": log_mel})
        single /= np.float32(self.card.temperature)
        presence *= np.float32(self.card.presence_scale)
        presence += np.float32(self.card.presence_offset)
        return Prediction(single=_softmax(single), presence=_sigmoid(presence), embedding=embedding)

    def predict_each(self, windows: Iterable[Frames]) -> Iterator[Prediction]:
        """Predictions of windows that come one by one, in order, several at a time.

        Args:
            windows: (frames, n_mels) float32 in dB, all of the same length.
        """
        windows = iter(windows)
        for first in windows:
            more = max(0, _FRAMES_PER_BATCH // len(first) - 1)
            yield self.predict(np.stack([first, *islice(windows, more)]))

    def _read_card(self) -> ModelCard:
        metadata = self._session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in metadata:
            raise ModelError(self.path, "is no model of this program", "make one with `python -m models build`")
        try:
            card = ModelCard.from_json(metadata[METADATA_KEY])
        except ValueError as error:
            raise ModelError(self.path, str(error), "build the model again with this version") from error
        outputs = self._session.get_outputs()[0].shape[1]
        if not outputs == len(card.labels) == len(card.single_thresholds) == len(card.presence_thresholds):
            raise ModelError(self.path, "its labels and thresholds do not fit its outputs", "build the model again")
        return card


def _open_session(path: Path) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise ModelError(path, "there is no such model")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises a dozen classes of its own, without a common base
        raise ModelError(path, "is damaged, or no ONNX model", "fetch or build it again") from error


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def _sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    probabilities: npt.NDArray[np.float32] = np.float32(1) / (np.float32(1) + np.exp(-logits))
    return probabilities
