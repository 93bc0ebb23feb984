"""The HTTP door of events for users: what is still to come of a person who wants to leave."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from frontrow.chassis import clock
from frontrow.chassis.auth import Internal
from frontrow.chassis.schemas import In
from frontrow.services.events import erasing

router = Router()


class HeldIn(In):
    held: Annotated[list[UUID], Field(max_length=1000)]


@router.post("/internal/leaving/events/{uuid:user_id}", auth=Internal(), include_in_schema=False)
def leaving(request: HttpRequest, user_id: UUID, body: HeldIn) -> Any:
    """Of the events that a person holds places of, and of those that they organise, which are to come."""
    now = clock.now()
    return {"held": erasing.to_come(body.held, now), "organized": erasing.organized(user_id, now)}
