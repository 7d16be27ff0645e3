"""How long the catalog takes at a million files: searches, numbers, one folder, and writing.

Builds a made-up catalog in a temporary folder with the program's own tables, and deletes it again.

    python -m benchmarks.catalog [FILES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import text

from tagger.catalog import Catalog, Entry, Query, Review, Sort
from tagger.catalog.database import open_engine, writing
from tagger.catalog.records import HUMAN
from tagger.catalog.statement import Statement
from tagger.catalog.words import index_words
from tagger.results import Analysis, AudioFacts, Instrument, Kind
from tagger.taxonomy import FAMILY_OF, LEAVES

MODEL: Final = "benchmark@1"
FOLDER_SIZE: Final = 1000
ADJECTIVES: Final = ("Dusty", "Warm", "Hard", "LoFi", "Deep", "Bright", "Vintage", "Clean")
NONE: Final = (None, None)
KEYS: Final = tuple(f"{tonic}{mode}" for tonic in ("C", "D", "E", "F#", "G", "A", "B") for mode in ("", "m"))
QUERIES: Final = {
    "label": Query(labels=("kick",), limit=50),
    "rare label": Query(labels=("bagpipe",), limit=50),
    "two labels": Query(labels=("kick", "snare"), limit=50),
    "family": Query(families=("drums",), limit=50),
    "label and family": Query(labels=("kick",), families=("bass",), limit=50),
    "label, confidence, kind": Query(labels=("kick",), min_confidence=0.5, kinds=(Kind.LOOP,), limit=50),
    "label, tempo, key": Query(labels=("kick",), tempo_ranges_bpm=((118, 122),), keys=("Am",), limit=50),
    "label by path": Query(labels=("kick",), sort=Sort.PATH, limit=50),
    "rare label by path": Query(labels=("bagpipe",), sort=Sort.PATH, limit=50),
    "label by duration": Query(labels=("kick",), sort=Sort.DURATION, limit=50),
    "label below a folder": Query(labels=("kick",), path=Path("/samples/pack 0007"), limit=50),
    "label and word": Query(labels=("kick",), words="dusty", limit=50),
    "one word": Query(words="kick", limit=50),
    "two words": Query(words="kick dusty", limit=50),
    "beginning of a word": Query(words="kic 1234", limit=50),
    "folder": Query(path=Path("/samples/pack 0007"), limit=50),
    "tempo and key": Query(tempo_ranges_bpm=((118, 122),), keys=("Am",), limit=50),
    "kind that is not there": Query(kinds=(Kind.SILENCE,), limit=50),
    "kind by duration": Query(kinds=(Kind.TRACK,), sort=Sort.DURATION, limit=50),
    "all by path": Query(limit=50),
    "all by name": Query(sort=Sort.NAME, limit=50),
    "all by confidence": Query(sort=Sort.CONFIDENCE, limit=50),
    "all by tempo": Query(sort=Sort.TEMPO, limit=50),
    "newest": Query(sort=Sort.ADDED, limit=50),
    "all by kind": Query(sort=Sort.KIND, limit=50),
    "all by key": Query(sort=Sort.KEY, limit=50),
    "all by label": Query(sort=Sort.LABEL, limit=50),
    "family by label": Query(families=("synth",), sort=Sort.LABEL, limit=50),
    "not so sure": Query(max_confidence=0.4, limit=50),
    "least sure": Query(sort=Sort.CONFIDENCE, descending=False, limit=50),
    "two tempos by tempo": Query(tempo_ranges_bpm=((90, 100), (170, 180)), sort=Sort.TEMPO, limit=50),
    "folders by name": Query(folders=("pack 0007", "pack 0009"), limit=50),
    "folders and label": Query(folders=("drums",), labels=("kick",), limit=50),
    "unsure": Query(is_unsure=True, limit=50),
    "unsure, word": Query(is_unsure=True, words="bright", limit=50),
    "unsure, word of none": Query(is_unsure=True, words="dusty", limit=50),
    "missing": Query(is_missing=True, limit=50),
    "corrected": Query(reviews=(Review.CORRECTED,), limit=50),
    "nothing said, label": Query(reviews=(Review.PREDICTED,), labels=("kick",), limit=50),
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, Catalog(Path(folder, "catalog.db")) as catalog:
        print(f"{count} files, built in {seconds(lambda: build(catalog.path, count)):.0f} s")
        print(f"{catalog.path.stat().st_size / 1e6:.0f} MB")
        report(catalog)
        record(catalog)


def report(catalog: Catalog) -> None:
    for name, query in QUERIES.items():
        find = partial(lambda query: list(catalog.find(query)), query)
        print(f"find {name:24} {milliseconds(find)}  {len(find())} hits")
        if "-v" in sys.argv:
            explain(catalog, query)
    print(f"find {'problems':24} {milliseconds(lambda: list(catalog.problems(Query(limit=50))))}")
    for name in ("all by path", "label", "all by tempo", "all by kind", "all by label", "unsure"):
        query = QUERIES[name]
        # Deep in the results, and so far only as there are any.
        for far in catalog.find(replace(query, limit=100_000)):
            query = replace(QUERIES[name], after=far.position)
        find = partial(lambda query: list(catalog.find(query)), query)
        print(f"after 100,000 {name:15} {milliseconds(find)}")
    columns = catalog.columns()
    before = time.process_time()
    print(f"columns to count              {milliseconds(catalog.columns, times=1)}", end="")
    print(f", of the processor {time.process_time() - before:.2f} s")
    for name in ("all by path", "label", "one word", "folders by name", "unsure", "corrected"):
        print(f"facets {name:22} {milliseconds(partial(catalog.facets, columns, QUERIES[name]))}")
    folder = Path("/samples/pack 0003/Keys")
    print(f"known, folder of {FOLDER_SIZE:12} {milliseconds(lambda: catalog.known(folder, MODEL))}")
    print(f"known, folder of none         {milliseconds(lambda: catalog.known(Path('/none'), MODEL))}")
    print(f"folders                       {milliseconds(lambda: catalog.folders(Path('/samples')))}")
    print(f"stats                         {milliseconds(catalog.stats)}")


def explain(catalog: Catalog, query: Query) -> None:
    engine = open_engine(catalog.path)
    with engine.connect() as connection:
        statement = Statement(connection, query)
        for *_, step in connection.execute(text(f"EXPLAIN QUERY PLAN {statement.sql}"), statement.values):
            print("        ", step)
    engine.dispose()


def record(catalog: Catalog) -> None:
    """Writing as the program does it, a batch of 64 a transaction, into the full catalog."""
    batches = 40
    entries = [Entry(Path(f"/new/{at // 100}/{at}.wav"), 1000, at, analysis(at)) for at in range(batches * 64)]

    def write() -> None:
        for start in range(0, len(entries), 64):
            catalog.record(entries[start : start + 64])

    print(f"record, new                   {len(entries) / seconds(write):.0f} files/s")
    print(f"record, again                 {len(entries) / seconds(write):.0f} files/s")


def analysis(at: int) -> Analysis:
    leaves = (LEAVES[at % 59], LEAVES[(at + 7) % 59], LEAVES[(at + 31) % 59])
    instruments = tuple(Instrument(leaf, FAMILY_OF[leaf], 0.5) for leaf in leaves)
    return Analysis(
        facts=AudioFacts(1.5, 44100, 2, f"new{at:029x}"),
        kind=Kind.ONE_SHOT,
        instruments=instruments,
        tags=instruments[:1],
        model=MODEL,
        scores=np.zeros(59, np.float32),
        embedding=np.zeros(128, np.float32),
    )


def build(path: Path, count: int) -> None:
    engine = open_engine(path)
    with writing(engine) as connection:
        for table, rows in tables(count).items():
            columns = ", ".join(table.split()[1:])
            marks = ", ".join("?" for _ in table.split()[1:])
            insert = f"INSERT INTO {table.split()[0]} ({columns}) VALUES ({marks})"
            while page := list(islice(rows, 10_000)):
                connection.exec_driver_sql(insert, page)
    engine.dispose()


def tables(count: int) -> dict[str, Iterator[tuple[object, ...]]]:
    """The rows of each table, given as its name and its columns."""
    rng = np.random.default_rng(0)
    ids = range(count)
    # Squared: the first leaves are common, the last rare.
    leaves = (rng.random((count, 3)) ** 2 * len(LEAVES)).astype(int).tolist()
    confidences = (rng.random((count, 3)) / (1, 2, 3)).tolist()
    kinds = rng.choice([kind.value for kind in (Kind.ONE_SHOT, Kind.LOOP, Kind.TRACK)], count, p=(0.75, 0.23, 0.02))
    musical = list(zip(rng.uniform(70, 180, count).tolist(), rng.choice(KEYS, count).tolist(), strict=True))
    durations = rng.lognormal(0.5, 1, count).tolist()
    stems = [f"PCK_{ADJECTIVES[at * 7919 % 8]}{LEAVES[leaves[at][0]].title().replace('_', '')}_{at}" for at in ids]
    scores = bytes(len(LEAVES) * 4)

    def labels() -> Iterator[tuple[object, ...]]:
        # People said something of every 300th.
        for at in range(0, count, 300):
            for label, state in (("tuba", "confirmed"), ("banjo", "rejected"))[: 1 + at // 300 % 2]:
                yield at, label, 2, FAMILY_OF[label], 1.0, state, None, None
        for at in ids:
            for rank, leaf in enumerate(dict.fromkeys(leaves[at])):
                tag_rank = rank if is_tag(at, rank) else None
                label = LEAVES[leaf]
                yield at, label, 1, FAMILY_OF[label], confidences[at][rank], "predicted", rank, tag_rank

    def tags() -> Iterator[tuple[object, ...]]:
        for at in ids:
            for rank, leaf in enumerate(dict.fromkeys(leaves[at])):
                if is_tag(at, rank):
                    yield at, LEAVES[leaf], FAMILY_OF[LEAVES[leaf]], confidences[at][rank]

    return {
        "source id name lineage": iter([(1, MODEL, "benchmark"), (2, HUMAN, HUMAN)]),
        "folder id path path_key": ((at, folder(at), folder(at) + "/") for at in range(count // FOLDER_SIZE)),
        "file id payload_hash duration_s sample_rate channels kind tempo_bpm key added_at is_unsure": (
            (
                *(at, f"{at:032x}", durations[at], 44100, 2, kind),
                *(musical[at] if kind == Kind.LOOP else NONE),
                *(float(at), not is_tag(at, 0)),
            )
            for at, kind in enumerate(kinds.tolist())
        ),
        "location id folder_id name name_key file_id size mtime_ns missing_since problem": (
            (
                *(at, at // FOLDER_SIZE, f"{stems[at]}.wav", f"{stems[at]}.wav"),
                *(None if at % 1000 == 5 else at, 100_000, at),
                *(1.0 if at % 200 == 3 else None, "is not audio" if at % 1000 == 5 else None),
            )
            for at in ids
        ),
        "analysis file_id source_id analysed_at scores embedding": (
            (at, 1, float(at), scores, embedding) for at, embedding in enumerate(embeddings(count))
        ),
        "label file_id label source_id family confidence state candidate_rank tag_rank": labels(),
        "tag file_id label family confidence": tags(),
        "words rowid text": ((at, index_words(folder(at // FOLDER_SIZE), stems[at])) for at in ids),
    }


def embeddings(count: int) -> Iterator[bytes]:
    """One of unit length for each file, in any direction."""
    rng = np.random.default_rng(1)
    for start in range(0, count, 10_000):
        page = rng.standard_normal((min(10_000, count - start), 128), dtype=np.float32)
        yield from map(np.ndarray.tobytes, page / np.linalg.norm(page, axis=1, keepdims=True))


def is_tag(at: int, rank: int) -> bool:
    """One tag for most files, two for a fifth of them, none for a twentieth."""
    return rank < (2 if at % 5 == 4 else 1) and at % 20 != 7


def folder(at: int) -> str:
    return f"/samples/pack {at:04}/{('Drums', 'Loops', 'One Shots', 'Keys')[at % 4]}"


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def milliseconds(work: Callable[[], object], *, times: int = 7) -> str:
    """The fastest of seven, so that other work on the machine does not count."""
    return f"{min(seconds(work) for _ in range(times)) * 1000:8.1f} ms"


if __name__ == "__main__":
    main()
