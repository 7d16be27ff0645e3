"""Files whose tags are named texts, by mutagen: FLAC, Ogg, MP4, WavPack and their like.

Mutagen repairs Vorbis comments that break the rules (text that is not UTF-8, impossible names) by
changing or dropping them. Here such a file is refused instead.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from tagger.tagfile.fields import keys_of
from tagger.tagfile.tags import SEPARATOR, Contents, Edits, Scheme, Section

# What is there is kept within reason; what is new is small, not the customary 1 % of the file.
_PADDING: Final = 1024
_MOST_PADDING: Final = 65536
_FLAC_COMMENT_BLOCK: Final = 4


@dataclass(frozen=True, slots=True)
class NamedTexts:
    """A format of mutagen's with free-form tags.

    Attributes:
        scheme: how it keeps fields.
        file_type: mutagen's class.
        binary_prefix: what the keys of texts start with that mutagen takes encoded, if any.
        padded: whether mutagen asks how much padding to leave.
        looked_at: reads, without mutagen, what it would repair; raises `ValueError` where that must not be.
    """

    scheme: Scheme
    file_type: Any
    binary_prefix: str = ""
    padded: bool = True
    looked_at: Callable[[Path], Hashable] | None = None

    def read(self, path: Path) -> Contents:
        """Reads the tags; `foreign` are all others.

        Raises:
            ValueError: with the reason, if they cannot be read, or mutagen would repair them.
        """
        file = self._open(path)
        values: dict[str, str] = {}
        foreign = []
        for key, value in _items(file.tags):
            if not (field := self._key(key)):
                foreign.append((key, repr(value)))
            elif text := _text(value):
                values[field] = SEPARATOR.join(filter(None, (values.get(field), text)))
        # MP4 is written in an order of mutagen's.
        ordered = tuple(sorted(foreign, key=itemgetter(0)))
        return Contents((Section(self.scheme, values),), ordered)

    def rest(self, path: Path) -> Hashable:
        """What is neither tag nor audio, or None.

        Raises:
            ValueError: with the reason, if mutagen would repair it.
        """
        return self.looked_at and self.looked_at(path)

    def write(self, source: Path, target: Path, edits: Edits) -> None:
        """Copies the file, then changes the fields in the copy."""
        shutil.copyfile(source, target)
        file = self._open(target)
        if file.tags is None:
            file.add_tags()
        values = edits[self.scheme]
        for key in {key for key, _ in _items(file.tags) if self._key(key) in values}:
            del file.tags[key]
        for key, value in values.items():
            if value:
                is_binary = self.binary_prefix and key.startswith(self.binary_prefix)
                file.tags[key] = [value.encode() if is_binary else value]
        with _mutagen_errors("written"):
            file.save(target, **({"padding": _padding} if self.padded else {}))

    def _open(self, path: Path) -> Any:
        with _mutagen_errors("read"):
            return self.file_type(path)

    def _key(self, key: str) -> str | None:
        """The key of a field of ours as the table has it; case does not count."""
        return next((each for each in keys_of(self.scheme) if each.upper() == key.upper()), None)


def strict(file_type: Any) -> Any:
    """A class of mutagen's with Vorbis comments, which refuses what it would otherwise repair."""
    if hasattr(file_type, "METADATA_BLOCKS"):
        blocks = list(file_type.METADATA_BLOCKS)
        blocks[_FLAC_COMMENT_BLOCK] = _strict_comment(blocks[_FLAC_COMMENT_BLOCK])
        return type(file_type.__name__, (file_type,), {"METADATA_BLOCKS": blocks})
    return type(file_type.__name__, (file_type,), {"_Tags": _strict_comment(file_type._Tags)})


def _strict_comment(comment_type: Any) -> Any:
    def load(self: Any, data: Any, **options: Any) -> None:
        start = data.tell()
        comment_type.load(self, data, **{**options, "errors": "strict"})
        end = data.tell()
        data.seek(start)
        vendor_size = int.from_bytes(data.read(4), "little")
        data.seek(vendor_size, 1)
        if int.from_bytes(data.read(4), "little") != len(self):
            raise ValueError("a comment has an impossible name")
        data.seek(end)

    return type(comment_type.__name__, (comment_type,), {"load": load})


@contextmanager
def _mutagen_errors(verb: str) -> Iterator[None]:
    """Makes a reason of whatever mutagen raises; damaged files let all sorts of errors through it."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"its tags cannot be {verb}: {error}") from error


def _items(tags: Any) -> list[tuple[str, Any]]:
    if tags is None:
        return []
    return list(tags if isinstance(tags, list) else tags.items())


def _text(value: object) -> str:
    if isinstance(value, list):
        return SEPARATOR.join(filter(None, map(_text, value)))
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return SEPARATOR.join(filter(None, text.split("\0")))


def _padding(info: Any) -> int:
    kept = 0 <= info.padding <= _MOST_PADDING
    return int(info.padding) if kept else _PADDING
