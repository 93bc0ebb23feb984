"""Work that recurs. Any number of processes may run it: taking a turn is a guarded update."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import connection

from frontrow.chassis import metrics
from frontrow.chassis.models import Job

CLOCK = "clock"
REST = 50  # times as long as it took, what only measures rests: where much is there, a look takes seconds
TURN = "UPDATE chassis_job SET next_at = %s WHERE name = %s AND (next_at <= %s OR next_at > %s)"
LONGEST_REST = 1.0  # seconds
Work = Callable[[datetime], None]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    every: timedelta
    run: Work
    thread: str
    everywhere: bool = False


_tasks: dict[str, Task] = {}


def every(*, alone: bool = False, everywhere: bool = False, **interval: float) -> Callable[[Work], Work]:
    """Run a function of a service's jobs.py this often, given the time. It bounds its own work.

    What may wait for others' networks runs `alone`, in a thread of its own: it must keep nothing waiting.
    What only measures runs `everywhere`, in each process that works: a gauge whose process lost its turn
    would tell old news.
    """

    def register(run: Work) -> Work:
        name = f"{run.__module__.rsplit('.', 2)[-2]}.{run.__name__}"
        _tasks[name] = Task(name, timedelta(**interval), run, name if alone else CLOCK, everywhere)
        for outcome in ("done", "failed"):  # told as 0 at once, so that the first failure is an increase
            metrics.JOB_RUNS.labels(name, outcome)
        return run

    return register


def run_due(now: datetime) -> list[str]:
    """Run what is due and not taken by another runner; the names. One that fails stops no other."""
    return [task.name for task in list(_tasks.values()) if _take(task, now) and _run(task, now)]


def threads() -> list[str]:
    """The threads that periodic work needs, by name."""
    return sorted({CLOCK, *(task.thread for task in _tasks.values())})


def rest_of(thread: str) -> float:
    """For how many seconds a thread may look away: not for longer than a task, or its stopping, may wait."""
    intervals = [task.every.total_seconds() for task in _tasks.values() if task.thread == thread]
    return min([LONGEST_REST, *intervals])


class Rota:
    """One thread's memory of when to look again, so that waiting costs the database nothing."""

    def __init__(self, thread: str = CLOCK) -> None:
        self.thread = thread
        self.next: dict[str, datetime] = {}
        self.rests: dict[str, float] = {}  # until when, by the steady clock

    def run_due(self, now: datetime) -> None:
        """Run what this thread has not looked at for its interval and nobody else has taken."""
        for task in [task for task in _tasks.values() if task.thread == self.thread]:
            planned = self.next.get(task.name, now)
            if planned <= now or planned > now + task.every:  # the latter: the clock was put back
                self.next[task.name] = now + task.every
                if task.everywhere:
                    self._measure(task, now)
                elif _take(task, now):
                    _run(task, now)

    def _measure(self, task: Task, now: datetime) -> None:
        began = monotonic()
        if began >= self.rests.get(task.name, began):
            _run(task, now)
            ended = monotonic()
            self.rests[task.name] = ended + REST * (ended - began)


def _take(task: Task, now: datetime) -> bool:
    """Whether this runner got the turn: its time is moved on before the work begins."""
    if task.everywhere:
        return True
    with connection.cursor() as cursor:
        cursor.execute(TURN, [now + task.every, task.name, now, now + task.every])
        if cursor.rowcount:
            return True
    _, made = Job.objects.get_or_create(name=task.name, defaults={"next_at": now + task.every})
    return made


def _run(task: Task, now: datetime) -> bool:
    try:
        task.run(now)
    except Exception as fault:
        metrics.JOB_RUNS.labels(task.name, "failed").inc()
        metrics.FAULTS.labels("job").inc()
        log.error("job_failed", job=task.name, exc_info=fault)
        return False
    metrics.JOB_RUNS.labels(task.name, "done").inc()
    return True
