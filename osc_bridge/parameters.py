"""What can be set while the bridge runs, for all streams or for one: names, ranges, meanings.

Times are in seconds, never in windows: how often the network is asked must not change what is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from osc_bridge.messages import BadMessage
from tagger.windows import SILENCE_DB


@dataclass(frozen=True, slots=True)
class Parameters:
    """Settings of a stream.

    Attributes:
        threshold: from which a label counts as heard; 0 for the model's own for each label.
        off_ratio: share of its threshold below which a label that is on counts as gone.
        attack_s: how long a label has to count as heard before it is told.
        release_s: how long it has to be gone before that is told.
        smoothing_s: how far back scores are averaged.
        rate_hz: the most messages a second of `top`, `scores`, `flat` and `wek`, for each stream.
        gate_db: level below which nothing is asked, as the sum of mel power; a full-scale sine gives -10 to -30.
    """

    threshold: float = 0.0
    off_ratio: float = 0.7
    attack_s: float = 0.1
    release_s: float = 1.0
    smoothing_s: float = 0.2
    rate_hz: float = 10.0
    gate_db: float = SILENCE_DB


RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "threshold": (0.0, 1.0),
    "off_ratio": (0.0, 1.0),
    "attack_s": (0.0, 10.0),
    "release_s": (0.0, 60.0),
    "smoothing_s": (0.0, 10.0),
    "rate_hz": (0.1, 100.0),
    "gate_db": (-120.0, 0.0),
}


def value_of(parameters: Parameters, name: str) -> float:
    """The value of a parameter.

    Raises:
        BadMessage: there is none of that name.
    """
    _check(name)
    return float(getattr(parameters, name))


def changed(parameters: Parameters, name: str, value: float) -> Parameters:
    """The same with one parameter set.

    Raises:
        BadMessage: there is none of that name, or the value is out of its range.
    """
    _check(name)
    low, high = RANGES[name]
    if not low <= value <= high:
        raise BadMessage("bad-value", name, f"is from {low:g} to {high:g}")
    return replace(parameters, **{name: value})


def _check(name: str) -> None:
    if name not in {field.name for field in fields(Parameters)}:
        raise BadMessage("unknown-name", name, f"parameters are {', '.join(RANGES)}")
