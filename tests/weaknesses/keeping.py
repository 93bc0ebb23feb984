"""Deliberate defects in what keeps an installation safe: one for each test that docs/security.md names from V11 to V16."""

from tests.defects import CHASSIS, EVENTS, USERS, WEB, Defect, chassis, users

SEALING = [
    Defect(
        "a key signs for ten years", f"{USERS}/keys.py",
        "timedelta(days=settings.ENVIRONMENT.key_rotation_days)",
        "timedelta(days=3650)",
        users("test_keys.py::test_a_key_signs_until_it_is_ninety_days_old"),
    ),
    Defect(
        "a key is published no longer while it still signs", f"{USERS}/keys.py",
        "filter(Q(retired_at=None) | Q(retired_at__gte=now - life))",
        "filter(retired_at=None, created_at__lte=now + life)",
        ("tests/security/test_rotation.py::test_keys_rotate_under_load_without_a_refused_request",),
    ),
    Defect(
        "what is to be sealed lies open", f"{USERS}/sealing.py",
        "    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))\n",
        "    same = staticmethod(lambda content: content)\n"
        '    return type("Open", (), {"encrypt": same, "decrypt": same, "secret": secret})()\n',
        users("test_keys.py::test_a_private_key_lies_in_the_database_only_sealed"),
    ),
    Defect(
        "one secret serves every purpose", f"{CHASSIS}/environment.py",
        "purpose.encode(), hashlib.sha256",
        'b"", hashlib.sha256',
        chassis("test_environment.py::test_secrets_for_each_purpose_are_different_and_always_the_same"),
    ),
    Defect(
        "passwords are hashed quickly", f"{USERS}/passwords.py",
        "memory_cost, time_cost, parallelism = 19 * 1024, 2, 1",
        "memory_cost, time_cost, parallelism = 1024, 1, 1",
        users("test_register.py::test_a_password_is_stored_as_argon2id_at_owasps_cost"),
    ),
    Defect(
        "a library may be of any version", "requirements.lock",
        "\nargon2-cffi==",
        "\nargon2-cffi>=",
        ("tests/house/test_lock.py",),
    ),
]  # fmt: skip

TRAVELLING = [
    Defect(
        "old TLS is spoken", "gateway/gateway.sh",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;",
        ("tests/gateway/test_tls.py::test_old_tls_is_refused",),
    ),
    Defect(
        "a new certificate waits for a new start", "gateway/gateway.sh",
        'echo "# $(cat "$GATEWAY_TLS/tls.crt" "$GATEWAY_TLS/tls.key" | cksum)"',
        'echo "# a certificate"',
        ("tests/gateway/test_tls.py::test_a_new_certificate_is_taken_up_and_a_broken_one_is_not",),
    ),
    Defect(
        "a broken certificate is taken up", "gateway/gateway.sh",
        'if "$NGINX" -t -q -e stderr -p "$RUN" -c "$RUN/nginx.conf" -g "$GLOBALS"; then',
        "if true; then",
        ("tests/gateway/test_tls.py::test_a_new_certificate_is_taken_up_and_a_broken_one_is_not",),
    ),
    Defect(
        "the gateway reaches the databases", "compose.yaml",
        "networks: [front, back]\n    stop_grace_period: 35s",
        "networks: [front, back, data]\n    stop_grace_period: 35s",
        ("tests/compose/test_map.py::test_databases_broker_and_cache_are_on_a_network_without_the_gateway",),
    ),
    Defect(
        "who asks waits for ever for who does not answer", f"{CHASSIS}/http.py",
        "timeout=environment.call_seconds",
        "timeout=None",
        chassis("test_http.py::TestOverTheNetwork::test_a_service_that_does_not_answer_in_time_is_unavailable"),
    ),
]  # fmt: skip

RUNNING = [
    Defect(
        "who meets a fault is shown our code", "frontrow/settings.py",
        "DEBUG = False\n",
        "DEBUG = True\n",
        chassis("test_environment.py::test_nothing_turns_debugging_on"),
    ),
    Defect(
        "a container keeps what its engine gives it", "compose.yaml",
        '  cap_drop: [ALL]\n  security_opt: ["no-new-privileges:true"]\n  dns_search',
        '  security_opt: ["no-new-privileges:true"]\n  dns_search',
        ("tests/compose/test_map.py::test_a_container_may_do_little_and_its_log_has_an_end",),
    ),
    Defect(
        "all installations have the same secrets", "deploy/secrets/make.py",
        "secrets.token_hex(32)",
        '"0123456789abcdef" * 4',
        ("tests/compose/test_secrets.py::test_nothing_of_it_is_printed_and_no_two_are_the_same",),
    ),
    Defect(
        "secrets are printed as they are made", "deploy/secrets/make.py",
        "        count += 1\n",
        "        count += 1\n        print(folder, name, content)\n",
        ("tests/compose/test_secrets.py::test_nothing_of_it_is_printed_and_no_two_are_the_same",),
    ),
    Defect(
        "a password stands in compose.yaml", "compose.yaml",
        "POSTGRES_PASSWORD_FILE: /run/secrets/superuser",
        "POSTGRES_PASSWORD: frontrow",
        ("tests/compose/test_map.py::test_no_secret_stands_in_it",),
    ),
    Defect(
        "the gateway has every secret", "compose.yaml",
        'volumes: ["./gateway:/gateway:ro", "gateway-secrets:/run/secrets:ro"]',
        'volumes: ["./gateway:/gateway:ro", "gateway-secrets:/run/secrets:ro", "vault:/vault:ro"]',
        ("tests/compose/test_secrets.py::"
         "test_each_container_mounts_its_own_and_only_the_one_that_makes_them_has_the_vault",),
    ),
    Defect(
        "images have our history in them", ".dockerignore",
        "!requirements.lock\n",
        "!requirements.lock\n!.git\n",
        ("tests/house/test_dangerous.py::test_an_image_has_no_history_and_no_tests_in_it",),
    ),
    Defect(
        "images have tests in them", ".dockerignore",
        "**/tests\n",
        "",
        ("tests/house/test_dangerous.py::test_an_image_has_no_history_and_no_tests_in_it",),
    ),
    Defect(
        "everybody is told the version of nginx", "gateway/nginx.conf",
        "server_tokens off;",
        "server_tokens on;",
        ("tests/gateway/test_headers.py::test_nobody_is_told_which_nginx_this_is",),
    ),
    Defect(
        "nobody says how soon weak libraries go", "SECURITY.md",
        "A critical one is replaced within 3 days, a high one within 14, others within 60",
        "Each is replaced soon",
        ("tests/house/test_security.py::test_how_soon_is_said",),
    ),
    Defect(
        "weak libraries are not looked for", "Makefile",
        "\t@$(PY) -m tests.audit\n",
        "",
        ("tests/house/test_security.py::test_what_we_build_on_is_looked_up_by_make_check",),
    ),
    Defect(
        "any number of covers come in at once", f"{EVENTS}/covering.py",
        'raise Unavailable("Too many images come in at this moment. Try again.")',
        "return EventOut.of(cover.put(event_id, organizer, _image(request), clock.now()))",
        (f"{EVENTS}/tests/test_cover.py::test_only_so_many_come_in_at_once",),
    ),
]  # fmt: skip

TELLING = [
    Defect(
        "a fault tells clients what broke", f"{CHASSIS}/api.py",
        "    return Fault()\n",
        "    return Fault(repr(error))\n",
        chassis("test_api.py::test_a_fault_tells_the_client_nothing_but_an_id"),
    ),
    Defect(
        "a fault is not written down", f"{CHASSIS}/api.py",
        '    log.error("fault", exc_info=error)\n',
        "",
        chassis("test_api.py::test_a_fault_tells_the_client_nothing_but_an_id"),
    ),
    Defect(
        "a fault is not counted", f"{CHASSIS}/api.py",
        '    metrics.FAULTS.labels("request").inc()\n',
        "",
        chassis("test_api.py::test_a_fault_tells_the_client_nothing_but_an_id"),
    ),
    Defect(
        "what people looked for stands in the log", f"{CHASSIS}/middleware.py",
        "request.META.get(LOGGED_PATH, request.path)",
        "request.META.get(LOGGED_PATH, request.get_full_path())",
        chassis("test_logs.py::test_a_request_is_one_line_without_its_query"),
    ),
    Defect(
        "browsers may keep a page of one person", f"{WEB}/page.py",
        '"private, no-store" if personal else "no-cache"',
        '"no-cache"',
        ("tests/web/test_page.py::test_what_one_person_sees_is_kept_by_nobody",),
    ),
    Defect(
        "a profile tells what is stored of its password", f"{USERS}/bodies.py",
        "class ProfileOut(UserOut):\n",
        "class ProfileOut(UserOut):\n    password: str\n",
        users("test_profile.py::test_a_password_never_comes_out"),
    ),
    Defect(
        "a client says from where it comes", f"{CHASSIS}/middleware.py",
        "if from_gateway(request) or (told and from_service(request)):",
        "if told:",
        chassis("test_middleware.py::test_nobody_else_does"),
    ),
    Defect(
        "a line of the log knows no request", f"{CHASSIS}/logs.py",
        "        structlog.contextvars.merge_contextvars,\n",
        "",
        chassis("test_logs.py::test_what_is_bound_to_a_request_is_on_each_of_its_lines"),
    ),
    Defect(
        "secrets are dropped from the log at the top only", f"{CHASSIS}/logs.py",
        "_redacted(each) if type(each) in DEEP else each",
        "each",
        chassis("test_logs.py::test_the_value_of_a_secrets_name_is_never_logged_at_any_depth"),
    ),
    Defect(
        "a token that was refused stands in the log", f"{USERS}/session.py",
        'log.warning("refresh_refused", ',
        'log.warning("refresh_refused", told=refresh_token, ',
        chassis("test_logs.py::test_the_secrets_of_real_requests_never_reach_the_log"),
    ),
    Defect(
        "a fact in the log may have several lines", f"{CHASSIS}/logs.py",
        "structlog.processors.JSONRenderer()",
        "structlog.processors.JSONRenderer(indent=1)",
        chassis("test_logs.py::test_a_fact_is_one_line_of_json_with_its_level_time_and_place"),
    ),
]  # fmt: skip

KEEPING = [*SEALING, *TRAVELLING, *RUNNING, *TELLING]
