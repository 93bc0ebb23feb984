"""The distribution's PostgreSQL for one fleet: a database and a role for each service, and for nobody else.

The embedded one (frontrow.embedded.postgres) is another: the wheel's, on a socket, without passwords.
"""

from pathlib import Path

from frontrow.embedded.installation import NotStarted
from frontrow.fleet import packages
from frontrow.fleet.site import LOOPBACK, Site

# Made beside its place, then renamed: a kill in the middle leaves nothing half made. Where there is one
# already, its pid file is nobody's any more, since we hold the folder; its pid may be anybody's.
PREPARE = """
if test -d cluster; then exec rm -f cluster/postmaster.pid; fi
rm -rf fresh && printf %s "$PGPASSWORD" | "$0" "$@" && mv fresh cluster
"""
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "400",  # six services, each with a few replicas of 16 threads
}


def write(site: Site, services: tuple[str, ...]) -> None:
    """Write which databases and roles there are. Raises NotStarted if the cluster is of another version."""
    _check(site.home("postgres") / "cluster")
    lines = [line for service in services for line in _database(service, site.secret(f"database_{service}"))]
    site.write("postgres", "databases.sql", "\n".join([*_common(site), *lines, ""]))


def url(site: Site, role: str, port: int | None = None) -> str:
    """The DATABASE_URL of a service's own database; `port` is where PostgreSQL is found otherwise."""
    port = port or site.port("postgres")
    return f"postgres://{role}:{site.secret(f'database_{role}')}@{LOOPBACK}:{port}/{role}"


def _check(cluster: Path) -> None:
    if not cluster.exists():
        return
    made_by, ours = (cluster / "PG_VERSION").read_text().strip(), packages.postgres_programs().parent.name
    if made_by != ours:
        raise NotStarted(
            f"{cluster} was made by PostgreSQL {made_by} and this is {ours}: dump it with the old version and"
            " load it with the new, or choose another DATA."
        )


def _common(site: Site) -> list[str]:
    return [
        *_role("monitor", site.secret("database_monitor")),
        "GRANT pg_monitor TO monitor;",
        "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;",
        "GRANT CONNECT ON DATABASE postgres TO monitor;",
    ]


def _database(service: str, password: str) -> list[str]:
    return [
        *_role(service, password),
        f"SELECT 'CREATE DATABASE {service} OWNER {service}' WHERE NOT EXISTS"
        f" (SELECT FROM pg_database WHERE datname = '{service}') \\gexec",
        f"REVOKE ALL ON DATABASE {service} FROM PUBLIC;",
    ]


def _role(name: str, password: str) -> list[str]:
    return [
        f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS"
        f" (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec",
        f"ALTER ROLE {name} PASSWORD '{password}';",
    ]
