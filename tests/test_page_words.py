"""What the page says of folders and files, and how it finds its way among the folders of the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.api import models, work
from daemon.web.parts import saying
from daemon.web.work.surroundings import MOST, is_watched, look_in, remark, typed
from tagger.catalog import Catalog

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
LATE = NOW + timedelta(hours=23)


def root(**values: Any) -> models.RootDetail:
    usual = {
        "id": 1, "path": "/Drums", "write": False, "ableton": False, "poll": False, "is_paused": False,
        "is_offline": False, "reason": None, "state": "watching", "notice": None, "is_told": True, "files": 3,
        "scanned_at": None, "next_scan_at": None, "unreadable": [], "waiting": 0, "retrying": 0, "quarantined": 0,
        "cancelled": 0,
    }  # fmt: skip
    return models.RootDetail.model_validate(usual | values)


def state(**values: Any) -> models.Work:
    usual = {
        "is_running": True, "is_paused": False, "holds": [], "fault": None, "done": 0, "waiting": 0, "later": 0,
        "quarantined": 0, "cancelled": 0, "per_s": 0.0, "eta_s": None, "failed": [], "failed_files": 0,
    }  # fmt: skip
    return models.Work.model_validate(usual | values)


def failed(**values: Any) -> models.FailedJob:
    usual = {
        "path": "/a.wav", "task": "analyse", "tries": 1, "is_quarantined": False, "is_cancelled": False,
        "reason": "cannot be read", "next_try_at": NOW + timedelta(minutes=5),
    }  # fmt: skip
    return models.FailedJob.model_validate(usual | values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Up to date"),
        ({"state": "scanning"}, "Being looked through"),
        ({"state": "starting"}, "Starting"),
        ({"waiting": 1200}, "1,200 to do"),
        ({"waiting": 3, "retrying": 3}, "Up to date"),
        ({"is_paused": True, "waiting": 3}, "Paused"),
        ({"is_offline": True, "is_paused": True, "reason": "is not there"}, "Offline"),
    ],
)
def test_each_state_of_a_folder_has_its_words(values: dict[str, Any], words: str) -> None:
    assert saying.of_root(root(**values), state()).words == words


def test_an_offline_folder_says_why_and_what_stays() -> None:
    assert saying.of_root(root(is_offline=True, reason="is not there"), state()).detail == (
        "It is not there. All that is known of it stays."
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"is_running": False, "is_paused": True}, "The daemon is not running"),
        ({"fault": "disk full"}, "Nothing can be done"),
        ({"is_paused": True, "holds": ["quiet hours"]}, "Paused"),
        ({"holds": ["quiet hours"]}, "Resting: quiet hours"),
        ({"holds": ["a DAW plays"], "waiting": 5}, "Resting: a DAW plays"),
        ({"waiting": 5}, "Listening"),
        ({}, "Up to date"),
    ],
)
def test_the_work_as_a_whole_has_its_words(values: dict[str, Any], words: str) -> None:
    assert saying.of_work(state(**values), has_roots=True).words == words


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({}, "soon", "Next try in 5 min"),
        ({"next_try_at": NOW + timedelta(seconds=3)}, "soon", "Next try within a minute"),
        ({"is_quarantined": True, "next_try_at": LATE}, "quarantined", "Quarantine: next try in 23 h"),
        ({"next_try_at": None}, "given up", "Given up until it changes"),
        ({"is_cancelled": True, "next_try_at": None}, "cancelled", "Left out until it changes"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_file_that_failed(values: dict[str, Any], kind: str, words: str) -> None:
    assert (saying.kind_of(failed(**values)), saying.of_failed(failed(**values), NOW)) == (kind, words)


def test_progress_is_told_with_rate_and_time() -> None:
    words = saying.progress_words(state(done=120, waiting=3280, per_s=4.2, eta_s=780))
    assert words == "120 of 3,400 files, 4.2 files/s, 13 min left"


def test_what_is_in_a_folder(tmp_path: Path) -> None:
    for name in ("b", "A", ".hidden", "c.wav folder"):
        (tmp_path / name).mkdir()
    for name in ("one.wav", "two.FLAC", "cover.jpg", "._one.wav"):
        (tmp_path / name).touch()
    found = look_in(tmp_path)
    assert (found.folders, found.sounds, found.is_more) == (["A", "b", "c.wav folder"], 2, False)


def test_a_folder_of_very_many_is_cut_off(tmp_path: Path) -> None:
    for at in range(MOST + 1):
        (tmp_path / f"{at:04}").mkdir()
    found = look_in(tmp_path)
    assert (len(found.folders), found.is_more) == (MOST, True)


def test_what_is_typed_or_pasted_is_understood() -> None:
    assert typed(' "/My Drums" ') == Path("/My Drums")
    assert typed("~/Samples") == Path.home() / "Samples"


def test_watched_folders_around_a_choice_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "All" / "Drums" / "Kicks").mkdir(parents=True)
    with Catalog(tmp_path / "catalog.db") as catalog:
        roots = [catalog.roots.add(tmp_path / "All" / "Drums")]
    assert is_watched(tmp_path / "All" / "Drums", roots)
    assert not is_watched(tmp_path / "All", roots)
    assert "Drums" in remark(tmp_path / "All" / "Drums" / "Kicks", roots)
    assert "Drums" in remark(tmp_path / "All", roots)
    assert not remark(tmp_path / "Else", roots)
    assert "more than a library" in remark(Path.home(), roots)


def test_a_daemon_of_another_process_counts(tmp_path: Path) -> None:
    from daemon.service.lock import only_one

    with Catalog(tmp_path / "catalog.db") as catalog:
        assert not work.look(catalog, None).is_running
        assert work.health(catalog, None).status == "stopped"
        with only_one(catalog.path):
            assert work.look(catalog, None).is_running
            assert work.health(catalog, None).status == "working"
