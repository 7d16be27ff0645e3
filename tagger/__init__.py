"""Which instrument is in there: from audio to instrument tags and a searchable catalog.

>>> import tagger
>>> analysis = tagger.analyse("ABLP_09_fx2.wav")  # doctest: +SKIP
>>> analysis.instruments[0].label, analysis.kind  # doctest: +SKIP
('kick', <Kind.ONE_SHOT: 'one-shot'>)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagger.errors import CatalogError, DecodeError, ModelError, TagFileError, TaggerError
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.taxonomy import FAMILIES, FAMILY_OF, LABEL_SETS, LEAVES

if TYPE_CHECKING:
    from tagger.analysis import Analyser, analyse, analyse_array, analyse_over_time
    from tagger.timeline import Segment, Timeline, TimelineSettings

__all__ = [
    "FAMILIES",
    "FAMILY_OF",
    "LABEL_SETS",
    "LEAVES",
    "Analyser",
    "Analysis",
    "AudioFacts",
    "CatalogError",
    "DecodeError",
    "Instrument",
    "Kind",
    "ModelError",
    "Segment",
    "TagFileError",
    "TaggerError",
    "Timeline",
    "TimelineSettings",
    "analyse",
    "analyse_array",
    "analyse_over_time",
]


def __getattr__(name: str) -> Any:
    # What needs ONNX Runtime and SciPy is loaded at first use, so that `import tagger` costs next to nothing.
    if name in {"Analyser", "analyse", "analyse_array", "analyse_over_time"}:
        from tagger import analysis

        return getattr(analysis, name)
    if name in {"Segment", "Timeline", "TimelineSettings"}:
        from tagger import timeline

        return getattr(timeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
