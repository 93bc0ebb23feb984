"""The look keeps its promises: seen by weak eyes, in both themes, small, and without a picture that is missing."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "frontrow" / "web"
STATIC = WEB / "static" / "web"
SHEETS = ["tokens.css", "elements.css", "components.css"]  # what every page loads
MOST_BYTES = 45_000
TEXT, CONTROL = 4.5, 3.0  # WCAG 2.2 AA: 1.4.3 and 1.4.11
GROUNDS = ["ground", "surface", "raised", "sunken"]
WORDS = ["ink", "quiet", "accent", "accent-strong", "good", "warn", "bad"]
READ = [
    *((word, ground) for word in WORDS for ground in GROUNDS),
    *((tone, f"{tone}-soft") for tone in ("accent", "good", "warn", "bad")),
    *((word, f"{tone}-soft") for word in ("ink", "quiet") for tone in ("accent", "good", "warn", "bad")),
    *(("on-fill", fill) for fill in ("fill", "fill-strong")),
    ("ground", "bad"),
    ("ground", "ink"),
]
SEEN = [(mark, ground) for mark in ("edge", "gold", "fill", "focus") for ground in GROUNDS]

both_themes = pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])


def colours(theme: int) -> dict[str, str]:
    """The colour of each role; one without themes has the same in both."""
    rules = (STATIC / "tokens.css").read_text().split(":root[data-theme")[0]
    pairs = re.findall(r"--([a-z-]+): (?:light-dark\((#\w{6}), (#\w{6})\)|(#\w{6}));", rules)
    return {name: same or (light, dark)[theme] for name, light, dark, same in pairs}


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 to 1, as WCAG 2.2 reckons."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    dim, bright = sorted(luminance(colour) for colour in (one, other))
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@both_themes
@pytest.mark.parametrize(("least", "pairs"), [(TEXT, READ), (CONTROL, SEEN)], ids=["text", "controls"])
def test_what_is_to_be_read_or_found_stands_out(theme, least, pairs):
    role = colours(theme)
    faint = {(a, b): round(contrast(role[a], role[b]), 2) for a, b in pairs}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < least} == {}


def test_the_styles_of_every_page_are_small_and_fetch_nothing():
    sheets = "".join((STATIC / name).read_text() for name in SHEETS)
    assert len(sheets.encode()) <= MOST_BYTES
    assert [found for found in re.findall(r"url\(\"?([^)]{5})|@import", sheets) if found != "data:"] == []


def test_every_picture_that_a_template_names_is_in_the_sprite():
    sprite = set(re.findall(r'symbol id="([a-z-]+)"', (STATIC / "icons.svg").read_text()))
    pages = [path.read_text() for path in (WEB / "templates").rglob("*.html")]
    named = {name for page in pages for name in re.findall(r'{% icon "([^"]+)"', page)}
    named |= {name for page in pages for name in re.findall(r'picture="([^"]+)"', page)}
    assert len(named) > 10
    assert named - sprite == set()


def test_templates_hold_nothing_that_the_policy_refuses():
    pages = {path.name: path.read_text() for path in (WEB / "templates").rglob("*.*")}
    refused = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(\ssrc=|application/(ld\+)?json))"
    )
    assert [name for name, page in pages.items() if refused.search(page)] == []


def test_the_style_guide_shows_every_part(visit):
    answer = visit().get("/styleguide")
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert [part for part in ("event-card", "ticket-type", "countdown", "histogram", "phone-bar", "empty")
            if f'class="{part}' not in shown and f' {part}"' not in shown] == []  # fmt: skip


def test_the_style_guide_is_for_who_develops_only(visit, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"public_url": "https://tickets.example"})
    assert visit().get("/styleguide").status_code == 404
