"""How many cases Schemathesis tries: few in `make test`, 20,000 in `make schemathesis`, whose plugin this is."""

from typing import Any

from hypothesis import HealthCheck, settings

LONG = "cases"
ALWAYS: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}
STEPS = 20  # of one walk
settings.register_profile(LONG, **ALWAYS)


def is_long() -> bool:
    """Whether the long profile was asked for."""
    return settings.get_current_profile_name() == LONG


def of_calls() -> settings:
    """For each call by itself."""
    return settings(max_examples=200 if is_long() else 20, **ALWAYS)


def of_walks() -> settings:
    """For call after call: walks of so many steps, until there are enough cases."""
    return settings(max_examples=2 * cases() // STEPS, **ALWAYS)


def cases() -> int:
    """How many calls after calls there are at least."""
    return 10_000 if is_long() else 100


def breadth() -> float:
    """The share of all calls that are tried at least; a single walk has 20 of them."""
    return 1.0 if is_long() else 0.3
