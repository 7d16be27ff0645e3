"""The OpenAPI document is kept to; `python -m tests.long.api` tries that for longer."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from fastapi.routing import APIRoute

from daemon.api import routes
from daemon.service import events
from tagger.reports import document
from tests.http_api import served
from tests.long import api as trial

ROOT = Path(__file__).parents[1]


def test_answers_are_as_documented(tmp_path: Path, empty_catalog: Path) -> None:
    shutil.copy(empty_catalog, tmp_path)
    done = trial.run(tmp_path, examples=2, phases="fuzzing")
    assert not done.returncode, done.stdout + done.stderr
    assert re.search(r"\d+ generated, \d+ passed", done.stdout), done.stdout


def test_the_document_holds_the_schema_of_timelines(tmp_path: Path, empty_catalog: Path) -> None:
    shutil.copy(empty_catalog, tmp_path)
    with served(tmp_path / empty_catalog.name) as api:
        told = api.client.get("/api/openapi.json").json()
    schema = told["components"]["schemas"]["Timeline"]
    assert schema["properties"].keys() == document.schema()["properties"].keys()
    assert '"#/$defs' not in json.dumps(told)


def test_what_changes_anything_says_that_it_needs_the_token(tmp_path: Path, empty_catalog: Path) -> None:
    shutil.copy(empty_catalog, tmp_path)
    with served(tmp_path / empty_catalog.name) as api:
        paths = api.client.get("/api/openapi.json").json()["paths"]
    operations = [(method, operation) for path in paths.values() for method, operation in path.items()]
    assert all(("security" in operation) == (method != "get") for method, operation in operations)


def test_every_event_has_a_name_and_is_documented() -> None:
    assert set(routes.EVENT_NAMES) == set(events.Event.__args__)
    page = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
    assert not [name for name in routes.EVENT_NAMES.values() if f"`{name}`" not in page]
    every = (*routes.router.routes, *routes.changes.routes)
    addresses = [route.path for route in every if isinstance(route, APIRoute) and route.include_in_schema]
    assert addresses
    assert not [path for path in addresses if path not in page]
