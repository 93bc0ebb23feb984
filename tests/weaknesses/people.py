"""Deliberate defects in how people are known and let in: one for each test that docs/security.md names from V6 to V10."""

from tests.defects import BOOKINGS, CHASSIS, EVENTS, PAYMENTS, USERS, WEB, Defect, chassis, users

SIGNING_IN = [
    Defect(
        "an installation cannot set how often one may be wrong", f"{USERS}/attempts.py",
        "environment.sign_in_failures_per_account, window",
        "10, window",
        users("test_sign_in.py::test_an_installation_sets_its_limits"),
    ),
    Defect(
        "a password may have one character", f"{USERS}/bodies.py",
        "Field(min_length=8, max_length=256)",
        "Field(min_length=1, max_length=256)",
        users("test_api.py::test_a_wrong_field_of_a_registration_is_named"),
    ),
    Defect(
        "a password loses the spaces around it", f"{USERS}/bodies.py",
        "max_length=256), AfterValidator(_encodable)]",
        "max_length=256), AfterValidator(str.strip)]",
        users("test_api.py::test_a_password_may_be_of_any_script_and_keeps_its_spaces"),
    ),
    Defect(
        "a password is of Latin letters only", f"{USERS}/bodies.py",
        'in {"Cc", "Cs"} for character in password',
        'in {"Cc", "Cs", "Lo", "So"} for character in password',
        users("test_api.py::test_a_password_may_be_of_any_script_and_keeps_its_spaces"),
    ),
    Defect(
        "a new password is said to be set, and is not", f"{USERS}/session.py",
        "update(password=stored, updated_at=now)",
        "update(updated_at=now)",
        users("test_password.py::TestChanging::test_one_signs_in_with_the_new_and_not_with_the_old"),
    ),
    Defect(
        "who has a token sets another password", f"{USERS}/session.py",
        "    check_password(person, current, address, now)\n    passwords",
        "    passwords",
        users("test_password.py::TestChanging::test_a_wrong_password_changes_nothing"),
    ),
    Defect(
        "a common password is taken with a capital letter", f"{USERS}/passwords.py",
        "password.lower().strip() in _common()",
        "password in _common()",
        users("test_links.py::TestGuessablePasswords::test_the_most_common_are_refused"),
    ),
    Defect(
        "one's own name is taken as a password", f"{USERS}/passwords.py",
        'if common or rules.is_guessable(password, ["frontrow", username, email, email.partition("@")[0]]):',
        "if common:",
        users("test_links.py::TestGuessablePasswords::test_what_is_hardly_more_than_a_name_is_refused"),
    ),
    Defect(
        "passwords are to be read on the screen", f"{WEB}/signing.py",
        'forms.PasswordInput({"autocomplete": autocomplete})',
        'forms.TextInput({"autocomplete": autocomplete})',
        ("tests/security/test_answers.py::test_passwords_are_masked_and_left_to_the_browsers_keepers",),
    ),
    Defect(
        "browsers are asked to keep no password", f"{WEB}/signing.py",
        'forms.PasswordInput({"autocomplete": autocomplete})',
        'forms.PasswordInput({"autocomplete": "off"})',
        ("tests/security/test_answers.py::test_passwords_are_masked_and_left_to_the_browsers_keepers",),
    ),
    Defect(
        "wrong passwords are not counted", f"{USERS}/attempts.py",
        "        self.failed()\n        return False",
        "        return False",
        users("test_sign_in.py::test_ten_failures_make_an_account_wait"),
    ),
    Defect(
        "strangers lock people out at home", f"{USERS}/attempts.py",
        'return f"{self.name} {self.address}" if cache.get(self._known) else self.name',
        "return self.name",
        users("test_sign_in.py::test_strangers_lock_nobody_out_of_where_they_signed_in_before"),
    ),
    Defect(
        "an installation begins with an account", f"{USERS}/migrations/0003_two_factor.py",
        "    operations = [\n",
        """    operations = [
        migrations.RunSQL("INSERT INTO users_user (user_id, username, email, password, profile_info, is_admin,"
                          " is_active, version, created_at, updated_at) VALUES (gen_random_uuid(), 'admin',"
                          " 'admin@example.org', 'admin', '{}', true, true, 1, now(), now())"),
""",
        ("tests/security/test_answers.py::test_there_is_no_account_before_somebody_registers",),
    ),
    Defect(
        "a password of Django's own opens the admin", "frontrow/settings.py",
        '["frontrow.chassis.administrators.ByUsers"]',
        '["frontrow.chassis.administrators.ByUsers", "django.contrib.auth.backends.ModelBackend"]',
        ("tests/operators/test_administrators.py::test_no_password_of_auth_user_opens_anything",),
    ),
    Defect(
        "a wrong sign-in tells who is not here", f"{USERS}/session.py",
        "    attempt = Attempt(str(user.user_id) if user else folded(login), address, now)\n",
        "    if user is None:\n        raise NotFound\n    attempt = Attempt(str(user.user_id), address, now)\n",
        users("test_sign_in.py::test_unknown_people_and_wrong_passwords_are_refused_alike"),
    ),
    Defect(
        "who is not here is refused sooner", f"{USERS}/passwords.py",
        "check_password(password, stored or _nobodys())",
        "stored is not None and check_password(password, stored)",
        users("test_sign_in.py::test_an_unknown_person_costs_as_much_hashing_as_a_known_one"),
    ),
    Defect(
        "a password alone opens an account of two factors", f"{USERS}/session.py",
        "    if code is None and user.two_factor:\n",
        "    if False:\n",
        users("test_two_factor.py::TestSigningIn::test_a_code_with_the_password_opens_a_session_of_two_factors"),
    ),
    Defect(
        "a link is good for as long as its mail might have waited", f"{USERS}/link.py",
        "    live.update(expires_at=now + rules.LIFE[found.purpose])\n",
        "",
        users("test_links.py::TestForgotten::test_it_dies_after_half_an_hour_from_its_mailing"),
    ),
    Defect(
        "half a signature opens a link", f"{USERS}/link.py",
        "compare_digest(raw, _signed(found))",
        "compare_digest(raw[:32], _signed(found)[:32])",
        users("test_links.py::TestForgotten::test_every_bit_of_a_link_counts"),
    ),
    Defect(
        "a link sets no new password", f"{USERS}/recovery.py",
        "update(password=stored, email_confirmed_at=now,",
        "update(email_confirmed_at=now,",
        users("test_links.py::TestForgotten::test_the_link_opens_an_account_with_a_new_password"),
    ),
    Defect(
        "a new password by a link turns the second factor off", f"{USERS}/recovery.py",
        "        messages.access_changed(user, \"password\")\n",
        "        messages.access_changed(user, \"password\")\n"
        "        hasattr(user, \"twofactor\") and user.twofactor.delete()\n",
        users("test_two_factor.py::TestSigningIn::test_a_new_password_by_a_link_leaves_it_on"),
    ),
]  # fmt: skip

SESSIONS = [
    Defect(
        "an installation cannot set how long a session lives", f"{USERS}/session.py",
        "timedelta(days=settings.ENVIRONMENT.refresh_token_days)",
        "timedelta(days=30)",
        users("test_refresh.py::test_an_installation_sets_how_long_tokens_live"),
    ),
    Defect(
        "a session lives for ten years", f"{USERS}/session.py",
        "timedelta(days=settings.ENVIRONMENT.refresh_token_days)",
        "timedelta(days=3650)",
        users("test_refresh.py::test_a_refresh_token_lives_thirty_days"),
    ),
    Defect(
        "each sign-in gives the same refresh token", f"{USERS}/session.py",
        "secret = secrets.token_urlsafe(32)",
        "secret = _digest(str(user.user_id))",
        users("test_sign_in.py::test_no_two_sign_ins_give_the_same_tokens"),
    ),
    Defect(
        "refresh tokens are short enough to guess", f"{USERS}/session.py",
        "secrets.token_urlsafe(32)",
        "secrets.token_urlsafe(4)",
        users("test_sign_in.py::test_only_a_digest_of_the_refresh_token_is_stored"),
    ),
    Defect(
        "refresh tokens lie in the database as they are", f"{USERS}/session.py",
        "return hashlib.sha256(token.encode()).hexdigest()",
        "return token",
        users("test_sign_in.py::test_only_a_digest_of_the_refresh_token_is_stored"),
    ),
    Defect(
        "a new password leaves the other sessions open", f"{USERS}/session.py",
        "        RefreshToken.objects.revoke_all(user_id, now)\n        messages",
        "        messages",
        users("test_password.py::TestChanging::test_all_other_sessions_end_and_the_new_one_works"),
    ),
    Defect(
        "who signs out stays signed in", f"{USERS}/session.py",
        "            raise InvalidToken\n        RefreshToken.objects.revoke_family(token.family, now)\n",
        "            raise InvalidToken\n",
        users("test_refresh.py::test_logging_out_ends_the_session"),
    ),
    Defect(
        "who is disabled goes on", f"{USERS}/session.py",
        "if token.user.is_active and RefreshToken",
        "if RefreshToken",
        users("test_refresh.py::test_who_is_disabled_cannot_go_on_and_is_not_back_when_enabled"),
    ),
    Defect(
        "one leaves by the password alone", f"{USERS}/erasing.py",
        "session.prove(person, password, code, address, now)",
        "session.check_password(person, password, address, now)",
        users("test_two_factor.py::TestLeaving::test_it_takes_both_as_well"),
    ),
    Defect(
        "a token that was never given out renews a session", f"{USERS}/session.py",
        "        token = RefreshToken.objects.in_turn(_digest(refresh_token))\n        if token is None:\n            raise InvalidToken\n        if ",
        "        token = RefreshToken.objects.in_turn(_digest(refresh_token)) or RefreshToken.objects.last()\n        if token is None:\n            raise InvalidToken\n        if ",
        users("test_refresh.py::test_an_access_token_renews_nothing"),
    ),
    Defect(
        "a sign-out ends nothing at users", f"{WEB}/signing.py",
        '            clients.ask(request, "users", "POST", "/logout", {"refreshToken": who.session.refresh})\n',
        "            pass\n",
        ("tests/web/test_signing.py::test_signing_out_ends_the_session_here_and_at_users",),
    ),
    Defect(
        "a browser keeps its cookie when somebody signs out", f"{WEB}/signing.py",
        '    who.session = None\n    return redirect(request, "/", note="signed-out")',
        '    return redirect(request, "/", note="signed-out")',
        ("tests/web/test_signing.py::test_signing_out_ends_the_session_here_and_at_users",),
    ),
    Defect(
        "an administrator who is disabled stays in the admin", f"{USERS}/user.py",
        "filter(user_id=user_id, is_active=True, is_admin=True)",
        "filter(user_id=user_id, is_admin=True)",
        ("tests/operators/test_administrators.py::test_so_is_who_is_deactivated",),
    ),
    Defect(
        "no page has a way to sign out", f"{WEB}/templates/web/parts/nav.html",
        '<form method="post" action="/signout"><button class="nav-link">{% icon "arrow-right" %}'
        '{% translate "Sign out" %}</button></form>',
        "",
        ("tests/browser/test_account.py::test_signing_in_wrongly_then_rightly_and_out",),
    ),
    Defect(
        "a new address takes any password", f"{WEB}/account.py",
        'proof = {"currentPassword": given["proof"]} if "email" in self.changed_data else {}',
        "proof: dict[str, Any] = {}",
        ("tests/web/test_account.py::test_a_new_address_takes_the_password_and_nothing_else_does",),
    ),
    Defect(
        "signing out everywhere is here only", f"{WEB}/account.py",
        '    clients.ask(request, "users", "POST", "/logout/everywhere")\n',
        "",
        ("tests/web/test_account.py::test_signing_out_everywhere",),
    ),
    Defect(
        "a refresh token works twice", f"{USERS}/models.py",
        "filter(digest=digest, used_at=None, revoked_at=None, expires_at__gt=now)",
        "filter(digest=digest, revoked_at=None, expires_at__gt=now)",
        users("test_refresh.py::test_a_refresh_token_works_once_and_its_second_use_ends_the_family",
              "test_refresh.py::test_of_ten_who_use_a_token_at_once_one_succeeds_and_then_the_family_is_dead"),
    ),
]  # fmt: skip

ALLOWED = [
    Defect(
        "a page that nobody wrote down", f"{WEB}/urls.py",
        '    path("robots.txt", sitemap.robots, name="robots"),\n',
        '    path("robots.txt", sitemap.robots, name="robots"),\n    path("humans.txt", sitemap.robots, name="humans"),\n',
        ("tests/security/test_matrix.py::test_every_route_has_a_row_and_every_row_a_route",),
    ),
    Defect(
        "anybody changes an event", f"{EVENTS}/event.py",
        "rows.filter(event_id=event_id, organizer_id=organizer).first()",
        "rows.filter(event_id=event_id).first()",
        ("tests/security/test_matrix.py::test_everybody_is_answered_as_the_table_says",),
    ),
    Defect(
        "everybody lists the bookings of all", f"{BOOKINGS}/api.py",
        "    rows = Booking.objects.filter(user_id=person(request).user_id)\n",
        "    rows = Booking.objects.all()\n",
        ("tests/security/test_matrix.py::test_nobody_reads_what_is_others",),
    ),
    Defect(
        "a refusal tells that there is something", f"{BOOKINGS}/booking.py",
        "user_id=user_id).first()\n    if booking is None:\n        raise NotFound\n",
        "user_id=user_id).first()\n    if booking is None:\n"
        "        raise NotFound(owned=Booking.objects.filter(booking_id=booking_id).exists())\n",
        ("tests/security/test_matrix.py::test_a_refusal_tells_nothing_but_that_there_is_nothing",),
    ),
    Defect(
        "an organiser confirms a payment for who pays", f"{PAYMENTS}/api.py",
        "found.status == rules.REQUIRES_ACTION and found.user_id == reader:",
        "found.status == rules.REQUIRES_ACTION:",
        ("tests/money/test_pay.py::TestAuthentication::test_only_the_payer_learns_where_to_act",),
    ),
    Defect(
        "organisers see each other's pages", f"{WEB}/organize.py",
        'if event["organizerId"] != visitor.of(request).user_id:',
        "if False:",
        ("tests/web/test_organize.py::test_another_organisers_pages_are_as_if_they_were_not",),
    ),
    Defect(
        "the admin is open to who is nobody", f"{CHASSIS}/administration.py",
        "    site_url = None\n",
        "    site_url = None\n    has_permission = staticmethod(lambda request: True)\n",
        ("tests/security/test_matrix.py::test_no_page_of_the_admin_opens_to_a_token_or_a_cookie_of_the_pages",),
    ),
    Defect(
        "the admin is open to the world", "gateway/routes.conf",
        "^/(metrics|admin|internal|",
        "^/(metrics|internal|",
        ("tests/gateway/test_routes.py::test_what_is_for_the_inside_is_not_there",),
    ),
    Defect(
        "the world reads our metrics", "gateway/routes.conf",
        "^/(metrics|admin|internal|",
        "^/(admin|internal|",
        ("tests/gateway/test_routes.py::test_what_is_for_the_inside_is_not_there",),
    ),
]  # fmt: skip

TOKENS = [
    Defect(
        "no signature of a token is checked", f"{CHASSIS}/signatures.py",
        "key.verify(signed.encode(), urlsafe_b64decode(signature + \"==\"))",
        "urlsafe_b64decode(signature + \"==\")",
        ("tests/security/test_tokens.py::test_every_other_is_refused_by_every_service",),
    ),
    Defect(
        "nobody looks at what a signature was found to be", f"{CHASSIS}/access_token.py",
        "    if not is_signed:\n        raise InvalidToken\n",
        "",
        ("tests/security/test_tokens.py::test_every_other_is_refused_by_every_service",),
    ),
    Defect(
        "keys from the cache need no seal", f"{CHASSIS}/auth.py",
        'signing.loads(str(cache.get(SHARED, "")), key=_seal(), salt=SHARED)',
        'json.loads(signing.b64_decode(str(cache.get(SHARED, "e30")).split(":")[0].encode()))',
        chassis("test_auth.py::test_who_can_write_to_the_cache_makes_no_keys_that_we_trust"),
    ),
    Defect(
        "tokens for another audience are taken", f"{CHASSIS}/auth.py",
        "(claims.issuer, claims.audience) != (environment.token_issuer, environment.token_audience)",
        "claims.issuer != environment.token_issuer",
        chassis("test_auth.py::test_an_installation_accepts_only_its_own_issuer_and_audience"),
    ),
    Defect(
        "tokens of another issuer are taken", f"{CHASSIS}/auth.py",
        "(claims.issuer, claims.audience) != (environment.token_issuer, environment.token_audience)",
        "claims.audience != environment.token_audience",
        chassis("test_auth.py::test_an_installation_accepts_only_its_own_issuer_and_audience"),
    ),
    Defect(
        "a token has no end", f"{CHASSIS}/auth.py",
        " and now < claims.ends <= now + LONGEST_SECONDS",
        "",
        chassis("test_auth.py::test_anything_but_a_fresh_token_of_ours_is_refused"),
    ),
    Defect(
        "keys are trusted for ever", f"{CHASSIS}/auth.py",
        "return time.monotonic() - self.fetched > settings.ENVIRONMENT.jwks_seconds",
        "return False",
        chassis("test_auth.py::test_keys_no_longer_published_are_forgotten"),
    ),
    Defect(
        "cookies and the cache tell tokens", f"{WEB}/session.py",
        "return _seal().encrypt(json.dumps(asdict(session)).encode()).decode()",
        "return json.dumps(asdict(session))",
        ("tests/web/test_session.py::test_what_is_remembered_tells_no_token",),
    ),
    Defect(
        "a cookie that nobody sealed is somebody", f"{WEB}/session.py",
        "json.loads(_seal().decrypt(sealed.encode()))",
        'json.loads(sealed if sealed.startswith("{") else _seal().decrypt(sealed.encode()))',
        ("tests/web/test_session.py::test_a_cookie_that_we_did_not_seal_is_nobody",),
    ),
    Defect(
        "a cookie is opened without a look at its seal", f"{WEB}/session.py",
        "        return Session(**json.loads(_seal().decrypt(sealed.encode())))\n",
        """        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        raw = base64.urlsafe_b64decode(sealed)
        key = bytes.fromhex(settings.ENVIRONMENT.derived_secret("web session"))[16:]
        plain = Cipher(algorithms.AES(key), modes.CBC(raw[9:25])).decryptor().update(raw[25:-32])
        return Session(**json.loads(plain[: -plain[-1]]))
""",
        ("tests/web/test_session.py::test_nor_is_one_of_ours_in_which_a_bit_was_changed",),
    ),
]  # fmt: skip

PEOPLE = [*SIGNING_IN, *SESSIONS, *ALLOWED, *TOKENS]
