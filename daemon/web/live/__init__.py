"""The view of live audio."""
