"""Business: some people buy, one organises, until it is over; then each finishes what they began."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator

from bench.client import Client
from tests.faults.people import Buyer, Diary, Organizer

PEOPLE = 17  # of whom one organises
ON_SALE = 5  # events
SALES = ({"capacity": 12, "price": 2500}, {"capacity": 40, "price": 0}, {"capacity": 100, "price": 900})


@contextlib.contextmanager
def trade(address: str, tokens: list[str], diary: Diary, chance: random.Random) -> Iterator[None]:
    """It goes on as long as this lasts. Raises what a person could not get over."""
    over, faults = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            asyncio.run(_all(address, tokens, diary, chance, over))
        except BaseException as fault:  # noqa: BLE001, raised below
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if faults:
        raise faults[0]


async def _all(
    address: str, tokens: list[str], diary: Diary, chance: random.Random, over: threading.Event
) -> None:
    client = Client(address)
    ada, *buyers = (
        kind(client, diary, token, random.Random(chance.random()))  # noqa: S311, nothing secret
        for kind, token in zip((Organizer, *[Buyer] * (PEOPLE - 1)), tokens, strict=True)
    )
    assert isinstance(ada, Organizer)
    sale = [await ada.lists(**terms) for terms in SALES]
    async with asyncio.TaskGroup() as everybody:
        everybody.create_task(_organize(ada, sale, over))
        for buyer in buyers:
            assert isinstance(buyer, Buyer)
            everybody.create_task(_buy(buyer, sale, over))
    client.close()


async def _buy(buyer: Buyer, sale: list[str], over: threading.Event) -> None:
    while not over.is_set():
        await buyer.buys(buyer.chance.choice(sale))
        await asyncio.sleep(buyer.chance.uniform(0, 0.2))


async def _organize(ada: Organizer, sale: list[str], over: threading.Event) -> None:
    """Of what is on sale one after another is resized, partly given back, and sometimes cancelled; a new one comes."""
    while not over.is_set():
        event = sale.pop(0)
        await ada.gives_back(event)
        if ada.chance.random() < 0.5:
            await ada.resizes(event, 200)
        sale.append(await ada.lists(**ada.chance.choice(SALES)))
        if ada.chance.random() < 0.4:
            await ada.cancels(event)
        elif len(sale) < ON_SALE:
            sale.append(event)
        await asyncio.sleep(1)
