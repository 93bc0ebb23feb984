"""Signing in to /admin/: only administrators of users, and only while they are."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pyotp
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User as Shadow
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pydantic import SecretStr

from frontrow.chassis import http, jobs
from frontrow.chassis.refusals import Unavailable
from frontrow.services.users import passwords, user
from frontrow.services.users.models import RefreshToken, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch):
    monkeypatch.setattr(passwords.Argon2id, "memory_cost", 8)
    monkeypatch.setattr(passwords.Argon2id, "time_cost", 1)


@pytest.fixture
def accounts(nobody):
    """Ada is an administrator, Ben is not."""
    for name in ("ada", "ben"):
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert nobody.post("/register", body)[0] == 201
    user.make_administrator("ada")


@pytest.fixture
def operator(accounts):
    """A browser in which Ada signed in."""
    browser = Client(raise_request_exception=False)
    answer = sign_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    return browser


@pytest.fixture
def configure(settings):
    def change(**changes):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)

    return change


def sign_in(browser, login="ada", password=PASSWORD, code="", **extra):
    form = {"username": login, "password": password, "code": code, "next": "/admin/"}
    return browser.post(LOGIN, form, **extra)


def errors(answer):
    assert answer.status_code == 200
    return [
        " ".join(text.split()) for text in re.findall(r'class="errornote">(.*?)</p>', answer.text, re.DOTALL)
    ]


def is_in(browser):
    return browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org"])
def test_an_administrator_signs_in_by_username_or_email(accounts, login):
    browser = Client()
    assert sign_in(browser, login)["Location"] == "/admin/"
    assert login in browser.get("/admin/").text


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("ada", "wrong"),
        ("ben", PASSWORD),
        ("nobody", PASSWORD),
        ("ada", "x" * 501),
        ("a\nb", PASSWORD),
        ("x" * 255, "y"),
    ],
)
def test_nobody_else_does(accounts, login, password):
    browser = Client(raise_request_exception=False)
    assert errors(sign_in(browser, login, password)) == [
        "Name, password or code is wrong, or the account is not an administrator&#x27;s."
    ]
    assert not is_in(browser)
    assert not Shadow.objects.exists()


def test_who_signs_in_in_two_steps_does_so_here(accounts, nobody):
    _, tokens = nobody.post("/login", {"username": "ada", "password": PASSWORD})
    own = {"Authorization": f"Bearer {tokens['accessToken']}"}
    _, begun = nobody.post("/profile/two-factor", {"password": PASSWORD}, **own)
    code = {"code": pyotp.TOTP(begun["secret"]).now()}
    _, enrolled = nobody.post("/profile/two-factor/confirm", code, **own)
    browser = Client(raise_request_exception=False)
    assert errors(sign_in(browser))
    assert errors(sign_in(browser, code="000000"))
    assert not is_in(browser)
    assert sign_in(browser, code=enrolled["recoveryCodes"][0])["Location"] == "/admin/"
    assert is_in(browser)


def test_no_password_of_auth_user_opens_anything(accounts):
    Shadow.objects.create_superuser("root", password=PASSWORD)
    assert errors(sign_in(Client(), "root"))


def test_a_shadow_has_no_password_and_there_is_one_of_each(operator):
    sign_in(Client(), "ada@example.org")
    shadow = Shadow.objects.get()
    assert not shadow.has_usable_password()
    assert shadow.username == str(User.objects.get(username="ada").user_id)


def test_signing_in_leaves_no_other_session_behind(operator):
    assert not RefreshToken.objects.filter(revoked_at=None).exists()


def test_who_loses_the_role_is_out_with_the_next_page(operator):
    assert is_in(operator)
    User.objects.update(is_admin=False)
    assert not is_in(operator)


def test_so_is_who_is_deactivated(operator):
    User.objects.update(is_active=False)
    assert not is_in(operator)


def test_signing_out_ends_the_session(operator):
    assert operator.post("/admin/logout/").status_code == 200
    assert not is_in(operator)
    assert not Session.objects.exists()


def test_a_session_ends_after_some_hours_and_is_forgotten(operator):
    cookie = operator.cookies["frontrow_admin"]
    later = timezone.now() + timedelta(seconds=django_settings.SESSION_COOKIE_AGE + 1)
    assert django_settings.SESSION_COOKIE_AGE <= 12 * 3600
    Session.objects.update(expire_date=timezone.now())
    assert not is_in(operator)
    jobs.forget(later)
    assert not Session.objects.exists()
    assert not cookie["max-age"]


def away(monkeypatch, *paths):
    """Users does not answer at these paths."""
    ask = http.ask

    def ask_unless(service, method, path, *args, **options):
        if path.startswith(paths):
            raise Unavailable(f"The {service} service does not answer. Try again in a moment.")
        return ask(service, method, path, *args, **options)

    monkeypatch.setattr(http, "ask", ask_unless)


@pytest.mark.parametrize("path", ["/login", "/.well-known", "/logout"])
def test_when_users_is_away_the_form_says_so(accounts, monkeypatch, path):
    away(monkeypatch, path)
    assert errors(sign_in(Client())) == ["The users service does not answer. Try again in a moment."]


def test_who_is_in_stays_while_users_is_away(operator, monkeypatch):
    away(monkeypatch, "/internal")
    assert is_in(operator)


def test_an_answer_of_users_that_we_do_not_know_is_a_fault(operator, monkeypatch):
    odd = httpx.Response(418, request=httpx.Request("GET", "http://users"))
    monkeypatch.setattr(http, "ask", lambda *_, **__: odd)
    assert operator.get("/admin/").status_code == 500


def test_too_many_wrong_passwords_must_wait_and_are_told_how_long(accounts, configure):
    configure(sign_in_failures_per_account=3)
    for _ in range(3):
        sign_in(Client(), password="wrong")
    (told,) = errors(sign_in(Client()))
    assert re.fullmatch(r"Too many attempts\. Try again in \d+ seconds\.", told)


def test_a_stranger_elsewhere_locks_no_administrator_out(operator, configure):
    configure(sign_in_failures_per_account=3)
    for _ in range(4):
        told = errors(sign_in(Client(), password="wrong", REMOTE_ADDR="203.0.113.66"))
    assert "Too many" in told[0]
    assert sign_in(Client()).status_code == 302


@pytest.mark.parametrize("path", [LOGIN, "/admin/logout/"])
def test_a_form_from_elsewhere_is_refused(operator, path):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    answer = strict.post(path, {"username": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "forgery_suspected")
    assert is_in(operator)


def test_our_own_form_is_taken(accounts):
    strict = Client(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', strict.get(LOGIN).text)[1]
    answer = strict.post(LOGIN, {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token})
    assert answer.status_code == 302


def test_nobody_is_sent_elsewhere_after_signing_in(accounts):
    body = {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post(LOGIN, body)["Location"] == "/admin/"


@pytest.fixture
def cookies(accounts):
    """Every cookie that a sign-in sets."""
    browser = Client()
    browser.get(LOGIN)
    sign_in(browser)
    return browser.cookies


def test_cookies_are_for_the_admin_alone_and_no_script_reads_them(cookies):
    assert set(cookies) == {"frontrow_admin", "frontrow_admin_csrf"}
    for cookie in cookies.values():
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin", True, "Lax")
        assert not cookie["max-age"]


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/events", "/profile", "/administrators", "/nowhere"])
def test_nothing_else_reads_a_session_or_sets_a_cookie(operator, path):
    before = operator.cookies.output()
    answer = operator.get(path)
    assert operator.cookies.output() == before
    assert answer.cookies == SimpleCookie()
    assert "Cookie" not in answer.get("Vary", "")
    assert not hasattr(answer.wsgi_request, "session")


def test_a_stranger_is_sent_to_the_sign_in(client):
    answer = client.get("/admin/users/user/?q=ada")
    assert answer["Location"] == "/admin/login/?next=/admin/users/user/%3Fq%3Dada"


def test_a_token_of_the_api_opens_no_admin_page(ada):
    assert ada.client.get("/admin/", headers={"Authorization": f"Bearer {ada.token}"}).status_code == 302


def test_only_a_service_learns_who_is_an_administrator(accounts, nobody, configure):
    path = f"/internal/administrators/{User.objects.get(username='ada').user_id}"
    assert nobody.get(path)[0] == 404
    secret = django_settings.ENVIRONMENT.derived_secret("internal")
    assert nobody.get(path, **{http.INTERNAL_HEADER: secret}) == (200, {"admin": True})
    configure(gateway_secret=SecretStr("g" * 32))
    assert nobody.get(path, **{"X-Gateway-Secret": "g" * 32, "X-Client-Address": "192.0.2.1"})[0] == 404


@pytest.mark.parametrize(
    ("public", "secure"), [("https://tickets.example/", True), ("http://127.0.0.1:8000", False)]
)
def test_cookies_are_secure_where_people_come_by_https(public, secure):
    told = subprocess.run(
        [sys.executable, "-c", "from frontrow import settings as s;"
         "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, *s.CSRF_TRUSTED_ORIGINS);"
         "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"],
        env={**os.environ, "PUBLIC_URL": public}, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert told[:3] == [str(secure), str(secure), public.rstrip("/")]
    assert {name.startswith("__Secure-") for name in told[3:]} == {secure}
