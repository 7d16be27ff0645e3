"""Small data sets in the layouts that they were published in, and single audio files for them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from models.workshop.datasets import irmas, openmic

Sound = Callable[[Path], Path]
"""Writes an audio file, in the format that its name tells."""

TRAINING_NAMES: Final = {
    "cel": ["008__[cel][nod][cla]0058__1", "008__[cel][nod][cla]0058__2", "[cel][cla]0001__1"],
    "gac": ["[gac][cou_fol]0533__2", "[gac][cou_fol]0533__3"],
    # The folder holds, whatever the name says.
    "pia": ["[pia][dru][pop_roc]1391__3", "[org][dru][pop_roc]1392__1"],
    "voi": ["001__[voi][nod][cou_fol]2400__1"],
}
TESTING_FOLDERS: Final = {
    "nested": Path("IRMAS-TestingData-Part1", "Part1"),
    "as published": Path("IRMAS-TestingData-Part2", "IRTestingData-Part2"),
    "flat": Path("IRMAS-TestingData-Part3"),
}
TESTING_ANNOTATIONS: Final = {
    "nested": {"(02) dont kill the whale-1": "gel\t\nvoi\t \n", "(02) dont kill the whale-12": "voi\n"},
    "as published": {"04 - Dr. No - Pt. 2-3": "vio\r\ncel\r\nvio\r\n\r\n"},
    "flat": {"Unnumbered": "pia"},
}
TRAIN_KEYS: Final = ("000046_3840", "000135_483840", "000135_0", "000139_119040")
TEST_ROWS: Final = ("155310_372480,voice,1.0,3",)


@cache
def _silence(kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(80, np.float32), 8000, format=kind)
    return file.getvalue()


def silence(path: Path) -> Path:
    """A real, tiny audio file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_silence(path.suffix[1:].upper()))
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


# NSynth


def note(instrument: str, number: int) -> str:
    return f"{instrument}-{number:03}-100"


def entry(instrument: str) -> dict[str, object]:
    family, source, _ = instrument.rsplit("_", 2)
    return {
        "note_str": "",
        "pitch": 60,
        "velocity": 100,
        "instrument_str": instrument,
        "instrument_family_str": family,
        "instrument_source_str": source,
    }


def write_nsynth(root: Path, split: str, notes: Mapping[str, int], sound: Sound = silence) -> None:
    """Writes a part with so many notes of each instrument."""
    folder = root / f"nsynth-{split}"
    entries = {note(name, number): entry(name) for name, count in notes.items() for number in range(count)}
    text(folder / "examples.json", json.dumps(entries))
    for name in entries:
        sound(folder / "audio" / f"{name}.wav")


# IRMAS


def write_irmas_training(root: Path, names: Mapping[str, Iterable[str]], sound: Sound = silence) -> None:
    """Writes the folders of all labels, with these files in them."""
    for label in irmas.LABELS:
        (root / "IRMAS-TrainingData" / label).mkdir(parents=True)
        for name in names.get(label, ()):
            sound(root / "IRMAS-TrainingData" / label / f"{name}.wav")
    text(root / "IRMAS-TrainingData" / "README.txt", "read me")


def write_irmas_testing(
    root: Path, annotations: Mapping[str, Mapping[str, str]] = TESTING_ANNOTATIONS, sound: Sound = silence
) -> None:
    """Writes pairs of audio and annotation, by the folder of `TESTING_FOLDERS` and the name."""
    for layout, contents in annotations.items():
        for name, content in contents.items():
            sound(root / TESTING_FOLDERS[layout] / f"{name}.wav")
            text(root / TESTING_FOLDERS[layout] / f"{name}.txt", content)


# OpenMIC-2018


def openmic_rows() -> list[str]:
    return [
        "000046_3840,clarinet,0.17105,3",
        "000046_3840,flute,0.5,3",
        "000046_3840,piano,0.9,3",
        *(f"{key},drums,0.75,3" for key in TRAIN_KEYS[1:]),
    ]


def write_openmic(
    root: Path,
    train: Iterable[str],
    rows: Iterable[str],
    test_rows: Iterable[str] = TEST_ROWS,
    sound: Sound = silence,
) -> None:
    """Writes clips with these keys to train on, with these annotations; the keys of the test clips are in theirs."""
    test = dict.fromkeys(row.split(",")[0] for row in test_rows)
    text(root / "class-map.json", json.dumps({label: number for number, label in enumerate(openmic.LABELS)}))
    header = "sample_key,instrument,relevance,num_responses"
    text(root / "openmic-2018-aggregated-labels.csv", "\n".join([header, *rows, *test_rows, ""]))
    text(root / "partitions" / "split01_train.csv", "\n".join([*train, ""]))
    text(root / "partitions" / "split01_test.csv", "\n".join([*test, ""]))
    for key in (*train, *test):
        sound(root / "audio" / key[:3] / f"{key}.ogg")
