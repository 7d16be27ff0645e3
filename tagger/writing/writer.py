"""What the catalog claims, and where a timeline has its cue points, written into files so that each can be taken back.

One file goes this way: a person's edit of our tag is taken in first, since it may change what is claimed; then the
claim is prepared beside the file, the journal told, the file changed, the journal told again. An error costs that one
file and leaves it as it was. A dry run goes the same way up to the journal. Cue points go the same way, but for the
claim, and whether or not the catalog knows the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tagger import ableton, tagfile
from tagger.catalog import Catalog, FieldText, FileRecord, Intent, Target, WriteRecord, WriteState
from tagger.errors import DecodeError, TagFileError, reason_of
from tagger.payload import payload_hash
from tagger.settings import Settings
from tagger.stamp import Stamp
from tagger.tagfile import Action, Change, Claim, CueEdit, Layer, Rewrite
from tagger.writing import sidecars
from tagger.writing.claims import claim_of
from tagger.writing.edits import TakenEdit, take_edit
from tagger.writing.recovery import Recovered, settle, writing_alone


@dataclass(frozen=True, slots=True)
class Written:
    """What came of one file.

    Attributes:
        path: the file.
        change: what was changed, or would be; None where an error came first.
        edit: what a person had done to our tag, if that is new.
        error: why nothing could be written; the file is then as it was.
    """

    path: Path
    change: Change | None = None
    edit: TakenEdit | None = None
    error: TagFileError | None = None


@dataclass(frozen=True, slots=True)
class WrittenSidecar:
    """What came of the file in which Ableton Live keeps the tags of a folder.

    Attributes:
        path: the file.
        fields: the keywords of each audio file that change.
        error: why nothing could be written.
    """

    path: Path
    fields: tuple[FieldText, ...] = ()
    error: TagFileError | None = None


class Writer:
    """Writes tags as a context; entering it recovers what an earlier run was killed over.

    Args:
        catalog: what is claimed, and the journal.
        settings: the settings in force.
        command: what was typed, for the list of runs.
        dry_run: whether nothing is written, only found out.
        on_sidecar: told what came of each sidecar, when a folder is through.

    Attributes:
        recovered: files that an earlier run was stopped over, and what became of them.
        batch_id: the run's number in the journal; None as long as nothing was written.

    Raises:
        CatalogError: another run is writing; or the catalog cannot be used, also later.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        *,
        command: str,
        dry_run: bool = False,
        on_sidecar: Callable[[WrittenSidecar], None] = lambda _: None,
    ) -> None:
        self.recovered: list[Recovered] = []
        self.batch_id: int | None = None
        self._catalog = catalog
        self._settings = settings.write
        self._spellings = settings.vocabulary.ableton
        self._layers = frozenset(map(Layer, settings.write.layers))
        self._command = command
        self._dry_run = dry_run
        self._on_sidecar = on_sidecar
        self._folder: Path | None = None
        self._swept: Path | None = None
        self._claims: dict[str, Claim] = {}
        self._edited: set[str] = set()
        """Recordings of which an edit was taken in meanwhile; what the caller holds of their copies is out of date."""
        self._held = ExitStack()

    def __enter__(self) -> Self:
        if not self._dry_run:
            self.recovered = self._held.enter_context(writing_alone(self._catalog))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._held:
            if kind is None or kind is KeyboardInterrupt:
                self._finish_folder()
            if self.batch_id is not None:
                self._catalog.journal.finish_batch(self.batch_id)

    def write(self, record: FileRecord) -> Written:
        """Brings the tags of one file up to date with the catalog, or finds out what that would change."""
        edit = None
        self._sweep(record.path)
        try:
            reading = tagfile.read(record.path)
            if edit := take_edit(self._catalog, record.path, reading.edit):
                self._edited.add(record.facts.payload_hash)
            if record.facts.payload_hash in self._edited:
                record = self._again(record)
            claim = claim_of(record, reading.instrument)
            self._note(record.path, claim)
            return Written(record.path, self._apply(record, claim), edit)
        except TagFileError as error:
            self._note(record.path, claim_of(record))
            return Written(record.path, edit=edit, error=error)

    def write_cue_points(self, path: Path, edit: CueEdit, *, seen: Stamp, heard_hash: str) -> Written:
        """Changes the cue points of one WAV file, or finds out what that would change.

        Args:
            path: the file; the catalog need not know it.
            edit: as for `tagger.tagfile.prepare_cue_points`.
            seen: the file's size and time before it was listened to.
            heard_hash: of the audio that was listened to.
        """
        path = Path(os.path.abspath(path))
        try:
            _check_audio(path, seen, heard_hash, advice="run again")
            rewrite = tagfile.prepare_cue_points(path, edit, payload_hash=heard_hash)
            if self._dry_run:
                return Written(path, rewrite.change)
            return Written(path, self._commit(path, heard_hash, nullcontext(rewrite), is_tag=False))
        except TagFileError as error:
            return Written(path, error=error)

    def _sweep(self, path: Path) -> None:
        """Once for each folder, since it looks at all that is in there."""
        folder = Path(os.path.realpath(path)).parent
        if folder != self._swept and not self._dry_run:
            tagfile.sweep(folder)
            self._swept = folder

    def _again(self, record: FileRecord) -> FileRecord:
        held = self._catalog.show(record.path)
        return held if isinstance(held, FileRecord) else record

    def _apply(self, record: FileRecord, claim: Claim) -> Change:
        if self._dry_run:
            return tagfile.plan(record.path, claim, layers=self._layers)
        known_hash = record.facts.payload_hash
        _check_audio(
            record.path, Stamp(record.size, record.mtime_ns), known_hash, advice="run `tagger tag` on it first"
        )
        prepared = tagfile.prepare(record.path, claim, layers=self._layers, payload_hash=known_hash)
        return self._commit(record.path, known_hash, prepared, is_tag=True)

    def _commit(
        self, path: Path, known_hash: str, prepared: AbstractContextManager[Rewrite], *, is_tag: bool
    ) -> Change:
        """Makes a change that is prepared, between two words to the journal."""
        entry: WriteRecord | None = None
        try:
            with prepared as rewrite:
                if rewrite.change.rewrites:
                    keeps_mtime = self._settings.keep_mtime
                    intent = _intent(path, known_hash, rewrite, keeps_mtime=keeps_mtime)
                    entry = self._catalog.journal.begin(self._batch(), intent)
                    after = rewrite.commit(keep_mtime=keeps_mtime)
        except BaseException:
            if entry:
                settle(self._catalog, entry)
            raise
        if entry:
            forgets_edits = is_tag and rewrite.change.action is not Action.KEEP
            self._catalog.journal.settle(entry, WriteState.DONE, stamp=after.stamp, forgets_edits=forgets_edits)
        return rewrite.change

    def _batch(self) -> int:
        if self.batch_id is None:
            self.batch_id = self._catalog.journal.begin_batch(self._command)
        return self.batch_id

    def _note(self, path: Path, claim: Claim) -> None:
        """Keeps what Live is to be told of a file until its folder is through."""
        if not self._settings.ableton:
            return
        if path.parent != self._folder:
            self._finish_folder()
            self._folder = path.parent
        self._claims[path.name] = claim

    def _finish_folder(self) -> None:
        folder, claims = self._folder, self._claims
        self._folder, self._claims = None, {}
        if folder is None:
            return
        wanted = {name: ableton.keywords(each.labels, each.kind, self._spellings) for name, each in claims.items()}
        path = ableton.sidecar_path(folder)
        try:
            sidecar = sidecars.sidecar_of(self._catalog, folder, wanted)
            if sidecar.rewrites and not self._dry_run:
                self._put(sidecar)
        except ValueError as error:
            self._on_sidecar(WrittenSidecar(path, error=TagFileError(path, f"left as it is: {error}")))
        except TagFileError as error:
            self._on_sidecar(WrittenSidecar(path, error=error))
        except OSError as error:
            reason = f"cannot be written: {reason_of(error)}"
            self._on_sidecar(WrittenSidecar(path, error=TagFileError(path, reason, "close Live and run again")))
        else:
            if sidecar.rewrites:
                self._on_sidecar(WrittenSidecar(path, sidecar.fields))

    def _put(self, sidecar: sidecars.Sidecar) -> None:
        entry = self._catalog.journal.begin(self._batch(), sidecar.intent())
        try:
            sidecars.put(sidecar.path, sidecar.new or b"", instead_of=sidecar.old)
        finally:
            settle(self._catalog, entry)


def _check_audio(path: Path, seen: Stamp, known_hash: str, *, advice: str) -> None:
    """Raises `TagFileError` if a file that has changed since it was analysed holds other audio."""
    if Stamp.of(path) == seen:
        return
    try:
        found = payload_hash(path)
    except DecodeError as error:
        raise TagFileError(path, error.reason, error.advice) from error
    if found != known_hash:
        raise TagFileError(path, "holds other audio than when it was analysed", advice)


def _intent(path: Path, known_hash: str, rewrite: Rewrite, *, keeps_mtime: bool) -> Intent:
    return Intent(
        path=path,
        target=Target.TAGS,
        keeps_mtime=keeps_mtime,
        payload_hash=known_hash,
        before_fingerprint=rewrite.before.fingerprint,
        before=rewrite.before.stamp,
        after_fingerprint=rewrite.after_fingerprint,
        way_back=rewrite.way_back,
        temporary=rewrite.temporary,
        fields=tuple(FieldText(field.name, field.before, field.after) for field in rewrite.change.fields),
    )
