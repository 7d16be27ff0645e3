"""Every error of tagging as one line about the file that was asked for, not about a link's target or a copy."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tagger.containers import MalformedError
from tagger.errors import TagFileError, TaggerError, reason_of
from tagger.tagfile.formats import UnfitError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Makes a `TagFileError` about `path` of what goes wrong in the block, an `UnfitError` if the file is to blame."""
    try:
        yield
    except TagFileError as error:
        raise type(error)(path, error.reason, error.advice) from error
    except PermissionError as error:
        advice = "open in another program, or protected; close it there, or allow writing, and run again"
        raise TagFileError(path, "no permission to tag it", advice) from error
    except OSError as error:
        advice = "free some space and run again" if error.errno in _FULL else ""
        raise TagFileError(path, f"cannot be tagged: {reason_of(error)}", advice) from error
    except TaggerError as error:
        raise TagFileError(path, error.reason, error.advice) from error
    except (ValueError, MalformedError) as error:
        advice = "left untouched, kept in the catalog only"
        raise UnfitError(path, f"cannot be tagged safely: {error}", advice) from error
