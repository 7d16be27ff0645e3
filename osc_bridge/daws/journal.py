"""What tracks were called before the bridge renamed them: one JSON object a line, never rewritten.

A DAW's own undo may be gone with the session; this is how every rename is taken back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from osc_bridge.errors import JournalError
from tagger.disk import flush
from tagger.errors import reason_of


@dataclass(frozen=True, slots=True)
class Rename:
    """One rename.

    Attributes:
        daw: which DAW.
        ref: of the track at that time.
        before: its name.
        after: the name we gave it.
        colour_before: 0xRRGGBB, or None where it was not changed.
        at_s: Unix time.
        is_reverted: whether this takes one back.
    """

    daw: str
    ref: str
    before: str
    after: str
    colour_before: int | None = None
    at_s: float = 0.0
    is_reverted: bool = False


class Journal:
    """The renames of all DAWs.

    Args:
        path: the file; made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._renames = list(self._read())

    def add(self, rename: Rename) -> None:
        """Notes a rename, on the disk before it is made.

        Raises:
            JournalError: it cannot be noted.
        """
        dated = Rename(**(asdict(rename) | {"at_s": time.time()}))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(dated)) + "\n")
                file.flush()
                flush(file.fileno())
        except OSError as error:
            reason = f"cannot be written: {reason_of(error)}"
            raise JournalError(self._path, reason, "no track is renamed without it") from error
        self._renames.append(dated)

    def standing(self, daw: str) -> list[Rename]:
        """The renames of a DAW that were not taken back, newest first."""
        standing: list[Rename] = []
        for rename in self._renames:
            if rename.daw != daw:
                continue
            if rename.is_reverted:
                standing = [each for each in standing if (each.before, each.after) != (rename.after, rename.before)]
            else:
                standing.append(rename)
        return standing[::-1]

    def is_ours(self, daw: str, name: str) -> bool:
        """Whether a name is one that we gave and did not take back."""
        return any(rename.after == name for rename in self.standing(daw))

    def _read(self) -> Iterator[Rename]:
        known = {field.name for field in fields(Rename)}
        with suppress(OSError):
            for line in self._path.read_text(encoding="utf-8").splitlines():
                # A line that was cut off by a power cut says nothing; those before it stand.
                with suppress(ValueError, TypeError):
                    yield Rename(**{key: value for key, value in json.loads(line).items() if key in known})
