"""`make up` as a person meets it; how long each step may take is `make lifecycle`'s to say."""

import signal
from pathlib import Path

import pytest

from frontrow.chassis.environment import Environment
from frontrow.embedded.postgres import MAX_CONNECTIONS
from tests.embedded.running import Frontrow
from tests.embedded.system import kill, wait

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds; only a failure takes them


@pytest.fixture(scope="module")
def frontrow(tmp_path_factory):
    with Frontrow(ROOT, tmp_path_factory.mktemp("up") / "data") as frontrow:
        frontrow.up()
        frontrow.ready(PATIENCE)
        yield frontrow


def test_everything_killed_it_goes_on_with_all_data_and_stops_cleanly(frontrow):
    name = frontrow.register()
    kill(frontrow.all())
    frontrow.gone(PATIENCE)
    frontrow.up()
    frontrow.ready(PATIENCE)
    frontrow.sign_in(name)
    frontrow.ctrl_c()
    frontrow.gone(PATIENCE)
    frontrow.up()
    frontrow.ready(PATIENCE)
    frontrow.sign_in(name)


@pytest.mark.parametrize("role", ["server", "worker", "postgres"])
def test_what_ends_by_itself_is_started_again(frontrow, role):
    name, said = frontrow.register(), len(frontrow.said())
    frontrow.roles()[role].send(signal.SIGKILL)
    wait(PATIENCE, lambda: "ended by itself; starting again" in frontrow.said()[said:], "a line in the log")
    wait(PATIENCE, lambda: frontrow.knows(name), "signing in again")


def test_what_a_killed_supervisor_left_is_waited_for(frontrow):
    name = frontrow.register()
    kill([frontrow.roles()["supervisor"]])
    frontrow.up()
    frontrow.ready(PATIENCE)
    frontrow.sign_in(name)


def test_a_person_becomes_an_administrator_while_it_is_up(frontrow):
    name = frontrow.register()
    made = frontrow.command("admin", f"LOGIN={name}", *frontrow.given)
    assert (made.returncode, made.stderr) == (0, "")
    words = f"{name} is an administrator from the next sign-in on; the admin is at /admin/\n"
    assert made.stdout == words
    refused = frontrow.command("admin", "LOGIN=nobody-of-this-name", *frontrow.given)
    assert (refused.returncode, "Nobody is registered" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["PORT=abc"], "PORT must be a number from 1 to 65535, not 'abc'."),
        (["DATA="], "DATA must name a folder."),
        (["DATA=/dev/null"], "DATA=/dev/null cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(frontrow, given, words):
    done = frontrow.command("up", *given)
    assert done.returncode == 2
    assert done.stderr.startswith(words)
    assert len(done.stderr.splitlines()) == 2  # and make's own


def test_the_data_of_one_that_is_up_are_refused(frontrow):
    done = frontrow.command("up", "PORT=1", *frontrow.given)
    assert (done.returncode, "Frontrow already runs on" in done.stderr) == (2, True)


def test_a_wrong_setting_is_named_and_not_tried_again(frontrow, tmp_path):
    done = frontrow.command("up", f"DATA={tmp_path}", "PORT=18999", THREADS="abc")
    assert (done.returncode, "THREADS: Input should be a valid integer" in done.stderr) == (2, True)


def test_postgresql_allows_more_connections_than_there_may_be_threads():
    (limit,) = [rule.le for rule in Environment.model_fields["threads"].metadata if hasattr(rule, "le")]
    assert limit + 20 <= MAX_CONNECTIONS
