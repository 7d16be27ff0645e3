"""OpenMIC-2018: 20 000 clips of 10 s, 20 instruments, of which most were judged in few clips only.

Source: Humphrey, Durand, McFee, "OpenMIC-2018: An Open Data-set for Multiple Instrument Recognition",
ISMIR 2018.

About nine in ten labels are missing, and missing is not absent: an instrument that nobody judged in a clip is
unknown there. `class-map.json` only numbers the instruments, which all other files call by name.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from models.workshop.clips import Clip
from models.workshop.datasets.errors import DatasetError
from models.workshop.datasets.listing import Listing, listed
from models.workshop.datasets.rows import read_rows
from tagger.taxonomy import OPENMIC

LIBRARY: Final = "openmic"
LABELS: Final = tuple(OPENMIC.leaves_of)
CLIP_S: Final = 10.0

Split = Literal["train", "test"]

_ANNOTATIONS: Final = "openmic-2018-aggregated-labels.csv"
_PRESENT: Final = 0.5
_LAYOUT: Final = f"{_ANNOTATIONS}, partitions/split01_*.csv and audio/<3 characters>/<sample_key>.ogg"


def official(root: Path, split: Split, *, stretch_s: float = 3.0) -> Listing:
    """A part of the official split; `listing.divide` takes a validation part from the training one, by track.

    Args:
        root: the folder `openmic-2018`.
        split: which part.
        stretch_s: each clip becomes stretches this long, all of its labels holding for each of them.

    Raises:
        DatasetError: the folder has another layout, a row is malformed, or no audio is there.
    """
    if not (root / _ANNOTATIONS).is_file():
        raise DatasetError(root, f"has no {_ANNOTATIONS}", f"expected is {_LAYOUT}")
    relevances = _read_relevances(root / _ANNOTATIONS)
    clips = (
        clip
        for key in _read_keys(root / "partitions" / f"split01_{split}.csv")
        for clip in _stretches(root, key, relevances.get(key, {}), stretch_s)
    )
    return listed(clips, root=root, layout=_LAYOUT)


def starts_s(stretch_s: float) -> list[float]:
    """Where the stretches of a clip begin: end to end, the last drawn forward so as to end with the clip."""
    count = max(1, math.ceil(CLIP_S / stretch_s))
    return [max(0.0, min(number * stretch_s, CLIP_S - stretch_s)) for number in range(count)]


def _stretches(root: Path, key: str, relevances: Mapping[str, float], stretch_s: float) -> Iterator[Clip]:
    present = [label for label in relevances if relevances[label] >= _PRESENT]
    for start_s in starts_s(stretch_s):
        yield Clip(
            path=root / "audio" / key[:3] / f"{key}.ogg",
            # The first label of a clip is what it is mainly of.
            labels=tuple(sorted(present, key=lambda label: -relevances[label])),
            library=LIBRARY,
            group=key.split("_")[0],
            start_s=start_s,
            unknown=frozenset(LABELS) - relevances.keys(),
        )


def _read_relevances(path: Path) -> Mapping[str, dict[str, float]]:
    """How relevant each judged instrument is in each clip, by sample key; a clip nobody judged has none."""
    relevances: dict[str, dict[str, float]] = defaultdict(dict)
    for row in read_rows(path, ("sample_key", "instrument", "relevance")):
        instrument = row.cells["instrument"]
        if instrument not in LABELS:
            raise row.error(f"unknown instrument {instrument!r}", f"known: {', '.join(LABELS)}")
        relevances[row.cells["sample_key"]][instrument] = row.number("relevance")
    return relevances


def _read_keys(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DatasetError(path, f"cannot be read: {error.strerror}", f"expected is {_LAYOUT}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(path, "is no text", "unpack the archive again") from error
    return [key for key in map(str.strip, lines) if key]
