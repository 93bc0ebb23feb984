"""Every setting, with its meaning, unit and default. The one place that reads the environment."""

import hashlib
import hmac
import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, ClassVar, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Service = Literal["users", "events", "bookings", "payments", "notifications", "reviews"]
SERVICES: tuple[Service, ...] = get_args(Service)
PAGES: Literal["web"] = "web"  # a process may have the pages, too; they own nothing, and need no database
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _with_port(url: str) -> str:
    try:
        _ = urlsplit(url).port
    except ValueError:  # whose message may repeat a part of the password
        raise ValueError("is not a URL, or its port is not a number") from None
    return url


def _one_address(sender: str) -> str:
    if not re.fullmatch(r"[^<>@\r\n]*<?[^<>@\s]+@[^<>@\s]+>?", sender):
        raise ValueError("is not a sender such as Frontrow <tickets@example.org>")
    return sender


def _of_stripe(key: SecretStr) -> SecretStr:
    if key and not key.get_secret_value().startswith(("sk_", "rk_")):
        raise ValueError("is no secret or restricted key of Stripe's")
    return key


Address = HttpUrl | Literal["in-process"]
Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]
Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_words)]


class Environment(BaseSettings):
    """The settings of one process; refused as a whole, by name, when one is wrong."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")
    # Django asks each setting for this whenever it is read, and pydantic is slow to say that there is none.
    _mask_wrapped: ClassVar[bool] = True

    services: Annotated[list[Service | Literal["web"]], NoDecode] = Field(
        default=[*SERVICES, PAGES],
        min_length=1,
        description="Services of this process, and web, the pages: 'all', or names with commas",
    )
    secret_key: SecretStr = Field(min_length=32, description="The installation's secret, the same everywhere")
    secrets_dir: DirectoryPath | None = Field(
        None,
        description="A folder of files that are settings, too, named like them in lower case: secret_key, …",
    )
    database_url: Annotated[str, AfterValidator(_with_port)] | None = Field(
        None,
        pattern=r"^(postgres|postgresql)://",
        repr=False,
        validate_default=True,
        description="PostgreSQL of these services; must be set but for the pages alone",
    )
    cache_url: Annotated[str, AfterValidator(_with_port)] = Field(
        "locmemcache://?max_entries=100000",  # Django's 300 would forget who must wait when many sign in
        pattern=r"^(locmemcache|redis|rediss)://",
        repr=False,
        description="Short memories: locmemcache:// or redis://…",
    )

    broker_url: Annotated[str, AfterValidator(_with_port)] = Field(
        "in-process",
        pattern=r"^(in-process$|amqps?://)",
        repr=False,
        description="Messages travel by: in-process, or amqp://user:password@host:5672//",
    )
    email_url: Annotated[str, AfterValidator(_with_port)] = Field(
        "filemail://./.data/mail",
        pattern=r"^(filemail|smtp|smtps|smtp\+tls|smtp\+ssl)://",
        repr=False,
        description="Mail goes to: filemail:///folder, smtp://user:password@host:port, or smtp+tls://…",
    )
    mail_from: Annotated[str, AfterValidator(_one_address)] = Field(
        "Frontrow <tickets@localhost>", description="Sender of all mail"
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[^/\s]+/?$",
        description="Where people find us, for links",
    )

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on")
    threads: int = Field(
        16, ge=1, le=200, description="Requests served at once; fewer than the database allows"
    )
    allowed_hosts: Words = Field(["*"], description="Host names that requests may carry")
    gateway_secret: SecretStr | None = Field(
        None, min_length=32, description="By it the gateway proves that the client address it tells is right"
    )
    metrics_networks: Networks = Field(
        [IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")], description="Networks that may read /metrics"
    )
    max_body_bytes: int = Field(256 * 1024, ge=1024, description="Largest request body, bytes")

    users_url: Address = Field("in-process", description="Where the users service answers")
    events_url: Address = Field("in-process", description="Where the events service answers")
    bookings_url: Address = Field("in-process", description="Where the bookings service answers")
    payments_url: Address = Field("in-process", description="Where the payments service answers")
    notifications_url: Address = Field("in-process", description="Where the notifications service answers")
    reviews_url: Address = Field("in-process", description="Where the reviews service answers")
    web_url: Address = Field("in-process", description="Where the pages answer")
    call_seconds: float = Field(3.0, gt=0, le=60, description="Longest wait for another service, seconds")

    work_in_process: bool = Field(False, description="Do messages and periodic work in the serving process")
    work_nice: int = Field(
        10,
        ge=0,
        le=19,
        description="How far messages and periodic work step back for who sells, by nice(2); those of"
        " notifications and reviews alone go all the way. 0: not at all",
    )
    news_wait_seconds: int = Field(
        20, ge=0, le=60, description="Longest wait of mere news while the processors are full, seconds"
    )
    prefetch: int = Field(
        20, ge=1, le=1000, description="Bundles of messages a listener takes from the broker at once"
    )
    message_attempts: int = Field(10, ge=1, le=100, description="Failures after which a message is parked")
    heard_days: int = Field(14, ge=1, le=3650, description="Days a listener remembers what it heard")

    token_issuer: str = Field("frontrow", min_length=1, description="`iss` of access tokens")
    token_audience: str = Field("frontrow", min_length=1, description="`aud` of access tokens")
    access_token_seconds: int = Field(900, ge=10, le=86400, description="Life of an access token")
    refresh_token_days: int = Field(30, ge=1, le=365, description="Life of a refresh token")
    key_rotation_days: int = Field(90, ge=1, le=3650, description="Age at which a new signing key takes over")
    jwks_seconds: int = Field(300, ge=1, description="How long a fetched key set is used before asking again")

    sign_in_failures_per_account: int = Field(10, ge=1, description="Wrong sign-ins before an account waits")
    sign_in_failures_per_address: int = Field(100, ge=1, description="Wrong sign-ins before an address waits")
    sign_in_window_seconds: int = Field(300, ge=1, description="Window over which wrong sign-ins count")
    registrations_per_address: int = Field(200, ge=1, description="Registrations per address and minute")
    events_per_organizer: int = Field(200, ge=1, description="Events that a person may list within an hour")

    stripe_secret_key: Annotated[SecretStr, AfterValidator(_of_stripe)] = Field(
        SecretStr(""), description="Stripe's secret key: payments are real then, not the sandbox's"
    )
    stripe_public_key: str = Field(
        "", pattern=r"^(pk_\w{1,200})?$", description="Stripe's publishable key, for the pages"
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="By it Stripe signs what it tells at /webhooks/stripe; must be set with its keys",
    )
    stripe_url: Annotated[str, AfterValidator(_with_port)] = Field(
        "https://api.stripe.com",
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])",
        description="Where Stripe's API answers",
    )
    organizers_need_two_factor: bool = Field(
        False, description="Organisers must sign in in two steps to list events, refund, and write to people"
    )
    links_per_account: int = Field(
        5,
        ge=1,
        description="Mails with a link, to a new password or to confirm an address, per account and hour",
    )
    links_per_address: int = Field(50, ge=1, description="Such mails asked for from an address in an hour")

    failpoints: DirectoryPath | None = Field(
        None, description="A folder by which tests make faults; HOST and PUBLIC_URL must then be of loopback"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level logged")
    log_format: Literal["json", "console"] = Field("json", description="Form of log lines")

    @field_validator("services", mode="before")
    @classmethod
    def _all(cls, value: object) -> object:
        words = [*SERVICES, PAGES] if value == "all" else _words(value)
        return list(dict.fromkeys(words)) if isinstance(words, list) else words

    @field_validator("database_url")
    @classmethod
    def _there(cls, value: str | None, known: ValidationInfo) -> str | None:
        if value is None and known.data.get("services") != [PAGES]:
            raise ValueError("Field required")
        return value

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _all_of_stripe(cls, value: SecretStr, known: ValidationInfo) -> SecretStr:
        given = [known.data.get("stripe_secret_key"), known.data.get("stripe_public_key"), value]
        if any(given) and not all(given):
            raise ValueError("set STRIPE_SECRET_KEY, STRIPE_PUBLIC_KEY and STRIPE_WEBHOOK_SECRET, or none")
        return value

    @field_validator("failpoints")
    @classmethod
    def _among_ourselves(cls, value: Path | None, known: ValidationInfo) -> Path | None:
        named = known.data.get("host"), urlsplit(known.data.get("public_url", "")).hostname
        if value and not LOOPBACK.issuperset(named):
            raise ValueError("faults are made on loopback only: HOST and PUBLIC_URL name another network")
        return value

    @field_validator("work_in_process")
    @classmethod
    def _some(cls, value: bool, known: ValidationInfo) -> bool:
        if value and known.data.get("services") == [PAGES]:
            raise ValueError("the pages alone have no messages and no periodic work")
        return value

    def derived_secret(self, purpose: str) -> str:
        """A secret for one purpose, from the installation's: HMAC-SHA-256, hexadecimal."""
        return hmac.new(
            self.secret_key.get_secret_value().encode(), purpose.encode(), hashlib.sha256
        ).hexdigest()


class BadEnvironment(SystemExit):
    """The process does not start; the message names each setting that is wrong."""


def read() -> Environment:
    """The environment, and the files of SECRETS_DIR after it, validated. Raises BadEnvironment."""
    secrets = os.environ.get("SECRETS_DIR", "")
    try:
        return Environment(_secrets_dir=secrets if os.path.isdir(secrets) else None)
    except ValidationError as error:
        wrong = [
            f"  {str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_input=False)
        ]
        raise BadEnvironment("\n".join(["Frontrow does not start with these settings:", *wrong])) from None
