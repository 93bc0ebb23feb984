"""What organisers wrote is found by its event, and the facts of a notification name no person."""

from django.db import migrations, models

WITHOUT_PEOPLE = (
    "UPDATE notifications_notification SET facts = facts - 'userId' - 'organizerId'"
    " WHERE facts ?| ARRAY['userId', 'organizerId']"
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_snapshots"), ("chassis", "0003_absence")]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["event_id"],
                condition=models.Q(("kind__in", ["organizer_message", "refund_succeeded"])),
                name="notifications_organizers_words",
            ),
        ),
        migrations.RunSQL(WITHOUT_PEOPLE, migrations.RunSQL.noop),
    ]
