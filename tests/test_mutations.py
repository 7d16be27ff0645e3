"""A short run of `tests/long/mutations.py`."""

from __future__ import annotations

from collections import Counter

from tests.long.mutations import Outcome, run


def test_damaged_files_are_refused_untouched_or_keep_their_audio() -> None:
    counts: Counter[Outcome] = Counter()
    for number, what, outcome in run(range(200)):
        assert isinstance(outcome, Outcome), f"{number} ({what}): {outcome!r}"
        counts[outcome] += 1
    assert set(counts) == set(Outcome)
