"""Sound over HTTP: every part of it, in every format, and its pictures."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tagger.catalog import Query
from tests.audio_files import FORMATS, SAMPLE_RATE, signal
from tests.catalog_entries import entry
from tests.http_api import Served, served
from tests.made_up import analysis

LENGTH = 30_000
AS_IT_IS = {"wav-u8": "audio/wav", "wav-16": "audio/wav", "flac-16": "audio/flac", "flac-24": "audio/flac"} | {
    "mp3": "audio/mpeg"
}


@pytest.fixture(scope="module")
def served_formats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, int]]]:
    """A file of each format, by its number; the last ones are special."""
    folder = tmp_path_factory.mktemp("sound")
    with served(folder / "catalog.db") as api:
        root = folder / "Samples"
        root.mkdir()
        api.catalog.roots.add(root)
        ids = {}
        for name, form in FORMATS.items():
            (root / name).mkdir()
            path = form.file(root / name, signal(LENGTH))
            ids[name] = _add(api, path, duration_s=LENGTH / SAMPLE_RATE)
        yield api, ids


def _add(api: Served, path: Path, *, duration_s: float = 1.0) -> int:
    status = path.stat()
    known = analysis(path.parent.name + path.name, "kick", duration_s=duration_s)
    api.catalog.record([entry(path, known, size=status.st_size, mtime_ns=status.st_mtime_ns)])
    (hit,) = [hit for hit in api.catalog.find(Query()) if hit.path == path]
    return hit.id


def _get(api: Served, file_id: int, **headers: str) -> httpx.Response:
    return api.client.get(
        f"/api/files/{file_id}/audio", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_sent_as_something_that_browsers_play(
    served_formats: tuple[Served, dict[str, int]], name: str
) -> None:
    api, ids = served_formats
    answer = _get(api, ids[name])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == AS_IT_IS.get(name, "audio/wav")
    sound, rate = soundfile.read(io.BytesIO(answer.content), dtype="float32", always_2d=True)
    assert rate == SAMPLE_RATE
    assert LENGTH <= len(sound) <= LENGTH + (1100 if name == "wav-adpcm" else 0)
    if name not in AS_IT_IS:
        assert soundfile.info(io.BytesIO(answer.content)).subtype == "PCM_16"
    # Codecs without a field for it begin with some silence of the encoder, or end with it.
    delay = _delay(sound[:, 0]) if name in ("aac", "wma") else 0
    middle = slice(4000, LENGTH - 6000)
    error = np.abs(sound[middle.start + delay : middle.stop + delay] - signal(LENGTH)[middle])
    assert error.max() <= FORMATS[name].tolerance + 1e-4


def _delay(sound: npt.NDArray[np.float32]) -> int:
    true = signal(LENGTH)[10_000:12_000, 0]
    errors = [np.abs(sound[10_000 + delay : 12_000 + delay] - true).sum() for delay in range(-3000, 4000)]
    return int(np.argmin(errors)) - 3000


@pytest.mark.parametrize("name", ["wav-16", "wav-24", "aifc-float", "m4a-alac", "ogg"])
def test_any_range_is_a_part_of_the_whole(served_formats: tuple[Served, dict[str, int]], name: str) -> None:
    api, ids = served_formats
    whole = _get(api, ids[name]).content

    @given(start=st.integers(0, len(whole) - 1), length=st.integers(1, 50_000))
    @settings(max_examples=12, deadline=None)
    def check(start: int, length: int) -> None:
        answer = _get(api, ids[name], range=f"bytes={start}-{start + length - 1}")
        assert answer.status_code == 206
        assert answer.content == whole[start : start + length]
        assert answer.headers["content-range"] == (f"bytes {start}-{min(start + length, len(whole)) - 1}/{len(whole)}")

    check()
    assert _get(api, ids[name], range=f"bytes={len(whole) - 7}-").content == whole[-7:]
    assert _get(api, ids[name], range="bytes=-5").content == whole[-5:]


def test_ranges_that_make_no_sense(served_formats: tuple[Served, dict[str, int]]) -> None:
    api, ids = served_formats
    size = len(_get(api, ids["wav-24"]).content)
    beyond = _get(api, ids["wav-24"], range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=5-2", "bytes=-", "pigs=1-2", "bytes=0-1,4-5", "bytes=x-"):
        assert len(_get(api, ids["wav-24"], range=ignored).content) == size


def test_what_a_browser_has_is_not_sent_again(served_formats: tuple[Served, dict[str, int]]) -> None:
    api, ids = served_formats
    for name in ("wav-16", "wav-24"):
        tag = _get(api, ids[name]).headers["etag"]
        again = _get(api, ids[name], if_none_match=f'"other", {tag}')
        assert (again.status_code, again.content) == (304, b"")
        assert _get(api, ids[name], if_range=tag, range="bytes=0-9").status_code == 206
        assert _get(api, ids[name], if_range='"old"', range="bytes=0-9").status_code == 200
        head = api.client.head(f"/api/files/{ids[name]}/audio")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(_get(api, ids[name]).content)


@pytest.fixture
def folder(served_formats: tuple[Served, dict[str, int]], tmp_path: Path) -> Path:
    api, _ = served_formats
    api.catalog.roots.add(tmp_path)
    return tmp_path


def test_a_file_that_is_gone_or_changed_or_no_audio_is_said_so(
    served_formats: tuple[Served, dict[str, int]], folder: Path
) -> None:
    api, _ = served_formats
    path = FORMATS["wav-24"].file(folder, signal(2000))
    file_id = _add(api, path, duration_s=2000 / SAMPLE_RATE)
    first = _get(api, file_id)
    path.write_bytes(b"RIFF\0\0\0\0WAVEjunk" * 100)
    assert "not audio" in _get(api, file_id).json()["detail"] or _get(api, file_id).status_code == 422
    FORMATS["wav-24"].file(folder, signal(3000))
    changed = _get(api, file_id)
    assert changed.headers["etag"] != first.headers["etag"]
    assert len(changed.content) == 44 + 3000 * 4
    path.unlink()
    for what in ("audio", "peaks", "spectrogram.png"):
        answer = api.client.get(f"/api/files/{file_id}/{what}")
        assert answer.status_code == 404
        assert "cannot be reached" in answer.json()["detail"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_out_of_the_watched_folders_is_not_followed(
    served_formats: tuple[Served, dict[str, int]], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    api, _ = served_formats
    outside = FORMATS["wav-16"].file(tmp_path_factory.mktemp("outside"))
    (folder / "link.wav").symlink_to(outside)
    file_id = _add(api, folder / "link.wav")
    for what in ("audio", "peaks", "spectrogram.png"):
        assert api.client.get(f"/api/files/{file_id}/{what}").status_code == 403


class TestPictures:
    def test_peaks_are_those_of_the_signal(self, served_formats: tuple[Served, dict[str, int]]) -> None:
        api, ids = served_formats
        told = api.client.get(f"/api/files/{ids['wav-24']}/peaks", params={"points": 100}).json()
        mono = signal(LENGTH).mean(axis=1)
        assert told["duration_s"] == pytest.approx(LENGTH / SAMPLE_RATE)
        assert told["peak"] == pytest.approx(np.abs(mono).max(), abs=1e-3)
        assert not told["is_sketch"]
        expected = mono.reshape(100, -1)
        for name, values in (("low", expected.min(axis=1)), ("high", expected.max(axis=1))):
            assert len(told[name]) == 100
            # A column may hold a little of its neighbours.
            np.testing.assert_allclose(np.array(told[name]) / 127 * told["peak"], values, atol=0.1)

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_a_spectrogram_shows_when_and_how_high(
        self, served_formats: tuple[Served, dict[str, int]], folder: Path, theme: str
    ) -> None:
        api, _ = served_formats
        time_s = np.arange(2 * 44_100) / 44_100
        tone = np.where(time_s < 1, np.sin(2 * np.pi * 200 * time_s), np.sin(2 * np.pi * 8000 * time_s))
        soundfile.write(path := folder / f"tones {theme}.wav", tone / 2, 44_100, "PCM_24")
        url = f"/api/files/{_add(api, path, duration_s=2.0)}/spectrogram.png"
        answer = api.client.get(url, params={"width": 400, "height": 120, "theme": theme})
        assert answer.headers["content-type"] == "image/png"
        levels = _strength(answer.content, dark=theme == "dark")
        assert levels.shape == (120, 400)
        assert levels[:, 100].argmax() > 90
        assert levels[:, 300].argmax() < 40

    def test_a_long_file_is_sketched_in_a_moment(
        self, served_formats: tuple[Served, dict[str, int]], folder: Path
    ) -> None:
        api, _ = served_formats
        path = folder / "long.flac"
        with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
            for minute in range(12):
                file.write(np.full(8000 * 60, 0.05 * minute))
        file_id = _add(api, path, duration_s=720.0)
        told = api.client.get(f"/api/files/{file_id}/peaks", params={"points": 120}).json()
        assert told["is_sketch"]
        minutes = np.array(told["high"]).reshape(12, 10) / 127 * told["peak"]
        np.testing.assert_allclose(minutes[:, 5], 0.05 * np.arange(12), atol=0.01)
        assert api.client.get(f"/api/files/{file_id}/spectrogram.png").status_code == 200


def _strength(content: bytes, *, dark: bool) -> npt.NDArray[np.int64]:
    with Image.open(io.BytesIO(content)) as image:
        grey = np.asarray(image.convert("L")).astype(np.int64)
    return grey if dark else 255 - grey
