"""Samples that come with free music programs and games: which file is which leaf, by the makers' own names.

Games are where free recordings of foley and of speech are; their music and what only sounds like music are left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.workshop.rendering.naming import leaf_named

_SUFFIXES: Final = frozenset({".flac", ".ogg", ".wav"})


@dataclass(frozen=True, slots=True)
class Pack:
    """The samples of one program.

    Attributes:
        library: what its clips are said to come from.
        licence: of its recordings.
        folder: where they lie.
        words: pattern in a file's path to leaf, or to nothing; the first that is found counts.
        most: at most so many files, chosen evenly among all.
    """

    library: str
    licence: str
    folder: Path
    words: Mapping[str, str]
    most: int = 1000

    def samples(self) -> Iterator[tuple[Path, str]]:
        """Files whose leaf is known, with it."""
        found = [(path, self._leaf(path)) for path in sorted(self.folder.rglob("*")) if path.suffix in _SUFFIXES]
        known = [(path, leaf) for path, leaf in found if leaf]
        yield from sorted(known, key=lambda each: zlib.crc32(each[0].name.encode()))[: self.most]

    def _leaf(self, path: Path) -> str | None:
        return leaf_named(path.relative_to(self.folder).as_posix().lower(), self.words)


SONIC_PI: Final = Pack(
    "sonic_pi",
    "CC0-1.0",
    Path("/usr/share/sonic-pi/samples"),
    {
        r"bd_|drum_bass|heavy_kick|hollow_kick|soft_kick": "kick",
        r"snare|sn_|drum_roll": "snare",
        r"drum_tom|fuzz_tom": "tom",
        r"cymbal_(closed|pedal|open)": "hihat",
        r"cymbal_|splash_": "cymbal",
        r"cowbell": "cowbell",
        r"tabla_(?!loop)": "hand_drum",
        r"elec_triangle": "triangle",
        r"bass_": "synth_bass",
        r"guit_": "electric_guitar",
        r"perc_snap": "percussion_other",
        r"phone|robot|vinyl_|woosh|swoosh|swash|perc_door|impact|burp|crow|cineboom": "sound_effect",
    },
)
LMMS: Final = Pack(
    "lmms",
    "GPL-2.0-or-later",
    Path("/usr/share/lmms/samples"),
    {
        r"beats/|shapes/|waveforms/|matrix1000": "",
        r"^bass(es|loops)/(?!techno_synth)|nasty_bass": "synth_bass",
        r"drums/(bassdrum|kick)": "kick",
        r"drums/.*(snare(?!_rim)|nasty_snare)": "snare",
        r"rim0|nasty_rim|sidestick|snare_rim": "rimshot",
        r"hihat": "hihat",
        r"drums/(crash|ride)": "cymbal",
        r"drums/tom": "tom",
        r"drums/clap": "clap",
        r"drums/shaker": "shaker",
        r"drums/(wood|clav)": "woodblock",
        r"effects/wind_chimes": "chimes",
        r"effects/|drums/zap|applause|breath|buzz|crowd": "sound_effect",
        r"bassslap": "electric_bass",
        r"cello": "cello",
        r"organ": "organ",
        r"e_piano": "electric_piano",
        r"flute": "flute",
        r"harpsichord": "harpsichord",
        r"instruments/piano": "piano",
        r"steel_guitar.*distorted": "electric_guitar",
        r"steel_guitar|latin_guitar": "acoustic_guitar",
        r"latin_brass": "brass_section",
        r"trumpet": "trumpet",
        r"violin_(?!pizz)": "violin",
        r"juno_pad|korg|nord_ambient|space_strings": "synth_pad",
    },
)
WESNOTH: Final = Pack(
    "wesnoth",
    "GPL-2.0-or-later",
    Path("/usr/share/games/wesnoth"),
    {r"horn-signals|bell|music|human|laugh|groan|elf-": "", r"core/sounds/": "sound_effect"},
)
COLOBOT: Final = Pack(
    "colobot", "GPL-3.0-or-later", Path("/usr/share/games/colobot/sounds"), {r"sound\d+\.wav": "sound_effect"}
)
MINETEST: Final = Pack("minetest", "CC-BY-SA-3.0", Path("/usr/share/games/minetest"), {r"sounds/": "sound_effect"})
HEDGEWARS: Final = Pack(
    "hedgewars",
    "GPL-2.0-only",
    Path("/usr/share/games/hedgewars/Data/Sounds"),
    {
        r"voices/(singer|robot)/": "",
        r"voices/": "voice",
        r"^\d[a-g]\.|hogchant|valkyries|yoohoo|whistle|kiss|hell_": "",
        r"^[^/]+\.ogg": "sound_effect",
    },
)
STARFIGHTER: Final = Pack(
    "starfighter", "GPL-3.0-or-later", Path("/usr/share/starfighter"), {r"sound/": "sound_effect"}
)
BESPOKE: Final = Pack(
    "bespoke",
    "GPL-3.0-or-later",
    Path("/usr/share/BespokeSynth/resource/userdata_original/drums"),
    {r"/(hh|oh) ": "hihat", r"/snare ": "snare", r"/clap ": "clap", r"/kick ": "kick", r"/fx ": "sound_effect"},
)
GUITAR_STRUMS: Final = Pack(
    "belofilms",
    "CC-BY-3.0",
    Path("/usr/share/hydrogen/data/drumkits/belofilms_GuitarStrums"),
    {r"_0\d\.flac": "acoustic_guitar"},
)
_MUSICAL: Final = (
    "music|theme|loop|beat|jingle|intro|fanfare|victory|win|bell|gong|drum|horn|organ|guitar|piano|flute|harp|choir|song|"
    "tune|level|gameover|voice|speech|talk|silence|title|menu|credits|bgm|track"
)
_FOLEY: Final = {
    "blupimania": "blupimania/sound",
    "boswars": "games/boswars/units",
    "bucklespring": "bucklespring/wav",
    "cdogs": "games/cdogs-sdl/sounds",
    "endless_sky": "games/endless-sky/sounds",
    "garden": "garden",
    "heroes": "games/heroes/sfx",
    "krank": "games/krank/sounds",
    "lbreakouthd": "games/lbreakouthd/themes",
    "lincity_ng": "lincity-ng/sounds",
    "maelstrom": "Maelstrom/Data/Sounds",
    "mazeofgalious": "games/mazeofgalious/sound",
    "naev": "naev/dat/snd",
    "netpanzer": "games/netpanzer/sound",
    "opensurge": "games/opensurge/samples",
    "overgod": "games/overgod/wavs",
    "pekka_kana_2": "games/pekka-kana-2/res",
    "planetblupi": "planetblupi/sound",
    "searchandrescue": "games/searchandrescue/sounds",
    "supertux": "games/supertux2/sounds",
}
_SPEECH: Final = {
    "asterisk_en": "asterisk/sounds/en_US_f_Allison",
    "asterisk_es": "asterisk/sounds/es_MX_f_Allison",
    "asterisk_fr": "asterisk/sounds/fr_CA_f_June",
    "asterisk_it": "asterisk/sounds/it_IT_m_Carlo",
    "asterisk_ru": "asterisk/sounds/ru_RU_f_IvrvoiceRU",
}
_FREE: Final = "free by the rules of Debian"
PACKS: Final = (
    *(SONIC_PI, LMMS, BESPOKE, GUITAR_STRUMS, WESNOTH, COLOBOT, MINETEST, HEDGEWARS, STARFIGHTER),
    *(
        Pack(name, _FREE, Path("/usr/share", folder), {_MUSICAL: "", "": "sound_effect"}, most=60)
        for name, folder in _FOLEY.items()
    ),
    *(
        Pack(name, _FREE, Path("/usr/share", folder), {"tone|beep|silence|music": "", "": "voice"}, most=50)
        for name, folder in _SPEECH.items()
    ),
)
