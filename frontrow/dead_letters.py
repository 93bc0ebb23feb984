"""`dead-letters`: messages that were given up, listed, shown and handed over again."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from frontrow.chassis import parked
from frontrow.chassis.message import rfc3339
from frontrow.chassis.models import Delivery
from frontrow.chassis.parked import Name

ALL = "all"


def listed() -> Iterator[str]:
    """One line each: its name, type, when it was parked, and why."""
    count = parked.listed().count()
    if not count:
        yield "No message is parked."
        return
    for each in parked.listed().iterator():
        why = each.error.partition("\n")[0]
        yield f"{_name(each)}  {each.message['type']}  {rfc3339(each.parked_at)}  {why}"
    yield f"{count} parked. `replay ID` or `replay all` hands them over again, once the cause is mended."


def shown(names: Sequence[str]) -> Iterator[str]:
    """Everything there is to know of these, as JSON. Raises UnknownParked."""
    for found in [parked.find(Name.read(text)) for text in names]:
        facts = {
            "name": str(_name(found)), "attempts": found.attempts, "parkedAt": rfc3339(found.parked_at),
            "error": found.error, "message": found.message,
        }  # fmt: skip
        yield json.dumps(facts, indent=2, ensure_ascii=False)


def replayed(names: Sequence[str], now: datetime) -> Iterator[str]:
    """Hand over these, or 'all', again; if one is not parked, none. Raises UnknownParked."""
    everything = list(names) == [ALL]
    count = parked.replay_all(now) if everything else parked.replay({*map(Name.read, names)}, now)
    yield f"{count} {'message' if count == 1 else 'messages'} will be handed over again while Frontrow runs."


def _name(delivery: Delivery) -> Name:
    return Name(delivery.listener, delivery.message_id)
