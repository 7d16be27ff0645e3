"""What leads in a stream, told to whoever sends its audio, so that a plugin can show it inside the DAW."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from osc_bridge.engine import Scored
from osc_bridge.heard import Heard
from osc_bridge.messages import write
from osc_bridge.subscriptions import Letter

NOTHING: Final = "none"
_LEAST_S: Final = 0.095
_KEEP_ALIVE_S: Final = 1.0
_MOST: Final = 1024
_STEP: Final = 0.02


class Plugins:
    """Remembers what each plugin was told last.

    Args:
        labels: of the model, in its order.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._told: dict[str, tuple[float, int, float]] = {}

    def letters(self, said: Iterable[Heard | Scored], now_s: float) -> Iterator[Letter]:
        """Ten messages a second for each stream at most, and one a second while its audio goes on."""
        if len(self._told) > _MOST:
            self._told.clear()
        for each in said:
            if not isinstance(each, Scored):
                continue
            index, confidence = (each.leading[0] + 1, each.leading[1]) if each.leading else (0, 0.0)
            told_s, old_index, old_confidence = self._told.get(each.stream, (-1e9, -1, 0.0))
            is_new = index != old_index or abs(confidence - old_confidence) >= _STEP
            if now_s - told_s >= (_LEAST_S if is_new else _KEEP_ALIVE_S):
                self._told[each.stream] = (now_s, index, confidence)
                label = self._labels[index - 1] if index else NOTHING
                yield each.source, write("/tag/plugin", each.stream, index, label, confidence)
