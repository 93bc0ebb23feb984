"""What Prometheus reads. Labels are bounded: routes, never paths; codes, never texts."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("frontrow_requests_total", "HTTP requests answered", ["route", "method", "status"])
REQUEST_SECONDS = Histogram("frontrow_request_seconds", "Time to answer a request", ["route"])
REFUSALS = Counter("frontrow_refusals_total", "Refusals by their code", ["code"])
FAULTS = Counter("frontrow_faults_total", "Bugs and outages, by where they struck", ["where"])
MESSAGES_SAID = Counter("frontrow_messages_relayed_total", "Messages taken from the outbox", ["type"])
MESSAGES_HEARD = Counter(
    "frontrow_messages_heard_total", "Messages whose effect committed", ["listener", "type"]
)
MESSAGE_FAILURES = Counter("frontrow_message_failures_total", "Failed handings-over", ["listener", "type"])
OUTBOX_LENGTH = Gauge("frontrow_outbox_length", "Messages not yet relayed")
OUTBOX_AGE = Gauge("frontrow_outbox_age_seconds", "Age of the oldest message not yet relayed")
MESSAGES_PARKED = Gauge("frontrow_messages_parked", "Messages given up after too many failures", ["listener"])
JOB_RUNS = Counter("frontrow_job_runs_total", "Runs of periodic work", ["job", "outcome"])
