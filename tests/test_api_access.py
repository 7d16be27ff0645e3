"""Who may ask over HTTP: attacks as they are made, and that each is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from daemon.api.access import Access
from tagger.settings import ApiSettings
from tests.catalog_entries import entry
from tests.http_api import TOKEN, Served, fill, served
from tests.made_up import analysis


@pytest.fixture
def api(tmp_path: Path, empty_catalog: Path) -> Iterator[Served]:
    shutil.copy(empty_catalog, tmp_path)
    with served(tmp_path / empty_catalog.name) as running:
        fill(running.catalog, tmp_path, 2)
        yield running


@pytest.fixture
def open_api(tmp_path: Path, empty_catalog: Path) -> Iterator[Served]:
    """One that other machines can reach."""
    shutil.copy(empty_catalog, tmp_path)
    with served(tmp_path / empty_catalog.name, is_local=False) as running:
        yield running


def told(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    detail: str = answer.json()["detail"]
    return detail


class TestRebinding:
    @pytest.mark.parametrize(
        "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::2]"]
    )
    def test_a_name_that_is_not_ours_is_refused(self, api: Served, host: str) -> None:
        assert "hosts" in told(api.client.get("/api/files", headers={"Host": host}), 421)

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8437", "127.0.0.1:1", "[::1]:8437", "[::1]"])
    def test_names_of_this_machine_are_answered(self, api: Served, host: str) -> None:
        assert api.client.get("/api/health", headers={"Host": host}).status_code == 200

    def test_addresses_outside_of_the_interface_are_guarded_too(self, api: Served) -> None:
        told(api.client.get("/", headers={"Host": "evil.example"}), 421)


class TestForgery:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_pages_of_others_change_and_read_nothing(self, api: Served, headers: dict[str, str]) -> None:
        # Even one that had got hold of the token.
        told(api.client.post("/api/jobs/pause", headers=headers), 403)
        told(api.client.get("/api/files", headers=headers), 403)
        assert not api.client.get("/api/jobs").json()["is_paused"]

    def test_our_own_page_may(self, api: Served) -> None:
        headers = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
        assert api.client.post("/api/jobs/pause", headers=headers).status_code == 200

    @pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Token {TOKEN}", "Basic !", "Bearer \xff"])
    def test_nothing_is_changed_without_the_token(self, api: Served, sent: str) -> None:
        for method, path in (("POST", "jobs/pause"), ("DELETE", "roots/1"), ("PATCH", "roots/1"), ("POST", "roots")):
            answer = httpx.request(method, f"{api.url}/api/{path}", headers={b"Authorization": sent.encode("latin-1")})
            assert "token" in told(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert len(api.catalog.roots.all()) == 1

    def test_what_a_browser_sends_unasked_changes_nothing(self, api: Served) -> None:
        told(httpx.post(f"{api.url}/api/jobs/pause", auth=("me", TOKEN)), 401)

    def test_a_form_is_no_request(self, api: Served) -> None:
        for content_type in ("text/plain", "application/x-www-form-urlencoded"):
            answer = api.client.post("/api/jobs/retry", content="{}", headers={"Content-Type": content_type})
            told(answer, 422)

    def test_no_answer_is_for_other_sites(self, api: Served) -> None:
        for answer in (api.client.get("/api/files"), api.client.get("/api/none"), api.client.options("/api/files")):
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert answer.headers["cache-control"] == "no-store"


class TestOtherMachines:
    def test_nothing_is_told_without_the_token(self, open_api: Served) -> None:
        for path in ("/api/files", "/api/health", "/api/openapi.json", "/api/events", "/none"):
            answer = httpx.get(f"{open_api.url}{path}")
            assert "token" in told(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            told(httpx.get(f"{open_api.url}{path}", auth=("anybody", TOKEN)), 401)
        assert open_api.client.get("/api/health").status_code == 200

    def test_names_or_addresses_for_others_ask_for_the_token(self) -> None:
        def access(**settings: object) -> Access:
            return Access.of(ApiSettings.model_validate(settings), "token")

        assert access().is_local
        assert access(host="::1").is_local
        assert not access(hosts=["Studio.local"]).is_local
        assert "studio.local" in access(hosts=["Studio.local"]).hosts
        assert not access(host="0.0.0.0").is_local
        assert access(host="0.0.0.0").hosts == access().hosts
        assert "[fe80::1]" in access(host="fe80::1").hosts


class TestPlaces:
    @pytest.mark.parametrize(
        "under",
        ["/", "/etc", "Samples", "{root}/../secret", "{root}/..", "{root}x", "{root}/./a", "{root}//a", "{root}/link"],
    )
    def test_no_place_outside_of_watched_folders_is_taken(self, api: Served, tmp_path: Path, under: str) -> None:
        (tmp_path / "secret").mkdir()
        if os.name == "posix":
            (tmp_path / "Samples" / "link").symlink_to(tmp_path / "secret")
        under = under.replace("{root}", str(tmp_path / "Samples"))
        told(api.client.get("/api/files", params={"under": under}), 403)
        told(api.client.get("/api/facets", params={"under": under}), 403)
        told(api.client.post("/api/jobs/cancel", json={"under": under}), 403)
        told(api.client.post("/api/jobs/retry", json={"under": under}), 403)

    def test_places_in_watched_folders_are_taken(self, api: Served, tmp_path: Path) -> None:
        for under in (tmp_path / "Samples", f"{tmp_path / 'Samples'}{os.sep}", tmp_path / "Samples" / "Dusty0.wav"):
            assert api.client.get("/api/files", params={"under": str(under)}).json()["files"]

    def test_files_outside_are_not_opened(self, api: Served, tmp_path: Path) -> None:
        outside = tmp_path / "outside.wav"
        shutil.copy(tmp_path / "Samples" / "Dusty0.wav", outside)
        api.catalog.record([entry(outside, analysis("outside", "kick"))])
        told(api.client.get("/api/files/3/timeline"), 403)
        assert api.client.get("/api/files/3").json()["in_file"] is None

    @pytest.mark.parametrize(
        "path", ["/api/../etc/passwd", "/api/files/../../etc", "/api/files/%2e%2e%2f", "/api/files/1%00"]
    )
    def test_addresses_lead_nowhere_else(self, api: Served, path: str) -> None:
        assert api.client.get(path).status_code in (404, 422)

    def test_folders_are_added_on_the_machine_itself_only(self, api: Served) -> None:
        from starlette.exceptions import HTTPException

        from daemon.api import folders, models

        with pytest.raises(HTTPException) as refused:
            folders.add(api.catalog, None, models.NewRoot(path="/"), is_local=False)
        assert refused.value.status_code == 403


class TestSize:
    def test_long_bodies_are_refused(self, api: Served) -> None:
        content = b'{"under": "' + b"x" * 100_000 + b'"}'
        headers = {"Content-Type": "application/json"}
        told(api.client.post("/api/jobs/retry", content=content, headers=headers), 413)
        told(api.client.post("/api/jobs/retry", content=iter([content]), headers=headers), 413)

    def test_pages_have_a_most(self, api: Served) -> None:
        told(api.client.get("/api/files", params={"limit": 501}), 422)

    def test_nonsense_is_told_in_a_line(self, api: Served) -> None:
        assert "no_such" in told(api.client.get("/api/files", params={"no_such": 1}), 422)
        told(api.client.post("/api/jobs/retry", content="{", headers={"Content-Type": "application/json"}), 422)
        told(api.client.put("/api/files"), 405)
        told(api.client.get("/api/none"), 404)
