"""What the tests need that pip cannot install: it is installed when we are root on Debian, else named.

Exit 1 if anything is missing in the end; no test is ever skipped for want of it.
"""

import shutil
import sys
import time

from frontrow.fleet import packages

# Programs, and Debian's packages of them: those of the services, and what looks at them.
NEEDS = {**packages.PROGRAMS, "promtool": "prometheus", "amtool": "prometheus-alertmanager",
         "chromium-headless-shell": "chromium-headless-shell", "xgettext": "gettext",
         "gcc": "gcc", "wrk": "wrk"}  # fmt: skip


def found(program: str) -> str | None:
    return packages.found(program) or shutil.which(program)


def main() -> int:
    began = time.monotonic()
    missing = sorted({package for program, package in NEEDS.items() if not found(program)})
    if missing:
        packages.install(missing)
    failed = 0
    for program, package in NEEDS.items():
        where = found(program)
        failed += not where
        print(f"{program}: {where or f'missing; as root: apt-get install {package}'}")
    if missing and not failed:
        print(f"Installed in {time.monotonic() - began:.0f} seconds.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
