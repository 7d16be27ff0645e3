"""What is heard in live audio. Light to import: a daemon that hears nothing itself imports it too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An instrument began or ended in live audio.

    Attributes:
        event: identifier, the same for both.
        stream: what is heard, such as a track of a DAW.
        label: as the model calls it.
        is_on: whether it began.
        confidence: at that moment where it began, else the greatest, 0 to 1.
        time_s: seconds since the stream began.
        duration_s: for how long it was on; 0 where it began.
    """

    event: str
    stream: str
    label: str
    is_on: bool
    confidence: float
    time_s: float
    duration_s: float
