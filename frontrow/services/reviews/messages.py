"""What reviews says."""

from frontrow.chassis.outbox import say
from frontrow.services.reviews import rules
from frontrow.services.reviews.models import Tally


def rating_changed(tally: Tally) -> None:
    """The average is told unrounded: lists are sorted by it."""
    say("rating.changed.v1", tally.event_id, tally.version, {
        "eventId": str(tally.event_id),
        "average": rules.average(tally.counts),
        "count": sum(tally.counts),
        "version": tally.version,
    })  # fmt: skip
