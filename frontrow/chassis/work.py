"""The background of a process: relaying, handing over, and periodic work, in a few threads."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from structlog.contextvars import clear_contextvars

from frontrow.chassis import clock, handover, metrics, outbox, periodic
from frontrow.chassis.pressure import Pressure

log = structlog.get_logger(__name__)
IDLE_SECONDS = 0.25  # messages said by other processes are found at least this often
RETRY_SECONDS = 1.0  # and so are, behind a broker, those that are to be tried again
LONGEST_BACK_OFF = 5.0
Step = Callable[[], bool]  # one piece of work; whether there may be more at once


def start(stop: threading.Event) -> list[threading.Thread]:
    """Start the background threads; they end soon after `stop` is set, with what is in hand."""
    threads = [
        _thread(name, _loop, _clock(name), threading.Event(), stop, periodic.rest_of(name))
        for name in periodic.threads()
    ]
    if settings.ENVIRONMENT.broker_url != handover.IN_PROCESS:
        threads += _by_broker(stop)
    elif handover.reaches_all():
        threads.append(_thread("messages", _loop, partial(_in_process, Pressure()), outbox.NEWS, stop))
    else:
        log.warning("messages_wait", why="some services are elsewhere, and there is no broker")
    for thread in threads:
        thread.start()
    return threads


def _in_process(pressure: Pressure) -> bool:
    """Relay some, and hand over at least as many."""
    relayed, delivered = outbox.relay(is_full=pressure.felt), 0
    while some := handover.deliver(clock.now()):
        delivered += some
        if delivered >= relayed:
            break
    return relayed + delivered > 0


def _by_broker(stop: threading.Event) -> list[threading.Thread]:
    from frontrow.chassis.receiver import Receiver  # a process without a broker saves the memory

    receivers = {name: Receiver(name, stop) for name in settings.SERVICES if settings.LISTENERS[name]}
    return [
        _thread("relay", _relay, stop),
        _thread("retries", _loop, _retry, threading.Event(), stop, RETRY_SECONDS),
        *(_thread(f"hear {n}", _loop, one.run, threading.Event(), stop) for n, one in receivers.items()),
    ]


def _retry() -> bool:
    return handover.deliver(clock.now()) > 0


def _relay(stop: threading.Event) -> None:
    from frontrow.chassis.broker import Publisher

    pressure = Pressure()
    with contextlib.closing(Publisher()) as publisher:
        _loop(lambda: outbox.relay(publisher.publish, pressure.felt) > 0, outbox.NEWS, stop)


def _clock(name: str) -> Step:
    rota = periodic.Rota(name)

    def step() -> bool:
        rota.run_due(clock.now())
        return False

    return step


def _thread(name: str, target: Callable[..., None], *given: Any) -> threading.Thread:
    return threading.Thread(target=target, args=given, name=name, daemon=True)


def _loop(step: Step, news: threading.Event, stop: threading.Event, idle: float = IDLE_SECONDS) -> None:
    try:
        _steps(step, news, stop, idle)
    finally:  # also when the thread is ended by what is no Exception
        connections.close_all()


def _steps(step: Step, news: threading.Event, stop: threading.Event, idle: float) -> None:
    """Step until stopped: at once while there is work, backing off while the database is away."""
    back_off = 0.0
    while not stop.is_set():
        clear_contextvars()
        metrics.still_here()
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
            news.wait(idle)
            news.clear()
