"""`make mutants`: whether the tests would notice. Each deliberate defect is made in a copy of the working tree: those
of tests/defects.py, and those of tests/weaknesses, one for each test that docs/security.md names.

Exit 1 if the tests it names are not all green without it, or if one of them does not fail with it within a minute.
What fails must be a test: a defect by which nothing runs at all would prove nothing. Words narrow: T='refund lock'.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.defects import DEFECTS, Defect
from tests.weaknesses import WEAKNESSES

ROOT = Path(__file__).parents[1]
SECONDS = 60
AT_ONCE = 2  # each in a copy of its own
TESTS_FAILED = 1  # as pytest says it
FAILED = re.compile(r"^FAILED (?:[^\s:]*/)?(\S+)", re.MULTILINE)


def copied(place: Path) -> Path:
    """The files that git has or would have, as they lie here; a repository too, of which house rules ask what is in it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, listed)):
        if (ROOT / name).is_file():  # not deleted meanwhile
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    subprocess.run(["git", "init", "-q"], cwd=place, check=True)
    return place


def pytest(tree: Path, tests: list[str], seconds: float) -> tuple[int | None, str]:
    """How it ended, or None if it took longer than that; and what it said."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=line", *tests]
    fresh = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    run = subprocess.Popen(
        command, cwd=tree, env={**fresh, "PYTHONDONTWRITEBYTECODE": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = run.communicate(timeout=seconds)
        return run.returncode, said
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGINT)  # at which pytest stops what it started
        return None, run.communicate()[0]


def tried(tree: Path, defect: Defect) -> tuple[str | None, float]:
    """The test that caught it, or None; and the seconds it took."""
    file, began = tree / defect.file, time.monotonic()
    sound = file.read_text()
    if sound.count(defect.text) != 1:
        return None, 0
    file.write_text(sound.replace(defect.text, defect.instead))
    try:
        ended, said = pytest(tree, list(defect.tests), SECONDS)
    finally:
        file.write_text(sound)
    found = FAILED.search(said) if ended == TESTS_FAILED else None
    if found is None:
        print(said[-2000:])
    return found and found[1], time.monotonic() - began


def all_tried(trees: list[Path], defects: list[Defect]) -> Iterator[tuple[Defect, str | None, float]]:
    """What became of each, in their order; as many at once as there are trees."""
    free = SimpleQueue[Path]()
    for tree in trees:
        free.put(tree)

    def one(defect: Defect) -> tuple[Defect, str | None, float]:
        tree = free.get()
        try:
            return defect, *tried(tree, defect)
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as threads:
        yield from threads.map(one, defects)


def main() -> int:
    words = sys.argv[1:]
    every = [*DEFECTS, *WEAKNESSES]
    chosen = [each for each in every if not words or any(word in each.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="frontrow-mutants-") as folder:
        Path(folder).chmod(0o711)
        trees, began = [copied(Path(folder) / f"frontrow{n}") for n in range(AT_ONCE)], time.monotonic()
        tests = sorted({test for each in chosen for test in each.tests})
        ended, said = pytest(trees[0], [f"-n{AT_ONCE}", "--dist=loadgroup", *tests], SECONDS * 20)
        if ended != 0:
            print(said, "Without any defect the tests do not pass.", sep="\n")
            return 1
        print(f"Without any defect: green in {time.monotonic() - began:.0f} s", flush=True)
        survived = 0
        for each, caught, seconds in all_tried(trees, chosen):
            survived += caught is None or seconds > SECONDS
            print(f"{each.name:55} {seconds:4.0f} s  {caught or 'SURVIVED'}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} defects were caught.")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
