"""A bridge on a free port, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from osc_bridge.bridge import Bridge
from osc_bridge.client import Client
from tests.osc.helpers import running


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with running(tmp_path) as started:
        yield started


@pytest.fixture
def client(bridge: Bridge) -> Iterator[Client]:
    with Client(bridge.address) as made:
        yield made
