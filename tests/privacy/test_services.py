"""The same where each service has a database of its own, and hears of others by the broker only."""

import json
import secrets
from contextlib import closing

import psycopg

from frontrow.fleet.topology import SERVICES
from tests.journeys.traveller import PASSWORD, Traveller, eventually, soon_over
from tests.privacy import scan


def found_in(fleet, words):
    """Where the words stand, in any of the databases."""
    places = {}
    for service in SERVICES:
        with psycopg.connect(fleet.environment(service)["DATABASE_URL"]) as connection:
            there = scan.found_by(connection.cursor(), words)
            places.update({f"{service}: {place}": found for place, found in there.items()})
    return places


def databases_of(places):
    return {place.partition(":")[0] for place in places}


def confirmed(person, booking):
    path = f"/bookings/{booking['bookingId']}"
    eventually(lambda: person.call("GET", path)[1]["status"], "confirmed")


def test_who_leaves_is_found_in_no_database(fleet):
    tag = secrets.token_hex(6)
    said = {"name": f"Bela {tag}a", "phone": "+49 30 5" + str(secrets.randbelow(10**9)).zfill(9),
            "review": f"Slow in the best way {tag}b", "description": f"Bring a chair {tag}c"}  # fmt: skip
    with (
        closing(Traveller(fleet.address, "bela")) as bela,
        closing(Traveller(fleet.address, "fritz")) as fritz,
    ):
        profile = {"displayName": said["name"], "phone": said["phone"]}
        assert bela.call("PUT", "/profile", {"profileInfo": profile})[0] == 200
        words = [*said.values(), bela.username, bela.email, bela.user_id]

        event = fritz.lists(**soon_over())
        _, booking = bela.books(event)
        paying = {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"}
        assert bela.call("POST", "/payments", paying)[1]["status"] == "succeeded"
        confirmed(bela, booking)
        bela.lists(description=said["description"], **soon_over())
        bela.lists(status="draft", description=said["description"])
        review = {"eventId": event["eventId"], "rating": 4, "comment": said["review"]}
        eventually(lambda: bela.call("POST", "/reviews", review)[0], 201)

        eventually(lambda: databases_of(found_in(fleet, words)), set(SERVICES))
        status, document = bela.call("GET", "/profile/export")
        assert status == 200
        assert [word for word in words if word not in json.dumps(document)] == []

        leave = ("DELETE", "/profile", {"password": PASSWORD})
        eventually(lambda: bela.call(*leave)[0], 204)  # 409 until her own event is over, too
        eventually(lambda: found_in(fleet, words), {}, 120)
        average = fritz.call("GET", f"/reviews/{event['eventId']}")[1]
        assert (average["count"], average["average"], average["items"][0]["comment"]) == (1, 4.0, "")
