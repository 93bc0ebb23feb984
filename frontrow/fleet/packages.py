"""The servers that come from the distribution's packages: where they are, and how they are installed."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from frontrow.embedded.installation import NotStarted

SECONDS = 600  # for each of apt-get's commands
POLICY = Path("/usr/sbin/policy-rc.d")
REFUSE = "#!/bin/sh\n# Of Frontrow, while it installs packages: their servers are not started.\nexit 101\n"

# The program, and Debian's package of it.
PROGRAMS = {
    "postgres": "postgresql",
    "epmd": "erlang-base",
    "rabbitmq-server": "rabbitmq-server",
    "redis-server": "redis-server",
    "nginx": "nginx",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "prometheus-nginx-exporter": "prometheus-nginx-exporter",
}
ELSEWHERE = {
    "postgres": "usr/lib/postgresql/*/bin/postgres",
    "rabbitmq-server": "usr/lib/rabbitmq/bin/rabbitmq-server",
}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def found(program: str) -> str | None:
    """Where a program is; of PostgreSQL the newest, of RabbitMQ the one that anybody may run."""
    if program not in ELSEWHERE:
        return shutil.which(program, path=PATH)
    return max(map(str, Path("/").glob(ELSEWHERE[program])), key=_version, default=None)


def _version(place: str) -> list[int]:
    return [int(part) for part in place.split("/") if part.isdigit()]


def where(program: str) -> str:
    """Where a program is. Raises NotStarted if it is missing."""
    place = found(program)
    if place is None:
        raise NotStarted(_sentence([program]))
    return place


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs. Raises NotStarted."""
    return Path(where("postgres")).parent


def ensure() -> None:
    """Install what is missing, if we may. Raises NotStarted, which says what is missing and how to get it."""
    if missing := [program for program in PROGRAMS if not found(program)]:
        install([PROGRAMS[program] for program in missing])
    if missing := [program for program in missing if not found(program)]:
        raise NotStarted(_sentence(missing))


def _sentence(missing: list[str]) -> str:
    packages = " ".join(PROGRAMS[program] for program in missing)
    return (
        f"The services need {', '.join(missing)}, which this machine does not have."
        f" On Debian, as root: apt-get install {packages}"
    )


def install(packages: list[str]) -> None:
    """Install Debian's packages, if we may. Their servers are not started, nor are they with the machine."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {', '.join(packages)} from Debian's packages …", flush=True)
    _apt("update")  # an old list may do, too
    before = _installed()
    with _nothing_started():
        _apt("install", "--yes", "--no-install-recommends", *packages)
    units = sorted({unit for package in _installed() - before for unit in _units(package)})
    if units and shutil.which("systemctl"):
        subprocess.run(["systemctl", "disable", "--quiet", *units], capture_output=True)


def _apt(*words: str) -> None:
    """One apt-get command. Its own words are shown if it fails; what is missing is found out afterwards."""
    command = ["apt-get", "-qq", "-o=DPkg::Lock::Timeout=120", "-o=Acquire::Retries=3", *words]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        print(f"{' '.join(command)}: not done in {SECONDS} seconds", file=sys.stderr)
        return
    if done.returncode:
        print(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", file=sys.stderr)


@contextlib.contextmanager
def _nothing_started() -> Iterator[None]:
    """Packages ask POLICY whether to start their servers: meanwhile the answer is no."""
    kept = POLICY.with_name("policy-rc.d.of-the-machine")
    if POLICY.exists() and POLICY.read_text() != REFUSE:  # ours is there when an earlier try was killed
        POLICY.rename(kept)
    POLICY.write_text(REFUSE)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
        if kept.exists():
            kept.rename(POLICY)


def _installed() -> set[str]:
    listed = _said("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
    return {line.split()[1] for line in listed if line.startswith("ii")}


def _units(package: str) -> Iterator[str]:
    """What systemd would start for a package; templates are started by name only."""
    for place in map(Path, _said("dpkg", "-L", package)):
        unit = place.parent.name == "system" and place.suffix in {".service", ".socket", ".timer"}
        if unit and "@" not in place.name:
            yield place.name


def _said(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
