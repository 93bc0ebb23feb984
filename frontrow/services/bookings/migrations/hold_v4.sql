-- Decides a list of requests for bookings, each by itself and in order, in the caller's transaction.
--
-- The nth element of each array belongs to the nth request: the mark is its person's, by which it is known who is out
-- (chassis/absences.py); items are [{ticketTypeId, quantity}], or null for a quantity of the only ticket type. Answers a
-- row for each, in order: the outcome, and for 'held', 'confirmed' and 'replayed' what its owner is told, as JSON.
-- 'overdue': sold out, but for holds that are past their deadline; end these and ask again. Every other outcome is the
-- code of a refusal, for who is out 'account_disabled'. None but 'held' and 'confirmed' have changed anything.
--
-- What it relies on: whoever changes an event's stock holds the lock of its bookings_eventstock row, and whoever
-- books for a person holds the person's advisory lock. Both are taken in sorted order, so no two calls deadlock.
--
-- Who is out is looked for before, so that they cost the others nothing, and after: by then those who booked are locked,
-- and who went out meanwhile fails the list, of which each is then decided alone.
--
-- What makes it cheap: few statements, however long the list. What is needed is read at once, decided in variables,
-- and written at once. Who asks for what is gone is answered from one look, without a lock or a wait for the disk.
CREATE FUNCTION bookings_hold_v4(
    marks uuid[], booking_ids uuid[], message_ids uuid[], request_ids text[], user_ids uuid[], event_ids uuid[],
    quantities integer[], items jsonb[], keys text[], fingerprints text[], at timestamptz, open_holds integer
) RETURNS TABLE (outcome text, told text)
LANGUAGE plpgsql
SET enable_seqscan = off -- a plan made while a table was small must not stay when it has grown
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    many integer := cardinality(user_ids);
    outcomes text[] := bookings_gone_v4(user_ids, event_ids, items, keys, at);
    gone uuid[] := ARRAY(SELECT mark FROM chassis_absence WHERE mark = ANY (marks) AND is_out);
    answers text[];
    locked uuid[];
    head integer := 1;  -- first and last of a part of the list that names each person once
    last integer;
    once boolean;
    -- of the part's requests: what each came to, and is asked for
    decided text[];
    tolds text[];
    fates text[];  -- if there is enough
    totals bigint[];
    amounts bigint[];
    solds jsonb[];
    currencies text[];
    deadlines timestamptz[];
    -- what these want of events and ticket types, line by line, and what there is
    line_places integer[];
    line_things uuid[];
    line_wants bigint[];
    line_remains bigint[];
    plenty boolean;
BEGIN
    IF gone <> '{}' THEN
        outcomes := ARRAY(
            SELECT CASE WHEN mark = ANY (gone) THEN 'account_disabled' ELSE outcome END
            FROM unnest(marks, outcomes) WITH ORDINALITY AS ask (mark, outcome, place) ORDER BY place
        );
    END IF;
    IF array_position(outcomes, NULL) IS NULL THEN
        RETURN QUERY SELECT each, NULL::text FROM unnest(outcomes) AS each;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(person) FROM (
        SELECT DISTINCT hashtextextended(user_id::text, 0) AS person
        FROM unnest(user_ids, outcomes) AS ask (user_id, outcome) WHERE outcome IS NULL ORDER BY 1
    ) people;
    SELECT coalesce(array_agg(event_id), '{}') INTO locked FROM (
        SELECT event_id FROM bookings_eventstock WHERE event_id IN (
            SELECT event_id FROM unnest(event_ids, outcomes) AS ask (event_id, outcome) WHERE outcome IS NULL
        ) ORDER BY event_id FOR NO KEY UPDATE
    ) stocks;

    once := (SELECT count(DISTINCT user_id) = many FROM unnest(user_ids) AS ask (user_id));
    WHILE head <= many LOOP
        last := CASE WHEN once THEN many ELSE head END;
        WHILE last < many AND user_ids[last + 1] <> ALL (user_ids[head:last]) LOOP last := last + 1; END LOOP;

        WITH asks AS MATERIALIZED (
            SELECT *
            FROM unnest(user_ids[head:last], event_ids[head:last], quantities[head:last], items[head:last],
                        keys[head:last], fingerprints[head:last], outcomes[head:last]) WITH ORDINALITY
                 AS ask (user_id, event_id, quantity, items, key, fingerprint, outcome, place)
        ), kinds AS MATERIALIZED (
            SELECT event.event_id, id, name, price, coalesce(stock.remains, 0) AS remains,
                   jsonb_array_length(ticket_types) = 1 AS single
            FROM bookings_event event
            CROSS JOIN jsonb_to_recordset(ticket_types) AS types ("ticketTypeId" uuid, name text, price bigint)
            CROSS JOIN LATERAL (SELECT "ticketTypeId") AS type (id)
            LEFT JOIN LATERAL ( -- LIMIT, or the plan reads all there are
                SELECT capacity - taken AS remains FROM bookings_typestock WHERE ticket_type_id = id LIMIT 1
            ) stock ON true
            WHERE event.event_id = ANY (locked)
        ), lines AS MATERIALIZED (
            SELECT place, n, line.quantity, id, name, price, remains
            FROM (
                SELECT place, event_id, NULL::uuid AS type_id, quantity, 1 AS n FROM asks
                WHERE items IS NULL AND outcome IS NULL
                UNION ALL
                SELECT place, event_id, type_id, item.quantity, n
                FROM asks CROSS JOIN ROWS FROM (jsonb_to_recordset(items) AS ("ticketTypeId" uuid, quantity integer))
                     WITH ORDINALITY AS item (type_id, quantity, n)
                WHERE outcome IS NULL
            ) line
            LEFT JOIN kinds ON kinds.event_id = line.event_id AND (id = type_id OR type_id IS NULL AND single)
        ), wanted AS (
            SELECT place, bool_and(id IS NOT NULL) AS known, sum(quantity) AS total, sum(quantity * price)::bigint AS amount,
                   jsonb_agg(jsonb_build_object('ticketTypeId', id, 'name', name, 'quantity', quantity, 'price', price)
                             ORDER BY n) AS sold
            FROM lines GROUP BY place
        ), facts AS MATERIALIZED (
            SELECT place::integer, ask.event_id, wanted.total, wanted.amount, wanted.sold, event.currency,
                   stock.capacity - stock.taken AS remains,
                   CASE WHEN ask.outcome IS NULL AND twin.fingerprint = ask.fingerprint THEN bookings_answer_v4(twin) END AS told,
                   CASE WHEN ask.outcome IS NOT NULL THEN ask.outcome
                        WHEN twin.fingerprint = ask.fingerprint THEN 'replayed'
                        WHEN twin.booking_id IS NOT NULL THEN 'idempotency_key_reused'
                        WHEN event.event_id IS NULL OR ask.event_id <> ALL (locked) THEN 'event_not_found' -- or learnt since
                        WHEN event.status <> 'published' OR at < sales_start OR at >= sales_end THEN 'not_on_sale'
                        WHEN ask.items IS NULL AND jsonb_array_length(ticket_types) > 1 THEN 'ticket_type_required'
                        WHEN NOT wanted.known THEN 'ticket_type_not_found'
                   END AS outcome,
                   CASE WHEN has.places + wanted.total > max_per_person THEN 'limit_reached'
                        WHEN wanted.amount = 0 THEN 'confirmed'
                        WHEN has.holds >= open_holds THEN 'limit_reached'
                        ELSE 'held'
                   END AS fate,
                   CASE WHEN wanted.amount > 0 THEN at + make_interval(mins => hold_minutes) END AS deadline
            FROM asks ask
            LEFT JOIN wanted USING (place)
            LEFT JOIN bookings_event event USING (event_id)
            LEFT JOIN bookings_eventstock stock USING (event_id)
            LEFT JOIN bookings_booking twin ON twin.user_id = ask.user_id AND twin.idempotency_key = ask.key
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(quantity) FILTER (WHERE mine.event_id = ask.event_id), 0) AS places,
                       count(*) FILTER (WHERE status = 'held') AS holds
                FROM bookings_booking mine
                WHERE mine.user_id = ask.user_id AND (status = 'confirmed' OR status = 'held' AND expires_at > at)
            ) has
        ), demand AS MATERIALIZED (
            SELECT place, event_id AS thing, total AS wants, remains FROM facts WHERE outcome IS NULL
            UNION ALL
            SELECT place, id, quantity, lines.remains FROM lines JOIN facts USING (place) WHERE outcome IS NULL
        ), every AS (
            SELECT array_agg(outcome ORDER BY place) AS outcomes, array_agg(told ORDER BY place) AS tolds,
                   array_agg(fate ORDER BY place) AS fates, array_agg(total ORDER BY place) AS totals,
                   array_agg(amount ORDER BY place) AS amounts, array_agg(sold ORDER BY place) AS solds,
                   array_agg(currency::text ORDER BY place) AS currencies, array_agg(deadline ORDER BY place) AS deadlines
            FROM facts
        ), each AS (
            SELECT array_agg(place ORDER BY place), array_agg(thing ORDER BY place),
                   array_agg(wants ORDER BY place), array_agg(remains::bigint ORDER BY place)
            FROM demand
        )
        SELECT every.*, each.*, NOT EXISTS (SELECT FROM demand GROUP BY thing HAVING sum(wants) > min(remains))
        INTO decided, tolds, fates, totals, amounts, solds, currencies, deadlines,
             line_places, line_things, line_wants, line_remains, plenty
        FROM every, each;

        IF plenty THEN
            SELECT array_agg(coalesce(outcome, fate) ORDER BY place) INTO decided
            FROM unnest(decided, fates) WITH ORDINALITY AS ask (outcome, fate, place);
        ELSE
            decided := bookings_in_turn_v2(decided, fates, line_places, line_things, line_wants, line_remains);
        END IF;
        outcomes[head:last] := decided;

        WITH made AS (
            INSERT INTO bookings_booking (
                booking_id, user_id, event_id, status, booking_date, items, quantity, amount, currency,
                held_until, expires_at, version, idempotency_key, fingerprint
            )
            SELECT booking_id, user_id, event_id, outcome, at, sold, total, amount, currency, deadline, deadline, 1, key, fingerprint
            FROM unnest(booking_ids[head:last], user_ids[head:last], event_ids[head:last], keys[head:last],
                        fingerprints[head:last], decided, totals, amounts, solds, currencies, deadlines)
                 AS ask (booking_id, user_id, event_id, key, fingerprint, outcome, total, amount, sold, currency, deadline)
            WHERE outcome IN ('held', 'confirmed')
            RETURNING *
        ), said AS (
            INSERT INTO chassis_outbox (id, type, key, version, data, request_id, created_at)
            SELECT message_id, 'booking.' || status || '.v1', booking_id, 1, bookings_first_told_v1(made), request_id, at
            FROM made JOIN unnest(booking_ids, message_ids, request_ids) AS ask (booking_id, message_id, request_id)
                 USING (booking_id)
        ), sold AS (
            SELECT thing, sum(wants) AS places, count(*) AS bookings
            FROM unnest(line_places, line_things, line_wants) AS line (place, thing, wants)
            WHERE decided[place] IN ('held', 'confirmed') GROUP BY thing
        ), event AS ( -- should these be more than there are, the constraints fail the whole list
            UPDATE bookings_eventstock stock
            SET taken = stock.taken + sold.places, version = version + sold.bookings, untold = true
            FROM sold WHERE event_id = thing
        ), kind AS (
            UPDATE bookings_typestock stock SET taken = stock.taken + sold.places FROM sold WHERE ticket_type_id = thing
        )
        SELECT answers || array_agg(coalesce(bookings_answer_v4(made), told) ORDER BY place) INTO answers
        FROM unnest(booking_ids[head:last], tolds) WITH ORDINALITY AS ask (booking_id, told, place)
        LEFT JOIN made USING (booking_id);
        head := last + 1;
    END LOOP;

    IF EXISTS (SELECT FROM chassis_absence WHERE mark = ANY (marks) AND is_out AND mark <> ALL (gone)) THEN
        RAISE EXCEPTION 'somebody went out while they booked';
    END IF;
    RETURN QUERY
        WITH late AS MATERIALIZED (
            SELECT event_id FROM bookings_booking WHERE status = 'held' AND expires_at <= at ORDER BY expires_at LIMIT 1000
        )
        SELECT CASE WHEN outcome = 'sold_out' AND (ask.event_id IN (SELECT event_id FROM late) OR
                   (SELECT count(*) FROM late) = 1000 AND EXISTS ( -- then there may be more
                       SELECT FROM bookings_booking mine
                       WHERE mine.event_id = ask.event_id AND status = 'held' AND expires_at <= at OFFSET 0
                   )
               ) THEN 'overdue' ELSE outcome END, answer
        FROM unnest(event_ids, outcomes, answers) WITH ORDINALITY AS ask (event_id, outcome, answer, place)
        ORDER BY place;
END $$;

-- A booking as the API first answered it (shown.py), whatever became of it since. One expression, of which PostgreSQL
-- makes a part of the statement that asks; and text, which is made in half the time of JSON.
CREATE FUNCTION bookings_answer_v4(booking bookings_booking) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN booking.booking_id IS NOT NULL THEN concat(
        '{"bookingId": "', booking.booking_id, '", "userId": "', booking.user_id, '", "eventId": "', booking.event_id,
        '", "status": "', CASE WHEN booking.held_until IS NULL THEN 'confirmed' ELSE 'held' END,
        '", "bookingDate": "', to_char(booking.booking_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        '", "items": ', booking.items, ', "quantity": ', booking.quantity, ', "amount": ', booking.amount,
        ', "currency": "', booking.currency, '", "expiresAt": ',
        coalesce('"' || to_char(booking.held_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null'),
        ', "endedAt": null, "endReason": null}'
    ) END
$$;

-- Whose wishes cannot be met, whoever they are, by one look at what is committed: 'sold_out' in their places.
--
-- Only for events and ticket types of which nothing at all is left, and no hold is past its deadline. It was so at a
-- moment within the call, and that is all that 'sold out' says. A key that booked before is left to be replayed.
--
-- The holds that are past their deadline are found by that, in order and up to a limit: any other plan would read all
-- bookings of the event, or all there are. If there are more, nobody is answered by the look.
CREATE FUNCTION bookings_gone_v4(user_ids uuid[], event_ids uuid[], items jsonb[], keys text[], at timestamptz)
RETURNS text[]
LANGUAGE plpgsql
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    outcomes text[] := array_fill(NULL::text, ARRAY[cardinality(event_ids)]);
    short uuid[];  -- events of which something is gone
BEGIN
    WITH late AS MATERIALIZED (
        SELECT event_id FROM bookings_booking WHERE status = 'held' AND expires_at <= at ORDER BY expires_at LIMIT 1000
    )
    SELECT array_agg(asked.event_id) INTO short
    FROM (SELECT DISTINCT event_id FROM unnest(event_ids) AS ask (event_id)) AS asked
    CROSS JOIN LATERAL ( -- one by one, or a plan that began with all events there are would be as good as this
        SELECT
        FROM bookings_eventstock stock JOIN bookings_event event USING (event_id)
        WHERE event_id = asked.event_id AND status = 'published'
            AND (sales_start IS NULL OR at >= sales_start) AND at < sales_end
            AND CASE WHEN stock.taken >= stock.capacity OR EXISTS (
                SELECT FROM bookings_typestock kind
                WHERE kind.event_id = stock.event_id AND kind.taken >= kind.capacity AND kind.capacity > 0
            ) THEN (SELECT count(*) FROM late) < 1000 AND event_id NOT IN (SELECT event_id FROM late) ELSE false END
        LIMIT 1
    ) AS gone;
    IF short IS NULL THEN
        RETURN outcomes;
    END IF;

    SELECT array_agg(CASE WHEN stock.event_id IS NOT NULL AND CASE
            WHEN items IS NULL THEN stock.taken >= stock.capacity AND jsonb_array_length(ticket_types) = 1
            ELSE (
                SELECT bool_and(ticket_types @> jsonb_build_array(jsonb_build_object('ticketTypeId', "ticketTypeId")))
                       AND (stock.taken >= stock.capacity OR bool_or(kind.taken >= kind.capacity))
                FROM jsonb_to_recordset(items) AS item ("ticketTypeId" uuid)
                LEFT JOIN bookings_typestock kind ON kind.ticket_type_id = "ticketTypeId"
            ) END AND NOT EXISTS (
                SELECT FROM bookings_booking twin WHERE twin.user_id = ask.user_id AND twin.idempotency_key = ask.key
            ) THEN 'sold_out' END ORDER BY place) INTO outcomes
    FROM unnest(user_ids, event_ids, items, keys) WITH ORDINALITY AS ask (user_id, event_id, items, key, place)
    LEFT JOIN bookings_eventstock stock ON stock.event_id = ask.event_id AND stock.event_id = ANY (short)
    LEFT JOIN bookings_event event ON event.event_id = stock.event_id;
    RETURN outcomes;
END $$;
