"""Fields of forms: what browsers send is what people wrote."""

import pytest
from django.utils import translation

from frontrow.web.clients import Refused
from frontrow.web.event_form import EventForm
from frontrow.web.forms import Lines
from frontrow.web.refunding import RefundForm
from frontrow.web.reviews import ReviewForm
from frontrow.web.telling import AnswerForm, MessageForm


def test_a_break_between_lines_counts_once():
    assert Lines(max_length=5).clean("ab\r\ncd\r\n") == "ab\ncd"
    assert Lines(required=False).clean(None) == ""


@pytest.mark.parametrize(("form", "field"), [
    (EventForm, "description"), (ReviewForm, "comment"), (RefundForm, "reason"), (MessageForm, "message"),
    (AnswerForm, "comment"),
])  # fmt: skip
def test_every_text_of_several_lines_is_one(form, field):
    found = form.base_fields[field]
    assert isinstance(found, Lines)
    assert found.clean("a\r\n" * (found.max_length // 2)).count("\n") == found.max_length // 2 - 1


@pytest.mark.parametrize(("language", "words"), [("en", "is odd"), ("de", "So geht es nicht")])
def test_what_only_the_api_has_words_for_is_said_in_the_readers_language(language, words):
    form = ReviewForm({"rating": "4", "comment": "Good"})
    assert form.is_valid()
    with translation.override(language):
        form.refuse(
            Refused(422, {"code": "invalid", "errors": [{"field": "comment", "message": "is odd"}]}), {}
        )
        assert form.errors["comment"][0].startswith(words)
