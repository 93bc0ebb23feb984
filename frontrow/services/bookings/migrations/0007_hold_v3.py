"""The function that books for those who are not out."""

from pathlib import Path

from django.db import migrations

FUNCTION = Path(__file__).with_name("hold_v3.sql").read_text()
UNDO = (
    "DROP FUNCTION bookings_hold_v3(uuid[], uuid[], uuid[], text[], uuid[], uuid[], integer[], jsonb[], text[],"
    " text[], timestamptz, integer)"
)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0006_findings"), ("chassis", "0003_absence")]

    operations = [migrations.RunSQL(FUNCTION, UNDO)]
