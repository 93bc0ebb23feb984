"""The HTTP door of users."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Status

from frontrow.chassis import clock
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import Internal, person
from frontrow.chassis.middleware import client_address
from frontrow.chassis.refusals import InvalidToken, NotFound, NotSignedIn, TooMany
from frontrow.services.users import (
    enrolment,
    erasing,
    exporting,
    keys,
    link,
    messages,
    recovery,
    session,
    user,
)
from frontrow.services.users.bodies import (
    BeginIn,
    CodeIn,
    ConfirmIn,
    EnrolledOut,
    ExportOut,
    ForgottenIn,
    KeySetOut,
    LeavingIn,
    LinkOut,
    LoginIn,
    PasswordIn,
    PeopleIn,
    PeopleOut,
    ProfileIn,
    ProfileInfo,
    ProfileOut,
    ProofIn,
    RecoveryCodesOut,
    RefreshIn,
    RegisterIn,
    ResetIn,
    SessionOut,
    TwoFactorOut,
    UserOut,
)
from frontrow.services.users.enrolment import TwoFactorOff, TwoFactorOn
from frontrow.services.users.link import InvalidLink
from frontrow.services.users.passwords import GuessablePassword
from frontrow.services.users.session import (
    CodeNeeded,
    InvalidChallenge,
    InvalidCode,
    InvalidCredentials,
    WrongCode,
    WrongPassword,
)
from frontrow.services.users.user import EmailTaken, UsernameTaken

door = Door("users", "Registration, sign-in and profiles.")


@door.post(
    "/register", auth=None, **answers(201, UserOut, UsernameTaken, EmailTaken, GuessablePassword, TooMany)
)
def register(request: HttpRequest, body: RegisterIn) -> Any:
    """Make an account."""
    profile = _profile(body.profile_info)
    given = {name: value for name, value in profile.items() if value is not None}
    address, now = client_address(request), clock.now()
    return Status(201, user.register(body.username, body.email, body.password, given, address, now))


@door.post(
    "/login",
    auth=None,
    **answers(200, SessionOut, InvalidCredentials, CodeNeeded, InvalidCode, InvalidChallenge, TooMany),
)
def login(request: HttpRequest, body: LoginIn) -> Any:
    """Sign in by username or e-mail address. In two steps: with a code, or by the challenge and a code."""
    address, now = client_address(request), clock.now()
    if body.challenge and body.code:
        return session.answer(body.challenge, body.code, address, now)
    name, password = body.username or body.email or "", body.password or ""
    return session.sign_in(name, password, body.code, address, now)


@door.post("/token/refresh", auth=None, **answers(200, SessionOut, InvalidToken))
def refresh(request: HttpRequest, body: RefreshIn) -> Any:
    """Exchange a refresh token for new tokens; each works once."""
    return session.renew(body.refresh_token, clock.now())


@door.post("/logout", auth=None, **answers(204, None, InvalidToken))
def logout(request: HttpRequest, body: RefreshIn) -> Any:
    """End the session of a refresh token."""
    session.sign_out(body.refresh_token, clock.now())
    return Status(204, None)


@door.post("/logout/everywhere", **answers(204, None, NotSignedIn, InvalidToken, NotFound))
def logout_everywhere(request: HttpRequest) -> Any:
    """End all my sessions. Access tokens given before live on until their end."""
    session.sign_out_everywhere(person(request).user_id, clock.now())
    return Status(204, None)


@door.get("/profile", **answers(200, ProfileOut, NotSignedIn, InvalidToken, NotFound))
def profile(request: HttpRequest) -> Any:
    """My account."""
    return user.find(person(request).user_id)


@door.put("/profile", **answers(
    200, ProfileOut, NotSignedIn, InvalidToken, NotFound, WrongPassword, UsernameTaken, EmailTaken, TooMany
))  # fmt: skip
def change_profile(request: HttpRequest, body: ProfileIn) -> Any:
    """Change my account: what is sent replaces, a null within profileInfo removes.

    Where currentPassword is sent, as our pages do for a new address, it must be right.
    """
    me, address, now = person(request).user_id, client_address(request), clock.now()
    changes = body.given()
    if current := changes.pop("current_password", None):
        session.check_password(user.find(me), current, address, now)
    if body.profile_info is not None:
        changes["profile_info"] = _profile(body.profile_info)
    return user.change(me, changes, address, now)


@door.get("/profile/export", **answers(200, ExportOut, NotSignedIn, InvalidToken, NotFound, TooMany))
def export(request: HttpRequest, response: HttpResponse) -> Any:
    """All that is held of me, by service and section, as a file."""
    now = clock.now()
    me, whole = exporting.export(person(request).user_id, now)
    response["Content-Disposition"] = f'attachment; filename="frontrow-{me.username}-{now:%Y-%m-%d}.json"'
    response["Cache-Control"] = "no-store"
    return {"user_id": me.user_id, "exported_at": now, "services": whole}


@door.delete("/profile", **answers(
    204, None, NotSignedIn, InvalidToken, NotFound, WrongPassword, WrongCode, TooMany, *erasing.REFUSALS
))  # fmt: skip
def erase(request: HttpRequest, body: LeavingIn) -> Any:
    """Erase my account for good. Only money records stay, and lead to nobody."""
    erasing.erase(person(request).user_id, body.password, body.code, client_address(request), clock.now())
    return Status(204, None)


@door.put(
    "/profile/password",
    **answers(
        200, SessionOut, NotSignedIn, InvalidToken, NotFound, WrongPassword, GuessablePassword, TooMany
    ),
)
def change_password(request: HttpRequest, body: PasswordIn) -> Any:
    """Change my password: all my sessions end, and a new one begins."""
    me, address, now = person(request), client_address(request), clock.now()
    amr = sorted(me.amr, reverse=True)
    return session.change_password(me.user_id, amr, body.current_password, body.new_password, address, now)


@door.post(
    "/profile/two-factor",
    **answers(200, TwoFactorOut, NotSignedIn, InvalidToken, NotFound, WrongPassword, TwoFactorOn, TooMany),
)
def begin_two_factor(request: HttpRequest, body: BeginIn) -> Any:
    """Get a secret for an app that makes codes; of no effect until it is confirmed by one."""
    me, address = person(request).user_id, client_address(request)
    secret, uri = enrolment.begin(me, body.password, address, clock.now())
    return {"secret": secret, "otpauth_uri": uri}


@door.post(
    "/profile/two-factor/confirm",
    **answers(200, EnrolledOut, NotSignedIn, InvalidToken, NotFound, WrongCode, TwoFactorOff, TooMany),
)
def confirm_two_factor(request: HttpRequest, body: CodeIn) -> Any:
    """Sign in in two steps from now on. Recovery codes are told once; my sessions end, a new one begins."""
    me, address = person(request).user_id, client_address(request)
    codes, opened = enrolment.confirm(me, body.code, address, clock.now())
    return {"recovery_codes": codes, **asdict(opened)}


@door.delete(
    "/profile/two-factor",
    **answers(
        200, SessionOut, NotSignedIn, InvalidToken, NotFound, WrongPassword, WrongCode, TwoFactorOff, TooMany
    ),
)
def end_two_factor(request: HttpRequest, body: ProofIn) -> Any:
    """Sign in by the password alone again: all my sessions end, and a new one begins."""
    me, address = person(request).user_id, client_address(request)
    return enrolment.end(me, body.password, body.code, address, clock.now())


@door.post(
    "/profile/two-factor/recovery-codes",
    **answers(
        200, RecoveryCodesOut, NotSignedIn, InvalidToken, NotFound, WrongPassword, WrongCode, TwoFactorOff,
        TooMany,
    ),
)  # fmt: skip
def renew_recovery_codes(request: HttpRequest, body: ProofIn) -> Any:
    """Get new recovery codes; those before work no more."""
    me, address = person(request).user_id, client_address(request)
    return {"recovery_codes": enrolment.renew_codes(me, body.password, body.code, address, clock.now())}


@door.post("/password/forgotten", auth=None, **answers(202, None, TooMany))
def forgotten(request: HttpRequest, body: ForgottenIn) -> Any:
    """Have a link to a new password mailed; the answer is the same for an address that nobody has."""
    recovery.forgotten(body.email, client_address(request), clock.now())
    return Status(202, None)


@door.post("/password/reset", auth=None, **answers(204, None, InvalidLink, GuessablePassword))
def reset_password(request: HttpRequest, body: ResetIn) -> Any:
    """Set a new password by the link in a mail: all my sessions end, and my address is confirmed."""
    recovery.reset(body.token, body.new_password, clock.now())
    return Status(204, None)


@door.post("/email/confirm", auth=None, **answers(204, None, InvalidLink))
def confirm_email(request: HttpRequest, body: ConfirmIn) -> Any:
    """Confirm by the link in a mail that it reached me."""
    recovery.confirm(body.token, clock.now())
    return Status(204, None)


@door.post("/profile/email/confirmation", **answers(202, None, NotSignedIn, InvalidToken, NotFound, TooMany))
def send_confirmation(request: HttpRequest) -> Any:
    """Have the link that confirms my address mailed once more."""
    recovery.confirm_anew(person(request).user_id, client_address(request), clock.now())
    return Status(202, None)


@door.get("/.well-known/jwks.json", auth=None, **answers(200, KeySetOut))
def jwks(request: HttpRequest) -> Any:
    """The public keys that verify access tokens."""
    return keys.published(clock.now())


@door.get("/internal/users/{uuid:user_id}", auth=Internal(), include_in_schema=False)
def told(request: HttpRequest, user_id: UUID) -> Any:
    """A person as other services know them."""
    return messages.facts(user.find(user_id))


@door.post("/internal/links/{uuid:link_id}", auth=Internal(), include_in_schema=False, response=LinkOut)
def mailed(request: HttpRequest, link_id: UUID) -> Any:
    """What a mail needs of a link at the moment when it is written; 404 when it is of no use any more."""
    found = link.mailed(link_id, clock.now())
    if found is None:
        raise NotFound
    return {"token": found[0], "email": found[1]}


@door.post("/internal/people", auth=Internal(), include_in_schema=False, response=PeopleOut, by_alias=True)
def people(request: HttpRequest, body: PeopleIn) -> Any:
    """Those of these who are here, by name; with q, those whose name, username or e-mail address has it."""
    return {"people": user.people(body.user_ids, body.q or "")}


@door.get("/internal/administrators/{uuid:user_id}", auth=Internal(), include_in_schema=False)
def administrator(request: HttpRequest, user_id: UUID) -> Any:
    """Whether a person is an administrator now."""
    return {"admin": user.is_administrator(user_id)}


def _profile(info: ProfileInfo) -> dict[str, str | None]:
    return info.model_dump(by_alias=True, exclude_unset=True)
