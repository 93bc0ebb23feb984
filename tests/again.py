"""What failed while tests ran in parallel, once more and one after another: `python -m tests.again`.

It ends like pytest does. More than a few did not fail by chance: these are not tried again.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FAILED = Path(__file__).parents[1] / ".pytest_cache" / "failed"
MOST = 5
found: dict[str, None] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what fails; its name without the group in which a worker ran it."""
    if report.failed:
        found[report.nodeid.rpartition("@")[0] or report.nodeid] = None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the names of a parallel run, whose workers tell its controller."""
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        FAILED.parent.mkdir(exist_ok=True)
        FAILED.write_text(json.dumps(list(found)))


def main() -> int:
    names = json.loads(FAILED.read_text()) if FAILED.exists() else []
    if not 0 < len(names) <= MOST:
        print(f"{len(names)} tests are known to have failed: none is tried again.")
        return 1
    print("Tried once more, alone:", *names, sep="\n  ", flush=True)
    return subprocess.call([sys.executable, "-m", "pytest", *names])


if __name__ == "__main__":
    sys.exit(main())
