"""What the door of the page is made of: the password, sessions, and brakes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from daemon.web.access.brakes import Brakes
from daemon.web.access.password import Password, is_right
from daemon.web.access.sessions import IDLE_S, LIFE_S, MOST, Sessions
from tagger.errors import SettingsError
from tests.command_line import Run

WORDS = "correct horse battery"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestPassword:
    def test_only_its_hash_is_kept_and_only_for_its_owner(self, tmp_path: Path) -> None:
        password = Password(tmp_path / "catalog.db")
        assert password.mark() is None
        password.set(WORDS)
        content = password.path.read_text()
        assert content.startswith("$argon2id$")
        assert WORDS not in content
        if os.name == "posix":
            assert password.path.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["catalog.db.password"]

    def test_it_and_nothing_else_is_right(self, tmp_path: Path) -> None:
        password = Password(tmp_path / "catalog.db")
        password.set("Größe ist keine Frage")
        mark = password.mark() or ""
        assert is_right("Größe ist keine Frage", mark)
        # As a Mac composes it.
        assert is_right("Gro\u0308ße ist keine Frage", mark)
        for wrong in ("", "Grosse ist keine Frage", "größe ist keine frage", "x" * 100_000):
            assert not is_right(wrong, mark)
        assert not is_right(WORDS, "no hash")

    def test_each_setting_has_a_mark_of_its_own(self, tmp_path: Path) -> None:
        password = Password(tmp_path / "catalog.db")
        password.set(WORDS)
        first = password.mark()
        password.set(WORDS)
        assert password.mark() != first

    @pytest.mark.parametrize("text", ["", "eleven char", "x" * 1001])
    def test_short_and_endless_ones_are_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(SettingsError, match="12 to 1,000"):
            Password(tmp_path / "catalog.db").set(text)
        assert not list(tmp_path.iterdir())

    @pytest.mark.skipif(os.name != "posix", reason="files have no such mode here")
    def test_a_file_that_others_can_read_is_not_trusted(self, tmp_path: Path) -> None:
        password = Password(tmp_path / "catalog.db")
        password.set(WORDS)
        password.path.chmod(0o644)
        with pytest.raises(SettingsError, match="others can read it"):
            password.mark()


class TestCommand:
    def test_a_password_is_piped_in_and_removed(
        self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        password = Password(tmp_path / "catalog.db")
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{WORDS}\n"))
        assert tagger("web", "password").code == 0
        assert is_right(WORDS, password.mark() or "")
        assert "removed" in tagger("web", "password", "--remove").out
        assert password.mark() is None
        assert "none was set" in tagger("web", "password", "--remove").out

    def test_what_is_too_short_is_told_and_changes_nothing(
        self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
        told = tagger("web", "password")
        assert told.code == 1
        assert "12" in told.err
        assert Password(tmp_path / "catalog.db").mark() is None

    def test_a_person_is_asked_twice(self, tagger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = [WORDS, WORDS, f"{WORDS}!", WORDS]
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("getpass.getpass", lambda _: answers.pop(0))
        assert tagger("web", "password").code == 0
        before = Password(tmp_path / "catalog.db").mark()
        assert "not the same" in tagger("web", "password").err
        assert Password(tmp_path / "catalog.db").mark() == before


class TestSessions:
    def test_one_holds_for_its_cookie_and_password_only(self, clock: Clock) -> None:
        sessions = Sessions(clock)
        cookie = sessions.begin("mark")
        assert len(cookie) >= 43
        assert sessions.holds(cookie, "mark")
        assert not sessions.holds(f"{cookie}x", "mark")
        assert not sessions.holds("", "mark")
        assert not sessions.holds(cookie, "another")
        assert not sessions.holds(cookie, "mark")

    def test_one_ends_by_logout_alone(self, clock: Clock) -> None:
        sessions = Sessions(clock)
        first, second = sessions.begin("mark"), sessions.begin("mark")
        sessions.end(first)
        sessions.end("none")
        assert not sessions.holds(first, "mark")
        assert sessions.holds(second, "mark")

    def test_one_ends_when_idle_and_at_its_age(self, clock: Clock) -> None:
        sessions = Sessions(clock)
        idle, used = sessions.begin("mark"), sessions.begin("mark")
        while clock.now < 1000 + LIFE_S - IDLE_S:
            clock.now += IDLE_S - 1
            assert sessions.holds(used, "mark")
        assert not sessions.holds(idle, "mark")
        clock.now = 1001 + LIFE_S
        assert not sessions.holds(used, "mark")

    def test_there_are_no_more_than_so_many(self, clock: Clock) -> None:
        sessions = Sessions(clock)
        cookies = [sessions.begin("mark") for _ in range(MOST)]
        assert sessions.holds(cookies[0], "mark")
        sessions.begin("mark")
        assert sessions.holds(cookies[0], "mark")
        assert not sessions.holds(cookies[1], "mark")


class TestBrakes:
    def test_delays_of_an_address_grow_to_a_minute(self, clock: Clock) -> None:
        brakes = Brakes(clock)
        delays = []
        for _ in range(14):
            delays.append(brakes.left_s("10.0.0.1"))
            clock.now += delays[-1]
            brakes.fail("10.0.0.1")
        assert delays == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert brakes.left_s("10.0.0.2") == 0
        clock.now += 3601
        assert brakes.left_s("10.0.0.1") == 0

    def test_a_success_forgets_them(self, clock: Clock) -> None:
        brakes = Brakes(clock)
        for _ in range(9):
            brakes.fail("10.0.0.1")
        brakes.succeed("10.0.0.1")
        assert brakes.left_s("10.0.0.1") == 0

    def test_many_addresses_slow_each_other_down_but_keep_nobody_out(self, clock: Clock) -> None:
        brakes = Brakes(clock)
        for number in range(5000):
            brakes.fail(f"10.0.{number // 256}.{number % 256}")
        assert brakes.left_s("192.168.0.9") == 4
        assert len(brakes._of_address) == 1000

    @pytest.mark.parametrize(
        ("first", "second", "is_same"),
        [
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:10.0.0.1", "10.0.0.1", True),
            ("fe80::1%eth0", "fe80::2", True),
            ("nonsense", "", True),
        ],
    )
    def test_a_machine_cannot_take_another_address(self, clock: Clock, first: str, second: str, is_same: bool) -> None:
        brakes = Brakes(clock)
        for _ in range(6):
            brakes.fail(first)
        assert (brakes.left_s(second) > 0) is is_same
