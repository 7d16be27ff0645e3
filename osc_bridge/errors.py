"""What can go wrong with the bridge that a user is meant to read."""

from __future__ import annotations

from tagger.errors import TaggerError


class BridgeError(TaggerError):
    """Raised when the bridge cannot be started, or is not there."""


class SourceError(TaggerError):
    """Raised when audio cannot be got from where it was asked for."""


class LinkError(BridgeError):
    """Raised when a DAW cannot be listened to."""


class JournalError(TaggerError):
    """Raised when a rename cannot be noted; it is then not made."""
