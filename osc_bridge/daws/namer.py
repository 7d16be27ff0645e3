"""What a track is to be called, and whether we may call it so.

A name is suggested when what a stream plays has been clear for a while. It is given only if a person says so, or, in
rename mode, to tracks that have their default name or the last one that we gave: a name that a person chose is never
touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from osc_bridge.daws.daw import Datagrams, Daw, Track
from osc_bridge.daws.journal import Journal, Rename
from osc_bridge.engine import Scored, StreamInfo
from osc_bridge.heard import Heard
from tagger.results import Instrument
from tagger.taxonomy import FAMILIES, family_of, words_of

ALSO: Final = ("colour", "comment", "group", "markers")
_CLEAR_AFTER_S: Final = 1.0
_CLEAR_SHARE: Final = 0.6
_AGAIN_AFTER_S: Final = 8.0
_MEMORY_S: Final = 20.0
_LONGEST_STEP_S: Final = 0.5
_OUR_COMMENT: Final = "Tagger: "

COLOURS: Final[Mapping[str, int]] = dict(
    zip(
        FAMILIES,
        (
            0xD94F4F,
            0xD9804F,
            0xD9B14F,
            0xB9CC4A,
            0x6BBF59,
            0x4FB89A,
            0x4F9ED9,
            0x4F6BD9,
            0x7E5BD6,
            0xB45BD6,
            0xD65BA6,
            0x8C8C8C,
        ),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A name for a track.

    Attributes:
        daw: which DAW.
        track: its ref.
        current: its name now.
        suggested: what it plays, in words.
        is_given: whether that is its name by our doing.
    """

    daw: str
    track: str
    current: str
    suggested: str
    is_given: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A name that a track has by our doing, this time or an earlier one.

    Attributes:
        daw: which DAW.
        track: its ref.
        current: its name now.
        before: its name before that, and after `revert`.
    """

    daw: str
    track: str
    current: str
    before: str


@dataclass(frozen=True, slots=True)
class _Suggestion:
    """A label for a track, and what the track was called then: under another name it may be another track."""

    label: str
    name: str


@dataclass(slots=True)
class _Evidence:
    """What a stream has played lately: seconds a label, weighted by how sure it was."""

    seconds: dict[str, float]
    updated_s: float
    named_s: float = float("-inf")

    def clear(self) -> str | None:
        total_s = sum(self.seconds.values())
        if total_s < _CLEAR_AFTER_S:
            return None
        label = max(self.seconds, key=lambda each: self.seconds[each])
        return label if self.seconds[label] >= _CLEAR_SHARE * total_s else None


class Namer:
    """Names the tracks of one DAW; used from one thread.

    Args:
        daw: its tracks, and how to rename them.
        journal: where each rename is noted before it is made.
        labels: of the model, in its order.
        rename: whether tracks that nobody named are renamed without asking.
        also: what else is set with a name: any of `ALSO`.
    """

    def __init__(
        self, daw: Daw, journal: Journal, *, labels: Sequence[str], rename: bool, also: Collection[str] = ()
    ) -> None:
        self._daw = daw
        self._journal = journal
        self._labels = labels
        self._rename = rename
        self._also = frozenset(also)
        self._evidence: dict[str, _Evidence] = {}
        self._links: dict[str, str] = {}
        self._suggested: dict[str, _Suggestion] = {}

    def hear(self, said: Sequence[Heard | Scored], now_s: float) -> Datagrams:
        """Takes what the engine said; returns marks to set."""
        marks: Datagrams = []
        for each in said:
            if isinstance(each, Scored):
                self._weigh(each, now_s)
            elif "markers" in self._also:
                marks += self._daw.mark(words_of(each.label), is_on=each.is_on, duration_s=each.duration_s)
        return marks

    def hear_file(self, ref: str, tags: Sequence[Instrument]) -> None:
        """Takes what is in a file that a track plays: as good as a stream that is clear."""
        if tags and ref not in self._suggested and (track := self._daw.tracks.get(ref)):
            self._suggested[ref] = _Suggestion(tags[0].label, track.name)

    def step(self, streams: Sequence[StreamInfo], now_s: float) -> tuple[Datagrams, list[Proposal]]:
        """Names what has become clear.

        Args:
            streams: all there are.
            now_s: on the bridge's clock.

        Returns:
            what to send to the DAW, and what to tell clients.
        """
        self._forget(streams)
        told: list[Proposal] = []
        sent: Datagrams = []
        for stream in streams:
            ref = self._track_of(stream)
            evidence = self._evidence.get(stream.name)
            label = evidence.clear() if ref and evidence else None
            if ref is None or evidence is None or label is None or now_s - evidence.named_s < _AGAIN_AFTER_S:
                continue
            held = self._suggested.get(ref)
            if held is None or held.label != label:
                self._suggested[ref] = _Suggestion(label, self._daw.tracks[ref].name)
                evidence.named_s = now_s
                told.append(self._proposal(ref))
        if self._rename:
            for ref, suggestion in list(self._suggested.items()):
                if self._may_rename(ref, suggestion.label):
                    sent += self.give(ref)
                    told.append(self._proposal(ref))
        return sent, told

    def proposals(self) -> list[Proposal]:
        """All tracks for which there is a name."""
        return [self._proposal(ref) for ref in sorted(self._suggested, key=_in_order) if ref in self._daw.tracks]

    def give(self, ref: str) -> Datagrams:
        """Gives a track the name that was suggested for it, whatever it is called now.

        Raises:
            JournalError: it cannot be noted, and is not done.
        """
        track, suggestion = self._daw.tracks.get(ref), self._suggested.get(ref)
        if track is None or suggestion is None or _is_named(track.name, suggestion.label):
            return []
        label = suggestion.label
        name = self._free_name(words_of(label), ref)
        colour = COLOURS.get(family_of(label)) if "colour" in self._also else None
        before = track.colour if colour is not None else None
        self._journal.add(Rename(self._daw.name, ref, track.name, name, before))
        sent = self._daw.rename(ref, name)
        self._daw.tracks[ref] = Track(ref, name, track.colour)
        self._suggested[ref] = _Suggestion(label, name)
        if colour is not None:
            sent += self._daw.colour(ref, colour)
        if "comment" in self._also:
            sent += self._daw.comment(ref, f"{_OUR_COMMENT}{words_of(label)}")
        if "group" in self._also:
            sent += self._daw.group(ref, words_of(family_of(label)))
        return sent

    def revert(self, ref: str | None = None) -> tuple[Datagrams, int]:
        """Gives tracks back the names they had, where the one we gave still stands.

        Args:
            ref: of one track; None for all.

        Returns:
            what to send, and how many tracks that is.

        Raises:
            JournalError: it cannot be noted, and is not done.
        """
        sent: Datagrams = []
        count = 0
        for track, rename in self._steps_back(ref):
            self._journal.add(Rename(self._daw.name, track.ref, rename.after, rename.before, is_reverted=True))
            sent += self._daw.rename(track.ref, rename.before)
            if rename.colour_before is not None:
                sent += self._daw.colour(track.ref, rename.colour_before)
            self._daw.tracks[track.ref] = Track(track.ref, rename.before, rename.colour_before)
            if held := self._suggested.get(track.ref):
                self._suggested[track.ref] = _Suggestion(held.label, rename.before)
            count += 1
        # Whoever takes names back does not want them again a second later.
        self._rename = self._rename and not count
        return sent, count

    def given(self) -> list[Given]:
        """All tracks that `revert` would give another name."""
        before: dict[str, str] = {}
        for track, rename in self._steps_back():
            before[track.ref] = rename.before
        tracks = self._daw.tracks
        return [Given(self._daw.name, ref, tracks[ref].name, before[ref]) for ref in sorted(before, key=_in_order)]

    def _steps_back(self, ref: str | None = None) -> Iterator[tuple[Track, Rename]]:
        """What is to be taken back, newest first, and from which track; a track may have been renamed repeatedly."""
        tracks = dict(self._daw.tracks)
        for rename in self._journal.standing(self._daw.name):
            track = _still_called(rename, tracks)
            if track is not None and ref in (None, track.ref):
                tracks[track.ref] = Track(track.ref, rename.before, rename.colour_before)
                yield track, rename

    def _weigh(self, scored: Scored, now_s: float) -> None:
        evidence = self._evidence.setdefault(scored.stream, _Evidence({}, now_s))
        elapsed_s = min(now_s - evidence.updated_s, _LONGEST_STEP_S)
        evidence.updated_s = now_s
        if scored.leading is None:
            return
        index, confidence = scored.leading
        kept = 1 - elapsed_s / _MEMORY_S
        evidence.seconds = {label: seconds * kept for label, seconds in evidence.seconds.items()}
        label = self._labels[index]
        evidence.seconds[label] = evidence.seconds.get(label, 0.0) + elapsed_s * confidence

    def _forget(self, streams: Sequence[StreamInfo]) -> None:
        """Drops what is held of streams that are gone, and of tracks that are called otherwise by now."""
        self._suggested = {
            ref: held
            for ref, held in self._suggested.items()
            if (track := self._daw.tracks.get(ref)) and track.name == held.name
        }
        names = {stream.name for stream in streams}
        self._evidence = {name: held for name, held in self._evidence.items() if name in names}
        self._links = {name: ref for name, ref in self._links.items() if name in names}

    def _track_of(self, stream: StreamInfo) -> str | None:
        """The track of a stream: as it says itself, else the only one that has its name."""
        if stream.daw_ref:
            track = self._daw.track_of(stream.daw_ref)
            return track.ref if track else None
        if stream.name not in self._links:
            wanted = {stream.name.casefold(), stream.title.casefold()}
            same = [track.ref for track in self._daw.tracks.values() if track.name.casefold() in wanted]
            if len(same) != 1:
                return None
            self._links[stream.name] = same[0]
        return self._links[stream.name]

    def _may_rename(self, ref: str, label: str) -> bool:
        track = self._daw.tracks.get(ref)
        if track is None or _is_named(track.name, label):
            return False
        return self._daw.has_default_name(track) or self._journal.is_ours(self._daw.name, track.name)

    def _free_name(self, words: str, ref: str) -> str:
        taken = {track.name for track in self._daw.tracks.values() if track.ref != ref}
        return next(
            name for name in (words, *(f"{words} {number}" for number in range(2, 10_000))) if name not in taken
        )

    def _proposal(self, ref: str) -> Proposal:
        current, label = self._daw.tracks[ref].name, self._suggested[ref].label
        is_given = _is_named(current, label) and self._journal.is_ours(self._daw.name, current)
        return Proposal(self._daw.name, ref, current, words_of(label), is_given)


def _still_called(rename: Rename, tracks: Mapping[str, Track]) -> Track | None:
    held = tracks.get(rename.ref)
    if held is not None and held.name == rename.after:
        return held
    same = [track for track in tracks.values() if track.name == rename.after]
    return same[0] if len(same) == 1 else None


def _is_named(name: str, label: str) -> bool:
    """Whether a name says a label, with a number or without."""
    return name.rstrip("0123456789 ").casefold() == words_of(label).casefold()


def _in_order(ref: str) -> tuple[int, str]:
    return (int(ref) if ref.isdecimal() else 0, ref)
