"""IRMAS: excerpts of recorded music, 11 predominant instruments.

Source: Bosch, Janer, Fuhrmann, Herrera, "A Comparison of Sound Segregation Techniques for Predominant
Instrument Recognition in Musical Audio Signals", ISMIR 2012.

Training clips of 3 s have one label, the predominant instrument, although others may sound too; the protocol
treats them as single, so nothing is unknown here. Up to three of them are of one song, told by the number in
their names. Testing clips of 5 to 20 s have one label or several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from models.workshop.clips import Clip
from models.workshop.datasets.errors import DatasetError
from models.workshop.datasets.listing import Listing, is_hidden, listed
from tagger.taxonomy import IRMAS

LIBRARY: Final = "irmas"
LABELS: Final = tuple(IRMAS.leaves_of)

_TRAINING: Final = "IRMAS-TrainingData"
_TESTING: Final = "IRMAS-TestingData-Part"
# `008__[cel][nod][cla]0058__1` is the first excerpt of song 0058; the number in front is not of the song.
_TRAINING_SONG: Final = re.compile(r"(\d+)__\d+$")
# `(02) dont kill the whale-1` is the first excerpt of `(02) dont kill the whale`.
_TESTING_SONG: Final = re.compile(r"(.+)-\d+$")


def read_training(root: Path, *, without: frozenset[str] = frozenset()) -> Listing:
    """The training part; `listing.divide` parts it by song.

    Args:
        root: the folder in which `IRMAS-TrainingData` lies.
        without: labels whose clips are left out: voice for the variant of 10 instruments.

    Raises:
        DatasetError: a label's folder is missing, a label to leave out is unknown, or no audio is there.
    """
    folder = root / _TRAINING
    clips = [clip for label in _kept(root, without) for clip in _training_clips(folder / label)]
    return listed(clips, root=folder, layout=f"{_TRAINING}/<{'|'.join(LABELS)}>/*.wav")


def read_testing(root: Path, *, without: frozenset[str] = frozenset()) -> Listing:
    """All testing parts that are there, with all labels of each clip.

    Args:
        root: the folder in which `IRMAS-TestingData-Part1` and its neighbours lie; the clips may lie deeper
            inside them, as they do in the archives.
        without: labels that do not count; clips that have no other are left out.

    Raises:
        DatasetError: no part is there, a label is unknown, or no audio is there.
    """
    kept = _kept(root, without)
    parts = sorted(part for part in root.glob(f"{_TESTING}*") if part.is_dir())
    layout = f"{_TESTING}1 to 3, each with *.wav and a *.txt for each"
    if not parts:
        raise DatasetError(root, f"has no folder {_TESTING}*", f"expected is {layout}")
    clips: list[Clip] = []
    missing: list[Path] = []
    for pair in sorted(set(_pairs(parts))):
        # Not `with_suffix`, which takes what follows a full stop inside a title for a suffix.
        audio, annotation = pair.with_name(f"{pair.name}.wav"), pair.with_name(f"{pair.name}.txt")
        if absent := [path for path in (audio, annotation) if not path.is_file()]:
            missing += absent
        elif labels := tuple(label for label in _read_labels(annotation) if label in kept):
            clips.append(Clip(audio, labels, LIBRARY, _song(_TESTING_SONG, pair.name)))
    return Listing(listed(clips, root=root, layout=layout).clips, missing)


def _kept(root: Path, without: frozenset[str]) -> tuple[str, ...]:
    for label in sorted(without - set(LABELS)):
        raise DatasetError(root, f"has no label {label!r} to leave out", f"known: {', '.join(LABELS)}")
    return tuple(label for label in LABELS if label not in without)


def _training_clips(folder: Path) -> Iterator[Clip]:
    if not folder.is_dir():
        raise DatasetError(folder, "is missing", f"expected is a folder for each of {', '.join(LABELS)}")
    for path in sorted(_files(folder.iterdir(), {".wav"})):
        yield Clip(path, (folder.name,), LIBRARY, _song(_TRAINING_SONG, path.stem))


def _pairs(parts: Iterable[Path]) -> Iterator[Path]:
    """Paths of clips and their annotations, without suffix."""
    for part in parts:
        for path in _files(part.rglob("*"), {".wav", ".txt"}):
            # Other texts, as a README, annotate nothing.
            if path.suffix == ".wav" or _TESTING_SONG.match(path.stem):
                yield path.with_suffix("")


def _files(paths: Iterable[Path], suffixes: set[str]) -> Iterator[Path]:
    return (path for path in paths if path.suffix in suffixes and not is_hidden(path.name))


def _song(pattern: re.Pattern[str], name: str) -> str:
    song = pattern.search(name)
    return song[1] if song else name


def _read_labels(annotation: Path) -> Iterator[str]:
    seen = set()
    text = annotation.read_text(encoding="utf-8-sig", errors="replace")
    for line, label in enumerate(map(str.strip, text.splitlines()), start=1):
        if label and label not in LABELS:
            raise DatasetError(annotation, f"line {line}: unknown label {label!r}", f"known: {', '.join(LABELS)}")
        if label and label not in seen:
            seen.add(label)
            yield label
