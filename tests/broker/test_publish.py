"""What is published is safe with the broker, or known not to be."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from amqp.exceptions import AMQPError
from django.db import transaction
from kombu.message import Message as Received

from frontrow.chassis import broker, outbox
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.models import Outbox

from .conftest import KIND, PERSON, say

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def messages(count=1, kind=KIND):
    return [Message(new_id(), kind, new_id(), 1, NOW, "checkout-42", PERSON) for _ in range(count)]


def waiting(service: str) -> list[Received]:
    """Takes all that waits for a service."""
    with broker.connect() as connection, connection.channel() as channel:
        queue, found = broker.queue_of(service).bind(channel), []
        while received := queue.get(no_ack=True):
            found.append(received)
        return found


def ids(service: str) -> list[UUID]:
    """The same, but the ids of all messages in it."""
    return [message.id for received in waiting(service) for message in broker.opened(received.body)]


def test_each_listener_gets_a_copy_of_each(publisher):
    sent = messages(450)
    publisher.publish(sent[:200])
    publisher.publish(sent[200:])
    for service in ("left", "right"):
        assert ids(service) == [message.id for message in sent]


def test_messages_of_a_type_travel_in_bundles_in_order(publisher):
    sent = messages(broker.BUNDLE + 2)
    publisher.publish([*sent, *messages(3, "nobody.cares.v1")])
    bundles = waiting("left")
    assert [len(broker.opened(bundle.body)) for bundle in bundles] == [broker.BUNDLE, 2]
    assert bundles[1].properties["message_id"] == str(sent[broker.BUNDLE].id)


def test_a_message_tells_what_it_is_and_for_which_request(publisher):
    (sent,) = messages()
    publisher.publish([sent])
    (received,) = waiting("left")
    assert received.delivery_info["routing_key"] == received.properties["type"] == KIND
    assert received.properties["delivery_mode"] == 2
    assert received.properties["correlation_id"] == "checkout-42"
    assert received.content_type == "application/json"
    envelope = json.loads(received.body)
    assert Message.opened(envelope) == sent
    assert envelope["traceparent"] == received.headers["traceparent"]
    assert envelope["traceparent"].startswith("00-")


def test_what_nobody_hears_goes_nowhere(publisher):
    publisher.publish(messages(kind="nobody.cares.v1"))
    assert waiting("left") == []


def test_what_has_lost_its_queue_is_not_confirmed_and_the_next_attempt_makes_the_queue(publisher, rabbit):
    publisher.publish(messages())
    with broker.connect() as connection, connection.channel() as channel:
        for service in ("left", "right"):
            channel.queue_delete(f"frontrow.{service}")
    lost = messages()
    with pytest.raises(AMQPError):
        publisher.publish(lost)
    publisher.publish(lost)
    assert [r.properties["message_id"] for r in waiting("left")] == [str(lost[0].id)]


def test_a_relay_leaves_nothing_behind(publisher):
    say(450)
    assert [outbox.relay(publisher.publish) for _ in range(4)] == [200, 200, 50, 0]
    assert len(ids("right")) == 450


def test_what_is_relayed_arrives_as_it_was_said_in_any_script(publisher):
    facts = {**PERSON, "username": 'Zoë "☂" \\ 東京'}
    with transaction.atomic():
        outbox.say(KIND, new_id(), 3, facts)
    row = Outbox.objects.get()
    outbox.relay(publisher.publish)
    (heard,) = broker.opened(waiting("left")[0].body)
    assert heard == Message(row.id, KIND, row.key, 3, row.created_at, "", facts)


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_without_a_broker_the_messages_stay_and_none_is_lost(publisher, rabbit, way):
    say(2)
    assert outbox.relay(publisher.publish) == 2
    getattr(rabbit, way)()
    say(3)
    for _ in range(2):
        with pytest.raises(broker.FAULTS):
            outbox.relay(publisher.publish)
    assert Outbox.objects.count() == 3
    rabbit.start()
    assert outbox.relay(publisher.publish) == 3
    assert len({*ids("left")}) == 5


def test_a_broker_that_hangs_is_not_waited_for_long(publisher, rabbit, monkeypatch):
    monkeypatch.setattr(broker, "PATIENCE", 1)
    publisher.publish(messages())
    say()
    with rabbit.frozen():
        for _ in range(2):
            with pytest.raises(broker.FAULTS):
                outbox.relay(publisher.publish)
    assert outbox.relay(publisher.publish) == 1
