"""What bookings holds of a person."""

from frontrow.chassis.exports import Section
from frontrow.services.bookings.models import Booking, Finding

SECTIONS = (
    Section("bookings", lambda who: Booking.objects.filter(user_id=who), frozenset({"fingerprint"})),
    Section("findings", lambda who: Finding.objects.filter(organizer_id=who)),
)
