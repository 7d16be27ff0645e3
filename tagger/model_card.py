"""What a model's file says of itself, as a JSON object in its metadata (`instrument-tagger`).

It holds all that must not drift apart from the weights: the frontend's parameters, the label list, the calibration and
the thresholds. Apart from what runs the network, since those who make something of its answers need the card alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Final

from tagger.frontend import MelParameters

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model's file says of itself.

    Attributes:
        name: such as `instruments`.
        version: such as `1.0.0`.
        frontend: parameters of the log-mel frontend that the model was trained with.
        window_s: the longest window the model is asked about, in seconds.
        labels: what it tells apart, in the order of the outputs: leaves of the taxonomy, or labels of its maker's own.
        temperature: divides the logits of the single-instrument head.
        presence_scale: multiplies the logits of the presence head.
        presence_offset: is then added to them.
        single_thresholds: least probability to claim a leaf of a one-shot, for each leaf.
        presence_thresholds: least probability to claim a leaf of a loop or track, for each leaf.
        family_threshold: least probability to claim a family where no leaf can be claimed.
        description: what it was trained on and how well it does, in Markdown.
    """

    name: str
    version: str
    frontend: MelParameters
    window_s: float
    labels: tuple[str, ...]
    temperature: float
    presence_scale: float
    presence_offset: float
    single_thresholds: tuple[float, ...]
    presence_thresholds: tuple[float, ...]
    family_threshold: float
    description: str

    def to_json(self) -> str:
        """The card as it is stored in the model's metadata."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        frontend = {field.name: getattr(self.frontend, field.name) for field in fields(self.frontend)}
        return json.dumps(values | {"frontend": frontend, "format": _FORMAT})

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Reads a card.

        Raises:
            ValueError: the text is no card that this version understands.
        """
        values: Any = json.loads(text)
        if not isinstance(values, dict) or values.pop("format", None) != _FORMAT:
            raise ValueError("made by another version of the tagger")
        try:
            values["frontend"] = MelParameters(**values["frontend"])
            values["labels"] = tuple(values["labels"])
            values["single_thresholds"] = tuple(values["single_thresholds"])
            values["presence_thresholds"] = tuple(values["presence_thresholds"])
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"its description is damaged: {error}") from error
