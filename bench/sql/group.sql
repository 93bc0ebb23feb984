-- A full group of people whom nobody has seen before, who want one place each.
SELECT count(*) FROM (SELECT
    array_agg(gen_random_uuid()) AS ids, array_agg(gen_random_uuid()) AS messages, array_agg(gen_random_uuid()) AS people,
    array_agg(:event::uuid) AS events, array_agg(1) AS ones, array_agg(NULL::jsonb) AS items,
    array_agg(NULL::text) AS keys, array_agg(''::text) AS words
    FROM generate_series(1, :size)
) asks, bookings_hold_v4(people, ids, messages, words, people, events, ones, items, keys, words, now(), 10);
