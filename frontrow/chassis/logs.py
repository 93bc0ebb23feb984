"""Structured logs: one line a fact, with the request's and its trace's id, and never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from django.conf import settings

from frontrow.chassis.trace import trace_of

SECRET = re.compile(r"passw|token|secret|authorization|cookie|api_?key", re.IGNORECASE)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every key, at any depth, whose name speaks of a secret."""
    return _redacted(event)


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "[redacted]" if SECRET.search(str(k)) else _redacted(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


def with_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace's id to what a request caused, here or in a service that heard of it."""
    if request_id := event.get("request_id"):
        event["trace_id"] = trace_of(request_id)
    return event


def configure(to: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records to stdout, or elsewhere, in one form."""
    environment = settings.ENVIRONMENT
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
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(to or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ends],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(environment.log_level)
    for noisy in ("httpx", "httpcore", "django.request", "django.security"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
