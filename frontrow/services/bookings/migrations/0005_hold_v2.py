"""The function that books a whole group at the cost of a few statements."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).with_name("hold_v2.sql").read_text()
UNDO = (
    "DROP FUNCTION bookings_hold_v2(uuid[], uuid[], text[], uuid[], uuid[], integer[], jsonb[], text[], text[],"
    " timestamptz, integer);"
    "DROP FUNCTION bookings_in_turn_v2(text[], text[], integer[], uuid[], bigint[], bigint[]);"
    "DROP FUNCTION bookings_answer_v2(bookings_booking);"
    "DROP FUNCTION bookings_gone_v2(uuid[], uuid[], jsonb[], text[], timestamptz)"
)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0004_sales_of_organizer"), ("chassis", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
