"""The command `tagger verify`: no audio changed, proved file by file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from daemon.iteration import closed_after
from daemon.output import (
    STOPPED_EXIT_CODE,
    Json,
    count_words,
    duration_words,
    nearby,
    print_json,
    print_line,
    print_problem,
)
from daemon.progress import progress
from tagger.catalog import Catalog
from tagger.errors import CatalogError, printable
from tagger.verification import Finding, Verified
from tagger.verification import verify as verified

_WORDS: Final = {
    Finding.SAME: "the same",
    Finding.DIFFERENT: "with other audio",
    Finding.UNREADABLE: "unreadable",
    Finding.GONE: "gone",
}


def verify(catalog: Catalog, paths: Sequence[Path], *, as_json: bool) -> int:
    """Compares the audio of files with what the catalog saw.

    Returns:
        the exit code.

    Raises:
        CatalogError: a path is not in the catalog.
    """
    for path in paths:
        if not catalog.count([path]):
            raise CatalogError(path, "is not in the catalog", f'run `tagger tag "{nearby(path)}"` first')
    tally: Counter[Finding] = Counter()
    started = time.monotonic()
    try:
        with progress(catalog.count(paths)) as shown, closed_after(verified(catalog.seen(paths))) as results:
            for done, each in enumerate(results, start=1):
                tally[each.finding] += 1
                if as_json:
                    print_json(_object(each))
                elif each.finding is not Finding.SAME:
                    print_line(f"{nearby(each.path)}: {_words(each)}")
                shown.update(done, each.path.parent)
    except KeyboardInterrupt:
        print_problem("stopped")
        return STOPPED_EXIT_CODE
    if not as_json:
        found = ", ".join(f"{tally[each]:,} {text}" for each, text in _WORDS.items() if tally[each])
        took = duration_words(time.monotonic() - started)
        print_problem(f"{count_words(tally.total(), 'file')} verified in {took}: {found or 'nothing to compare'}")
    return 1 if tally.total() > tally[Finding.SAME] else 0


def _words(verified: Verified) -> str:
    if verified.finding is Finding.DIFFERENT:
        return "holds other audio than when it was analysed"
    return verified.reason


def _object(verified: Verified) -> Json:
    return {
        "path": printable(verified.path),
        "finding": verified.finding.value,
        "payload_hash": verified.kept,
        "found": verified.found,
        "reason": _words(verified) if verified.finding is not Finding.SAME else "",
    }
