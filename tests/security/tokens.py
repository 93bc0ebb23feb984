"""Tokens that open nothing, each unlike a good one in one way, and the few spellings of a good one.

A `Forger` has the very key that users signs with: what it makes differs from a good token only in what it says.
"""

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa

from frontrow.chassis.ids import new_id

GONE = object()  # leaves a member out
OTHER = Ed25519PrivateKey.generate()
Headers = list[tuple[str, str]]
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Shown:
    """How a token is shown: in these headers, and this question."""

    headers: Headers
    query: str = ""
    refused: frozenset[int] = frozenset({401})


@dataclass(frozen=True)
class Forger:
    """Who has the key that users signs with, and its name."""

    private: Ed25519PrivateKey
    kid: str
    sub: str = field(default_factory=lambda: str(new_id()))

    def token(self, header: Any = None, claims: Any = None, sign: Sign | None = None) -> str:
        """A token as users makes them, but for these members of its header and claims, or these bytes."""
        now = int(time.time())
        good = {"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid}
        said = {
            "iss": "frontrow", "aud": "frontrow", "sub": self.sub, "iat": now, "exp": now + 900,
            "jti": str(new_id()), "roles": [],
        }  # fmt: skip
        text = f"{b64(_changed(good, header))}.{b64(_changed(said, claims))}"
        return f"{text}.{b64((sign or self.private.sign)(text.encode()))}"

    def cut(self, *parts: int | str) -> str:
        """A good token of which only these parts are left."""
        whole = self.token().split(".")
        return ".".join(whole[part] if isinstance(part, int) else part for part in parts)

    @property
    def raw(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)


def public(private: Ed25519PrivateKey, **more: str) -> dict[str, Any]:
    """A public key as a key set has it."""
    return {**jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True), **more}


def b64(data: Any) -> str:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _changed(good: dict[str, Any], changes: Any) -> Any:
    if isinstance(changes, bytes):
        return changes
    return {name: value for name, value in {**good, **(changes or {})}.items() if value is not GONE}


def _hmac(key: bytes, digest: str = "sha256") -> Sign:
    return lambda text: hmac.digest(key, text, digest)


def _rs256(text: bytes) -> bytes:
    return generate_rsa(65537, 2048).sign(text, PKCS1v15(), hashes.SHA256())


def _es256(text: bytes) -> bytes:
    return generate_ec(SECP256R1()).sign(text, ECDSA(hashes.SHA256()))


def _nothing(text: bytes) -> bytes:
    return b""


@cache
def _ed448() -> Ed448PrivateKey:
    return Ed448PrivateKey.generate()


def _later(seconds: int) -> int:
    return int(time.time()) + seconds


def _other_spelling(token: str) -> str:
    """The same bytes: of a signature's last character four bits count for nothing."""
    return token[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]]


def _with_kids(f: Forger, *kids: str) -> bytes:
    return ('{"alg":"EdDSA","typ":"at+jwt"' + "".join(f',"kid":"{kid}"' for kid in kids) + "}").encode()


Make = Callable[[Forger], str]
ALGORITHMS: dict[str, Make] = {
    **{f"alg {name!r}": lambda f, name=name: f.token({"alg": name}, sign=_nothing)
       for name in ("none", "None", "NONE", "nOnE", "none ", "", "null")},
    "alg none, with our signature": lambda f: f.token({"alg": "none"}),
    "alg missing": lambda f: f.token({"alg": GONE}),
    "alg null": lambda f: f.token({"alg": None}),
    "alg a list": lambda f: f.token({"alg": ["EdDSA"]}),
    "alg in small letters": lambda f: f.token({"alg": "eddsa"}),
    "alg Ed25519": lambda f: f.token({"alg": "Ed25519"}),
    "alg said twice": lambda f: f.token(
        f'{{"alg":"none","typ":"at+jwt","kid":"{f.kid}","alg":"EdDSA"}}'.encode()
    ),
    "HS256 with the public key": lambda f: f.token({"alg": "HS256"}, sign=_hmac(f.raw)),
    "HS256 with the public key in PEM": lambda f: f.token({"alg": "HS256"}, sign=_hmac(f.pem)),
    "HS256 with the key set's x": lambda f: f.token(
        {"alg": "HS256"}, sign=_hmac(public(f.private)["x"].encode())
    ),
    "HS256 with the key as JSON": lambda f: f.token(
        {"alg": "HS256"}, sign=_hmac(json.dumps(public(f.private)).encode())
    ),
    "HS256 with an empty key": lambda f: f.token({"alg": "HS256"}, sign=_hmac(b"\0")),
    "HS384 with the public key": lambda f: f.token({"alg": "HS384"}, sign=_hmac(f.raw, "sha384")),
    "HS512 with the public key": lambda f: f.token({"alg": "HS512"}, sign=_hmac(f.raw, "sha512")),
    "EdDSA said, HMAC done": lambda f: f.token(sign=_hmac(f.raw, "sha512")),
    "RS256": lambda f: f.token({"alg": "RS256"}, sign=_rs256),
    "ES256": lambda f: f.token({"alg": "ES256"}, sign=_es256),
    "another curve": lambda f: f.token(sign=lambda text: _ed448().sign(text)),
    "another key, the same kid": lambda f: f.token(sign=OTHER.sign),
    "no signature": lambda f: f.token(sign=_nothing),
    "a signature of zeros": lambda f: f.token(sign=lambda text: bytes(64)),
    "the signature twice": lambda f: f.token(sign=lambda text: f.private.sign(text) * 2),
    "the signature of another token": lambda f: f.cut(0, 1, f.token().split(".")[2]),
    "other claims than were signed": lambda f: f.cut(0, f.token(claims={"sub": str(new_id())}).split(".")[1], 2),
}  # fmt: skip
KEYS: dict[str, Make] = {
    "kid missing": lambda f: f.token({"kid": GONE}),
    "kid empty": lambda f: f.token({"kid": ""}),
    "kid a number": lambda f: f.token({"kid": 1}),
    "kid a list": lambda f: f.token({"kid": [f.kid]}),
    "kid null": lambda f: f.token({"kid": None}),
    "kid unknown": lambda f: f.token({"kid": str(new_id())}),
    "kid in other letters": lambda f: f.token({"kid": f.kid.upper() + " "}),
    "kid a path": lambda f: f.token({"kid": "../../../../dev/null"}, sign=_hmac(b"")),
    "kid a statement": lambda f: f.token({"kid": "x' UNION SELECT 'key"}),
    "kid with a zero byte": lambda f: f.token({"kid": f.kid + "\0"}),
    "kid twice, the right one first": lambda f: f.token(_with_kids(f, f.kid, "other")),
    "kid twice, the right one last": lambda f: f.token(_with_kids(f, "other", f.kid)),
    "own key in jwk": lambda f: f.token({"jwk": public(OTHER, kid=f.kid)}, sign=OTHER.sign),
    "a key in jwk, although ours signed": lambda f: f.token({"jwk": public(f.private)}),
    "own key set at jku": lambda f: f.token({"jku": "http://127.0.0.1:9/jwks.json"}, sign=OTHER.sign),
    "a key set at jku, although ours signed": lambda f: f.token({"jku": "http://127.0.0.1:9/jwks.json"}),
    "own certificate at x5u": lambda f: f.token({"x5u": "http://127.0.0.1:9/cert.pem"}, sign=OTHER.sign),
    "own certificate in x5c": lambda f: f.token({"x5c": ["MIIB"]}, sign=OTHER.sign),
    "crit": lambda f: f.token({"crit": ["exp-v2"], "exp-v2": 1}),
    "crit empty": lambda f: f.token({"crit": []}),
    "b64 false": lambda f: f.token({"b64": False, "crit": ["b64"]}),
    "zip": lambda f: f.token({"zip": "DEF"}),
    "typ JWT": lambda f: f.token({"typ": "JWT"}),
    "typ missing": lambda f: f.token({"typ": GONE}),
    "typ of a long form": lambda f: f.token({"typ": "application/at+jwt"}),
    "typ in capitals": lambda f: f.token({"typ": "AT+JWT"}),
}
CLAIMS: dict[str, Make] = {
    **{f"{name} missing": lambda f, name=name: f.token(claims={name: GONE})
       for name in ("iss", "aud", "sub", "iat", "exp")},
    **{f"{name} null": lambda f, name=name: f.token(claims={name: None})
       for name in ("iss", "aud", "sub", "iat", "exp", "roles")},
    "iss of another": lambda f: f.token(claims={"iss": "backrow"}),
    "iss a list": lambda f: f.token(claims={"iss": ["frontrow"]}),
    "iss with more behind": lambda f: f.token(claims={"iss": "frontrow.evil.example"}),
    "aud of another": lambda f: f.token(claims={"aud": "backrow"}),
    "aud a list": lambda f: f.token(claims={"aud": ["frontrow", "backrow"]}),
    "expired a second ago": lambda f: f.token(claims={"exp": _later(-1)}),
    "expired long ago": lambda f: f.token(claims={"iat": 0, "exp": 1}),
    "exp negative": lambda f: f.token(claims={"exp": -1}),
    "exp a word": lambda f: f.token(claims={"exp": "never"}),
    "exp a number in words": lambda f: f.token(claims={"exp": str(_later(900))}),
    "exp with a fraction": lambda f: f.token(claims={"exp": _later(900) + 0.5}),
    "exp true": lambda f: f.token(claims={"exp": True}),
    "exp a list": lambda f: f.token(claims={"exp": [_later(900)]}),
    "exp in a thousand years": lambda f: f.token(claims={"exp": _later(10**10)}),
    "exp beyond any number of ours": lambda f: f.token(claims={"exp": 10**400}),
    "exp infinite": lambda f: f.token(claims={"exp": float("inf")}),
    "exp no number": lambda f: f.token(claims={"exp": float("nan")}),
    "iat a word": lambda f: f.token(claims={"iat": "now"}),
    "iat infinite": lambda f: f.token(claims={"iat": float("inf")}),
    "issued in the future": lambda f: f.token(claims={"iat": _later(600)}),
    "not valid before later": lambda f: f.token(claims={"nbf": _later(600)}),
    "nbf infinite": lambda f: f.token(claims={"nbf": float("inf")}),
    "sub not a UUID": lambda f: f.token(claims={"sub": "ada"}),
    "sub empty": lambda f: f.token(claims={"sub": ""}),
    "sub a number": lambda f: f.token(claims={"sub": 1}),
    "sub a list": lambda f: f.token(claims={"sub": [f.sub]}),
    "sub in braces": lambda f: f.token(claims={"sub": "{" + f.sub + "}"}),
    "sub a statement": lambda f: f.token(claims={"sub": "' OR 1=1 --"}),
    "roles of lists": lambda f: f.token(claims={"roles": [["admin"]]}),
    "roles a word": lambda f: f.token(claims={"roles": "admin"}),
    "roles an object": lambda f: f.token(claims={"roles": {"admin": True}}),
    "roles a number": lambda f: f.token(claims={"roles": 1}),
    "claims a list": lambda f: f.token(claims=b"[]"),
    "claims null": lambda f: f.token(claims=b"null"),
    "claims that are no JSON": lambda f: f.token(claims=b"{"),
    "claims in another encoding": lambda f: f.token(claims="{}".encode("utf-16")),
    "deep claims": lambda f: f.token(claims=b"[" * 2500),
    "a token within a token": lambda f: f.token(claims=f.token().encode()),
}  # fmt: skip
FORMS: dict[str, Make] = {
    "a refresh token": lambda f: b64(bytes(32)),
    "nothing": lambda f: "",
    "a space": lambda f: " ",
    "one dot": lambda f: ".",
    "two dots": lambda f: "..",
    "no header": lambda f: f.cut("", 1, 2),
    "no claims": lambda f: f.cut(0, "", 2),
    "two parts": lambda f: f.cut(0, 1),
    "four parts": lambda f: f.cut(0, 1, 2, 2),
    "five parts, as if encrypted": lambda f: f.cut(0, "", 1, 2, b64(b"tag")),
    "without its end": lambda f: f.token()[:-10],
    "without its last character": lambda f: f.token()[:-1],
    "as JSON": lambda f: json.dumps(
        dict(zip(("protected", "payload", "signature"), f.token().split("."), strict=True))
    ),
    "in quotes": lambda f: f'"{f.token()}"',
    "padded": lambda f: f.token() + "==",
    "parts padded": lambda f: ".".join(part + "=" * (-len(part) % 4) for part in f.token().split(".")),
    "another spelling of its end": lambda f: _other_spelling(f.token()),
    "with signs that base64 passes over": lambda f: f.token() + "!!!!",
    "in base64 that is not for URLs": lambda f: f.cut(0, 1, base64.b64encode(bytes([255] * 64)).decode()),
    "with a space within": lambda f: f.cut(0, 1, " ") + f.cut(2),
    "after two spaces": lambda f: f" {f.token()}",
    "with a comma behind": lambda f: f.token() + ",",
    "twice": lambda f: f"{f.token()} {f.token()}",
    "in letters of another script": lambda f: f.token().replace("e", "е"),  # that one is Cyrillic
    "a header that is no JSON": lambda f: f.cut(b64(b"{"), 1, 2),
    "a header that is null": lambda f: f.cut(b64(b"null"), 1, 2),
    "a deep header": lambda f: f.cut(b64(b"[" * 700), 1, 2),
    "a header with a long number": lambda f: f.cut(b64(b'{"alg": ' + b"9" * 700 + b"}"), 1, 2),
    "a long header": lambda f: f.token({"x": "x" * 3000}),
    "claims of sixteen thousand characters": lambda f: f.token(claims={"x": "x" * 12_000}),
}
BAD: dict[str, Make] = {**ALGORITHMS, **KEYS, **CLAIMS, **FORMS}


def _bearer(token: str) -> Headers:
    return [("Authorization", f"Bearer {token}")]


CLOSED = 0  # the connection, at once
NO_REQUEST = frozenset({CLOSED, 400, 401, 431})  # what is no HTTP may be refused before anybody looks at it
PLACES: dict[str, Callable[[Forger], Shown]] = {
    "no header": lambda f: Shown([]),
    "an empty header": lambda f: Shown([("Authorization", "")]),
    "a scheme alone": lambda f: Shown([("Authorization", "Bearer")]),
    "no scheme": lambda f: Shown([("Authorization", f.token())]),
    **{f"as {scheme}": lambda f, scheme=scheme: Shown([("Authorization", f"{scheme} {f.token()}")])
       for scheme in ("Basic", "Token", "JWT", "DPoP", "Digest", "Bearer:", "Bearer,", "Bearer Bearer")},
    "after a tab": lambda f: Shown([("Authorization", f"Bearer\t{f.token()}")]),
    "in X-Authorization": lambda f: Shown([("X-Authorization", f"Bearer {f.token()}")]),
    "in Proxy-Authorization": lambda f: Shown([("Proxy-Authorization", f"Bearer {f.token()}")]),
    "in a header with an underscore": lambda f: Shown([("HTTP_AUTHORIZATION", f"Bearer {f.token()}")], refused=NO_REQUEST),
    "in the question": lambda f: Shown([], f"access_token={f.token()}", frozenset({401})),
    "in a cookie": lambda f: Shown([("Cookie", f"access_token={f.token()}; Authorization=Bearer {f.token()}")]),
    "two schemes, the other first": lambda f: Shown([("Authorization", f"Basic eDp5, Bearer {f.token()}")]),
    "two schemes, the other last": lambda f: Shown([("Authorization", f"Bearer {f.token()}, Basic eDp5")]),
    "two headers, both good": lambda f: Shown(_bearer(f.token()) * 2),
    "two headers, a bad one first": lambda f: Shown([*_bearer("x"), *_bearer(f.token())]),
    "two headers, a bad one last": lambda f: Shown([*_bearer(f.token()), *_bearer("x")]),
    "two headers, an empty one first": lambda f: Shown([("Authorization", ""), *_bearer(f.token())]),
    "a zero byte in it": lambda f: Shown(_bearer(f.token() + "\0"), refused=NO_REQUEST),
    "a line feed in it": lambda f: Shown(_bearer(f"x\n {f.token()}"), refused=NO_REQUEST),
    "a delete in it": lambda f: Shown(_bearer(f.token() + "\x7f"), refused=NO_REQUEST),
    "an umlaut behind it": lambda f: Shown(_bearer(f.token() + "ü"), refused=NO_REQUEST),
    "sixty thousand characters": lambda f: Shown(_bearer(f.token() + "A" * 60_000), refused=NO_REQUEST),
    "a million characters": lambda f: Shown(_bearer(f.token() + "A" * 1_000_000), refused=NO_REQUEST),
}  # fmt: skip
GOOD: dict[str, Callable[[Forger], Shown]] = {
    "as users makes it": lambda f: Shown(_bearer(f.token())),
    "by the scheme in small letters": lambda f: Shown([("Authorization", f"bearer {f.token()}")]),
    "by the header in small letters": lambda f: Shown([("authorization", f"Bearer {f.token()}")]),
    "with more claims": lambda f: Shown(_bearer(f.token(claims={"amr": ["pwd"], "more": 1}))),
    "without roles": lambda f: Shown(_bearer(f.token(claims={"roles": GONE}))),
}


def shown() -> dict[str, Callable[[Forger], Shown]]:
    """Everything that opens nothing, as it is shown to a service."""

    def as_bearer(make: Make) -> Callable[[Forger], Shown]:
        return lambda f: Shown(_bearer(make(f)))

    bad = {name: as_bearer(make) for name, make in BAD.items()}
    return {**bad, **PLACES}
