"""Hears a sound in the page: waveform, spectrogram and what plays when over one playhead.

All that has to be instant is in `player.js`: what sounds, and the keys for it. Python says which sound it is, and hears
what came of it. Colours come from the page's variables: `--accent`, `--wave`, `--wave-played`, `--muted`, `--surface`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from nicegui.element import Element
from nicegui.events import GenericEventArguments


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that is shown below the waveform; those of one label share a row.

    Attributes:
        label: what plays, in words.
        colour: as in CSS.
        start_s: from when.
        end_s: until when.
    """

    label: str
    colour: str
    start_s: float
    end_s: float


class Player(Element, component="player.js"):
    """Plays one sound at a time, and shows it. What is put into it is under the same playhead, from edge to edge."""

    def __init__(self) -> None:
        super().__init__()
        self._loads = 0
        self._props["sound"] = None

    def load(
        self,
        file_id: int,
        *,
        url: str,
        peaks_url: str,
        duration_s: float,
        name: str,
        spectrogram_url: str = "",
        stretches: Sequence[Stretch] = (),
        is_quiet: bool = False,
    ) -> None:
        """Shows a sound, and plays it at once where the user has that switched on.

        Args:
            file_id: of the place where the file is.
            url: of its audio.
            peaks_url: of its waveform.
            duration_s: its length.
            name: what people call it.
            spectrogram_url: of its mel spectrogram; "" for none.
            stretches: what plays when.
            is_quiet: whether to play nothing by itself, whatever is switched on: nobody has chosen the sound just now.
        """
        self._loads += 1
        self._props["sound"] = {
            "serial": self._loads,
            "id": file_id,
            "url": url,
            "peaks": peaks_url,
            "duration": duration_s,
            "name": name,
            "spectrogram": spectrogram_url,
            "isQuiet": is_quiet,
        }
        self.show(stretches)

    def show(self, stretches: Sequence[Stretch]) -> None:
        """Shows what plays when in the sound that is there, as soon as it is known."""
        self._props["stretches"] = [asdict(stretch) for stretch in stretches]
        self.update()

    def empty(self) -> None:
        """Stops, and shows nothing."""
        self._props["sound"] = None
        self.show(())

    def play(self) -> None:
        """Plays from the playhead on."""
        self.run_method("play")

    def stop(self) -> None:
        """Stops, and goes back to where it began."""
        self.run_method("stop")

    def toggle(self) -> None:
        """Pauses what plays, and goes on with what does not."""
        self.run_method("toggle")

    def seek(self, time_s: float) -> None:
        """Moves the playhead; what sounds goes on from there."""
        self.run_method("seek", time_s)

    def prefetch(self, urls: Sequence[str]) -> None:
        """Gets short sounds that are likely to be next, so that they need not be waited for."""
        self.run_method("prefetch", list(urls))

    def on_ended(self, handler: Callable[[], Any]) -> Self:
        """Calls when a sound has come to its end."""
        self.on("ended", lambda _: handler(), [])
        return self

    def on_seeked(self, handler: Callable[[float], Any]) -> Self:
        """Calls with the time in seconds when the user has moved the playhead."""
        return self._on("seeked", handler)

    def on_error(self, handler: Callable[[str], Any]) -> Self:
        """Calls with what is wrong, in words, when a sound cannot be played; the player shows it as well."""
        return self._on("error", handler)

    def _on(self, event: str, handler: Callable[[Any], Any]) -> Self:
        def handle(event: GenericEventArguments) -> Any:
            return handler(event.args)

        self.on(event, handle)
        return self
