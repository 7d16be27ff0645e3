"""What can be wrong with a data set as a whole.

A single audio file that is not there is no error; see `listing`.
"""

from __future__ import annotations

from tagger.errors import TaggerError


class DatasetError(TaggerError, ValueError):
    """Raised when a data set cannot be read: its layout is another one, or an annotation is malformed."""
