"""Text in pictures: in a font that has its characters, on one line, no longer than there is room for.

matplotlib brings DejaVu Sans, which holds Latin, Greek, Cyrillic and more. For other characters the
fonts that systems are known to come with are looked through; what none of them has is written as an escape, as it
is elsewhere in this program. Nothing is ever drawn as an empty box.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from tagger.errors import printable

SMALL_PT: Final = 8.0
NORMAL_PT: Final = 9.0
TITLE_PT: Final = 15.0

_OWN_FONT: Final = "DejaVu Sans"
_NORMAL: Final = 400
# Of macOS, Windows and Linux, those with the most characters first. Not all that there are: opening hundreds of
# fonts for one odd character takes seconds.
_KNOWN_FONTS: Final = (
    *("Arial Unicode MS", "Hiragino Sans", "Hiragino Sans GB", "PingFang SC", "Apple SD Gothic Neo", "Geeza Pro"),
    *("Kohinoor Devanagari", "Thonburi", "Apple Symbols", "Yu Gothic", "Microsoft YaHei", "Microsoft JhengHei"),
    *("Malgun Gothic", "Nirmala UI", "Leelawadee UI", "Segoe UI", "Segoe UI Symbol", "Noto Sans CJK JP"),
    *("Noto Sans CJK SC", "Source Han Sans", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback"),
    *("IPAGothic", "NanumGothic", "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari"),
    *("Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "Noto Sans Georgian", "Noto Sans Armenian"),
    *("Noto Sans Symbols", "Noto Sans Symbols2", "Noto Emoji", "FreeSans", "Unifont"),
)


def shown(text: str, longest: int = 60) -> str:
    """A text as it can be drawn: on one line, cut in its middle where it is too long, what no font has escaped."""
    return elided("".join(map(_drawn, " ".join(printable(text).split()))), longest)


def elided(text: str, longest: int) -> str:
    """A text with its middle left out where it is too long; names differ at their ends as often as in front."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def lettering(texts: Iterable[str], size_pt: float = NORMAL_PT, **more: Any) -> dict[str, Any]:
    """Properties for drawing these texts, already `shown`; dollars in them are no formula.

    Bold is for the font that comes along; others may not have these characters in bold.
    """
    families = dict.fromkeys(_font_with(ord(each)) or _OWN_FONT for text in texts for each in text)
    families.pop(_OWN_FONT, None)
    if families:
        more.pop("fontweight", None)
    return {"fontsize": size_pt, "fontfamily": [_OWN_FONT, *families], "parse_math": False, **more}


@lru_cache(maxsize=4096)
def _font_with(character: int) -> str | None:
    """The family to draw a character in; None where there is none."""
    return next((family for family in _families() if _has(family, character)), None)


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    # matplotlib complains where it has to take another weight.
    names = {entry.name for entry in fontManager.ttflist if entry.weight == _NORMAL and entry.style == "normal"}
    return (_OWN_FONT, *(name for name in _KNOWN_FONTS if name in names))


@lru_cache(maxsize=65536)
def _has(family: str, character: int) -> bool:
    try:
        path = findfont(FontProperties(family=[family]), fallback_to_default=False)
        return bool(get_font(path).get_char_index(character))
    except (OSError, RuntimeError, ValueError):
        # A font that was removed, or one that cannot be drawn with.
        return False


def _drawn(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        # Joiners and marks of direction, which are not seen.
        return ""
    code = ord(character)
    if character.isprintable() and _font_with(code):
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
