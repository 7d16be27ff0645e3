"""A report as a small document, and its two readings: Markdown and HTML.

The HTML holds its own style and needs nothing but the PNG files beside it. Both readings show text as it is: what
looks like markup in a title or a label is escaped.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Text whose lines and spaces matter, such as a configuration."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; columns of numbers are set to the right, fractions with three decimals, None and nan as a dash.

    Attributes:
        columns: their headings.
        rows: as many cells each as there are headings.
        caption: what the table says, or nothing.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds numbers only."""
        return bool(self.rows) and all(not isinstance(row[column], str) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG file beside the report.

    Attributes:
        file: its name.
        caption: what there is to see.
    """

    file: str
    caption: str


Block = Paragraph | Listing | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole document."""

    title: str
    sections: Sequence[Section]


def write_report(folder: Path, report: Report) -> None:
    """Writes `report.md` and `report.html` beside the pictures.

    Raises:
        FileNotFoundError: a picture of the report is not in the folder.
    """
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Picture) and not (folder / block.file).is_file():
                raise FileNotFoundError(folder / block.file)
    (folder / "report.md").write_text(as_markdown(report), encoding="utf-8")
    (folder / "report.html").write_text(as_html(report), encoding="utf-8")


def as_markdown(report: Report) -> str:
    """The report in Markdown with tables (GitHub flavour)."""
    parts = [f"# {_escaped(report.title)}"]
    for section in report.sections:
        parts += [f"## {_escaped(section.title)}", *(_markdown(block) for block in section.blocks)]
    return "\n\n".join(parts) + "\n"


def as_html(report: Report) -> str:
    """The report as one HTML page."""
    title = html.escape(report.title)
    body = "\n".join(_html_sections(report))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _cell(value: Cell) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _markdown(block: Block) -> str:
    match block:
        case Paragraph(text):
            # At the start of a line these would begin a heading or a list.
            return re.sub(r"^(\d*)([#+\-.)=])", r"\1\\\2", _escaped(text))
        case Listing(text):
            # A fence has to be longer than any in the text.
            fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
            return f"{fence}text\n{text.rstrip()}\n{fence}"
        case Table():
            return _markdown_table(block)
        case Picture(file, caption):
            return f"![{_escaped(caption)}]({quote(file)})\n\n*{_escaped(caption)}*"


def _markdown_table(table: Table) -> str:
    rules = ["---:" if table.is_numeric(column) else "---" for column in range(len(table.columns))]
    lines = [[_escaped(each) for each in table.columns], rules]
    lines += [[_escaped(_cell(each)) for each in row] for row in table.rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{text}\n\n*{_escaped(table.caption)}*" if table.caption else text


def _escaped(text: str) -> str:
    """Text on one line that Markdown shows as it is; underscores within words mean nothing there and stay."""
    text = re.sub(r"([\\`*\[\]<>|&~])", r"\\\1", " ".join(text.split()))
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def _html_sections(report: Report) -> Iterator[str]:
    links = (
        f'<li><a href="#section-{number}">{html.escape(each.title)}</a></li>'
        for number, each in enumerate(report.sections, 1)
    )
    if len(report.sections) > 2:
        yield f"<nav><ul>{''.join(links)}</ul></nav>"
    for number, section in enumerate(report.sections, 1):
        yield f'<section id="section-{number}">\n<h2>{html.escape(section.title)}</h2>'
        yield from (_html(block) for block in section.blocks)
        yield "</section>"


def _html(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{html.escape(text)}</p>"
        case Listing(text):
            return f"<pre>{html.escape(text.rstrip())}</pre>"
        case Table():
            return _html_table(block)
        case Picture(file, caption):
            address, words = html.escape(quote(file)), html.escape(caption)
            image = f'<a href="{address}"><img src="{address}" alt="{words}" loading="lazy"></a>'
            return f"<figure>{image}<figcaption>{words}</figcaption></figure>"


def _html_table(table: Table) -> str:
    kinds = [' class="number"' if table.is_numeric(column) else "" for column in range(len(table.columns))]
    caption = f"<caption>{html.escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(
        f'<th scope="col"{kind}>{html.escape(each)}</th>' for kind, each in zip(kinds, table.columns, strict=True)
    )
    rows = (
        "".join(f"<td{kind}>{html.escape(_cell(each))}</td>" for kind, each in zip(kinds, row, strict=True))
        for row in table.rows
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


# Pictures are drawn on white and keep a white frame where the page is dark.
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --faint: #666; --line: #d8d8d8; --link: #0060a0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #16181b; --faint: #a0a0a0; --line: #3a3d42; --link: #7fc4f5; }
}
body { margin: 0 auto; max-width: 88rem; padding: 1rem 1.5rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { line-height: 1.2; } h2 { margin-top: 3rem; padding-top: .5rem; border-top: 1px solid var(--line); }
p { max-width: 45rem; } a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; }
.wide, pre { overflow-x: auto; }
pre { padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .3rem; font-size: .85rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; padding-top: .4rem; text-align: left; color: var(--faint); }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
th { vertical-align: bottom; } .number { padding: .2rem 0 .2rem 1.2rem; text-align: right; }
figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; padding: .5rem; background: #fff; }
figcaption { color: var(--faint); font-size: .9rem; }
"""
