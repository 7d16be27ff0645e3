"""MPEG audio behind its ID3 tag. Everything but the tag is copied as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tagger.tagfile.fields import keys_of
from tagger.tagfile.id3 import HEADER_SIZE, MAGIC, Id3Tag, parse, total_size
from tagger.tagfile.tags import Contents, Edits, Scheme, Section

_BUFFER_SIZE: Final = 1 << 20
# Enough for other programs' next edit, without the 1 % of the file that is customary elsewhere.
_PADDING: Final = 512
_KEYS: Final = keys_of(Scheme.ID3)


class LeadingId3:
    """MPEG audio."""

    def read(self, path: Path) -> Contents:
        """Reads the tag; `foreign` are all other frames.

        Raises:
            ValueError: with the reason, if the tag is damaged.
        """
        tag, _ = _leading_tag(path)
        return Contents((Section(Scheme.ID3, tag.values(_KEYS)),), tag.foreign(_KEYS))

    def rest(self, path: Path) -> None:
        """Nothing; what is behind the tag is copied as it is."""
        del path

    def write(self, source: Path, target: Path, edits: Edits) -> None:
        """Copies what is behind the tag as it is; the tag keeps its size where there is room."""
        tag, size = _leading_tag(source)
        new = tag.with_values(edits[Scheme.ID3]).render(size=size, padding=_PADDING)
        with source.open("rb") as old_file, target.open("wb") as new_file:
            new_file.write(new)
            old_file.seek(size)
            shutil.copyfileobj(old_file, new_file, _BUFFER_SIZE)


def _leading_tag(path: Path) -> tuple[Id3Tag, int]:
    with path.open("rb") as file:
        head = file.read(HEADER_SIZE)
        size = total_size(head) if head.startswith(MAGIC) else 0
        file.seek(0)
        data = file.read(size)
        if file.read(len(MAGIC)) == MAGIC:
            raise ValueError("it starts with more than one ID3 tag")
    return (parse(data) if size else Id3Tag()), size
