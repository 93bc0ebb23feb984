"""Every page and where it is. The API's paths are others, so both share one address."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from frontrow.chassis.refusals import NotFound
from frontrow.web import (
    account,
    attendees,
    booking,
    bookings,
    calendar,
    cancelling,
    checkout,
    editing,
    event,
    home,
    leaving,
    notifications,
    organize,
    paying,
    recovery,
    refunding,
    reviews,
    sales,
    signing,
    sitemap,
    styleguide,
    telling,
    two_factor,
)
from frontrow.web.page import page

pages = [
    path("", home.home, name="home"),
    path("e/<uuid:event_id>/checkout", checkout.checkout, name="checkout"),
    path("e/<uuid:event_id>/book", checkout.book, name="book"),
    path("e/<uuid:event_id>/review", reviews.review, name="review"),
    path("my/bookings", bookings.bookings, name="bookings"),
    path("my/bookings/<uuid:booking_id>", booking.booking, name="booking"),
    path("my/bookings/<uuid:booking_id>/pay", paying.pay, name="pay"),
    path("my/bookings/<uuid:booking_id>/cancel", booking.cancel, name="cancel"),
    path("my/notifications", notifications.notifications, name="notifications"),
    path("my/notifications/read", notifications.read, name="read"),
    path("my/notifications/<uuid:notification_id>", notifications.opened, name="notification"),
    path("my/reviews", reviews.mine, name="my_reviews"),
    path("signin", signing.signin, name="signin"),
    path("signin/code", signing.signin_code, name="signin_code"),
    path("signin/forgotten", recovery.forgotten, name="forgotten"),
    path("signin/new-password", recovery.new_password, name="new_password"),
    path("signup", signing.signup, name="signup"),
    path("signout", signing.signout, name="signout"),
    path("language", signing.language, name="language"),
    path("account", account.account, name="account"),
    path("account/confirm", recovery.confirm, name="confirm"),
    path("account/confirm-anew", recovery.confirm_anew, name="confirm_anew"),
    path("account/two-factor", two_factor.two_factor, name="two_factor"),
    path("account/signout-everywhere", account.signout_everywhere, name="signout_everywhere"),
    path("account/data", leaving.data, name="data"),
    path("account/delete", leaving.delete, name="delete_account"),
    path("found", home.found, name="found"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("robots.txt", sitemap.robots, name="robots"),
    path("e/<uuid:event_id>", event.event, name="event-by-id"),
    path("e/<uuid:event_id>/left", event.left, name="event-left"),
    path("e/<uuid:event_id>/reviews", event.reviews, name="event-reviews"),
    path("e/<uuid:event_id>/calendar.ics", calendar.calendar, name="event-calendar"),
    path("e/<uuid:event_id>/<str:name>", event.event, name="event"),  # the last of its kind: any name
    path("organize", organize.organize, name="organize"),
    path("organize/new", editing.new_event, name="new_event"),
    path("organize/preview", editing.preview_event, name="preview_event"),
    path("organize/<uuid:event_id>", sales.organized, name="organized"),
    path("organize/<uuid:event_id>/edit", editing.edit_event, name="edit_event"),
    path("organize/<uuid:event_id>/publish", organize.publish, name="publish"),
    path("organize/<uuid:event_id>/people", attendees.people, name="people"),
    path("organize/<uuid:event_id>/people.csv", attendees.people_table, name="people_table"),
    path(
        "organize/<uuid:event_id>/bookings/<uuid:booking_id>",
        refunding.organized_booking,
        name="organized_booking",
    ),
    path("organize/<uuid:event_id>/message", telling.message, name="message"),
    path("organize/<uuid:event_id>/reviews", telling.organized_reviews, name="organized_reviews"),
    path("organize/<uuid:event_id>/cancel", cancelling.cancel_event, name="cancel_event"),
    path("styleguide", styleguide.styleguide, name="styleguide"),
    path("styleguide/<int:status>", styleguide.error, name="styleguide-error"),
]

urlpatterns = [path("", include((pages, "web")))]


@page(post=True)
def nowhere(request: HttpRequest) -> HttpResponse:
    """An address that is nobody's."""
    raise NotFound
