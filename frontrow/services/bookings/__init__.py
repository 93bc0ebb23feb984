"""bookings: who holds which places. It alone says yes and no, and asks nobody before it says yes.

Owns: bookings, and the stock of every ticket type and event.
Hears: event.published, event.updated, event.cancelled, payment.succeeded, refund.succeeded, user.disabled,
user.enabled, user.erased.
Says: booking.held, booking.confirmed, booking.cancelled, booking.expired, stock.changed.
Asks: events, about one it has not heard of yet, or before a refusal that rests on one; users, who the guests
of an event are, for its organiser.
"""
