"""The HTTP door of users."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Status
from pydantic import AfterValidator, EmailStr, Field, StringConstraints, field_validator, model_validator

from frontrow.chassis import clock
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import Internal, person
from frontrow.chassis.middleware import client_address
from frontrow.chassis.refusals import InvalidToken, NotFound, NotSignedIn, TooMany
from frontrow.chassis.schemas import In, Line, Out, TimeZone
from frontrow.services.users import keys, link, messages, recovery, session, user
from frontrow.services.users.link import InvalidLink
from frontrow.services.users.passwords import GuessablePassword
from frontrow.services.users.session import InvalidCredentials, WrongPassword
from frontrow.services.users.user import EmailTaken, UsernameTaken

door = Door("users", "Registration, sign-in and profiles.")

Username = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{2,29}$")
]
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
Secret = Annotated[str, Field(min_length=1, max_length=500)]


def _encodable(password: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        raise ValueError("must not contain control characters")
    return password


Password = Annotated[str, Field(min_length=8, max_length=256), AfterValidator(_encodable)]


class ProfileInfo(In):
    display_name: Annotated[str, Line(1, 100)] | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()./-]{3,30}$")] | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    timezone: TimeZone | None = None


class RegisterIn(In):
    username: Username
    email: Email
    password: Password
    profile_info: ProfileInfo = ProfileInfo()


class LoginIn(In):
    username: Annotated[str, Line(1, 254)] | None = None
    email: Annotated[str, Line(1, 254)] | None = None
    password: Secret

    @model_validator(mode="after")
    def _one_login(self) -> "LoginIn":
        if (self.username is None) == (self.email is None):
            raise ValueError("send either username or email")
        return self


class RefreshIn(In):
    refresh_token: Secret


class ProfileIn(In):
    username: Username | None = None
    email: Email | None = None
    profile_info: ProfileInfo | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("leave the field out instead of sending null")
        return value


class PasswordIn(In):
    current_password: Secret
    new_password: Password


class ForgottenIn(In):
    email: Email


class ResetIn(In):
    token: Secret
    new_password: Password


class ConfirmIn(In):
    token: Secret


class PeopleIn(In):
    user_ids: Annotated[list[UUID], Field(max_length=1000)]
    q: Annotated[str, Line(0, 254)] | None = None


class UserOut(Out):
    user_id: UUID
    username: str
    email: str
    profile_info: dict[str, str]


class ProfileOut(UserOut):
    email_confirmed: bool
    created_at: datetime


class PersonOut(Out):
    user_id: UUID
    username: str
    name: str
    email: str


class PeopleOut(Out):
    people: list[PersonOut]


class LinkOut(Out):
    token: str
    email: str


class SessionOut(Out):
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    user_id: UUID


class KeySetOut(Out):
    keys: list[dict[str, str]]


@door.post(
    "/register", auth=None, **answers(201, UserOut, UsernameTaken, EmailTaken, GuessablePassword, TooMany)
)
def register(request: HttpRequest, body: RegisterIn) -> Any:
    """Make an account."""
    profile = _profile(body.profile_info)
    given = {name: value for name, value in profile.items() if value is not None}
    address, now = client_address(request), clock.now()
    return Status(201, user.register(body.username, body.email, body.password, given, address, now))


@door.post("/login", auth=None, **answers(200, SessionOut, InvalidCredentials, TooMany))
def login(request: HttpRequest, body: LoginIn) -> Any:
    """Sign in by username or e-mail address."""
    name = body.username or body.email or ""
    return session.sign_in(name, body.password, client_address(request), clock.now())


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


@door.put(
    "/profile",
    **answers(200, ProfileOut, NotSignedIn, InvalidToken, NotFound, UsernameTaken, EmailTaken, TooMany),
)
def change_profile(request: HttpRequest, body: ProfileIn) -> Any:
    """Change my account: what is sent replaces, a null within profileInfo removes."""
    changes = body.given()
    if body.profile_info is not None:
        changes["profile_info"] = _profile(body.profile_info)
    return user.change(person(request).user_id, changes, client_address(request), clock.now())


@door.put(
    "/profile/password",
    **answers(
        200, SessionOut, NotSignedIn, InvalidToken, NotFound, WrongPassword, GuessablePassword, TooMany
    ),
)
def change_password(request: HttpRequest, body: PasswordIn) -> Any:
    """Change my password: all my sessions end, and a new one begins."""
    me, address, now = person(request).user_id, client_address(request), clock.now()
    return session.change_password(me, body.current_password, body.new_password, address, now)


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
