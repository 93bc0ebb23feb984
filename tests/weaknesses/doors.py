"""Deliberate defects at the doors: encoding, validation, the pages, the API, and files (V1 to V5 of docs/security.md)."""

from tests.defects import (
    BOOKINGS,
    CHASSIS,
    EVENTS,
    NOTIFICATIONS,
    USERS,
    WEB,
    Defect,
    bookings,
    chassis,
    money,
    users,
)

REVIEWS = "frontrow/services/reviews"
TEMPLATES, LETTER = f"{WEB}/templates/web", f"{NOTIFICATIONS}/templates/notifications/letter.html"


def events(*names: str) -> tuple[str, ...]:
    return tuple(f"{EVENTS}/tests/{name}" for name in names)


def letters(*names: str) -> tuple[str, ...]:
    return tuple(f"{NOTIFICATIONS}/tests/test_letter.py::{name}" for name in names)


def web(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/web/{name}" for name in names)


def house(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/house/{name}" for name in names)


def gateway(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/gateway/{name}" for name in names)


def answers(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/security/test_answers.py::{name}" for name in names)


def operators(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/operators/test_administrators.py::{name}" for name in names)


ENCODING = [
    Defect(
        "a path with two readings is let through", "gateway/requests.conf",
        "|%5c|%25)\" 1;",
        '|%5c|%25)" "";',
        gateway("test_routes.py::test_a_path_that_two_may_read_differently_is_read_by_none"),
    ),
    Defect(
        "what is said in a review is taken for HTML", f"{TEMPLATES}/parts/reviews_more.html",
        '<p class="said">{{ review.comment }}</p>',
        '<p class="said">{{ review.comment|safe }}</p>',
        (*house("test_dangerous.py::test_text_is_called_html_only_where_it_is_ours"),
         "tests/browser/test_browsing.py::test_what_people_wrote_stays_text"),
    ),
    Defect(
        "an icon's label is taken for HTML", f"{WEB}/templatetags/web.py",
        """format_html('role="img" aria-label="{}"', label)""",
        """SafeString(f'role="img" aria-label="{label}"')""",
        house("test_dangerous.py::test_text_is_called_html_only_where_it_is_ours"),
    ),
    Defect(
        "a title in a mail is taken for HTML", LETTER,
        ">{{ event.title }}</p>",
        ">{{ event.title|safe }}</p>",
        letters("test_html_of_others_stays_text"),
    ),
    Defect(
        "an address of another host is a page of ours", f"{WEB}/page.py",
        "\n        and url_has_allowed_host_and_scheme(address, allowed_hosts=None)",
        "",
        web("test_page.py::test_nobody_is_led_elsewhere", "test_signing.py::test_nobody_is_led_elsewhere"),
    ),
    Defect(
        "who signs in is led wherever a link says", f"{WEB}/signing.py",
        'to = safe_next(request.POST.get("next") or request.GET.get("next", ""))',
        'to = request.POST.get("next") or request.GET.get("next") or "/"',
        web("test_signing.py::test_nobody_is_led_elsewhere"),
    ),
    Defect(
        "a title hides a part of its event", f"{WEB}/templatetags/web.py",
        'return f"{words}-event" if words in PARTS else words',
        "return words",
        web("test_event.py::test_no_title_hides_a_part_of_an_event"),
    ),
    Defect(
        "a title ends the script that it stands in", f"{WEB}/described.py",
        "mark_safe(told.translate(ESCAPES))",
        "mark_safe(told)",
        web("test_event.py::test_machines_read_the_event_too"),
    ),
    Defect(
        "what an operator looks for is a part of the statement", f"{CHASSIS}/admin.py",
        "return (queryset.filter(reduce(or_, wanted)) if wanted else queryset.none()), False",
        "return queryset.extra(where=[f\"'{sought}' <> ''\"]), False",
        (*house("test_dangerous.py::test_statements_are_written_down_and_values_passed_beside_them"),
         *chassis("test_admin.py::test_anything_can_be_searched")),
    ),
    Defect(
        "an id is a part of the statement", f"{BOOKINGS}/erasing.py",
        "cursor.execute(LOCK, [str(user_id)])",
        "statement = LOCK.replace('%s', f\"'{user_id}'\")\n        cursor.execute(statement)",
        house("test_dangerous.py::test_statements_are_written_down_and_values_passed_beside_them"),
    ),
    Defect(
        "what serves people runs programs", f"{EVENTS}/image.py",
        "import io\n",
        "import io\nimport subprocess\n",
        house("test_dangerous.py::"
              "test_what_serves_people_imports_nothing_that_runs_or_trusts_their_words"),
    ),
    Defect(
        "what serves people reads objects of theirs", f"{CHASSIS}/cursors.py",
        "import json\n",
        "import json\nimport pickle\n",
        house("test_dangerous.py::"
              "test_what_serves_people_imports_nothing_that_runs_or_trusts_their_words"),
    ),
    Defect(
        "what serves people reads XML of theirs", f"{WEB}/covers.py",
        "import math\n",
        "import math\nfrom xml.etree import ElementTree\n",
        house("test_dangerous.py::"
              "test_what_serves_people_imports_nothing_that_runs_or_trusts_their_words"),
    ),
    Defect(
        "a cursor is run", f"{CHASSIS}/cursors.py",
        "json.loads(base64.urlsafe_b64decode(cursor))",
        "eval(base64.urlsafe_b64decode(cursor))",
        house("test_dangerous.py::test_no_words_are_run"),
    ),
    Defect(
        "what is looked for may be a pattern", f"{EVENTS}/rules.py",
        'WORD = re.compile(r"\\w+")',
        'WORD = re.compile(r"\\S+")',
        events("test_search.py::TestWords::test_what_holds_no_word_of_ours_finds_nothing"),
    ),
    Defect(
        "any format that can be decoded is an image", f"{EVENTS}/image.py",
        "Image.open(io.BytesIO(upload), formats=list(MOST_DECODED))",
        "Image.open(io.BytesIO(upload))",
        events("test_image.py::test_what_is_no_such_image_is_refused"),
    ),
    Defect(
        "a mail fetches a picture", LETTER,
        'style="text-decoration:none">front<span',
        'style="text-decoration:none"><img src="{{ site }}/static/web/favicon.svg" alt="">front<span',
        letters("test_nothing_is_fetched_from_anywhere"),
    ),
    Defect(
        "a cover is fetched from where somebody says", f"{EVENTS}/covering.py",
        "    return bytes(kept.content)\n",
        "    import httpx\n\n    return httpx.get(bytes(kept.content).decode()).content\n",
        house("test_dangerous.py::test_only_addresses_that_are_settings_are_asked"),
    ),
    Defect(
        "people's words are a part of a memory's key", f"{CHASSIS}/limits.py",
        'return f"limit:{self.name}:{digest}:{part}"',
        'return f"limit:{self.name}:{key}:{part}"',
        chassis("test_limits.py::test_any_key_can_be_counted"),
    ),
    Defect(
        "a subject of several lines is one of a mail", f"{NOTIFICATIONS}/letter.py",
        'subject=" ".join(shown["words"].subject.split()),',
        'subject=shown["words"].subject,',
        letters("test_a_header_cannot_be_broken"),
    ),
    Defect(
        "a number has no range", f"{CHASSIS}/schemas.py",
        "        yield Interval(ge=self.least, le=self.most)\n",
        "",
        chassis("test_schemas.py::test_anything_else_is_no_whole_number_of_that_range"),
    ),
    Defect(
        "of a key that stands twice the last one counts", f"{CHASSIS}/api.py",
        "object_pairs_hook=_unique_keys",
        "object_pairs_hook=dict",
        chassis("test_api.py::test_what_is_no_json_is_refused"),
    ),
]  # fmt: skip

VALIDATION = [
    Defect(
        "a limit of the API is another than its document tells", f"{USERS}/bodies.py",
        "display_name: Annotated[str, Line(1, 100)]",
        "display_name: Annotated[str, Line(1, 1000)]",
        ("tests/contracts/test_http.py::test_what_is_written_is_what_is_served",),
    ),
    Defect(
        "a setting does not say what it means", f"{CHASSIS}/environment.py",
        '"Frontrow <tickets@localhost>", description="Sender of all mail"',
        '"Frontrow <tickets@localhost>"',
        house("test_environment.py::test_every_setting_says_what_it_means"),
    ),
    Defect(
        "an account passes over what it does not know", f"{USERS}/bodies.py",
        "class ProfileIn(In):\n",
        'class ProfileIn(In):\n    model_config = {"extra": "ignore"}\n\n',
        ("tests/security/test_mass_assignment.py::"
         "test_no_field_of_a_table_is_taken_that_a_schema_does_not_know",),
    ),
    Defect(
        "a document says that anything may be sent", "contracts/http/reviews.json",
        '"AnswerIn": {\n        "additionalProperties": false,',
        '"AnswerIn": {\n        "additionalProperties": true,',
        ("tests/contracts/test_http.py::test_requests_are_closed",),
    ),
    Defect(
        "a username may be of anything", f"{USERS}/bodies.py",
        'pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{2,29}$"',
        'pattern=r"^.{3,30}$"',
        users("test_api.py::test_a_wrong_field_of_a_registration_is_named"),
    ),
    Defect(
        "an event may end before it begins", f"{EVENTS}/rules.py",
        '    if end <= start:\n        found.append(Wrong("endDate", "must be after date"))\n',
        "",
        events("test_rules.py::TestWhatIsWrong::test_a_time_that_cannot_be_is_named"),
    ),
    Defect(
        "a hold that lapsed is paid", f"{BOOKINGS}/paying.py",
        "        if not rules.is_due(booking.status, booking.expires_at, now):\n"
        "            raise NothingDue(WHY_NOTHING[booking.status])\n",
        "",
        money("test_pay.py::test_a_lapsed_hold_is_not_paid"),
    ),
    Defect(
        "an event is reviewed before it is over", f"{REVIEWS}/attendance.py",
        "    if not rules.is_over(event.end_date, now):\n        raise EventNotOver\n",
        "",
        (f"{REVIEWS}/tests/test_write.py::TestRefusals::"
         "test_an_event_is_reviewed_when_it_ends_and_not_a_moment_before",),
    ),
    Defect(
        "one person holds any number of places", f"{BOOKINGS}/migrations/hold_v2.sql",
        "WHEN has.holds >= open_holds THEN 'limit_reached'",
        "WHEN false THEN 'limit_reached'",
        bookings("test_hold.py::test_a_person_may_have_ten_open_holds_over_all_events"),
    ),
    Defect(
        "an account is there before anybody is told", f"{USERS}/user.py",
        "            messages.user_registered(user)\n",
        "        messages.user_registered(user)\n",
        users("test_register.py::test_without_the_message_there_is_no_account"),
    ),
    Defect(
        "one address writes as often as it likes", "gateway/gateway.sh",
        '"writes \\$writing ',
        '"writes \\$fetching ',
        gateway("test_limits.py::test_writing_has_a_limit_of_its_own"),
    ),
    Defect(
        "one address books as often as it likes", "gateway/gateway.sh",
        'at_most writes "$GATEWAY_WRITE_RATE"',
        ":",
        gateway("test_limits.py::test_writing_has_a_limit_of_its_own"),
    ),
]  # fmt: skip

PAGES = [
    Defect(
        "whatever is answered may load what a page may", f"{CHASSIS}/middleware.py",
        "PAGE_POLICY if page else POLICY",
        "PAGE_POLICY",
        chassis("test_middleware.py::test_an_answer_that_is_no_page_may_load_nothing"),
    ),
    Defect(
        "a ticket's name is taken for HTML", f"{TEMPLATES}/parts/event_row.html",
        '<p class="name">{{ row.kind.name }}</p>',
        '<p class="name">{{ row.kind.name|safe }}</p>',
        ("tests/browser/test_browsing.py::"
         "test_what_people_call_themselves_and_their_tickets_stays_text_wherever_it_stands",),
    ),
    Defect(
        "the session's cookie may come from another host", f"{WEB}/session.py",
        'return "__Host-frontrow" if is_secure(request) else "frontrow"',
        'return "frontrow"',
        web("test_session.py::test_the_cookie_is_bound_to_its_host_where_nobody_can_listen"),
    ),
    Defect(
        "the admin's cookies go over plain http", "frontrow/settings.py",
        'SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"',
        "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False",
        operators("test_cookies_are_secure_where_people_come_by_https"),
    ),
    Defect(
        "the admin's cookies come along from anywhere", "frontrow/settings.py",
        'SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"',
        'SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "None"',
        operators("test_cookies_are_for_the_admin_alone_and_no_script_reads_them"),
    ),
    Defect(
        "scripts read the admin's cookies", "frontrow/settings.py",
        "SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True",
        "SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = False",
        operators("test_cookies_are_for_the_admin_alone_and_no_script_reads_them"),
    ),
    Defect(
        "scripts read the session's cookie", f"{WEB}/session.py",
        'secure=secure, httponly=True, samesite="Lax"',
        'secure=secure, samesite="Lax"',
        web("test_session.py::test_pages_hand_on_the_new_tokens_and_drop_what_is_over"),
    ),
    Defect(
        "scripts read the cookie of the language", f"{WEB}/signing.py",
        'httponly=True, samesite="Lax",',
        'samesite="Lax",',
        web("test_signing.py::test_a_language_is_remembered_by_the_browser_and_the_account"),
    ),
    Defect(
        "browsers forget https within a minute", "gateway/upstreams.conf",
        'on "max-age=31536000";',
        'on "max-age=60";',
        gateway("test_tls.py::test_browsers_are_told_to_stay_with_https"),
    ),
    Defect(
        "pages of other origins may read us", f"{CHASSIS}/middleware.py",
        'SAFE = {\n',
        'SAFE = {\n    "Access-Control-Allow-Origin": "*",\n',
        answers("test_a_page_of_another_origin_is_told_nothing"),
    ),
    Defect(
        "scripts within a page are run", f"{CHASSIS}/middleware.py",
        "\"default-src 'self'; img-src",
        "\"default-src 'self' 'unsafe-inline'; img-src",
        answers("test_no_answer_may_be_sniffed_framed_or_kept_unless_it_is_for_everybody"),
    ),
    Defect(
        "a page may stand in another's frame", f"{CHASSIS}/middleware.py",
        "\n    \" frame-ancestors 'none'\"\n",
        "\n",
        answers("test_no_answer_may_be_sniffed_framed_or_kept_unless_it_is_for_everybody"),
    ),
    Defect(
        "browsers guess what an answer is", f"{CHASSIS}/middleware.py",
        '    "X-Content-Type-Options": "nosniff",\n',
        "",
        (*chassis("test_middleware.py::test_every_answer_has_safe_headers"),
         *answers("test_no_answer_may_be_sniffed_framed_or_kept_unless_it_is_for_everybody")),
    ),
    Defect(
        "behind the gateway browsers guess what an answer is", "gateway/said.conf",
        "add_header X-Content-Type-Options nosniff always;\n",
        "",
        gateway("test_headers.py::test_what_all_answers_say_is_said_once_whatever_a_service_says"),
    ),
    Defect(
        "a service says of itself whether its pages may be framed", "gateway/upstreams.conf",
        "proxy_hide_header X-Frame-Options;\n",
        "",
        gateway("test_headers.py::test_what_all_answers_say_is_said_once_whatever_a_service_says"),
    ),
    Defect(
        "others learn where people come from", f"{CHASSIS}/middleware.py",
        '    "Referrer-Policy": "same-origin",\n',
        "",
        (*chassis("test_middleware.py::test_every_answer_has_safe_headers"),
         *answers("test_no_answer_may_be_sniffed_framed_or_kept_unless_it_is_for_everybody")),
    ),
    Defect(
        "the admin takes forms from anywhere", f"{CHASSIS}/administration.py",
        "        return super().__call__(request)\n",
        "        request._dont_enforce_csrf_checks = True\n        return super().__call__(request)\n",
        operators("test_a_form_from_elsewhere_is_refused"),
    ),
    Defect(
        "a token counts in an address as well", f"{CHASSIS}/auth.py",
        '    """Requires an access token."""\n',
        '    """Requires an access token."""\n\n'
        "    def __call__(self, request):\n"
        '        token = request.GET.get("token")\n'
        "        return verify(token) if token else super().__call__(request)\n",
        chassis("test_auth.py::test_a_token_counts_in_the_header_only"),
    ),
    Defect(
        "to look at the list marks all as read", f"{WEB}/notifications.py",
        '    only = {"unread": "true"}',
        '    _read(request, None)\n    only = {"unread": "true"}',
        answers("test_to_read_changes_nothing"),
    ),
    Defect(
        "places are held by a script only", f"{TEMPLATES}/checkout.html",
        '<form method="post" action="/e/{{ event.eventId }}/book"',
        '<form method="post" hx-post="/e/{{ event.eventId }}/book"',
        ("tests/browser/test_booking.py::test_the_main_path_without_a_script",),
    ),
]  # fmt: skip

API = [
    Defect(
        "a table says not in which encoding it is", f"{WEB}/attendees.py",
        'content_type="text/csv; charset=utf-8"',
        'content_type="text/csv"',
        answers("test_an_answer_says_what_it_is_and_in_which_encoding"),
    ),
    Defect(
        "with a certificate http is served as before", "gateway/gateway.sh",
        'include own_answers.conf;"\n    echo "    location / { return 308 $public\\$request_uri; } }"',
        'include routes.conf; }"',
        gateway("test_tls.py::test_the_plain_port_leads_to_https_and_asks_nobody"),
    ),
    Defect(
        "anybody says from which address they come", f"{CHASSIS}/middleware.py",
        "if from_gateway(request) or (told and from_service(request)):",
        "if told:",
        chassis("test_middleware.py::test_no_header_that_a_client_can_send_is_believed"),
    ),
    Defect(
        "a method that nobody knows reads", f"{CHASSIS}/middleware.py",
        "        response = self.get_response(request)\n        if response.status_code != 405",
        '        if request.method not in METHODS:\n            request.method = "GET"\n'
        "        response = self.get_response(request)\n        if response.status_code != 405",
        chassis("test_api.py::test_a_wrong_method_is_told_the_right_ones"),
    ),
    Defect(
        "what cannot be read is answered by a page of nginx", "gateway/problems.conf",
        "error_page 400 404 405",
        "error_page 404 405",
        gateway("test_problems.py::test_what_nginx_cannot_read_is_refused_in_the_same_form",
                "test_problems.py::test_a_body_of_two_lengths_is_handed_to_nobody",
                "test_routes.py::test_a_path_that_leads_out_of_the_root_is_a_bad_request"),
    ),
]  # fmt: skip

FILES = [
    Defect(
        "a cover may be of any size", f"{EVENTS}/covering.py",
        "        if len(self.content) + len(raw_data) > MOST_BYTES:\n            raise ImageTooLarge\n",
        "",
        events("test_cover.py::test_ten_mebibytes_are_taken_and_no_byte_more"),
    ),
    Defect(
        "an image is worked on as a whole", f"{EVENTS}/image.py",
        "STRIP = 64 ",
        "STRIP = 64_000 ",
        events("test_image.py::test_the_largest_images_take_little_memory_and_give_it_back"),
    ),
    Defect(
        "a bomb is seen when it is decoded", f"{EVENTS}/image.py",
        "    if decoded > MOST_DECODED[kind]:\n        raise ImageTooLarge\n",
        "",
        events("test_image.py::test_a_bomb_is_refused_by_its_header"),
    ),
    Defect(
        "a cover keeps what its file says besides", f"{EVENTS}/image.py",
        "    large = _middle(_opened(upload))\n",
        "    opened = _opened(upload)\n    large = _middle(opened)\n"
        "    large.info.update(opened.image.info)\n",
        events("test_image.py::test_nothing_of_the_file_but_its_pixels_is_kept"),
    ),
    Defect(
        "an address names any column of a cover", f"{EVENTS}/cover.py",
        "    if size not in SIZES:\n        raise NotFound\n",
        "",
        events("test_cover.py::test_at_any_other_address_there_is_nothing"),
    ),
    Defect(
        "a cover is shown at any address of its event", f"{EVENTS}/cover.py",
        "if found is None or found[0] != digest:",
        "if found is None:",
        events("test_cover.py::test_at_any_other_address_there_is_nothing"),
    ),
]  # fmt: skip

DOORS = [*ENCODING, *VALIDATION, *PAGES, *API, *FILES]
