"""Short memories: Django's caches, of which the one in Redis forgives when its server is away."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from environ import Env

from frontrow.chassis import metrics

log = structlog.get_logger(__name__)
PAUSE_SECONDS = 1.0  # between two attempts to reach a Redis that is away
OPTIONS = {
    "serializer": "frontrow.chassis.cache.Plain",
    "socket_connect_timeout": 0.25,
    "socket_timeout": 0.25,
    "max_connections": 250,  # more than the threads of any process
    "protocol": 2,
}
LOCAL = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local",
         "OPTIONS": {"MAX_ENTRIES": 100_000}}  # fmt: skip


def configured(url: str) -> dict[str, dict[str, Any]]:
    """Django's CACHES for a CACHE_URL.

    `default` is for small things; `answers` for large ones, of which a process remembers few; `local` is
    this process's own memory in any case.
    """
    shared = Env.cache_url_config(url)
    if url.startswith("locmemcache:"):
        few = {**shared, "LOCATION": "answers", "OPTIONS": {"MAX_ENTRIES": 100}}
        return {"default": shared, "answers": few, "local": LOCAL}
    options = {**OPTIONS, **shared.get("OPTIONS", {})}
    redis = {**shared, "BACKEND": "frontrow.chassis.cache.Forgiving", "KEY_PREFIX": "frontrow",
             "OPTIONS": options}  # fmt: skip
    return {"default": redis, "answers": redis, "local": LOCAL}


class Plain:
    """Values as JSON, or bytes as they are: who can write to Redis makes us run nothing."""

    def dumps(self, value: Any) -> bytes:
        return b"=" + value if isinstance(value, bytes) else json.dumps(value).encode()

    def loads(self, stored: bytes) -> Any:
        """The value; None for what is not ours to read."""
        try:
            return stored[1:] if stored.startswith(b"=") else json.loads(stored)
        except (ValueError, RecursionError):
            log.warning("cache_holds_nonsense")
            return None


class Client(RedisCacheClient):
    """This process's way to one Redis. While that is away, reads find nothing and writes do nothing.

    Who meets the outage waits for OPTIONS' timeouts at most, and nobody after that: a thread of its own
    looks whether Redis is back.
    """

    _lib: Any  # the redis library, which Django imports where it is needed only

    def __init__(self, servers: list[str], **options: Any):
        super().__init__(servers, **options)
        self.away = False
        self.lock = threading.Lock()

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return bool(self._or(False, super().add, key, value, timeout))

    def get(self, key: Any, default: Any) -> Any:
        found = self._or(None, super().get, key, None)
        return default if found is None else found

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._or(None, super().set, key, value, timeout)

    def touch(self, key: Any, timeout: Any) -> bool:
        return bool(self._or(False, super().touch, key, timeout))

    def delete(self, key: Any) -> bool:
        return bool(self._or(False, super().delete, key))

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        found = self._or({}, super().get_many, keys)
        return {key: value for key, value in found.items() if value is not None}

    def has_key(self, key: Any) -> bool:
        return bool(self._or(False, super().has_key, key))

    def incr(self, key: Any, delta: int) -> Any:
        """The new count, in one step: a key that expires meanwhile is not made anew, to stay for ever.

        Raises ValueError if there is none, as Django's caches do.
        """
        script = "return redis.call('EXISTS', KEYS[1]) == 1 and redis.call('INCRBY', KEYS[1], ARGV[1])"
        count = self._or(None, lambda: self.get_client(key, write=True).eval(script, 1, key, delta))
        if count is None:
            raise ValueError(f"There is no key {key}.")
        return count

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        self._or(None, super().set_many, data, timeout)

    def delete_many(self, keys: Iterable[Any]) -> None:
        self._or(None, super().delete_many, keys)

    def clear(self) -> bool:
        return bool(self._or(False, super().clear))

    def _or(self, missed: Any, command: Callable[..., Any], *words: Any) -> Any:
        """What the command answers, or `missed` while Redis is away."""
        if self.away:
            return missed
        try:
            return command(*words)
        except (self._lib.RedisError, OSError) as failure:
            self._lost(failure)
            return missed

    def _lost(self, failure: Exception) -> None:
        """Say once that Redis is away, and let nobody but the watch try it."""
        metrics.CACHE_FAILURES.inc()
        with self.lock:
            if self.away:
                return
            self.away = True
        log.error("cache_away", why=f"{type(failure).__name__}: {failure}")
        threading.Thread(target=self._watch, name="cache-watch", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS)
            try:
                redis: Any = self.get_client(write=True)
                redis.connection_pool.disconnect(inuse_connections=False)
                redis.ping()
                break
            except (self._lib.RedisError, OSError):
                metrics.CACHE_FAILURES.inc()
        self.away = False
        log.info("cache_back")


class Forgiving(RedisCache):
    """Django's Redis backend with our client, which all threads of the process share."""

    _servers: list[str]
    _options: dict[str, Any]
    _clients: dict[str, Client] = {}
    _lock = threading.Lock()

    @cached_property
    def _cache(self) -> Client:
        with self._lock:
            place = ",".join(self._servers)
            if place not in self._clients:
                self._clients[place] = Client(self._servers, **self._options)
            return self._clients[place]
