from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_language'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='delivery',
            name='notifications_to_send',
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['bulk', 'next_at', 'notification'], name='notifications_due'),
        ),
    ]
