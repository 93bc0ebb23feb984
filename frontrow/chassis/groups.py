"""Who waits at this moment is served together, in order of arrival, by one act.

There is no timer: the next group leaves when the last is done, and while nobody waits that is at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from frontrow.chassis.refusals import Unavailable

MOST_WAITING = 512  # requests in the queue: some tenth of a second's work; more is refused at once
MOST_OF_ONE = 64  # requests in hand of one person


class Personal(Protocol):
    """A wish of one person."""

    @property
    def user_id(self) -> UUID: ...


Wish = TypeVar("Wish", bound=Personal)
Answer = TypeVar("Answer")


def take(waiting: deque[Any], most: int) -> list[Any]:
    """The next of those who wait, each with its wish first: of one person only one at a time.

    Who sends many at once waits for themselves: a second one may depend on the first.
    """
    some: list[Any] = []
    later: list[Any] = []
    people: set[UUID] = set()
    while waiting and len(some) < most:
        one = waiting.popleft()
        (later if one[0].user_id in people else some).append(one)
        people.add(one[0].user_id)
    waiting.extendleft(reversed(later))
    return some


def settle(future: Any, answer: Any) -> None:
    """Give a future, of threads or of asyncio, its answer; an exception is raised there."""
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


class Group(Generic[Wish, Answer]):
    """Those who wait on an event loop. `act` answers each of at most `most` wishes, or raises for all."""

    def __init__(self, act: Callable[[list[Wish]], Awaitable[Sequence[Answer | Exception]]], most: int):
        self.act, self.most = act, most
        self.waiting: deque[tuple[Wish, asyncio.Future[Answer]]] = deque()
        self.people: dict[UUID, int] = {}  # how much each has in hand
        self.acting: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether so many wait that more would wait for too long."""
        return len(self.waiting) >= MOST_WAITING

    async def answer(self, wish: Wish) -> Answer:
        """The answer to a wish. Raises Unavailable if too many wait already, and what `act` does."""
        in_hand = self.people.get(wish.user_id, 0)
        if self.is_full or in_hand >= MOST_OF_ONE:
            raise Unavailable
        mine: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting.append((wish, mine))
        self.people[wish.user_id] = in_hand + 1
        if self.acting is None or self.acting.done():
            self.acting = asyncio.create_task(self._act_for_all())
        try:
            return await mine
        finally:
            if left := self.people.pop(wish.user_id) - 1:
                self.people[wish.user_id] = left

    async def _act_for_all(self) -> None:
        while self.waiting:
            some = take(self.waiting, self.most)
            answers: Sequence[Answer | Exception]
            try:
                answers = await self.act([wish for wish, _ in some])
            except Exception as fault:  # noqa: BLE001, raised to each who waits
                if isinstance(fault, Unavailable):  # nor would those behind get further
                    some += self.waiting
                    self.waiting.clear()
                answers = [fault] * len(some)
            for (_, future), answer in zip(some, answers, strict=True):
                if not future.done():  # whose client is gone
                    settle(future, answer)
