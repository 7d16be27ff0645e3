"""What plays when in the file that is looked at, below its waveform: listened to when somebody stays at it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from starlette.exceptions import HTTPException

from daemon.api import sounds
from daemon.api.backend import Backend
from daemon.api.timelines import Wanted
from daemon.web.parts.player import Stretch
from tagger.errors import TaggerError
from tagger.taxonomy import family_of, words_of
from tagger.timeline import TimelineSettings

SHORTEST_S: Final = 6.0
"""What is shorter than two windows has one answer from its beginning to its end, which the page shows anyway."""

_STAY_S: Final = 0.6
_MOST: Final = 400


async def stretches_of(backend: Backend, file_id: int) -> list[Stretch]:
    """What plays when in a file, as by `tagger timeline`; nothing where that cannot be told.

    Listening stops when this is cancelled.
    """
    await asyncio.sleep(_STAY_S)
    try:
        sound = await asyncio.to_thread(sounds.sound_of, backend.catalog, file_id)
        document = json.loads(await backend.timelines.get(Wanted(sound.path, sound.identity, TimelineSettings())))
    except (TaggerError, HTTPException):
        # The player says what is wrong with a file, and says it once.
        return []
    return list(map(_stretch, document["segments"][:_MOST]))


def _stretch(segment: dict[str, Any]) -> Stretch:
    label = segment["label"]
    return Stretch(words_of(label), f"var(--{family_of(label)})", segment["start_s"], segment["end_s"])
