from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chassis', '0003_absence'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='outbox',
            index=models.Index(models.F('id'), condition=models.Q(('type__in', ['booking.held.v1', 'booking.confirmed.v1', 'booking.expired.v1']), _negated=True), name='chassis_outbox_urgent'),
        ),
    ]
