"""Files that a user asked for by name: written beside their place, then put there in one step.

What stood there is replaced, as compilers, converters and shells do: who names an output asks for it. Until the
new file is complete the old one stays, so a full disk or Ctrl-C costs nothing. A device or pipe, such as
/dev/stdout, is written to directly.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tagger.disk import TEMPORARY_PREFIX, TEMPORARY_SUFFIX
from tagger.errors import OutputError, reason_of


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file open for writing that takes the place of `path` when the block ends without an error.

    Raises:
        OutputError: it cannot be written there.
    """
    try:
        if path.is_dir():
            raise OutputError(path, "is a folder", "name a file in it")
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        # Of a link, what it leads to is replaced.
        target = Path(os.path.realpath(path))
        temporary = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")
        try:
            with temporary.open("xb") as file:
                yield file
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(path, f"cannot be written: {reason_of(error)}") from error
