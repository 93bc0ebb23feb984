"""What an access token says: nothing, unless it is letter by letter what the key signed."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from frontrow.chassis import access_token, signatures
from frontrow.chassis.refusals import InvalidToken
from tests.security.tokens import Forger, public

OURS = Ed25519PrivateKey.generate()
KEY = access_token.key_of(public(OURS))
FORGER = Forger(OURS, "a-kid")
TOKEN = FORGER.token(claims={"roles": ["admin"], "amr": ["pwd", "mfa"]})
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def read(token):
    return access_token.kid_of(token), access_token.claims_of(token, signatures.is_signed(token, KEY))


def test_it_says_what_was_signed():
    kid, claims = read(TOKEN)
    signed = jwt.decode(TOKEN, options={"verify_signature": False})
    assert kid == "a-kid"
    assert (claims.issuer, claims.audience, str(claims.user_id)) == (
        signed["iss"],
        signed["aud"],
        signed["sub"],
    )
    assert (claims.roles, claims.amr) == ({"admin"}, {"pwd", "mfa"})
    assert (claims.begins, claims.ends) == (signed["iat"], signed["exp"])


@given(place=st.integers(0, len(TOKEN) - 1), letter=st.sampled_from(LETTERS + ".= é\0"))
def test_with_one_letter_changed_it_says_nothing(place, letter):
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed == TOKEN:
        assert read(changed)
    else:
        with pytest.raises(InvalidToken):
            read(changed)


@given(st.binary(max_size=300))
def test_whatever_is_signed_by_the_key_is_claims_or_refused(content):
    with pytest.raises(InvalidToken):
        read(FORGER.token(claims=content))


@given(st.dictionaries(
    st.sampled_from(["iss", "aud", "sub", "iat", "exp", "nbf", "roles", "amr"]),
    st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers()) | st.dictionaries(st.text(), st.text()),
    min_size=1,
))  # fmt: skip
def test_a_claim_of_another_kind_is_refused_or_as_it_was_said(changes):
    try:
        _, claims = read(FORGER.token(claims=changes))
    except InvalidToken:
        return
    said = {"iss": claims.issuer, "aud": claims.audience, "roles": [*claims.roles], "amr": [*claims.amr]}
    assert {name: said[name] for name in changes} == changes


@pytest.mark.parametrize(
    "kind",
    [
        {**public(OURS), "kty": "oct"},
        {**public(OURS), "crv": "Ed448"},
        {**public(OURS), "x": public(OURS)["x"][:-4]},
        {**public(OURS), "x": ""},
        {**public(OURS), "crv": "X25519"},
    ],
)
def test_a_key_of_another_kind_is_none_of_ours(kind):
    with pytest.raises(ValueError, match=r"no key of ours|exactly 32 bytes"):
        access_token.key_of(kind)
