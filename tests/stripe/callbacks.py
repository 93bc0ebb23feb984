"""What a provider tells by itself: signed as Stripe signs, late if it shall be, and again until it is taken."""

import hashlib
import heapq
import hmac
import threading
import time
from itertools import count

import httpx

AGAIN_SECONDS, TRIES = 0.5, 60


def signature(body: str, secret: str, at: int) -> str:
    """The header Stripe-Signature. https://docs.stripe.com/webhooks#verify-manually"""
    mac = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Callbacks:
    """A queue of what is to be told, and the thread that tells it."""

    def __init__(self) -> None:
        self.url, self.secret = "", ""
        self.queue: list[tuple[float, int, str, int]] = []
        self.fresh, self.turns = threading.Condition(), count()
        threading.Thread(target=self._run, daemon=True).start()

    def to(self, url: str, secret: str) -> None:
        """From now on, tell it there."""
        self.url, self.secret = url, secret

    def send(self, body: str, late: float = 0, tries: int = TRIES) -> None:
        """Tell it, so many seconds late."""
        with self.fresh:
            heapq.heappush(self.queue, (time.monotonic() + late, next(self.turns), body, tries))
            self.fresh.notify()

    def _run(self) -> None:
        with httpx.Client(timeout=10) as client:
            while True:
                body, tries = self._next()
                if self.url and not self._taken(client, body) and tries > 1:
                    self.send(body, AGAIN_SECONDS, tries - 1)

    def _next(self) -> tuple[str, int]:
        with self.fresh:
            while not self.queue or self.queue[0][0] > time.monotonic():
                self.fresh.wait(self.queue[0][0] - time.monotonic() if self.queue else None)
            _, _, body, tries = heapq.heappop(self.queue)
            return body, tries

    def _taken(self, client: httpx.Client, body: str) -> bool:
        headers = {"Stripe-Signature": signature(body, self.secret, int(time.time()))}
        try:
            return client.post(self.url, content=body, headers=headers).is_success
        except httpx.HTTPError:
            return False
