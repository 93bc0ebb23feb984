"""Telling as SQL: one statement, however many are told. Nothing else is done so often for each booking.

It writes the notifications, the event as they speak of it, and a delivery for each that is wanted by mail.
Of bookings, of which most is told, it also keeps what became of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from frontrow.chassis.ids import new_id
from frontrow.services.notifications import rules
from frontrow.services.notifications.models import WAITING

COLUMNS = ("notification_id", "user_id", "kind", "cause", "event_id", "booking_id", "date")
DRAFTS = """
WITH draft AS MATERIALIZED (
  SELECT * FROM unnest(
    %(notification_id)s::uuid[], %(user_id)s::uuid[], %(kind)s::text[], %(cause)s::uuid[],
    %(event_id)s::uuid[], %(booking_id)s::uuid[], %(date)s::timestamptz[], %(facts)s::jsonb[]
  ) AS draft (notification_id, user_id, kind, cause, event_id, booking_id, date, facts)
),
"""
OF_BOOKINGS = """
WITH heard AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(heard)s) AS heard (notification_id uuid, date timestamptz, data jsonb)
  CROSS JOIN LATERAL jsonb_to_record(data) AS fact (
    "bookingId" uuid, "userId" uuid, "eventId" uuid, status text, reason text, version bigint,
    "bookingDate" timestamptz, "expiresAt" timestamptz
  )
),
learnt AS (
  INSERT INTO notifications_booking AS known (booking_id, version, status, booking_date, expires_at)
  SELECT DISTINCT ON ("bookingId") "bookingId", version, status, "bookingDate", "expiresAt"
  FROM heard ORDER BY "bookingId", version DESC
  ON CONFLICT (booking_id) DO UPDATE
  SET version = excluded.version, status = excluded.status,
      booking_date = excluded.booking_date, expires_at = excluded.expires_at
  WHERE known.version < excluded.version
),
draft AS MATERIALIZED (
  SELECT notification_id, "userId" AS user_id, coalesce(kind, 'booking_' || status) AS kind,
         CASE WHEN kind IS NULL THEN "bookingId" ELSE "eventId" END AS cause,
         "eventId" AS event_id, "bookingId" AS booking_id, date, data - %(unsaid)s::text[] AS facts
  FROM heard
  LEFT JOIN (VALUES (%(event_cancelled)s)) AS once (kind) ON reason = kind -- however many bookings
  WHERE "userId" <> ALL (%(gone)s::uuid[])
),
"""
SPOKEN_OF = """
spoken_of AS MATERIALIZED (
  SELECT * FROM notifications_event WHERE event_id IN (SELECT event_id FROM draft) ORDER BY event_id
),
"""
KEPT = """
kept AS (
  INSERT INTO notifications_snapshot (event_id, version, title, date, end_date, timezone, location, status)
  SELECT event_id, version, title, date, end_date, timezone, location, status FROM spoken_of
  ON CONFLICT DO NOTHING
),
"""
FRESH = """
fresh AS (
  INSERT INTO notifications_notification (
    notification_id, user_id, kind, cause, event_id, booking_id, date, facts, told, event_version
  )
  SELECT notification_id, user_id, kind, cause, draft.event_id, booking_id, draft.date, facts,
         draft.event_id IS NULL OR version IS NOT NULL, version
  FROM draft LEFT JOIN spoken_of USING (event_id)
  ON CONFLICT DO NOTHING RETURNING notification_id, user_id, kind, told
),
"""
WAITED_FOR = """
WITH spoken_of AS MATERIALIZED (SELECT * FROM notifications_event WHERE event_id = %(event_id)s),
"""
NO_LONGER = """
waiting AS (
  SELECT notification_id FROM notifications_notification WHERE event_id = %(event_id)s AND NOT told
  ORDER BY date LIMIT %(most)s FOR UPDATE SKIP LOCKED
),
fresh AS (
  UPDATE notifications_notification SET told = true, event_version = (SELECT version FROM spoken_of)
  WHERE notification_id IN (SELECT notification_id FROM waiting)
  RETURNING notification_id, user_id, kind, told
),
"""
MAILED = """
mailed AS (
  INSERT INTO notifications_delivery (notification_id, state, bulk, attempts, next_at, created_at, error)
  SELECT notification_id, %(waiting)s, kind = ANY (%(bulk)s), 0, %(now)s + coalesce(wait, '0'), %(now)s, ''
  FROM fresh LEFT JOIN unnest(%(patient)s::text[], %(waits)s::interval[]) AS mail (kind, wait) USING (kind)
  WHERE told AND NOT EXISTS (
    SELECT FROM notifications_unwanted no WHERE no.user_id = fresh.user_id AND no.kind = fresh.kind
  )
)
SELECT count(*) FROM fresh
"""
TELL = DRAFTS + SPOKEN_OF + KEPT + FRESH + MAILED
TELL_OF_BOOKINGS = OF_BOOKINGS + SPOKEN_OF + KEPT + FRESH + MAILED
TELL_OF = WAITED_FOR + KEPT + NO_LONGER + MAILED


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is to be told: a Notification before it is one, at a fourth of the cost."""

    user_id: UUID
    kind: str
    cause: UUID
    facts: dict[str, Any]
    date: datetime
    event_id: UUID | None = None
    booking_id: UUID | None = None
    notification_id: UUID = field(default_factory=new_id)


def told(statement: str, given: Mapping[str, Any], now: datetime) -> int:
    """Run one of these, in the caller's transaction; how many were told or are kept to be."""
    patient = rules.BEFORE_MAIL
    always: dict[str, Any] = {
        "waiting": WAITING, "bulk": list(rules.BULK), "now": now,
        "patient": list(patient), "waits": list(patient.values()),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, {**given, **always})
        return int(cursor.fetchone()[0])
