"""The HTTP interface, over a real server: what it tells, and what it does."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from tagger.catalog import FileRecord, LabelState
from tests.catalog_entries import entry
from tests.http_api import Served, fill, served
from tests.made_up import analysis


@pytest.fixture
def api(tmp_path: Path, empty_catalog: Path) -> Iterator[Served]:
    shutil.copy(empty_catalog, tmp_path)
    with served(tmp_path / empty_catalog.name) as running:
        fill(running.catalog, tmp_path)
        yield running


def get(api: Served, path: str, status: int = 200, **params: Any) -> Any:
    answer = api.client.get(f"/api/{path}", params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


class TestSearch:
    def test_a_search_gives_what_find_gives(self, api: Served) -> None:
        page = get(api, "files", label="kick", words="dusty", kind="one-shot", min_confidence=0.5)
        assert [Path(file["path"]).name for file in page["files"]] == ["Dusty5.wav", "Dusty3.wav", "Dusty1.wav"]
        assert page["files"][0]["tags"][0] == {"label": "kick", "family": "drums", "confidence": 0.9}
        assert page["next"] is None

    def test_pages_follow_each_other(self, api: Served) -> None:
        seen: list[int] = []
        cursor: dict[str, Any] = {}
        while True:
            page = get(api, "files", limit=4, sort="duration", **cursor)
            seen += [file["id"] for file in page["files"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert len(seen) == len(set(seen)) == 6

    def test_a_cursor_of_another_search_is_refused(self, api: Served) -> None:
        cursor = get(api, "files", limit=1)["next"]
        assert "leave out the cursor" in get(api, "files", 404, limit=1, cursor=cursor, label="kick")["detail"]
        for forged in ("x", "W10", "WzFd", "bnVsbA", "W1tbW1tbW1tb"):
            get(api, "files", 404, cursor=forged)

    def test_facets_are_the_numbers_of_a_search(self, api: Served) -> None:
        facets = get(api, "facets")
        assert facets["files"] == 6
        assert facets["labels"] == {"piano": 6, "kick": 3, "snare": 3}
        assert facets["families"] == {"drums": 6, "keys": 6}
        assert [root["files"] for root in facets["roots"]] == [6]
        assert [band["files"] for band in facets["confidence"]] == [0] * 9 + [6]
        assert get(api, "facets", label="kick")["labels"] == {"kick": 3, "piano": 3}

    def test_facets_follow_the_catalog(self, api: Served) -> None:
        before = get(api, "facets")
        judge(api, 1, "confirm", "cello")
        after = get(api, "facets")
        assert (before["states"]["predicted"], after["states"]["predicted"], after["states"]["confirmed"]) == (6, 5, 1)
        assert get(api, "files", state="confirmed")["files"][0]["id"] == 1
        assert len(get(api, "files", state=["confirmed", "predicted"], folder="samples")["files"]) == 6

    def test_problems_come_in_pages(self, api: Served) -> None:
        folder = api.catalog.path.parent / "Samples"
        api.catalog.record([entry(folder / f"bad{at}.wav", "is not audio") for at in range(3)])
        first = get(api, "problems", limit=2)
        rest = get(api, "problems", limit=2, cursor=first["next"])
        assert [Path(file["path"]).name for file in first["files"] + rest["files"]] == [
            "bad0.wav",
            "bad1.wav",
            "bad2.wav",
        ]
        assert (rest["next"], rest["files"][0]["reason"]) == (None, "is not audio")
        assert get(api, f"files/{first['files'][0]['id']}")["problem"] == "is not audio"
        assert get(api, "problems", words="bad1", under=str(folder), folder="samp")["files"][0] == first["files"][1]
        get(api, "problems", 404, cursor=get(api, "files", limit=1, sort="duration")["next"])
        assert get(api, "facets")["problems"] == 3


def judge(api: Served, file_id: int, verdict: str, *labels: str) -> httpx.Response:
    known = get(api, f"files/{file_id}")["recording"]["payload_hash"]
    said = {"verdict": verdict, "labels": labels, "payload_hash": known}
    return api.client.post(f"/api/files/{file_id}/verdicts", json=said)


class TestFile:
    def test_a_file_tells_all_that_is_known(self, api: Served) -> None:
        file = get(api, "files/1")
        assert file["path"].endswith("Dusty0.wav")
        assert file["recording"]["model"] == "net@1"
        assert file["in_file"] == {}
        assert file["problem"] is None

    def test_a_file_that_could_not_be_analysed_says_why(self, api: Served, tmp_path: Path) -> None:
        api.catalog.record([entry(tmp_path / "Samples" / "bad.wav", "is not audio")])
        file = get(api, "files/7")
        assert (file["recording"], file["problem"]) == (None, "is not audio")

    def test_what_is_not_there_is_said_so(self, api: Served) -> None:
        for number in (0, 99, 2**63, 10**40):
            answer = get(api, f"files/{number}", 404)
            assert (answer["status"], answer["title"]) == (404, "Not Found")

    def test_a_file_is_given_as_it_is_under_its_own_name(self, api: Served, tmp_path: Path) -> None:
        path = tmp_path / "Samples" / 'Größe 8” "fein", 100%.wav'
        (tmp_path / "Samples" / "Dusty0.wav").rename(path)
        api.catalog.record([entry(path, analysis("audio0", "kick"))])
        answer = api.client.get("/api/files/7/download")
        assert (answer.status_code, answer.content) == (200, path.read_bytes())
        assert answer.headers["content-type"].startswith("audio/")
        assert answer.headers["x-content-type-options"] == "nosniff"
        kind, _, name = answer.headers["content-disposition"].partition("; ")
        assert (kind, unquote(name.removeprefix("filename*=utf-8''"))) == ("attachment", path.name)
        part = api.client.get("/api/files/7/download", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, path.read_bytes()[4:8])

    def test_files_out_of_reach_are_not_given(self, api: Served, tmp_path: Path) -> None:
        secret = tmp_path / "secret.wav"
        secret.write_bytes(b"secret")
        link = tmp_path / "Samples" / "link.wav"
        link.symlink_to(secret)
        api.catalog.record([entry(secret, analysis("secret")), entry(link, analysis("link"))])
        (tmp_path / "Samples" / "Dusty0.wav").unlink()
        for number, status in ((7, 403), (8, 403), (1, 404), (99, 404)):
            get(api, f"files/{number}/download", status)

    def test_to_correct_leaves_nothing_else(self, api: Served) -> None:
        told = judge(api, 1, "correct", "cello").json()["recording"]
        assert [tag["label"] for tag in told["tags"]] == ["cello"]
        assert {(said["label"], said["state"]) for said in told["labels"] if said["source"] == "human"} == {
            ("cello", "confirmed"),
            ("snare", "rejected"),
            ("piano", "rejected"),
        }

    def test_verdicts_are_kept_in_the_catalog(self, api: Served, tmp_path: Path) -> None:
        assert judge(api, 2, "reject", "kick").status_code == 200
        record = api.catalog.show(tmp_path / "Samples" / "Dusty1.wav")
        assert isinstance(record, FileRecord)
        assert any(each.state is LabelState.REJECTED for each in record.labels)

    def test_a_verdict_on_another_recording_is_refused(self, api: Served) -> None:
        said = {"verdict": "confirm", "labels": ["kick"], "payload_hash": "another"}
        answer = api.client.post("/api/files/1/verdicts", json=said)
        assert answer.status_code == 409
        assert "another recording" in answer.json()["detail"]

    def test_a_label_that_nobody_knows_is_refused(self, api: Served) -> None:
        answer = judge(api, 1, "confirm", "kazoo of doom")
        assert answer.status_code == 404
        assert "kazoo of doom" in answer.json()["detail"]

    def test_labels_are_the_taxonomy(self, api: Served) -> None:
        told = get(api, "labels")
        assert {"label": "kick", "words": "Kick", "family": "drums"} in told["labels"]
        assert told["others"] == []


class TestTimeline:
    def test_a_timeline_is_made_once(self, api: Served, tmp_path: Path) -> None:
        assert get(api, "files/1/timeline")["segments"][0]["label"] == "kick"
        assert get(api, "files/1/timeline")["hop_s"] == 1.5
        assert get(api, "files/1/timeline", hop_s=0.5)["hop_s"] == 0.5
        assert (tmp_path / "Samples" / "Dusty0.asked").read_text() == "xx"

    def test_nobody_listens_when_the_client_is_gone(self, api: Served, tmp_path: Path) -> None:
        shutil.copy(tmp_path / "Samples" / "Dusty0.wav", slow := tmp_path / "Samples" / "slow.wav")
        from tests.made_up import analysis

        api.catalog.record([entry(slow, analysis("slow", "kick"))])
        with pytest.raises(httpx.ReadTimeout):
            api.client.get("/api/files/7/timeline", timeout=3)
        # Another gets its turn at once.
        started = time.monotonic()
        assert get(api, "files/1/timeline")["version"] == 1
        assert time.monotonic() - started < 20

    def test_a_crash_costs_that_file_only(self, api: Served, tmp_path: Path) -> None:
        shutil.copy(tmp_path / "Samples" / "Dusty0.wav", bad := tmp_path / "Samples" / "crash.wav")
        from tests.made_up import analysis

        api.catalog.record([entry(bad, analysis("crash", "kick"))])
        assert "crashed the decoder" in get(api, "files/7/timeline", 422)["detail"]
        assert get(api, "files/1/timeline")["version"] == 1

    def test_settings_out_of_range_are_refused(self, api: Served) -> None:
        assert "window_s" in get(api, "files/1/timeline", 422, window_s=0)["detail"]


class TestFolders:
    def test_folders_are_added_paused_and_removed(self, api: Served, tmp_path: Path) -> None:
        (tmp_path / "More").mkdir()
        added = api.client.post("/api/roots", json={"path": str(tmp_path / "More"), "write": True}).json()
        assert (added["write"], added["is_paused"], added["state"]) == (True, False, None)
        changed = api.client.patch(f"/api/roots/{added['id']}", json={"is_paused": True}).json()
        assert changed["is_paused"]
        assert len(get(api, "roots")) == 2
        assert api.client.delete(f"/api/roots/{added['id']}").status_code == 204
        assert len(get(api, "roots")) == 1

    def test_how_a_folder_is_watched_is_changed_part_by_part(self, api: Served) -> None:
        assert get(api, "jobs")["waiting"] == 0
        changed = api.client.patch("/api/roots/1", json={"write": True}).json()
        assert (changed["write"], changed["ableton"], changed["poll"], changed["is_paused"]) == (
            True,
            False,
            False,
            False,
        )
        # What is known already is for the files too.
        assert changed["waiting"] == 6
        changed = api.client.patch("/api/roots/1", json={"poll": True, "is_paused": True}).json()
        assert (changed["write"], changed["poll"], changed["is_paused"]) == (True, True, True)
        jobs = get(api, "jobs")
        assert (jobs["waiting"], jobs["later"]) == (0, 6)
        assert api.client.patch("/api/roots/9", json={"write": True}).status_code == 404
        assert api.client.patch("/api/roots/1", json={"write": "yes"}).status_code == 422

    def test_a_folder_that_is_not_there_is_refused(self, api: Served, tmp_path: Path) -> None:
        for path in (str(tmp_path / "none"), "relative", "nul\0"):
            assert api.client.post("/api/roots", json={"path": path}).status_code == 404

    def test_nobody_looks_through_a_folder_without_a_daemon(self, api: Served) -> None:
        answer = api.client.post("/api/roots/1/scan")
        assert answer.status_code == 503
        assert "tagger daemon" in answer.json()["detail"]


class TestModel:
    def test_a_new_model_counts_once_it_is_accepted(self, api: Served) -> None:
        api.catalog.jobs.write_note("model", "net@1")
        known = get(api, "model")
        assert (known["accepted"], known["recordings"]) == ("net@1", {"net@1": 6})
        assert known["model"] != "net@1"
        accepted = api.client.post("/api/model/accept").json()
        assert accepted["accepted"] == accepted["model"] == known["model"]


class TestWork:
    def test_what_cannot_be_analysed_is_listed_with_what_failed(self, api: Served, tmp_path: Path) -> None:
        api.catalog.record([entry(tmp_path / "Samples" / "bad.wav", "is not audio")])
        api.catalog.record([entry(tmp_path / "Elsewhere" / "bad.wav", "is not audio")])
        jobs = get(api, "jobs")
        (failed,) = jobs["failed"]
        assert (failed["reason"], failed["next_try_at"], jobs["failed_files"]) == ("is not audio", None, 1)

    def test_all_is_paused_and_resumed(self, api: Served) -> None:
        assert api.client.post("/api/jobs/pause").json()["is_paused"]
        assert get(api, "jobs")["is_paused"]
        assert not api.client.post("/api/jobs/resume").json()["is_paused"]

    def test_what_waits_is_cancelled_and_retried(self, api: Served, tmp_path: Path) -> None:
        from tagger.stamp import Stamp

        folder = tmp_path / "Samples"
        api.catalog.jobs.add(1, folder, {"a.wav": Stamp(1, 1)}, not_before=0.0)
        assert api.client.post("/api/jobs/cancel", json={"under": str(folder)}).json() == {"files": 1}
        assert [job["is_cancelled"] for job in get(api, "jobs")["failed"]] == [True]
        assert api.client.post("/api/jobs/retry", json={}).json() == {"files": 1}

    def test_health_without_a_daemon(self, api: Served) -> None:
        assert get(api, "health")["status"] == "stopped"


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_the_token_is_for_its_owner_only(tmp_path: Path) -> None:
    from daemon.api.access import load_token, token_path
    from tagger.errors import SettingsError

    catalog = tmp_path / "catalog.db"
    token = load_token(catalog)
    assert token_path(catalog).stat().st_mode & 0o777 == 0o600
    assert load_token(catalog) == token
    token_path(catalog).chmod(0o644)
    with pytest.raises(SettingsError, match="others can read it"):
        load_token(catalog)
