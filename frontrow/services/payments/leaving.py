"""The HTTP door of payments for users: whether money of a person is on its way."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from frontrow.chassis.auth import Internal
from frontrow.services.payments import erasing

router = Router()


@router.get("/internal/leaving/payments/{uuid:user_id}", auth=Internal(), include_in_schema=False)
def leaving(request: HttpRequest, user_id: UUID) -> Any:
    """How many payments of a person are on their way, there or back."""
    return {"waiting": erasing.waiting(user_id)}
