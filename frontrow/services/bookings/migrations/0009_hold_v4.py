"""The function that books, in one piece, which reads less and tells each answer as text."""

from pathlib import Path

from django.db import migrations

FUNCTION = Path(__file__).with_name("hold_v4.sql").read_text()
UNDO = (
    "DROP FUNCTION bookings_hold_v4(uuid[], uuid[], uuid[], text[], uuid[], uuid[], integer[], jsonb[], text[],"
    " text[], timestamptz, integer); DROP FUNCTION bookings_answer_v4(bookings_booking);"
    " DROP FUNCTION bookings_gone_v4(uuid[], uuid[], jsonb[], text[], timestamptz)"
)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0008_tell_v1"), ("chassis", "0003_absence")]

    operations = [migrations.RunSQL(FUNCTION, UNDO)]
