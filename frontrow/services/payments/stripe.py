"""Stripe, by its own SDK: a PaymentIntent for each order, made first and confirmed once we can find it again.

Only what Stripe answers when asked is believed; what it tells by itself says no more than when to ask.
https://docs.stripe.com/api/payment_intents
"""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any

import stripe

from frontrow.chassis.environment import Environment
from frontrow.chassis.http import refuse_inside_transaction
from frontrow.services.payments import stripe_terms as terms
from frontrow.services.payments.provider import (
    CANCELLED,
    Entry,
    Forged,
    Keep,
    Method,
    Notice,
    Order,
    Outcome,
    ProviderAway,
)
from frontrow.services.payments.rules import REQUIRES_ACTION, SUCCEEDED

SECONDS = (3.0, 6.0)  # to connect, and for each answer
TOLERANCE = timedelta(minutes=5)  # by which a notice may be old
MOST_KEYS = 20  # by which one refund is tried
PAGE = 100  # the most that Stripe gives at once
EARLY, LATE = timedelta(minutes=5), timedelta(hours=2)  # than its order, an intent is made
logging.getLogger("stripe").setLevel(logging.WARNING)  # it would say each call, and bodies at DEBUG
METHOD = re.compile(r"pm_\w{1,90}", re.ASCII)


class Stripe:
    """See provider.Provider."""

    name = "stripe"

    def __init__(self, known: Environment):
        bases: Any = {"api": known.stripe_url.rstrip("/")}
        api = stripe.StripeClient(
            known.stripe_secret_key.get_secret_value(),
            base_addresses=bases,
            http_client=stripe.RequestsClient(timeout=SECONDS),
            max_network_retries=0,
        )
        self._intents, self._refunds = api.v1.payment_intents, api.v1.refunds
        self._webhook_secret = known.stripe_webhook_secret.get_secret_value()
        self.public_key = known.stripe_public_key

    def accepts(self, method: str) -> bool:
        return METHOD.fullmatch(method) is not None

    def methods(self) -> list[Method]:
        return []  # a person enters theirs into Stripe's own form

    def charge(self, order: Order, keep: Keep) -> Outcome:
        refuse_inside_transaction("charging")
        with _answered():
            made = self._made(order)
            if isinstance(made, Outcome):
                return made
            keep(made.reference)
            return self._confirmed(made)

    def charge_some(self, orders: Sequence[Order]) -> dict[str, Outcome]:
        return {}  # each waits for Stripe by itself

    def find(self, order: Order) -> Outcome | None:
        refuse_inside_transaction("asking the provider")
        with _answered():
            return self._seen(order) if order.reference else None

    def cancel(self, order: Order, at: datetime) -> Outcome:
        refuse_inside_transaction("cancelling a charge")
        with _answered():
            try:  # by its key it is the same intent that somebody else may be about to confirm
                made = order if order.reference else self._made(order)
            except stripe.APIError as error:
                if not _is_replayed(error):
                    raise
                return terms.failed(order, CANCELLED)  # who made it was not told its name either
            return made if isinstance(made, Outcome) else self._cancelled(made)

    def refund(self, key: str, charged: Order, amount: int, at: datetime) -> str:
        refuse_inside_transaction("refunding")
        with _answered():
            known = self._refunds.list({"payment_intent": charged.reference, "limit": PAGE})
            sent = [each.to_dict() for each in known.auto_paging_iter()]
            ours = [each for each in sent if terms.key_of(each) == key]
            kept = [each for each in ours if each["status"] not in terms.LOST]
            refund = kept[0] if kept else self._refunded(key, len(ours), charged, amount)
        if refund["status"] != "succeeded":
            raise ProviderAway
        return str(refund["id"])

    def entries(self, orders: Sequence[Order]) -> dict[str, Entry]:
        keys, times = {order.key for order in orders}, sorted(order.at for order in orders)
        pages = self._pages(times[0] - EARLY, times[-1] + LATE) if orders else []
        return {entry.key: entry for page in pages for entry in page if entry.key in keys}

    def ledger(self, since: datetime) -> Iterator[list[Entry]]:
        return self._pages(since, None)

    def told(self, body: bytes, signature: str, now: datetime) -> Notice | None:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, self._webhook_secret)
            if abs(now - terms.signed_at(signature)) > TOLERANCE:  # the SDK would ask this machine's clock
                raise Forged
            return terms.notice(json.loads(body))
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
            raise Forged from error

    def key_of(self, reference: str) -> str:
        with _answered():
            return terms.key_of(self._intent(reference))

    def client_secret(self, reference: str) -> str:
        with _answered():
            intent = self._intent(reference)
        return str(intent["client_secret"]) if intent["status"] == "requires_action" else ""

    def _intent(self, reference: str) -> dict[str, Any]:
        """An intent as it is now, with its charge."""
        return self._intents.retrieve(reference, {"expand": ["latest_charge"]}).to_dict()

    def _made(self, order: Order) -> Order | Outcome:
        """The order with its intent, which is not confirmed yet; its end, if Stripe takes no such order."""
        amount = terms.amount_of(order.amount, order.currency)
        if amount is None:
            return terms.failed(order, terms.NOT_CHARGEABLE)
        wanted: Any = {
            "amount": amount, "currency": order.currency.lower(), "payment_method": order.method,
            "payment_method_types": ["card"], "metadata": {terms.KEY: order.key},
        }  # fmt: skip
        try:
            intent = self._intents.create(wanted, {"idempotency_key": order.key})
        except stripe.InvalidRequestError as error:
            if error.param == "amount":
                return terms.failed(order, terms.NOT_CHARGEABLE)
            if error.param == "payment_method" or error.http_status == HTTPStatus.NOT_FOUND:
                return terms.failed(order, terms.UNKNOWN_METHOD)
            raise
        return replace(order, reference=intent.id)

    def _confirmed(self, order: Order) -> Outcome:
        refused: Exception = ProviderAway()
        try:
            self._intents.confirm(order.reference, {}, {"idempotency_key": f"{order.key}:confirm"})
        except stripe.CardError as error:
            body: Any = error.json_body or {}
            return self._declined(order, terms.code_of(body.get("error") or {"code": error.code}))
        except stripe.InvalidRequestError as error:  # it was confirmed or cancelled before; or we are wrong
            refused = error
        outcome = self._seen(order)
        if outcome is None:
            raise refused
        return outcome

    def _seen(self, order: Order) -> Outcome | None:
        intent = self._intent(order.reference)
        if intent["status"] == "requires_payment_method":
            return self._declined(order, terms.code_of(intent["last_payment_error"]))
        return terms.outcome(intent, order)

    def _declined(self, order: Order, code: str) -> Outcome:
        """The end of an order whose intent is ended too: or its person could pay it later, in a browser."""
        ended = self._cancelled(order)
        return ended if ended.status == SUCCEEDED else terms.failed(order, code)

    def _cancelled(self, order: Order) -> Outcome:
        with suppress(stripe.InvalidRequestError):  # it ended before, or the bank has it: we look next
            self._intents.cancel(order.reference)
        outcome = terms.outcome(self._intent(order.reference), order)
        if outcome is None or outcome.status == REQUIRES_ACTION:
            raise ProviderAway
        return outcome

    def _refunded(self, key: str, lost: int, charged: Order, amount: int) -> dict[str, Any]:
        """A refund; another, for each that the bank sent back, or that failed by Stripe's own fault."""
        wanted: Any = {
            "payment_intent": charged.reference, "metadata": {terms.KEY: key},
            "amount": terms.amount_of(amount, charged.currency),
        }  # fmt: skip
        for turn in range(lost, lost + MOST_KEYS):
            try:
                return self._refunds.create(wanted, {"idempotency_key": f"{key}:{turn}"}).to_dict()
            except stripe.APIError as error:
                if not _is_replayed(error):
                    raise
        raise ProviderAway

    def _pages(self, since: datetime, until: datetime | None) -> Iterator[list[Entry]]:
        refuse_inside_transaction("reading the ledger")
        span = {"gte": int(since.timestamp())} | ({"lte": int(until.timestamp())} if until else {})
        wanted: Any = {"created": span, "limit": PAGE, "expand": ["data.latest_charge"]}
        with _answered():
            intents = (each.to_dict() for each in self._intents.list(wanted).auto_paging_iter())
            while page := list(islice(intents, PAGE)):
                yield [terms.entry(intent) for intent in page if terms.key_of(intent)]


def _is_replayed(error: stripe.APIError) -> bool:
    """Whether this fault is an old one, told again by its idempotency key: then nothing is under way by it.

    https://docs.stripe.com/api/idempotent_requests
    """
    headers: Any = error.headers or {}
    return {name.lower(): value for name, value in headers.items()}.get("idempotent-replayed") == "true"


@contextmanager
def _answered() -> Iterator[None]:
    """Turn what means that Stripe did not answer into ProviderAway; a wrong key or request stays a fault."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise ProviderAway from error
