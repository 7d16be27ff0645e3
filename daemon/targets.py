"""What `tagger timeline` writes of which file, and where: settled before anything is listened to."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import typer

from tagger.errors import OutputError, reason_of
from tagger.reports import FORMATS, Format, format_of


@dataclass(frozen=True, slots=True)
class Target:
    """A file to write, and how."""

    path: Path
    form: Format


def targets_of(paths: Sequence[Path], *, outputs: Sequence[Path], formats: Sequence[str]) -> dict[Path, list[Target]]:
    """What is to be written of each file.

    Args:
        paths: the files.
        outputs: files to write, each in the format of its suffix; or one folder.
        formats: names of the formats to write into the folder.

    Raises:
        BadParameter: these do not go together.
        OutputError: what was asked for cannot be written there.
    """
    if formats:
        return _in_folder(paths, outputs, formats)
    if outputs and len(paths) > 1:
        raise typer.BadParameter(
            "several files cannot be written into one; name a folder, and what to write with --format",
            param_hint="--output",
        )
    if any(path.is_dir() for path in outputs):
        raise typer.BadParameter("is a folder; say what to write into it with --format", param_hint="--output")
    targets = [Target(path, format_of(path)) for path in outputs]
    for target in targets:
        _make_sure(target.path, paths)
    return dict.fromkeys(paths, targets)


def _in_folder(paths: Sequence[Path], outputs: Sequence[Path], formats: Sequence[str]) -> dict[Path, list[Target]]:
    if len(outputs) != 1:
        raise typer.BadParameter("goes with one folder, named with --output", param_hint="--format")
    (folder,) = outputs
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(folder, f"cannot be made a folder: {reason_of(error)}") from error
    forms = [FORMATS[name] for name in dict.fromkeys(formats)]
    targets = _named(folder, paths, forms)
    for target in (target for several in targets.values() for target in several):
        _make_sure(target.path, paths)
    return targets


def _named(folder: Path, paths: Sequence[Path], forms: Sequence[Format]) -> dict[Path, list[Target]]:
    """Calls what is written of each file by its name without suffix, with a number where any of that is taken.

    Names that differ in case or normal form alone are one name on some systems, and so are on all.
    """
    named: dict[Path, list[Target]] = {}
    taken: set[str] = set()
    for path in paths:
        for number in count(1):
            stem = path.stem if number == 1 else f"{path.stem} {number}"
            names = [f"{stem}{form.suffixes[0]}" for form in forms]
            keys = {unicodedata.normalize("NFC", name).casefold() for name in names}
            if keys.isdisjoint(taken):
                break
        taken |= keys
        named[path] = [Target(folder / name, form) for name, form in zip(names, forms, strict=True)]
    return named


def _make_sure(target: Path, sources: Sequence[Path]) -> None:
    """Refuses what would fail after all the work, and what would cost a person a recording."""
    if not target.absolute().parent.is_dir():
        raise OutputError(target, "its folder is not there", "make it first")
    for source in sources:
        if target.exists() and source.exists() and target.samefile(source):
            raise OutputError(target, "is the recording itself", "name another file")
