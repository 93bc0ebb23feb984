"""A folder of data has one user at a time, one secret, and a database for short commands."""

import fcntl
import stat
from pathlib import Path

import pytest

from frontrow.embedded import installation
from frontrow.embedded.installation import InUse, NotStarted, borrowed, environment, held
from frontrow.embedded.postgres import Postgres


def test_a_folder_is_held_by_one(tmp_path):
    words = r"already runs on .*: process \d+, http://127\.0\.0\.1:8000\."
    with held(tmp_path, "http://127.0.0.1:8000"), pytest.raises(InUse, match=words):
        held(tmp_path, "another").__enter__()
    with held(tmp_path, "a later one"):
        pass


def test_the_children_of_a_killed_supervisor_are_waited_for(tmp_path):
    child = (tmp_path / "work.lock").open("w")
    fcntl.flock(child, fcntl.LOCK_EX)
    with held(tmp_path, "the next", pause=lambda _: child.close()):
        assert child.closed


def test_children_that_never_end_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(installation, "ORPHAN_SECONDS", 0)
    with (tmp_path / "work.lock").open("w") as child:
        fcntl.flock(child, fcntl.LOCK_EX)
        with pytest.raises(InUse, match="Processes of an earlier Frontrow still work"):
            held(tmp_path, "the next", pause=lambda _: None).__enter__()


def test_a_new_folder_is_for_its_owner_only_and_an_old_one_stays_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    for folder, mode in ((tmp_path / "new", 0o700), (tmp_path, 0o755)):
        with held(folder, "us"):
            assert stat.S_IMODE(folder.stat().st_mode) == mode


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_what_is_no_folder_is_refused(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(NotStarted, match="cannot be used"):
        held(tmp_path / place, "us").__enter__()


class Somewhere:
    def url(self, database: str) -> str:
        return f"postgres:///{database}"


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY")
    first, second = (environment(tmp_path, Somewhere())["SECRET_KEY"] for _ in range(2))
    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_secret_that_is_given_goes_before(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "given")
    assert environment(tmp_path, Somewhere())["SECRET_KEY"] == "given"


def test_mail_lies_beside_the_data_unless_one_says_otherwise(tmp_path, monkeypatch):
    place = tmp_path / "a folder"
    place.mkdir()
    assert environment(place, Somewhere())["EMAIL_URL"] == f"filemail://{tmp_path}/a%20folder/mail"
    monkeypatch.setenv("EMAIL_URL", "smtp://localhost")
    assert environment(place, Somewhere())["EMAIL_URL"] == "smtp://localhost"


def test_nothing_is_borrowed_where_there_is_no_frontrow(tmp_path):
    with pytest.raises(NotStarted, match="There is no Frontrow"):
        borrowed(tmp_path / "typo", "us").__enter__()
    assert not (tmp_path / "typo").exists()


def test_a_folder_is_made_a_frontrows_if_that_is_asked_for(tmp_path):
    place = tmp_path / "fresh"
    with borrowed(place, "us", make=True) as made:
        assert Postgres(place).answers()
    assert not Postgres(place).answers()
    with borrowed(place, "us") as again:
        assert again == made


def test_the_database_is_borrowed_whether_frontrow_runs_or_not(tmp_path: Path):
    server = Postgres(tmp_path)
    with held(tmp_path, "Frontrow"):
        server.start()
        server.ensure_database("frontrow")
        try:
            with borrowed(tmp_path, "us") as running:
                assert running["DATABASE_URL"] == server.url("frontrow")
            assert server.alive()
        finally:
            server.stop()
        with pytest.raises(NotStarted, match="does not answer"):
            borrowed(tmp_path, "us").__enter__()
    with borrowed(tmp_path, "us") as alone:
        assert alone == running
        assert server.answers()
    assert not server.answers()
