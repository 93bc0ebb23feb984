"""`make compose-check`: compose.yaml for real, with every service whose image is here or can be pulled.

A project of its own, on free ports, is built, started, travelled, scaled, disturbed, stopped, started again and
removed. A table tells what was found; exit 1 if anything failed, 2 without an engine. T=--keep leaves it running.
"""

import signal
import sys
from contextlib import ExitStack, closing

from frontrow.chassis.environment import PAGES, SERVICES
from tests.compose import checks
from tests.compose.engine import Failed, Project, missing
from tests.embedded.table import Table
from tests.journeys.traveller import Traveller


def main() -> int:
    if why := missing():
        print(why, file=sys.stderr)
        return 2
    for order in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(order, lambda *_: sys.exit(1))
    table = Table()
    table.situation = "compose"
    project = Project()
    with ExitStack() as stack:
        if "--keep" not in sys.argv:
            stack.enter_context(project)
        everything(table, project)
    if "--keep" in sys.argv:
        print(f"Left running: {project.address}, project {project.name}.")
    print(f"\n{table.failed} checks failed." if table.failed else "\nAll checks passed.")
    return 1 if table.failed else 0


def everything(table: Table, project: Project) -> None:
    """Every check in its order. What the others stand on ends it all when it fails."""
    table.check("the whole of compose.yaml is valid", 30, lambda: void(project.read()))
    if table.failed:
        return
    absent = project.absent()
    here = [n for n, s in project.model["services"].items() if s.get("restart") and n not in absent]
    table.check("images are built", 900, lambda: void(project.compose("build", "--quiet", seconds=900)))
    for service in (*SERVICES, PAGES):
        table.check(
            f"the image of {service} holds it and no other", 60, lambda s=service: checks.image(project, s)
        )
    table.check("everything starts", 400, lambda: void(project.compose("up", "--detach", *here, seconds=400)))
    table.check("everything is well and ready", 400, lambda: checks.healthy(project, here))
    if table.failed:
        tell_why(project)
        return
    travel(table, project, here)
    print(f"\nStarted: {', '.join(here)}.")
    print(f"Left out, since their images are not here and cannot be pulled: {', '.join(absent) or 'none'}.")


def travel(table: Table, project: Project, here: list[str]) -> None:
    """What is looked at while it runs."""
    told: list[str] = []
    idle = checks.memory(project)
    table.check("the whole journey passes through the gateway", 400, lambda: checks.journey(project))
    table.check("people get pages through the gateway", 30, lambda: checks.pages(project))
    table.check("each role is refused on every other database", 120, lambda: checks.roles(project))
    table.check("services have no way out", 60, lambda: checks.no_way_out(project))
    table.check(
        "three of bookings: each answers requests", 300, lambda: told.append(checks.replicas(project))
    )
    if "prometheus" in here:
        table.check("Prometheus scrapes each of the three", 120, lambda: checks.scraped(project))
    table.check(
        "one service away: 503 there, the others answer, it returns", 240, lambda: checks.one_away(project)
    )
    table.check(
        "a stop in the middle of a payment finishes it", 180, lambda: checks.stopped_in_the_middle(project)
    )
    with closing(Traveller(project.address, "ben")) as ben:
        table.check("all of ours stop by themselves", 240, lambda: checks.stop(project))
        table.check("a second start goes on where it was", 600, lambda: checks.goes_on(project, here, ben))
    print(f"\nRequests that the three of bookings answered: {', '.join(told) or 'unknown'}.")
    print("\nIdle memory:", *idle, sep="\n")


def tell_why(project: Project) -> None:
    """The last words of what did not start."""
    try:
        last = project.compose("logs", "--no-color", "--tail", "5").splitlines()
        print(project.compose("ps", "--all"), *(line[:300] for line in last), sep="\n")
    except Failed as failed:
        print(failed)


def void(_: object) -> None:
    """For a check that is done when it returns."""


if __name__ == "__main__":
    sys.exit(main())
