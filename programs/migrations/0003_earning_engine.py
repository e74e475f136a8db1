"""Ladders of levels, and what earning rules have gained.

One transaction: two new tables, and columns of the rules whose defaults the database gives, so that a server of
the release before goes on writing them. Ended half way, nothing of it is there: migrate again.
"""

import audit.ids
import django.core.validators
import django.db.models.deletion
import programs.models.tiers
from decimal import Decimal
from django.db import migrations, models

from audit.append_only import foreign_key


def within(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return foreign_key(f"programs_{table}", name, columns, f"programs_{target}", "environment_id, id")


KEYS = [
    within("tierladder", "tier_ladder_program_fk", "program_id", "program"),
    within("tierladder", "tier_ladder_metric_fk", "metric_id", "metric"),
    within("tier", "tier_ladder_fk", "ladder_id", "tierladder"),
]


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField()),
                ('title', models.CharField(max_length=200)),
                ('threshold', models.DecimalField(decimal_places=6, max_digits=24, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(Decimal('1000000000000000'))])),
                ('multiplier', models.DecimalField(decimal_places=4, default=Decimal('1'), help_text='Earned points are multiplied by it.', max_digits=10, validators=[django.core.validators.MinValueValidator(Decimal('1')), django.core.validators.MaxValueValidator(Decimal('1000'))])),
            ],
            options={
                'ordering': ['ladder', 'threshold'],
            },
        ),
        migrations.CreateModel(
            name='TierLadder',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=programs.models.tiers.new_ladder_id, max_length=64)),
                ('basis', models.CharField(choices=[('points', 'Points earned'), ('spend', 'Money spent'), ('events', 'Number of events')], default='points', max_length=6)),
                ('event_type', models.CharField(default='purchase', help_text='Of money spent and of events: the type that counts.', max_length=100)),
                ('currency', models.CharField(blank=True, default='', help_text='Of money spent: the currency that counts; empty: any.', max_length=3)),
                ('period', models.CharField(choices=[('rolling', 'Rolling days'), ('calendar_year', 'Calendar year'), ('lifetime', 'Lifetime')], default='rolling', max_length=13)),
                ('days', models.PositiveIntegerField(blank=True, default=365, help_text='Of rolling days: how many; a level lasts as long.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(36500)])),
                ('grace_days', models.PositiveIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(36500)])),
                ('downgrade', models.CharField(choices=[('one_down', 'One level down'), ('to_qualified', 'To the level that is still reached')], default='one_down', max_length=12)),
                ('is_active', models.BooleanField(default=True, help_text='Off: the levels have no effect.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['program__code'],
            },
        ),
        migrations.AddField(
            model_name='earningrule',
            name='budget',
            field=models.BigIntegerField(blank=True, help_text='Points that the rule gives to all members together; empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000000000000)]),
        ),
        migrations.AddField(
            model_name='earningrule',
            name='caps',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text='[{"per": "day", "points": 100}]; empty: none.'),
        ),
        migrations.AddField(
            model_name='earningrule',
            name='ends_at',
            field=models.DateTimeField(blank=True, help_text='Only events before then.', null=True),
        ),
        migrations.AddField(
            model_name='earningrule',
            name='entry_type',
            field=models.CharField(choices=[('earned', 'Earned'), ('bonus', 'Bonus: never multiplied')], db_default='earned', default='earned', help_text='Tiers and multiplying rules raise earned points, never a bonus.', max_length=6, verbose_name='posted as'),
        ),
        migrations.AddField(
            model_name='earningrule',
            name='exclusive_group',
            field=models.SlugField(blank=True, db_default='', default='', help_text='Of the rules in one group, the one that gives most is applied.'),
        ),
        migrations.AddField(
            model_name='earningrule',
            name='schedule',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='{"weekdays": [6, 7], "hours": {"from": 9, "until": 17}} in the project\'s zone; {}: always.'),
        ),
        migrations.AddField(
            model_name='earningrule',
            name='starts_at',
            field=models.DateTimeField(blank=True, help_text='Only events from then on.', null=True),
        ),
        migrations.AddConstraint(
            model_name='earningrule',
            constraint=models.CheckConstraint(condition=models.Q(('entry_type__in', ['earned', 'bonus'])), name='rule_entry_type_valid'),
        ),
        migrations.AddConstraint(
            model_name='earningrule',
            constraint=models.CheckConstraint(condition=models.Q(('budget__isnull', True), models.Q(('budget__gt', 0), ('budget__lte', 1000000000000000)), _connector='OR'), name='rule_budget_valid'),
        ),
        migrations.AddConstraint(
            model_name='earningrule',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('starts_at__lt', models.F('ends_at')), _connector='OR'), name='rule_window_valid'),
        ),
        migrations.AddField(
            model_name='tier',
            name='environment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.environment'),
        ),
        migrations.AddField(
            model_name='tierladder',
            name='environment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tier_ladders', to='programs.environment'),
        ),
        migrations.AddField(
            model_name='tierladder',
            name='metric',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.metric'),
        ),
        migrations.AddField(
            model_name='tierladder',
            name='program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tier_ladders', to='programs.program'),
        ),
        migrations.AddField(
            model_name='tier',
            name='ladder',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='programs.tierladder'),
        ),
        migrations.AddConstraint(
            model_name='tierladder',
            constraint=models.UniqueConstraint(fields=('program',), name='tier_ladder_once_per_program'),
        ),
        migrations.AddConstraint(
            model_name='tierladder',
            constraint=models.UniqueConstraint(fields=('environment', 'id'), name='tier_ladder_key'),
        ),
        migrations.AddConstraint(
            model_name='tierladder',
            constraint=models.UniqueConstraint(fields=('environment', 'public_id'), name='tier_ladder_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='tierladder',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['points', 'spend', 'events'])), name='tier_ladder_basis_valid'),
        ),
        migrations.AddConstraint(
            model_name='tierladder',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('days__gt', 0), ('days__isnull', False), ('days__lte', 36500), ('period', 'rolling')), ('period__in', ['calendar_year', 'lifetime']), _connector='OR'), name='tier_ladder_period_valid'),
        ),
        migrations.AddConstraint(
            model_name='tierladder',
            constraint=models.CheckConstraint(condition=models.Q(('downgrade__in', ['one_down', 'to_qualified']), ('grace_days__lte', 36500)), name='tier_ladder_downgrade_valid'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.UniqueConstraint(fields=('ladder', 'id'), name='tier_key'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.UniqueConstraint(fields=('ladder', 'code'), name='tier_code_unique'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.UniqueConstraint(fields=('ladder', 'threshold'), name='tier_threshold_unique'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.CheckConstraint(condition=models.Q(('threshold__gte', 0), ('threshold__lte', Decimal('1000000000000000'))), name='tier_threshold_valid'),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.CheckConstraint(condition=models.Q(('multiplier__gte', 1), ('multiplier__lte', Decimal('1000'))), name='tier_multiplier_valid'),
        ),
        *KEYS,
    ]
