"""Who waits is served together: in order, of one person one at a time, and never too many."""

import asyncio
from collections import deque
from typing import NamedTuple
from uuid import UUID

import pytest

from frontrow.chassis.groups import MOST_OF_ONE, MOST_WAITING, Group, take
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable

BEN = new_id()


class Wish(NamedTuple):
    user_id: UUID
    number: int


def wishes(count):
    return [Wish(new_id(), number) for number in range(count)]


def test_of_one_person_one_wish_at_a_time_is_taken_and_nobody_loses_their_place():
    ben, people = new_id(), [new_id(), new_id()]
    waiting = deque((Wish(who, n), n) for n, who in enumerate([ben, ben, people[0], ben, people[1]]))
    assert [n for _, n in take(waiting, 64)] == [0, 2, 4]
    assert [n for _, n in take(waiting, 64)] == [1]
    assert [n for _, n in take(waiting, 64)] == [3]
    assert not waiting


def test_a_group_is_bounded():
    waiting = deque((wish, wish.number) for wish in wishes(10))
    assert len(take(waiting, 7)) == 7
    assert len(waiting) == 3


def test_those_who_come_meanwhile_are_served_together_and_each_gets_their_own_answer():
    served = []

    async def act(some):
        served.append(len(some))
        await asyncio.sleep(0)
        return [wish.number for wish in some]

    async def all_of_them():
        group = Group(act, 8)
        return await asyncio.gather(*(group.answer(wish) for wish in wishes(20)))

    assert asyncio.run(all_of_them()) == list(range(20))
    assert sum(served) == 20
    assert max(served) == 8


def test_a_fault_of_one_fails_no_other():
    async def act(some):
        return [ValueError("mine") if wish.number == 1 else "fine" for wish in some]

    async def all_of_them():
        group = Group(act, 8)
        return await asyncio.gather(*(group.answer(wish) for wish in wishes(3)), return_exceptions=True)

    first, mine, last = asyncio.run(all_of_them())
    assert (first, last) == ("fine", "fine")
    assert isinstance(mine, ValueError)


@pytest.mark.parametrize(
    ("fault", "acts"), [(Unavailable, 1), (ValueError, 2)], ids=["outage of all", "bug of a group"]
)
def test_an_outage_is_told_to_all_who_wait_and_a_bug_to_its_group(fault, acts):
    begun = []

    async def act(some):
        begun.append(some)
        await asyncio.sleep(0)
        raise fault

    async def all_of_them():
        group = Group(act, 8)
        return await asyncio.gather(*(group.answer(wish) for wish in wishes(16)), return_exceptions=True)

    assert {type(each) for each in asyncio.run(all_of_them())} == {fault}
    assert len(begun) == acts


@pytest.mark.parametrize(("most", "who"), [(MOST_WAITING, new_id), (MOST_OF_ONE, lambda: BEN)])
def test_more_than_can_soon_be_served_are_refused_at_once(most, who):
    gate = asyncio.Event()

    async def act(some):
        await gate.wait()
        return [None] * len(some)

    async def all_of_them():
        group, first = Group(act, 1), Wish(new_id(), 0)
        asks = [asyncio.create_task(group.answer(first))]
        await asyncio.sleep(0)
        asks += [asyncio.create_task(group.answer(Wish(who(), n))) for n in range(most + 1)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*asks, return_exceptions=True)

    answers = asyncio.run(all_of_them())
    assert [type(each) for each in answers].count(Unavailable) == 1
    assert isinstance(answers[-1], Unavailable)
