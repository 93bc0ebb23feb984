"""The HTTP door of payments."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query as InQuery
from ninja import Status
from pydantic import Field, WithJsonSchema, field_validator

from frontrow.chassis import clock, exports, idempotency
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import Organizer, TwoFactorNeeded, person
from frontrow.chassis.cursors import InvalidCursor, Page, PageQuery, page
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import InvalidToken, NotFound, NotSignedIn
from frontrow.chassis.schemas import In, Line, Out, Query, Text, Whole
from frontrow.services.payments import leaving, notices, pages, payment, refund, rules
from frontrow.services.payments.clients import NothingDue
from frontrow.services.payments.exporting import SECTIONS
from frontrow.services.payments.models import Finding, Payment
from frontrow.services.payments.payment import PaymentDeclined, PaymentInProgress, Wanted
from frontrow.services.payments.provider import Forged
from frontrow.services.payments.providers import PROVIDER
from frontrow.services.payments.refund import AlreadyRefunded, AmountTooHigh, NotPaid

door = Door("payments", "Paying for bookings, and getting money back.")
door.add_router("", leaving.router)
door.add_router("", exports.router("payments", SECTIONS))

SIGNED_IN = (NotSignedIn, InvalidToken)
KEYED = (idempotency.InvalidKey, idempotency.KeyReused)
MOST_TOTALS = 500
State = Literal["processing", "requires_action", "succeeded", "failed", "partially_refunded", "refunded"]


class PaymentIn(In):
    booking_id: UUID
    payment_method: Annotated[
        str, Line(1, 100), WithJsonSchema({"type": "string", "format": "payment-method"})
    ]

    @field_validator("payment_method")
    @classmethod
    def _known(cls, method: str) -> str:
        if not PROVIDER.accepts(method):
            known = ", ".join(each.payment_method for each in PROVIDER.methods())
            raise ValueError(f"is no payment method of {PROVIDER.name}; see GET /payments/methods: {known}")
        return method

    def wanted(self, user_id: UUID, key: str | None, request_id: str) -> Wanted:
        """What is asked for, in the words of the story."""
        fingerprint = idempotency.fingerprint(self) if key else ""
        return Wanted(user_id, self.booking_id, self.payment_method, key, fingerprint, request_id)


class MethodOut(Out):
    payment_method: str
    brand: str
    last_digits: str
    meaning: str


class MethodsOut(Out):
    provider: str
    public_key: str
    methods: list[MethodOut]


class ActionOut(Out):
    url: str


class FailureOut(Out):
    code: str
    reason: str


class PaymentOut(Out):
    payment_id: UUID
    booking_id: UUID
    user_id: UUID
    event_id: UUID
    amount: int
    currency: str
    status: State
    payment_date: datetime
    refunded_amount: int = 0
    next_action: ActionOut | None = None
    failure: FailureOut | None = None

    @classmethod
    def of(cls, found: Payment, reader: UUID) -> "PaymentOut":
        """Only the payer learns where to act: who knows that address may."""
        more: dict[str, Any] = {"refunded_amount": found.refunded} if found.refunded else {}
        if found.status == rules.REQUIRES_ACTION and found.user_id == reader:
            public = settings.ENVIRONMENT.public_url
            more["next_action"] = ActionOut(url=urljoin(public, found.action_url))
        if found.status == rules.FAILED:
            more["failure"] = FailureOut(code=found.failure_code, reason=found.failure_reason)
        told = cls.model_validate(found)
        return told.model_copy(update=more) if more else told


def status_of(paid: Payment) -> int:
    """Of the answer that it was made: 202, if its outcome is not known."""
    return 202 if paid.status == rules.PROCESSING else 201


class RefundOfOut(Out):
    refund_id: UUID
    amount: int
    status: Literal["pending", "succeeded"]
    cause: Literal["organizer", "person", "event_cancelled", "paid_too_late"]
    reason: str
    created_at: datetime


class PaymentWithRefundsOut(PaymentOut):
    refunds: list[RefundOfOut]


class PaymentsQuery(PageQuery):
    booking_id: UUID | None = None
    event_id: UUID | None = None
    status: State | None = None


class TotalsQuery(Query):
    event_id: Annotated[list[UUID], Field(max_length=100)] = []


class TotalOut(Out):
    event_id: UUID
    currency: str
    taken: int
    refunded: int
    payments: int


class TotalsOut(Out):
    items: list[TotalOut]


FindingState = Literal["open", "healing", "healed", "gone"]


class FindingsQuery(PageQuery):
    event_id: UUID | None = None
    state: FindingState | None = None


class FindingOut(Out):
    finding_id: UUID
    kind: Literal[
        "paid_without_ticket", "ticket_given_back", "outcome_unheard", "charge_missing", "charge_unknown",
        "amount_differs", "refund_differs", "refund_waits", "disputed",
    ]  # fmt: skip
    payment_id: UUID | None
    booking_id: UUID | None
    event_id: UUID | None
    details: str
    state: FindingState
    found_at: datetime
    seen_at: datetime
    closed_at: datetime | None


class RefundIn(In):
    payment_id: UUID
    amount: Annotated[int, Whole(1, 2**53)] | None = None
    reason: Annotated[str, Text(0, 500)] = ""


class RefundOut(Out):
    refund_id: UUID
    payment_id: UUID
    amount: int
    currency: str
    status: Literal["pending", "succeeded"]
    reason: str
    created_at: datetime


def _keyed(options: dict[str, Any]) -> dict[str, Any]:
    options["openapi_extra"]["parameters"] = [idempotency.PARAMETER]
    return options


PAY = _keyed(answers(
    201, PaymentOut, *SIGNED_IN, *KEYED, PaymentDeclined, NotFound, NothingDue, PaymentInProgress,
    AccountDisabled,
))  # fmt: skip
PAY["response"][202] = PaymentOut
GRANT = _keyed(answers(
    201, RefundOut, *SIGNED_IN, TwoFactorNeeded, *KEYED, NotFound, NotPaid, AlreadyRefunded, AmountTooHigh,
    AccountDisabled,
))  # fmt: skip


@door.post("/payments", **PAY)
def pay(request: HttpRequest, body: PaymentIn) -> Any:
    """Pay for a hold of mine. 202 and `processing`, if the bank did not answer: look again."""
    me = person(request).user_id
    wanted = body.wanted(me, idempotency.key_of(request), request_id() or "")
    paid = payment.pay(wanted, clock.now())
    return Status(status_of(paid), PaymentOut.of(paid, me))


@door.get("/payments", **answers(200, Page[PaymentOut], *SIGNED_IN, InvalidCursor))
def mine(request: HttpRequest, query: InQuery[PaymentsQuery]) -> Any:
    """What I paid, newest first; of a booking or an event also what was paid to me as its organiser."""
    me = person(request).user_id
    wanted = {name: getattr(query, name) for name in ("booking_id", "event_id", "status")}
    narrow = query.booking_id or query.event_id
    rows = Payment.objects.seen_by(me) if narrow else Payment.objects.filter(user_id=me)
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, cursor = page(rows, ["-payment_id"], query)
    return Page[PaymentOut](items=[PaymentOut.of(each, me) for each in found], next_cursor=cursor)


@door.get("/payments/methods", auth=None, **answers(200, MethodsOut))
def methods(request: HttpRequest, response: HttpResponse) -> Any:
    """What to pay with: the sandbox's test cards and what each means, or the key for Stripe's own form."""
    response["Cache-Control"] = "public, max-age=60"
    return {"provider": PROVIDER.name, "public_key": PROVIDER.public_key, "methods": PROVIDER.methods()}


@door.get("/payments/totals", **answers(200, TotalsOut, *SIGNED_IN))
def totals(request: HttpRequest, query: InQuery[TotalsQuery]) -> Any:
    """What my events took and gave back, in minor units; of those named, or of the newest 500."""
    rows = Payment.objects.filter(organizer_id=person(request).user_id)
    if query.event_id:
        rows = rows.filter(event_id__in=query.event_id)
    found = rows.totals()[:MOST_TOTALS]
    return {"items": [{**each, "refunded": each["back"], "payments": each["count"]} for each in found]}


@door.get("/payments/findings", **answers(200, Page[FindingOut], *SIGNED_IN, InvalidCursor))
def findings(request: HttpRequest, query: InQuery[FindingsQuery]) -> Any:
    """Where money of my events and tickets, or the provider's ledger, did not agree; newest first."""
    mine = Finding.objects.filter(organizer_id=person(request).user_id)
    wanted = {"event_id": query.event_id, "state": query.state}
    rows = mine.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, cursor = page(rows, ["-finding_id"], query)
    return Page[FindingOut](items=[FindingOut.model_validate(each) for each in found], next_cursor=cursor)


@door.get("/payments/{uuid:payment_id}", **answers(200, PaymentWithRefundsOut, *SIGNED_IN, NotFound))
def read(request: HttpRequest, payment_id: UUID) -> Any:
    """A payment that I made, or that was made for my event, and what went back of it."""
    me = person(request).user_id
    found = payment.find(payment_id, me)
    return {**PaymentOut.of(found, me).model_dump(), "refunds": found.refunds.order_by("refund_id")}


@door.post("/refunds", auth=Organizer(), **GRANT)
def grant(request: HttpRequest, body: RefundIn) -> Any:
    """Give back what was paid for my event, in part or in full; in full, it cancels the booking."""
    key, fingerprint = idempotency.key_of(request), idempotency.fingerprint(body)
    organizer = person(request).user_id
    wanted = refund.Grant(organizer, body.payment_id, body.amount, body.reason, key, fingerprint)
    given = refund.grant(wanted, clock.now())
    own = {name: getattr(given, name) for name in RefundOut.model_fields if name != "currency"}
    return Status(201, RefundOut(**own, currency=given.payment.currency))


@door.api_operation(
    ["GET", "POST"], "/sandbox/{reference}", auth=None, include_in_schema=False, url_name="sandbox"
)
def sandbox_page(request: HttpRequest, reference: str) -> Any:
    """Where a person confirms a payment to the sandbox's bank."""
    return pages.sandbox_page(request, reference)


@door.api_operation(
    ["GET", "POST"], "/stripe/{signed}", auth=None, include_in_schema=False, url_name="stripe"
)
def stripe_page(request: HttpRequest, signed: str) -> Any:
    """Where a person confirms a payment by Stripe to their bank."""
    return pages.stripe_page(request, signed)


@door.post("/webhooks/stripe", auth=None, include_in_schema=False, **answers(204, None, Forged))
def told_by_stripe(request: HttpRequest) -> Any:
    """What Stripe tells by itself, signed by it."""
    notices.keep(request.body, request.headers.get("Stripe-Signature", ""), clock.now())
    return Status(204, None)
