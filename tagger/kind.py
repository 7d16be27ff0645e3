"""One-shot, loop or track: what the envelope of a recording tells.

A one-shot is one gesture and its decay. A loop has onsets all the way, and does not fade out into
silence. A track is longer than any loop. No learning here: the rules are few and can be explained.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tagger.results import Kind
from tagger.windows import SILENCE_DB, Envelope

LONGEST_LOOP_S: Final = 30.0
_SHORTEST_LOOP_S: Final = 0.9
_ONSET_FLUX_DB: Final = 4.0
_ONSET_RANGE_DB: Final = 30.0
_ONSET_DISTANCE_S: Final = 0.08
_LEAST_ONSETS: Final = 4


def kind_of(envelope: Envelope, duration_s: float) -> Kind:
    """What sort of recording an envelope belongs to.

    Args:
        envelope: of the whole recording.
        duration_s: length in seconds.
    """
    if not len(envelope.level_db) or envelope.level_db.max() <= SILENCE_DB:
        return Kind.SILENCE
    if duration_s > LONGEST_LOOP_S:
        return Kind.TRACK
    if duration_s >= _SHORTEST_LOOP_S and _has_onsets_throughout(envelope):
        return Kind.LOOP
    return Kind.ONE_SHOT


def onset_times_s(envelope: Envelope) -> npt.NDArray[np.float64]:
    """Times of the onsets, in seconds: peaks of the flux that are loud enough to count."""
    flux, level = envelope.flux, envelope.level_db
    audible = np.maximum(level[:-1], level[1:]) > level.max() - _ONSET_RANGE_DB
    audible = np.append(audible, False)
    is_peak = (flux >= np.roll(flux, 1)) & (flux >= np.roll(flux, -1)) & (flux > _ONSET_FLUX_DB) & audible
    times = np.flatnonzero(is_peak) * envelope.hop_s
    kept: list[float] = []
    for time_s in times:
        if not kept or time_s - kept[-1] >= _ONSET_DISTANCE_S:
            kept.append(float(time_s))
    return np.array(kept)


def _has_onsets_throughout(envelope: Envelope) -> bool:
    """Enough onsets, in each third of the recording."""
    onsets = onset_times_s(envelope)
    if len(onsets) < _LEAST_ONSETS:
        return False
    length_s = len(envelope.level_db) * envelope.hop_s
    thirds = {min(2, int(3 * time_s / length_s)) for time_s in onsets}
    return len(thirds) == 3
