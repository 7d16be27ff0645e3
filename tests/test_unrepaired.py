"""Damage that mutagen would repair in passing, and so make audible: such files are refused untouched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tagger import tagfile
from tagger.errors import TagFileError
from tagger.results import Kind
from tagger.tagfile import Claim
from tests.tagged_audio import make

KICK = Claim(("kick",), Kind.ONE_SHOT)


def last_page(data: bytes) -> int:
    return data.rindex(b"OggS")


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "is damaged": lambda data: data[:-1] + bytes((data[-1] ^ 1,)),
    "page is missing": lambda data: data[: last_page(data) + 18] + b"\x09" + data[last_page(data) + 19 :],
    "between its pages": lambda data: data[: last_page(data)] + b"garbage" + data[last_page(data) :],
}


@pytest.mark.parametrize("reason", DAMAGES)
@pytest.mark.parametrize("name", ["vorbis.ogg", "opus.opus", "flac.oga"])
def test_an_ogg_file_with_pages_out_of_order_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    path = make(tmp_path, name)
    damaged = DAMAGES[reason](path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(TagFileError, match=reason):
        tagfile.plan(path, KICK)
    assert path.read_bytes() == damaged


def test_a_damaged_page_hides_no_tag(tmp_path: Path) -> None:
    path = make(tmp_path, "vorbis.ogg")
    with tagfile.prepare(path, KICK) as rewrite:
        rewrite.commit()
    path.write_bytes(DAMAGES["is damaged"](path.read_bytes()))
    assert tagfile.read(path).instrument == "Kick"
    assert not tagfile.plan(path, KICK).rewrites


def test_bytes_behind_the_last_page_are_none_of_our_business(tmp_path: Path) -> None:
    path = make(tmp_path, "vorbis.ogg")
    path.write_bytes(path.read_bytes() + b"TAG" + bytes(125))
    with tagfile.prepare(path, KICK) as rewrite:
        rewrite.commit()
    assert path.read_bytes().endswith(b"TAG" + bytes(125))


def test_a_flac_block_that_would_be_written_otherwise_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path, "lossless.flac")
    data = path.read_bytes()
    head, rest = data[:42], data[42:]
    points = b"\x03\0\0\x28" + bytes(40)  # two seek points and a bit
    path.write_bytes(head[:4] + b"\0" + head[5:] + points + rest)
    before = path.read_bytes()
    with pytest.raises(TagFileError, match="other tags would not survive"), tagfile.prepare(path, KICK):
        pass
    assert path.read_bytes() == before
