"""The colours of pictures, light for paper and dark for screens beside a DAW.

Lightness alone carries meaning, in scales of one direction, so that pictures read the same with any colour
vision and printed in grey: the louder or the surer, the further from the background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matplotlib import colormaps
from matplotlib.colors import Colormap, LinearSegmentedColormap


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours.

    Attributes:
        name: what it is called.
        background: behind everything.
        ink: of text.
        muted: of text that matters less, and of axes.
        faint: of grids and of what is silent.
        wave: of waveforms.
        level: from quiet to loud.
        confidence: from unsure to sure; even its beginning is told from the background.
    """

    name: str
    background: str
    ink: str
    muted: str
    faint: str
    wave: str
    level: Colormap
    confidence: Colormap


def _scale(name: str, *colours: str) -> Colormap:
    return LinearSegmentedColormap.from_list(name, colours, N=128)


LIGHT: Final = Theme(
    name="light",
    background="#ffffff",
    ink="#1b1e23",
    muted="#5c6570",
    faint="#e4e7eb",
    wave="#2f6690",
    level=_scale("level-light", "#ffffff", "#fde3c2", "#f8a06f", "#cf4d6e", "#7a1f78", "#230d4a"),
    confidence=_scale("confidence-light", "#c6dff0", "#6baed6", "#2171b5", "#08306b"),
)
DARK: Final = Theme(
    name="dark",
    background="#15181d",
    ink="#e8eaed",
    muted="#9aa3ae",
    faint="#2a2f37",
    wave="#6cb8e6",
    level=colormaps["magma"].resampled(128),
    confidence=_scale("confidence-dark", "#21445c", "#2f7fad", "#6cb8e6", "#d6f0ff"),
)
THEMES: Final = {theme.name: theme for theme in (LIGHT, DARK)}
