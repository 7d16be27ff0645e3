"""The command `tagger timeline`: what plays when in each file, drawn in text, as JSON, or written to files.

What can be known to fail is said before anything is listened to: a slip in an option, a format nobody knows, a
folder that is not there. Then a bad file costs a line and the run goes on.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import typer

from daemon.chart import chart, listed, style_for
from daemon.output import (
    STOPPED_EXIT_CODE,
    claims_words,
    duration_words,
    nearby,
    print_json,
    print_line,
    print_problem,
    words_in,
)
from daemon.progress import Listening, listening
from tagger.analysis import Analyser
from tagger.errors import DecodeError, OutputError, printable
from tagger.frontend import Samples
from tagger.reports import FORMATS, Format, Material, format_of
from tagger.reports.document import document
from tagger.results import AudioFacts, Instrument, Kind
from tagger.timeline import Timeline, TimelineSettings

if TYPE_CHECKING:
    from tagger.pictures import Overview, OverviewBuilder

_NEAREST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line.

    Attributes:
        paths: files.
        settings: what decides.
        as_json: whether output is for programs.
        outputs: files to write, each in the format of its suffix; or one folder.
        formats: names of the formats to write into the folder.
        tempo_bpm: of MIDI files.
        theme: of pictures.
        model: the model file, by default the program's.
    """

    paths: tuple[Path, ...]
    settings: TimelineSettings
    as_json: bool
    outputs: tuple[Path, ...]
    formats: tuple[str, ...]
    tempo_bpm: float
    theme: Literal["light", "dark"]
    model: Path | None


@dataclass(frozen=True, slots=True)
class Target:
    """A file to write, and how."""

    path: Path
    form: Format


class _Watcher:
    """Sees a recording's blocks as they are listened to: for progress, and for the overview where one is needed."""

    def __init__(self, shown: Listening, *, needs_overview: bool) -> None:
        self._shown = shown
        self._needs_overview = needs_overview
        self._builder: OverviewBuilder | None = None
        self._done_s = 0.0

    def watch(self, block: Samples, facts: AudioFacts) -> None:
        self._done_s += len(block) / facts.sample_rate
        # A duration may be an estimate.
        self._shown.update(self._done_s, max(self._done_s, facts.duration_s))
        if self._needs_overview:
            self._sketch(block, facts)

    def overview(self) -> Overview | None:
        return self._builder.finish() if self._builder else None

    def _sketch(self, block: Samples, facts: AudioFacts) -> None:
        from tagger.pictures import OverviewBuilder

        if self._builder is None:
            self._builder = OverviewBuilder(facts.sample_rate, duration_s=facts.duration_s)
        self._builder.push(block)


def run(options: Options) -> int:
    """Tells what plays when in files as asked.

    Returns:
        The exit code: 0, 1 when there were problems, 130 when a person stopped the run.

    Raises:
        ModelError: the model cannot be used.
        OutputError: what was asked for cannot be written anywhere.
    """
    targets = _targets(options)
    analyser = Analyser(options.model)
    analyser.recogniser.require(options.settings.label_set)
    problems = 0
    try:
        for path in options.paths:
            problems += not _tell(analyser, path, targets[path], options)
    except KeyboardInterrupt:
        print_problem("stopped; what is written stays")
        return STOPPED_EXIT_CODE
    return 1 if problems else 0


def _tell(analyser: Analyser, path: Path, targets: Sequence[Target], options: Options) -> bool:
    """Deals with one file; says whether all went well."""
    needs_overview = any(target.form.needs_overview for target in targets)
    try:
        with listening(path) as shown:
            watcher = _Watcher(shown, needs_overview=needs_overview)
            timeline = analyser.analyse_over_time(path, options.settings, watch=watcher.watch)
    except DecodeError as error:
        _tell_problem(path, error, options)
        return False
    if options.as_json:
        print_json(document(timeline))
    else:
        _print(timeline, is_drawn=not targets)
    material = Material(heard=timeline, overview=watcher.overview(), tempo_bpm=options.tempo_bpm, theme=options.theme)
    return not [target for target in targets if not _is_written(target, material)]


def _tell_problem(path: Path, error: DecodeError, options: Options) -> None:
    reason = f"{error.reason} ({error.advice})" if error.advice else error.reason
    if options.as_json:
        print_json({"path": printable(path), "error": printable(reason)})
    else:
        print_problem(f"{nearby(path)}: {reason}")


def _print(timeline: Timeline, *, is_drawn: bool) -> None:
    facts = f"{timeline.kind.value}, {duration_words(timeline.facts.duration_s)}"
    print_line(f"{nearby(timeline.path or Path())}  {facts}{_claims(timeline)}")
    if not is_drawn:
        return
    style = style_for(sys.stdout.encoding)
    for lines in (
        chart(timeline, width=shutil.get_terminal_size().columns, style=style),
        listed(timeline, style=style),
    ):
        for line in lines:
            print_line(line)
    if not timeline.segments and timeline.kind is not Kind.SILENCE:
        print_line(
            f"nothing is sure enough at any time; nearest are {claims_words(_nearest(timeline), timeline.words)}"
        )
    print_line("")


def _nearest(timeline: Timeline) -> list[Instrument]:
    """The labels that come nearest to being told."""
    most = timeline.intensity.max(axis=0)
    best = np.argsort(-(most / np.maximum(timeline.thresholds, 1e-6)), kind="stable")[:_NEAREST]
    return [Instrument(timeline.labels[index], "", float(most[index])) for index in best]


def _claims(timeline: Timeline) -> str:
    if timeline.kind is Kind.SILENCE:
        return ""
    words = {**words_in("own"), **timeline.words}
    return f": {claims_words(timeline.instruments, words)}" if timeline.instruments else ": unsure"


def _is_written(target: Target, material: Material) -> bool:
    try:
        target.form.write(target.path, material)
    except OutputError as error:
        print_problem(str(error))
        return False
    print_problem(f"{nearby(target.path)} written")
    return True


def _targets(options: Options) -> dict[Path, list[Target]]:
    """What is to be written of each file."""
    if options.formats:
        return _in_folder(options)
    if options.outputs and len(options.paths) > 1:
        raise typer.BadParameter(
            "several files cannot be written into one; name a folder, and what to write with --format",
            param_hint="--output",
        )
    if any(path.is_dir() for path in options.outputs):
        raise typer.BadParameter("is a folder; say what to write into it with --format", param_hint="--output")
    targets = [Target(path, format_of(path)) for path in options.outputs]
    for target in targets:
        _make_sure(target.path, options.paths)
    return dict.fromkeys(options.paths, targets)


def _in_folder(options: Options) -> dict[Path, list[Target]]:
    if len(options.outputs) != 1:
        raise typer.BadParameter("goes with one folder, named with --output", param_hint="--format")
    (folder,) = options.outputs
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(folder, f"cannot be made a folder: {error.strerror or error}") from error
    forms = [FORMATS[name] for name in dict.fromkeys(options.formats)]
    names = dict(zip(options.paths, _names(options.paths), strict=True))
    targets = {
        path: [Target(folder / f"{name}{form.suffixes[0]}", form) for form in forms] for path, name in names.items()
    }
    for target in (target for several in targets.values() for target in several):
        _make_sure(target.path, options.paths)
    return targets


def _names(paths: Sequence[Path]) -> list[str]:
    """What to call what is written of each file: its name without suffix, with a number where that is taken.

    Names that differ in case alone are one name on some systems, and so are on all.
    """
    names: list[str] = []
    taken: set[str] = set()
    for path in paths:
        numbered = (path.stem if number == 1 else f"{path.stem} {number}" for number in count(1))
        name = next(each for each in numbered if each.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _make_sure(target: Path, sources: Sequence[Path]) -> None:
    """Refuses what would fail after all the work, and what would cost a person a recording."""
    if not target.absolute().parent.is_dir():
        raise OutputError(target, "its folder is not there", "make it first")
    for source in sources:
        if target.exists() and source.exists() and target.samefile(source):
            raise OutputError(target, "is the recording itself", "name another file")
