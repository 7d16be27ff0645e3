"""Other people's programs, asked what they see in a file: what our tags are worth is what these show.

`python -m tests.readers` prints the table of `docs/hosts.md` as the programs on this machine make it.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger import tagfile
from tagger.results import Kind
from tagger.tagfile import Claim
from tests.tagged_audio import make, rich_wav

CLAIM = Claim(("kick",), Kind.ONE_SHOT)
WORD = "Kick"
NOTHING = "–"

FORMATS: Mapping[str, str] = {
    "WAV": "16.wav",
    "WAV with `bext` and INFO": "rich.wav",
    "AIFF": "16.aiff",
    "MP3": "plain.mp3",
    "FLAC": "lossless.flac",
    "Ogg Vorbis": "vorbis.ogg",
    "Opus": "opus.opus",
    "M4A": "aac.m4a",
}

_OF_WAVINFO = ("WAV", "WAV with `bext` and INFO")
_OF_SNDFILE = (*_OF_WAVINFO, "MP3", "FLAC", "Ogg Vorbis")

Fields = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A program or library.

    Attributes:
        name: what people call it.
        needs: the program, or the module where it is a library.
        fields: names and values of all tags that it shows of a file.
        formats: that it reads tags of.
        package: what Debian calls it; "" for what pip installs.
    """

    name: str
    needs: str
    fields: Callable[[Path], Fields]
    formats: Sequence[str] = tuple(FORMATS)
    package: str = ""

    @property
    def is_there(self) -> bool:
        if self.package:
            return shutil.which(self.needs) is not None
        return importlib.util.find_spec(self.needs) is not None


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=60)
    return done.stdout


def _flat(value: Any, name: str = "") -> Fields:
    """The leaves of what was JSON, each with the last name on the way to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _flat(inner, name)
    elif value is not None:
        yield name, str(value)


def _exiftool(path: Path) -> Fields:
    for key, value in _flat(json.loads(_run("exiftool", "-j", "-a", "-G4", path))):
        name = key.rpartition(":")[2]
        described = re.fullmatch(r"\((\w+)\) (.*)", value)
        yield (f"{name} ({described[1]})", described[2]) if described else (name, value)


def _mediainfo(path: Path) -> Fields:
    return _flat(json.loads(_run("mediainfo", "--Output=JSON", path)))


def _ffprobe(path: Path) -> Fields:
    entries = "format_tags:stream_tags"
    return _flat(json.loads(_run("ffprobe", "-v", "error", "-show_entries", entries, "-of", "json", path)))


def _kid3(path: Path) -> Fields:
    for line in _run("kid3-cli", "-c", "get all", path).splitlines():
        if match := re.fullmatch(r"[ *] (\S.*?) {2,}(.*)", line):
            yield match[1], match[2]


def _sndfile(path: Path) -> Fields:
    for line in _run("sndfile-info", path).splitlines():
        name, separator, value = line.partition(" : ")
        if separator:
            yield name.strip(), value.strip()


def _wavinfo(path: Path) -> Fields:
    from wavinfo import WavInfoReader

    reader = WavInfoReader(path)
    yield from _flat(reader.info.to_dict(), "INFO")
    for section in reader.ixml.raw_xml.getroot() if reader.ixml else ():
        yield from ((f"iXML {section.tag} {each.tag}", each.text or "") for each in section)
        for attribute in section.iterfind("ATTR_LIST/ATTR"):
            yield f"iXML {section.tag} {attribute.findtext('NAME')}", attribute.findtext("VALUE") or ""


def _tinytag(path: Path) -> Fields:
    from tinytag import TinyTag

    return _flat(TinyTag.get(path).as_dict())


READERS: Sequence[Reader] = (
    Reader("exiftool", "exiftool", _exiftool, package="libimage-exiftool-perl"),
    Reader("MediaInfo", "mediainfo", _mediainfo, package="mediainfo"),
    Reader("ffprobe (FFmpeg)", "ffprobe", _ffprobe, package="ffmpeg"),
    Reader("Kid3", "kid3-cli", _kid3, package="kid3-cli"),
    Reader("sndfile-info", "sndfile-info", _sndfile, formats=_OF_SNDFILE, package="sndfile-programs"),
    Reader("wavinfo", "wavinfo", _wavinfo, formats=_OF_WAVINFO),
    Reader("tinytag", "tinytag", _tinytag),
)


def tagged(folder: Path) -> Mapping[str, Path]:
    """A file of each format that was tagged as a kick, by the name of the format."""
    paths = {}
    for name, sample in FORMATS.items():
        if sample == "rich.wav":
            (folder / sample).write_bytes(rich_wav())
        else:
            make(folder, sample)
        paths[name] = folder / sample
        with tagfile.prepare(paths[name], CLAIM) as rewrite:
            rewrite.commit()
    return paths


def seen(reader: Reader, path: Path) -> Sequence[str]:
    """The fields in which a reader shows the instrument, the mark left out."""
    found = (name for name, value in reader.fields(path) if WORD in value and not re.search("by.?tagger", name.lower()))
    return list(dict.fromkeys(found))


def best(names: Iterable[str]) -> str:
    """The field to look at first, and one that shows it as a genre, as a cell of the table."""
    names = sorted(names, key=len)
    patterns = ("instrument", "genre|IGNR|TCON")
    chosen = (next((name for name in names if re.search(pattern, name, re.IGNORECASE)), "") for pattern in patterns)
    return ", ".join(f"`{name}`" for name in chosen if name) or NOTHING


def table(paths: Mapping[str, Path]) -> str:
    """All readers on this machine and what they show, as Markdown."""
    lines = [["program", *FORMATS], ["---"] * (len(FORMATS) + 1)]
    for reader in READERS:
        if not reader.is_there:
            print(f"{reader.needs} is not on this machine; its row is left out", file=sys.stderr)
            continue
        cells = (best(seen(reader, paths[name])) if name in reader.formats else NOTHING for name in FORMATS)
        lines.append([reader.name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(table(tagged(Path(folder))))
