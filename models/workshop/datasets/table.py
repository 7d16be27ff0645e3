"""A CSV that names audio files and says what sounds in them; the general reader.

Columns `file` and `label` are needed, where `label` is one label or several, separated by ";". There may be
`library`, `group`, `rendered` (1 or 0) and `start_s`, each also empty in single rows. Files lie beside the
CSV or in a folder `clips/` there, as those of a corpus do.
"""

from __future__ import annotations

from pathlib import Path, PurePath

from models.workshop.clips import Clip
from models.workshop.datasets.folders import label_id
from models.workshop.datasets.listing import Listing, listed
from models.workshop.datasets.rows import Row, read_rows


def read(path: Path) -> Listing:
    """All rows whose file is there.

    Raises:
        DatasetError: the CSV cannot be read, a row is malformed, or no audio is there.
    """
    layout = "a column `file` of files beside the CSV or in clips/ there"
    return listed(map(_clip, read_rows(path, ("file", "label"))), root=path, layout=layout)


def _clip(row: Row) -> Clip:
    library = row.cells.get("library") or row.path.resolve().parent.name
    file = row.cells["file"]
    if not file:
        raise row.error("no file", "name one or delete the row")
    return Clip(
        path=_locate(row.path.parent, file),
        labels=_labels(row),
        library=library,
        group=row.cells.get("group") or _group(file),
        is_real=not _is_rendered(row),
        start_s=row.number("start_s") if row.cells.get("start_s") else 0.0,
    )


def _locate(folder: Path, file: str) -> Path:
    beside, inside = folder / file, folder / "clips" / file
    return inside if inside.is_file() and not beside.is_file() else beside


def _labels(row: Row) -> tuple[str, ...]:
    labels = tuple(dict.fromkeys(label_id(name) for name in row.cells["label"].split(";") if name.strip()))
    if not labels:
        raise row.error("no label", "name one or delete the row")
    return labels


def _group(file: str) -> str:
    """The folder of a file, or for want of one the file alone; stretches of one file then stay together."""
    folder = PurePath(file).parent
    return file if folder == PurePath() else folder.as_posix()


def _is_rendered(row: Row) -> bool:
    cell = row.cells.get("rendered", "")
    if cell not in ("", "0", "1"):
        raise row.error(f"rendered is {cell!r}", "write 1 or 0")
    return cell == "1"
