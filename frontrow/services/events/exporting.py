"""What events holds of a person: what they organise. A cover is named by its digest."""

from frontrow.chassis.exports import Section
from frontrow.services.events.models import Event, TicketType

SEARCHED = frozenset({"place", "words", "search"})  # the same words, as searched

SECTIONS = (
    Section("events", lambda who: Event.objects.filter(organizer_id=who), SEARCHED),
    Section("ticketTypes", lambda who: TicketType.objects.filter(event__organizer_id=who)),
)
