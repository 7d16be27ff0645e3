"""Instrument tags in audio files, written so that neither audio nor anybody else's tags can be harmed.

A file is looked at strictly, then built anew beside the old one with the tags in it, compared with it, and
only then put in its place (`replacing`). What is malformed is refused, untouched. What would not change is
not written. `plan` says what `apply` would do; both go the same way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tagger.containers import MalformedError
from tagger.errors import TagFileError, TaggerError
from tagger.payload import payload_hash
from tagger.tagfile.formats import UntaggableError, format_of
from tagger.tagfile.replacing import check_replaceable, replacement
from tagger.tagfile.tags import Action, Change, TagFormat, Tags, decide, values_after

__all__ = ["Action", "Change", "UntaggableError", "apply", "plan", "read"]

_UNTOUCHED = "left untouched, kept in the catalog only"


def read(path: Path) -> Mapping[str, str]:
    """The fields of this program's that a file holds: `INSTRUMENT` and `INSTRUMENT_BY_TAGGER`.

    Raises:
        TagFileError: if the file cannot be read, is damaged, or of a format without tags.
    """
    with _reasons(path):
        return format_of(path).read(path).values


def plan(path: Path, instruments: Sequence[str]) -> Change:
    """What `apply` would do; writes nothing.

    Args:
        path: the audio file; a symbolic link stands for what it points to.
        instruments: labels that may be claimed of the file, best first; empty claims nothing.

    Raises:
        TagFileError: if the file could not be tagged safely, with the reason.
    """
    with _reasons(path):
        return _examine(path, instruments)[0]


def apply(path: Path, instruments: Sequence[str]) -> Change:
    """Writes the instruments into the file's tags; somebody else's instrument tag stays.

    Args:
        path: the audio file; a symbolic link stands for what it points to.
        instruments: labels that may be claimed of the file, best first; empty claims nothing, and takes
            away what was claimed before.

    Raises:
        TagFileError: if the file cannot be tagged safely, with the reason; it is then untouched.
    """
    with _reasons(path):
        change, target, tag_format, tags = _examine(path, instruments)
        if change.rewrites:
            with replacement(target) as new:
                tag_format.write(target, new, values_after(change))
                _verify(target, new, tag_format, Tags(values_after(change), tags.foreign))
        return change


def _examine(path: Path, instruments: Sequence[str]) -> tuple[Change, Path, TagFormat, Tags]:
    target = Path(os.path.realpath(path, strict=True))
    tag_format = format_of(target)
    tags = tag_format.read(target)
    change = decide(path, tags, instruments)
    if change.rewrites:
        check_replaceable(target)
    return change, target, tag_format, tags


def _verify(old: Path, new: Path, tag_format: TagFormat, expected: Tags) -> None:
    if tag_format.read(new) != expected:
        raise ValueError("other tags would not survive the writing")
    if payload_hash(new) != payload_hash(old):
        raise ValueError("the audio would not survive the writing")


@contextmanager
def _reasons(path: Path) -> Iterator[None]:
    """Makes of every error a `TagFileError` about `path` itself, not about a link's target or a copy."""
    try:
        yield
    except UntaggableError as error:
        raise UntaggableError(path, error.reason, error.advice) from error
    except PermissionError as error:
        advice = "open in another program, or protected; close it there, or allow writing, and run again"
        raise TagFileError(path, "no permission to tag it", advice) from error
    except OSError as error:
        raise TagFileError(path, f"cannot be tagged: {error.strerror or error}") from error
    except TaggerError as error:
        raise TagFileError(path, error.reason, error.advice) from error
    except (ValueError, MalformedError) as error:
        raise TagFileError(path, f"cannot be tagged safely: {error}", _UNTOUCHED) from error
