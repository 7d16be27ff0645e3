"""Songs of our own: that their labels say what their notes say, and that the MIDI file has those notes."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from models.workshop.rendering.general_midi import KEYS, KITS, PROGRAMS, VARIATIONS
from models.workshop.rendering.songs import Part, Song, compose
from models.workshop.rendering.soundfonts import PERCUSSION_CHANNEL, Note

TICK_S = 1 / 960
BAND = {**{(0, number): program for number, program in PROGRAMS.items()}, **VARIATIONS}


def part(leaf: str, *notes: Note, channel: int = 0) -> Part:
    return Part(channel, 0, 0, 100, notes, (leaf,) * len(notes))


def composed(seed: int) -> Song:
    return compose(BAND, tuple(KITS), tuple(KEYS), np.random.default_rng([1, seed]))


def sounding(midi: mido.MidiFile) -> list[tuple[int, int, float, float, int]]:
    """Channel, pitch, onset, end and velocity of each note as a synthesizer takes them: an end stops its pitch."""
    held: dict[tuple[int, int], tuple[float, int]] = {}
    now_s, notes = 0.0, []
    for message in midi:
        now_s += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if message.type == "note_off" and key in held:
            onset_s, velocity = held.pop(key)
            notes.append((*key, onset_s, now_s, velocity))
        elif message.type == "note_on":
            assert key not in held, "begun twice without an end between"
            held[key] = (now_s, message.velocity)
    assert not held
    return sorted(notes)


def test_labels_are_those_heard_in_the_order_of_their_share() -> None:
    song = Song(
        (
            part("flute", Note(0.0, 1.0, 72, 90), Note(3.0, 0.5, 74, 90)),
            part("piano", Note(0.5, 2.0, 60, 90), Note(0.5, 2.0, 64, 90), channel=1),
        ),
        duration_s=4.0,
    )
    assert song.labels_between(0.0, 0.4) == ("flute",)
    # Two notes of the piano for 0.5 s each, and the flute for all of the second.
    assert song.labels_between(0.0, 1.2) == ("piano", "flute")
    assert song.labels_between(0.0, 0.8) == ("flute", "piano")
    assert song.labels_between(1.0, 2.9) == ("piano",)
    assert song.labels_between(2.6, 2.9) == ()


def test_what_only_just_begins_or_ends_is_not_heard() -> None:
    song = Song((part("flute", Note(1.0, 1.0, 72, 90)),), duration_s=4.0)
    assert song.labels_between(0.0, 1.05) == ()
    assert song.labels_between(0.0, 1.15) == ("flute",)
    assert song.labels_between(1.95, 4.0) == ()
    assert song.labels_between(1.85, 4.0) == ("flute",)
    # But a note that is as short as that is heard where all of it is.
    short = Song((part("flute", Note(1.0, 0.05, 72, 90)),), duration_s=4.0)
    assert short.labels_between(0.0, 2.0) == ("flute",)
    assert short.labels_between(0.0, 1.02) == ()


def test_a_drum_is_heard_when_it_is_struck() -> None:
    hit = Note(1.0, 3.0, 36, 90)
    struck = Song((part("kick", hit, channel=PERCUSSION_CHANNEL),), duration_s=6.0)
    held = Song((part("organ", hit),), duration_s=6.0)
    assert struck.labels_between(0.0, 2.0) == ("kick",)
    assert struck.labels_between(2.0, 4.0) == ()
    assert held.labels_between(2.0, 4.0) == ("organ",)


@pytest.mark.parametrize("seed", range(6))
def test_labels_of_a_song_are_those_of_its_midi_file(seed: int, tmp_path: Path) -> None:
    song = composed(seed)
    song.midi().save(tmp_path / "song.mid")
    notes = sounding(mido.MidiFile(tmp_path / "song.mid"))
    leaf_of = {each.channel: each.leaves[0] for each in song.parts if each.leaves}
    for start_s in np.arange(0.0, song.duration_s - 2, 2.0):
        heard: dict[str, float] = {}
        for channel, pitch, onset_s, end_s, _ in notes:
            is_drum = channel == PERCUSSION_CHANNEL
            leaf = KEYS[pitch][0] if is_drum else leaf_of[channel]
            # A millisecond more or less is rounding to ticks, and the gap before a note of the same pitch.
            overlap_s = min(start_s + 2, onset_s + 0.4 if is_drum else end_s) - max(start_s, onset_s)
            heard[leaf] = max(overlap_s, heard.get(leaf, 0.0))
        labels = set(song.labels_between(start_s, start_s + 2))
        assert {leaf for leaf, overlap_s in heard.items() if overlap_s >= 0.15} <= labels
        assert all(heard[leaf] >= 0.05 for leaf in labels)


def test_a_midi_file_has_the_notes_of_the_song(tmp_path: Path) -> None:
    song = composed(0)
    song.midi().save(tmp_path / "song.mid")
    midi = mido.MidiFile(tmp_path / "song.mid")
    programs = {message.channel: message.program for message in midi if message.type == "program_change"}
    assert programs == {each.channel: each.program for each in song.parts}

    expected = sorted(
        (each.channel, note.pitch, note.onset_s, note.velocity) for each in song.parts for note in each.notes
    )
    now_s, begun = 0.0, []
    for message in midi:
        now_s += message.time
        if message.type == "note_on":
            begun.append((message.channel, message.note, now_s, message.velocity))
    assert len(begun) == len(expected) > 50
    for one, same in zip(sorted(begun), expected, strict=True):
        assert one[:2] == same[:2]
        assert one[2] == pytest.approx(same[2], abs=2 * TICK_S)
    assert sorted(each[3] for each in begun) == sorted(each[3] for each in expected)


def test_a_note_is_not_silenced_by_the_end_of_the_one_before() -> None:
    late = part("flute", Note(0.5, 1.0, 72, 90), Note(0.0, 0.51, 72, 80), Note(0.4, 0.3, 60, 70))
    notes = sounding(Song((late,), 2.0).midi())
    assert [(pitch, velocity) for _, pitch, _, _, velocity in notes] == [(60, 70), (72, 80), (72, 90)]
    assert [end_s for _, _, _, end_s, _ in notes] == pytest.approx([0.7, 0.5, 1.5], abs=2 * TICK_S)


def test_a_seed_is_a_song() -> None:
    assert composed(3) == composed(3)
    assert composed(3) != composed(4)


def test_songs_keep_to_what_the_set_has() -> None:
    programs = {key: BAND[key] for key in ((0, 0), (0, 33), (0, 73))}
    keys = (36, 38, 42)
    songs = [compose(programs, (8,), keys, np.random.default_rng(seed)) for seed in range(30)]
    for song in songs:
        assert 1 <= len(song.parts) <= 5
        channels = [each.channel for each in song.parts]
        assert len(set(channels)) == len(channels)
        for each in song.parts:
            if each.channel == PERCUSSION_CHANNEL:
                assert each.program == 8
                assert {note.pitch for note in each.notes} <= set(keys)
            else:
                assert set(each.leaves) <= {programs[each.bank, each.program].leaf}
            assert all(0 <= note.pitch < 128 and note.onset_s >= 0 for note in each.notes)
            assert all(note.onset_s < song.duration_s for note in each.notes)
    sizes = {len(song.parts) for song in songs}
    assert len(sizes) > 2


def test_instruments_come_and_go() -> None:
    for song in (composed(seed) for seed in range(8)):
        starts_s = np.arange(0.0, song.duration_s - 2, 2.0)
        assert len({song.labels_between(start_s, start_s + 2) for start_s in starts_s}) > 1
