"""reviews: what people who attended an event say of it, and the rating that adds up to.

Owns: reviews with their answers, and the tally of ratings of every event.
Hears: event.published, event.updated, event.cancelled; booking.confirmed, booking.cancelled;
user.erased.
Says: rating.changed.
Asks: events and bookings, before a refusal that rests on what they may have said since.
"""
