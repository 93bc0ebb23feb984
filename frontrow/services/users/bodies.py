"""What the HTTP door of users takes and gives."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    EmailStr,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from frontrow.chassis.schemas import In, Line, Out, TimeZone

Username = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{2,29}$")
]
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
Code = Annotated[str, Line(6, 40)]
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
    challenge: Secret | None = None
    code: Code | None = None
    password: Secret | None = Field(None, validate_default=True)

    @field_validator("password")
    @classmethod
    def _or_challenge(cls, value: str | None, known: ValidationInfo) -> str | None:
        if value is None and known.data.get("challenge") is None:
            raise ValueError("Field required")
        return value

    @model_validator(mode="after")
    def _one_login(self) -> "LoginIn":
        if self.challenge is not None:
            if self.code is None or {self.username, self.email, self.password} != {None}:
                raise ValueError("send the challenge with a code, and nothing else")
        elif (self.username is None) == (self.email is None):
            raise ValueError("send either username or email")
        return self


class RefreshIn(In):
    refresh_token: Secret


class ProfileIn(In):
    username: Username | None = None
    email: Email | None = None
    profile_info: ProfileInfo | None = None
    current_password: Secret | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("leave the field out instead of sending null")
        return value


class PasswordIn(In):
    current_password: Secret
    new_password: Password


class BeginIn(In):
    password: Secret


class CodeIn(In):
    code: Code


class ProofIn(In):
    password: Secret
    code: Code


class ForgottenIn(In):
    email: Email


class ResetIn(In):
    token: Secret
    new_password: Password


class ConfirmIn(In):
    token: Secret


class LeavingIn(In):
    password: Secret
    code: Code | None = None


class ExportOut(Out):
    user_id: UUID
    exported_at: datetime
    services: dict[str, dict[str, list[dict[str, Any]]]]


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
    two_factor: bool
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


class TwoFactorOut(Out):
    secret: str
    otpauth_uri: str


class RecoveryCodesOut(Out):
    recovery_codes: list[str]


class EnrolledOut(SessionOut, RecoveryCodesOut):
    pass


class KeySetOut(Out):
    keys: list[dict[str, str]]
