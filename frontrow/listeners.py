"""Who hears what: the routes of messages through the broker.

Every process that says something declares them all, so that nothing is lost because a listener has not
started yet. A type that is heard no longer stays here, with a handler that does nothing, for one release.
"""

LISTENERS: dict[str, tuple[str, ...]] = {
    "users": (),
    "events": ("rating.changed.v1", "stock.changed.v1", "user.erased.v1"),
    "bookings": (
        "event.cancelled.v1",
        "event.published.v1",
        "event.updated.v1",
        "payment.succeeded.v1",
        "refund.succeeded.v1",
        "user.disabled.v1",
        "user.enabled.v1",
        "user.erased.v1",
    ),
    "payments": ("booking.cancelled.v1", "user.disabled.v1", "user.enabled.v1", "user.erased.v1"),
    "notifications": (
        "booking.cancelled.v1",
        "booking.confirmed.v1",
        "booking.expired.v1",
        "booking.held.v1",
        "event.cancelled.v1",
        "event.published.v1",
        "event.updated.v1",
        "payment.failed.v1",
        "refund.succeeded.v1",
        "user.access_changed.v1",
        "user.erased.v1",
        "user.link_asked.v1",
        "user.registered.v1",
        "user.updated.v1",
    ),
    "reviews": (
        "booking.cancelled.v1",
        "booking.confirmed.v1",
        "event.cancelled.v1",
        "event.published.v1",
        "event.updated.v1",
        "user.erased.v1",
    ),
}
