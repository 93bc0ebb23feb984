"""The same server and handler, but for the database: `python -m bench.no_database PORT`, with bookings' settings."""

import sys
from collections.abc import Sequence
from typing import Any

from frontrow.chassis.ids import new_id_text

TOLD = (
    '{{"bookingId": "{}", "userId": "{}", "eventId": "{}", "status": "held", "bookingDate": "2030-01-01T00:00:00.000Z",'
    ' "items": [{{"name": "Ticket", "price": 2500, "quantity": 1, "ticketTypeId": "{}"}}], "quantity": 1,'
    ' "amount": 2500, "currency": "EUR", "expiresAt": "2030-01-01T00:15:00.000Z", "endedAt": null, "endReason": null}}'
)


def door() -> Any:
    """The fast door, whose groups are all granted by nobody."""
    from frontrow import serve

    made = serve.fast()
    from frontrow.services.bookings import deciding

    async def granted(requests: Sequence[deciding.Request]) -> list[deciding.Answer]:
        return [
            deciding.Answer(
                "held", TOLD.format(new_id_text(), request.user_id, request.event_id, new_id_text())
            )
            for request in requests
        ]

    made.holds.act = granted
    return made


if __name__ == "__main__":
    from frontrow import serve

    serve.serve_fast(door(), "127.0.0.1", int(sys.argv[1]))
