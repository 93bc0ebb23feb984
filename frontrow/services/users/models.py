"""Accounts, links sent by mail, refresh tokens and signing keys."""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models.functions import Lower

from frontrow.chassis.ids import new_id
from frontrow.services.users.rules import folded


class UserQuerySet(models.QuerySet["User"]):
    def by_login(self, login: str) -> "User | None":
        """The account of a username or an e-mail address."""
        column = "email" if "@" in login else "username"
        return self.alias(login=Lower(column)).filter(login=folded(login)).first()

    def by_id(self, text: str) -> "User | None":
        """The account of an id; None for what is none."""
        try:
            return self.filter(user_id=UUID(text)).first()
        except ValueError:
            return None

    def lock(self, user_id: UUID, password: str | None = None, email: str | None = None) -> bool:
        """Lock an active account until the transaction ends, if these are still its own.

        `password`: what is stored of it. Whether it was locked. Every change of a person's tokens comes after
        this lock, or that of in_turn.
        """
        wanted = self.filter(user_id=user_id, is_active=True)
        if password is not None:
            wanted = wanted.filter(password=password)
        if email is not None:
            wanted = wanted.filter(email=email)
        return bool(wanted.select_for_update(no_key=True).values_list("pk"))

    def administrators(self) -> list[UUID]:
        """Those who are administrators, and stay so until the transaction ends."""
        active = self.filter(is_admin=True, is_active=True).order_by("pk")
        return list(active.select_for_update(no_key=True).values_list("pk", flat=True))


class User(models.Model):
    user_id = models.UUIDField(primary_key=True, default=new_id)
    username = models.CharField(max_length=30)
    email = models.CharField(max_length=254)
    email_confirmed_at = models.DateTimeField(null=True)  # since then mail is known to reach this address
    password = models.CharField(max_length=128)
    profile_info = models.JSONField(default=dict)
    is_admin = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = UserQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="users_username_once"),
            models.UniqueConstraint(Lower("email"), name="users_email_once"),
        ]

    @property
    def name(self) -> str:
        """What others call this person."""
        return str(self.profile_info.get("displayName") or self.username)

    @property
    def email_confirmed(self) -> bool:
        return self.email_confirmed_at is not None

    @property
    def two_factor(self) -> bool:
        """Whether signing in takes a code, too."""
        return TwoFactor.objects.on().filter(user_id=self.user_id).exists()


class LinkQuerySet(models.QuerySet["Link"]):
    def live(self, link_id: UUID, now: datetime) -> "LinkQuerySet":
        """A link that was not used, if it is not too old and its person is not disabled."""
        return self.filter(link_id=link_id, used_at=None, expires_at__gt=now, user__is_active=True)

    def use(self, link_id: UUID, now: datetime) -> bool:
        """Use a link up: true for exactly one caller, and only while it is alive."""
        return self.filter(link_id=link_id, used_at=None, expires_at__gt=now).update(used_at=now) == 1


class Link(models.Model):
    """A way in that works once. What it takes besides this row, the signature, is stored nowhere."""

    link_id = models.UUIDField(primary_key=True, default=new_id)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    objects = LinkQuerySet.as_manager()


class Forgotten(models.Model):
    """An address, whoever's, for which a new password was asked: worked off within a second or two."""

    forgotten_id = models.UUIDField(primary_key=True, default=new_id)
    email = models.CharField(max_length=254)
    asked_at = models.DateTimeField()


class TwoFactorQuerySet(models.QuerySet["TwoFactor"]):
    def on(self) -> "TwoFactorQuerySet":
        """Those that were confirmed by a code, and are asked for."""
        return self.filter(confirmed_at__isnull=False)

    def take_step(self, user_id: UUID, step: int) -> bool:
        """Use up the code of a time step: true for exactly one caller, and for no step before it any more."""
        return self.filter(user_id=user_id, last_step__lt=step).update(last_step=step) == 1


class TwoFactor(models.Model):
    """The secret that a person's app makes codes of, encrypted with the installation's."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    objects = TwoFactorQuerySet.as_manager()


class RecoveryCodeQuerySet(models.QuerySet["RecoveryCode"]):
    def use(self, user_id: UUID, digest: str, now: datetime) -> bool:
        """Use a code of this person up: true for exactly one caller."""
        return self.filter(user_id=user_id, digest=digest, used_at=None).update(used_at=now) == 1


class RecoveryCode(models.Model):
    """A way in without the app, once; only a keyed hash of it is stored."""

    digest = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    used_at = models.DateTimeField(null=True)

    objects = RecoveryCodeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"of the person {self.user_id}"  # never the digest


class RefreshTokenQuerySet(models.QuerySet["RefreshToken"]):
    def in_turn(self, digest: str) -> "RefreshToken | None":
        """A token, once nobody else renews or ends its person's sessions.

        Otherwise a family could end without the token that is being made for it at that moment.
        """
        turn = self.select_related("user").select_for_update(of=("user",), no_key=True)
        return turn.filter(digest=digest).first()

    def use(self, digest: str, now: datetime) -> bool:
        """Use a token up: true for exactly one caller, and only while it is alive."""
        fresh = self.filter(digest=digest, used_at=None, revoked_at=None, expires_at__gt=now)
        return fresh.update(used_at=now) == 1

    def revoke_family(self, family: UUID, now: datetime) -> None:
        """End every token that descends from the same sign-in."""
        self.filter(family=family, revoked_at=None).update(revoked_at=now)

    def revoke_all(self, user_id: UUID, now: datetime) -> None:
        """End every token of a person, who is locked in the caller's transaction."""
        self.filter(user_id=user_id, revoked_at=None).update(revoked_at=now)


class RefreshToken(models.Model):
    """A single-use token; only its SHA-256 is stored."""

    digest = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    family = models.UUIDField(db_index=True)
    amr = models.CharField(max_length=30, default="pwd", db_default="pwd")  # how its person came in
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = RefreshTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"of the session {self.family}"  # never the digest


class SigningKey(models.Model):
    """An Ed25519 key pair; raw private key, encrypted with the installation's secret."""

    kid = models.CharField(primary_key=True, max_length=36)
    sealed = models.BinaryField()
    public = models.JSONField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(retired_at=None), name="users_one_active_key"
            ),
        ]
