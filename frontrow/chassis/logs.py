"""Structured logs: one line a fact, with the request's and its trace's id, and never a secret."""

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, TextIO

import structlog
from django.conf import settings

from frontrow.chassis.trace import trace_of

SECRET = re.compile(r"passw|token|secret|authorization|cookie|api_?key", re.IGNORECASE)
DEEP = {dict, list, tuple}
JSON = json.JSONEncoder()


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every key, at any depth, whose name speaks of a secret."""
    return _redacted(event)


@lru_cache(maxsize=4096)
def _is_secret(key: object) -> bool:
    return SECRET.search(str(key)) is not None


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "[redacted]" if _is_secret(key) else _redacted(each) if type(each) in DEEP else each
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redacted(each) for each in value]
    return value


def with_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace's id to what a request caused, here or in a service that heard of it."""
    if request_id := event.get("request_id"):
        event["trace_id"] = trace_of(request_id)
    return event


class Lines:
    """A logger of structlog's that writes finished lines where the standard library's go, at no detour."""

    handler: "ClassVar[logging.StreamHandler[TextIO]]"  # of all, also of those that have logged already

    def __init__(self, name: str):
        self.name = name

    @classmethod
    def write(cls, *lines: str) -> None:
        cls.handler.stream.write("".join(f"{line}\n" for line in lines))
        cls.handler.stream.flush()

    debug = info = warning = error = critical = exception = write


def tell_all(name: str, event: str, facts: Sequence[Mapping[str, str]]) -> None:
    """Say something that many requests caused, a line for each, at a tenth of the usual cost.

    Each has its `request_id` among its facts; none is a secret, since nothing is redacted.
    """
    log = structlog.get_logger(name)
    if settings.ENVIRONMENT.log_format != "json":
        for each in facts:
            log.info(event, **each)
    elif log.is_enabled_for(logging.INFO):
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        common = {"event": event, "logger": name, "level": "info", "timestamp": now}
        Lines.write(*(JSON.encode(with_trace(log, event, {**each, **common})) for each in facts))


def configure(to: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records to stdout, or elsewhere, in one form."""
    environment = settings.ENVIRONMENT
    handler = Lines.handler = logging.StreamHandler(to or sys.stdout)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        with_trace,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    if environment.log_format == "json":
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ends: list[Any] = [
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(),
        ]
    else:
        ends = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[*shared, *ends],
        logger_factory=lambda *name: Lines(name[0] if name else "frontrow"),
        wrapper_class=structlog.make_filtering_bound_logger(environment.log_level),
        cache_logger_on_first_use=True,
    )
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[meta, *ends])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(environment.log_level)
    for noisy in ("httpx", "httpcore", "django.request", "django.security"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
