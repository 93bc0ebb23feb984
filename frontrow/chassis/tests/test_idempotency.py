import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from frontrow.chassis.idempotency import HEADER, InvalidKey, KeyReused, fingerprint, key_of
from frontrow.chassis.schemas import In


class Order(In):
    places: int = 1
    seat_names: list[str] = []


def asked(**headers):
    return RequestFactory().post("/", headers=headers)


def test_without_the_header_there_is_no_key():
    assert key_of(asked()) is None


@pytest.mark.parametrize("key", ["a", "x" * 255, "!~", "0198c5a0-0000-7000-8000-000000000002", '"quoted"'])
def test_a_key_is_up_to_255_visible_ascii_characters(key):
    assert key_of(asked(**{HEADER: key})) == key


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "a\tb", "é", "a\x7f", "a\0", "a\n"])
def test_any_other_key_is_refused_by_name(key):
    with pytest.raises(InvalidKey) as refused:
        key_of(asked(**{HEADER: key}))
    assert (refused.value.status, refused.value.code) == (400, "invalid_idempotency_key")


def test_a_key_used_for_another_body_has_a_name_of_its_own():
    answer = KeyReused().answer()
    assert answer.status_code == 422
    assert b'"idempotency_key_reused"' in answer.content


@given(st.integers(), st.lists(st.text()))
def test_the_order_of_fields_and_left_out_defaults_do_not_matter(places, names):
    one = Order.model_validate({"places": places, "seatNames": names})
    other = Order.model_validate({"seatNames": names, "places": places})
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(Order.model_validate({})) == fingerprint(Order.model_validate({"places": 1}))


@pytest.mark.parametrize(
    "body", [{"places": 2}, {"seatNames": [""]}, {"seatNames": ["A1", "A2"]}, {"seatNames": ["A2", "A1"]}]
)
def test_another_body_has_another_fingerprint(body):
    others = [{}, {"places": 3}, {"seatNames": ["A1"]}, {"seatNames": ["A1A2"]}]
    mine = fingerprint(Order.model_validate(body))
    assert mine not in {fingerprint(Order.model_validate(other)) for other in others}


def test_a_fingerprint_does_not_tell_the_body():
    told = fingerprint(Order.model_validate({"seatNames": ["secret"]}))
    assert len(told) == 64
    assert "secret" not in told
