"""The command `tagger timeline`: what plays when in each file, drawn in text, as JSON, or written to files.

What can be known to fail is said before anything is listened to: a slip in an option, a format nobody knows, a
folder that is not there. Then a bad file costs a line and the run goes on. Recordings themselves are changed for
`--write-cues` alone, by the writer that writes tags, so that `tagger undo` takes it back.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

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
from daemon.targets import Target, targets_of
from tagger.analysis import Analyser
from tagger.errors import DecodeError, OutputError, printable
from tagger.frontend import Samples
from tagger.reports import Material, document
from tagger.reports.cues import CueChunks, cue_chunks
from tagger.results import AudioFacts, Instrument, Kind
from tagger.stamp import Stamp
from tagger.timeline import Timeline, TimelineSettings

if TYPE_CHECKING:
    from tagger.pictures import Overview, OverviewBuilder
    from tagger.writing import Writer

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
        write_cues: whether segments become cue points in WAV files.
        catalog: the catalog file with the journal of that, by default the user's.
        tempo_bpm: of MIDI files.
        theme: of pictures.
        model: the model file, by default the program's.
    """

    paths: tuple[Path, ...]
    settings: TimelineSettings
    as_json: bool
    outputs: tuple[Path, ...]
    formats: tuple[str, ...]
    write_cues: bool
    catalog: Path | None
    tempo_bpm: float
    theme: Literal["light", "dark"]
    model: Path | None


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
        CatalogError, SettingsError: cue points are asked for, and the journal or the settings cannot be used.
    """
    targets = targets_of(options.paths, outputs=options.outputs, formats=options.formats)
    analyser = Analyser(options.model)
    analyser.recogniser.require(options.settings.label_set)
    problems = 0
    with _writer(options) as writer:
        try:
            for path in options.paths:
                problems += not _tell(analyser, path, targets[path], options, writer)
        except KeyboardInterrupt:
            print_problem("stopped; what is written stays")
            return STOPPED_EXIT_CODE
    return 1 if problems else 0


@contextmanager
def _writer(options: Options) -> Iterator[Writer | None]:
    """What writes into recordings, where that was asked for."""
    if not options.write_cues:
        yield None
        return
    from daemon.opening import open_catalog
    from daemon.tally import Tally
    from daemon.writing import open_writer

    with (
        open_catalog(options.catalog, is_new_ok=True) as catalog,
        open_writer(
            catalog, options.paths, Tally(), command="timeline --write-cues", dry_run=False, as_json=options.as_json
        ) as writer,
    ):
        yield writer


def _tell(analyser: Analyser, path: Path, targets: Sequence[Target], options: Options, writer: Writer | None) -> bool:
    """Deals with one file; says whether all went well."""
    needs_overview = any(target.form.needs_overview for target in targets)
    seen = Stamp.of(path)
    try:
        with listening(path) as shown:
            watcher = _Watcher(shown, needs_overview=needs_overview)
            timeline = analyser.analyse_over_time(path, options.settings, watch=watcher.watch)
    except DecodeError as error:
        _tell_problem(path, error, options)
        return False
    if options.as_json:
        sys.stdout.writelines(document.line(timeline))
    else:
        _print(timeline, is_drawn=not targets)
    material = Material(heard=timeline, overview=watcher.overview(), tempo_bpm=options.tempo_bpm, theme=options.theme)
    went_well = [_is_written(target, material) for target in targets]
    if writer and seen:
        went_well.append(_is_marked(writer, path, seen, timeline))
    return all(went_well)


def _tell_problem(path: Path, error: DecodeError, options: Options) -> None:
    if options.as_json:
        print_json({"path": printable(path), "error": printable(error.words)})
    else:
        print_problem(f"{nearby(path)}: {error.words}")


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


def _is_marked(writer: Writer, path: Path, seen: Stamp, timeline: Timeline) -> bool:
    """Puts the segments into the recording as cue points."""
    from daemon.changes import diff_lines

    def edit(cue: bytes | None, adtl: bytes | None) -> CueChunks:
        return cue_chunks(timeline, CueChunks(cue, adtl))

    written = writer.write_cue_points(path, edit, seen=seen, heard_hash=timeline.facts.payload_hash)
    if written.error:
        print_problem(f"{nearby(path)}: {written.error.words}")
    elif written.change and not written.change.rewrites:
        print_problem(f"{nearby(path)}: cue points need no change")
    elif written.change:
        for line in diff_lines(written.change.fields):
            print_problem(f"{nearby(path)}: {line.strip()}")
    return written.error is None
