"""The map of `make services`: which programs, after which others, with which settings.

    client ──▶ gateway ──▶ web ──▶ users events bookings payments notifications reviews     (serve)
                                 │ each its own database        │ each its own queue
                                 ▼                              ▼
                              postgres      redis           rabbitmq ◀──▶ the same six, -work
    prometheus scrapes them all, by exporters where needed, and tells alertmanager

Ports and folders go by the names of the programs; whatever listens does so on loopback, but for the gateway.
"""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from frontrow.fleet import packages, postgres, probes, prometheus, rabbitmq
from frontrow.fleet.program import HERE, Program
from frontrow.fleet.site import LOOPBACK, Site

SERVICES = ("users", "events", "bookings", "payments", "notifications", "reviews")
SERVED = (*SERVICES, "web")  # whom the gateway asks; the pages have no database and no work
ROOT = Path(__file__).parents[2]
GATEWAY = ROOT / "gateway"
SYSTEM = {"PATH": packages.PATH, "LANG": "C.UTF-8"}  # of programs that others have written


@dataclass
class Wishes:
    """What may differ from fleet to fleet."""

    host: str = LOOPBACK
    port: int = 8000
    environment: dict[str, str] = field(default_factory=dict)  # of the services and the gateway
    postgres: dict[str, str] = field(default_factory=dict)  # PostgreSQL's settings
    detours: dict[str, int] = field(default_factory=dict)  # where services find a program, if not at its port
    scrape_seconds: int = 15
    replicas: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERVED, 1))

    @property
    def address(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def way(self, site: Site, program: str) -> int:
        """The port at which services find a program."""
        return self.detours.get(program) or site.port(program)


def write(site: Site, wishes: Wishes) -> None:
    """Write what the programs read, before they start. Raises NotStarted."""
    postgres.write(site, SERVICES)
    rabbitmq.write(site)
    site.write("redis", "redis.conf", f"requirepass {site.secret('redis_password')}\n")
    for file in sorted(GATEWAY.glob("*")):
        site.write("gateway", file.name, file.read_text())
    for service in SERVICES:
        site.write_settings(service, _own(site, wishes, service, service))
    prometheus.write(site, wishes.scrape_seconds)
    write_places(site, wishes)


def write_places(site: Site, wishes: Wishes) -> None:
    """Tell the gateway and Prometheus, which read it again by themselves, which processes there are."""
    processes = {f"{service}-work": (service, "work") for service in SERVICES}
    for service, replicas in wishes.replicas.items():
        served = list(names(service, replicas))
        places = " ".join(f"{LOOPBACK}:{site.port(name)}" for name in served)
        site.write("gateway", f"places/{service}", f"{places}\n")
        processes |= dict.fromkeys(served, (service, "serve"))
    prometheus.write_targets(site, processes)


def programs(site: Site, wishes: Wishes) -> list[Program]:
    """Every program of the fleet, in no order: that is what their `after` is for."""
    served = {service: list(names(service, wishes.replicas[service])) for service in SERVED}
    return [
        *_postgres(site, wishes),
        *_rabbitmq(site),
        _redis(site),
        *(program for service in SERVICES for program in _service(site, wishes, service, served[service])),
        *(_python(site, wishes, "web", name, "serve", ("redis",)) for name in served["web"]),
        _gateway(site, wishes, served),
        *_monitoring(site),
    ]


def names(service: str, replicas: int) -> Iterator[str]:
    """The programs that serve: bookings, bookings-2, bookings-3 …"""
    return (service if number == 1 else f"{service}-{number}" for number in range(1, replicas + 1))


def _service(site: Site, wishes: Wishes, service: str, served: list[str]) -> Iterator[Program]:
    """Migrate once, then serve, maybe several times, and do the messages and periodic work."""

    after = (f"{service}-migrate", "rabbitmq", "redis")
    yield _python(site, wishes, service, f"{service}-migrate", "migrate", ("databases",))
    yield from (_python(site, wishes, service, name, "serve", after) for name in served)
    yield _python(site, wishes, service, f"{service}-work", "work", after)


def _python(
    site: Site, wishes: Wishes, service: str, name: str, command: str, after: tuple[str, ...]
) -> Program:
    return Program(
        name,
        [sys.executable, "-m", "frontrow", command],
        ROOT,
        _environment(site, wishes, service, name),
        after=after,
        ready=probes.http_ok(site.port(name), "/readyz"),
        once=command == "migrate",
        seconds=15,  # a batch on its way to the broker
    )


def _environment(site: Site, wishes: Wishes, service: str, name: str) -> dict[str, str]:
    """Defaults, what the person who started us set, and what cannot be otherwise."""
    return {
        "SECRET_KEY": site.secret("secret_key"),
        "EMAIL_URL": f"filemail://{quote(str(site.folder / 'mail'))}",
        "PUBLIC_URL": wishes.address,
        **os.environ,
        **wishes.environment,
        **_own(site, wishes, service, name),
        "DJANGO_SETTINGS_MODULE": "frontrow.settings",
    }


def _own(site: Site, wishes: Wishes, service: str, name: str) -> dict[str, str]:
    return {
        **{f"{other.upper()}_URL": f"http://{LOOPBACK}:{wishes.way(site, other)}" for other in SERVED},
        f"{service.upper()}_URL": "in-process",
        "SERVICES": service,
        **(_stores(site, wishes, service) if service in SERVICES else {}),
        "CACHE_URL": f"redis://:{site.secret('redis_password')}@{LOOPBACK}:{wishes.way(site, 'redis')}/0",
        "GATEWAY_SECRET": site.secret("gateway_secret"),
        "WORK_IN_PROCESS": "false",
        "LOG_FORMAT": "json",
        "HOST": LOOPBACK,
        "PORT": str(site.port(name)),
    }


def _stores(site: Site, wishes: Wishes, service: str) -> dict[str, str]:
    password, port = site.secret("rabbitmq_password"), wishes.way(site, "rabbitmq")
    return {
        "DATABASE_URL": postgres.url(site, service, wishes.way(site, "postgres")),
        "BROKER_URL": f"amqp://{rabbitmq.USER}:{password}@{LOOPBACK}:{port}//",
    }


def _postgres(site: Site, wishes: Wishes) -> Iterator[Program]:
    at, home, port = packages.postgres_programs(), site.home("postgres"), str(site.port("postgres"))
    superuser = SYSTEM | {"PGPASSWORD": site.secret("database_superuser")}
    yield Program(
        "cluster", ["/bin/sh", "-c", postgres.PREPARE, str(at / "initdb"), "-D", f"{HERE}/fresh",
                    "-Upostgres", "--auth=scram-sha-256", "--pwfile=/dev/stdin", "--encoding=UTF8",
                    "--locale=C.UTF-8"],
        home, superuser, once=True, who=site.who(), order=signal.SIGKILL,
    )  # fmt: skip
    settings = {**postgres.SETTINGS, **wishes.postgres, "port": port}
    yield Program(
        "postgres", [str(at / "postgres"), "-D", f"{HERE}/cluster",
                     *(f"--{name}={value}" for name, value in settings.items())],
        home, SYSTEM, after=("cluster",), who=site.who(),
        ready=probes.postgres(int(port)), order=signal.SIGINT, seconds=15,
    )  # fmt: skip
    yield Program(
        "databases", [str(at / "psql"), "-qX", "-vON_ERROR_STOP=1", f"-h{LOOPBACK}", f"-p{port}",
                      "-Upostgres", "-f", f"{HERE}/databases.sql"],
        home, superuser, after=("postgres",), once=True, who=site.who(),
    )  # fmt: skip


def _rabbitmq(site: Site) -> Iterator[Program]:
    home, settings = site.home("rabbitmq"), SYSTEM | rabbitmq.environment(site)
    yield Program(
        "epmd", [packages.where("epmd"), "-address", LOOPBACK, "-port", str(site.port("epmd"))],
        home, settings, who=site.who(), ready=probes.epmd(site.port("epmd")),
    )  # fmt: skip
    yield Program(
        "rabbitmq", [packages.where("rabbitmq-server")],
        home, settings, after=("epmd",), who=site.who(), ready=probes.amqp(site.port("rabbitmq")), seconds=15,
    )  # fmt: skip


def _redis(site: Site) -> Program:
    port, password = site.port("redis"), site.secret("redis_password")
    return Program(
        "redis", [packages.where("redis-server"), f"{HERE}/redis.conf", "--port", str(port),
                  "--bind", LOOPBACK, "--save", "", "--appendonly", "no",
                  "--maxmemory", "48mb", "--maxmemory-policy", "allkeys-lru"],
        site.home("redis"), SYSTEM, who=site.who(), ready=probes.redis(port, password),
    )  # fmt: skip


def _gateway(site: Site, wishes: Wishes, served: dict[str, list[str]]) -> Program:
    return Program(
        "gateway", ["/bin/sh", f"{HERE}/gateway.sh"], site.home("gateway"),
        {
            **os.environ, **wishes.environment, **SYSTEM, "GATEWAY_PLACES": f"{HERE}/places",
            "GATEWAY_HOST": wishes.host, "GATEWAY_PORT": str(wishes.port),
            "GATEWAY_STATUS_PORT": str(site.port("gateway-status")),
            "GATEWAY_SECRET": site.secret("gateway_secret"), "GATEWAY_RUN": f"{HERE}/run",
        },
        after=tuple(name for programs in served.values() for name in programs), who=site.who(),
        ready=probes.http_ok(wishes.port, "/readyz", wishes.host), seconds=31,  # it waits for what it answers
    )  # fmt: skip


def _monitoring(site: Site) -> Iterator[Program]:
    def server(name: str, program: str, *words: str, ready: str = "/metrics", **settings: str) -> Program:
        return Program(
            name, [packages.where(program), *words], site.home(name), SYSTEM | settings, after=("gateway",),
            who=site.who(), ready=probes.http_ok(site.port(name), ready),
        )  # fmt: skip

    def listening(name: str) -> str:
        return f"{LOOPBACK}:{site.port(name)}"

    yield server(
        "prometheus", "prometheus", f"--config.file={HERE}/prometheus.yml",
        f"--storage.tsdb.path={HERE}/series", "--storage.tsdb.retention.time=7d",
        "--storage.tsdb.retention.size=512MB",
        f"--web.listen-address={listening('prometheus')}", ready="/-/ready",
    )  # fmt: skip
    yield server(
        "alertmanager", "prometheus-alertmanager", f"--config.file={HERE}/alertmanager.yml",
        f"--storage.path={HERE}/memory", "--cluster.listen-address=",
        f"--web.listen-address={listening('alertmanager')}", ready="/-/ready",
    )  # fmt: skip
    yield server(
        "postgres-exporter", "prometheus-postgres-exporter",
        f"--web.listen-address={listening('postgres-exporter')}",
        DATA_SOURCE_URI=f"{listening('postgres')}/postgres?sslmode=disable", DATA_SOURCE_USER="monitor",
        DATA_SOURCE_PASS=site.secret("database_monitor"),
    )  # fmt: skip
    yield server(
        "redis-exporter", "prometheus-redis-exporter", f"--web.listen-address={listening('redis-exporter')}",
        REDIS_ADDR=f"redis://{listening('redis')}", REDIS_PASSWORD=site.secret("redis_password"),
    )  # fmt: skip
    yield server(
        "nginx-exporter", "prometheus-nginx-exporter", f"-web.listen-address={listening('nginx-exporter')}",
        f"-nginx.scrape-uri=http://{listening('gateway-status')}/stub_status",
    )  # fmt: skip
