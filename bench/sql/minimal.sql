WITH sold AS (
    UPDATE stock SET taken = taken + 1
    WHERE event_id = '00000000-0000-7000-8000-000000000000' AND taken + 1 <= capacity RETURNING event_id
), made AS (
    INSERT INTO booking SELECT gen_random_uuid(), event_id, gen_random_uuid(), 1 FROM sold RETURNING booking_id, event_id
)
INSERT INTO outbox
SELECT gen_random_uuid(), 'booking.held.v1', jsonb_build_object('bookingId', booking_id, 'eventId', event_id), now() FROM made;
