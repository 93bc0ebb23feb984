-- As bookings_hold_v2, for those who are not out: others get 'account_disabled'. The nth mark is that of the nth person
-- (chassis/absences.py).
--
-- Looked at before, so that who is out costs the others nothing, and after: by then those who booked are locked, and who
-- went out meanwhile fails the list, of which each is then decided alone.
CREATE FUNCTION bookings_hold_v3(
    marks uuid[], booking_ids uuid[], message_ids uuid[], request_ids text[], user_ids uuid[], event_ids uuid[],
    quantities integer[], items jsonb[], keys text[], fingerprints text[], at timestamptz, open_holds integer
) RETURNS TABLE (outcome text, told text)
LANGUAGE plpgsql
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    gone uuid[] := ARRAY(SELECT mark FROM chassis_absence WHERE mark = ANY (marks) AND is_out);
BEGIN
    IF gone = '{}' THEN
        RETURN QUERY SELECT outcome, told FROM bookings_hold_v2(
            booking_ids, message_ids, request_ids, user_ids, event_ids, quantities, items, keys, fingerprints, at, open_holds
        );
    ELSE
        RETURN QUERY
            WITH asks AS MATERIALIZED (
                SELECT * FROM unnest(
                    marks, booking_ids, message_ids, request_ids, user_ids, event_ids, quantities, items, keys, fingerprints
                ) WITH ORDINALITY AS ask (mark, booking, message, request, person, event, quantity, item, key, print, place)
            ), here AS (
                SELECT array_agg(place ORDER BY place) AS places, array_agg(booking ORDER BY place) AS bookings,
                       array_agg(message ORDER BY place) AS messages, array_agg(request ORDER BY place) AS requests,
                       array_agg(person ORDER BY place) AS people, array_agg(event ORDER BY place) AS events,
                       array_agg(quantity ORDER BY place) AS quantities, array_agg(item ORDER BY place) AS items,
                       array_agg(key ORDER BY place) AS keys, array_agg(print ORDER BY place) AS prints
                FROM asks WHERE mark <> ALL (gone) HAVING count(*) > 0
            ), decided AS (
                SELECT places[n] AS place, answer.outcome, answer.told
                FROM here CROSS JOIN LATERAL bookings_hold_v2(
                    here.bookings, here.messages, here.requests, here.people, here.events, here.quantities, here.items,
                    here.keys, here.prints, at, open_holds
                ) WITH ORDINALITY AS answer (outcome, told, n)
            )
            SELECT CASE WHEN mark = ANY (gone) THEN 'account_disabled' ELSE decided.outcome END, decided.told
            FROM asks LEFT JOIN decided USING (place) ORDER BY place;
    END IF;
    IF EXISTS (SELECT FROM chassis_absence WHERE mark = ANY (marks) AND is_out AND mark <> ALL (gone)) THEN
        RAISE EXCEPTION 'somebody went out while they booked';
    END IF;
END $$;
