"""`make services` as a person meets it."""

import subprocess
from pathlib import Path

import pytest

from frontrow.fleet.topology import SERVICES
from tests.embedded.running import Frontrow
from tests.embedded.system import kill, marked, wait

ROOT = Path(__file__).parents[2]
PATIENCE = 180  # seconds; only a failure takes them


class Services(Frontrow):
    """The services, started by `make services` in a terminal."""

    verb = "services"

    def all(self):
        """What descends from it, and what has its folder in the environment or calls itself by it."""
        return list(dict.fromkeys([*super().all(), *marked(str(self.data))]))

    def supervisor(self):
        return next(process for process in self.all() if "-m frontrow services" in process.command)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with Services(ROOT, tmp_path_factory.mktemp("services") / "data") as services:
        yield services


def test_ctrl_c_stops_all_in_the_middle_of_the_start(services):
    services.up()
    wait(PATIENCE, lambda: len(services.all()) > 8, "some of it runs")
    services.ctrl_c()
    services.gone(PATIENCE)
    assert "Traceback" not in services.said()


def test_it_goes_on_where_a_killed_supervisor_left_it_and_stops_cleanly(services):
    services.up()
    services.ready(PATIENCE)
    name = services.register()
    wait(PATIENCE, lambda: "Ctrl-C stops them." in services.said(), "it says where it is")
    refused = services.command("services", "PORT=1", *services.given)
    assert (refused.returncode, "Frontrow already runs on" in refused.stderr) == (2, True)
    refused = services.command("up", "PORT=1", *services.given)
    assert (refused.returncode, "Frontrow already runs on" in refused.stderr) == (2, True)

    everything = services.all()
    kill([services.supervisor()])
    wait(PATIENCE, lambda: not [process for process in everything if process.lives], "all processes gone")
    services.gone(PATIENCE)

    services.up()
    services.ready(PATIENCE)
    services.sign_in(name)
    made = services.command("admin", f"LOGIN={name}", *services.given)
    assert made.stdout.startswith(f"{name} is an administrator"), made.stderr
    letters = services.command("dead-letters", *services.given)
    assert letters.stdout.splitlines() == [f"{service}: No message is parked." for service in SERVICES]
    letters = services.command(
        "dead-letters", "DO=show reviews/0198c5a0-0000-7000-8000-000000000002", *services.given
    )
    assert (letters.returncode, "is not parked" in letters.stdout) == (2, True)
    letters = services.command("dead-letters", "DO=replay bookings/1 cinema/1", *services.given)
    assert (letters.returncode, letters.stdout.startswith("cinema/1 names no parked")) == (2, True)
    compared = services.command("reconcile", *services.given)
    assert compared.stdout.splitlines() == [
        f"{name:9} Everything agrees." for name in ("bookings", "payments")
    ]
    refused = services.command("seed", *services.given)
    assert (refused.returncode, "is of `make services`" in refused.stderr) == (2, True)

    everything = services.all()
    services.ctrl_c()
    services.gone(PATIENCE)
    assert [process for process in everything if process.lives] == []
    assert "Traceback" not in services.said()


def test_make_up_and_make_services_refuse_each_others_folder(services, tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    refused = services.command("services", f"PORT={services.port}", f"DATA={tmp_path}")
    assert (refused.returncode, "is of `make up`" in refused.stderr) == (2, True)
    refused = services.command("up", f"PORT={services.port}", *services.given)
    assert (refused.returncode, "was not made by PostgreSQL; choose another DATA" in refused.stderr) == (
        2,
        True,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["PORT=abc"], "PORT must be a number from 1 to 65535, not 'abc'."),
        (["DATA="], "DATA must name a folder."),
        (["DATA=/dev/null"], "DATA=/dev/null cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(services, given, words):
    done = services.command("services", *given)
    assert done.returncode == 2
    assert done.stderr.startswith(words)
    assert len(done.stderr.splitlines()) == 2  # and make's own


def test_a_setting_that_is_wrong_is_told_by_the_program_that_refuses_it(services, tmp_path):
    started = ["services", f"PORT={services.port}", f"DATA={tmp_path}/data"]
    done = subprocess.run(["make", *started], cwd=ROOT, env={**services.environment, "THREADS": "abc"},
                          capture_output=True, text=True, timeout=PATIENCE)  # fmt: skip
    assert done.returncode == 2
    assert "at its start: Frontrow does not start with these settings:" in done.stderr
    assert "THREADS: Input should be a valid integer" in done.stderr
    assert not marked(str(tmp_path))
