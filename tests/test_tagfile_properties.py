"""Whatever chunks and frames a file is made of, they survive; whatever is broken is refused or unharmed."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import mutagen.id3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger import tagfile
from tagger.errors import TagFileError
from tagger.payload import payload_hash
from tagger.results import Kind
from tagger.tagfile import Claim, id3
from tagger.taxonomy import FAMILIES, LEAVES
from tests.tagged_audio import MAKERS, claim, made, syncsafe, write

claims = st.builds(
    Claim,
    st.lists(st.sampled_from([*LEAVES, *FAMILIES, "a_label; of one's (own)"]), unique=True, max_size=4).map(tuple),
    st.sampled_from(Kind),
)
contents = st.binary(max_size=40)
chunk_ids = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=4, max_size=4).map(str.encode)
TAGS_AND_AUDIO = (b"id3 ", b"list", b"ixml", b"_pmx", b"data", b"ssnd", b"fmt ", b"comm")
foreign_ids = chunk_ids.filter(lambda name: name.lower() not in TAGS_AND_AUDIO)
foreign_chunks = st.lists(st.tuples(foreign_ids, contents), max_size=5)

audio_bytes = st.binary(min_size=1, max_size=40)

FMT = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 48000, 48000, 1, 8))
COMM = (b"COMM", struct.pack(">hIh", 1, 3, 8) + b"\x40\x0e\xbb\x80" + bytes(6))


@pytest.fixture(autouse=True, scope="module")
def _no_waiting_for_disks() -> Iterator[None]:
    with mock.patch("os.fsync"):
        yield


def container(order: str, head: bytes, kind: bytes, parts: list[tuple[bytes, bytes]]) -> bytes:
    body = kind + b"".join(
        name + struct.pack(f"{order}I", len(data)) + data + bytes(len(data) % 2) for name, data in parts
    )
    return head + struct.pack(f"{order}I", len(body)) + body


@given(st.booleans(), foreign_chunks, foreign_chunks, audio_bytes, st.lists(claims, min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_any_chunks_survive_tagging_and_the_way_back(
    aiff: bool,
    front: list[tuple[bytes, bytes]],
    back: list[tuple[bytes, bytes]],
    audio: bytes,
    said: list[Claim],
) -> None:
    if aiff:
        before = container(">", b"FORM", b"AIFF", [*front, COMM, *back, (b"SSND", bytes(8) + audio)])
    else:
        before = container("<", b"RIFF", b"WAVE", [*front, FMT, (b"data", audio), *back])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sound")
        path.write_bytes(before)
        identity = payload_hash(path)
        states = []
        for each in said:
            state = path.read_bytes()
            with tagfile.prepare(path, each) as rewrite:
                assert path.read_bytes() == state
                rewrite.commit()
            states.append((state, rewrite))
            assert path.read_bytes()[8 : len(before)] == before[8:]
            assert payload_hash(path) == identity
            assert not tagfile.plan(path, each).rewrites
        for state, rewrite in reversed(states):
            if rewrite.change.rewrites:
                tagfile.restore(path, rewrite.way_back, rewrite.before.stamp)
            assert path.read_bytes() == state


frame_names = st.from_regex(r"[A-Z][A-Z0-9]{3}", fullmatch=True)
frames_v24 = st.lists(
    st.tuples(frame_names, st.binary(max_size=300), st.integers(0, 0xFFFF)).map(
        lambda frame: frame[0].encode() + syncsafe(len(frame[1])) + frame[2].to_bytes(2, "big") + frame[1]
    ),
    max_size=6,
)
frames_v23 = st.lists(
    st.tuples(frame_names, st.binary(max_size=300), st.integers(0, 0xFFFF)).map(
        lambda frame: frame[0].encode() + struct.pack(">IH", len(frame[1]), frame[2]) + frame[1]
    ),
    max_size=6,
)
frames_v22 = st.lists(
    st.tuples(frame_names, st.binary(max_size=300)).map(
        lambda frame: frame[0][:3].encode() + len(frame[1]).to_bytes(3, "big") + frame[1]
    ),
    max_size=6,
)
tags = st.one_of(
    st.tuples(st.just(2), frames_v22), st.tuples(st.just(3), frames_v23), st.tuples(st.just(4), frames_v24)
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), min_size=1, max_size=20)


@given(tags, st.sampled_from(["TXXX:INSTRUMENT", "TCON"]), texts, st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_any_frames_survive_a_new_text(
    versioned_frames: tuple[int, list[bytes]], key: str, text: str, padding: int
) -> None:
    version, frames = versioned_frames
    before = id3.Id3Tag(version, 0, tuple(frames))
    assert id3.parse(before.render(padding=padding) or b"ID3\x03\0\0\0\0\0\0").frames == before.frames

    rendered = before.with_values({key: text}).render(padding=padding)

    after = id3.parse(rendered)
    assert after.version == version
    assert after.foreign({key}) == before.foreign({key})
    assert after.values({key}) == {key: text}
    assert after.with_values({key: ""}).frames == before.foreign({key})


@given(st.sampled_from([2, 3, 4]), texts, st.integers(0, 50))
@settings(max_examples=100, deadline=None)
def test_mutagen_reads_the_text_that_was_written(version: int, text: str, padding: int) -> None:
    rendered = id3.Id3Tag(version).with_values({"TXXX:INSTRUMENT": text, "TCON": "Tom"}).render(padding=padding)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tag")
        path.write_bytes(rendered)
        tag = mutagen.id3.ID3(path)
        assert (tag["TXXX:INSTRUMENT"].text, tag["TCON"].text) == ([text], ["Tom"])


mutations: list[Callable[[bytes, int, bytes], bytes]] = [
    lambda data, at, new: data[:at] + new + data[at + len(new) :],
    lambda data, at, new: data[:at] + new + data[at:],
    lambda data, at, new: data[:at] + data[at + len(new) :],
    lambda data, at, _: data[:at],
    lambda data, _, new: data + new,
]


@given(
    st.sampled_from(sorted(MAKERS)),
    st.sampled_from(mutations),
    st.one_of(st.integers(0, 200), st.integers(0, 5000)),
    st.binary(min_size=1, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_a_mutated_file_is_refused_or_keeps_its_audio(
    name: str, mutate: Callable[[bytes, int, bytes], bytes], at: int, new: bytes
) -> None:
    before = mutate(made(name), at, new)
    with tempfile.TemporaryDirectory() as folder:
        path, untagged = Path(folder, name), Path(folder, "untagged")
        path.write_bytes(before)
        try:
            change = write(path, claim("kick"))
        except TagFileError:
            assert path.read_bytes() == before
        else:
            untagged.write_bytes(before)
            assert not change.rewrites or payload_hash(path) == payload_hash(untagged)
            untagged.unlink()
        assert list(Path(folder).iterdir()) == [path]
