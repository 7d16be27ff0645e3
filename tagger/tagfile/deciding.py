"""One rule for every field: fill what is empty, change what is ours, leave what is anybody else's.

It is asked of each concept with all its fields in a file:

=========  ============================================================  =====================================
state      when                                                          then
=========  ============================================================  =====================================
free       the fields are empty, or as we wrote them                     every place says what is wanted
foreign    a field holds a value that is not ours                        it stays; ours elsewhere are taken out
removed    the mark of a place says that we filled the field there,      it stays away; ours elsewhere are taken
           and it is gone, or was before                                 out
agreed     a field that we never filled says what is wanted              it stays somebody else's, nothing is added
=========  ============================================================  =====================================

A value is ours if a mark in the file spells it so. Where the instrument itself is foreign or removed, nothing
of ours may contradict it, so all other fields of ours go too; the marks stay, to remember it.

INFO has no room for a mark. It counts as marked where it holds a value of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from operator import itemgetter
from pathlib import Path

from tagger.tagfile.fields import MARK_KEYS, Concept, Field, Mark, Statement, fields_of, name_of
from tagger.tagfile.tags import (
    SEPARATOR,
    Action,
    Change,
    Claim,
    Edit,
    Edits,
    FieldChange,
    Reading,
    Scheme,
    Section,
)
from tagger.vocabulary import label_of


class _State(Enum):
    FREE = auto()
    FOREIGN = auto()
    REMOVED = auto()
    AGREED = auto()


_States = Mapping[Concept, _State]
_THEIRS = frozenset({_State.FOREIGN, _State.REMOVED})


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done to a file.

    Attributes:
        change: as people are told.
        edits: as the formats are told.
    """

    change: Change
    edits: Edits


def decide(path: Path, sections: Sequence[Section], claim: Claim, *, wanted: Collection[Scheme]) -> Decision:
    """What to do with a file.

    Args:
        path: the file, for the change.
        sections: what its schemes hold.
        claim: what may be said of it.
        wanted: the schemes to write; what is ours in others is taken out.
    """
    file = _File(sections)
    statement = Statement.of(claim)
    instrument = file.state(Concept.INSTRUMENT, statement)
    is_kept = instrument in _THEIRS
    said = Statement() if is_kept else statement
    states = {concept: file.state(concept, said) for concept in Concept} | {Concept.INSTRUMENT: instrument}
    writable = {section.scheme for section in sections if section.scheme in wanted and not section.problem}
    if said.words and not writable & MARK_KEYS.keys():
        raise ValueError("none of the places for tags that were asked for can be written")
    mark = file.mark_kept(states) if is_kept else file.mark_of(said, states, writable)
    edits: dict[Scheme, dict[str, str]] = {}
    for section in sections:
        targets = dict(file.targets(section, said, states, is_wanted=section.scheme in wanted))
        if mark_key := MARK_KEYS.get(section.scheme):
            is_marked = section.scheme in (file.marks if is_kept else wanted)
            targets[mark_key] = mark.text_in(section.scheme) if is_marked else ""
        changed = {key: value for key, value in targets.items() if value != section.values.get(key, "")}
        if changed and not section.problem:
            edits[section.scheme] = changed
    fields = tuple(_field_changes(sections, edits))
    (current, _), new = file.instrument(), statement.text or None
    kept = (
        *file.kept(states),
        *(f"{each.scheme}: {each.problem}" for each in sections if each.problem and each.scheme in wanted),
    )
    action = Action.KEEP if is_kept else _action(fields, new)
    return Decision(Change(path, action, current, new, fields, kept), edits)


def reading_of(sections: Sequence[Section]) -> Reading:
    """What a file says of its instruments."""
    file = _File(sections)
    values = {name_of(section.scheme, key): value for section in sections for key, value in section.values.items()}
    instrument, is_ours = file.instrument()
    return Reading(values, instrument, is_ours, file.edit())


def _action(fields: tuple[FieldChange, ...], new: str | None) -> Action:
    if not fields:
        return Action.UNCHANGED
    return Action.WRITE if new else Action.REMOVE


def _field_changes(sections: Sequence[Section], edits: Edits) -> Iterator[FieldChange]:
    for section in sections:
        for key, value in edits.get(section.scheme, {}).items():
            yield FieldChange(name_of(section.scheme, key), section.values.get(key), value or None)


@dataclass(slots=True)
class _File:
    """A file's sections, and the marks in them."""

    sections: Sequence[Section]
    marks: dict[Scheme, Mark] = field(init=False)

    def __post_init__(self) -> None:
        keys = ((section, MARK_KEYS.get(section.scheme, "")) for section in self.sections)
        self.marks = {section.scheme: Mark.parse(section.values[key]) for section, key in keys if key in section.values}

    def present(self, concept: Concept) -> Iterator[tuple[Field, str]]:
        """The fields of a concept that are there, with their values."""
        for section in self.sections:
            for each in fields_of(section.scheme):
                if each.concept is concept and each.key in section.values:
                    yield each, section.values[each.key]

    def is_ours(self, each: Field, value: str) -> bool:
        """Whether we wrote a value."""
        return any(each.concept in mark.filled and each.spell(mark.statement) == value for mark in self.marks.values())

    def is_known(self, concept: Concept) -> bool:
        """Whether we ever filled a concept."""
        return any(concept in mark.filled | mark.left for mark in self.marks.values())

    def state(self, concept: Concept, said: Statement) -> _State:
        others = [(each, value) for each, value in self.present(concept) if not self.is_ours(each, value)]
        if any(value != each.spell(said) for each, value in others):
            return _State.FOREIGN
        if others:
            # What we had filled and somebody changed to the very same is ours again.
            return _State.FREE if self.is_known(concept) else _State.AGREED
        is_left = any(concept in mark.left for mark in self.marks.values())
        is_gone = any(self._is_gone(concept, section) for section in self.sections)
        return _State.REMOVED if is_left or is_gone else _State.FREE

    def _is_gone(self, concept: Concept, section: Section) -> bool:
        """Whether a field that we filled is missing where the section is otherwise as we left it."""
        return any(
            each.spell(mark.statement) and each.key not in section.values
            for mark in self._marks_of(section)
            if concept in mark.filled
            for each in fields_of(section.scheme)
            if each.concept is concept
        )

    def _marks_of(self, section: Section) -> list[Mark]:
        if section.scheme in MARK_KEYS:
            return [self.marks[section.scheme]] if section.scheme in self.marks else []
        return [
            mark
            for mark in self.marks.values()
            if any(
                each.concept in mark.filled and section.values.get(each.key) == each.spell(mark.statement) != ""
                for each in fields_of(section.scheme)
            )
        ]

    def targets(
        self, section: Section, said: Statement, states: _States, *, is_wanted: bool
    ) -> Iterator[tuple[str, str]]:
        """What each field of a section is to hold, mark left out."""
        for each in fields_of(section.scheme):
            value = section.values.get(each.key, "")
            if is_wanted and states[each.concept] is _State.FREE:
                yield each.key, each.spell(said)
            elif self.is_ours(each, value):
                yield each.key, ""

    def mark_of(self, said: Statement, states: _States, writable: Collection[Scheme]) -> Mark:
        """The mark to be."""
        filled = frozenset(
            each.concept
            for scheme in writable
            for each in fields_of(scheme)
            if states[each.concept] is _State.FREE and each.spell(said)
        )
        # Without a claim, a value of somebody else's needs no mark to stand.
        remembered = _THEIRS if said.words else {_State.REMOVED}
        return Mark(said, filled, self._left(states, remembered))

    def mark_kept(self, states: _States) -> Mark:
        """The mark to be where the instrument is not ours any more; what was said stands in it still."""
        statement = next((mark.statement for mark in self.marks.values()), Statement())
        return Mark(statement, frozenset(), self._left(states, _THEIRS))

    def _left(self, states: _States, remembered: Collection[_State]) -> frozenset[Concept]:
        return frozenset(each for each, state in states.items() if state in remembered and self.is_known(each))

    def instrument(self) -> tuple[str | None, bool]:
        """The instrument that stands in the file, and whether we wrote it; somebody else's goes before ours."""
        found = [(value, self.is_ours(each, value)) for each, value in self.present(Concept.INSTRUMENT)]
        return min(found, key=itemgetter(1), default=(None, False))

    def edit(self) -> Edit | None:
        """What a person made of the instrument that we had written; None if it stands as it was, or never did."""
        marks = [mark for mark in self.marks.values() if Concept.INSTRUMENT in mark.filled | mark.left]
        if not marks or self.state(Concept.INSTRUMENT, Statement()) not in _THEIRS:
            return None
        ours = dict.fromkeys(label_of(word) or word for mark in marks for word in mark.statement.words)
        values = (value for each, value in self.present(Concept.INSTRUMENT) if not self.is_ours(each, value))
        words = dict.fromkeys(word for value in values for word in value.split(SEPARATOR))
        return Edit(tuple(ours), tuple(filter(None, words)))

    def kept(self, states: _States) -> Iterator[str]:
        """What is left to others, in words."""
        for concept, state in states.items():
            if state is _State.REMOVED:
                yield f"{concept}: taken away by somebody, stays away"
            elif state is not _State.FREE:
                for each, value in self.present(concept):
                    if not self.is_ours(each, value):
                        yield f"{each.name}: {value} (not ours)"
