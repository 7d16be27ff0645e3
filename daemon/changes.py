"""How writes look: what changes in a file, field by field, what a person had edited, what was recovered.

Commands that write share all of it, so that a dry run, a write and an undo read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from daemon.output import Json, count_words, nearby, print_json, print_line, print_problem
from daemon.tally import Tally
from tagger.catalog import FieldText
from tagger.errors import one_line, printable
from tagger.tagfile import Action, Change, FieldChange, UntaggableError
from tagger.taxonomy import words_of
from tagger.writing import Fate, Outcome, Recovered, TakenEdit, Written, WrittenSidecar

ChangedField: TypeAlias = FieldChange | FieldText


def diff_lines(fields: Sequence[ChangedField]) -> list[str]:
    """What changes in a file, a line a field: "  ID3 TXXX:INSTRUMENT  (none) -> Kick"."""
    width = max((len(field.name) for field in fields), default=0)
    return [f"  {field.name:<{width}}  {_value(field.before)} -> {_value(field.after)}" for field in fields]


def fields_object(fields: Iterable[ChangedField]) -> list[Json]:
    """The same for programs."""
    return [{"field": field.name, "before": field.before, "after": field.after} for field in fields]


def change_words(change: Change) -> str:
    """What happens to a file's instrument tag, as in "INSTRUMENT: (none) -> Kick"."""
    if change.action is Action.UNCHANGED:
        return f"INSTRUMENT: {_value(change.current)} (right already)"
    if change.action is Action.WRITE and change.current == change.new:
        return f"INSTRUMENT: {_value(change.current)} (right already); other fields changed"
    if change.action is not Action.KEEP:
        return f"INSTRUMENT: {_value(change.current)} -> {_value(change.new)}"
    why = "not ours, kept" if change.current else "taken away by somebody, stays away"
    ours = f"; ours would be {change.new}" if change.new else ""
    others = "; other fields changed" if change.rewrites else ""
    return f"INSTRUMENT: {_value(change.current)} ({why}{ours}){others}"


def edit_words(edit: TakenEdit) -> str:
    """What a person's edit says, as in "edited by hand: Snare confirmed, Kick rejected"."""
    parts = [f"{words_of(label)} confirmed" for label in edit.confirmed]
    parts += [f"{words_of(label)} rejected" for label in edit.rejected]
    parts += [f'"{one_line(words)}" is no label and stays' for words in edit.unknown]
    return f"edited by hand: {', '.join(parts)}"


def written_object(written: Written, *, is_done: bool) -> Json:
    """What a write, or a dry run, adds to the object of a file."""
    edit = {} if written.edit is None else {"edit": edit_object(written.edit)}
    if written.error is not None:
        return {"written": False, "tag_error": printable(written.error.words)} | edit
    if written.change is None:
        return edit
    change = written.change
    tag: Json = {"action": change.action.value, "current": change.current, "new": change.new}
    tag |= {"fields": fields_object(change.fields), "kept": list(change.kept)}
    return {"written": change.rewrites and is_done, "tag": tag} | edit


def edit_object(edit: TakenEdit) -> Json:
    """A person's edit as programs see it."""
    return {"confirmed": list(edit.confirmed), "rejected": list(edit.rejected), "unknown": list(edit.unknown)}


def written_words(written: Written) -> list[str]:
    """What is worth telling of a file in its line."""
    parts = [edit_words(written.edit)] if written.edit else []
    change = written.change
    is_kept = change and change.action is Action.KEEP and (change.current or change.new)
    if change and (change.rewrites or is_kept):
        parts.append(change_words(change))
    return parts


def print_written(written: Written, before: Sequence[str] = (), *, with_fields: bool) -> None:
    """Prints a line for a file, if there is anything to say, and the fields below it where asked for.

    Args:
        written: what came of the file.
        before: what else there is to say of it.
        with_fields: whether each field is told.
    """
    if parts := [*before, *written_words(written)]:
        print_line(f"{nearby(written.path)}  {'; '.join(parts)}")
    if with_fields and written.change:
        for line in diff_lines(written.change.fields):
            print_line(line)
        for name in written.change.kept:
            print_line(f"  kept  {one_line(name)}")
    if written.error:
        print_problem(f"{nearby(written.path)}: {written.error.words}")


def print_sidecar(sidecar: WrittenSidecar, *, with_fields: bool, as_json: bool) -> None:
    """Prints what came of the file in which Ableton Live keeps the tags of a folder."""
    if as_json:
        error = {} if sidecar.error is None else {"error": printable(sidecar.error.words)}
        print_json({"path": printable(sidecar.path), "fields": fields_object(sidecar.fields)} | error)
        return
    if sidecar.error:
        print_problem(f"{nearby(sidecar.path)}: {sidecar.error.words}")
        return
    print_line(f"{nearby(sidecar.path)}  tags of {count_words(len(sidecar.fields), 'file')} in Ableton Live")
    if with_fields:
        for line in diff_lines(sidecar.fields):
            print_line(line)


def count(written: Written, tally: Tally) -> None:
    """Counts what came of a file."""
    tally.without_tags += isinstance(written.error, UntaggableError)
    tally.problems += written.error is not None and not isinstance(written.error, UntaggableError)
    tally.edits += written.edit is not None
    change = written.change
    if change and (change.current or change.new or change.rewrites):
        is_other = change.rewrites and change.action not in (Action.WRITE, Action.REMOVE)
        tally.changes[Action.WRITE if is_other else change.action] += 1


def undone_words(tally: Mapping[Outcome, int], *, dry_run: bool) -> str:
    """What came of undoing, in files: "files: 12 as before, 1 not undone"."""
    words = {
        Outcome.RESTORED: "would be as before" if dry_run else "as before",
        Outcome.ALREADY: "undone already",
        Outcome.REFUSED: "not undone",
    }
    parts = [f"{tally[each]:,} {text}" for each, text in words.items() if tally[each]]
    return f"files: {', '.join(parts)}" if parts else "nothing to undo"


def recovered_words(recovered: Iterable[Recovered]) -> Iterator[tuple[Path, str]]:
    """What became of files over which an earlier run was stopped, unless it had not touched them."""
    for each in recovered:
        if each.fate is not Fate.UNTOUCHED:
            reason = f": {each.reason}" if each.reason else ""
            yield each.path, f"an earlier run was stopped over it; it {each.fate.value}{reason}"


def print_recovered(recovered: Iterable[Recovered]) -> None:
    """Tells of these files."""
    for path, words in recovered_words(recovered):
        print_problem(f"{nearby(path)}: {words}")


def _value(text: str | None) -> str:
    return "(none)" if text is None else one_line(text)
