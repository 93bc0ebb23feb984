"""Mails as people see them: nothing sticks out, nothing is fetched, everything can be read."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.conf import settings
from django.utils import translation

from frontrow.chassis.ids import new_id
from frontrow.services.notifications.letter import letter
from frontrow.services.notifications.models import Notification
from frontrow.services.notifications.tests.stage import FACTS, TOLD
from frontrow.services.notifications.words import words

NOW = datetime(2030, 4, 1, 10, tzinfo=UTC)
LONG = "مساء 🎻 Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft <b>"
CONTRAST = """() => {
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("h1, p, td, a, span")].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
  return texts.map((e) => {
    const [a, b] = [light(parts(getComputedStyle(e).color).slice(0, 3)), light(ground(e))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim()];
  }).filter(([ratio]) => ratio < 4.5);
}"""


def html(kind, language="en"):
    facts = {**FACTS[kind], "event": {**TOLD, "title": LONG, "version": 1, "status": "published"}}
    found = Notification(kind=kind, facts=facts, subject=words(kind, facts).subject, user_id=new_id())
    with translation.override(language):
        return letter(found, "ben@example.org", LONG, [], NOW).alternatives[0].content


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 760])
def test_every_mail_fits_and_can_be_read_and_asks_nothing_of_the_network(browser, scheme, width):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    for kind, (language, _) in product(FACTS, settings.LANGUAGES):
        page.set_content(html(kind, language))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (kind, language)
        assert page.evaluate(CONTRAST) == [], (kind, language)
        assert page.get_by_role("heading", level=1).is_visible()
        assert page.locator(".button a").is_visible()
    assert asked == []
    context.close()
