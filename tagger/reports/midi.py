"""Segments as markers in a Standard MIDI File, which every DAW takes into its own timeline.

A marker stands where an instrument comes in ("Kick") and where it stops ("Kick ends"), all in the first track with
the tempo, where DAWs look for them. Times are counted in ticks of the tempo as the file holds it, in whole
microseconds a beat, so that they do not drift.

Source: The Complete MIDI 1.0 Detailed Specification, "Standard MIDI Files 1.0" (1996): meta events 03, 06, 51.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import mido

from tagger.output import replaced
from tagger.reports.markers import name_of
from tagger.timeline import Timeline

# At 60 beats a minute a tick is half a millisecond.
TICKS_PER_BEAT: Final = 1920


def write(path: Path, heard: Timeline, *, tempo_bpm: float) -> None:
    """Writes the markers, as type 0 with one track; times are right to half a tick.

    Args:
        path: where to; an existing file is replaced.
        heard: the timeline.
        tempo_bpm: quarter notes a minute, 4 to 1000.

    Raises:
        OutputError: it cannot be written there.
        ValueError: the tempo cannot be held by a MIDI file.
    """
    if not 4 <= tempo_bpm <= 1000:
        raise ValueError("the tempo must be between 4 and 1000 beats a minute")
    tempo_us = mido.bpm2tempo(tempo_bpm)
    events = sorted(
        (mido.second2tick(time_s, TICKS_PER_BEAT, tempo_us), order, text)
        for each in heard.segments
        for order, time_s, text in (
            (1, each.start_s, name_of(heard, each)),
            (0, each.end_s, f"{name_of(heard, each)} ends"),
        )
    )
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name="Instruments", time=0))
    track.append(mido.MetaMessage("set_tempo", tempo=tempo_us, time=0))
    now = 0
    for tick, _, text in events:
        track.append(mido.MetaMessage("marker", text=text, time=tick - now))
        now = tick
    end = mido.second2tick(heard.facts.duration_s, TICKS_PER_BEAT, tempo_us)
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    # Programs of today read texts as UTF-8; the standard of 1996 knows no more than ASCII.
    midi = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8", tracks=[track])
    with replaced(path) as file:
        midi.save(file=file)
