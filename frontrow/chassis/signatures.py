"""Who signed an access token (Ed25519, RFC 8037), as libsodium has it.

Also a program, of which a fast door has one beside it (verifier.py). So Django is not known here.
"""

import os
import signal
from base64 import urlsafe_b64decode
from functools import lru_cache

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

READY, GOOD, BAD = b"!", b"1", b"0"
AT_ONCE = 16_384  # bytes: some forty tokens, two milliseconds of work
KEYS = 64  # that are remembered


def is_signed(token: str, key: VerifyKey) -> bool:
    """Whether this key signed a token whose form is good (access_token.kid_of)."""
    signed, _, signature = token.rpartition(".")
    try:
        key.verify(signed.encode(), urlsafe_b64decode(signature + "=="))
    except BadSignatureError:
        return False
    return True


def question(token: str, key: VerifyKey) -> bytes:
    """What the program is asked, to know the same."""
    return f"{bytes(key).hex()} {token}\n".encode()


def main() -> None:
    """Say READY, then to each question in turn GOOD or BAD, until nobody is there to ask."""
    for order in (signal.SIGINT, signal.SIGTERM):  # to all of a group: whoever asks may go on for a moment
        signal.signal(order, signal.SIG_IGN)
    os.write(1, READY)
    rest = b""
    while some := os.read(0, AT_ONCE):
        *lines, rest = (rest + some).split(b"\n")
        os.write(1, b"".join(map(_answer, lines)))


def _answer(line: bytes) -> bytes:
    key, _, token = line.decode().partition(" ")
    return GOOD if is_signed(token, _key(key)) else BAD


@lru_cache(maxsize=KEYS)
def _key(known: str) -> VerifyKey:
    return VerifyKey(bytes.fromhex(known))


if __name__ == "__main__":
    main()
