"""What all routes, and a page, work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from daemon.api.access import Access
from daemon.api.counting import Counting
from daemon.api.feed import Feed
from daemon.api.listening import SupportsTimeline
from daemon.api.sketches import Sketches
from daemon.api.sounds import Sounds
from daemon.api.timelines import Timelines
from daemon.service.engine import Engine
from daemon.service.hearing import Hearing
from tagger.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Backend:
    """What all routes, and a page, work with; closed after the server.

    Attributes:
        catalog: the catalog.
        engine: the daemon's; None where there is only a catalog.
        access: who may ask.
        make_analyser: makes what listens for timelines, in its own process; has to be picklable.
        hearing: live audio; None where there is only a catalog.
        counting: keeps facets.
        feed: tells what happens.
        timelines: makes analyses over time.
        sounds: gives files to be played.
        sketches: draws waveforms and spectrograms.
    """

    catalog: Catalog
    engine: Engine | None
    access: Access
    make_analyser: Callable[[], SupportsTimeline]
    hearing: Hearing | None = None
    counting: Counting = field(init=False)
    feed: Feed = field(init=False, default_factory=Feed)
    timelines: Timelines = field(init=False)
    sounds: Sounds = field(init=False, default_factory=Sounds)
    sketches: Sketches = field(init=False, default_factory=Sketches)

    def __post_init__(self) -> None:
        """Makes what is kept between requests."""
        object.__setattr__(self, "counting", Counting(self.catalog))
        object.__setattr__(self, "timelines", Timelines(self.make_analyser))

    def close(self) -> None:
        """Lets go of the catalog."""
        self.feed.close()
        self.counting.close()
