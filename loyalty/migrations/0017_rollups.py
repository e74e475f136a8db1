"""Figures by day (docs/analytics.md): new tables alone. The first run of the job goes along the whole trail."""

import audit.models.events
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0016_event_via'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActiveMember',
            fields=[
                ('pk', models.CompositePrimaryKey('environment_id', 'day', 'member_id', 'metric_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('day', models.DateField()),
                ('member_id', models.UUIDField()),
                ('metric_id', models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name='PointsOfDay',
            fields=[
                ('pk', models.CompositePrimaryKey('environment_id', 'metric_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('metric_id', models.UUIDField()),
                ('day', models.DateField()),
                ('issued', models.DecimalField(decimal_places=0, max_digits=30)),
                ('redeemed', models.DecimalField(decimal_places=0, max_digits=30)),
                ('expired', models.DecimalField(decimal_places=0, max_digits=30)),
                ('adjusted', models.DecimalField(decimal_places=0, max_digits=30)),
                ('transferred', models.DecimalField(decimal_places=0, max_digits=30)),
                ('reversed_issued', models.DecimalField(decimal_places=0, max_digits=30)),
                ('reversed_redeemed', models.DecimalField(decimal_places=0, max_digits=30)),
                ('reversed_adjusted', models.DecimalField(decimal_places=0, max_digits=30)),
            ],
        ),
        migrations.CreateModel(
            name='RollupZone',
            fields=[
                ('environment_id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('time_zone', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='RollupPosition',
            fields=[
                ('id', models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('epoch', models.SmallIntegerField()),
                ('transaction', audit.models.events.TransactionId()),
                ('event_id', models.UUIDField(help_text='The last audit event that was added; zero, where a whole transaction was.')),
                ('rolled_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='rollup_position_one')],
            },
        ),
        migrations.RunSQL(
            "INSERT INTO loyalty_rollupposition (id, epoch, transaction, event_id)"
            " VALUES (1, 1, '0', '00000000-0000-0000-0000-000000000000')",
            migrations.RunSQL.noop,
        ),
    ]
