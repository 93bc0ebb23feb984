"""A row of any model, made from what its fields and constraints say."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.db import models
from django.utils import timezone

from frontrow.chassis.ids import new_id

PERSON = {
    "userId": str(new_id()),
    "username": "ben",
    "email": "ben@example.org",
    "profileInfo": {},
    "version": 1,
}
SHAPES: dict[str, Any] = {
    "currency": "EUR",
    "message": {"type": "user.updated.v1", "data": PERSON},
    "Outbox.type": "user.updated.v1",
    "Outbox.data": PERSON,
}
SECRETS = {"password", "digest", "sealed"}
numbers = count(1)


def a_row(model: type[models.Model]) -> models.Model:
    """A row with every field filled, different from those made before."""
    number = next(numbers)
    allowed = _allowed(model)
    values = {
        field.name: allowed.get(field.name, _value(field, number, place))
        for place, field in enumerate(model._meta.concrete_fields)
        if not field.generated and not isinstance(field, models.AutoField | models.BigAutoField)
    }
    return model._default_manager.create(**values)


def _allowed(model: type[models.Model]) -> dict[str, Any]:
    """The first value of each field that a check constraint limits to some."""
    found = {}
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            for name, value in (pair for pair in constraint.condition.children if isinstance(pair, tuple)):
                if name.endswith("__in"):
                    found[name.removesuffix("__in")] = value[0]
    return found


def _value(field: Any, number: int, place: int) -> Any:
    if field.is_relation:
        return a_row(field.related_model)
    for name in (field.name, f"{field.model.__name__}.{field.name}"):
        if name in SHAPES:
            return SHAPES[name]
    for kinds, make in MAKERS:
        if isinstance(field, kinds):
            return make(field, number, place)
    raise TypeError(f"what would fit {field}?")


MAKERS: list[tuple[Any, Any]] = [
    (models.UUIDField, lambda field, number, place: new_id()),
    (models.DateTimeField, lambda field, number, place: timezone.now() + timedelta(hours=place)),
    (models.DateField, lambda field, number, place: timezone.now().date()),
    (models.BooleanField, lambda field, number, place: False),
    (models.FloatField | models.IntegerField, lambda field, number, place: 1),
    (models.BinaryField, lambda field, number, place: f"secret {number}".encode()),
    (models.JSONField, lambda field, number, place: field.get_default() or {"name": "value"}),
    (models.CharField | models.TextField, lambda field, number, place: _text(field, number)),
]


def _text(field: Any, number: int) -> str:
    return f"secret {number}" if field.name in SECRETS else str(number).zfill(3)[: field.max_length]
