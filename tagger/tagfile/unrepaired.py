"""FLAC and Ogg files, looked at strictly before mutagen rewrites them, since it repairs what it rewrites.

Mutagen gives each page of an Ogg stream a new number and checksum when the comments before it change. A page that
decoders leave out because it is damaged, or a gap where one is lost, would sound otherwise afterwards. FLAC's blocks it
writes as it understood them. A file that is not in order is therefore refused.

Source: RFC 3533 (Ogg); RFC 9639 (FLAC).
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO, Final

from tagger.containers import end_of_leading_tags

_PAGE: Final = b"OggS"
_PAGE_HEADER_SIZE: Final = 27
_CHECKSUM: Final = slice(22, 26)
_FLAC_MAGIC_SIZE: Final = 4
_FLAC_PADDING: Final = 1
_FLAC_COMMENT: Final = 4
_BITS_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def flac_blocks(path: Path) -> tuple[tuple[int, bytes], ...]:
    """The blocks of a FLAC file as they are, by type and in order; padding and comments are left out."""
    blocks = []
    with path.open("rb") as file:
        file.seek(end_of_leading_tags(file) + _FLAC_MAGIC_SIZE)
        is_last = False
        while not is_last and len(header := file.read(4)) == 4:
            is_last, kind = header[0] >= 0x80, header[0] & 0x7F
            contents = file.read(int.from_bytes(header[1:], "big"))
            if kind not in (_FLAC_PADDING, _FLAC_COMMENT):
                blocks.append((kind, contents))
    return tuple(blocks)


def check_ogg_pages(path: Path) -> None:
    """Raises `ValueError` unless an Ogg file is all pages, none of them damaged or missing."""
    numbers: dict[bytes, int] = {}
    with path.open("rb") as file:
        file.seek(end_of_leading_tags(file))
        while page := _page(file):
            serial, number = page[14:18], int.from_bytes(page[18:22], "little")
            if numbers.get(serial, number) != number:
                raise ValueError(f"a page is missing before byte {file.tell() - len(page)}")
            numbers[serial] = (number + 1) & 0xFFFFFFFF
            if _checksum(page) != page[_CHECKSUM]:
                raise ValueError(f"its page at byte {file.tell() - len(page)} is damaged")
        if _PAGE in file.read():
            raise ValueError("something stands between its pages")


def _page(file: BinaryIO) -> bytes:
    """The next page; b"" where none begins."""
    start = file.tell()
    header = file.read(_PAGE_HEADER_SIZE)
    if not header.startswith(_PAGE) or len(header) < _PAGE_HEADER_SIZE:
        file.seek(start)
        return b""
    lacing = file.read(header[26])
    return header + lacing + file.read(sum(lacing))


def _checksum(page: bytes) -> bytes:
    """Ogg's checksum: zlib's polynomial with all bits the other way round, begun with zeros and not inverted."""
    without = page[: _CHECKSUM.start] + bytes(4) + page[_CHECKSUM.stop :]
    reversed_sum = zlib.crc32(without.translate(_BITS_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return reversed_sum.to_bytes(4, "big").translate(_BITS_REVERSED)
