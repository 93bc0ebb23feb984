"""Whatever people, banks, processes and messages do: once all is quiet, a ticket is paid for and nothing else is."""

from datetime import timedelta
from functools import partial
from unittest import mock
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from frontrow.chassis import handover, outbox, periodic
from frontrow.chassis.message import Message
from frontrow.chassis.models import Delivery, Job, Outbox
from frontrow.chassis.refusals import Refusal
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.tests.stage import check_invariants
from frontrow.services.payments import payment as story
from frontrow.services.payments import rules, together, watching
from frontrow.services.payments.models import Payment, Refund
from frontrow.services.users import keys
from tests.cast import Actor, settle
from tests.machines import BEGIN, Machine, one, pace, picks

from .stage import AUTHENTICATES, DECLINED, LOST, REFUND_LOST, SILENT, VISA, check_money, pays, refunds

pytestmark = pytest.mark.django_db
CARDS = (VISA, VISA, AUTHENTICATES, AUTHENTICATES, DECLINED, LOST, SILENT, REFUND_LOST)
WELL, AWAY, LOSES = "well", "away", "loses its answer"  # the provider
DIES, DIES_AFTER = "dies before it asks", "dies before it is told"  # our process
ONCE = (LOSES, DIES, DIES_AFTER)
TYPES = [{"name": name, "price": 1000, "currency": "EUR", "capacity": 3} for name in ("Stalls", "Balcony")]
some = st.lists(picks, min_size=1, max_size=4)


def is_of_money(task):
    """Not what heals, for it must not be needed; nor what only measures."""
    service, _, name = task.partition(".")
    return service in ("bookings", "payments") and not name.startswith(("reconcile", "measure", "look_for"))


class Sale(Machine):
    """Three people, three events, and a provider that fails as it is told to."""

    @initialize()
    def opens(self):
        self.mood, self.bookings, self.payments, self.at_bank = WELL, [], [], []
        self.led_to, self.relayed, self.called_off = {}, {}, False
        for name in ("charge", "charge_some", "find", "cancel", "refund"):
            self.moody(name)
        for wait in ("TWIN_SECONDS", "OTHER_SECONDS"):
            self.world.enter_context(mock.patch.object(story, wait, 0))
        ours = {name: task for name, task in periodic._tasks.items() if is_of_money(name)}
        self.world.enter_context(mock.patch.object(periodic, "_tasks", ours))
        self.ada, self.people = Actor(), [Actor() for _ in range(3)]
        self.events = [
            self.ada.lists(capacity=3),
            self.ada.lists(capacity=4, price=None, currency=None, ticketTypes=TYPES),
            self.ada.lists(capacity=50, maxPerPerson=6, holdMinutes=5),
        ]
        for number in range(3):
            self.hold(number, number, 1, False)

    def moody(self, name):
        """Let a call of the provider go as its mood says, or that of our own process."""
        act = getattr(story.PROVIDER, name)

        def ask(*wanted):
            mood = self.mood
            self.mood = WELL if mood in ONCE else mood
            if mood in (AWAY, DIES):
                raise story.ProviderAway if mood == AWAY else RuntimeError(mood)
            answer = act(*wanted)
            if mood in (LOSES, DIES_AFTER):
                raise story.ProviderAway if mood == LOSES else RuntimeError(mood)
            return answer

        self.world.enter_context(mock.patch.object(story.PROVIDER, name, ask))

    def asks(self, ask, *expected, key=None):
        """An answer that was to be expected, and under a key that led to something the same again (I4)."""
        troubled = self.mood != WELL
        status, answer = ask({"Idempotency-Key": key} if key else {})
        assert status in expected or (troubled and status >= 500), (status, answer)
        name = next((answer[n] for n in ("refundId", "paymentId", "bookingId") if n in (answer or {})), None)
        if key in self.led_to:
            assert (status, name) == (201, self.led_to[key])
        elif key and status == 201 and answer["status"] != "requires_action":
            self.led_to[key] = name
        return answer if status < 300 else None

    @rule(who=picks, which=picks, places=st.integers(1, 3), keyed=st.booleans())
    def hold(self, who, which, places, keyed):
        person, event = one(self.people, who), one(self.events, which)
        body = {"eventId": event["eventId"], "quantity": places}
        if len(event["ticketTypes"]) > 1:
            kinds = [kind["ticketTypeId"] for kind in event["ticketTypes"][: 1 + which % 2]]
            body = {
                "eventId": event["eventId"],
                "items": [{"ticketTypeId": k, "quantity": places} for k in kinds],
            }
        key = f"{body}{who}".replace(" ", "")[-200:] if keyed else None
        booking = self.asks(lambda headers: person.post("/bookings", body, **headers), 201, 409, key=key)
        if booking:
            self.bookings.append((person, booking))

    @precondition(lambda self: self.bookings)
    @rule(which=picks, card=st.sampled_from(CARDS), keyed=st.booleans())
    def pay(self, which, card, keyed):
        person, booking = one(self.bookings, which)
        key = f"{booking['bookingId']}-{card}" if keyed else None
        ask = partial(pays, person, booking, card)
        paid = self.asks(lambda headers: ask(**headers), 201, 202, 402, 409, key=key)
        if paid:
            self.payments.append(paid)
            self.at_bank += [paid["nextAction"]["url"]] if paid["nextAction"] else []

    @precondition(lambda self: self.bookings)
    @rule(which=some)
    def pay_at_the_same_moment(self, which):
        """As the fast door has it: together, and what is not so simple one by one."""
        chosen = {booking["bookingId"]: person for person, booking in (one(self.bookings, n) for n in which)}
        wanted = [story.Wanted(person.user_id, UUID(key), VISA) for key, person in chosen.items()]
        for wish, begun in zip(wanted, together.pay(wanted, timezone.now()), strict=True):
            try:
                if begun is None:
                    story.pay(wish, timezone.now())
                elif begun.status == rules.PROCESSING:
                    story.order(begun, timezone.now())
            except (Refusal, RuntimeError):  # the latter: the process died
                pass

    @precondition(lambda self: self.at_bank)
    @rule(which=picks, word=st.sampled_from(["confirm", "confirm", "refuse"]))
    def authenticate(self, which, word):
        page, troubled = urlsplit(one(self.at_bank, which)).path, self.mood != WELL
        status = Client(raise_request_exception=False).post(page, {"answer": word}).status_code
        assert status == 302 or (troubled and status >= 500)

    @precondition(lambda self: self.bookings)
    @rule(which=picks)
    def give_back(self, which):
        person, booking = one(self.bookings, which)
        self.asks(lambda headers: person.delete(f"/bookings/{booking['bookingId']}", **headers), 200)

    @precondition(lambda self: self.payments)
    @rule(which=picks, amount=st.sampled_from([None, None, 1, 1000, 2500]), keyed=st.booleans())
    def refund(self, which, amount, keyed):
        payment = one(self.payments, which)
        body = {"amount": amount} if amount else {}
        key = f"{payment['paymentId']}-{amount}" if keyed else None
        ask = partial(refunds, self.ada, payment, **body)
        self.asks(lambda headers: ask(headers=headers), 201, 409, key=key)

    @precondition(lambda self: not self.called_off and len(self.bookings) > 2)
    @rule(which=picks)
    def call_off_an_event(self, which):
        self.called_off = True
        self.asks(lambda headers: self.ada.delete(f"/events/{one(self.events, which)['eventId']}"), 204)

    @rule(capacity=st.integers(1, 6))
    def resize(self, capacity):
        path = f"/events/{self.events[0]['eventId']}"
        self.asks(lambda headers: self.ada.put(path, {"capacity": capacity}), 200, 409)

    @rule(mood=st.sampled_from([WELL, AWAY, *ONCE]))
    def from_now_on(self, mood):
        self.mood = mood

    @rule(minutes=st.sampled_from([1, 1, 4, 12, 12, 70]))
    def time_passes(self, minutes):
        """Nobody's token outlives that; nothing else happens."""
        self.pass_time(timedelta(minutes=minutes))
        for person in (self.ada, *self.people):
            person.token = keys.sign(person.user_id, [], timezone.now())

    @rule()
    def periodic_work(self):
        Job.objects.all().delete()
        periodic.run_due(timezone.now())

    @rule()
    def relay(self):
        outbox.relay()
        rows = Delivery.objects.filter(listener__in=["bookings", "payments"])
        self.relayed.update({(row.listener, row.message["id"]): row.message for row in rows})

    @precondition(lambda self: self.relayed)
    @rule(picks=some)
    def hear_some_in_any_order_or_again(self, picks):
        for pick in picks:
            (name, _), envelope = one(list(self.relayed.items()), pick)
            handover.receive(name, [Message.opened(envelope)], timezone.now())

    @rule()
    def hear_all(self):
        self.relay()
        while handover.deliver(timezone.now()):
            pass

    @invariant()
    def nothing_is_oversold(self):
        check_invariants()

    def finish(self):
        self.mood = WELL
        for minutes in (1, 70, 70):  # of which the second is past all that anybody waits for
            self.time_passes(minutes)
            settle(timezone.now())
        check_invariants()
        check_money()
        assert not Booking.objects.filter(status="held").exists()
        assert not Payment.objects.filter(status__in=rules.IN_FLIGHT).exists()
        assert not Refund.objects.filter(status=rules.PENDING).exists()
        assert not Outbox.objects.exists()
        assert not Delivery.objects.exists()
        assert watching.look_for_paid_without_ticket(timezone.now() + timedelta(days=1)) == 0


def test_whatever_happens_the_money_is_right_in_the_end():
    with time_machine.travel(BEGIN, tick=False):
        keys.active(BEGIN)  # outlives each run, as what we know of it does
    run_state_machine_as_test(Sale, settings=pace(runs=15, steps=30))
