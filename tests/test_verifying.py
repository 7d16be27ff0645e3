"""`tagger verify`, which proves that no audio has changed."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import Run, native
from tests.samples import Samples


def test_tags_do_not_matter_and_samples_do(tagger: Run, samples: Samples) -> None:
    tagger("write", samples.folder)
    told = tagger("verify")
    assert (told.code, told.out) == (0, "")
    assert "6 files verified in" in told.err
    assert "6 the same" in told.err

    path = samples.folder / "16.wav"
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    (samples.folder / "plain.mp3").unlink()
    cut = samples.folder / "rich.wav"
    cut.write_bytes(cut.read_bytes()[:1000])
    told = tagger("verify", samples.folder)
    assert told.code == 1
    assert told.out.splitlines() == [
        native("samples/16.wav: holds other audio than when it was analysed"),
        native("samples/plain.mp3: is not there any more"),
        next(line for line in told.out.splitlines() if "rich.wav" in line),
    ]
    assert "3 the same, 1 with other audio, 1 unreadable, 1 gone" in told.err
    findings = {Path(each["path"]).name: each["finding"] for each in tagger("verify", "--json").objects()}
    assert findings == {
        "16.aiff": "same",
        "16.wav": "different",
        "lossless.flac": "same",
        "plain.mp3": "gone",
        "rich.wav": "unreadable",
        "vorbis.ogg": "same",
    }


def test_strangers_are_told(tagger: Run, samples: Samples) -> None:
    told = tagger("verify", samples.folder / "stranger.wav")
    assert told.code == 1
    assert "is not in the catalog" in told.err
