"""Deliberate defects, one for each guard that must not go: `make mutants` sees that the tests notice each."""

from dataclasses import dataclass

BOOKINGS, PAYMENTS = "frontrow/services/bookings", "frontrow/services/payments"
USERS, WEB = "frontrow/services/users", "frontrow/web"
EVENTS, NOTIFICATIONS, CHASSIS = (
    "frontrow/services/events",
    "frontrow/services/notifications",
    "frontrow/chassis",
)
HOLD = f"{BOOKINGS}/migrations/hold_v4.sql"
PEOPLE = """hashtextextended(user_id::text, 0) AS person
        FROM unnest(user_ids, outcomes) AS ask (user_id, outcome) WHERE outcome IS NULL"""


@dataclass(frozen=True, slots=True)
class Defect:
    """A text that stands once in a file, what is put in its place, and the tests that must then fail."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


def money(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/money/{name}" for name in names)


def bookings(*names: str) -> tuple[str, ...]:
    return tuple(f"{BOOKINGS}/tests/{name}" for name in names)


def users(*names: str) -> tuple[str, ...]:
    return tuple(f"{USERS}/tests/{name}" for name in names)


def chassis(*names: str) -> tuple[str, ...]:
    return tuple(f"{CHASSIS}/tests/{name}" for name in names)


SELLING = [
    Defect(
        "more is sold than there is, but for the constraint", HOLD,
        "        IF plenty THEN",
        "        IF true THEN",
        bookings("test_hold.py::test_what_is_sold_out_is_refused_and_leaves_no_trace"),
    ),
    Defect(
        "no constraint on an event's stock", f"{BOOKINGS}/migrations/0001_initial.py",
        "models.Q(('taken__lte', models.F('capacity'))), name='bookings_event_not_oversold'",
        "models.Q(('taken__gte', 0)), name='bookings_event_not_oversold'",
        bookings("test_constraints.py::test_no_stock_can_be_oversold_or_negative"),
    ),
    Defect(
        "a booking's idempotency key is not looked for", HOLD,
        "AND twin.idempotency_key = ask.key\n            CROSS JOIN",
        "AND twin.idempotency_key = ask.key AND false\n            CROSS JOIN",
        bookings("test_hold.py::TestIdempotencyKey"),
    ),
    Defect(
        "stock is locked in the order of asking", HOLD,
        ") ORDER BY event_id FOR NO KEY UPDATE",
        ") ORDER BY array_position(event_ids, event_id) FOR NO KEY UPDATE",
        bookings("test_concurrency.py::test_groups_over_the_same_events_in_different_order_do_not_deadlock"),
    ),
    Defect(
        "people are locked in the order of asking", HOLD,
        f"SELECT DISTINCT {PEOPLE} ORDER BY 1\n",
        f"SELECT {PEOPLE}\n",
        bookings("test_concurrency.py::test_groups_over_the_same_events_in_different_order_do_not_deadlock"),
    ),
    Defect(
        "who ends bookings locks them before the stock", f"{BOOKINGS}/ending.py",
        "    EventStock.objects.lock(event_id)\n    ended = some.end(status, reason, now, AT_ONCE)\n",
        "    ended = some.end(status, reason, now, AT_ONCE)\n    EventStock.objects.lock(event_id)\n",
        bookings("test_concurrency.py::test_who_ends_bookings_waits_for_the_stock_before_touching_any"),
    ),
    Defect(
        "one person's hurry passes their limit", HOLD,
        "PERFORM pg_advisory_xact_lock(person)",
        "PERFORM person",
        bookings("test_concurrency.py::test_what_one_process_decides_for_a_person_another_waits_for"),
    ),
    Defect(
        "sold out is said in spite of dead holds", HOLD,
        "THEN 'overdue' ELSE outcome END",
        "THEN outcome ELSE outcome END",
        bookings("test_concurrency.py::test_freed_places_find_their_next_owner_while_everybody_asks"),
    ),
    Defect(
        "an event is not asked for before a refusal", f"{BOOKINGS}/booking.py",
        "if answer.outcome in RESTS_ON_EVENT and",
        "if False and",
        bookings("test_door.py::test_nobody_is_refused_by_what_bookings_has_not_heard_yet"),
    ),
    Defect(
        "what ended gives its places back once more", f"{BOOKINGS}/ending.py",
        "end(event_id, some.live(), rules.CANCELLED,",
        "end(event_id, some, rules.CANCELLED,",
        bookings("test_cancel.py::test_it_says_so_once_however_often_it_is_cancelled"),
    ),
    Defect(
        "what was gone a moment ago stays gone", f"{BOOKINGS}/door.py",
        "if each.event_id in gone]",
        "if each.event_id in self.short]",
        bookings("test_fast_door.py::TestSoldOut::test_a_place_that_comes_back_is_sold_to_the_next"),
    ),
    Defect(
        "old news of an event overwrite newer ones", f"{BOOKINGS}/event.py",
        "filter(event_id=event_id, version__gte=facts[\"version\"])",
        "filter(event_id=event_id, version=facts[\"version\"])",
        bookings("test_event.py::test_news_of_an_event_may_come_in_any_order_and_twice"),
    ),
    Defect(
        "old news of stock overwrite newer ones", f"{EVENTS}/stocks.py",
        "if version < newest[event_id][\"version\"]",
        "if newest[event_id]",
        (f"{EVENTS}/tests/test_stock_copy.py::test_news_may_come_in_any_order_and_the_newest_stays",),
    ),
    Defect(
        "a process that knows no time goes by its machine", f"{CHASSIS}/clock.py",
        "    learn()\n    if _known is None:\n        return timezone.now()\n",
        "    if _known is None:\n        return timezone.now()\n",
        chassis("test_clock.py::test_a_process_that_begins_on_a_wrong_machine_asks_before_it_acts"),
    ),
    Defect(
        "a process that knows no time takes tokens by its machine", f"{CHASSIS}/clock.py",
        "    learn()\n    if _known is None:\n        return time.time()\n",
        "    if _known is None:\n        return time.time()\n",
        chassis("test_clock.py::test_in_seconds_it_is_the_same"),
    ),
    Defect(
        "a clock that jumps moves all ends", f"{CHASSIS}/clock.py",
        "    return moment + timedelta(seconds=time.clock_gettime(STEADY) - shown)\n",
        "    return timezone.now()\n",
        chassis("test_clock.py::test_a_clock_that_jumps_later_moves_nothing"),
    ),
]  # fmt: skip

PAYING = [
    Defect(
        "whatever was paid for becomes a ticket", f"{BOOKINGS}/models.py",
        "self.filter(models.Exists(on), status=HELD, expires_at__gt=now)",
        "self.filter(models.Exists(on), expires_at__gt=now)",
        bookings("test_paying.py::TestPaidLate::test_what_its_person_cancelled_stays_so_and_is_said_again"),
    ),
    Defect(
        "a late payment is a ticket without places", f"{BOOKINGS}/paying.py",
        " and _has_places(booking, now):",
        ":",
        bookings("test_paying.py::TestPaidLate"),
    ),
    Defect(
        "a late payment waits for nobody", f"{BOOKINGS}/paying.py",
        "    EventStock.objects.lock(payment.event_id)\n",
        "",
        money("test_concurrency.py::test_a_late_payment_waits_for_the_news_of_a_cancellation"),
    ),
    Defect(
        "the charge's key is another each time", f"{PAYMENTS}/models.py",
        "return Order(str(self.pk),",
        "return Order(f\"{self.pk} {new_id()}\",",
        money("test_pay.py::TestUnknownOutcomes::test_what_was_taken_without_an_answer_ends_as_a_ticket"),
    ),
    Defect(
        "charged before it is written down", f"{PAYMENTS}/payment.py",
        "    payment = draft(due, wanted, now)\n",
        "    payment = draft(due, wanted, now)\n    PROVIDER.charge(payment.order(now), print)\n",
        money("test_pay.py::TestUnknownOutcomes::test_a_crash_before_the_charge_is_no_charge",
              "test_concurrency.py::test_twenty_payments_at_once_charge_once"),
    ),
    Defect(
        "a booking may have several open payments", f"{PAYMENTS}/migrations/0001_initial.py",
        "fields=('booking_id',), name='payments_one_of_booking'",
        "fields=('payment_id',), name='payments_one_of_booking'",
        money("test_concurrency.py::test_twenty_payments_at_once_charge_once"),
    ),
    Defect(
        "a payment's idempotency key is not looked for", f"{PAYMENTS}/payment.py",
        "    if wanted.key is None:\n",
        "    if wanted:\n",
        money("test_pay.py::TestKeys"),
    ),
    Defect(
        "money that nobody wants any more is said to be paid", f"{PAYMENTS}/models.py",
        " AND paid.unwanted IS NULL\n",
        "\n",
        money("test_fast_door.py::test_one_that_nobody_wants_any_more_is_refunded_and_never_said_to_be_paid"),
    ),
    Defect(
        "a payment that changes is locked by nobody", f"{PAYMENTS}/models.py",
        "return self.select_for_update().get(payment_id=payment_id)",
        "return self.get(payment_id=payment_id)",
        money("test_concurrency.py::test_a_cancellation_waits_for_a_payment_that_is_being_captured"),
    ),
    Defect(
        "a payment in flight outlives its booking", f"{PAYMENTS}/refund.py",
        "            payment.unwanted, payment.next_at = cause, now\n",
        "            payment.next_at = now\n",
        money("test_pay.py::TestLate::test_a_payment_of_a_cancelled_booking_is_ended_at_the_bank"),
    ),
    Defect(
        "the refund's key is another each time", f"{PAYMENTS}/refund.py",
        "PROVIDER.refund(str(refund.refund_id),",
        "PROVIDER.refund(f\"{refund.refund_id} {now}\",",
        money("test_refund.py::TestWhileTheBankIsAway::test_a_lost_answer_refunds_once"),
    ),
    Defect(
        "what is granted is not counted", f"{PAYMENTS}/refund.py",
        "    payment.refunding += refund.amount\n",
        "",
        money("test_refund.py::TestByTheOrganizer"),
    ),
]  # fmt: skip

TELLING = [
    Defect(
        "what was heard is heard again", f"{CHASSIS}/listener.py",
        "[message for message in messages if message.id in marked]",
        "list(messages)",
        chassis("test_outbox.py::test_hearing_twice_is_boring"),
    ),
    Defect(
        "a message is gone before the transport has it", f"{CHASSIS}/outbox.py",
        "        if messages:\n            (publish",
        "    with transaction.atomic(durable=True):\n        if messages:\n            (publish",
        chassis("test_outbox.py::test_what_the_transport_did_not_take_stays"),
    ),
    Defect(
        "what may not wait waits behind news", f"{CHASSIS}/outbox.py",
        "WHERE type NOT IN (",
        "WHERE 'booking.cancelled.v1' IN (",
        chassis("test_outbox.py::test_while_the_processors_are_full_news_let_all_others_pass"),
    ),
    Defect(
        "news wait for as long as the processors are full", f"{CHASSIS}/outbox.py",
        "everything=clock.now() - oldest >= longest or not is_full()",
        "everything=not is_full()",
        chassis("test_outbox.py::test_news_wait_so_long_and_no_longer"),
    ),
    Defect(
        "nobody waits until the broker confirms", f"{CHASSIS}/broker.py",
        "            self._await_confirms(connection)\n",
        "",
        ("tests/broker/test_publish.py::test_a_broker_that_hangs_is_not_waited_for_long",),
    ),
    Defect(
        "acknowledged whatever became of it", f"{CHASSIS}/receiver.py",
        "            on_message=receive, on_decode_error=receive,",
        "            on_message=receive, on_decode_error=receive, no_ack=True,",
        ("tests/broker/test_hear.py::test_what_is_in_hand_is_finished_and_the_rest_is_given_back",),
    ),
    Defect(
        "a listener that fails is not heard of again", f"{CHASSIS}/handover.py",
        "            _postpone(first, fault, now)\n",
        "            first.delete()\n",
        chassis("test_outbox.py::test_a_failure_is_tried_again_later_until_it_succeeds"),
    ),
    Defect(
        "copies take over old news", f"{CHASSIS}/copies.py",
        "self.filter(pk=key, version__lt=version)",
        "self.filter(pk=key)",
        (f"{NOTIFICATIONS}/tests/test_tell.py::test_old_news_of_a_person_change_nothing",),
    ),
    Defect(
        "old news of a booking overwrite newer ones", f"{NOTIFICATIONS}/telling.py",
        "  WHERE known.version < excluded.version\n",
        "",
        (f"{NOTIFICATIONS}/tests/test_tell.py::test_in_any_order_and_repeated_it_is_the_same",),
    ),
    Defect(
        "people are told the same twice", f"{NOTIFICATIONS}/migrations/0001_initial.py",
        "fields=('user_id', 'kind', 'cause'), name='notifications_once'",
        "fields=('notification_id',), name='notifications_once'",
        (f"{NOTIFICATIONS}/tests/test_tell.py::test_a_cancellation_said_again_for_late_money_is_told_once",),
    ),
]  # fmt: skip

GUARDING = [
    Defect(
        "anybody reads a booking", f"{BOOKINGS}/booking.py",
        "filter(booking_id=booking_id, user_id=user_id).first()",
        "filter(booking_id=booking_id).first()",
        bookings("test_cancel.py::test_somebody_elses_booking_is_not_found_and_stays"),
    ),
    Defect(
        "anybody asks what is for our own services", f"{CHASSIS}/auth.py",
        "        if not from_service(request):\n            raise NotFound\n",
        "",
        ("tests/operators/test_administrators.py::test_only_a_service_learns_who_is_an_administrator",),
    ),
    Defect(
        "whose notifications they are is not looked at", f"{NOTIFICATIONS}/api.py",
        "    if person(request).user_id != user_id:\n        raise NotFound\n",
        "",
        (f"{NOTIFICATIONS}/tests/test_api.py::TestReading::test_nobody_else_reads_it",),
    ),
    Defect(
        "a token may say more than users does", f"{CHASSIS}/access_token.py",
        "told.keys() != HEADER",
        "not told.keys() >= HEADER",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "a token is of any kind, by any algorithm", f"{CHASSIS}/access_token.py",
        "(told[\"alg\"], told[\"typ\"]) != (ALGORITHM, TYPE)",
        "not told",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "a member of a token's header may stand twice", f"{CHASSIS}/access_token.py",
        "len(told) != len(pairs)",
        "not pairs",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "times of a token may be of any form", f"{CHASSIS}/access_token.py",
        " or {*map(type, times)} != {int}",
        "",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "ids in tokens may be spelled in several ways", f"{CHASSIS}/access_token.py",
        "str(user_id) != told[\"sub\"]",
        "not user_id",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "a token counts before its time", f"{CHASSIS}/access_token.py",
        "max(times[:2])",
        "times[0]",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "a key of another kind checks tokens", f"{CHASSIS}/access_token.py",
        "(published[\"kty\"], published[\"crv\"]) != (\"OKP\", \"Ed25519\")",
        "not published",
        chassis("test_access_token.py::test_a_key_of_another_kind_is_none_of_ours"),
    ),
    Defect(
        "roles may be of any form", f"{CHASSIS}/access_token.py",
        "    if not isinstance(told, list) or not {*map(type, told)} <= {str}:\n        raise TypeError\n",
        "",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "a token may be spelled in several ways", f"{CHASSIS}/access_token.py",
        "    if not COMPACT.fullmatch(token):\n        raise InvalidToken\n",
        "",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "pages are looked at without a limit", "gateway/gateway.sh",
        'at_most requests "$GATEWAY_RATE"\n    echo "limit_conn connections $GATEWAY_CONNECTIONS;"',
        'echo "limit_req zone=files burst=4; limit_conn uploads 3;"',
        ("tests/gateway/test_limits.py::test_everything_has_a_limit",),
    ),
    Defect(
        "a fast door refuses by what it knew of an event", "frontrow/services/bookings/door.py",
        "await self._may_have_changed(request, answer.outcome)",
        "not request",
        ("frontrow/services/bookings/tests/test_fast_door.py::TestSecondLook::test_and_once_it_has_opened_gets_a_place",),
    ),
    Defect(
        "the process beside a door inherits its secrets", f"{CHASSIS}/verifier.py",
        "stderr=None, env={}",
        "stderr=None",
        chassis("test_verifier.py::test_it_is_told_no_secret"),
    ),
    Defect(
        "the answers to two tokens are exchanged", f"{CHASSIS}/verifier.py",
        "self.asked.popleft()",
        "self.asked.pop()",
        chassis("test_verifier.py::test_who_come_together_get_an_answer_each"),
    ),
    Defect(
        "a token is good whatever the process beside the door says", f"{CHASSIS}/verifier.py",
        "answer == signatures.GOOD[0]",
        "answer in answers",
        chassis("test_verifier.py::test_who_come_together_get_an_answer_each"),
    ),
    Defect(
        "who waits for a process that dies waits for ever", f"{CHASSIS}/verifier.py",
        "        asked, self.asked = self.asked, deque()\n",
        "        asked: deque[tuple[str, Key, asyncio.Future[bool]]] = deque()\n",
        chassis("test_verifier.py::test_who_waits_when_it_dies_is_answered_and_another_is_begun"),
    ),
    Defect(
        "a key signs as soon as it is made", "frontrow/services/users/keys.py",
        "rotate(newest, now + _notice(), now)",
        "rotate(newest, now, now)",
        ("frontrow/services/users/tests/test_keys.py::"
         "test_a_key_is_published_before_it_signs_for_as_long_as_anybody_may_not_know_it",),
    ),
    Defect(
        "what a schema does not know is passed over", f"{CHASSIS}/schemas.py",
        'extra="forbid", alias_generator',
        'extra="ignore", alias_generator',
        chassis("test_schemas.py::test_a_body_with_an_unknown_field_is_refused"),
    ),
    Defect(
        "forms are taken from anywhere", "frontrow/web/page.py",
        'if request.method == "POST" and not is_from_here(request):',
        'if request.method == "BREW" and not is_from_here(request):',
        ("tests/security/test_answers.py::test_a_form_of_another_origin_is_refused_everywhere",),
    ),
    Defect(
        "a cell may be a formula", "frontrow/web/attendees.py",
        """return FORMULA.sub("'", str(cell))""",
        "return str(cell)",
        ("tests/web/test_attendees.py::test_a_cell_that_begins_like_a_formula_gets_an_apostrophe",),
    ),
]  # fmt: skip

LINKS = [
    Defect(
        "a link in a mail opens a second time",
        f"{USERS}/models.py",
        "link_id=link_id, used_at=None, expires_at__gt=now).update(used_at=now)",
        "link_id=link_id, expires_at__gt=now).update(used_at=now)",
        users("test_links.py::TestConfirming::test_who_opened_it_before_another_used_it_comes_too_late"),
    ),
    Defect(
        "the signature of a link is not looked at",
        f"{USERS}/link.py",
        "found is None or not hmac.compare_digest(raw, _signed(found))",
        "found is None",
        users("test_links.py::TestForgotten"),
    ),
    Defect(
        "a link outlives the password that it replaces",
        f"{USERS}/link.py",
        "if link.purpose != rules.CONFIRM_EMAIL:",
        "if False:",
        users("test_links.py::TestForgotten::test_it_dies_with_the_password_that_it_replaces"),
    ),
    Defect(
        "a link to one address confirms another",
        f"{USERS}/link.py",
        "str(link.user_id), link.user.email]",
        "str(link.user_id)]",
        users("test_links.py::TestConfirming::test_a_link_to_one_address_confirms_no_other"),
    ),
    Defect(
        "a new password by a link ends no session",
        f"{USERS}/recovery.py",
        "        RefreshToken.objects.revoke_all(user.pk, now)\n",
        "",
        users("test_links.py::TestForgotten::test_all_sessions_end_and_the_address_is_confirmed"),
    ),
    Defect(
        "only a known address is written down",
        f"{USERS}/recovery.py",
        "        Forgotten.objects.create(",
        "        User.objects.by_login(email) and Forgotten.objects.create(",
        users("test_links.py::TestNobodyLearnsWhoIsHere"),
    ),
    Defect(
        "to look at a link confirms an address",
        f"{WEB}/recovery.py",
        'form = kind(request.POST if request.method == "POST" else None)',
        "form = kind(request.POST)",
        ("tests/web/test_recovery.py::test_to_look_at_a_link_does_not_use_it_up",),
    ),
    Defect(
        "a page with a link may be kept",
        f"{WEB}/recovery.py",
        '"private, no-store", "strict-origin"',
        '"no-cache", "strict-origin"',
        ("tests/web/test_recovery.py::test_a_page_with_a_link_is_kept_by_nobody_and_told_to_nobody",),
    ),
    Defect(
        "the most common passwords are taken",
        f"{USERS}/passwords.py",
        "if common or rules.is_guessable",
        "if rules.is_guessable",
        users("test_links.py::TestGuessablePasswords"),
    ),
]

TWO_STEPS = [
    Defect(
        "a code opens twice",
        f"{USERS}/models.py",
        "self.filter(user_id=user_id, last_step__lt=step)",
        "self.filter(user_id=user_id)",
        users("test_two_factor.py::TestSigningIn::test_a_code_is_taken_once"),
    ),
    Defect(
        "a recovery code opens twice",
        f"{USERS}/models.py",
        "self.filter(user_id=user_id, digest=digest, used_at=None)",
        "self.filter(user_id=user_id, digest=digest)",
        users("test_two_factor.py::TestRecoveryCodes::test_each_opens_once"),
    ),
    Defect(
        "a challenge opens twice",
        f"{USERS}/session.py",
        "right = amr and (challenge is None or Link.objects.use(challenge.link_id, now))",
        "right = amr",
        users("test_two_factor.py::TestSigningIn::test_a_challenge_stands_for_the_password_once"),
    ),
    Defect(
        "wrong codes are not counted",
        f"{USERS}/session.py",
        "        attempt.failed()\n        raise InvalidCode",
        "        raise InvalidCode",
        users("test_two_factor.py::TestGuessing::test_wrong_codes_count_like_wrong_passwords"),
    ),
    Defect(
        "a password alone makes an address known",
        f"{USERS}/attempts.py",
        "        if passwords.matches(password, stored):\n",
        "        if passwords.matches(password, stored):\n            self.succeeded()\n",
        users("test_two_factor.py::TestGuessing::test_a_password_alone_makes_no_address_known"),
    ),
    Defect(
        "the second factor is off for who says so",
        f"{USERS}/session.py",
        "    if not right:\n        Attempt(",
        "    if False:\n        Attempt(",
        users("test_two_factor.py::TestTurningItOff::test_it_takes_password_and_code"),
    ),
    Defect(
        "organisers need no second factor anywhere",
        f"{CHASSIS}/auth.py",
        "if settings.ENVIRONMENT.organizers_need_two_factor and",
        "if False and",
        (
            "tests/contracts/test_organizers.py::test_organising_takes_two_factors_where_the_installation_says_so",
        ),
    ),
    Defect(
        "a renewed session forgets how one came in",
        f"{USERS}/session.py",
        "token.amr.split()",
        "two_factor.PASSWORD",
        users("test_two_factor.py::TestTurningItOn::test_all_sessions_end_and_one_of_two_factors_begins"),
    ),
]

FLOOD = [
    Defect(
        "any number of sign-ins wait for the hasher",
        f"{USERS}/passwords.py",
        "    def expect_turn(self) -> None:\n",
        "    def expect_turn(self) -> None:\n        return\n",
        users("test_hasher.py::TestSigningIn::test_then_nothing_is_asked_of_the_database"),
    ),
    Defect(
        "the hasher has the priority of bookings",
        f"{USERS}/passwords.py",
        "initializer=_step_back",
        "initializer=str",
        users("test_hasher.py::test_it_works_at_a_lower_priority_and_nobody_else_does"),
    ),
    Defect(
        "an unknown account is not hashed for",
        f"{USERS}/passwords.py",
        "    right = hasher().do(",
        "    right = stored is not None and hasher().do(",
        users("test_hasher.py::TestSigningIn::test_unknown_people_take_the_same_turn_as_known_ones"),
    ),
    Defect(
        "a window of a limit is fixed",
        f"{CHASSIS}/limits.py",
        "range(last - PARTS, last + 1)",
        "range(last - last % PARTS, last + 1)",
        chassis("test_limits.py::test_no_window_wherever_it_begins_has_more_than_it_may"),
    ),
]

READING = [
    Defect(
        "a request's head has no end",
        f"{CHASSIS}/connection.py",
        "if self.came > MOST_HEAD:",
        "if False:",
        chassis("test_connection.py::test_what_cannot_be_read_is_refused_and_hung_up_on"),
    ),
    Defect(
        "who asks all the time fills the log with what cost nothing",
        "gateway/requests.conf",
        '"~^..?$" 1;',
        '"~^..?.?$" 1;',
        ("tests/gateway/test_headers.py::test_who_asks_a_hundred_times_fills_no_log_with_what_cost_nothing",),
    ),
    Defect(
        "long bodies are remembered, however many come",
        "frontrow/services/bookings/door.py",
        "if len(said) <= SHORT else",
        "if True else",
        bookings("test_fast_door.py::test_long_bodies_are_not_remembered"),
    ),
    Defect(
        "what stands behind a body is taken for headers",
        f"{CHASSIS}/connection.py",
        "if not known or not self.is_head:",
        "if not known:",
        chassis("test_connection.py::test_what_stands_behind_a_body_is_no_header"),
    ),
    Defect(
        "a body in chunks has no end",
        f"{CHASSIS}/connection.py",
        "if len(body) > MOST_BYTES:",
        "if False:",
        chassis("test_connection.py::test_a_body_that_is_too_large_is_refused_without_reading_on"),
    ),
    Defect(
        "bodies of many have no end together",
        f"{CHASSIS}/connection.py",
        "and self.server.bytes_held() > MOST_HELD",
        "and False",
        chassis("test_connection.py::test_bodies_have_an_end_all_together"),
    ),
    Defect(
        "a header with an underscore passes for another",
        f"{CHASSIS}/connection.py",
        '"" if b"_" in header else header',
        "header",
        chassis(
            "test_connection.py::test_a_header_that_comes_twice_is_a_list_and_one_with_an_underscore_is_none"
        ),
    ),
]

DEFECTS = [*SELLING, *PAYING, *TELLING, *GUARDING, *LINKS, *TWO_STEPS, *FLOOD, *READING]
