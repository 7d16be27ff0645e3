"""The words of a path, as the word search sees them.

Sample names run words together: `ABLP_09_fx2.wav`, `FatKick808`. So a run of letters and digits is
indexed from its beginning, and again from each seam in it, between letters and digits or between
cases: `fatkick808 kick808 808`. As a search asks for beginnings of words, it meets `fat`, `kick`,
`kick808` and `808` alike. Case and accents do not count. All splitting happens here; the FTS5
tokenizer only cuts at the blanks between words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_RUN: Final = re.compile(r"[^\W_]+")


def index_words(folder: str, stem: str) -> str:
    """All words of a path, blank-separated and each once, for the index.

    Args:
        folder: the folder's path.
        stem: the file's name without its suffix.
    """
    text = _unmarked(f"{stem} {folder}")
    return " ".join(dict.fromkeys(word.casefold() for run in _RUN.findall(text) for word in _words(run)))


def match_expression(words: str) -> str:
    """What FTS5 has to match for a search: every word of it, each as the beginning of a word.

    Returns:
        an FTS5 query, or "" when there is no word to look for.
    """
    return " ".join(f'"{run.casefold()}"*' for run in _RUN.findall(_unmarked(words)))


def _unmarked(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _words(run: str) -> Iterator[str]:
    return (run[at:] for at in range(len(run)) if at == 0 or _is_seam(run, at))


def _is_seam(run: str, at: int) -> bool:
    """Whether a new part starts here: `fx|2`, `fat|Kick`, `FX|Loop`."""
    before, here, after = run[at - 1], run[at], run[at + 1 : at + 2]
    if before.isdigit() != here.isdigit():
        return True
    return here.isupper() and (before.islower() or (before.isupper() and after.islower()))
