"""What the tests need that pip cannot install: it is installed when we are root on Debian, else named.

Exit 1 if anything is missing in the end; no test is ever skipped for want of it.
"""

import os
import shutil
import subprocess
import sys
import time

NEEDS = {
    "chromium": "chromium",
    "redis-server": "redis-server",
    "nginx": "nginx",
}  # programs, and Debian's packages of them
SECONDS = 600


def apt(*words: str) -> bool:
    """One apt-get command, within the time left for all. Its own words are shown if it fails."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", "-o=DPkg::Lock::Timeout=120", "-o=Acquire::Retries=3", *words]
    try:
        done = subprocess.run(
            command,
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"{' '.join(command)}: not done in {SECONDS} seconds", file=sys.stderr)
        return False
    if done.returncode:
        print(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", file=sys.stderr)
    return done.returncode == 0


def install(packages: list[str]) -> None:
    """Install from the distribution's packages, if we may."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(packages)} from Debian's packages …", flush=True)
        apt("update")  # an old list may do, too
        apt("install", "--yes", "--no-install-recommends", *packages)


def main() -> int:
    began = time.monotonic()
    missing = [package for program, package in NEEDS.items() if not shutil.which(program)]
    if missing:
        install(missing)
    failed = 0
    for program, package in NEEDS.items():
        where = shutil.which(program)
        failed += not where
        print(f"{program}: {where or f'missing; as root: apt-get install {package}'}")
    if missing and not failed:
        print(f"Installed in {time.monotonic() - began:.0f} seconds.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
