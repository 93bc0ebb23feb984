"""The background of a process: relaying, handing over, and periodic work, in a few threads."""

import threading
from collections.abc import Callable

import structlog
from django.db import close_old_connections, connections
from django.utils import timezone
from structlog.contextvars import clear_contextvars

from frontrow.chassis import handover, metrics, outbox, periodic

log = structlog.get_logger(__name__)
IDLE_SECONDS = 0.25  # messages said by other processes are found at least this often
LONGEST_BACK_OFF = 5.0


def start(stop: threading.Event) -> list[threading.Thread]:
    """Start the background threads; they end soon after `stop` is set."""

    def messages() -> bool:
        relayed = outbox.relay()
        delivered = sum(handover.deliver(timezone.now()) for _ in range(max(1, relayed)))
        return relayed + delivered > 0

    threads = [_thread(name, _clock(name), threading.Event(), stop) for name in periodic.threads()]
    if handover.reaches_all():
        threads.append(_thread("messages", messages, outbox.NEWS, stop))
    else:
        log.warning("messages_wait", why="some services are elsewhere, and there is no broker")
    for thread in threads:
        thread.start()
    return threads


def _clock(name: str) -> Callable[[], bool]:
    rota = periodic.Rota(name)

    def step() -> bool:
        rota.run_due(timezone.now())
        return False

    return step


def _thread(
    name: str, step: Callable[[], bool], news: threading.Event, stop: threading.Event
) -> threading.Thread:
    return threading.Thread(target=_loop, args=(step, news, stop), name=name, daemon=True)


def _loop(step: Callable[[], bool], news: threading.Event, stop: threading.Event) -> None:
    """Step until stopped: at once while there is work, backing off while the database is away."""
    back_off = 0.0
    while not stop.is_set():
        clear_contextvars()
        close_old_connections()
        try:
            busy, back_off = step(), 0.0
        except Exception as fault:
            metrics.FAULTS.labels("background").inc()
            log.error("background_fault", thread=threading.current_thread().name, exc_info=fault)
            back_off = min(LONGEST_BACK_OFF, back_off * 2 or 0.25)
            stop.wait(back_off)
            continue
        if not busy:
            news.wait(IDLE_SECONDS)
            news.clear()
    connections.close_all()
