"""Sounds and songs rendered from MIDI and own synthesis, as clips with labels."""
