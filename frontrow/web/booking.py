"""One booking, from hold to ticket to memory; and giving it back."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontrow.chassis.middleware import allow
from frontrow.web import clients, paying, said, standing
from frontrow.web.checkout import newest_booking
from frontrow.web.clients import Refused
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render
from frontrow.web.standing import Money

MOST_PAYMENTS = 100  # of a booking that are looked at: each try to pay is one
ENDED: dict[str, str | Promise] = {
    "person": _("You gave this booking back."),
    "event_cancelled": _("The organiser cancelled this event, and your booking with it. We are sorry."),
    "refunded": _("The organiser refunded your booking in full, so it is no longer valid."),
    "paid_too_late": _(
        "Your payment came after the hold had ended, and by then no places were left. We are sorry."
    ),
}


@page(signed_in=True)
def booking(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """A booking, whatever its state. While a payment is on its way, the page asks again by itself."""
    facts = known(request, booking_id)
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        waits = facts["state"] == standing.PAYING
        return HttpResponse(status=204) if waits else redirect(request, f"/my/bookings/{booking_id}")
    facts |= _of_state(request, facts)
    answer = render(request, "web/booking.html", facts)
    if facts.get("public_key"):
        allow(answer, **paying.STRIPE)
    return answer


def known(request: HttpRequest, booking_id: UUID) -> dict[str, Any]:
    """A booking with its event and its payments; these are None while nobody can tell."""
    found = clients.get(request, "bookings", f"/bookings/{booking_id}")
    event = event_of(request, found["eventId"])
    paid = (
        clients.maybe(request, "payments", "/payments", bookingId=str(booking_id), limit=MOST_PAYMENTS)
        if found["amount"]
        else None
    )
    payments = paid["items"] if paid else []
    return {
        "booking": found, "event": event, "payments": payments,
        "payments_away": bool(found["amount"]) and not paid,
        "state": standing.standing(found, payments, event, datetime.now(UTC)), "money": Money.of(payments),
    }  # fmt: skip


def event_of(request: HttpRequest, event_id: str) -> dict[str, Any] | None:
    """The event, unless events is away or it was never ours to see."""
    try:
        found: dict[str, Any] | None = clients.maybe(request, "events", f"/events/{event_id}")
    except Refused:
        return None
    return found


def _of_state(request: HttpRequest, facts: dict[str, Any]) -> dict[str, Any]:
    """What the page needs beyond that."""
    state, found = facts["state"], facts["booking"]
    if state in {standing.HELD, standing.AT_BANK}:
        return {**paying.form(request, facts["payments"]), "hold": _hold(found)}
    if state in {standing.LAPSED, standing.CANCELLED}:
        newest = newest_booking(request, found["eventId"])
        again = state == standing.LAPSED or found["endReason"] in {"person", "paid_too_late"}
        return {
            "seen": newest["bookingId"] if newest else "",
            "again": again and _can_be_booked(facts["event"]),
            "why": ENDED.get(found["endReason"] or ""),
        }
    cancellable = state == standing.TICKET and _may_cancel(facts["event"])
    return {"cancellable": cancellable}


def _hold(found: dict[str, Any]) -> dict[str, int]:
    """How long it lasts, and how long that still is, in seconds."""
    left = (found["expiresAt"] - datetime.now(UTC)).total_seconds()
    whole = (found["expiresAt"] - found["bookingDate"]).total_seconds()
    return {"left": max(0, round(left)), "whole": round(whole), "minutes": max(1, round(left / 60))}


def _can_be_booked(event: dict[str, Any] | None) -> bool:
    return event is not None and event["status"] == "published" and event["salesEnd"] > datetime.now(UTC)


def _may_cancel(event: dict[str, Any] | None) -> bool:
    """While events is away we do not say no: bookings decides."""
    return event is None or datetime.now(UTC) < event["cancelUntil"]


@page(signed_in=True, post=True)
def cancel(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Give a booking back: what comes back is said before."""
    facts = known(request, booking_id)
    if facts["state"] not in {standing.HELD, standing.AT_BANK, standing.PAYING, standing.TICKET}:
        return redirect(request, f"/my/bookings/{booking_id}")
    late = facts["booking"]["status"] == "confirmed" and not _may_cancel(facts["event"])
    if request.method != "POST":
        return _asked(request, facts, late, 200)
    try:
        clients.ask(request, "bookings", "DELETE", f"/bookings/{booking_id}")
    except Refused as refused:
        if refused.code != "too_late_to_cancel":
            raise
        return _asked(request, facts, True, refused.status)
    return redirect(request, f"/my/bookings/{booking_id}")


def _asked(request: HttpRequest, facts: dict[str, Any], late: bool, status: int) -> HttpResponse:
    organiser = _organiser(request, facts["event"]) if late else ""
    return render(request, "web/cancel.html", {**facts, "late": late, "organiser": organiser}, status)


def _organiser(request: HttpRequest, event: dict[str, Any] | None) -> str:
    """The name of whom to ask; '' while nobody can tell."""
    who = [event["organizerId"]] if event else []
    return next(iter(said.names(request, who).values()), "")
