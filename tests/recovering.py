"""What a journal has to remember before a write, and how it makes good a write that was cut short."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import NamedTuple, Self

from tagger import tagfile
from tagger.tagfile import Claim, FileState


class Memory(NamedTuple):
    """All that is known before the first byte is written."""

    before: FileState
    after_fingerprint: str
    way_back: bytes
    temporary: Path | None

    @classmethod
    def of(cls, rewrite: tagfile.Rewrite) -> Self:
        return cls(rewrite.before, rewrite.after_fingerprint, rewrite.way_back, rewrite.temporary)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """None where the write had not come so far."""
        return cls(*pickle.loads(path.read_bytes())) if path.exists() else None

    def save(self, path: Path) -> None:
        new = path.with_suffix(".new")
        new.write_bytes(pickle.dumps(tuple(self)))
        new.replace(path)

    def recover(self, path: Path) -> None:
        """Ends a write in the old bytes or the new ones."""
        if self.temporary:
            self.temporary.unlink(missing_ok=True)
        if tagfile.fingerprint(path) not in (self.before.fingerprint, self.after_fingerprint):
            tagfile.restore(path, self.way_back, self.before.stamp)


def tag(path: Path, claim: Claim, memory: Path) -> None:
    """Writes tags as the program does: remembered first, then written."""
    with tagfile.prepare(path, claim) as rewrite:
        Memory.of(rewrite).save(memory)
        rewrite.commit()
