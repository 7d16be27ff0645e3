"""The report to print: facts, pictures and a summary on one page; of longer recordings the list of segments too.

Drawn by the same code as the pictures, on A4 with margins that fit US Letter as well. Text is text: it can be
searched and copied. The same report has the same bytes, always.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from matplotlib import rc_context
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from tagger.output import replaced
from tagger.pictures import panels
from tagger.pictures.lettering import NORMAL_PT, SMALL_PT, TITLE_PT, lettering, shown
from tagger.pictures.overview import Overview
from tagger.pictures.sheet import Picture, add_axes, add_legend, draw_panel, drawing, new_figure, widest_in
from tagger.pictures.themes import LIGHT
from tagger.reports.facts import Row, facts, summary, title, verdict
from tagger.timeline import Segment, Timeline, rows_of

T = TypeVar("T")

# Of a shorter recording the timeline and the summary say it all.
LISTED_FROM_S: Final = 60.0

_PAGE_IN: Final = (8.27, 11.69)
_MARGIN_IN: Final = 0.75
_LEFT_IN: Final = _MARGIN_IN
_RIGHT_IN: Final = _PAGE_IN[0] - _MARGIN_IN
_WIDTH_IN: Final = _RIGHT_IN - _LEFT_IN
_BOTTOM_IN: Final = 1.0
_LINE_IN: Final = 0.19
_WAVEFORM_IN: Final = 0.8
# The spectrogram takes the room that a short summary leaves.
_SPECTROGRAM_IN: Final = (1.5, 3.0)
_MOST_BARS: Final = 14
_FINE_PT: Final = SMALL_PT - 0.5
_FACTS_ACROSS: Final = 3
_LISTS_ACROSS: Final = 3
_LIST_LINE_IN: Final = 0.16
# Beyond these nobody reads on.
_MOST_LISTS: Final = 6
_FEWEST_LINES: Final = 6
_LONGEST_FACT: Final = 26
_LONGEST_TITLE: Final = 70
_LONGEST_LINE: Final = 105


def write(path: Path, heard: Timeline, overview: Overview) -> None:
    """Writes the report; an existing file is replaced.

    Args:
        path: where to.
        heard: the timeline.
        overview: of the same recording.

    Raises:
        OutputError: it cannot be written there.
    """
    buffer = io.BytesIO()
    metadata = {"Title": f"Instruments in {title(heard)}", "Creator": "instrument-tagger", "CreationDate": None}
    with drawing():
        pages = _pages(heard, overview)
        for number, page in enumerate(pages, start=1):
            page.foot(f"{title(heard)}  ·  {heard.model}  ·  page {number} of {len(pages)}")
        with rc_context({"pdf.fonttype": _font_type(pages)}), PdfPages(buffer, metadata=metadata) as pdf:
            for page in pages:
                pdf.savefig(page.figure)
    with replaced(path) as file:
        file.write(buffer.getvalue())


def _font_type(pages: Iterable[_Page]) -> int:
    """TrueType (42) where all text is in our own font, else Type 3, since matplotlib mislabels OpenType outlines."""
    texts = (text for page in pages for text in page.figure.findobj(Text))
    return 42 if all(len(text.get_fontfamily()) == 1 for text in texts) else 3


class _Page:
    """A page that is filled from top to bottom; places are in inches."""

    def __init__(self) -> None:
        self.figure: Figure = new_figure(*_PAGE_IN, LIGHT)
        self.y_in = _PAGE_IN[1] - _MARGIN_IN

    @property
    def room_in(self) -> float:
        return self.y_in - _BOTTOM_IN

    def text(self, x_in: float, text: str, size_pt: float = NORMAL_PT, *, down_in: float = 0.0, **more: Any) -> None:
        """Writes below the current place, which stays."""
        style = lettering(text, size_pt, **({"color": LIGHT.ink, "va": "baseline"} | more))
        self.figure.text(x_in / _PAGE_IN[0], (self.y_in - down_in) / _PAGE_IN[1], text, **style)

    def heading(self, text: str) -> None:
        self.y_in -= 0.34
        self.text(_LEFT_IN, text, NORMAL_PT + 1.5, fontweight="bold")
        self.y_in -= 0.08

    def rule(self, colour: str = LIGHT.faint) -> None:
        y = (self.y_in - 0.055) / _PAGE_IN[1]
        width = _WIDTH_IN / _PAGE_IN[0]
        self.figure.add_artist(Rectangle((_LEFT_IN / _PAGE_IN[0], y), width, 0.0004, color=colour, linewidth=0))

    def foot(self, text: str) -> None:
        self.y_in = 0.6
        self.text(_LEFT_IN, shown(text, 110), _FINE_PT, color=LIGHT.muted)


def _pages(heard: Timeline, overview: Overview) -> list[_Page]:
    page = _Page()
    _head(page, heard)
    _panels(page, heard, overview)
    pages = [page]
    rows = summary(heard)
    if rows:
        page.heading("Instruments")
        fitting = max(0, int(page.room_in / _LINE_IN) - 1)
        _table(page, rows[:fitting], heard.facts.duration_s)
        per_page = int((_PAGE_IN[1] - _MARGIN_IN - _BOTTOM_IN) / _LINE_IN) - 4
        for more in _groups(rows[fitting:], per_page):
            pages.append(_Page())
            pages[-1].heading("Instruments, continued")
            _table(pages[-1], more, heard.facts.duration_s)
    if heard.facts.duration_s > LISTED_FROM_S:
        _lists(pages, heard)
    return pages


def _head(page: _Page, heard: Timeline) -> None:
    page.y_in -= 0.18
    page.text(_LEFT_IN, _fitting(page, title(heard)), TITLE_PT, fontweight="bold")
    if heard.path is not None:
        page.y_in -= 0.2
        page.text(_LEFT_IN, shown(str(heard.path.parent.absolute()), _LONGEST_LINE), SMALL_PT, color=LIGHT.muted)
    page.y_in -= 0.32
    page.text(_LEFT_IN, verdict(heard, longest=_LONGEST_LINE - 20), NORMAL_PT + 1)
    page.y_in -= 0.12
    column_in = _WIDTH_IN / _FACTS_ACROSS
    for line in _groups(list(facts(heard)), _FACTS_ACROSS):
        page.y_in -= 0.17
        for column, (name, value) in enumerate(line):
            x_in = _LEFT_IN + column * column_in
            page.text(x_in, name, _FINE_PT, color=LIGHT.muted)
            page.text(x_in + 0.68, shown(value, _LONGEST_FACT), _FINE_PT)


def _fitting(page: _Page, text: str) -> str:
    """A title, shortened to what fits the page; wide letters take twice the room of others."""
    longest = _LONGEST_TITLE
    while longest > 1 and widest_in(page.figure, [shown(text, longest)], TITLE_PT, fontweight="bold") > _WIDTH_IN:
        longest -= 2
    return shown(text, longest)


def _panels(page: _Page, heard: Timeline, overview: Overview) -> None:
    names = panels.row_names(heard, rows_of(heard)[:_MOST_BARS])
    left_in = _LEFT_IN + max(0.55, widest_in(page.figure, names) + 0.1)
    bars_in = max(len(names), 2) * _LINE_IN if len(names) != 1 else _LINE_IN
    page.y_in -= 0.22
    free_in = page.room_in - _WAVEFORM_IN - bars_in - 1.5 - _LINE_IN * len(summary(heard))
    least_in, most_in = _SPECTROGRAM_IN
    heights_in = {
        Picture.WAVEFORM: _WAVEFORM_IN,
        Picture.SPECTROGRAM: min(most_in, max(least_in, free_in)),
        Picture.TIMELINE: bars_in,
    }
    for panel, height_in in heights_in.items():
        page.y_in -= height_in
        axes = add_axes(page.figure, left_in, page.y_in, _RIGHT_IN - left_in, height_in)
        image = draw_panel(axes, panel, heard, overview, theme=LIGHT, most_rows=_MOST_BARS)
        page.y_in -= 0.1
    panels.time_axis(axes, heard.facts.duration_s, LIGHT)
    page.y_in -= 0.2
    if image is not None:
        page.y_in -= 0.24
        add_legend(page.figure, image, heard, LIGHT, span_in=(left_in, _RIGHT_IN), bottom_in=page.y_in)


_COLUMNS: Final = (
    # Heading, where it begins or ends, alignment.
    ("instrument", _LEFT_IN, "left"),
    ("whole file", _LEFT_IN + 2.7, "right"),
    ("heard for", _LEFT_IN + 3.5, "right"),
    ("share of the time", _LEFT_IN + 3.75, "left"),
    ("segments", _LEFT_IN + 5.4, "right"),
    ("first", _LEFT_IN + 6.05, "right"),
    ("last until", _RIGHT_IN, "right"),
)
_SHARE_IN: Final = (_LEFT_IN + 3.75, 0.75)


def _table(page: _Page, rows: Sequence[Row], duration_s: float) -> None:
    page.y_in -= _LINE_IN
    for heading, x_in, align in _COLUMNS:
        page.text(x_in, heading, _FINE_PT, color=LIGHT.muted, ha=align)
    page.rule(LIGHT.muted)
    for row in rows:
        page.y_in -= _LINE_IN
        for text, (_, x_in, align) in zip(_cells(row, duration_s), _COLUMNS, strict=True):
            # The share stands beside its bar.
            beside_in = _SHARE_IN[1] + 0.08 if x_in == _SHARE_IN[0] else 0.0
            page.text(x_in + beside_in, text, SMALL_PT, ha=align)
        _share_bar(page, row.share)
        page.rule()


def _cells(row: Row, duration_s: float) -> tuple[str, ...]:
    def clock(time_s: float | None) -> str:
        return "–" if time_s is None else _clock(time_s, duration_s)

    return (
        shown(row.words, panels.LONGEST_LABEL),
        "–" if row.confidence is None else f"{row.confidence:.2f}",
        clock(row.heard_s),
        f"{100 * row.share:.0f} %",
        str(row.segments),
        clock(row.first_s),
        clock(row.last_s),
    )


def _share_bar(page: _Page, share: float) -> None:
    x_in, width_in = _SHARE_IN
    for part, colour in ((1.0, LIGHT.faint), (share, LIGHT.wave)):
        corner = (x_in / _PAGE_IN[0], (page.y_in + 0.005) / _PAGE_IN[1])
        size = (part * width_in / _PAGE_IN[0], 0.075 / _PAGE_IN[1])
        page.figure.add_artist(Rectangle(corner, *size, color=colour, linewidth=0))


def _lists(pages: list[_Page], heard: Timeline) -> None:
    """The segments, column by column, from where the last page has room; what would be too many is told."""
    rest = heard.segments
    for number in range(_MOST_LISTS):
        if not rest:
            return
        if _lines_on(pages[-1]) < _FEWEST_LINES:
            pages.append(_Page())
        page = pages[-1]
        lines = min(_lines_on(page), max(_FEWEST_LINES, -(-len(rest) // _LISTS_ACROSS)))
        page.heading("Segments, continued" if number else "Segments")
        for column, part in enumerate(_groups(rest[: lines * _LISTS_ACROSS], lines)):
            _list(page, _LEFT_IN + column * _WIDTH_IN / _LISTS_ACROSS, part, heard)
        page.y_in = _BOTTOM_IN
        rest = rest[lines * _LISTS_ACROSS :]
    if rest:
        pages[-1].text(
            _LEFT_IN, f"and {len(rest):,} more, which the tables hold", SMALL_PT, down_in=0.1, color=LIGHT.muted
        )


def _lines_on(page: _Page) -> int:
    """How many lines of a list fit on a page, below its heading."""
    return int((page.room_in - 0.6) / _LIST_LINE_IN)


def _list(page: _Page, x_in: float, segments: Sequence[Segment], heard: Timeline) -> None:
    times = [" – ".join(_clock(t, heard.facts.duration_s) for t in (each.start_s, each.end_s)) for each in segments]
    names = [shown(heard.words.get(each.label, each.label), 16) for each in segments]
    columns = (
        ("time", 0.92, "right", times),
        ("instrument", 0.98, "left", names),
        ("", 2.15, "right", [f"{each.confidence:.2f}" for each in segments]),
    )
    for heading, offset_in, align, texts in columns:
        page.text(x_in + offset_in, heading, _FINE_PT, down_in=_LIST_LINE_IN, color=LIGHT.muted, ha=align)
        for row, text in enumerate(texts, start=2):
            page.text(x_in + offset_in, text, _FINE_PT, down_in=row * _LIST_LINE_IN, ha=align)


def _clock(time_s: float, duration_s: float) -> str:
    unit = " s" if duration_s < 60 else ""
    return panels.clock(time_s, step_s=0.1 if duration_s < 3600 else 1, longest_s=duration_s) + unit


def _groups(values: Sequence[T], size: int) -> list[Sequence[T]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
