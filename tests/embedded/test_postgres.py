"""The private PostgreSQL: made once, started over whatever a kill left behind, and never left running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from frontrow.embedded import postgres
from frontrow.embedded.postgres import Postgres, PostgresError
from tests.embedded.system import marked, wait

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds; only a failure takes them


def sql(server: Postgres, words: str) -> str:
    command = [
        str(server.bin / "psql"),
        "-qAtX",
        f"-h{server.sockets}",
        "-Upostgres",
        "-c",
        words,
        "frontrow",
    ]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data in it, made once; each test starts what it needs."""
    folder = tmp_path_factory.mktemp("pg")
    server = Postgres(folder)
    server.start()
    server.ensure_database("frontrow")
    sql(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    return folder


@pytest.fixture
def server(folder):
    server = Postgres(folder)
    yield server
    server.stop()


def holds_its_data(server: Postgres) -> bool:
    return sql(server, "SELECT answer FROM kept") == "42"


def test_it_starts_and_stops_with_its_data(server):
    server.start()
    server.ensure_database("frontrow")
    assert server.alive()
    assert server.answers()
    assert holds_its_data(server)
    server.stop()
    assert not server.alive()
    assert not server.answers()


def test_a_killed_one_starts_again(server):
    server.start()
    sql(server, "CREATE TABLE IF NOT EXISTS committed AS SELECT 1 AS one")
    server.process.kill()
    server.process.wait(PATIENCE)
    server.start()
    assert sql(server, "SELECT one FROM committed") == "1"


def test_one_that_outlived_its_supervisor_is_ended_first(folder, server, monkeypatch):
    monkeypatch.setattr(postgres, "follower", lambda order: None)
    orphan = Postgres(folder)
    orphan.start()
    server.start()
    # 1: PostgreSQL 18, stopped within milliseconds of its start, may call that abnormal, and recovers
    assert orphan.process.wait(PATIENCE) in (0, 1)
    assert holds_its_data(server)


def test_pid_files_that_name_somebody_else_are_forgotten(folder, server):
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/else\n")
    (server.sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n/else\n")
    server.start()
    assert holds_its_data(server)


def test_half_made_data_are_made_anew(tmp_path):
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    server = Postgres(tmp_path)
    server.start()
    server.stop()
    assert not (tmp_path / "postgres.new").exists()


def test_told_to_give_up_it_leaves_nothing_running(tmp_path):
    class Enough(Exception):
        pass

    def pause(_seconds: float) -> None:
        raise Enough

    server = Postgres(tmp_path, pause=pause)
    with pytest.raises(Enough):
        server.start()
    assert not marked(str(tmp_path))
    assert not (tmp_path / "postgres").exists()


def test_a_refusal_to_start_is_told_in_its_own_words(folder):
    with pytest.raises(PostgresError, match=r"did not start: .*FATAL.*no_such_setting"):
        Postgres(folder, {"no_such_setting": "1"}).start()


@pytest.mark.parametrize(
    ("version", "words"), [("15", "made by PostgreSQL 15"), (None, "not made by PostgreSQL")]
)
def test_data_of_another_version_are_refused(tmp_path, version, words):
    (tmp_path / "postgres").mkdir()
    if version:
        (tmp_path / "postgres" / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(PostgresError, match=words):
        Postgres(tmp_path).start()


@pytest.mark.parametrize("name", ["long " * 20, "a, b", 'it\'s "ours"'])
def test_no_name_of_a_folder_is_a_hindrance(tmp_path, name):
    server = Postgres(tmp_path / name)
    server.start()
    server.ensure_database("frontrow")
    server.stop()
    assert not list(server.sockets.glob("*"))
    assert server.sockets.exists() == (server.sockets.parent == server.folder)


def test_a_folder_of_somebody_elses_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PostgresError, match="belongs to somebody else"):
        Postgres(tmp_path).start()


def test_it_does_not_outlive_a_supervisor_that_was_killed(folder):
    script = (
        "import pathlib, sys, time; from frontrow.embedded.postgres import Postgres;"
        "Postgres(pathlib.Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout.readline() == b"up\n"
        place = (folder / "postgres").stat()
        title = f"frontrow-{place.st_dev:x}-{place.st_ino:x}"
        assert marked(title)
        supervisor.send_signal(signal.SIGKILL)
    wait(PATIENCE, lambda: not marked(title), "PostgreSQL gone")
