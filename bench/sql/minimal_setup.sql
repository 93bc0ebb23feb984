-- The least that a booking is: places taken from a row, a booking, a message. No rule of any product.
CREATE TABLE stock (
    event_id uuid PRIMARY KEY, capacity integer NOT NULL, taken integer NOT NULL DEFAULT 0, CHECK (taken <= capacity)
) WITH (fillfactor = 50);
CREATE TABLE booking (booking_id uuid PRIMARY KEY, event_id uuid NOT NULL, user_id uuid NOT NULL, quantity integer NOT NULL);
CREATE TABLE outbox (id uuid PRIMARY KEY, type text NOT NULL, data jsonb NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO stock VALUES ('00000000-0000-7000-8000-000000000000', 2000000000);
