"""What a run of `tagger tag` came to, counted as it goes and told at its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from daemon.output import count_words, duration_words, print_problem, rate_words
from tagger.tagfile import Action
from tagger.taxonomy import words_of

_MOST_ROWS: Final = 15
_NAME_WIDTH: Final = 18


@dataclass(slots=True)
class Tally:
    """What a run came to, in files.

    Attributes:
        analysed: that were looked into.
        unchanged: that the catalog knew.
        silent: without a sound.
        unsure: that no instrument is claimed of.
        problems: that could not be analysed, or not be written to.
        edits: whose tags a person had edited since they were written.
        without_tags: whose format has no place for tags.
        changes: by what became of their tags.
        instruments: by what is claimed of them.
        started: when the run began, in seconds of the monotonic clock.
    """

    analysed: int = 0
    unchanged: int = 0
    silent: int = 0
    unsure: int = 0
    problems: int = 0
    edits: int = 0
    without_tags: int = 0
    changes: Counter[Action] = field(default_factory=Counter)
    instruments: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    def speed_words(self) -> str:
        """As in "2,000 files analysed in 23.1 s (87 files/s), 1,200 unchanged"."""
        seconds = time.monotonic() - self.started
        unchanged = f", {self.unchanged:,} unchanged" if self.unchanged else ""
        speed = f" ({rate_words(self.analysed, seconds)})" if self.analysed else ""
        return f"{count_words(self.analysed, 'file')} analysed in {duration_words(seconds)}{speed}{unchanged}"

    def changes_words(self, *, is_done: bool) -> str:
        """As in "tags in files: 120 written, 3 not ours and kept", or "" where there is nothing to say."""
        words = {
            Action.WRITE: "written" if is_done else "would be written",
            Action.REMOVE: "taken back" if is_done else "would be taken back",
            Action.UNCHANGED: "right already",
            Action.KEEP: "not ours and kept",
        }
        parts = [f"{self.changes[action]:,} {text}" for action, text in words.items() if self.changes[action]]
        if self.without_tags:
            parts.append(f"{self.without_tags:,} in formats without tags")
        if self.edits:
            parts.append(f"{self.edits:,} edited by hand and taken in")
        return f"tags in files: {', '.join(parts)}" if parts else ""


def print_summary(tally: Tally, words: Mapping[str, str], *, is_done: bool) -> None:
    """Prints what a run came to, for people.

    Args:
        tally: of the run.
        words: what the labels are called.
        is_done: whether changes of tags were made, or only found out.
    """
    rows = [(words.get(label, words_of(label)), count) for label, count in tally.instruments.most_common(_MOST_ROWS)]
    if others := len(tally.instruments) - len(rows):
        rows.append((f"{others} others", tally.instruments.total() - sum(count for _, count in rows)))
    rows += [("unsure", tally.unsure), ("silent", tally.silent), ("problems", tally.problems)]
    for name, count in rows:
        if count:
            print_problem(f"{name:<{_NAME_WIDTH}}{count:>8,}")
    print_problem(tally.speed_words())
    if changes := tally.changes_words(is_done=is_done):
        print_problem(changes)
