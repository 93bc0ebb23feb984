import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.chassis.ids import new_id
from frontrow.services.events import rules
from frontrow.services.events.rules import Terms, Type, Wrong

NOW = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=366)
START, END = NOW + DAY, NOW + DAY + 3 * HOUR


def terms(*types: Type, **changes) -> Terms:
    kinds = types or (Type(new_id(), "Ticket", 2500, 10),)
    return replace(
        Terms("Clara", "Songs", START, END, "Europe/Berlin", "Berlin", "EUR", kinds, capacity=None), **changes
    )


names = st.sampled_from(["Stalls", "stalls", "Balcony"])
numbers = st.integers(0, 1000)
new_types = st.builds(Type, st.none(), names, numbers, numbers)


@st.composite
def changed_types(draw):
    """The types of an event and those of a change, some by id, some by name, some new."""
    old = [
        Type(new_id(), name, 100, 10) for name in draw(st.lists(names, min_size=1, unique_by=str.casefold))
    ]
    by_id = draw(st.lists(st.sampled_from(old), unique_by=lambda kind: kind.ticket_type_id))
    renamed = [replace(kind, name=draw(names), capacity=draw(numbers)) for kind in by_id]
    fresh = draw(st.lists(new_types, min_size=0 if renamed else 1, max_size=3))
    return old, draw(st.permutations([*renamed, *fresh]))


class TestWhatIsWrong:
    def test_nothing_is_wrong_with_ordinary_terms(self):
        assert rules.wrongs(terms(), None, NOW) == []

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"date": NOW}, "date"),
            ({"date": NOW - DAY}, "date"),
            ({"end_date": START}, "endDate"),
            ({"end_date": START - HOUR}, "endDate"),
            ({"end_date": START + YEAR + HOUR}, "endDate"),
            ({"sales_end": END + HOUR}, "salesEnd"),
            ({"sales_start": END}, "salesStart"),
            ({"sales_start": NOW, "sales_end": NOW}, "salesStart"),
            ({"cancel_until": END + HOUR}, "cancelUntil"),
        ],
    )
    def test_a_time_that_cannot_be_is_named(self, changes, field):
        assert field in [wrong.field for wrong in rules.wrongs(terms(**changes), None, NOW)]

    @pytest.mark.parametrize(
        "changes",
        [
            {"end_date": START + YEAR},
            {"sales_start": NOW - DAY, "sales_end": END},
            {"sales_start": NOW + HOUR},
            {"cancel_until": END},
            {"cancel_until": NOW - DAY},
        ],
    )
    def test_a_time_at_the_edge_is_fine(self, changes):
        assert rules.wrongs(terms(**changes), None, NOW) == []

    def test_an_event_that_began_keeps_its_date(self):
        began = terms(date=NOW - HOUR)
        assert rules.wrongs(replace(began, title="Still Clara"), began, NOW) == []

    def test_an_event_that_began_cannot_move_to_another_past_date(self):
        began = terms(date=NOW - HOUR)
        wrong = rules.wrongs(replace(began, date=NOW - 2 * HOUR), began, NOW)
        assert wrong == [Wrong("date", "must be in the future")]

    @pytest.mark.parametrize("second", ["Stalls", "stalls", "STALLS"])
    def test_names_of_ticket_types_differ_by_more_than_case(self, second):
        both = (Type(new_id(), "Stalls", 0, 1), Type(new_id(), second, 0, 1))
        assert [wrong.field for wrong in rules.wrongs(terms(*both), None, NOW)] == ["ticketTypes"]

    def test_a_ticket_type_stands_once(self):
        kind = Type(new_id(), "Stalls", 0, 1)
        twice = terms(kind, replace(kind, name="Balcony"))
        assert [wrong.field for wrong in rules.wrongs(twice, None, NOW)] == ["ticketTypes"]


class TestPlaces:
    @pytest.mark.parametrize(("cap", "places"), [(None, 30), (25, 25), (30, 30), (99, 30)])
    def test_a_cap_counts_only_while_it_is_the_smaller(self, cap, places):
        both = Type(None, "A", 5, 10), Type(None, "B", 3, 20)
        assert terms(*both, capacity=cap).places == places

    def test_an_event_costs_from_its_cheapest_ticket(self):
        assert terms(Type(None, "A", 5, 10), Type(None, "B", 3, 20)).price_from == 3


class TestResolving:
    @given(changed_types())
    def test_every_type_has_an_id_of_its_own(self, types):
        old, given_types = types
        found = rules.resolved(terms(*old), {"types": given_types}, new_id)["types"]
        ids = [kind.ticket_type_id for kind in found]
        assert None not in ids
        assert len(set(ids)) == len(ids)

    @given(changed_types())
    def test_what_is_sent_is_what_will_be(self, types):
        old, given_types = types
        found = rules.resolved(terms(*old), {"types": given_types}, new_id)["types"]
        assert [replace(kind, ticket_type_id=None) for kind in found] == [
            replace(kind, ticket_type_id=None) for kind in given_types
        ]

    @given(changed_types())
    def test_a_type_keeps_its_id_under_any_name(self, types):
        old, given_types = types
        found = rules.resolved(terms(*old), {"types": given_types}, new_id)["types"]
        for sent, kind in zip(given_types, found, strict=True):
            assert sent.ticket_type_id in (None, kind.ticket_type_id)

    @given(st.lists(names, min_size=1, unique_by=str.casefold))
    def test_sending_the_same_again_changes_nothing(self, chosen):
        kinds = tuple(Type(new_id(), name, 100, 10) for name in chosen)
        anonymous = tuple(replace(kind, ticket_type_id=None) for kind in kinds)
        for sent in (kinds, anonymous):
            assert rules.resolved(terms(*kinds), {"types": sent}, new_id) == {"types": kinds}

    def test_a_type_without_an_id_is_known_by_its_name(self):
        kind = Type(new_id(), "Stalls", 100, 10)
        found = rules.resolved(terms(kind), {"types": (Type(None, "STALLS", 200, 20),)}, new_id)
        assert found["types"] == (Type(kind.ticket_type_id, "STALLS", 200, 20),)

    def test_a_name_is_free_for_a_new_type_once_its_old_one_is_renamed(self):
        old = Type(new_id(), "Stalls", 100, 10)
        sent = (replace(old, name="Front stalls"), Type(None, "Stalls", 50, 5))
        renamed, fresh = rules.resolved(terms(old), {"types": sent}, new_id)["types"]
        assert renamed.ticket_type_id == old.ticket_type_id != fresh.ticket_type_id

    def test_a_type_of_another_event_is_unknown(self):
        with pytest.raises(LookupError):
            rules.resolved(terms(), {"types": (Type(new_id(), "Stalls", 1, 1),)}, new_id)

    def test_fields_that_are_not_sent_are_left_alone(self):
        before = terms()
        assert rules.resolved(before, {"title": "New"}, new_id) == {"title": "New", "types": before.types}

    def test_a_single_ticket_takes_price_and_capacity(self):
        before = terms()
        kind = before.types[0]
        found = rules.resolved(before, {"price": 1, "capacity": 2}, new_id)
        assert found == {"types": (replace(kind, price=1, capacity=2),)}

    def test_a_price_for_several_types_is_refused(self):
        both = Type(new_id(), "A", 5, 10), Type(new_id(), "B", 3, 20)
        with pytest.raises(ValueError, match="ticketTypes"):
            rules.resolved(terms(*both), {"price": 1}, new_id)

    @pytest.mark.parametrize("cap", [None, 15])
    def test_the_capacity_of_several_types_is_their_cap(self, cap):
        both = Type(new_id(), "A", 5, 10), Type(new_id(), "B", 3, 20)
        found = rules.resolved(terms(*both, capacity=20), {"capacity": cap}, new_id)
        assert found == {"capacity": cap, "types": both}

    def test_the_capacity_of_a_single_type_under_a_cap_is_the_cap(self):
        before = terms(capacity=8)
        found = rules.resolved(before, {"capacity": 9}, new_id)
        assert found == {"capacity": 9, "types": before.types}


class TestWords:
    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("Théâtre", "theatre"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("İstanbul", "istanbul"),
            ("ﬁnale", "finale"),
            ("𝐉𝐚𝐳𝐳", "jazz"),
            ("Ⅳ", "iv"),
            ("Ωδή", "ωδη"),
        ],
    )
    def test_texts_are_compared_without_case_accents_and_compatibility_forms(self, text, plain):
        assert rules.folded(text) == plain

    def test_folding_is_done_once_and_for_all_for_every_letter(self):
        again = [
            character for character in map(chr, range(0x20000))
            if rules.folded(rules.folded(character)) != rules.folded(character)
        ]  # fmt: skip
        assert again == []

    @given(st.text())
    def test_folding_leaves_no_mark(self, text):
        assert not any(unicodedata.combining(character) for character in rules.folded(text))

    @pytest.mark.parametrize(
        ("words", "query"),
        [
            ("", ""),
            ("!?… – “”", ""),
            ("Jazz", "'jazz':*"),
            ("jazz  Klub", "'jazz':* & 'klub':*"),
            ("O'Connor", "'o':* & 'connor':*"),
            ("a|b & !c:*", "'a':* & 'b':* & 'c':*"),
            ("\\' ) | (", ""),
        ],
    )
    def test_a_query_has_every_word_by_its_beginning_and_nothing_else(self, words, query):
        assert rules.prefix_query(words) == query

    @given(st.text())
    def test_no_text_can_say_more_in_a_query_than_words(self, text):
        assert re.fullmatch(r"('\w+':\*( & '\w+':\*)*)?", rules.prefix_query(text))

    def test_a_query_has_at_most_eight_words(self):
        assert rules.prefix_query("a b c d e f g h i j").count("&") == 7

    @given(st.text())
    def test_what_is_asked_is_cut_into_the_same_words_as_what_is_told(self, text):
        told = rules.searchable(text).split(" ")
        asked = re.findall(r"'(\w+)':\*", rules.prefix_query(text))
        assert asked == [word for word in told if word][: rules.MOST_WORDS]


@pytest.mark.parametrize(
    ("location", "city"),
    [
        ("Konzerthaus, Berlin", "Berlin"), ("Messe, Halle 3,  Köln ", "Köln"), ("Berlin", "Berlin"),
        ("Konzerthaus, Berlin, ", "Berlin"), ("Café,Paris", "Paris"), (",", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_city_stands_after_the_last_comma(location, city):
    assert rules.city(location) == city


def test_the_most_frequent_names_come_first_each_in_its_usual_spelling():
    counted = [("b", 2), ("B", 3), ("a", 4), ("", 9), ("c", 1), ("C", 1)]
    assert rules.most_frequent(counted, str.upper, 3) == [("B", 5), ("a", 4), ("C", 2)]
    assert rules.most_frequent(counted, str.upper, 1) == [("B", 5)]
    assert rules.most_frequent([], str.upper, 1) == []
