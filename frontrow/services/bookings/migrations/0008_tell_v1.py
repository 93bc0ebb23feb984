"""The function that says of many events at once what is left of them."""

from pathlib import Path

from django.db import migrations

FUNCTION = Path(__file__).with_name("tell_v1.sql").read_text()
UNDO = "DROP FUNCTION bookings_tell_v1(uuid[], uuid[], timestamptz)"


class Migration(migrations.Migration):
    dependencies = [("bookings", "0007_hold_v3"), ("chassis", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTION, UNDO)]
