"""Iterators that hold something open."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def closed_after(values: Iterable[T]) -> Iterator[Iterator[T]]:
    """Iterates over `values`, and ends the iteration with the block, however that ends.

    What a generator holds (a database, processes) is otherwise let go of at some later time, when what
    it needs for that may be gone.
    """
    iterator = iter(values)
    try:
        yield iterator
    finally:
        if isinstance(iterator, Generator):
            iterator.close()
