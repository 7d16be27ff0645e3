"""Who may see the page: attacks as they are made on a server as people run it, and a browser that goes in and out."""

from __future__ import annotations

import logging
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from daemon.api import app as api
from daemon.api.access import load_token
from daemon.api.backend import Backend
from daemon.service.events import FilesGone
from daemon.web.access.door import Door
from daemon.web.access.password import Password
from tests.http_api import Served, served
from tests.web_page import Page, browser, environment, needs_chromium, running

WORDS = "correct horse battery"
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
REACHABLE = {"TAGGER_API__HOSTS": "studio.local"}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page that other machines can reach, with a password."""
    folder = tmp_path_factory.mktemp("locked")
    Password(folder / "catalog.db").set(WORDS)
    with running(folder, **REACHABLE) as page:
        yield page


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page for this machine only, without a password."""
    with running(tmp_path_factory.mktemp("opened")) as page:
        yield page


@pytest.fixture
def behind_a_door(tmp_path: Path, empty_catalog: Path) -> Iterator[Served]:
    """The interface with the door and a password, but nothing behind it, in this process."""

    def with_door(backend: Backend) -> FastAPI:
        door = Door(backend.access, Password(backend.catalog.path))
        app = api.create_app(backend, door=door)
        door.add_to(app)
        return app

    shutil.copy(empty_catalog, tmp_path)
    Password(tmp_path / empty_catalog.name).set(WORDS)
    with served(tmp_path / empty_catalog.name, make_app=with_door) as running_one:
        yield running_one


@contextmanager
def log_in(url: str) -> Iterator[httpx.Client]:
    """A client that has a session."""
    with httpx.Client(base_url=url, timeout=60) as client:
        assert client.post("/login", data={"password": WORDS}, headers={"Origin": url}).status_code == 303
        yield client


def at_socket(page: Page) -> str:
    return page.url.replace("http", "ws", 1) + SOCKET


def is_refused(page: Page, **headers: str) -> bool:
    """Whether no websocket is opened for who sends these."""
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    return httpx.get(f"{page.url}{SOCKET}", headers=handshake | headers).status_code == 403


def told_until_closed(socket: ClientConnection) -> list[str | bytes]:
    """What still comes over a websocket until the other side closes it."""
    told = []
    with suppress(ConnectionClosed):
        while True:
            told.append(socket.recv(timeout=60))
    return told


def asset(page: str) -> str:
    """The address of a file that a page loads."""
    found = re.search(r'src="(/_nicegui/[^"]+nicegui\.js)"', page)
    assert found
    return found[1]


class TestWithoutSession:
    def test_nothing_is_shown_of_any_kind(self, locked: Page, opened: Page) -> None:
        files = asset(httpx.get(opened.url).text)
        for path in (
            "/",
            "/?q=kick",
            files,
            "/_nicegui_ws/socket.io/?EIO=4&transport=polling",
            "/none",
            "/favicon.ico",
        ):
            answer = httpx.get(f"{locked.url}{path}")
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
            assert not answer.content
            as_part = httpx.get(f"{locked.url}{path}", headers={"Sec-Fetch-Dest": "script"})
            assert as_part.status_code == 401
            assert as_part.text == "Log in first."
        for path in ("/api/files", "/api/openapi.json", "/api/none", "/api"):
            answer = httpx.get(f"{locked.url}{path}")
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
        for path in ("/", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/_nicegui/client/1/upload/1"):
            assert httpx.post(f"{locked.url}{path}", content=b"x").status_code == 401

    def test_no_websocket_is_opened(self, locked: Page) -> None:
        assert is_refused(locked)

    @pytest.mark.parametrize("cookie", ["tagger-session=", "tagger-session=x", "__Host-tagger-session=x", "=;;\x01=,"])
    def test_a_cookie_of_ones_own_making_is_none(self, locked: Page, cookie: str) -> None:
        assert httpx.get(locked.url, headers={"Cookie": cookie}).status_code == 303

    def test_a_script_with_the_token_may_all(self, locked: Page) -> None:
        headers = {"Authorization": f"Bearer {load_token(locked.catalog)}"}
        assert httpx.get(f"{locked.url}/api/health", headers=headers).status_code == 200
        assert httpx.post(f"{locked.url}/api/jobs/retry", json={}, headers=headers).status_code == 200
        assert httpx.get(locked.url, headers=headers).status_code == 200


class TestLogin:
    def test_a_session_opens_the_page_and_the_interface_to_read(self, locked: Page) -> None:
        with log_in(locked.url) as client:
            assert client.get("/").status_code == 200
            assert client.get("/api/files").status_code == 200
            assert client.get(asset(client.get("/").text)).status_code == 200
            own = {"Origin": locked.url, "Sec-Fetch-Site": "same-origin"}
            assert client.post("/api/jobs/pause", headers=own).status_code == 401
            assert client.get("/login").headers["location"] == "/"

    def test_the_cookie_is_for_this_site_and_no_script(self, locked: Page) -> None:
        answer = httpx.post(f"{locked.url}/login", data={"password": WORDS}, headers={"Origin": locked.url})
        (cookie,) = answer.headers.get_list("set-cookie")
        value = cookie.partition("=")[2].partition(";")[0]
        assert len(value) >= 43
        for attribute in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"):
            assert attribute in cookie
        assert "Domain" not in cookie
        assert "Secure" not in cookie
        assert answer.headers["cache-control"] == "no-store"

    def test_behind_tls_the_cookie_is_for_tls_only(self, locked: Page) -> None:
        origin = locked.url.replace("http", "https", 1)
        answer = httpx.post(f"{locked.url}/login", data={"password": WORDS}, headers={"Origin": origin})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-tagger-session=")
        assert "Secure" in cookie
        sent = {"Cookie": cookie.partition(";")[0], "Origin": origin}
        assert httpx.get(locked.url, headers=sent).status_code == 200
        with connect(at_socket(locked), additional_headers=sent):
            pass

    def test_a_logout_ends_the_session_and_its_websockets(self, locked: Page) -> None:
        with log_in(locked.url) as client, log_in(locked.url) as other:
            sent = {"Cookie": f"tagger-session={client.cookies['tagger-session']}", "Origin": locked.url}
            with connect(at_socket(locked), additional_headers=sent) as socket:
                assert "sid" in socket.recv(timeout=60)
                socket.send("40")
                answer = client.post("/logout", headers={"Origin": locked.url})
                assert answer.headers["location"] == "/login"
                socket.send("40")
                assert told_until_closed(socket)[-1] == '42["open",{"path":"/login","new_tab":false}]'
            assert httpx.get(locked.url, headers=sent).status_code == 303
            assert other.get("/").status_code == 200

    def test_one_comes_back_to_where_one_was_and_nowhere_else(self, locked: Page) -> None:
        asked = httpx.get(f"{locked.url}/find?q=kick+drum&sort=name").headers["location"]
        assert asked == "/login?next=/find%3Fq%3Dkick%2Bdrum%26sort%3Dname"
        places = {
            asked: "/find?q=kick+drum&sort=name",
            "/login?next=//evil.example": "/",
            "/login?next=/%5Cevil.example": "/",
            "/login?next=https://evil.example": "/",
            "/login?next=/%0d%0aSet-Cookie:x": "/",
            "/login?next=javascript:alert(1)": "/",
        }
        for place, target in places.items():
            answer = httpx.post(f"{locked.url}{place}", data={"password": WORDS}, headers={"Origin": locked.url})
            assert answer.headers["location"] == target
        form = httpx.get(f'{locked.url}/login?next=/"><script>').text
        assert "<script" not in form

    def test_a_new_password_ends_all_that_the_old_one_opened(self, behind_a_door: Served) -> None:
        with log_in(behind_a_door.url) as client:
            assert client.get("/api/health").status_code == 200
            with client.stream("GET", "/api/events") as events:
                lines = events.iter_lines()
                next(lines)
                Password(behind_a_door.catalog.path).set(f"{WORDS}!")
                behind_a_door.backend.feed.tell(FilesGone(Path("/Samples"), 1))
                with pytest.raises(httpx.RemoteProtocolError):
                    assert not [line for line in lines if "gone" in line]
            assert client.get("/api/health").status_code == 401
            Password(behind_a_door.catalog.path).remove()
            assert client.get("/api/health").status_code == 200


class TestGuessing:
    def test_a_wrong_one_is_refused_slower_and_slower_and_noted(
        self, behind_a_door: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        def attempt(text: str) -> httpx.Response:
            return httpx.post(f"{behind_a_door.url}/login", data={"password": text}, timeout=60)

        with caplog.at_level(logging.INFO):
            for _ in range(5):
                answer = attempt("hunter2 hunter2")
                assert answer.status_code == 401
                assert "not the password" in answer.text
        assert "127.0.0.1" in caplog.text
        assert "hunter2" not in caplog.text
        assert "hunter2" not in answer.text
        attempt("hunter2 hunter2")
        answer = attempt(WORDS)
        assert answer.status_code == 429
        assert "set-cookie" not in answer.headers
        time.sleep(int(answer.headers["retry-after"]))
        assert attempt(WORDS).status_code == 303

    def test_nonsense_is_a_wrong_one(self, behind_a_door: Served) -> None:
        for content in (b"", b"password", b"password=\xff\xfe", b"&".join([b"a=1"] * 100)):
            answer = httpx.post(f"{behind_a_door.url}/login", content=content)
            assert answer.status_code == 401

    def test_a_password_that_cannot_be_read_lets_nobody_in(self, behind_a_door: Served) -> None:
        with log_in(behind_a_door.url) as client:
            Password(behind_a_door.catalog.path).path.write_bytes(b"\xff")
            assert client.get("/api/health").status_code == 401
            assert httpx.get(f"{behind_a_door.url}/login").status_code == 503
            assert httpx.post(f"{behind_a_door.url}/login", data={"password": WORDS}).status_code == 503


class TestForgery:
    @pytest.mark.parametrize(
        "headers",
        [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    )
    def test_pages_of_others_log_nobody_in_or_out(self, locked: Page, headers: dict[str, str]) -> None:
        for path in ("/login", "/logout"):
            answer = httpx.post(f"{locked.url}{path}", data={"password": WORDS}, headers=headers)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil"])
    def test_pages_of_others_open_no_websocket(self, opened: Page, origin: str) -> None:
        assert is_refused(opened, Origin=origin)
        polling = f"{opened.url}/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        assert httpx.get(polling, headers={"Origin": origin}).status_code == 403
        assert httpx.post(polling, content="40", headers={"Origin": origin}).status_code == 403

    def test_others_may_link_to_us_and_embed_nothing(self, opened: Page) -> None:
        visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert httpx.get(opened.url, headers=visit).status_code == 200
        for changed in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}):
            assert httpx.get(opened.url, headers=visit | changed).status_code == 403
        assert httpx.get(f"{opened.url}/api/files", headers=visit).status_code == 403

    def test_names_that_are_not_ours_are_refused(self, opened: Page) -> None:
        headers = {"Host": "evil.example"}
        for path in ("/", "/login", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
            assert httpx.get(f"{opened.url}{path}", headers=headers).status_code == 421
        assert is_refused(opened, **headers)


class TestPageItself:
    def test_it_is_open_on_this_machine(self, opened: Page) -> None:
        answer = httpx.get(opened.url)
        assert answer.status_code == 200
        assert httpx.get(f"{opened.url}/api/health").json()["status"] == "stopped"
        assert httpx.get(f"{opened.url}/login").headers["location"] == "/"
        with connect(at_socket(opened)) as socket:
            assert "sid" in socket.recv(timeout=60)

    def test_it_runs_no_script_but_its_own(self, opened: Page) -> None:
        first, second = httpx.get(opened.url), httpx.get(opened.url)
        policy = first.headers["content-security-policy"]
        scripts = re.search("script-src ([^;]+)", policy)
        assert scripts
        assert "unsafe-inline" not in scripts[1]
        assert policy != second.headers["content-security-policy"]
        nonce = re.search("'nonce-([^']+)'", policy)
        assert nonce
        assert set(re.findall("<script[^>]*", first.text)) == {
            each for each in re.findall("<script[^>]*", first.text) if nonce[1] in each
        }
        for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert rule in policy
        assert "*" not in policy
        assert "microphone=()" in first.headers["permissions-policy"]
        form = httpx.get(f"{opened.url}/none")
        assert form.status_code == 404
        assert "default-src 'none'" in form.headers["content-security-policy"]

    def test_the_interface_keeps_its_own_errors(self, opened: Page) -> None:
        headers = {"Authorization": f"Bearer {load_token(opened.catalog)}"}
        for method, path, status in (("GET", "/api/none", 404), ("GET", "/api", 404), ("PUT", "/api/files", 405)):
            answer = httpx.request(method, f"{opened.url}{path}", headers=headers)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"

    @pytest.mark.parametrize(
        "path",
        [
            "{static}/../nicegui.py",
            "{static}/..%2fnicegui.py",
            "{static}/%2e%2e/nicegui.py",
            "{static}//etc/passwd",
            "/_nicegui/auto/static/x/passwd",
            "/_nicegui/../catalog.db.token",
            "/catalog.db.token",
            "/.nicegui/storage-general.json",
        ],
    )
    def test_addresses_lead_to_no_other_files(self, opened: Page, path: str) -> None:
        static = asset(httpx.get(opened.url).text).rpartition("/")[0]
        target = path.replace("{static}", static)
        answer = httpx.get(httpx.URL(opened.url).copy_with(raw_path=target.encode()))
        assert answer.status_code in (403, 404)

    def test_nothing_can_be_uploaded(self, opened: Page) -> None:
        for path in ("/_nicegui/client/1/upload/1", "/_nicegui/x", "/"):
            assert httpx.post(f"{opened.url}{path}", files={"file": b"x"}).status_code in (404, 405)
            assert httpx.put(f"{opened.url}{path}", content=b"x").status_code in (404, 405)

    def test_long_bodies_and_messages_are_refused(self, opened: Page) -> None:
        for path, size in (("/login", 65_537), ("/", 65_537), ("/_nicegui_ws/socket.io/?EIO=4", 1_000_001)):
            assert httpx.post(f"{opened.url}{path}", content=b"x" * size).status_code == 413
        with connect(at_socket(opened), close_timeout=60) as socket:
            socket.send("4" + "x" * 1_000_001)
            told_until_closed(socket)
            assert socket.close_code == 1009


class TestCommand:
    def test_one_that_runs_is_named(self, opened: Page) -> None:
        folder = opened.catalog.parent
        done = subprocess.run(
            [sys.executable, "-m", "daemon", "web", "--no-browser"],
            env=environment(folder), capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert done.stdout == f"{opened.url}\n"

    def test_it_ends_at_once_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        with running(tmp_path) as page:
            httpx.get(page.url)
            with connect(at_socket(page)) as socket:
                socket.recv(timeout=60)
                took_s, told = page.stop()
        assert took_s < 2
        assert told.splitlines()[0] == page.url
        assert told.endswith("stopped\n")
        assert "Traceback" not in told
        assert not list((tmp_path / "here").iterdir())
        assert not page.catalog.with_name("catalog.db.http").exists()

    def test_reachable_without_a_password_it_says_what_to_do_and_no_more(self, tmp_path: Path) -> None:
        with running(tmp_path, **REACHABLE) as page:
            answer = httpx.get(page.url, headers={"Host": "studio.local"}, follow_redirects=False)
            assert answer.headers["location"] == "/login"
            form = httpx.get(f"{page.url}/login")
            assert form.status_code == 403
            assert "tagger web password" in form.text
            assert "<form" not in form.text
            assert httpx.post(f"{page.url}/login", data={"password": ""}).status_code == 403

    def test_a_daemon_that_comes_takes_the_page_over(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        with running(tmp_path, TAGGER_API__PORT=port) as page:
            command = [sys.executable, "-m", "daemon", "daemon"]
            with subprocess.Popen(command, env=environment(tmp_path, TAGGER_API__PORT=port)) as daemon:
                try:
                    told, _ = page.process.communicate(timeout=60)
                    assert "a daemon is running now" in told
                    deadline = time.monotonic() + 60
                    while time.monotonic() < deadline:
                        with suppress(httpx.TransportError):
                            assert httpx.get(f"{page.url}/api/health").json()["status"] == "working"
                            break
                        time.sleep(0.1)
                    assert "Instrument tagger" in httpx.get(page.url).text
                finally:
                    daemon.terminate()


@needs_chromium
class TestBrowser:
    def test_a_person_logs_in_at_the_daemon_and_out_again(self, tmp_path: Path) -> None:
        Password(tmp_path / "catalog.db").set(WORDS)
        command = ("daemon", "--log", str(tmp_path / "daemon.log"))
        with running(tmp_path, *command, **REACHABLE) as server, browser() as chromium:
            page = chromium.new_page()
            page.goto(f"{server.url}/?q=kick")
            page.get_by_label("Password").fill(WORDS)
            page.keyboard.press("Enter")
            page.get_by_role("button", name="Log out").wait_for()
            assert "q=kick" in page.url
            second = chromium.new_page()
            second.goto(server.url)
            second.get_by_role("button", name="Log out").click()
            second.get_by_label("Password").wait_for()
            # The first one is told as soon as it says anything, if only that it is still there.
            page.get_by_label("Password").wait_for()
            page.goto(server.url)
            page.get_by_label("Password").wait_for()

    def test_what_gets_into_the_page_as_html_runs_nothing(self, opened: Page) -> None:
        with browser(expected="Content Security Policy") as chromium:
            page = chromium.new_page()
            page.goto(opened.url)
            markup = '<b onfocus="run = 1" tabindex=0 id=b>x</b>'
            with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
                page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", markup)
                page.locator("#b").focus()
            assert page.evaluate("typeof run") == "undefined"
