"""Pictures of recordings: waveform, mel spectrogram, timeline; for files, the printed report and the web page.

`overview` sketches a recording, `render` and `save` make a picture of the sketch and a timeline. What draws on
axes is in `panels`, which the printed report uses too, so that all pictures are alike.
"""

from tagger.pictures.overview import Overview, OverviewBuilder, overview
from tagger.pictures.sheet import Picture, render, save
from tagger.pictures.themes import DARK, LIGHT, Theme

__all__ = ["DARK", "LIGHT", "Overview", "OverviewBuilder", "Picture", "Theme", "overview", "render", "save"]
