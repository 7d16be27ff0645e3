"""The formats that can hold instrument tags, told by what a file contains, never by its name.

This is the place for another format: a row of the tables names what reads and writes it. Which fields it holds is in
the table of `fields`.
"""

from __future__ import annotations

import stat
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Final, Protocol

from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wavpack import WavPack

from tagger.containers import Container, end_of_leading_tags, sniff
from tagger.errors import TagFileError
from tagger.tagfile.chunked import AIFF, WAV, ChunkedTags
from tagger.tagfile.comments import NamedTexts, strict
from tagger.tagfile.id3 import MAGIC
from tagger.tagfile.mpeg import LeadingId3
from tagger.tagfile.tags import Contents, Edits, Scheme
from tagger.tagfile.unrepaired import check_ogg_pages, flac_blocks


class CopyFormat(Protocol):
    """A format whose files are written anew as a whole."""

    def read(self, path: Path) -> Contents:
        """Reads the tags; raises `ValueError` with the reason where they would not survive a write."""

    def rest(self, path: Path) -> Hashable:
        """What else must survive a write; raises `ValueError` with the reason where it would not. Reads whole files."""

    def write(self, source: Path, target: Path, edits: Edits) -> None:
        """Fills `target` with `source`, with other values of fields."""


TagFormat = ChunkedTags | CopyFormat

_FORMATS: Final[Mapping[Container, TagFormat]] = {
    Container.WAV: WAV,
    Container.AIFF: AIFF,
    Container.FLAC: NamedTexts(Scheme.VORBIS, strict(FLAC), looked_at=flac_blocks),
    Container.MP4: NamedTexts(Scheme.MP4, MP4, binary_prefix="----"),
    Container.ASF: NamedTexts(Scheme.ASF, ASF),
    Container.WAVPACK: NamedTexts(Scheme.APE, WavPack, padded=False),
}
_OGG_FORMATS: Final[Mapping[bytes, TagFormat]] = {
    b"\x01vorbis": NamedTexts(Scheme.VORBIS, strict(OggVorbis), looked_at=check_ogg_pages),
    b"OpusHead": NamedTexts(Scheme.VORBIS, strict(OggOpus), looked_at=check_ogg_pages),
    b"\x7fFLAC": NamedTexts(Scheme.VORBIS, strict(OggFLAC), looked_at=check_ogg_pages),
}
_MPEG_FORMAT: Final = LeadingId3()
_WITHOUT_TAGS: Final[Mapping[Container, str]] = {
    Container.CAF: "CAF",
    Container.AU: "AU",
    Container.W64: "Wave64",
    Container.ADTS: "raw AAC",
}

_HEAD_SIZE: Final = 64
_OGG_PAGE_HEADER_SIZE: Final = 28
_CATALOG_ONLY: Final = "kept in the catalog only"


class UntaggableError(TagFileError):
    """Raised for a sound file whose format has no place for tags; nothing is wrong with the file."""


class UnfitError(TagFileError):
    """Raised for a file that is built so that it cannot be tagged safely, and will not be until it is changed."""


def format_of(path: Path) -> TagFormat:
    """The format of a file.

    Raises:
        UntaggableError: if it has no place for tags.
        UnfitError: if it is no audio that this program knows.
        ValueError: with the reason, if an ID3 tag stands where none may be.
        OSError: if it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise TagFileError(path, "is not a regular file")
    with path.open("rb") as file:
        start = end_of_leading_tags(file)
        file.seek(start)
        head = file.read(_HEAD_SIZE)
    container = sniff(head)
    name = _WITHOUT_TAGS.get(container, "")
    if container is Container.WAV and not head.startswith(b"RIFF"):
        name = head[:4].decode()
    if name:
        raise UntaggableError(path, f"{name} files cannot hold tags", _CATALOG_ONLY)
    if start and container in (Container.WAV, Container.AIFF):
        raise ValueError("an ID3 tag stands in front of its header")
    found = _format(container, head, tagged=start > 0 or head.startswith(MAGIC))
    if found is None:
        raise UnfitError(path, "is of no format that can hold tags", _CATALOG_ONLY)
    return found


def _format(container: Container, head: bytes, *, tagged: bool) -> TagFormat | None:
    if container is Container.OGG:
        codec = head[_OGG_PAGE_HEADER_SIZE:]
        return next((found for magic, found in _OGG_FORMATS.items() if codec.startswith(magic)), None)
    if container is Container.OTHER:
        return _MPEG_FORMAT if tagged or _is_mpeg_frame(head) else None
    return _FORMATS.get(container)


def _is_mpeg_frame(head: bytes) -> bool:
    # 11 bits of synchronisation, then a layer that exists; layer 0 is AAC.
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and bool(head[1] & 0x06)
