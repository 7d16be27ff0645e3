"""The file in which Ableton Live 12 keeps the tags of a folder: merged, journalled and undone like tags in files.

It is written once for a folder, when all of the folder's files are through, and replaced in one step. The way back
holds the old file whole, and what was ours in it before and after, since the sidecar has no place for a mark
(`tagger.ableton`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from tagger import ableton
from tagger.catalog import Catalog, FieldText, Intent, Target, WriteRecord
from tagger.disk import TEMPORARY_PREFIX, TEMPORARY_SUFFIX, flush
from tagger.errors import TagFileError
from tagger.stamp import Stamp

Keywords: TypeAlias = tuple[str, ...]

_SEPARATOR: Final = ", "


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The sidecar of a folder as it is and as it is to be.

    Attributes:
        path: where Live keeps it.
        old: its bytes, None where there is none.
        new: its bytes after; equal to `old` where nothing is to be written.
        fields: the keywords of each file that changes.
        ours_before: of each file, which keywords were ours.
        ours_after: of each file, which are.
    """

    path: Path
    old: bytes | None
    new: bytes | None
    fields: tuple[FieldText, ...]
    ours_before: Mapping[str, Keywords]
    ours_after: Mapping[str, Keywords]

    @property
    def rewrites(self) -> bool:
        """Whether anything is to be written."""
        return self.new is not None and self.new != self.old

    def intent(self) -> Intent:
        """What the journal has to know of it."""
        return Intent(
            path=self.path,
            target=Target.SIDECAR,
            keeps_mtime=False,
            payload_hash=None,
            before_fingerprint=_digest(self.old),
            before=Stamp.of(self.path) or Stamp(0, 0),
            after_fingerprint=_digest(self.new),
            way_back=_packed(
                {
                    "old": None if self.old is None else base64.b64encode(self.old).decode(),
                    "ours_before": self.ours_before,
                    "ours_after": self.ours_after,
                }
            ),
            temporary=_temporary(self.path),
            fields=self.fields,
        )


def sidecar_of(catalog: Catalog, folder: Path, wanted: Mapping[str, Keywords]) -> Sidecar:
    """What the sidecar of a folder has to become.

    Args:
        catalog: remembers which keywords are ours.
        folder: the folder of the audio files.
        wanted: keywords by the names of files in it.

    Raises:
        ValueError: with the reason, if the sidecar cannot be changed safely.
        OSError: it cannot be read.
    """
    path = ableton.sidecar_path(folder)
    old = _content(path)
    ours = {name: catalog.live_tags(folder / name) for name in wanted}
    merged = ableton.merged(old, wanted, ours=ours)
    fields = tuple(
        FieldText(name, _SEPARATOR.join(before) or None, _SEPARATOR.join(after) or None)
        for name, (before, after) in merged.changes.items()
    )
    after = {name: merged.ours.get(name, ()) for name in wanted}
    return Sidecar(path, old, merged.data, fields, ours, after)


def put(path: Path, content: bytes, *, instead_of: bytes | None) -> None:
    """Puts a whole file in the place of the one that is there, or makes it, with its folder.

    Args:
        path: the file.
        content: what it is to hold.
        instead_of: what it held when that was made up; None for no file.

    Raises:
        TagFileError: if it holds something else by now; it is then untouched.
        OSError: if a step fails; it is then what it was.
    """
    path.parent.mkdir(exist_ok=True)
    new = _temporary(path)
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            flush(file.fileno())
        if _content(path) != instead_of:
            raise TagFileError(path, "was changed by another program meanwhile", "run again")
        if instead_of is not None:
            shutil.copymode(path, new)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def fingerprint(path: Path) -> str:
    """Identity of all bytes of a sidecar; "" where there is none."""
    return _digest(_content(path))


def restore(path: Path, way_back: bytes, stamp: Stamp) -> None:
    """Makes the old sidecar again, its time included; or none, where there was none."""
    old = _unpacked(way_back)["old"]
    if old is None:
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
        return
    put(path, base64.b64decode(old), instead_of=_content(path))
    os.utime(path, ns=(path.stat().st_atime_ns, stamp.mtime_ns))


def remember(catalog: Catalog, write: WriteRecord, *, is_undone: bool) -> None:
    """Notes which keywords are ours, once a sidecar was written or put back."""
    if write.intent.target is not Target.SIDECAR or not write.intent.way_back:
        return
    ours = _unpacked(write.intent.way_back)["ours_before" if is_undone else "ours_after"]
    folder = write.intent.path.parent.parent
    catalog.remember_live_tags({folder / name: tuple(tags) for name, tags in ours.items()})


def _temporary(path: Path) -> Path:
    return path.with_name(f"{TEMPORARY_PREFIX}{path.name}{TEMPORARY_SUFFIX}")


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _packed(value: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(value).encode())


def _unpacked(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(data))
    return value
