"""What the supervisor promises of any programs, seen on small ones."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from frontrow.embedded.installation import NotStarted
from frontrow.fleet.program import Program
from frontrow.fleet.supervisor import Supervisor
from tests.embedded.system import Process, everybody, wait

PATIENCE = 60  # seconds; only a failure takes them
LASTS = "exec sleep 1000"


@pytest.fixture
def supervisor(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        one = Supervisor(tmp_path, lock.fileno())
        yield one
        one.unwant(*one.programs)
        one.close()


@pytest.fixture
def program(tmp_path):
    """A program that is a line of shell; each writes what it does into one diary."""

    def make(name, line, **more):
        line = line.replace("SAY", f"echo {name} >>{tmp_path}/diary")
        return Program(name, ["/bin/sh", "-c", line], tmp_path, dict(os.environ), **more)

    return make


def diary(folder: Path) -> list[str]:
    return (folder / "diary").read_text().split() if (folder / "diary").exists() else []


def started(supervisor, *programs):
    supervisor.want(*programs)
    wait(PATIENCE, lambda: supervisor.ready(*[one.name for one in programs]), "all are ready")


def pid(supervisor, name):
    return supervisor.running[name].process.pid


def test_each_starts_after_what_it_needs_and_ends_before_it(supervisor, program, tmp_path):
    lasts = "trap 'SAY; exit' TERM; SAY; while :; do sleep 0.05; done"
    last = program("last", lasts, after=("middle",), ready=lambda: "last" in diary(tmp_path))
    middle = program("middle", lasts, after=("first",), ready=lambda: "middle" in diary(tmp_path))
    started(supervisor, last, middle, program("first", "SAY", once=True))
    supervisor.unwant("first", "middle", "last")
    wait(PATIENCE, lambda: supervisor.gone("first", "middle", "last"), "all are gone")
    assert diary(tmp_path) == ["first", "middle", "last", "last", "middle"]


def test_one_that_fails_at_its_start_is_told_with_its_last_words(supervisor, program, tmp_path):
    (tmp_path / "broken.log").write_text("of yesterday\n")
    supervisor.want(
        program("broken", "echo no such thing; exit 3", once=True), program("next", LASTS, after=("broken",))
    )
    with pytest.raises(NotStarted) as told:
        wait(PATIENCE, lambda: supervisor.ready("next"), "a failure")
    assert str(told.value).startswith("broken ended (status 3) at its start: no such thing\n")
    assert "next" not in supervisor.running


def test_what_ends_by_itself_is_started_again_with_longer_and_longer_pauses(supervisor, program, capfd):
    lasting = program("lasting", LASTS)
    said = ""
    for pause in ("0.2", "0.4", "0.8"):
        started(supervisor, lasting)
        os.kill(pid(supervisor, "lasting"), signal.SIGKILL)
        wait(PATIENCE, lambda: supervisor.gone("lasting"), "its end is noticed")
        said += capfd.readouterr().err
        assert f"lasting ended (status -9) by itself; starting again in {pause} seconds." in said
    started(supervisor, lasting)


def test_what_was_stopped_stays_stopped(supervisor, program):
    others = program("other", LASTS, after=("stopped",))
    started(supervisor, program("stopped", LASTS), others)
    before = pid(supervisor, "other")
    supervisor.unwant("stopped")
    wait(PATIENCE, lambda: supervisor.gone("stopped"), "gone")
    os.kill(before, signal.SIGKILL)
    wait(PATIENCE, lambda: not supervisor.gone("other") and pid(supervisor, "other") != before, "it is back")
    assert supervisor.gone("stopped")


def test_one_that_will_not_end_is_made_to_with_what_it_started(supervisor, program, tmp_path):
    stubborn = program("stubborn", "trap '' TERM; sleep 1000 & SAY; wait", seconds=0.2)
    started(supervisor, stubborn)
    wait(PATIENCE, lambda: diary(tmp_path), "its own child was started")
    group = pid(supervisor, "stubborn")
    supervisor.unwant("stubborn")
    wait(PATIENCE, lambda: supervisor.gone("stubborn"), "gone")
    wait(
        PATIENCE,
        lambda: not [one for one in everybody() if one.lives and in_group(one, group)],
        "its child, too",
    )


def in_group(process: Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group
    except ProcessLookupError:
        return False


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_killed_supervisor(tmp_path, order):
    code = (
        "import pathlib, signal, sys, time\n"
        "from frontrow.fleet.program import Program\n"
        "from frontrow.fleet.supervisor import Supervisor\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "lock = (folder / 'lock').open('w')\n"
        "supervisor = Supervisor(folder, lock.fileno())\n"
        "programs = [Program(str(n), ['/bin/sleep', '1000'], folder, {}, order=signal.Signals(int(sys.argv[2])))"
        " for n in range(5)]\n"
        "supervisor.want(*programs)\n"
        "while not supervisor.ready(*[one.name for one in programs]): time.sleep(0.01)\n"
        "print(*[one.process.pid for one in supervisor.running.values()], flush=True)\n"
        "time.sleep(1000)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(int(order))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
    ) as killed:
        children = {int(word) for word in killed.stdout.readline().split()}
        assert len(children) == 5
        killed.kill()
    wait(PATIENCE, lambda: not [p for p in everybody() if p.pid in children and p.lives], "all are gone")


def test_a_program_that_starts_when_its_supervisor_is_gone_never_runs(tmp_path):
    from frontrow.fleet.program import BEGIN

    somebody_else = str(os.getpid() + 1)
    done = subprocess.run(
        ["/bin/sh", "-c", BEGIN, somebody_else, "/bin/touch", str(tmp_path / "ran")], cwd=tmp_path
    )
    assert (done.returncode, (tmp_path / "ran").exists()) == (1, False)


def test_the_lock_is_held_as_long_as_a_program_runs(supervisor, program, tmp_path):
    started(supervisor, program("holder", LASTS))
    held = {os.path.realpath(link) for link in Path(f"/proc/{pid(supervisor, 'holder')}/fd").iterdir()}
    assert str(tmp_path / "lock") in held


def test_a_log_that_grew_large_begins_anew(supervisor, program, tmp_path, monkeypatch):
    monkeypatch.setattr("frontrow.fleet.supervisor.LARGEST_LOG", 5)
    (tmp_path / "talker.log").write_text("a long story\n")
    started(supervisor, program("talker", f"echo new; {LASTS}"))
    wait(PATIENCE, lambda: (tmp_path / "talker.log").read_text() == "new\n", "a new log")
    assert (tmp_path / "talker.log.old").read_text() == "a long story\n"
