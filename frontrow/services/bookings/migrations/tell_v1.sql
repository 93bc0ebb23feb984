-- Says stock.changed for those of these events whose stock changed, in the caller's transaction; how many. The nth message
-- is the nth event's. It waits for each event's turn, in sorted order as who books does, rather than skip the one that
-- everybody books.
--
-- The stock of ticket types is read by a statement that begins once all locks are held: who books changes it under them.
CREATE FUNCTION bookings_tell_v1(event_ids uuid[], message_ids uuid[], at timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    changed uuid[] := ARRAY(
        SELECT event_id FROM bookings_eventstock
        WHERE event_id = ANY (event_ids) AND untold ORDER BY event_id FOR NO KEY UPDATE
    );
    many bigint;
BEGIN
    WITH stock AS (
        UPDATE bookings_eventstock SET untold = false WHERE event_id = ANY (changed) RETURNING *
    ), kinds AS (
        SELECT event_id, sum(capacity - taken) AS remains, jsonb_agg(jsonb_build_object(
            'ticketTypeId', ticket_type_id, 'capacity', capacity, 'availability', capacity - taken
        ) ORDER BY ticket_type_id) AS told
        FROM bookings_typestock WHERE event_id = ANY (changed) GROUP BY event_id
    )
    INSERT INTO chassis_outbox (created_at, id, type, key, version, data, request_id)
    SELECT at, message_id, 'stock.changed.v1', event_id, version, jsonb_build_object(
        'eventId', event_id, 'version', version, 'capacity', cap,
        'availability', greatest(0, least(capacity - taken, coalesce(remains, 0))),
        'ticketTypes', coalesce(told, '[]')
    ), ''
    FROM stock JOIN unnest(event_ids, message_ids) AS ask (event_id, message_id) USING (event_id)
    LEFT JOIN kinds USING (event_id);
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
