"""The command `tagger tag`: runs the library over paths, tells what comes of each file, writes tags.

Results go to standard output as they come, one line a file; progress, problems and the summary go to
standard error. A file named on the command line is always told; of those found in folders only what is
new, unless a program reads the output or tags are written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from daemon.changes import count, print_written, written_object
from daemon.iteration import closed_after
from daemon.opening import open_catalog
from daemon.output import (
    STOPPED_EXIT_CODE,
    analysis_object,
    analysis_words,
    nearby,
    print_json,
    print_problem,
    words_in,
)
from daemon.progress import progress
from daemon.tally import Tally, print_summary
from daemon.writing import open_writer
from tagger.analysis import Analyser
from tagger.catalog import Catalog, FileRecord, Problem, name_key
from tagger.decision import decide
from tagger.errors import TagFileError, printable
from tagger.library import LibraryRun, Outcome
from tagger.model_card import ModelCard
from tagger.recogniser import Recogniser
from tagger.results import Analysis, Kind
from tagger.writing import Writer, Written, look_for_edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line.

    Attributes:
        paths: files and folders.
        write: whether tags are written into files.
        dry_run: whether it is shown what `write` would change.
        as_json: whether output is for programs.
        label_set: the labels to answer in.
        catalog: the catalog file, by default the user's.
        model: the model file, by default the program's.
        workers: files analysed at a time, by default as many as there are cores.
        force: whether unchanged files are analysed again.
    """

    paths: tuple[Path, ...]
    write: bool
    dry_run: bool
    as_json: bool
    label_set: str
    catalog: Path | None
    model: Path | None
    workers: int | None
    force: bool


def run(options: Options) -> int:
    """Tags paths as asked.

    Returns:
        The exit code: 0, 1 when there were problems, 130 when a person stopped the run.

    Raises:
        CatalogError: the catalog cannot be used.
        ModelError: the model cannot be used.
        SettingsError: tags are to be written, and the settings make no sense.
    """
    tally = Tally()
    with open_catalog(options.catalog, is_new_ok=True) as catalog, _writer(options, catalog, tally) as writer:
        recogniser = Recogniser(options.model)
        recogniser.require(options.label_set)
        teller = Teller(options, catalog, recogniser.card, writer, tally)
        try:
            _work(options, catalog, teller, recogniser.name)
        except KeyboardInterrupt:
            print_problem("stopped; what is done is kept, and the same command goes on from there")
            return STOPPED_EXIT_CODE
    if not options.as_json:
        print_summary(tally, words_in(options.label_set), is_done=options.write)
    return 1 if tally.problems else 0


def _writer(options: Options, catalog: Catalog, tally: Tally) -> AbstractContextManager[Writer | None]:
    if not options.write and not options.dry_run:
        return nullcontext()
    command = f"tag {'--write' if options.write else '--dry-run'}"
    return open_writer(
        catalog, options.paths, tally, command=command, dry_run=not options.write, as_json=options.as_json
    )


def _work(options: Options, catalog: Catalog, teller: Teller, model: str) -> None:
    library = LibraryRun(
        options.paths,
        catalog=catalog,
        model=model,
        make_analyser=partial(Analyser, options.model),
        workers=options.workers,
        force=options.force,
    )
    total = library.to_do + (library.unchanged if teller.tells_all else 0)
    done = 0
    with progress(total) as shown, closed_after(library) as outcomes:
        for outcome in outcomes:
            teller.tell(outcome)
            done += teller.tells_all or not outcome.is_unchanged
            shown.update(done, outcome.path.parent)


class Teller:
    """Takes what comes of each file, writes it into the file where asked, and prints it."""

    def __init__(
        self, options: Options, catalog: Catalog, card: ModelCard, writer: Writer | None, tally: Tally
    ) -> None:
        self._tally = tally
        self._options = options
        self._catalog = catalog
        self._card = card
        self._writer = writer
        self._named = {Path(os.path.abspath(path)) for path in options.paths}
        self._words = words_in(options.label_set)
        self._folder: Path | None = None
        self._records: Mapping[str, FileRecord] = {}
        self.tells_all = options.as_json or options.write or options.dry_run
        """Whether files that are unchanged are told too, and so have to be looked up."""

    def tell(self, outcome: Outcome) -> None:
        """Deals with one file."""
        if outcome.error is not None:
            self._tell_problem(outcome.path, outcome.error)
            return
        self._tally.analysed += not outcome.is_unchanged
        self._tally.unchanged += outcome.is_unchanged
        is_named = outcome.path in self._named
        if outcome.is_unchanged and not (self.tells_all or is_named):
            return
        self._tell_file(outcome, is_asked_for=is_named or not outcome.is_unchanged)

    def _tell_file(self, outcome: Outcome, *, is_asked_for: bool) -> None:
        written = self._write(outcome)
        analysis = self._analysis(outcome, written)
        if analysis is None:
            return
        self._count(analysis)
        count(written, self._tally)
        answer = _in_labels(analysis, self._options.label_set, self._card)
        if self._options.as_json:
            done = written_object(written, is_done=self._options.write)
            print_json(analysis_object(outcome.path, answer) | done)
        else:
            said = [analysis_words(answer, self._words)] if is_asked_for else []
            print_written(written, said, with_fields=self._options.dry_run)

    def _write(self, outcome: Outcome) -> Written:
        """Brings the file's tags up to date, or finds out what that would change; else only looks for an edit."""
        path = outcome.path
        if self._writer is None:
            return Written(path, edit=None if outcome.is_unchanged else look_for_edit(self._catalog, path))
        record = self._record_of(outcome)
        if isinstance(record, FileRecord):
            return self._writer.write(record)
        return Written(path, error=TagFileError(path, "was changed while it was read", "run again"))

    def _analysis(self, outcome: Outcome, written: Written) -> Analysis | None:
        """The analysis of a file; from the catalog with the tags that hold after weighing what people said."""
        if outcome.analysis is not None and self._writer is None and written.edit is None:
            return outcome.analysis
        record = self._catalog.show(outcome.path) if written.edit else self._record_of(outcome)
        return replace(record.analysis, tags=record.tags) if isinstance(record, FileRecord) else outcome.analysis

    def _record_of(self, outcome: Outcome) -> FileRecord | Problem | None:
        if not outcome.is_unchanged:
            return self._catalog.show(outcome.path)
        # What is unchanged comes folder by folder, and one query for a folder costs little more than for a file.
        folder = outcome.path.parent
        if folder != self._folder:
            self._folder, self._records = folder, self._catalog.records_in(folder)
        return self._records.get(name_key(outcome.path.name))

    def _count(self, analysis: Analysis) -> None:
        self._tally.instruments.update(tag.label for tag in analysis.tags)
        self._tally.silent += analysis.kind is Kind.SILENCE
        self._tally.unsure += analysis.kind is not Kind.SILENCE and not analysis.tags

    def _tell_problem(self, path: Path, reason: str) -> None:
        self._tally.problems += 1
        if self._options.as_json:
            print_json({"path": printable(path), "error": printable(reason)})
        else:
            print_problem(f"{nearby(path)}: {reason}")


def _in_labels(analysis: Analysis, label_set: str, card: ModelCard) -> Analysis:
    """The same analysis in another label set, which knows nothing of what people said."""
    if label_set == "own" or analysis.kind is Kind.SILENCE:
        return analysis
    verdict = decide(analysis.scores, analysis.kind, card, label_set)
    return replace(analysis, instruments=verdict.instruments, tags=verdict.tags)
