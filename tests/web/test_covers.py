"""A cover is the same each time, small, whole, and drawn in its own colours."""

import re

from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from frontrow.web import covers

MOST_BYTES = 3000
CATEGORIES = [*covers.MOODS, "Concerts", "knitting", ""]
OUTLINE = re.compile(r"(M-?\d+ -?\d+([hvHVLlqtaA]-?\d+([ -]-?\d+)*)+z)+")

some_events = given(st.uuids().map(str), st.sampled_from(CATEGORIES))


def drawn(art: covers.Art) -> str:
    return render_to_string("web/parts/cover.svg", {"art": art})


@some_events
def test_a_cover_is_the_same_each_time_whatever_the_title_becomes(event_id, category):
    assert covers.art(event_id, "An evening", category) == covers.art(event_id, "A night", category)


@some_events
def test_every_cover_is_small_and_names_nothing_that_another_could_clash_with(event_id, category):
    svg = drawn(covers.art(event_id, "", category))
    assert len(svg) < MOST_BYTES
    assert not re.search(r"\bid=|url\(|style=|<text|<script", svg)


@some_events
def test_every_shape_is_a_closed_outline_in_a_colour_of_one_palette(event_id, category):
    art = covers.art(event_id, "", category)
    palettes, _ = covers.MOODS.get(category.lower().removesuffix("s"), covers.OTHER)
    assert [palette for palette in palettes if {art.ground, *(s.fill for s in art.shapes)} <= set(palette)]
    assert art.shapes
    assert [shape.outline for shape in art.shapes if not OUTLINE.fullmatch(shape.outline)] == []


def test_events_differ():
    arts = {covers.art(str(number), "", "concert") for number in range(200)}
    assert len(arts) > 190


def test_without_an_id_the_title_decides():
    assert covers.art("", "An evening", "film") == covers.art("", "An evening", "film")
    assert covers.art("", "An evening", "film") != covers.art("", "Another evening", "film")


def test_a_category_is_known_in_any_case_and_number():
    assert covers.art("1", "", " Concerts ") == covers.art("1", "", "concert")


def test_no_language_changes_a_number_of_a_drawing():
    art = covers.art("3", "", "concert")
    with translation.override("de"):
        german = drawn(art)
    assert german == drawn(art)
    assert 'opacity="0.' in german
