-- Much of what the services would have made: events like the first, and bookings of one of them, all confirmed.
CREATE TEMP TABLE pattern AS SELECT * FROM bookings_event LIMIT 1;
CREATE TEMP TABLE made AS
    SELECT gen_random_uuid() AS event_id, gen_random_uuid() AS type_id, n = 1 AS first
    FROM generate_series(1, greatest(:events, 1)) AS n;
INSERT INTO bookings_event
    SELECT (jsonb_populate_record(pattern, jsonb_build_object(
        'event_id', made.event_id,
        'ticket_types', jsonb_set(pattern.ticket_types, '{0,ticketTypeId}', to_jsonb(made.type_id))
    ))).* FROM pattern, made;
INSERT INTO bookings_eventstock (event_id, capacity, taken, version, untold)
    SELECT event_id, 2000000, CASE WHEN first THEN :bookings ELSE 0 END, 1, false FROM made;
INSERT INTO bookings_typestock (ticket_type_id, event_id, capacity, taken)
    SELECT type_id, event_id, 2000000, CASE WHEN first THEN :bookings ELSE 0 END FROM made;
INSERT INTO bookings_booking (
    booking_id, user_id, event_id, status, booking_date, items, quantity, amount, currency, version, fingerprint
)
    SELECT gen_random_uuid(), gen_random_uuid(), made.event_id, 'confirmed', now(),
           jsonb_build_array(jsonb_build_object('ticketTypeId', type_id, 'name', 'Ticket', 'quantity', 1, 'price', 2500)),
           1, 2500, 'EUR', 2, ''
    FROM made, generate_series(1, :bookings) WHERE first;
VACUUM (ANALYZE) bookings_event, bookings_eventstock, bookings_typestock, bookings_booking;
