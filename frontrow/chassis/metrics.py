"""What Prometheus reads. Labels are bounded: routes, never paths; codes, never texts.

A service's own measures are in its metrics.py. Which service and process told is said by who scrapes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10)  # seconds

REQUESTS = Counter("frontrow_requests_total", "HTTP requests answered", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "frontrow_request_seconds", "Time to answer a request", ["route"], buckets=BUCKETS
)
IN_FLIGHT = Gauge("frontrow_requests_in_flight", "Requests being answered now")
THREADS = Gauge("frontrow_threads", "Requests that can be answered at once")
REFUSALS = Counter("frontrow_refusals_total", "Refusals by their code", ["code"])
FAULTS = Counter("frontrow_faults_total", "Bugs and outages, by where they struck", ["where"])
CACHE_FAILURES = Counter("frontrow_cache_failures_total", "Attempts at a Redis that was away")
MESSAGES_SAID = Counter("frontrow_messages_relayed_total", "Messages taken from the outbox", ["type"])
MESSAGES_HEARD = Counter(
    "frontrow_messages_heard_total", "Messages whose effect committed", ["listener", "type"]
)
MESSAGE_FAILURES = Counter("frontrow_message_failures_total", "Failed handings-over", ["listener", "type"])
OUTBOX_LENGTH = Gauge("frontrow_outbox_length", "Messages not yet relayed")
OUTBOX_AGE = Gauge("frontrow_outbox_age_seconds", "Age of the oldest message not yet relayed")
MESSAGES_PARKED = Gauge("frontrow_messages_parked", "Messages given up after too many failures", ["listener"])
JOB_RUNS = Counter("frontrow_job_runs_total", "Runs of periodic work", ["task", "outcome"])
BACKGROUND_SEEN = Gauge(
    "frontrow_background_seen_timestamp_seconds", "When a background thread last did a step", ["thread"]
)


@contextmanager
def or_unknown(gauge: Gauge) -> Iterator[None]:
    """Have a gauge tell nothing if it cannot be measured: its old numbers would be a lie."""
    try:
        yield
    except BaseException:
        gauge.clear()
        raise


def still_here() -> None:
    """Say that this background thread goes on: one that hangs tells by its silence."""
    BACKGROUND_SEEN.labels(threading.current_thread().name).set_to_current_time()
