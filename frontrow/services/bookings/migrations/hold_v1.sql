-- Decides a list of requests for bookings, each by itself and in order, in the caller's transaction.
--
-- requests: [{bookingId, messageId, requestId, userId, eventId, items: [{ticketTypeId, quantity}] or null,
--             quantity, key or null, fingerprint}]
-- Answers a row for each: its place in the list, the outcome, and for 'booked' and 'replayed' the booking
-- as it was first told. 'overdue': sold out, but for holds that are past their deadline; end these and
-- ask again. Every other outcome is the code of a refusal. None but 'booked' has changed anything.
--
-- What it relies on: whoever changes an event's stock holds the lock of its bookings_eventstock row, and
-- whoever books for a person holds the person's advisory lock. Both are taken in sorted order, so no two
-- calls deadlock.
CREATE FUNCTION bookings_hold_v1(requests jsonb, at timestamptz, open_holds integer)
RETURNS TABLE (place integer, outcome text, told jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    r record;
    locked uuid[];
    wanted jsonb;
    sold record;
    has record;
    event bookings_event;
    booking bookings_booking;
BEGIN
    PERFORM pg_advisory_xact_lock(person) FROM (
        SELECT DISTINCT hashtextextended(request->>'userId', 0) AS person
        FROM jsonb_array_elements(requests) request ORDER BY 1
    ) people;
    SELECT array_agg(event_id) INTO locked FROM (
        SELECT event_id FROM bookings_eventstock
        WHERE event_id IN (SELECT (request->>'eventId')::uuid FROM jsonb_array_elements(requests) request)
        ORDER BY event_id FOR NO KEY UPDATE
    ) stocks;
    locked := coalesce(locked, '{}');

    FOR r IN SELECT * FROM ROWS FROM (jsonb_to_recordset(requests) AS (
        "bookingId" uuid, "messageId" uuid, "requestId" text, "userId" uuid, "eventId" uuid,
        items jsonb, quantity integer, key text, fingerprint text
    )) WITH ORDINALITY LOOP
        place := r.ordinality - 1;
        told := NULL;

        SELECT * INTO booking FROM bookings_booking WHERE user_id = r."userId" AND idempotency_key = r.key;
        IF FOUND THEN
            outcome := CASE WHEN booking.fingerprint = r.fingerprint THEN 'replayed' ELSE 'idempotency_key_reused' END;
            IF outcome = 'replayed' THEN told := bookings_first_told_v1(booking); END IF;
            RETURN NEXT; CONTINUE;
        END IF;

        SELECT * INTO event FROM bookings_event WHERE event_id = r."eventId";
        IF NOT FOUND OR event.event_id <> ALL (locked) THEN  -- or learnt since, and so not locked
            outcome := 'event_not_found'; RETURN NEXT; CONTINUE;
        ELSIF event.status <> 'published' OR at < event.sales_start OR at >= event.sales_end THEN
            outcome := 'not_on_sale'; RETURN NEXT; CONTINUE;
        END IF;

        wanted := r.items;
        IF wanted IS NULL THEN
            IF jsonb_array_length(event.ticket_types) > 1 THEN
                outcome := 'ticket_type_required'; RETURN NEXT; CONTINUE;
            END IF;
            wanted := jsonb_build_array(jsonb_build_object(
                'ticketTypeId', event.ticket_types->0->'ticketTypeId', 'quantity', r.quantity));
        END IF;

        SELECT bool_and(kind.id IS NOT NULL) AS known, sum(item.quantity)::integer AS quantity,
               sum(item.quantity * kind.price)::bigint AS amount,
               bool_and(stock.taken + item.quantity <= stock.capacity) AS available,
               jsonb_agg(jsonb_build_object('ticketTypeId', kind.id, 'name', kind.name,
                                            'quantity', item.quantity, 'price', kind.price)
                         ORDER BY item.ordinality) AS items
        INTO sold
        FROM ROWS FROM (jsonb_to_recordset(wanted) AS ("ticketTypeId" uuid, quantity integer))
             WITH ORDINALITY AS item (type_id, quantity, ordinality)
        LEFT JOIN (
            SELECT (kind->>'ticketTypeId')::uuid AS id, kind->>'name' AS name, (kind->>'price')::bigint AS price
            FROM jsonb_array_elements(event.ticket_types) kind
        ) kind ON kind.id = item.type_id
        LEFT JOIN bookings_typestock stock ON stock.ticket_type_id = item.type_id;
        IF NOT sold.known THEN
            outcome := 'ticket_type_not_found'; RETURN NEXT; CONTINUE;
        END IF;

        SELECT coalesce(sum(quantity) FILTER (WHERE event_id = r."eventId"), 0) AS places,
               count(*) FILTER (WHERE status = 'held') AS holds
        INTO has
        FROM bookings_booking
        WHERE user_id = r."userId" AND (status = 'confirmed' OR status = 'held' AND expires_at > at);
        IF has.places + sold.quantity > event.max_per_person OR (sold.amount > 0 AND has.holds >= open_holds) THEN
            outcome := 'limit_reached'; RETURN NEXT; CONTINUE;
        END IF;

        outcome := 'sold_out';
        IF sold.available THEN
            UPDATE bookings_eventstock SET taken = taken + sold.quantity, version = version + 1, untold = true
            WHERE event_id = event.event_id AND taken + sold.quantity <= capacity;
            IF FOUND THEN outcome := 'booked'; END IF;
        END IF;
        IF outcome = 'sold_out' THEN
            IF EXISTS (SELECT FROM bookings_booking
                       WHERE event_id = event.event_id AND status = 'held' AND expires_at <= at) THEN
                outcome := 'overdue';
            END IF;
            RETURN NEXT; CONTINUE;
        END IF;

        UPDATE bookings_typestock stock SET taken = taken + item.quantity
        FROM jsonb_to_recordset(sold.items) AS item ("ticketTypeId" uuid, quantity integer)
        WHERE stock.ticket_type_id = item."ticketTypeId";

        INSERT INTO bookings_booking (
            booking_id, user_id, event_id, status, booking_date, items, quantity, amount, currency,
            held_until, expires_at, version, idempotency_key, fingerprint
        )
        SELECT r."bookingId", r."userId", event.event_id, CASE WHEN deadline IS NULL THEN 'confirmed' ELSE 'held' END,
               at, sold.items, sold.quantity, sold.amount, event.currency, deadline, deadline, 1, r.key, r.fingerprint
        FROM (SELECT CASE WHEN sold.amount > 0 THEN at + make_interval(mins => event.hold_minutes) END AS deadline) d
        RETURNING * INTO booking;

        told := bookings_first_told_v1(booking);
        INSERT INTO chassis_outbox (id, type, key, version, data, request_id, created_at)
        VALUES (r."messageId", 'booking.' || booking.status || '.v1', booking.booking_id, 1, told, r."requestId", at);
        RETURN NEXT;
    END LOOP;
END $$;

-- A booking as its owner was first told of it, whatever became of it since.
CREATE FUNCTION bookings_first_told_v1(booking bookings_booking) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'bookingId', booking.booking_id, 'userId', booking.user_id, 'eventId', booking.event_id,
        'status', CASE WHEN booking.held_until IS NULL THEN 'confirmed' ELSE 'held' END,
        'bookingDate', booking.booking_date, 'items', booking.items, 'quantity', booking.quantity,
        'amount', booking.amount, 'currency', booking.currency, 'expiresAt', booking.held_until, 'version', 1)
$$;
