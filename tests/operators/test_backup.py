"""A backup is every database at one moment, while they are written; it is checked, and restored where nothing is."""

import os
import shutil
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from frontrow.fleet import packages
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.embedded.system import free_port
from tests.house.tree import ROOT

SCRIPTS = ROOT / "deploy" / "postgres"
DATABASES = ("bookings", "payments")


class Server:
    """The PostgreSQL of a fleet, with the databases of its services."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.fleet = Fleet(folder, Wishes(port=free_port()))

    def start(self) -> "Server":
        self.fleet.start("cluster", "postgres", "databases")
        return self

    def superuser(self) -> dict[str, str]:
        password = (self.folder / "secrets" / "database_superuser").read_text()
        port = str(self.fleet.port("postgres"))
        return {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "postgres", "PGPASSWORD": password}

    def connect(self, database: str) -> psycopg.Connection:
        where = {key.removeprefix("PG").lower(): value for key, value in self.superuser().items()}
        return psycopg.connect(**where, dbname=database, autocommit=True)


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "first").start()
    for name in DATABASES:
        with closing(server.connect(name)) as connection:
            connection.execute("CREATE TABLE told (number integer PRIMARY KEY)")
    yield server
    server.fleet.stop()


def numbers(server: Server, database: str) -> list[int]:
    with closing(server.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM told ORDER BY number")]


def run(server: Server, script: str, *words: object) -> subprocess.CompletedProcess[str]:
    found = {"PATH": f"{packages.postgres_programs()}:{os.environ['PATH']}", **server.superuser()}
    command = ["sh", str(SCRIPTS / script), *map(str, words)]
    return subprocess.run(command, env=found, capture_output=True, text=True, timeout=120, check=False)


def backed_up(server: Server, folder: Path, keep: int = 14) -> Path:
    done = run(server, "backup.sh", folder, keep)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def started(server: Server, folder: Path, file: Path) -> Server:
    """Another server, on what a backup holds, with the secrets that were kept beside it."""
    shutil.copytree(server.folder / "secrets", folder / "secrets")
    cluster = folder / "postgres" / "cluster"
    done = run(server, "restore.sh", file, cluster)
    assert done.returncode == 0, done.stderr
    owner = (server.folder / "postgres" / "cluster").stat().st_uid
    subprocess.run(["chown", "-R", str(owner), str(folder / "postgres")], check=True)
    return Server(folder).start()


def test_what_was_told_before_it_began_is_in_it_and_all_databases_are_of_one_moment(server, tmp_path):
    stop = threading.Event()

    def tell():
        """Each number to bookings first, so that payments never knows one that bookings does not."""
        connections = [server.connect(name) for name in DATABASES]
        number = 100
        while not stop.is_set():
            number += 1
            for connection in connections:
                connection.execute("INSERT INTO told VALUES (%s)", [number])
        for connection in connections:
            connection.close()

    for name in DATABASES:
        with closing(server.connect(name)) as connection:
            connection.execute("INSERT INTO told SELECT generate_series(1, 100)")
    teller = threading.Thread(target=tell)
    teller.start()
    try:
        file = backed_up(server, tmp_path / "backups")
    finally:
        stop.set()
        teller.join()
    other = started(server, tmp_path / "second", file)
    try:
        bookings, payments = (numbers(other, name) for name in DATABASES)
    finally:
        other.fleet.stop()
    assert set(range(1, 101)) <= set(payments) <= set(bookings)
    assert len(bookings) - len(payments) <= 1
    assert len(numbers(server, "bookings")) >= len(bookings)


def test_only_the_newest_are_kept_and_nothing_half_made(server, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    older = [folder / f"frontrow-2020010{day}T000000Z.tar.gz" for day in (1, 2, 3)]
    for each in older:
        each.touch()
    newest = backed_up(server, folder, keep=2)
    assert sorted(folder.iterdir()) == [older[-1], newest]
    assert newest.stat().st_mode & 0o077 == 0


def test_a_server_that_is_away_leaves_nothing_and_says_so(server, tmp_path):
    server.fleet.stop("postgres")
    done = run(server, "backup.sh", tmp_path / "backups")
    assert done.returncode != 0
    assert "connection" in done.stderr
    assert list((tmp_path / "backups").iterdir()) == []


def test_it_is_not_restored_over_data(server, tmp_path):
    file = backed_up(server, tmp_path / "backups")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "precious").touch()
    done = run(server, "restore.sh", file, tmp_path / "data")
    assert (done.returncode, "not empty" in done.stderr) == (2, True)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["precious"]


def test_a_damaged_one_is_not_restored(server, tmp_path):
    file = backed_up(server, tmp_path / "backups")
    (tmp_path / "inside").mkdir()
    subprocess.run(["tar", "-xzf", str(file), "-C", str(tmp_path / "inside")], check=True)
    (damaged,) = (tmp_path / "inside" / "global").glob("pg_filenode.map")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    subprocess.run(["tar", "-czf", str(file), "-C", str(tmp_path / "inside"), "."], check=True)
    done = run(server, "restore.sh", file, tmp_path / "data")
    assert done.returncode != 0
    assert "checksum mismatch" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []
