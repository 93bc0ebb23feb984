"""The function that books, and room on each page for stock rows to change in place (HOT)."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).with_name("hold_v1.sql").read_text()
UNDO = (
    "DROP FUNCTION bookings_hold_v1(jsonb, timestamptz, integer);"
    "DROP FUNCTION bookings_first_told_v1(bookings_booking)"
)
ROOM = "ALTER TABLE bookings_eventstock SET (fillfactor = 50); ALTER TABLE bookings_typestock SET (fillfactor = 50)"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0001_initial"), ("chassis", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, UNDO),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
    ]
