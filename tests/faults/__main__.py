"""`make faults`: hundreds of kills and every failpoint while people buy; then whether every promise was kept."""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.embedded import embedded
from frontrow.fleet import packages
from frontrow.fleet.topology import SERVICES
from tests.faults.checker import Checker
from tests.faults.people import Diary
from tests.faults.storm import Broken, Storm, points
from tests.faults.trade import PEOPLE, trade
from tests.stripe.running import Provider, running

MOST_ROUNDS, ROUND_SECONDS, PACE = 8, 120, 0.8
POINT_SECONDS = 90  # for failpoints that nobody came by
KILLS, JUMPS = 150, 15  # at least, with each provider
BACK_SECONDS = 15  # from the end of a database to the next booking, by itself
DATABASE_KILLS = 3


def main() -> int:
    parser = argparse.ArgumentParser("faults", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="that of an earlier run, to repeat it"
    )
    seed = parser.parse_args().seed
    print(f"Seed {seed}.", flush=True)
    packages.ensure()
    began, done = time.monotonic(), Counter[str]()
    try:
        _services(seed, done)
        with running("simulator") as provider:
            _services(seed, done, provider)
        _in_one_process(seed, done)
    finally:
        _print(done)
    print(f"No promise was broken, in {(time.monotonic() - began) / 60:.1f} minutes.")
    return 0


def _services(seed: int, done: Counter[str], provider: Provider | None = None) -> None:
    """Half of it all, by the sandbox or by a provider that misbehaves, too."""
    with _folder() as folder, Storm(folder, seed, provider).running() as storm:
        for number in range(MOST_ROUNDS):
            with storm.trade():
                storm.rage(ROUND_SECONDS, PACE)
            _check(storm)
            print(f"round {number + 1}: {storm.kills} kills, {storm.jumps} clocks, {storm.faults.total()} faults, {storm.diary.answered}"
                  f" answers, all true", flush=True)  # fmt: skip
            if storm.kills >= KILLS:
                break
        with storm.trade():
            never = storm.insist(POINT_SECONDS)
            _kill_databases(storm.diary, lambda: storm.fleet.kill("postgres"))
        _check(storm)
        _demand(storm.disagreements())
        done.update(storm.faults)
        done.update({f"failpoint {name}": count for name, count in storm.hits().items()})
        done["answers checked"] += storm.diary.answered
    if never or storm.kills < KILLS or storm.jumps < JUMPS:
        raise Broken(f"{storm.kills} kills, {storm.jumps} clocks; never hit: {', '.join(never) or 'none'}")


def _check(storm: Storm) -> None:
    storm.calm()
    _demand(storm.checker().violations())


def _in_one_process(seed: int, done: Counter[str]) -> None:
    with _folder() as folder, embedded(folder / "one") as alone:
        diary, tokens = Diary(), alone.people(PEOPLE).read_text().split()
        checker = Checker(dict.fromkeys(SERVICES, alone.url("bookings")), diary.lines)
        with trade(alone.address, tokens, diary, random.Random(seed)):  # noqa: S311, nothing secret
            _kill_databases(diary, lambda: os.kill(_postmaster(alone.folder), signal.SIGKILL))
        deadline = time.monotonic() + 30
        while (left := checker.unfinished()) and time.monotonic() < deadline:
            time.sleep(0.5)
        _demand([str(left)] if left else checker.violations())
        done["kill of the database of one process"] += DATABASE_KILLS
        done["answers checked"] += diary.answered


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Of logs and databases; it is left for a look where a promise was broken."""
    folder = Path(tempfile.mkdtemp(prefix="frontrow-faults-"))
    folder.chmod(0o711)
    try:
        yield folder
    except Broken:
        print(f"What there was then is left in {folder}.", flush=True)
        raise
    shutil.rmtree(folder)


def _postmaster(folder: Path) -> int:
    (found,) = folder.rglob("postmaster.pid")
    return int(found.read_text().splitlines()[0])


def _kill_databases(diary: Diary, kill: Callable[[], None]) -> None:
    """Several times, while people buy; each time somebody must soon have booked again."""
    for _ in range(DATABASE_KILLS):
        time.sleep(5)
        killed = time.time()
        kill()
        while not _booked_since(diary, killed):
            if time.time() - killed > BACK_SECONDS:
                raise Broken(f"{BACK_SECONDS} seconds after the end of its database nobody can book")
            time.sleep(0.1)
        print(f"booked again {time.time() - killed:.1f} seconds after the database was killed", flush=True)


def _booked_since(diary: Diary, moment: float) -> bool:
    return any(
        line["began"] > moment and (line["path"], line["status"]) == ("/bookings", 201)
        for line in reversed(diary.lines[-500:])
    )


def _demand(violations: list[str]) -> None:
    if violations:
        raise Broken("\n".join(violations[:50]))


def _print(done: Counter[str]) -> None:
    for what, count in sorted(done.items()):
        print(f"{count:7,}  {what}")
    hit = {what.removeprefix("failpoint ") for what in done if what.startswith("failpoint ")}
    jumps = sum(count for what, count in done.items() if what.startswith("clock "))
    print(f"{len(hit)} of {len(points())} failpoints were hit; clocks jumped {jumps} times.")


if __name__ == "__main__":
    sys.exit(main())
