"""Whether Frontrow kept its word: by what clients were told, by its databases, and by the provider's ledger.

It is written apart from the product, and uses nothing of it: each invariant is asked of the tables anew. What it
finds are sentences; an empty list is what we promise.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
Ledger = Callable[[], dict[str, tuple[int, int]]]  # what was taken and given back, in minor units, by payment
LATE = 2.0  # seconds within which what was freed may be seen, and clocks of processes may differ
LIVE = ("held", "confirmed")
LIVING = "SELECT event_id, quantity, items FROM bookings_booking WHERE status = ANY (%s)"
STOCKS = (
    "SELECT event_id::text AS id, capacity, taken FROM bookings_eventstock",
    "SELECT ticket_type_id::text AS id, capacity, taken FROM bookings_typestock",
)
TWICE = {
    "bookings": "SELECT idempotency_key FROM bookings_booking WHERE idempotency_key IS NOT NULL"
                " GROUP BY 1 HAVING count(*) > 1",
    "payments": "SELECT idempotency_key FROM payments_payment WHERE idempotency_key IS NOT NULL"
                " AND status <> 'failed' GROUP BY 1 HAVING count(*) > 1",
}  # fmt: skip
CAPTURED = ("succeeded", "partially_refunded", "refunded")


class Checker:
    """The databases by service, and the lines of the clients' diaries."""

    def __init__(
        self, databases: Mapping[str, str], lines: list[Row], ledger: Ledger | None = None, late: float = LATE
    ):
        self.databases, self.lines, self.late = databases, lines, late
        self.ledger = ledger or self._of_the_sandbox

    def rows(self, service: str, question: str, *values: Any) -> list[Row]:
        with self._database(service) as connection:
            return connection.execute(question, values).fetchall()

    def _database(self, service: str) -> "closing[psycopg.Connection[Row]]":
        return closing(psycopg.connect(self.databases[service], row_factory=dict_row))

    def unfinished(self) -> dict[str, int]:
        """What is not in its final state yet, by its name."""
        counts = {f"{service}: {name}": self.rows(service, question)[0]["count"]
                  for service in self.databases for name, question in _waits(service)}  # fmt: skip
        counts["news on their way"] = len(list(self.i8_told_once())) + len(self._pages_behind())
        counts["money on its way"] = len(list(self.i6_and_i7_money_is_a_ticket_or_goes_back()))
        return {name: count for name, count in counts.items() if count}

    def violations(self) -> list[str]:
        """Each promise that was broken."""
        checks: tuple[Callable[[], Iterator[str]], ...] = (
            self.i1_and_i2_stock, self.i3_what_was_told_is_there, self.i4_one_key_is_one_act,
            self.i5_nobody_was_sent_away_in_vain, self.i6_and_i7_money_is_a_ticket_or_goes_back,
            self.i8_told_once, self.i8_pages_follow, self.i9_holds_end, self.i9_what_was_promised_is_kept_until_then,
        )  # fmt: skip
        return [f"{check.__name__}: {each}" for check in checks for each in check()]

    def i1_and_i2_stock(self) -> Iterator[str]:
        live: dict[str, int] = defaultdict(int)
        with self._database("bookings") as database:
            database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # holds end meanwhile
            bookings = database.execute(LIVING, [list(LIVE)]).fetchall()
            stocks = [stock for question in STOCKS for stock in database.execute(question).fetchall()]
        for row in bookings:
            live[str(row["event_id"])] += row["quantity"]
            for item in row["items"]:
                live[item["ticketTypeId"]] += item["quantity"]
        for stock in stocks:
            if not live[stock["id"]] == stock["taken"] <= stock["capacity"]:
                yield f"stock {stock} has {live[stock['id']]} live places"

    def i3_what_was_told_is_there(self) -> Iterator[str]:
        there = {
            str(row["booking_id"]): row for row in self.rows("bookings", "SELECT * FROM bookings_booking")
        }
        for line in self._told("POST", "/bookings", 201):
            told, kept = line["answer"], there.get(line["answer"]["bookingId"])
            if kept is None or (str(kept["user_id"]), kept["amount"]) != (line["person"], told["amount"]):
                yield f"{line['person']} was told of {told}, there is {kept}"
        for line in self._told("DELETE", "/bookings/", 200):
            if there.get(line["answer"]["bookingId"], {}).get("status") != "cancelled":
                yield f"{line['answer']['bookingId']} was given back and is not cancelled"
        paid = {
            str(row["payment_id"]): row for row in self.rows("payments", "SELECT * FROM payments_payment")
        }
        for line in self._told("POST", "/payments", 201):
            if paid.get(line["answer"]["paymentId"], {}).get("status") not in CAPTURED:
                yield f"{line['answer']['paymentId']} was told to have succeeded"

    def i4_one_key_is_one_act(self) -> Iterator[str]:
        acts: dict[tuple[str, str], set[str]] = defaultdict(set)
        for path, name in (("/bookings", "bookingId"), ("/payments", "paymentId"), ("/refunds", "refundId")):
            for line in self._told("POST", path, 201):
                if line["key"]:
                    acts[path, line["key"]].add(line["answer"][name])
        yield from (f"{key} of {path} made {made}" for (path, key), made in acts.items() if len(made) > 1)
        for service, question in TWICE.items():
            for row in self.rows(service, question):
                yield f"{row['idempotency_key']} stands twice in {service}"

    def i5_nobody_was_sent_away_in_vain(self) -> Iterator[str]:
        """Refused although at every instant of the call there were places, even if all that ended took LATE."""
        spans: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
        for row in self.rows(
            "bookings", "SELECT event_id, quantity, booking_date, ended_at FROM bookings_booking"
        ):
            end = row["ended_at"].timestamp() + LATE if row["ended_at"] else float("inf")
            spans[str(row["event_id"])].append((row["booking_date"].timestamp() - LATE, end, row["quantity"]))
        capacity = {str(row["event_id"]): row["capacity"]
                    for row in self.rows("bookings", "SELECT event_id, capacity FROM bookings_eventstock")}  # fmt: skip
        resized = {line["path"].rpartition("/")[2] for line in self.lines if line["method"] == "PUT"}
        for line in self._told("POST", "/bookings", 409):
            event, wanted = line["body"]["eventId"], line["body"]["quantity"]
            if line["answer"]["code"] != "sold_out" or event in resized:
                continue
            moments = [
                line["began"],
                *(begin for begin, _, _ in spans[event] if line["began"] < begin < line["ended"]),
            ]
            taken = max(sum(n for begin, end, n in spans[event] if begin <= at < end) for at in moments)
            if capacity[event] - taken >= wanted:
                yield f"sold out was told at {line['began']} with {capacity[event] - taken} places of {event} left"

    def i6_and_i7_money_is_a_ticket_or_goes_back(self) -> Iterator[str]:
        """By the provider's own ledger."""
        ledger = self.ledger()
        took: dict[str, int] = defaultdict(int)
        for payment in self.rows("payments", "SELECT payment_id, booking_id FROM payments_payment"):
            charge = ledger.pop(str(payment["payment_id"]), None)
            took[str(payment["booking_id"])] += charge[0] - charge[1] if charge else 0
        yield from (f"the provider took {charge}, of which we know nothing" for charge in ledger.values())
        partial = {str(row["booking_id"]): row["sum"] for row in self.rows(
            "payments", "SELECT booking_id, sum(refund.amount) FROM payments_refund refund JOIN payments_payment"
            " USING (payment_id) WHERE cause = 'organizer' GROUP BY 1")}  # fmt: skip
        for row in self.rows("bookings", "SELECT booking_id, status, amount FROM bookings_booking"):
            booking = str(row["booking_id"])
            due = row["amount"] - partial.get(booking, 0) if row["status"] == "confirmed" else 0
            if took.pop(booking, 0) != due:
                yield f"booking {row} should have cost {due}, not what the provider kept"
        yield from (
            f"{kept} was kept for {booking}, which is no booking" for booking, kept in took.items() if kept
        )

    def i8_told_once(self) -> Iterator[str]:
        """Each ticket is told to its owner, once."""
        tickets = {str(row["booking_id"]) for row in self.rows(
            "bookings", "SELECT booking_id FROM bookings_booking WHERE status = 'confirmed'")}  # fmt: skip
        told: dict[str, int] = defaultdict(int)
        for row in self.rows("notifications", "SELECT booking_id FROM notifications_notification"
                             " WHERE kind = 'booking_confirmed'"):  # fmt: skip
            told[str(row["booking_id"])] += 1
        yield from (f"ticket {each} was told {told[each]} times" for each in tickets if told[each] != 1)
        yield from (f"ticket {each} was told {count} times" for each, count in told.items() if count > 1)

    def i8_pages_follow(self) -> Iterator[str]:
        """Each event's page shows what is left. A hold may end between two looks, but not be untold for long."""
        if behind := self._pages_behind():
            time.sleep(self.late)
            still = self._pages_behind()
            yield from (still[event] for event in still.keys() & behind.keys())

    def _pages_behind(self) -> dict[Any, str]:
        pages = {row["event_id"]: row["availability"] for row in self.rows(
            "events", "SELECT event_id, availability FROM events_event WHERE status = 'published'")}  # fmt: skip
        return {
            stock["event_id"]: f"the page of {stock['event_id']} shows {pages[stock['event_id']]} places,"
            f" there are {stock['left']}"
            for stock in self.rows("bookings", "SELECT event_id, capacity - taken AS left FROM bookings_eventstock")
            if pages.get(stock["event_id"], stock["left"]) != stock["left"]
        }  # fmt: skip

    def i9_holds_end(self) -> Iterator[str]:
        question = "SELECT booking_id FROM bookings_booking WHERE status = 'held' AND expires_at < now() - interval '5s'"
        yield from (
            f"the hold {row['booking_id']} is over and lives" for row in self.rows("bookings", question)
        )

    def i9_what_was_promised_is_kept_until_then(self) -> Iterator[str]:
        """By the true clock, which is the clients': a hold begins when it is asked for, and nobody ends it early."""
        began: dict[str, float] = {}
        for line in self.lines:
            if (line["method"], line["path"]) == ("POST", "/bookings"):
                began.setdefault(line["key"], line["began"])
        for line in self._told("POST", "/bookings", 201):
            said = datetime.fromisoformat(line["answer"]["bookingDate"]).timestamp()
            if not began[line["key"]] - LATE <= said <= line["ended"] + LATE:
                yield f"{line['answer']['bookingId']} was booked at {said}, asked for from {began[line['key']]}"
        question = "SELECT booking_id FROM bookings_booking WHERE status = 'expired' AND expires_at > now()"
        yield from (
            f"the hold {row['booking_id']} was ended early" for row in self.rows("bookings", question)
        )

    def _of_the_sandbox(self) -> dict[str, tuple[int, int]]:
        rows = self.rows(
            "payments", "SELECT key, amount, refunded FROM payments_sandboxcharge WHERE status = 'succeeded'"
        )
        return {row["key"]: (row["amount"], row["refunded"]) for row in rows}

    def _told(self, method: str, path: str, status: int) -> Iterator[Row]:
        for line in self.lines:
            begins = line["path"] == path or (path.endswith("/") and line["path"].startswith(path))
            if begins and (line["method"], line["status"]) == (method, status):
                yield line


def _waits(service: str) -> Iterator[tuple[str, str]]:
    """What must have come to its end once all is quiet: a name, and how it is counted."""
    yield "messages to say", "SELECT count(*) FROM chassis_outbox"
    yield "messages to hear", "SELECT count(*) FROM chassis_delivery"
    if service == "bookings":
        yield (
            "overdue holds",
            "SELECT count(*) FROM bookings_booking WHERE status = 'held' AND expires_at < now()",
        )
        yield "stock to tell", "SELECT count(*) FROM bookings_eventstock WHERE untold"
        yield "cancelled events to close", ("SELECT count(*) FROM bookings_event WHERE status = 'cancelled'"
                                            " AND closed_at IS NULL")  # fmt: skip
    if service == "payments":
        yield (
            "payments without an outcome",
            "SELECT count(*) FROM payments_payment WHERE status = 'processing'",
        )
        yield "refunds to send", "SELECT count(*) FROM payments_refund WHERE status = 'pending'"
    if service == "notifications":
        yield "notifications to tell", "SELECT count(*) FROM notifications_notification WHERE NOT told"
