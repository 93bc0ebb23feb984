"""Every page, with something to show on it: made by the API of a Frontrow of which one knows the address only."""

from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, Response, expect

from tests.journeys.traveller import Traveller, eventually, soon_over

DESCRIPTION = (
    "Her piano trio and songs without words, played on an instrument of her time.\n\n"
    "Letters are read between the pieces: she had opinions on her colleagues, and postage was cheap. There is one"
    " interval, and there is cake in it."
)
NAMES = {"ada": "Ada Lovell", "ben": "Ben Okafor", "cy": "Cy Winter"}


@dataclass(frozen=True)
class Shown:
    """A page: its name, its address, who looks at it, and the status that it has.

    `press` is the button of a form there whose answer is the page; `until` the heading that it gets in time.
    """

    name: str
    path: str
    who: str = "nobody"
    status: int = 200
    press: str = ""
    until: str = ""

    def seen(self, page: Page) -> Response:
        """Have the page before one; what came over the line for it."""
        answer = page.goto(self.path)
        if self.press:
            page.evaluate("for (const form of document.forms) form.noValidate = true")
            with page.expect_navigation() as going:
                page.get_by_role("main").get_by_role("button", name=self.press).first.click()
            answer = going.value
        if self.until:
            expect(page.get_by_role("heading", name=self.until)).to_be_visible(timeout=100_000)
        assert answer
        return answer


@dataclass
class Stage:
    """The cast and what they did."""

    cast: dict[str, Traveller]
    pages: list[Shown] = field(default_factory=list)

    def show(self, who: str, **paths: str) -> None:
        self.pages += [Shown(name, path, who) for name, path in paths.items()]

    def refuse(self, who: str, name: str, path: str, press: str, status: int = 422) -> None:
        """Show what comes of pressing a button there."""
        self.pages.append(Shown(name, path, who, status, press))


def stage(address: str, stack: ExitStack) -> Stage:
    """Have Ada list and Ben book whatever a page may show; the cast stays until the stack is closed."""
    cast = {name: stack.enter_context(closing(Traveller(address, name))) for name in NAMES}
    for name, traveller in cast.items():
        profile = {"displayName": NAMES[name], "timezone": "Europe/Berlin"}
        assert traveller.call("PUT", "/profile", {"profileInfo": profile})[0] == 200
    one = Stage(cast)
    past = _past(one)
    evening, scarce, gone = _events(one)
    lapsing = _books(
        one.cast["ben"], _listed(one, **_event("One Minute", 9, ("Seat", 700, 9), holdMinutes=1)), 1
    )
    _for_everyone(one, evening, scarce, gone, past)
    _for_ben(one, evening, past)
    _for_ada(one, evening, past)
    one.show("cy", reviews_mine="/my/reviews")
    _refused(one, evening, gone, past)
    path = f"/my/bookings/{lapsing['bookingId']}"
    one.pages.append(
        Shown("booking_lapsed", path, "ben", until="Your hold has ended")
    )  # the last: it takes a minute
    return one


def _days(days: int, hour: int) -> str:
    return (
        (datetime.now(UTC) + timedelta(days=days))
        .replace(hour=hour, minute=0, second=0, microsecond=0)
        .isoformat()
    )


def _event(title: str, days: int, *types: tuple[str, int, int], **changes: Any) -> dict[str, Any]:
    kinds = [
        {"name": name, "price": price, "currency": "EUR", "capacity": places} for name, price, places in types
    ]
    return {
        "title": title, "description": DESCRIPTION, "date": _days(days, 18), "endDate": _days(days, 21),
        "timezone": "Europe/Berlin", "location": "Konzerthaus, Berlin", "category": "concert", "ticketTypes": kinds,
        **changes,
    }  # fmt: skip


def _listed(one: Stage, **event: Any) -> dict[str, Any]:
    status, found = one.cast["ada"].call("POST", "/events", event)
    assert status == 201, found
    return found


def _past(one: Stage) -> dict[str, Any]:
    """An event that is over, where Ben was and of which Cy already wrote."""
    free = _event("Night Train to Lisbon", 0, ("Free ticket", 0, 20), category="film") | soon_over()
    past = _listed(one, **free)
    for name in ("ben", "cy"):
        assert one.cast[name].books(past)[0] == 201
    review = {
        "eventId": past["eventId"],
        "rating": 4,
        "comment": "Slow in the best way. Bring something warm.",
    }
    eventually(lambda: one.cast["cy"].call("POST", "/reviews", review)[0], 201)  # 409 until it is over
    return past


def _events(one: Stage) -> tuple[dict[str, Any], ...]:
    evening = _listed(one, **_event("An Evening with Clara", 12, ("Stalls", 4500, 40), ("Balcony", 2900, 24)))
    scarce = _listed(one, **_event("Type on the Tyne", 30, ("Seat", 1250, 4), category="workshop"))
    gone = _listed(one, **_event("Nuit des Voix", 9, ("Place", 1800, 1), location="Opéra, Lyon"))
    assert one.cast["cy"].books(gone)[0] == 201
    form = {"image": ("cover.jpg", _picture(), "image/jpeg")}
    assert one.cast["ada"].put(f"/events/{scarce['eventId']}/cover", files=form).status_code == 200
    return evening, scarce, gone


def _picture() -> bytes:
    """A photograph, as far as pages can tell: not of the shape that they show."""
    file = BytesIO()
    Image.linear_gradient("L").resize((900, 1200)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def _books(who: Traveller, event: dict[str, Any], quantity: int) -> dict[str, Any]:
    item = {"ticketTypeId": event["ticketTypes"][0]["ticketTypeId"], "quantity": quantity}
    status, booking = who.call("POST", "/bookings", {"eventId": event["eventId"], "items": [item]})
    assert status == 201, booking
    return booking


def _pay(one: Stage, booking: dict[str, Any], card: str = "pm_card_visa") -> dict[str, Any]:
    status, paid = one.cast["ben"].call(
        "POST", "/payments", {"bookingId": booking["bookingId"], "paymentMethod": card}
    )
    assert status in {201, 202, 402}, paid
    if card == "pm_card_visa":
        path = f"/bookings/{booking['bookingId']}"
        eventually(lambda: one.cast["ben"].call("GET", path)[1]["status"], "confirmed")
    return paid


def _for_everyone(one: Stage, evening: Any, scarce: Any, gone: Any, past: Any) -> None:
    kind = evening["ticketTypes"][0]["ticketTypeId"]
    early = _listed(one, **_event("Tomorrow’s Tickets", 40, ("Seat", 2000, 9), salesStart=_days(20, 10)))
    called_off = _listed(one, **_event("The Storm", 16, ("Seat", 2000, 9)))
    assert one.cast["ada"].call("DELETE", f"/events/{called_off['eventId']}")[0] == 204
    one.show("nobody", event_early=_page(early), event_cancelled=_page(called_off))
    one.show(
        "nobody", home="/", home_filtered="/?q=clara&category=concert", home_empty="/?q=zzzzzz",
        event=_page(evening), event_few_left=_page(scarce), event_sold_out=_page(gone), event_over=_page(past),
        checkout_anonymous=f"/e/{evening['eventId']}/checkout?{kind}=2",
        signin="/signin", forgotten="/signin/forgotten", new_password="/signin/new-password?token=x",
        confirm="/account/confirm?token=x", signup="/signup", styleguide="/styleguide",
    )  # fmt: skip
    one.pages.append(Shown("not_found", "/nowhere", status=404))
    one.pages += [Shown(f"error_{n}", f"/styleguide/{n}", status=n) for n in (400, 403, 429, 500, 503)]


def _page(event: dict[str, Any]) -> str:
    return f"/e/{event['eventId']}/{event['title'].lower().replace(' ', '-')}"


def _for_ben(one: Stage, evening: Any, past: Any) -> None:
    ben = one.cast["ben"]
    confirmed, held, cancelled, processing = (_books(ben, evening, n) for n in (2, 1, 1, 3))
    for booking in (confirmed, cancelled):
        _pay(one, booking)
    assert ben.call("DELETE", f"/bookings/{cancelled['bookingId']}")[0] == 200
    _pay(one, processing, "pm_card_noAnswer")
    at_bank = _books(ben, evening, 1)
    bank = urlsplit(_pay(one, at_bank, "pm_card_authenticationRequired")["nextAction"]["url"]).path
    kind = evening["ticketTypes"][0]["ticketTypeId"]
    own = "/my/bookings/"
    one.show(
        "ben", event_signed_in=_page(evening), checkout=f"/e/{evening['eventId']}/checkout?{kind}=2",
        bookings="/my/bookings", bookings_past="/my/bookings?tab=past", bookings_cancelled="/my/bookings?tab=cancelled",
        booking_held=own + held["bookingId"], booking_confirmed=own + confirmed["bookingId"],
        booking_cancelled=own + cancelled["bookingId"], booking_processing=own + processing["bookingId"],
        booking_cancel=f"{own}{confirmed['bookingId']}/cancel", notifications="/my/notifications",
        account="/account", account_delete="/account/delete", two_factor="/account/two-factor",
        review=f"/e/{past['eventId']}/review", organize_empty="/organize",
        booking_at_bank=own + at_bank["bookingId"], bank=bank,
        reviews_none="/my/reviews",
    )  # fmt: skip
    one.pages.append(Shown("not_mine", f"/organize/{evening['eventId']}", "ben", 404))


def _refused(one: Stage, evening: Any, gone: Any, past: Any) -> None:
    """Forms that are sent as nobody should send them, and a card and a choice that come to nothing."""
    at, kind = f"/organize/{evening['eventId']}", gone["ticketTypes"][0]["ticketTypeId"]
    one.refuse("nobody", "signin_refused", "/signin", "Sign in")
    one.refuse("nobody", "forgotten_refused", "/signin/forgotten", "Send me a link")
    one.refuse("nobody", "new_password_refused", "/signin/new-password?token=x", "Change my password")
    one.refuse("nobody", "confirm_refused", "/account/confirm?token=x", "Confirm my address", 410)
    one.refuse("nobody", "signup_refused", "/signup", "Make my account")
    one.refuse("ben", "account_refused", "/account", "Change my password")
    one.refuse("ben", "account_delete_refused", "/account/delete", "Delete my account")
    one.refuse("ben", "two_factor_refused", "/account/two-factor", "Go on")
    one.refuse("ben", "review_refused", f"/e/{past['eventId']}/review", "Publish my review")
    one.refuse("ben", "no_booking", f"/e/{gone['eventId']}/checkout?{kind}=1", "Hold", 409)
    one.refuse("ada", "organize_new_refused", "/organize/new", "Put it on sale")
    one.refuse("ada", "organize_message_refused", f"{at}/message", "Send to all")
    one.refuse("ada", "organize_cancel_refused", f"{at}/cancel", "Cancel event")
    declined = _books(one.cast["ben"], evening, 1)
    _pay(one, declined, "pm_card_chargeDeclined")
    one.show("ben", booking_declined=f"/my/bookings/{declined['bookingId']}")


def _for_ada(one: Stage, evening: Any, past: Any) -> None:
    draft = _listed(one, **_event("The Long Table", 50, ("Place", 6000, 30), category="food", status="draft"))
    drafted = f"/organize/{draft['eventId']}"
    at = f"/organize/{evening['eventId']}"
    sold = one.cast["ben"].call("GET", "/bookings?status=confirmed")[1]["items"]
    booking = next(each for each in sold if each["eventId"] == evening["eventId"])
    one.show(
        "ada", organize="/organize", organize_new="/organize/new", organize_event=at, organize_edit=f"{at}/edit",
        organize_people=f"{at}/people", organize_booking=f"{at}/bookings/{booking['bookingId']}",
        organize_reviews_none=f"{at}/reviews", organize_reviews=f"/organize/{past['eventId']}/reviews",
        organize_draft=drafted, organize_draft_edit=f"{drafted}/edit", organize_message=f"{at}/message", organize_cancel=f"{at}/cancel",
    )  # fmt: skip
