"""notifications: what people are told, in the app and by mail, each thing once.

Owns: notifications, their deliveries by mail, announcements to all who hold places, what people want by mail.
Hears: user.registered, user.updated, user.link_asked, user.access_changed, user.erased, event.published,
event.updated, event.cancelled, booking.held, booking.confirmed, booking.expired, booking.cancelled,
payment.failed, refund.succeeded.
Says: nothing.
Asks: users and events, about those it has not heard of yet; users, for links; bookings, who holds places.
"""
