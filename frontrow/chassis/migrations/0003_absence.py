from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chassis', '0002_names'),
    ]

    operations = [
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('mark', models.UUIDField(primary_key=True, serialize=False)),
                ('version', models.BigIntegerField()),
                ('is_out', models.BooleanField()),
                ('is_erased', models.BooleanField()),
            ],
        ),
    ]
