"""Whether anything that we build on is known to be vulnerable: each library of the locks, by pip-audit.

Exit 1 if one is. Where nobody can be asked, such as without a network, that is said loudly, and nothing fails.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 120  # for a lock; answers are kept between runs
COMMAND = ["pip_audit", "--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off",
           "--timeout", "5", "--requirement"]  # fmt: skip


def asked(lock: str) -> dict[str, Any] | None:
    """What pip-audit found out about a lock; None if it could ask nobody."""
    try:
        run = subprocess.run(
            [sys.executable, "-m", *COMMAND, lock], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS
        )
        found: dict[str, Any] = json.loads(run.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return found


def verdict(lock: str, report: dict[str, Any] | None) -> tuple[bool, list[str]]:
    """Whether a lock may be built on, and what to say about it."""
    libraries = report["dependencies"] if report else []
    unseen = [each for each in libraries if "skip_reason" in each]
    known = [
        f"{each['name']} {each['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or 'none'}"
        for each in libraries for weakness in each.get("vulns", ())
    ]  # fmt: skip
    if len(unseen) == len(libraries):
        return True, [f"NOT LOOKED UP: nobody could be asked about the libraries of {lock}."]
    said = [f"{lock}: {len(libraries) - len(unseen)} libraries looked up, {len(known)} weaknesses known"]
    if unseen:
        said.append(f"NOT LOOKED UP: {len(unseen)} libraries of {lock}, {unseen[0]['name']} among them.")
    return not known, [*said, *known]


def main() -> int:
    fine = True
    for lock in LOCKS:
        good, said = verdict(lock, asked(lock))
        fine = fine and good
        print("\n".join(said))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
