"""The HTTP door of bookings for users: what a person who wants to leave holds."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from frontrow.chassis.auth import Internal
from frontrow.chassis.schemas import In
from frontrow.services.bookings import erasing

router = Router()


class EventsIn(In):
    event_ids: Annotated[list[UUID], Field(max_length=1000)]


@router.get("/internal/leaving/bookings/{uuid:user_id}", auth=Internal(), include_in_schema=False)
def leaving(request: HttpRequest, user_id: UUID) -> Any:
    """The events of which a person has places."""
    return {"held": erasing.held_by(user_id)}


@router.post("/internal/booked", auth=Internal(), include_in_schema=False)
def booked(request: HttpRequest, body: EventsIn) -> Any:
    """Those of these events of which somebody has places."""
    return {"booked": erasing.booked(body.event_ids)}
