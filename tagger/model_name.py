"""The name of a model without loading it: a network takes a second and 100 MB, and a daemon only asks who it is.

An ONNX file is one protobuf message (`ModelProto` of onnx.proto3). Its metadata are fields of number 14, pairs of
texts; all others are stepped over, the network itself too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Final

from tagger.errors import ModelError, reason_of

METADATA_KEY: Final = "instrument-tagger"

_METADATA: Final = 14
_VARINT, _FIXED_64, _TEXT, _FIXED_32 = 0, 1, 2, 5


def model_name(path: Path) -> str:
    """Name and version of a model, as `name@version`.

    Raises:
        ModelError: the file is missing, damaged, or no model of this program.
    """
    try:
        with path.open("rb") as file:
            pairs = dict(_metadata(file))
        card = json.loads(pairs[METADATA_KEY])
        return f"{card['name']}@{card['version']}"
    except OSError as error:
        raise ModelError(path, f"cannot be read: {reason_of(error)}") from error
    except (EOFError, KeyError, TypeError, ValueError) as error:
        raise ModelError(path, "is no model of this program", "make one with `python -m models build`") from error


def default_model() -> Path:
    """The model that comes with the program."""
    return Path(str(resources.files("models") / "instruments.onnx"))


def _metadata(file: BinaryIO) -> Iterator[tuple[str, str]]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    while file.tell() < size:
        number, kind = divmod(_varint(file), 8)
        length = _length(file, kind)
        if number == _METADATA and kind == _TEXT:
            end = file.tell() + length
            fields = {}
            while file.tell() < end:
                inner, _ = divmod(_varint(file), 8)
                fields[inner] = file.read(_varint(file)).decode()
            yield fields[1], fields[2]
        else:
            file.seek(length, os.SEEK_CUR)


def _length(file: BinaryIO, kind: int) -> int:
    """How many bytes the value of a field has after what says so."""
    if kind == _TEXT:
        return _varint(file)
    if kind == _VARINT:
        _varint(file)
        return 0
    return {_FIXED_64: 8, _FIXED_32: 4}[kind]


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while True:
        (byte,) = file.read(1) or _end()
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


def _end() -> bytes:
    raise EOFError
