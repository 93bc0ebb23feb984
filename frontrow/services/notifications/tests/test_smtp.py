"""A real conversation with a mail server that refuses, hangs up, and heals; several runners at once."""

import socketserver
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import connection

from frontrow.chassis.ids import new_id
from frontrow.services.notifications import mailing, rules
from frontrow.services.notifications.models import SENT, Delivery
from frontrow.services.notifications.notification import tell
from frontrow.services.notifications.telling import Draft

from .stage import BEN, NOW, ben_is_known

pytestmark = pytest.mark.django_db(transaction=True)


class Conversation(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321."""

    def handle(self):
        self.server.conversations += 1
        self.say("220 ready")
        for line in self.rfile:
            verb = line[:4].upper()
            mood = self.server.mood
            if mood.startswith("hangs up") and verb == b"MAIL":
                self.server.mood = mood.replace("hangs up once", "fine")
                return
            if mood == "refuses" and verb == b"RCPT":
                self.say("451 ben@example.org: try again later")
            elif verb == b"DATA":
                self.say("354 go on")
                self.take()
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def take(self):
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.received.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self.say("250 taken")

    def say(self, words):
        self.wfile.write(f"{words}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mood, self.received, self.conversations = "fine", [], 0


@pytest.fixture
def server(settings):
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield server
        server.shutdown()
        thread.join()


def write(count):
    ben_is_known()
    for number in range(count):
        facts = {"subject": f"Word {number}", "message": "Dear all – ä"}
        tell(
            [Draft(user_id=BEN, kind=rules.ORGANIZER_MESSAGE, cause=new_id(), facts=facts, date=NOW)],
            NOW,
        )


def received(server):
    return Counter(message["Subject"] for message in server.received)


def once(count):
    return {f"Word {number}": 1 for number in range(count)}


def test_a_mail_arrives_whole(server):
    write(1)
    mailing.send_due(NOW)
    (got,) = server.received
    assert got["To"] == "ben@example.org"
    assert "Dear all – ä" in got.get_body(["plain"]).get_content()
    assert Delivery.objects.get().state == SENT


@pytest.mark.parametrize("mood", ["refuses", "hangs up"])
def test_what_is_refused_arrives_once_when_the_server_heals(server, mood):
    write(4)
    server.mood = mood
    for second in range(0, 300, 5):
        mailing.send_due(NOW + timedelta(seconds=second))
    assert server.received == []
    assert all(attempts > 1 for attempts in Delivery.objects.values_list("attempts", flat=True))
    server.mood = "fine"
    for second in range(300, 1300, 5):
        mailing.send_due(NOW + timedelta(seconds=second))
    assert received(server) == once(4)


def test_one_lost_conversation_costs_one_mail_an_attempt_and_the_others_nothing(server):
    write(4)
    server.mood = "hangs up once"
    mailing.send_due(NOW)
    assert received(server) == {f"Word {number}": 1 for number in range(1, 4)}
    assert server.conversations == 2


def test_a_server_that_is_away_is_waited_for(server, settings):
    write(2)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1  # where nobody listens
    mailing.send_due(NOW)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
    settings.EMAIL_PORT = port
    mailing.send_due(NOW + timedelta(seconds=2))
    assert received(server) == once(2)


def test_one_conversation_serves_many_mails(server):
    write(3)
    mailing.send_due(NOW)
    assert received(server) == once(3)
    assert server.conversations == 1


def test_several_runners_send_each_mail_once(server):
    write(40)

    def run(_):
        try:
            mailing.send_due(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    assert received(server) == once(40)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
