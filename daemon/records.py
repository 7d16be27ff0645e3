"""Catalog rows as objects for programs, lines for people, and columns of a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from typing import Final, TextIO

from daemon.output import (
    Json,
    analysis_object,
    claims_words,
    count_words,
    duration_words,
    instrument_object,
    kind_words,
    nearby,
)
from tagger.catalog import FILENAME, VENDOR, FileRecord, Hit, LabelRecord, LabelState, Stats
from tagger.errors import printable
from tagger.reports.tables import cell
from tagger.taxonomy import words_of

_COLUMNS: Final = (
    "path",
    "kind",
    "duration_s",
    "tags",
    "confidences",
    "families",
    "tempo_bpm",
    "key",
    "sample_rate",
    "channels",
    "model",
    "analysed_at",
    "is_missing",
    "payload_hash",
)
_LIST_SEPARATOR: Final = "; "


def hit_object(hit: Hit) -> Json:
    """What `find --json` says of one file."""
    return {
        "path": printable(hit.path),
        "duration_s": round(hit.duration_s, 6),
        "kind": hit.kind.value,
        "tags": [instrument_object(tag) for tag in hit.tags],
        "tempo_bpm": hit.tempo_bpm,
        "key": hit.key,
    }


def hit_line(hit: Hit, words: Mapping[str, str]) -> str:
    """What `find` says of one file to a person."""
    claims = claims_words(hit.tags, words) or "unsure"
    return f"{nearby(hit.path)}  {kind_words(hit.kind, hit.tempo_bpm, hit.key)}: {claims}"


def record_object(record: FileRecord) -> Json:
    """All of a record but its scores and embedding."""
    analysis = analysis_object(record.path, record.analysis)
    return analysis | {
        "tags": [instrument_object(tag) for tag in record.tags],
        "labels": [_label_object(label) for label in record.labels],
        "sample_rate": record.facts.sample_rate,
        "channels": record.facts.channels,
        "analysed_at": record.analysed_at.isoformat(timespec="seconds"),
        "added_at": record.added_at.isoformat(timespec="seconds"),
        "is_missing": record.is_missing,
        "same_audio": [printable(path) for path in record.same_audio],
    }


def record_lines(record: FileRecord, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """What `show` says of a record, as names and values."""
    facts = record.facts
    channels = count_words(facts.channels, "channel")
    said = [
        label
        for label in record.labels
        if label.is_tag or label.state is not LabelState.PREDICTED or label.source in (VENDOR, FILENAME)
    ]
    return [
        ("kind", f"{kind_words(record.kind, record.tempo_bpm, record.key)}, {duration_words(facts.duration_s)}"),
        ("tags", claims_words(record.tags, words) or "none"),
        ("candidates", claims_words(record.analysis.instruments, words) or "none"),
        *(("said by", _label_words(label, words)) for label in said),
        ("model", f"{record.analysis.model}, {record.analysed_at:%Y-%m-%d %H:%M} UTC"),
        ("audio", f"{facts.sample_rate:,} Hz, {channels}, identity {facts.payload_hash}"),
        *(("same audio", nearby(path)) for path in record.same_audio),
        *([("missing", "not there when its folder was last looked at")] if record.is_missing else []),
    ]


def stats_object(stats: Stats) -> Json:
    """What `stats --json` says."""
    return {
        "files": stats.files,
        "hours": round(stats.hours, 4),
        "duplicates": stats.duplicates,
        "unsure": stats.unsure,
        "problems": stats.problems,
        "by_label": dict(stats.by_label),
        "by_family": dict(stats.by_family),
        "by_kind": {kind.value: count for kind, count in stats.by_kind.items()},
    }


def write_jsonl(records: Iterable[FileRecord], file: TextIO) -> None:
    """Writes an object a line."""
    file.writelines(json.dumps(record_object(record)) + "\n" for record in records)


def write_csv(records: Iterable[FileRecord], file: TextIO) -> None:
    """Writes a table with a header; several tags stand in one cell, as do their confidences."""
    writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for record in records:
        row = record_object(record) | _tag_cells(record)
        writer.writerow({name: cell(value) if isinstance(value, str) else value for name, value in row.items()})


def _tag_cells(record: FileRecord) -> Json:
    return {
        "tags": _LIST_SEPARATOR.join(tag.label for tag in record.tags),
        "confidences": _LIST_SEPARATOR.join(f"{tag.confidence:.4f}" for tag in record.tags),
        "families": _LIST_SEPARATOR.join(dict.fromkeys(tag.family for tag in record.tags)),
    }


def _label_object(label: LabelRecord) -> Json:
    return {
        "label": label.label,
        "family": label.family,
        "confidence": round(float(label.confidence), 4),
        "source": label.source,
        "state": label.state.value,
        "is_tag": label.is_tag,
    }


def _label_words(label: LabelRecord, words: Mapping[str, str]) -> str:
    name = words.get(label.label, words_of(label.label))
    return f"{label.source}: {name} {label.confidence:.2f} ({label.state.value})"
