"""`make lifecycle`: Frontrow in fresh clones, installed, started, stopped and killed; a table of the seconds.

As root: below /tmp, below root's own home, and as an ordinary user made for this. Exit 1 if anything failed.
`make lifecycle T=--working-tree` takes the files as they lie here instead of what is committed.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.embedded import refusals, survival
from tests.embedded.running import Frontrow
from tests.embedded.table import Table

ROOT = Path(__file__).parents[1]
PLACES = [Path(tempfile.gettempdir()), Path.home()]


def clone(place: Path, user: str | None) -> Path:
    """A fresh checkout below the place, which belongs to the user."""
    checkout = place / "frontrow"
    if "--working-tree" in sys.argv:
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
        for name in map(os.fsdecode, filter(None, names)):
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # deleted, but not yet committed
                shutil.copy2(ROOT / name, checkout / name)
    else:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(checkout)], check=True)
    if user:
        for below in (place, *place.rglob("*")):
            shutil.chown(below, user, user)
    return checkout


@contextlib.contextmanager
def ordinary_user() -> Iterator[str]:
    """A person of this system, for as long as it takes."""
    name = f"frontrow-{secrets.token_hex(3)}"
    subprocess.run(["useradd", "--create-home", name], check=True)
    try:
        yield name
    finally:
        subprocess.run(["userdel", "--force", "--remove", name], check=True, capture_output=True)


def permissions(place: Path) -> list[tuple[Path, int, int, int]]:
    return [(p, s.st_mode, s.st_uid, s.st_gid) for p in place.parents for s in [p.stat()]]


def situation(table: Table, below: Path, user: str | None, own_data: bool) -> None:
    """Every check, in one fresh clone."""
    place = Path(tempfile.mkdtemp(prefix="frontrow-lifecycle-", dir=below))
    try:
        (place / "tmp").mkdir()
        checkout = clone(place, user)
        home = pwd.getpwnam(user).pw_dir if user else str(Path.home())
        # Nothing that was downloaded before is used: a fresh machine has none of it.
        environment = {
            "HOME": home,
            "PIP_CACHE_DIR": str(place / "pip"),
            "TMPDIR": str(place / "tmp"),  # what a killed pip leaves there goes with it
            "REGISTRATIONS_PER_ADDRESS": "100000",
        }
        before = permissions(checkout)
        data = place / "data" if own_data else None
        with Frontrow(checkout, data, user, **environment) as frontrow:

            def everything() -> None:
                refusals.before_installing(table, frontrow, place)
                survival.check(table, frontrow)
                refusals.when_installed(table, frontrow, place)

            table.check("all of these", 1800, everything)

        def unchanged() -> None:
            if permissions(checkout) != before:
                raise ValueError(f"{before} became {permissions(checkout)}")

        table.check("the permissions of all folders above are as they were", 1, unchanged)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def main() -> int:
    table = Table()
    temporary, home = PLACES
    if os.geteuid() != 0:
        table.situation = f"as {pwd.getpwuid(os.geteuid()).pw_name}"
        situation(table, temporary, None, own_data=True)
        print("Left out, since it takes root: as root, below root's home, and as another ordinary user.")
    else:
        table.situation = "root, /tmp"
        situation(table, temporary, None, own_data=True)
        table.situation = "root, /root"
        situation(table, home, None, own_data=False)
        with ordinary_user() as user:
            table.situation = "ordinary user"
            situation(table, temporary, user, own_data=True)
    print(f"\n{table.failed} checks failed." if table.failed else "\nAll checks passed.")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
