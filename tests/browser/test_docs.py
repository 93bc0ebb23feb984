import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("service", ["users", "events", "bookings", "payments", "notifications", "reviews"])
def test_the_api_can_be_browsed_offline_and_under_our_headers(watched, service):
    page = watched.page
    answer = page.goto(f"/docs/{service}")
    assert "unsafe" not in answer.headers["content-security-policy"]
    expect(page.locator(".info .title")).to_contain_text(f"Frontrow {service}")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    assert watched.complaints == []
    assert watched.elsewhere == []


def test_the_services_are_a_click_apart(watched):
    page = watched.page
    page.goto("/docs")
    services = page.get_by_role("navigation", name="Services")
    services.get_by_role("link", name="bookings").click()
    expect(page).to_have_url(re.compile("/docs/bookings$"))
    expect(services.get_by_role("link", name="bookings")).to_have_attribute("aria-current", "page")
    expect(page.locator(".info .title")).to_contain_text("Frontrow bookings")
