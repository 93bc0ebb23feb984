"""What holds for each page: nobody is kept out, nothing complains, nothing jumps, nothing is heavy."""

from contextlib import ExitStack, closing, contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import barriers, sized
from tests.journeys.traveller import Traveller
from tests.pages import Shown, Stage, stage

from .conftest import Watched, sign_in

HEAVY = 150 * 1024  # bytes of a page and all it loads, but images
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => resolve(sum), 50));
})"""
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((entry) => !/\\.(jpg|svg)(\\?|$)/.test(entry.name))
  .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
UNSEEN = """() => {
  const ring = (style) => [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor].join();
  const hidden = [];
  for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!element.checkVisibility() || element.disabled) continue;
    element.blur();
    const places = [element, element.parentElement, element.closest("label")].filter(Boolean);
    const rings = () => [...places.map((place) => getComputedStyle(place)), getComputedStyle(element, "::after")].map(ring).join();
    const before = rings();
    element.focus({ focusVisible: true });
    if (document.activeElement !== element) hidden.push("not reached: " + element.outerHTML.slice(0, 150));
    else if (rings() === before)
      hidden.push("no ring: " + element.outerHTML.slice(0, 150));
  }
  return hidden;
}"""

CONTRAST = "color-contrast"
UNFOLD = "for (const each of document.querySelectorAll('main details')) each.open = true"
PAINTED = """() => new Promise((resolve) => {
  const look = () => (document.getAnimations().some((each) => each.playState === "running") ? setTimeout(look, 20) : resolve());
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(look, 100)));
})"""
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
STOPS = """() => {
  window.stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((each) => each.checkVisibility() && !each.disabled && each.type !== "hidden" && each.tabIndex >= 0)
    .filter((each) => each.type !== "radio" || each.checked || !document.querySelector(`[name="${each.name}"]:checked`));
  window.passed = new Set();
  return window.stops.length;
}"""
PASSED = """() => {
  const here = document.activeElement;
  window.passed.add(here.type === "radio" ? here.name : here);
  window.stops = window.stops.filter((each) => each.isConnected); // an endless list takes its button away
  return window.stops.filter((each) => !window.passed.has(each.type === "radio" ? each.name : each)).length;
}"""
MISSED = """() => window.stops.filter((each) => !window.passed.has(each.type === "radio" ? each.name : each))
  .map((each) => each.outerHTML.slice(0, 150))"""


@pytest.fixture(scope="module")
def on_stage(address):
    with ExitStack() as stack:
        yield stage(address, stack)


@pytest.fixture
def windows(size, browser, address, on_stage: Stage):
    with windows_of(browser, address, on_stage, size, color_scheme="light", reduced_motion="reduce") as found:
        yield found


@contextmanager
def windows_of(browser: Browser, address: str, stage: Stage, size: str, **options):
    """A window for each of the cast, and for nobody, by name."""
    with ExitStack() as stack:
        found = {}
        for who in ("nobody", *stage.cast):
            state = session(browser, address, stage.cast[who]) if who in stage.cast else None
            context = sized(browser, address, size, storage_state=state, **options)
            stack.callback(context.close)
            found[who] = Watched(context.new_page(), address)
        yield found


def session(browser: Browser, address: str, who: Traveller):
    """The cookies of somebody who has signed in, in English."""
    with closing(sized(browser, address)) as context:
        sign_in(context.new_page(), who)
        return context.storage_state()


def wrongs(page: Page, size: str) -> list[str]:
    found = []
    if shift := jump(page):
        found.append(f"jumps by {shift}")
    if moving := page.evaluate(
        "document.getAnimations().filter((each) => each.playState === 'running').length"
    ):
        found.append(f"moves in {moving} places, although less motion is asked for")
    if (weight := page.evaluate(WEIGHT)) > HEAVY:
        found.append(f"weighs {weight}")
    if (wide := page.evaluate(TOO_WIDE)) > 1:
        found.append(f"is {wide}px too wide")
    headings = page.locator("h1").count()
    if "Frontrow" not in page.title() or (headings != 1 and not page.url.endswith("/styleguide")):
        found.append(f"is called {page.title()!r} with {headings} headings")
    found += kept_out(page)
    # Neither colours nor rings depend on the size: each is looked at in one.
    return found + (kept_out_in_dark(page) if size == "phone" else page.evaluate(UNSEEN))


def jump(page: Page) -> float:
    """How far it moves by itself while it loads; what does so on a busy machine only, does not the second time."""
    if shift := page.evaluate(SHIFTS):
        page.reload()
        shift = min(shift, page.evaluate(SHIFTS))
    return shift


def kept_out(page: Page) -> list[str]:
    """Who cannot use it, with what folds laid open."""
    page.evaluate(UNFOLD)
    page.evaluate("scrollTo(0, 0)")  # from what has the focus: the bar on top may cover a part of something
    return barriers(page)


def kept_out_in_dark(page: Page) -> list[str]:
    """Who cannot read it then."""
    page.emulate_media(color_scheme="dark")
    for _ in range(3):  # a machine that is busy paints late; what is wrong stays wrong
        page.evaluate(PAINTED)
        if not (dark := barriers(page, rule=[CONTRAST])):
            break
    page.emulate_media(color_scheme="light")
    return [f"dark: {each}" for each in dark]


def told(watched: Watched, shown: Shown) -> list[str]:
    """Complaints, but of the status that a page is to have."""
    return [
        each for each in watched.complaints if shown.status == 200 or f"status of {shown.status}" not in each
    ]


def policy(answer) -> list[str]:
    """What is wrong with a page's Content-Security-Policy: nothing inline, nothing from elsewhere."""
    told = answer.headers.get("content-security-policy", "none")
    return [] if "default-src 'self'" in told and "unsafe" not in told else [f"lets in {told}"]


def test_every_page(windows, on_stage, size):
    found = {}
    for shown in on_stage.pages:
        watched = windows[shown.who]
        answer = shown.seen(watched.page)
        wrong = [*wrongs(watched.page, size), *told(watched, shown), *watched.elsewhere, *policy(answer)]
        if answer.status != shown.status:
            wrong.append(f"answers {answer.status}")
        watched.complaints.clear()
        found |= {shown.name: wrong} if wrong else {}
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())


def test_open_menus_keep_nobody_out(windows, on_stage):
    for who in ("nobody", "ben"):
        page = windows[who].page
        page.goto("/styleguide/404")
        for number, menu in enumerate(page.locator("summary:visible").all()):
            menu.click()
            assert barriers(page, inside=".top-bar") == [], (who, number)
            page.keyboard.press("Escape")


@pytest.mark.parametrize("size", ["desktop"])
def test_every_page_is_walked_by_the_tabulator(browser, address, on_stage, size):
    """Whatever can be acted on is reached by Tab, with nobody's help."""
    left = {}
    with windows_of(browser, address, on_stage, size) as windows:
        for shown in on_stage.pages:
            page = windows[shown.who].page
            shown.seen(page)
            stops = page.evaluate(STOPS)
            for _ in range(3 * stops):  # a field of date and time has several stops of its own
                page.keyboard.press("Tab")
                if page.evaluate(PASSED) == 0:
                    break
            left |= {shown.name: missed} if (missed := page.evaluate(MISSED)) else {}
    assert not left, left


@pytest.mark.parametrize("size", ["phone"])
def test_every_page_fits_the_narrowest_phone_in_the_longest_language(browser, address, on_stage, size):
    """German on 320 CSS pixels: WCAG 1.4.10 lets nothing be scrolled sideways."""
    wide = {}
    options = {"locale": "de-DE", "viewport": {"width": 320, "height": 640}}
    with windows_of(browser, address, on_stage, size, **options) as windows:
        for shown in on_stage.pages:
            page = windows[shown.who].page
            if not shown.press:  # the button has another name
                page.goto(shown.path)
                assert page.locator("html").get_attribute("lang") == "de"
                wide |= {shown.name: over} if (over := page.evaluate(TOO_WIDE)) > 1 else {}
    assert not wide, wide


def test_a_ticket_is_printed_without_what_is_for_the_screen_and_dark_on_white(windows, on_stage):
    (ticket,) = [shown for shown in on_stage.pages if shown.name == "booking_confirmed"]
    page = windows[ticket.who].page
    page.goto(ticket.path)
    page.emulate_media(media="print")
    assert page.locator(".ticket").is_visible()
    for name in (".top-bar", ".footer", ".button"):
        assert not any(each.is_visible() for each in page.locator(name).all()), name
    ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ground').trim()")
    assert ground == "#fff"
