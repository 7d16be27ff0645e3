"""What stands for all bytes of a file, so that it can be told whether anybody changed it.

Of WAV and AIFF that is the hash of all that is no sample, and the payload's hash, which the catalog knows already: so
that the audio need not be read again to know what a file will be after its tags are changed. Of all else it is the
hash of the file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO, Final

from tagger.containers import MalformedError
from tagger.payload import hash_payload
from tagger.tagfile.chunks import CONTAINER_HEADER_SIZE, chunk_file_of

_BLOCK_BYTES: Final = 1 << 20


def fingerprint_of(path: Path, file: BinaryIO, *, payload: str | None = None) -> str:
    """The fingerprint of an open file.

    Args:
        path: for errors.
        file: the file; may be made up, as long as it can be read and sought.
        payload: the payload's hash, if it is known; the samples of WAV and AIFF are not read then.

    Raises:
        DecodeError: if the payload cannot be hashed.
        OSError: if the file cannot be read.
    """
    file.seek(0)
    chunks = chunk_file_of(file.read(CONTAINER_HEADER_SIZE))
    try:
        scanned = chunks.scan(file) if chunks else ()
    except (ValueError, MalformedError):
        scanned = ()
    samples = [chunk for chunk in scanned if chunks and chunk.id == chunks.audio_id]
    digest = hashlib.sha256()
    start = 0
    for chunk in samples:
        _add(digest, file, start, chunk.start)
        start = chunk.start + chunk.size
    _add(digest, file, start, None)
    if not samples:
        return digest.hexdigest()
    return f"{digest.hexdigest()}-{payload or hash_payload(path, file)}"


def _add(digest: hashlib._Hash, file: BinaryIO, start: int, end: int | None) -> None:
    """Adds the bytes from `start` to before `end`, or to the file's end."""
    file.seek(start)
    while block := file.read(_BLOCK_BYTES if end is None else min(_BLOCK_BYTES, end - start)):
        digest.update(block)
        start += len(block)
