"""How many cases Schemathesis tries: few in `make test`, 20,000 in `make schemathesis`, whose plugin this is."""

from typing import Any

from hypothesis import HealthCheck, settings

LONG = "cases"
ALWAYS: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile(LONG, max_examples=6, stateful_step_count=20, **ALWAYS)


def is_long() -> bool:
    """Whether the long profile was asked for."""
    return settings.get_current_profile_name() == LONG


def of_calls() -> settings:
    """For each call by itself."""
    return settings(max_examples=200 if is_long() else 20, **ALWAYS)


def of_machines() -> settings:
    """For call after call, by each of so many machines."""
    return settings() if is_long() else settings(max_examples=6, stateful_step_count=8, **ALWAYS)


def cases() -> int:
    """How many calls after calls there are at least, by machines of which each begins otherwise."""
    return 10_000 if is_long() else 100
