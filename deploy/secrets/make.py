"""The secrets of an installation under Docker Compose: made on the first start, kept ever after.

Runs before everything else, in a container without a network. What was made lies in /secrets/vault, which
only this container has; all other files are written from it at each start, each for the one user who may read
it. To change a secret, remove it from the vault and start again (docs/operations.md).
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/secrets")
# The users of our containers; compose.yaml builds and runs them with the same numbers.
SERVICES = {
    "users": 20001, "events": 20002, "bookings": 20003,
    "payments": 20004, "notifications": 20005, "reviews": 20006,
}  # fmt: skip
WEB = 20007
GATEWAY, DATABASES, REDIS, EXPORTERS, GRAFANA, RABBITMQ = 20010, 20011, 20012, 20013, 472, 0

File = tuple[str, int, str, str]  # folder, its user, name, content


def kept(name: str) -> str:
    """The secret of this name: hexadecimal, so that it needs no escaping anywhere. Made if it is new."""
    place = ROOT / "vault" / name
    if not place.exists():
        write(place, 0, secrets.token_hex(32))
    return place.read_text()


def files() -> Iterator[File]:
    """Everything that anybody is told."""
    for service, user in SERVICES.items():
        yield from ((service, user, *setting) for setting in settings(service))
        yield "postgres", DATABASES, service, kept(f"postgres_{service}")
    yield from (("web", WEB, *setting) for setting in shared())
    yield "postgres", DATABASES, "superuser", kept("postgres_superuser")
    yield "postgres", DATABASES, "monitor", kept("postgres_monitor")
    yield "gateway", GATEWAY, "gateway_secret", kept("gateway_secret")
    yield "redis", REDIS, "password.conf", f"requirepass {kept('redis')}\n"
    yield "rabbitmq", RABBITMQ, "password", kept("rabbitmq")
    yield "grafana", GRAFANA, "admin_password", kept("grafana_admin")
    yield "exporters", EXPORTERS, "postgres", kept("postgres_monitor")
    yield "exporters", EXPORTERS, "redis.json", f'{{"redis://redis:6379": "{kept("redis")}"}}\n'


def settings(service: str) -> Iterator[tuple[str, str]]:
    """What a service finds in its SECRETS_DIR, named like its settings."""
    yield from shared()
    yield "database_url", f"postgres://{service}:{kept(f'postgres_{service}')}@postgres:5432/{service}"
    yield "broker_url", f"amqp://frontrow:{kept('rabbitmq')}@rabbitmq:5672//"


def shared() -> Iterator[tuple[str, str]]:
    """What the pages find there too, which have no database and hear no messages."""
    yield "secret_key", kept("secret_key")
    yield "gateway_secret", kept("gateway_secret")
    yield "cache_url", f"redis://:{kept('redis')}@redis:6379/0"


def write(place: Path, user: int, content: str) -> None:
    """Write a file for one user, whole or not at all, in a folder for the same one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.parent.chmod(0o500)
    os.chown(place.parent, user, user)
    fresh = place.with_name(f".{place.name}")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", opener=lambda path, flags: os.open(path, flags, 0o400)) as file:
        os.fchown(file.fileno(), user, user)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(place)


def main() -> None:
    new = not (ROOT / "vault" / "secret_key").exists()
    count = 0
    for folder, user, name, content in files():
        write(ROOT / folder / name, user, content)
        count += 1
    print(f"{'Made' if new else 'Kept'} the secrets of this installation; {count} files are in place.")


if __name__ == "__main__":
    main()
