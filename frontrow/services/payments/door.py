"""The fast door of payments: POST /payments where payments is its own service (chassis/fast_door.py).

All payments that wait are made together (together.py). Those for which it is not so simple are made one by
one by the story of the ordinary door (api.py), in threads.
"""

from collections.abc import Sequence

from django.db import DatabaseError

from frontrow.chassis import clock
from frontrow.chassis.fast_door import Asked, FastDoor, Route, read, told
from frontrow.chassis.groups import Group
from frontrow.services.payments import payment, rules, together
from frontrow.services.payments.api import PaymentIn, PaymentOut, status_of
from frontrow.services.payments.models import Payment
from frontrow.services.payments.payment import Wanted

PAY = ("POST", "/payments")


class PaymentsDoor(FastDoor):
    """What the server calls for each request."""

    def __init__(self) -> None:
        super().__init__()
        self.group: Group[Wanted, Payment | None] = Group(self._pay_all, together.GROUP)

    def route(self, method: str, path: str) -> Route | None:
        return Route("POST /payments", self.group, self._pay) if (method, path) == PAY else None

    async def _pay(self, asked: Asked) -> tuple[int, str]:
        body, me = read(PaymentIn, asked.request.body), asked.person.user_id
        wanted = body.wanted(me, asked.key, asked.request_id)
        paid, now = await self.group.answer(wanted), clock.now()
        if paid is None:
            paid = await self.threads.run(payment.pay, wanted, now, request_id=asked.request_id)
        elif paid.status == rules.PROCESSING:
            paid = await self.threads.run(payment.order, paid, now, request_id=asked.request_id)
        return status_of(paid), told(PaymentOut.of(paid, me))

    async def _pay_all(self, wanted: list[Wanted]) -> Sequence[Payment | None]:
        try:
            first = wanted[0].asked_by  # whose request the others are found by (together.py)
            return await self.threads.run(together.pay, wanted, clock.now(), request_id=first)
        except DatabaseError:  # rolled back: whoever it was about meets it alone
            return [None] * len(wanted)
