"""The services as they really run: what separates them, what is open, and what comes back."""

import json
import os
import pwd
import re
import signal
from contextlib import suppress
from itertools import permutations
from pathlib import Path

import httpx
import psycopg
import pytest

from frontrow.chassis import environment
from frontrow.fleet.topology import SERVED, SERVICES
from tests.embedded.system import wait
from tests.journeys.traveller import Traveller

PATIENCE = 120  # seconds; only a failure takes them
OURS = {*SERVED, *(f"{service}-work" for service in SERVICES)}


def running(fleet):
    """The names of all programs that run now."""
    return [name for name in fleet.programs() if fleet.pids(name)]


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports on which a process listens, of IPv4 and IPv6, as the system writes them.

    One that has ended meanwhile listens nowhere.
    """
    process, sockets = Path(f"/proc/{pid}"), set()
    try:
        for link in (process / "fd").iterdir():
            with suppress(FileNotFoundError):
                sockets.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
        tables = [(process / "net" / table).read_text().splitlines()[1:] for table in ("tcp", "tcp6")]
    except (FileNotFoundError, ProcessLookupError):
        return set()
    found = set()
    for fields in (line.split() for table in tables for line in table):
        if fields[3] == "0A" and fields[9] in sockets:
            place, _, port = fields[1].rpartition(":")
            found.add((place, int(port, 16)))
    return found


def test_the_map_knows_every_service_and_the_pages():
    assert SERVICES == environment.SERVICES
    assert set(SERVED) - set(SERVICES) == {environment.PAGES}


def test_the_pages_answer_people_without_a_database_or_a_broker_of_their_own(fleet):
    answer = httpx.get(f"{fleet.address}/", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    secrets = [fleet.secret(f"database_{service}") for service in SERVICES] + [
        fleet.secret("rabbitmq_password")
    ]
    assert not [text for text in fleet.environment("web").values() for secret in secrets if secret in text]


def test_two_processes_share_the_pages(fleet):
    def pages(name):
        return len([line for line in fleet.log(name).read_text().splitlines() if '"path": "/signin"' in line])

    def read():
        assert httpx.get(f"{fleet.address}/signin").status_code == 200
        return pages("web") and pages("web-2")

    fleet.scale("web", 2)
    try:
        wait(PATIENCE, read, "each is asked")
    finally:
        fleet.scale("web", 1)
    assert httpx.get(f"{fleet.address}/signin").status_code == 200


def test_a_service_opens_its_own_database(fleet):
    for service in SERVICES:
        with psycopg.connect(fleet.environment(service)["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (
                service,
                service,
            )
            assert connection.execute("SELECT count(*) FROM django_migrations").fetchone() > (5,)


@pytest.mark.parametrize(
    ("who", "whose"), [*permutations(SERVICES, 2), *((one, "postgres") for one in SERVICES)]
)
def test_a_services_role_is_refused_on_every_other_database(fleet, who, whose):
    own, _, _ = fleet.environment(who)["DATABASE_URL"].rpartition("/")
    with pytest.raises(psycopg.OperationalError, match=f'permission denied for database "{whose}"'):
        psycopg.connect(f"{own}/{whose}")


def test_a_service_is_no_superuser_and_knows_no_other_password(fleet):
    for service in SERVICES:
        settings = fleet.environment(service)
        with psycopg.connect(settings["DATABASE_URL"]) as connection:
            rights = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
            assert connection.execute(rights).fetchone() == (False, False, False)
        others = [fleet.secret(f"database_{other}") for other in SERVICES if other != service]
        assert not [value for value in settings.values() for secret in others if secret in value]


def test_a_wrong_password_opens_nothing(fleet):
    url = fleet.environment("users")["DATABASE_URL"].replace(fleet.secret("database_users"), "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_only_the_gateways_port_is_meant_for_others_and_all_are_on_loopback(fleet):
    loopback = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
    open_to = {
        name: {place for pid in fleet.pids(name) for place in listening(pid)} for name in running(fleet)
    }
    assert {name: places for name, places in open_to.items() if {at for at, _ in places} - loopback} == {}
    assert all(places for places in open_to.values())
    assert fleet.wishes.port in {port for _, port in open_to["gateway"]}


def test_what_others_wrote_does_not_run_as_root(fleet):
    owners = {name: {os.stat(f"/proc/{pid}").st_uid for pid in fleet.pids(name)} for name in running(fleet)}
    account = pwd.getpwnam("frontrow").pw_uid if os.geteuid() == 0 else os.geteuid()
    assert {name: uids for name, uids in owners.items() if name not in OURS and uids != {account}} == {}


def test_secrets_stand_in_no_command_line_and_in_no_log(fleet):
    secrets = [file.read_text() for file in (fleet.folder / "secrets").iterdir()]
    assert len(secrets) > 10
    commands = [
        Path(f"/proc/{pid}/cmdline").read_text() for name in running(fleet) for pid in fleet.pids(name)
    ]
    logs = [log.read_text(errors="replace") for log in (fleet.folder / "logs").iterdir()]
    assert [text for text in commands + logs for secret in secrets if secret in text] == []


@pytest.mark.parametrize(
    "name", ["bookings", "events-work", "web", "redis", "gateway", "rabbitmq", "postgres"]
)
def test_what_is_killed_comes_back(fleet, name):
    before = fleet.pids(name)
    os.kill(before[0], signal.SIGKILL)
    wait(PATIENCE, lambda: fleet.pids(name)[:1] not in ([], before[:1]), "another process")
    wait(PATIENCE, lambda: fleet.ready(name), "ready again")
    wait(PATIENCE, lambda: all_ready(fleet), "all are ready again")
    Traveller(fleet.address, "ada").close()


def all_ready(fleet):
    try:
        return httpx.get(f"{fleet.address}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def test_one_service_stopped_the_others_go_on_and_it_returns(fleet):
    fleet.stop("reviews", "reviews-work")
    try:
        assert fleet.pids("reviews") == []
        answer = httpx.get(f"{fleet.address}/reviews/user/01900000-0000-7000-8000-000000000000")
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert answer.json()["code"] == "unavailable"
        assert int(answer.headers["Retry-After"]) > 0
        assert httpx.get(f"{fleet.address}/readyz").status_code == 503
        assert httpx.get(f"{fleet.address}/events").status_code == 200
    finally:
        fleet.start("reviews", "reviews-work")
    wait(PATIENCE, lambda: all_ready(fleet), "all are ready again")
    assert httpx.get(f"{fleet.address}/reviews/user/01900000-0000-7000-8000-000000000000").status_code == 200


def test_three_processes_share_the_work_of_a_service(fleet):
    fleet.scale("bookings", 3)
    try:
        shared = ("bookings", "bookings-2", "bookings-3")
        wait(
            PATIENCE, lambda: asked(fleet) and all(requests(fleet, name) for name in shared), "each is asked"
        )
        wait(PATIENCE, lambda: scraped(fleet, "bookings") == 3, "Prometheus scrapes each of them")
    finally:
        fleet.scale("bookings", 1)
    assert fleet.pids("bookings-2") == fleet.pids("bookings-3") == []
    assert asked(fleet)
    wait(PATIENCE, lambda: scraped(fleet, "bookings") == 1, "Prometheus scrapes the one that is left")


def asked(fleet):
    """Whether a request to bookings is answered as it should be, whatever changes meanwhile."""
    assert httpx.get(f"{fleet.address}/bookings").status_code == 401
    return True


def requests(fleet, name):
    """How many answers to GET /bookings a process gave."""
    lines = [json.loads(line) for line in fleet.log(name).read_text().splitlines() if '"request"' in line]
    return len([line for line in lines if line.get("path") == "/bookings"])


def scraped(fleet, service):
    """How many serving processes of a service Prometheus finds up."""
    query = f'sum(up{{job="frontrow",service="{service}",process="serve"}})'
    answer = httpx.get(f"http://127.0.0.1:{fleet.port('prometheus')}/api/v1/query", params={"query": query})
    return sum(float(series["value"][1]) for series in answer.json()["data"]["result"])


def test_prometheus_finds_everything_up(fleet):
    address = f"http://127.0.0.1:{fleet.port('prometheus')}/api/v1"

    def down():
        targets = httpx.get(f"{address}/targets").json()["data"]["activeTargets"]
        return [target["labels"] for target in targets if target["health"] != "up"] or len(targets) < 19

    wait(PATIENCE, lambda: not down(), "19 targets are up")
    rules = httpx.get(f"{address}/rules").json()["data"]["groups"]
    assert len([rule for group in rules for rule in group["rules"]]) > 10
    known = httpx.get(f"{address}/alertmanagers").json()["data"]["activeAlertmanagers"]
    assert [str(fleet.port("alertmanager")) in one["url"] for one in known] == [True]


def test_queues_are_quorum_queues_of_the_brokers_own_user(fleet):
    counts = f"http://127.0.0.1:{fleet.port('rabbitmq-metrics')}/metrics/per-object"
    queues = {f"frontrow.{service}" for service in ("bookings", "payments", "reviews")}

    def counted():
        """What RabbitMQ counts, which it does every few seconds."""
        told = httpx.get(counts).text
        return set(re.findall(r'^rabbitmq_queue_messages_ready{.*queue="([^"]+)"', told, re.MULTILINE))

    wait(PATIENCE, lambda: queues <= counted(), "the queues are counted")
    own = fleet.folder / "rabbitmq" / "mnesia" / "frontrow@localhost"
    assert list((own / "quorum").rglob("*.wal"))


def test_who_works_steps_back_behind_who_sells(fleet):
    for name, steps in {
        **{f"{service}-work": 10 for service in SERVICES},
        "notifications-work": 19,
        "reviews-work": 19,
        "users": 15,
        "bookings": 0,
    }.items():
        process = fleet.pids(name)[0]
        assert os.getpriority(os.PRIO_PROCESS, process) == steps, name
        autogroup = Path(f"/proc/{process}/autogroup")
        assert not autogroup.exists() or autogroup.read_text().rstrip().endswith(f"nice {steps}"), name
