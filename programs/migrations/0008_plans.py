import audit.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0007_challenges'),
    ]

    operations = [
        migrations.CreateModel(
            name='EventAllowance',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=7)),
                ('month', models.DateField(help_text="Its first day; months are those of each project's zone.")),
                ('taken', models.BigIntegerField(default=0)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.organization')),
            ],
        ),
        migrations.CreateModel(
            name='EventLease',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('events', models.BigIntegerField()),
                ('expires_at', models.DateTimeField()),
                ('allowance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leases', to='programs.eventallowance')),
            ],
        ),
        migrations.CreateModel(
            name='PlanWarning',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=7)),
                ('limit', models.CharField(max_length=30)),
                ('allowed', models.BigIntegerField()),
                ('period', models.CharField(blank=True, help_text='2026-11 for what is counted by the month.', max_length=7)),
                ('warned_at', models.DateTimeField()),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Seats',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=7)),
                ('used', models.BigIntegerField()),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.organization')),
            ],
            options={
                'verbose_name_plural': 'seats',
            },
        ),
        migrations.AddConstraint(
            model_name='eventallowance',
            constraint=models.UniqueConstraint(fields=('organization', 'kind', 'month'), name='event_allowance_unique'),
        ),
        migrations.AddConstraint(
            model_name='eventallowance',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['sandbox', 'live'])), name='event_allowance_kind_valid'),
        ),
        migrations.AddConstraint(
            model_name='eventallowance',
            constraint=models.CheckConstraint(condition=models.Q(('taken__gte', 0)), name='event_allowance_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='eventallowance',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='event_allowance_month_first'),
        ),
        migrations.AddConstraint(
            model_name='eventlease',
            constraint=models.CheckConstraint(condition=models.Q(('events__gt', 0)), name='event_lease_some'),
        ),
        migrations.AddConstraint(
            model_name='planwarning',
            constraint=models.UniqueConstraint(fields=('organization', 'kind', 'limit', 'allowed', 'period'), name='plan_warning_once'),
        ),
        migrations.AddConstraint(
            model_name='seats',
            constraint=models.UniqueConstraint(fields=('organization', 'kind'), name='seats_unique'),
        ),
        migrations.AddConstraint(
            model_name='seats',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['sandbox', 'live'])), name='seats_kind_valid'),
        ),
        migrations.AddConstraint(
            model_name='seats',
            constraint=models.CheckConstraint(condition=models.Q(('used__gte', 0)), name='seats_not_negative'),
        ),
    ]
