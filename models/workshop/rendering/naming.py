"""What makers call their sounds, read as leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping


def leaf_named(name: str, words: Mapping[str, str]) -> str | None:
    """The leaf that a name means.

    Args:
        name: in lower case.
        words: pattern in the name to leaf, or to nothing for what means none; the first that is found counts.

    Returns:
        The leaf, or None where the name means none clearly.
    """
    return next((leaf or None for pattern, leaf in words.items() if re.search(pattern, name)), None)
