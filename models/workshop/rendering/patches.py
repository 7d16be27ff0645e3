"""Presets of free synthesizers (LV2 plugins): which of them mean which leaf, by the names that their makers gave.

Synthesizers imitate what they can: electric pianos, organs, basses, pads and leads are taken; imitations of
acoustic instruments are not, since nobody would take them for the real thing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.workshop.rendering.general_midi import Program
from models.workshop.rendering.lv2 import World
from models.workshop.rendering.naming import leaf_named
from models.workshop.rendering.soundfonts import Renderer

LICENCE: Final = "GPL-2.0-or-later"
"""Of all these synthesizers and the presets that come with them."""
_TIMEOUT_S: Final = 120.0
_MDA: Final = "http://drobilla.net/plugins/mda/"
_CALF: Final = "http://calf.sourceforge.net/plugins/"
_RANGES: Final[Mapping[str, tuple[int, int, bool]]] = {
    "electric_piano": (28, 96, True),
    "piano": (24, 103, True),
    "organ": (36, 96, True),
    "accordion": (41, 93, True),
    "synth_bass": (24, 55, False),
    "synth_pad": (41, 84, True),
    "synth_lead": (45, 93, False),
    "sound_effect": (48, 72, False),
}

ZYN_WORDS: Final[Mapping[str, str]] = {
    r"^(arpeggios|dual|splitted|fantasy|brass|strings|choir|reed|plucked|synthpiano|drums):": "",
    r"bassoon|bassy|double ?bass|fingered|bass guitar|fretless|alien chimes|accordion pad": "",
    r"arp|sequen|echoes|space1|space2|strings|choir|chord|wah_dolce|fm_sax": "",
    r"^(noises|cormi_noise):(?!.*(pad|tastiera|campane|dream))": "sound_effect",
    r"laser|robot|alien|thunder|the rain|boiling|crickets|jumbo jet|ufo2?$|glitch|radio$|alert|comet": "sound_effect",
    r"accordion|concertina|accordian": "accordion",
    r"(rhodes|^olivers-100: \d+ep )(?!.*(pad|space|strings))|80s rhodes|: \d+ep |far out ep": "electric_piano",
    r"(organ|clonewheel|organo|organetto)(?!.*(pad|saw|arp|saturn|bell))": "organ",
    r"pad\b|pad\d|lush|matrix|rushes|5ths": "synth_pad",
    r"\bbass\b|bass ?\d|\bbass|base$|bass$": "synth_bass",
    r"lead|super ?saw|super ?pulse|hoover": "synth_lead",
}
"""Pattern in "bank: name" to leaf, or to nothing; the first that is found counts."""


@dataclass(frozen=True, slots=True)
class Synth:
    """One plugin.

    Attributes:
        library: what its clips are said to come from.
        plugin: its address.
        words: pattern in a preset's name to leaf, or to nothing; the first that is found counts.
    """

    library: str
    plugin: str
    words: Mapping[str, str]


SYNTHS: Final = (
    Synth("zynaddsubfx", "http://zynaddsubfx.sourceforge.net", ZYN_WORDS),
    Synth("mda", _MDA + "EPiano", {"": "electric_piano"}),
    Synth("mda", _MDA + "Piano", {"": "piano"}),
    Synth(
        "mda",
        _MDA + "DX10",
        {
            r"e\.piano(?! pad)": "electric_piano",
            r"clunk|chunky|sine bass|square bass|thick bass|e\.bass": "synth_bass",
            r"chiff organ": "organ",
            r"space pad": "synth_pad",
        },
    ),
    Synth(
        "mda",
        _MDA + "JX10",
        {
            r"e\.piano": "electric_piano",
            r"organ": "organ",
            r"fretless|soft pick": "",
            r"bass(?!oon| clar)": "synth_bass",
            r"pad|backing": "synth_pad",
            r"lead|moogcury|monosynth|whine": "synth_lead",
            r"helicopter|arctic wind|bubble|car horn|squelchy": "sound_effect",
        },
    ),
    Synth(
        "calf",
        _CALF + "Organ",
        {
            r"std jimmy|transistor|pipe dream|intertube|monkstown|gates of dawn|cursed": "organ",
            r"mr click|fat belly|12 sqr": "organ",
            r"subtle ep": "electric_piano",
            r"bass": "synth_bass",
        },
    ),
    Synth(
        "calf",
        _CALF + "Monosynth",
        {r"bass|kill dat sub": "synth_bass", r"octaved square|fat cats|cut through": "synth_lead"},
    ),
)
_B_SYNTH: Final = "http://gareus.org/oss/lv2/b_synth"
_B_SYNTH_PROGRAMS: Final = range(1, 33)


@dataclass(frozen=True, slots=True)
class Patch:
    """One preset of one plugin, and the instrument that it is.

    Attributes:
        library: name of the synthesizer.
        plugin: its address.
        preset: address of the preset, "-" where a program change chooses it.
        number: of that program.
        program: the instrument.
    """

    library: str
    plugin: str
    preset: str
    number: int
    program: Program

    def renderer(self) -> Renderer:
        """Plays MIDI with it, in a process of its own.

        Raises (when called):
            subprocess.SubprocessError: the plugin crashed or hangs.
        """

        def render(midi: Path, wav: Path) -> None:
            command = [sys.executable, "-m", "models.workshop.rendering.lv2", self.plugin, self.preset]
            quiet = subprocess.DEVNULL
            subprocess.run([*command, str(midi), str(wav)], check=True, timeout=_TIMEOUT_S, stdout=quiet, stderr=quiet)

        return render


def leaf_of(name: str, words: Mapping[str, str]) -> str | None:
    """Leaf that a preset's name means, or None where it means none clearly."""
    plain = re.sub(r"\d{4}-", "", name).removesuffix(".xiz").lower().replace("_", " ")
    return leaf_named(plain, words)


def patches() -> Iterator[Patch]:
    """All presets of the installed synthesizers whose leaf is known."""
    try:
        world = World()
    except OSError as error:
        print(f"synthesizers are left out: {error}", flush=True)
        return
    for synth in SYNTHS:
        with _left_out_where_missing():
            yield from _named(synth, world.presets(synth.plugin))
    with _left_out_where_missing():
        world.plugin(_B_SYNTH)
        yield from _organs()


@contextmanager
def _left_out_where_missing() -> Iterator[None]:
    try:
        yield
    except LookupError as error:
        print(f"{error} and is left out", flush=True)


def _named(synth: Synth, presets: Mapping[str, str]) -> Iterator[Patch]:
    for preset, name in sorted(presets.items()):
        leaf = leaf_of(name, synth.words)
        if leaf is not None:
            program = Program(leaf, name.removesuffix(".xiz").lower(), *_RANGES[leaf])
            yield Patch(synth.library, synth.plugin, preset, 0, program)


def _organs() -> Iterator[Patch]:
    """The registrations of setBfree, which has no presets but programs."""
    for number in _B_SYNTH_PROGRAMS:
        program = Program("organ", f"tonewheel organ {number}", *_RANGES["organ"])
        yield Patch("setbfree", _B_SYNTH, "-", number, program)
