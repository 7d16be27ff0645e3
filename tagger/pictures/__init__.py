"""Pictures of recordings: waveform, mel spectrogram, timeline; for files, the printed report and the web page.

`overview` sketches a recording, `render` and `save` make a picture of the sketch and a timeline. What draws on
axes is in `panels`, which the printed report uses too, so that all pictures are alike. `glance` is for panels of a
page, which have axes of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.pictures.overview import Overview, OverviewBuilder, overview

if TYPE_CHECKING:
    from tagger.pictures.sheet import Picture, render, save
    from tagger.pictures.themes import DARK, LIGHT, Theme

__all__ = ["DARK", "LIGHT", "Overview", "OverviewBuilder", "Picture", "Theme", "overview", "render", "save"]


def __getattr__(name: str) -> Any:
    # matplotlib is loaded at first use: to look at a recording does not need it.
    if name in {"Picture", "render", "save"}:
        from tagger.pictures import sheet

        return getattr(sheet, name)
    if name in {"DARK", "LIGHT", "Theme"}:
        from tagger.pictures import themes

        return getattr(themes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
