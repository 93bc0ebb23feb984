"""A payment provider as a process of its own, which speaks as much of Stripe's API as we use, and misbehaves.

    python -m tests.stripe.simulator PORT

Its ledger is its own: GET /_ledger tells what it really took and gave back, whatever it answered. How it behaves is
told by POST /_behave, as JSON (see Manners); where it calls back, by POST /_webhooks with url and secret.
"""

import json
import random
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.stripe.callbacks import Callbacks

KNOWN = {
    "pm_card_visa",
    "pm_card_authenticationRequired",
    "pm_card_timeoutAfterCharge",
    "pm_card_refundTimeout",
    "pm_card_slow",
}  # the latter are cards of our sandbox; what they mean is a matter of manners here
DECLINES = {
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
}
AUTHENTICATES = "pm_card_authenticationRequired"
OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Manners:
    """How it behaves: shares are probabilities, times are seconds."""

    seed: int = 0
    answers_lost: float = 0  # of what it carried out, its answers that never arrive
    refunds_refused: bool = False
    broken: bool = False  # orders fail by its own fault
    never_calls: float = 0
    calls_twice: float = 0
    calls_late: float = 0  # at most; so calls overtake each other


class Refused(Exception):
    """An answer that is an error of Stripe's."""

    def __init__(self, status: int, **error: Any):
        self.answer: Answer = (status, {"error": {"type": "invalid_request_error", **error}})


@dataclass
class Provider:
    """What it knows. Everything happens under one lock, as if it were quick."""

    callbacks: Callbacks
    manners: Manners = field(default_factory=Manners)
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311, nothing secret
    lock: threading.RLock = field(default_factory=threading.RLock)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: dict[tuple[str, str], tuple[str, Answer]] = field(default_factory=dict)  # by path and key
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def once(self, path: str, key: str, body: str, act: Any) -> tuple[bool, Answer]:
        """What Stripe does by an idempotency key: the first answer again, a fault of its own as well.

        https://docs.stripe.com/api/idempotent_requests
        """
        with self.lock:
            if key and (path, key) in self.answered:
                asked, answer = self.answered[path, key]
                wrong = _error(400, "idempotency_error", "other parameters")
                return True, answer if asked == body else wrong
            try:
                answer = act()
            except Refused as refused:
                answer = refused.answer
            if key:
                self.answered[path, key] = (body, answer)
            return False, answer

    def make(self, form: dict[str, str]) -> Answer:
        if self.manners.broken:
            raise Refused(500, type="api_error")
        if form["payment_method"] not in KNOWN | DECLINES.keys():
            raise Refused(400, code="resource_missing", param="payment_method")
        now, name = int(time.time()), self._name("pi")
        intent = {
            "id": name, "object": "payment_intent", "amount": int(form["amount"]), "currency": form["currency"],
            "payment_method": form["payment_method"], "status": "requires_confirmation", "created": now,
            "client_secret": f"{name}_secret", "latest_charge": None, "last_payment_error": None,
            "metadata": _metadata(form),
        }  # fmt: skip
        self.intents[name] = intent
        return 200, intent

    def confirm(self, name: str) -> Answer:
        intent = self.find(name)
        if intent["status"] != "requires_confirmation":
            raise Refused(400, code="payment_intent_unexpected_state")
        method = intent["payment_method"]
        if code := DECLINES.get(method):
            raise self._declined(intent, code)
        if method == AUTHENTICATES:
            intent["status"] = "requires_action"
            self._call("payment_intent.requires_action", intent)
        else:
            self._take(intent)
        return 200, intent

    def authenticate(self, name: str, passed: bool) -> Answer:
        intent = self.find(name)
        if intent["status"] != "requires_action":
            raise Refused(400, code="payment_intent_unexpected_state")
        if passed:
            self._take(intent)
        else:
            intent["last_payment_error"] = {"code": "payment_intent_authentication_failure"}
            intent["status"] = "requires_payment_method"
            self._call("payment_intent.payment_failed", intent)
        return 200, intent

    def cancel(self, name: str) -> Answer:
        intent = self.find(name)
        if intent["status"] not in OPEN:
            raise Refused(400, code="payment_intent_unexpected_state")
        intent["status"] = "canceled"
        self._call("payment_intent.canceled", intent)
        return 200, intent

    def refund(self, form: dict[str, str]) -> Answer:
        if self.manners.refunds_refused:
            raise Refused(503, type="api_error")
        charge = self.find(form["payment_intent"])["latest_charge"]
        amount = int(form["amount"])
        if charge is None or charge["amount_refunded"] + amount > charge["amount"]:
            raise Refused(400, code="charge_already_refunded")
        charge["amount_refunded"] += amount
        refund = {"id": self._name("re"), "object": "refund", "amount": amount, "status": "succeeded",
                  "payment_intent": form["payment_intent"], "metadata": _metadata(form)}  # fmt: skip
        self.refunds[refund["id"]] = refund
        self._call("refund.created", refund)
        return 200, refund

    def bounce(self, name: str) -> Answer:
        """The bank sends a refund back, some days later."""
        refund = self.refunds[name]
        refund["status"] = "failed"
        self.find(refund["payment_intent"])["latest_charge"]["amount_refunded"] -= refund["amount"]
        self._call("refund.failed", refund)
        return 200, refund

    def lose_charge(self, key: str) -> Answer:
        """Let it have forgotten a charge, or have found it again."""
        (intent,) = (
            each for each in self.intents.values() if each["metadata"].get("frontrow_payment") == key
        )
        intent["status"] = "canceled" if intent["status"] == "succeeded" else "succeeded"
        return 200, intent

    def find(self, name: str) -> dict[str, Any]:
        if name not in self.intents:
            raise Refused(404, code="resource_missing", param="intent")
        return self.intents[name]

    def listed(self, asked: dict[str, str]) -> Answer:
        """The newest first, a page after another."""
        since, until = int(asked.get("created[gte]", 0)), int(asked.get("created[lte]", 2**40))
        rows = [each for each in reversed(self.intents.values()) if since <= each["created"] <= until]
        return 200, _page(rows, asked, "/v1/payment_intents")

    def refunded(self, asked: dict[str, str]) -> Answer:
        rows = [each for each in self.refunds.values() if each["payment_intent"] == asked["payment_intent"]]
        return 200, _page(rows, asked, "/v1/refunds")

    def ledger(self) -> Answer:
        """What it took, by our key for it: the amount and how much of it went back."""
        taken = [each for each in self.intents.values() if each["latest_charge"]]
        return 200, {
            "taken": [{"key": each["metadata"].get("frontrow_payment", each["id"]), "amount": each["amount"],
                       "refunded": each["latest_charge"]["amount_refunded"]} for each in taken]
        }  # fmt: skip

    def behave(self, told: dict[str, Any]) -> Answer:
        self.manners = replace(self.manners, **told)
        if "seed" in told:
            self.chance = random.Random(told["seed"])  # noqa: S311, nothing secret
        return 200, {}

    def loses(self) -> bool:
        """Whether this answer never arrives."""
        with self.lock:
            return self.chance.random() < self.manners.answers_lost

    def _declined(self, intent: dict[str, Any], code: str) -> Refused:
        error = {"type": "card_error", "code": "card_declined", "decline_code": code, "message": "Declined."}
        intent["last_payment_error"], intent["status"] = error, "requires_payment_method"
        self._call("payment_intent.payment_failed", intent)
        return Refused(402, **error)

    def _take(self, intent: dict[str, Any]) -> None:
        intent["status"] = "succeeded"
        intent["latest_charge"] = {"id": self._name("ch"), "object": "charge", "amount": intent["amount"],
                                   "amount_refunded": 0, "created": int(time.time())}  # fmt: skip
        self._call("payment_intent.succeeded", intent)

    def _name(self, kind: str) -> str:
        return f"{kind}_{next(self.numbers):08d}"

    def _call(self, kind: str, about: dict[str, Any]) -> None:
        manners, draw = self.manners, self.chance.random
        if draw() < manners.never_calls:
            return
        facts = {"id": self._name("evt"), "object": "event", "type": kind, "data": {"object": about}}
        for _ in range(2 if draw() < manners.calls_twice else 1):
            self.callbacks.send(json.dumps(facts), draw() * manners.calls_late)


def _metadata(form: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


def _page(rows: list[dict[str, Any]], asked: dict[str, str], url: str) -> dict[str, Any]:
    names, most = [each["id"] for each in rows], int(asked.get("limit", 10))
    begin = names.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
    data = rows[begin : begin + most]
    return {"object": "list", "url": url, "data": data, "has_more": begin + most < len(rows)}


def _error(status: int, kind: str, words: str) -> Answer:
    return status, {"error": {"type": kind, "message": words}}


class Handler(BaseHTTPRequestHandler):
    """Its door."""

    protocol_version = "HTTP/1.1"
    provider: Provider

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        self._answer(*self._tried(lambda: self._told(asked.path, query)))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        sent = self.rfile.read(length)
        if len(sent) < length:  # whoever asked was killed amid it: that is no order
            self.close_connection = True
            return None
        body = sent.decode()
        if self.path.startswith("/_"):
            return self._answer(*self._tried(lambda: self._ordered(json.loads(body or "{}"))))
        form = {name: values[0] for name, values in parse_qs(body).items()}
        key = self.headers.get("Idempotency-Key", "")
        replayed, answer = self.provider.once(self.path, key, body, lambda: self._done(form))
        if self.provider.loses():
            self.close_connection = True
            return None
        return self._answer(*answer, replayed=replayed)

    def _tried(self, act: Any) -> Answer:
        with self.provider.lock:
            try:
                answer: Answer = act()
            except Refused as refused:
                return refused.answer
            return answer

    def _told(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/_ledger":
            return self.provider.ledger()
        if path == "/v1/refunds":
            return self.provider.refunded(query)
        name = path.removeprefix("/v1/payment_intents").strip("/")
        return (200, self.provider.find(name)) if name else self.provider.listed(query)

    def _done(self, form: dict[str, str]) -> Answer:
        _, version, kind, *rest = self.path.split("/")
        if (version, kind, rest) == ("v1", "refunds", []):
            return self.provider.refund(form)
        if (version, kind) != ("v1", "payment_intents"):
            raise Refused(404)
        if not rest:
            return self.provider.make(form)
        act = {"confirm": self.provider.confirm, "cancel": self.provider.cancel}[rest[1]]
        return act(rest[0])

    def _ordered(self, told: dict[str, Any]) -> Answer:
        if self.path == "/_behave":
            return self.provider.behave(told)
        if self.path == "/_webhooks":
            self.provider.callbacks.to(told["url"], told["secret"])
            return 200, {}
        if self.path == "/_bounce":
            return self.provider.bounce(told["refund"])
        if self.path == "/_lose_charge":
            return self.provider.lose_charge(told["key"])
        return self.provider.authenticate(told["intent"], told["passed"])

    def _answer(self, status: int, facts: dict[str, Any], replayed: bool = False) -> None:
        body = json.dumps(facts).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say all but that somebody who asked is gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def serve(port: int) -> None:
    """Answer until the process ends."""
    Handler.provider = Provider(Callbacks())
    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
