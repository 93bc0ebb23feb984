"""One fleet: started, watched, changed and stopped. `make services` and the tests use it alike."""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from frontrow.embedded import installation, port
from frontrow.embedded.installation import NotStarted
from frontrow.fleet import packages, topology
from frontrow.fleet.program import Program, family
from frontrow.fleet.site import Site
from frontrow.fleet.supervisor import Supervisor
from frontrow.fleet.topology import Wishes

START_SECONDS = 300
PATIENCE = 60  # seconds until the gateway took up what changed
STOP_SECONDS = 90  # more than all that end one after another are given
TICK = 0.05


class Fleet:
    """The programs of one folder of data, behind one address.

    `pause` is how the caller waits; it may raise to give up.
    """

    def __init__(self, folder: Path, wishes: Wishes, pause: Callable[[float], None] = time.sleep):
        self.folder, self.wishes, self.pause = folder, wishes, pause
        self.address = wishes.address
        self._open = contextlib.ExitStack()
        self._site: Site | None = None
        self._supervisor: Supervisor | None = None

    def start(self, *names: str) -> None:
        """Start these programs, or all; return when they are ready, and the address with all.

        Raises NotStarted, PortUnusable, PostgresError; what was started stays for `stop` to end.
        """
        if self._supervisor is None:
            self._begin()
        chosen = [program for program in self._programs() if not names or program.name in names]
        self._running.want(*chosen)
        wanted = [program.name for program in chosen]
        self._until(lambda: self._running.ready(*wanted), START_SECONDS, wanted)

    def stop(self, *names: str) -> None:
        """Stop these programs and keep them stopped; or all, those first that need the others."""
        if self._supervisor is None:
            self._open.close()
            return
        chosen = names or tuple(self._supervisor.programs)
        self._supervisor.unwant(*chosen)
        deadline = time.monotonic() + STOP_SECONDS
        while not self._supervisor.gone(*chosen) and time.monotonic() < deadline:
            time.sleep(TICK)  # giving up is no reason to leave them
        if not names:
            self._supervisor.close()
            self._supervisor = None
            self._open.close()

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._supervisor is not None

    def kill(self, name: str) -> None:
        """End a program as kill -9 does; the supervisor starts it again."""
        self._running.kill(name)

    def scale(self, service: str, replicas: int) -> None:
        """Have so many processes serve a service; return when the gateway asks these and no others."""
        before = set(topology.names(service, self.wishes.replicas[service]))
        self.wishes.replicas[service] = replicas
        after = list(topology.names(service, replicas))
        self.start(*after)
        topology.write_places(self._ground, self.wishes)
        gone = before - set(after)
        if self.pids("gateway"):
            self._until(lambda: self._gateway_asks(after, gone), PATIENCE, ["gateway"])
        if gone:
            self.stop(*gone)

    def ready(self, *names: str) -> bool:
        """Whether these programs, or all, have been ready since their last start."""
        return self._running.ready(*(names or self._running.programs))

    def programs(self) -> list[str]:
        """The names of all programs that were started once."""
        return list(self._running.programs)

    def pids(self, name: str) -> list[int]:
        """The processes of a program, the one first that we started; none while it does not run."""
        running = self._running.running.get(name)
        return family(running.process.pid) if running and not running.ended else []

    def port(self, name: str) -> int:
        """The port of a program on 127.0.0.1."""
        return self._ground.port(name)

    def secret(self, name: str) -> str:
        """A secret of the fleet: rabbitmq_password, database_superuser …"""
        return self._ground.secret(name)

    def environment(self, name: str) -> dict[str, str]:
        """The settings of a program: DATABASE_URL, SECRET_KEY … of `bookings`, say."""
        return dict(self._running.programs[name].environment)

    def log(self, name: str) -> Path:
        """Where a program's output goes."""
        return self.folder / "logs" / f"{name}.log"

    def _begin(self) -> None:
        packages.ensure()
        held = self._open.enter_context(installation.held(self.folder, self.address, self.pause))
        self._open.enter_context(port.reserved(self.wishes.host, self.wishes.port))
        self._site = Site(self.folder)
        topology.write(self._site, self.wishes)
        logs = self.folder / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        self._supervisor = Supervisor(logs, held)

    def _until(self, look: Callable[[], bool], seconds: float, names: Sequence[str]) -> None:
        deadline = time.monotonic() + seconds
        while not look():
            if time.monotonic() > deadline:
                late = [name for name in names if not self._running.ready(name)]
                raise NotStarted(
                    f"Not ready after {seconds:.0f} seconds: {', '.join(late)}; see {self.folder}/logs."
                )
            self.pause(TICK)

    def _gateway_asks(self, these: Iterable[str], not_those: Iterable[str]) -> bool:
        asked = (self.folder / "gateway" / "run" / "http.conf").read_text()
        there, away = ([f":{self.port(name)} " in asked for name in names] for names in (these, not_those))
        return all(there) and not any(away)

    def _programs(self) -> list[Program]:
        return topology.programs(self._ground, self.wishes)

    @property
    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("The fleet is not started.")
        return self._supervisor

    @property
    def _ground(self) -> Site:
        if self._site is None:
            raise RuntimeError("The fleet is not started.")
        return self._site
