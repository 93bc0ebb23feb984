"""Buying by Stripe, from the choice to the refund, against localstripe: as one process, and as services behind nginx.

localstripe calls back to a box between: so a test may lose what it tells, repeat it, or forge it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from frontrow.embedded.processes import follower
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import ROOT, Wishes
from tests.browser.conftest import sign_in
from tests.chromium import Watched, barriers, sized
from tests.conftest import CARELESS, LIFTED
from tests.embedded.system import free_port
from tests.journeys.traveller import Traveller, answers, eventually
from tests.stripe.running import KEYS, Inbox, Provider, running

in_one_process = pytest.mark.parametrize("site", ["embedded"], indirect=True)  # the pages are the same
expect.set_options(timeout=30_000)
SCRIPT = Path(__file__).with_name("stripe_script.js")
GOOD, DECLINED, AUTHENTICATES = "4242424242424242", "4000000000000341", "4000002500003155"


@pytest.fixture(scope="module")
def bank() -> Iterator[Provider]:
    with running("localstripe") as provider:
        yield provider


@pytest.fixture(scope="module", params=["embedded", "services"])
def site(request, bank, tmp_path_factory) -> Iterator[str]:
    settings = {**LIFTED, **KEYS, "STRIPE_URL": bank.address}
    folder = tmp_path_factory.mktemp("stripe")
    with ExitStack() as stack:
        if request.param == "embedded":
            yield stack.enter_context(_embedded(folder, settings))
        else:
            fleet = Fleet(folder / "data", Wishes(port=free_port(), environment=settings, postgres=CARELESS))
            stack.callback(fleet.stop)
            fleet.start()
            yield fleet.address


@contextmanager
def _embedded(folder, settings) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "frontrow", "up", "--port", str(port), "--data", str(folder / "data")]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log,
                         preexec_fn=follower(15)) as up,
    ):  # fmt: skip
        try:
            assert answers(f"http://127.0.0.1:{port}", up), (folder / "log").read_text()[-3000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            up.terminate()
            up.wait(30)


@pytest.fixture
def told(bank, site) -> Iterator[Inbox]:
    """What localstripe calls back to: it is passed on, as it came."""
    box = Inbox()
    box.pass_on = lambda body, signature: tell(site, body, signature)
    bank.tell("/_config/webhooks/tests", url=box.url, secret=KEYS["STRIPE_WEBHOOK_SECRET"])
    yield box
    box.close()


def tell(site: str, body: str, signature: str) -> int:
    """The status by which Frontrow takes what was told."""
    headers = {"Stripe-Signature": signature}
    return httpx.post(f"{site}/webhooks/stripe", content=body, headers=headers).status_code


@pytest.fixture
def ada(site) -> Iterator[Traveller]:
    with closing(Traveller(site, "ada")) as one:
        yield one


@pytest.fixture
def ben(site) -> Iterator[Traveller]:
    with closing(Traveller(site, "ben")) as one:
        yield one


@pytest.fixture
def booking(ada, ben):
    status, held = ben.books(ada.lists(), 2)
    assert status == 201
    return held


@pytest.fixture
def pays(bank, ben, booking):
    """Ben pays with a card that he entered at Stripe."""

    def pay(number=GOOD):
        body = {"bookingId": booking["bookingId"], "paymentMethod": named(bank, number)}
        return ben.call("POST", "/payments", body)

    return pay


def named(bank: Provider, number: str) -> str:
    """Stripe's name for a card that was entered there."""
    card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    made = bank.post("/v1/payment_methods", json={"type": "card", "card": card}).raise_for_status()
    return str(made.json()["id"])


@pytest.fixture
def status_of(ben, booking):
    return lambda: ben.call("GET", f"/bookings/{booking['bookingId']}")[1]["status"]


@pytest.fixture
def sums(bank):
    """What localstripe took by a payment and gave back, in minor units; None if it took nothing."""

    def look(payment):
        intents = bank.get("/v1/payment_intents", params={"limit": 100}).json()["data"]
        (intent,) = [each for each in intents if each["metadata"]["frontrow_payment"] == payment["paymentId"]]
        charge = intent["latest_charge"]
        return (charge["amount"], charge["amount_refunded"]) if charge and charge["paid"] else None

    return look


def secret_of(page: str) -> tuple[str, str]:
    """The intent and its secret, as the page for the bank tells Stripe's script."""
    secret = page.split('data-client-secret="')[1].split('"')[0]
    return secret.split("_secret_")[0], secret


def test_a_decline_a_retry_and_refunds(ada, ben, booking, pays, status_of, sums, told):
    status, problem = pays(DECLINED)
    assert (status, problem["code"], problem["declineCode"]) == (402, "payment_declined", "card_declined")
    assert sums(problem) is None
    assert status_of() == "held"

    status, payment = pays()
    assert (status, payment["status"], payment["amount"]) == (201, "succeeded", 9800)
    eventually(status_of, "confirmed")
    assert pays()[1]["code"] == "nothing_due"

    refund = {"paymentId": payment["paymentId"], "amount": 1000, "reason": "late start"}
    status, part = ada.call("POST", "/refunds", refund, **{"Idempotency-Key": "part"})
    assert (status, part["status"], sums(payment)) == (201, "succeeded", (9800, 1000))
    assert ada.call("POST", "/refunds", refund, **{"Idempotency-Key": "part"})[1] == part
    assert status_of() == "confirmed"

    status, rest = ada.call("POST", "/refunds", {"paymentId": payment["paymentId"]})
    assert (status, rest["amount"], sums(payment)) == (201, 8800, (9800, 9800))
    eventually(status_of, "cancelled")


@pytest.mark.parametrize("passed", [True, False])
def test_the_bank_asks(bank, ben, booking, pays, status_of, sums, told, passed):
    status, payment = pays(AUTHENTICATES)
    assert (status, payment["status"]) == (201, "requires_action")
    page = httpx.get(payment["nextAction"]["url"])
    assert "script-src 'self' https://js.stripe.com" in page.headers["Content-Security-Policy"]
    intent, secret = secret_of(page.text)
    bank.tell(f"/v1/payment_intents/{intent}/_authenticate", client_secret=secret, success=passed)
    went_on = httpx.post(payment["nextAction"]["url"])
    assert went_on.headers["Location"].endswith(f"/my/bookings/{booking['bookingId']}")
    found = ben.call("GET", f"/payments/{payment['paymentId']}")[1]
    if passed:
        assert (found["status"], sums(payment)) == ("succeeded", (9800, 0))
        eventually(status_of, "confirmed")
        assert httpx.get(payment["nextAction"]["url"]).status_code == 302, "it waits for nobody any more"
    else:
        assert (found["status"], found["failure"]["code"]) == ("failed", "authentication_failed")
        assert status_of() == "held"
        assert pays()[1]["status"] == "succeeded"


def test_a_notice_that_is_passed_on_is_enough(bank, ben, pays, status_of, told):
    """Who confirmed at their bank closed the window."""
    _, payment = pays(AUTHENTICATES)
    intent, secret = secret_of(httpx.get(payment["nextAction"]["url"]).text)
    bank.tell(f"/v1/payment_intents/{intent}/_authenticate", client_secret=secret, success=True)
    eventually(status_of, "confirmed")
    for _ in range(3):
        assert tell(str(ben.base_url).rstrip("/"), *told.of("payment_intent.succeeded")) == 204
    assert ben.call("GET", f"/payments/{payment['paymentId']}")[1]["status"] == "succeeded"


def test_a_notice_that_is_lost_is_missed_by_nobody(bank, pays, status_of, sums, told):
    told.pass_on = lambda body, signature: 500
    _, payment = pays(AUTHENTICATES)
    intent, secret = secret_of(httpx.get(payment["nextAction"]["url"]).text)
    bank.tell(f"/v1/payment_intents/{intent}/_authenticate", client_secret=secret, success=True)
    eventually(status_of, "confirmed", 60)
    assert sums(payment) == (9800, 0)


def test_a_forged_notice_is_refused_and_changes_nothing(site, bank, pays, status_of, told):
    told.pass_on = lambda body, signature: 500
    _, payment = pays(AUTHENTICATES)
    intent, _ = secret_of(httpx.get(payment["nextAction"]["url"]).text)
    forged = (
        f'{{"id": "evt_1", "type": "payment_intent.succeeded", "data": {{"object": {{"id": "{intent}"}}}}}}'
    )
    assert tell(site, forged, "t=1,v1=0") == 400
    assert tell(site, forged, "") == 400
    assert status_of() == "held"


@pytest.fixture
def watched(browser, site, bank, ben) -> Iterator[Watched]:
    """Ben's window, in which Stripe's hosts are the stand-ins for them."""
    context = sized(browser, site, "phone")
    context.route("https://js.stripe.com/**", lambda route: route.fulfill(path=SCRIPT))
    context.route("https://api.stripe.com/**", lambda route: route.fulfill(json=asked(bank, route.request)))
    one = Watched(context.new_page(), site)
    sign_in(one.page, ben)
    yield one
    context.close()


def asked(bank: Provider, request) -> dict:
    """What a browser asks Stripe itself."""
    facts = json.loads(request.post_data)
    assert facts["key"] == KEYS["STRIPE_PUBLIC_KEY"]
    if request.url.endswith("/payment_methods"):
        return {"id": named(bank, facts["number"])}
    secret = facts["clientSecret"]
    told = {"client_secret": secret, "success": facts["success"]}
    return bank.post(f"/v1/payment_intents/{secret.split('_secret_')[0]}/_authenticate", json=told).json()


def enter(page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name="Pay €98").click()


def only_stripe(watched: Watched) -> bool:
    return all(
        url.startswith(("https://js.stripe.com/", "https://api.stripe.com/")) for url in watched.elsewhere
    )


@in_one_process
def test_a_card_is_entered_declined_and_replaced(watched, booking, status_of):
    page = watched.page
    page.goto(f"/my/bookings/{booking['bookingId']}")
    page.get_by_role("button", name="Pay €98").click()
    expect(page.get_by_text("Your card number is incomplete.")).to_be_visible()
    assert barriers(page) == []
    enter(page, DECLINED)
    expect(page.get_by_role("alert").first).to_contain_text("The card was declined.")
    enter(page, GOOD)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You’re in")
    assert status_of() == "confirmed"
    assert (watched.complaints, only_stripe(watched)) == ([], True)


@in_one_process
@pytest.mark.parametrize("passed", [True, False])
def test_the_bank_asks_on_our_page(watched, booking, status_of, passed):
    page = watched.page
    page.on("dialog", lambda dialog: dialog.accept() if passed else dialog.dismiss())
    page.goto(f"/my/bookings/{booking['bookingId']}")
    enter(page, AUTHENTICATES)
    page.wait_for_url("**/my/bookings/*")
    if passed:
        expect(page.get_by_role("heading", level=1)).to_contain_text("You’re in")
    else:
        expect(page.get_by_role("alert").first).to_contain_text("Your bank did not confirm the payment.")
    assert status_of() == ("confirmed" if passed else "held")
    assert (watched.complaints, only_stripe(watched)) == ([], True)


@in_one_process
def test_without_stripes_script_it_is_said(browser, site, booking, ben):
    context = sized(browser, site, "phone")
    context.route("https://js.stripe.com/**", lambda route: route.abort())
    page = context.new_page()
    sign_in(page, ben)
    page.goto(f"/my/bookings/{booking['bookingId']}")
    expect(page.get_by_text("The form for your card could not be loaded.")).to_be_visible()
    # Chromium shows no noscript to a page whose scripts only its driver has switched off.
    assert "Paying by card needs JavaScript" in page.content().split("<noscript>")[1]
    context.close()
