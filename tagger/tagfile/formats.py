"""The formats that can hold instrument tags, told by what a file contains, never by its name.

This is the place for another format, and for a host's native fields in one of these: a row of the tables
names what reads and writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mutagen.asf import ASF
from mutagen.flac import FLAC
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wavpack import WavPack

from tagger.containers import IFF, RIFF, Container, end_of_leading_tags, sniff
from tagger.errors import TagFileError
from tagger.tagfile.chunks import ChunkFile
from tagger.tagfile.comments import NamedTexts, strict
from tagger.tagfile.id3 import MAGIC
from tagger.tagfile.id3_files import ChunkedId3, LeadingId3
from tagger.tagfile.tags import TagFormat

_FORMATS: Final[Mapping[Container, TagFormat]] = {
    Container.WAV: ChunkedId3("WAV", ChunkFile(b"RIFF", (b"WAVE",), RIFF, b"data"), b"id3 "),
    Container.AIFF: ChunkedId3("AIFF", ChunkFile(b"FORM", (b"AIFF", b"AIFC"), IFF, b"SSND"), b"ID3 "),
    Container.FLAC: NamedTexts("FLAC", strict(FLAC)),
    Container.MP4: NamedTexts("MP4", MP4, prefix="----:com.apple.iTunes:", as_bytes=True),
    Container.ASF: NamedTexts("Windows Media", ASF),
    Container.WAVPACK: NamedTexts("WavPack", WavPack, padded=False),
}
_OGG_FORMATS: Final[Mapping[bytes, TagFormat]] = {
    b"\x01vorbis": NamedTexts("Ogg Vorbis", strict(OggVorbis)),
    b"OpusHead": NamedTexts("Opus", strict(OggOpus)),
    b"\x7fFLAC": NamedTexts("Ogg FLAC", strict(OggFLAC)),
}
_MPEG_FORMAT: Final = LeadingId3("MP3")
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


def format_of(path: Path) -> TagFormat:
    """The format of a file.

    Raises:
        UntaggableError: if it has no place for tags.
        TagFileError: if it is no audio that this program knows.
        ValueError: with the reason, if an ID3 tag stands where none may be.
        OSError: if it cannot be read.
    """
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
        raise TagFileError(path, "is of no format that can hold tags", _CATALOG_ONLY)
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
