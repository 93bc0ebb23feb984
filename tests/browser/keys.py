"""Going through a page as who has a keyboard only."""

from playwright.sync_api import Page

NAMED = """() => {
  const here = document.activeElement, heard = here.cloneNode(true);
  for (const each of heard.querySelectorAll("[aria-hidden=true]")) each.remove();
  const said = [here.getAttribute("aria-label"), heard.textContent, here.labels?.[0]?.textContent];
  return said.map((each) => each?.trim());
}"""


def tab_until(page: Page, reached: str, most: int = 60) -> None:
    """Press Tab until something, in JavaScript, holds of the page."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(reached):
            return
    raise AssertionError(f"{reached} is out of reach")


def reach(page: Page, name: str, most: int = 80) -> None:
    """Press Tab until what is called so has the focus: by its text, its label, or the start of its label."""
    for _ in range(most):
        page.keyboard.press("Tab")
        label, text, named = page.evaluate(NAMED)
        if name in {label, text} or (named or "").startswith(name):
            return
    raise AssertionError(f"{name} is out of reach")


def press(page: Page, name: str) -> None:
    """Reach it, and press Enter."""
    reach(page, name)
    page.keyboard.press("Enter")


def write(page: Page, name: str, words: str) -> None:
    """Reach a field and write there what it is to hold."""
    reach(page, name)
    page.keyboard.press("Control+A")
    page.keyboard.type(words)
